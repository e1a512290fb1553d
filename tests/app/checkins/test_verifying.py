"""Who holds a telephone: codes that leave, come back aloud or by text; a number changed, a number grown old (FR-25, HZ-09, HZ-10)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Task
from app.checkins import links as form_links
from app.checkins import verifying
from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.db import Database
from app.core.errors import FieldErrors, Refusal
from app.messaging import codes, links
from app.messaging.models import FormLink, Message
from app.people import numbers, patients
from app.people.models import NumberCheck, Patient
from app.people.perimeter import actor_of
from tests.factories import World, a_patient
from tests.support.abroad import example, premium
from tests.support.chain import MARIE, Chain

NEW = "+33639980002"
PAUL = "+33639980003"
LUCIE = "+33639980004"


@pytest.fixture
def chain(database: Database, clock: HandClock, world: World) -> Chain:
    """Ten in the morning in Paris: Inès is there to enrol Marie."""
    return Chain(database, clock, world)


def _enrolled(chain: Chain, **patient: object) -> Patient:
    """Marie as the enrolment page leaves her: number written down, code on its way."""
    with chain.database.transaction() as session:
        person = _a_patient(session, chain, **patient)
        verifying.ask_all(session, person, by=actor_of(chain.world.ines), now=chain.clock.now())
    chain.send()
    return person


def _a_patient(session: Session, chain: Chain, **patient: object) -> Patient:
    return a_patient(session, chain.world, now=chain.clock.now(), **{"phone_verified": False, **patient})


def _code(chain: Chain, number: str = MARIE) -> str:
    """The six digits the telephone shows last."""
    return str(re.findall(r"\b\d{6}\b", chain.received(number)[-1])[0])


def _typed(chain: Chain, patient: Patient, code: str) -> str:
    with chain.database.transaction() as session:
        return verifying.confirm(session, session.get_one(Patient, patient.id), code, by=actor_of(chain.world.ines), now=chain.clock.now())


def _now(chain: Chain, patient: Patient) -> Patient:
    with chain.read() as session:
        return session.get_one(Patient, patient.id)


def _other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def _why(chain: Chain) -> list[str]:
    """Open tasks about numbers, by their reason."""
    with chain.read() as session:
        found = select(Task.detail).where(Task.kind == "number_unverified", Task.closed_at.is_(None)).order_by(Task.id)
        return [detail["why"] for detail in session.scalars(found)]


# --- Codes --------------------------------------------------------------------------------------------------------------------------


def test_a_code_told_aloud_confirms_the_number(chain: Chain) -> None:
    """FR-25: six digits on the telephone, typed by whoever enrols, and the trail says who."""
    marie = _enrolled(chain)
    assert _now(chain, marie).phone_verified_at is None
    assert re.fullmatch(
        r"Suivi Baie : votre code est \d{6}\. Dites-le à l'équipe, ou répondez par ce code seul\. "
        r"Vous n'attendez rien \? Ignorez ce message\.",
        chain.received()[0],
    )
    code = _code(chain)
    assert _typed(chain, marie, _other(code)) == "wrong"
    assert _typed(chain, marie, f" {code[:3]} {code[3:]} ") == "confirmed"
    assert _now(chain, marie).phone_verified_at == chain.clock.now()
    assert _typed(chain, marie, code) == "none"  # used up
    with chain.read() as session:
        trail = session.scalars(select(AuditRow).where(AuditRow.action.startswith("number.")).order_by(AuditRow.id)).all()
        assert [(row.action, row.actor_name) for row in trail] == [("number.code_sent", "Inès Caron"), ("number.verified", "Inès Caron")]
        assert [row.change["after"] for row in trail] == [{"purpose": "enrolment", "number": "+33...01"}, {"number": "+33...01"}]


def test_the_code_stands_in_no_row(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """SEC-05, SEC-29: the outbox keeps asterisks after sending; what the check keeps is not the code and gives it to nobody."""
    marie = _enrolled(chain)
    code = _code(chain)
    with chain.read() as session:
        said = session.scalars(select(Message).where(Message.key == "verify_code")).one()
        check = session.scalars(select(NumberCheck)).one()
        assert (said.state, codes.MASK in said.body, code in said.body) == ("delivered", True, False)
        assert code not in " ".join(str(value) for row in (said, check) for value in vars(row).values())
        assert codes.code_of(check) == code
        monkeypatch.setattr(links._Door, "key", b"another installation")
        assert codes.code_of(check) != code
    assert marie.id == check.patient_id


@pytest.mark.parametrize("written", ["{0}", " {0} ", "{1} {2}", "{1}-{2}.", "Code : {0}", "{0} !"])
def test_the_telephone_sends_the_code_back(chain: Chain, written: str) -> None:
    marie = _enrolled(chain)
    code = _code(chain)
    answer = chain.says(MARIE, written.format(code, code[:3], code[3:]))
    assert answer == ["Suivi Baie : merci, votre numéro est confirmé. Ce n'est pas un numéro d'urgence : en urgence, le 15."]
    assert _now(chain, marie).phone_verified_at == chain.clock.now()
    assert chain.tasks() == []
    with chain.read() as session:
        check = session.scalars(select(NumberCheck)).one()
        assert check.confirmed_by == f"patient:{marie.id}"


def test_six_digits_with_other_words_are_read_like_any_text(chain: Chain) -> None:
    """A danger beside the code is a danger, and the code waits."""
    marie = _enrolled(chain)
    chain.says(MARIE, f"{_code(chain)} je crache du sang")
    assert [alert.level for alert in chain.alerts()] == ["urgent"]
    assert _now(chain, marie).phone_verified_at is None


@pytest.mark.parametrize("digits", ["398055", "112345", "785988", "000015"])
@pytest.mark.parametrize("written", ["{0}", "{1} {2}", "{1}-{2}."])
def test_a_code_that_looks_like_a_fever_or_an_emergency_number_is_a_code(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, digits: str, written: str
) -> None:
    """ "398 055" reads as 39.8: the very code that was sent is nothing else; one digit beside it is a danger again."""
    monkeypatch.setattr(codes, "code_of", lambda check: digits)
    marie = _enrolled(chain)
    chain.says(MARIE, written.format(digits, digits[:3], digits[3:]))
    assert (_now(chain, marie).phone_verified_at, chain.alerts()) == (chain.clock.now(), [])


def test_a_wrong_code_that_reads_as_a_fever_is_one(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """Danger first: nothing but the very code is taken for a code before the scan."""
    monkeypatch.setattr(codes, "code_of", lambda check: "482915")
    _enrolled(chain)
    chain.says(MARIE, "398 055")
    assert [alert.level for alert in chain.alerts()] == ["urgent"]


def test_six_digits_without_a_code_out_are_no_code(chain: Chain) -> None:
    """U20: a text without anything else still belongs to its sender, and is read by a person."""
    with chain.database.transaction() as session:
        _a_patient(session, chain, phone_verified=True)
    chain.says(MARIE, "482915")
    assert chain.tasks() == ["to_read"]


def test_five_wrong_codes_end_it_and_a_nurse_is_told(chain: Chain) -> None:
    marie = _enrolled(chain)
    code = _code(chain)
    for _ in range(3):
        assert _typed(chain, marie, _other(code)) == "wrong"
    assert chain.says(MARIE, _other(code)) == [
        "Suivi Baie : ce n'est pas le bon code. Renvoyez les 6 chiffres de notre SMS. Une question ? 0199001234."
    ]
    assert _why(chain) == []
    assert chain.says(MARIE, _other(code)) == []  # the fifth: no sixth text, a person calls
    assert _why(chain) == ["number_tries"]
    assert _typed(chain, marie, code) == "none"
    chain.says(MARIE, code)
    assert _now(chain, marie).phone_verified_at is None


def test_a_code_read_out_is_good_for_ten_minutes_the_telephone_has_two_days(chain: Chain) -> None:
    marie = _enrolled(chain)
    code = _code(chain)
    chain.clock.forward(minutes=10, seconds=1)
    assert _typed(chain, marie, code) == "late"
    chain.clock.forward(hours=40)
    chain.says(MARIE, code)
    assert _now(chain, marie).phone_verified_at == chain.clock.now()


def test_a_new_code_ends_the_one_before_and_five_a_day_are_enough(chain: Chain) -> None:
    marie = _enrolled(chain)
    first = _code(chain)
    for _ in range(4):
        with chain.database.transaction() as session:
            verifying.ask(session, session.get_one(Patient, marie.id), by=actor_of(chain.world.ines), now=chain.clock.now())
        chain.send()
    assert _code(chain) != first
    assert _typed(chain, marie, first) == "wrong"
    with pytest.raises(Refusal, match="5 codes have left"), chain.database.transaction() as session:
        verifying.ask(session, session.get_one(Patient, marie.id), by=actor_of(chain.world.ines), now=chain.clock.now())
    assert _typed(chain, marie, _code(chain)) == "confirmed"


def test_unanswered_for_two_days_a_nurse_is_told_once(chain: Chain) -> None:
    """HZ-09."""
    _enrolled(chain)
    chain.wait(hours=47, minutes=59)
    assert _why(chain) == []
    chain.wait(minutes=1)
    chain.wait(hours=1)
    assert _why(chain) == ["number_enrolment"]


def test_nobody_is_told_of_somebody_who_has_left(chain: Chain) -> None:
    marie = _enrolled(chain)
    with chain.database.transaction() as session:
        person = session.get_one(Patient, marie.id)
        patients.opt_out(session, person, by=actor_of(chain.world.ines), now=chain.clock.now(), reason="asked for it")
    chain.wait(hours=48)
    assert _why(chain) == []


def test_a_relative_confirms_their_own_number(chain: Chain) -> None:
    """FR-32: Paul answers for Marie; each has a code for their own telephone."""
    relative = {"respondent_name": "Paul Hoarau", "respondent_relation": "fils", "respondent_phone": PAUL, "answered_by": "respondent"}
    marie = _enrolled(chain, **relative)
    assert _code(chain, PAUL) != _code(chain, MARIE)
    chain.says(PAUL, _code(chain, PAUL))
    with chain.read() as session:
        person = session.get_one(Patient, marie.id)
        assert numbers.is_verified(person)  # the texts go to Paul
        assert (person.phone_verified_at, person.respondents[0].phone_verified_at) == (None, chain.clock.now())
        assert [held.state for held in numbers.held(session, person, now=chain.clock.now())] == ["waiting", "verified"]


def test_two_patients_on_one_telephone_each_have_their_code(chain: Chain) -> None:
    """HZ-10, U16: a husband's code is not his wife's."""
    marie = _enrolled(chain)
    hers = _code(chain)
    jean = _enrolled(chain, given_names="Jean", sex="male", shared_phone=True)
    his = _code(chain)
    chain.says(MARIE, hers)
    assert (_now(chain, marie).phone_verified_at is None, _now(chain, jean).phone_verified_at is None) == (False, True)
    assert _typed(chain, jean, his) == "confirmed"


def test_until_then_questions_leave_as_a_neutral_link(chain: Chain) -> None:
    """HZ-09: no symptom is named to whoever holds the telephone; the birthday guards the form behind the link."""
    marie = chain.follow(phone_verified=False)
    chain.until(chain.clock.now() + timedelta(days=8))
    asked = [text for text in chain.texts_to(MARIE) if text.purpose in ("question", "reminder")]
    assert asked
    assert {text.link_id is not None for text in asked} == {True}
    assert not [text.body for text in asked if re.search("diarrh|nausée|fièvre|température|mains", text.body.lower())]
    with chain.database.transaction() as session:
        person = session.get_one(Patient, marie.id)
        verifying.ask(session, person, by=actor_of(chain.world.ines), now=chain.clock.now())
    chain.send()
    chain.says(MARIE, _code(chain))
    before = len(chain.texts_to(MARIE))
    chain.until(chain.clock.now() + timedelta(days=8))
    asked = [text for text in chain.texts_to(MARIE)[before:] if text.purpose == "question"]
    assert asked
    assert {text.link_id for text in asked} == {None}


# --- Another number -----------------------------------------------------------------------------------------------------------------


def _changes(chain: Chain, patient: Patient, to: str = NEW, *, reason: str = "nouveau forfait", shared: bool = False) -> None:
    with chain.database.transaction() as session:
        person = session.get_one(Patient, patient.id)
        verifying.change(
            session, person, to, reason=reason, shared=shared, by=actor_of(chain.world.claire), now=chain.clock.now(), allow_fiction=True
        )
    chain.send()


def test_a_change_takes_effect_only_when_the_new_telephone_has_spoken(chain: Chain) -> None:
    """FR-25, U18: what waits follows, the old number is told, links on it end, the trail keeps before, after and why."""
    marie = chain.follow()
    with chain.database.transaction() as session:
        person = session.get_one(Patient, marie.id)
        person.reachability = "undelivered"
        form_links.give(session, person, None, now=chain.clock.now())
    _changes(chain, marie)
    assert (_now(chain, marie).phone, chain.received()) == (MARIE, [])
    code = _code(chain, NEW)
    assert chain.says(NEW, code) == [chain.received(NEW)[-1]]
    person = _now(chain, marie)
    assert (person.phone, person.phone_verified_at, person.reachability) == (NEW, chain.clock.now(), "reachable")
    assert chain.received() == ["Suivi Baie : un autre numéro remplace celui-ci. Vous ne l'avez pas demandé ? Appelez le 0199001234."]
    with chain.read() as session:
        assert session.scalars(select(FormLink.ended_why)).one() == "replaced"
        row = session.scalars(select(AuditRow).where(AuditRow.action == "number.changed")).one()
        assert (row.change, row.reason, row.actor) == (
            {"before": "+33...01", "after": "+33...02"},
            "nouveau forfait",
            f"patient:{marie.id}",
        )
    # The next questions, planned long before, go to the new telephone.
    chain.until(chain.clock.now() + timedelta(days=8))
    assert any(text.purpose == "question" for text in chain.texts_to(NEW))
    assert [text.purpose for text in chain.texts_to(MARIE)] == ["administrative"]


@pytest.mark.parametrize("way", ["words", "link"])
def test_the_question_under_way_leaves_for_the_new_number(chain: Chain, way: str) -> None:
    """U18: she had answered the first text; the second went to a telephone she has no more. It is asked once on the new one."""
    marie = chain.follow(consent_sms_words=way == "words")
    chain.until(chain.clock.now() + timedelta(days=2))
    if way == "words":
        chain.says(MARIE, "0 0 0")
    _changes(chain, marie)
    asked = {
        "words": "Suivi Baie : votre température maintenant ? Par ex. 37,2. Sans thermomètre, répondez NON. "
        "Frissons, ou 38,0 et plus : appelez le 0199001234.",
        "link": "Suivi Baie : il manque vos réponses : http",
    }[way]
    confirmed, question = chain.says(NEW, _code(chain, NEW))
    assert confirmed.startswith("Suivi Baie : merci, votre numéro est confirmé")
    assert question.startswith(asked)
    chain.wait(minutes=5)
    assert len(chain.received(NEW)) == 3  # the code, its confirmation, the question
    if way == "words":
        (following,) = chain.says(NEW, "37")
        assert following.startswith("Suivi Baie : avez-vous mal dans la poitrine")


def test_texts_that_wait_follow_the_number(chain: Chain) -> None:
    """U18: also one that had already failed once on the old number."""
    marie = chain.follow()
    with chain.database.transaction() as session:
        person = session.get_one(Patient, marie.id)
        row = Message(
            service_id=person.service_id, patient_id=person.id, direction="out", state="queued", address=MARIE,
            number=person.service.number, body="Suivi Baie : ...", key="reminder", purpose="reminder", attempts=2,
            created_at=chain.clock.now(), due_at=chain.clock.now() + timedelta(hours=3),
        )  # fmt: skip
        session.add(row)
    _changes(chain, marie)
    chain.says(NEW, _code(chain, NEW))
    assert chain.message(row.id).address == NEW


def test_an_unconfirmed_change_changes_nothing_and_a_nurse_is_told(chain: Chain) -> None:
    marie = chain.follow()
    _changes(chain, marie)
    chain.wait(hours=48)
    assert (_now(chain, marie).phone, _now(chain, marie).phone_verified_at is None) == (MARIE, False)
    assert _why(chain) == ["number_change"]


def test_a_change_says_beside_each_field_what_is_wrong(chain: Chain) -> None:
    marie, lucie = chain.follow(), chain.follow(given_names="Lucie", phone=LUCIE)

    def refused(number: str, reason: str = "nouveau forfait") -> dict[str, str]:
        with pytest.raises(FieldErrors) as refusal:
            _changes(chain, marie, number, reason=reason)
        return refusal.value.fields

    assert refused("", "") == {"number": "Write the new number.", "reason": "Write why the number changes, in a few words."}
    assert refused("12") == {"number": "No telephone has this number. Check the digits; write it as +33 6 39 98 00 01."}
    assert refused(MARIE) == {"number": "The file already has this number."}
    assert refused(example("MA")) == {"number": "Texts do not leave for this country. The coordinator may add it on the service's page."}
    assert refused(premium()) == {"number": "This is a premium number: no text leaves for it. Give the patient's own mobile number."}
    assert refused(LUCIE) == {"number": "Another patient has this number. If they share the telephone, tick “shared phone”."}
    assert lucie.phone == LUCIE


def test_a_telephone_becomes_shared_and_unshared_by_a_change(chain: Chain) -> None:
    """HZ-10, U16: counted anew on the number left and on the number taken."""
    marie, jean = chain.follow(), chain.follow(given_names="Jean", sex="male", shared_phone=True)
    assert (_now(chain, marie).shared_phone, _now(chain, jean).shared_phone) == (True, True)
    _changes(chain, jean)
    assert _typed(chain, jean, _code(chain, NEW)) == "confirmed"
    assert (_now(chain, marie).shared_phone, _now(chain, jean).shared_phone) == (False, False)
    _changes(chain, marie, NEW, shared=True)
    assert _typed(chain, marie, _code(chain, NEW)) == "confirmed"
    assert (_now(chain, marie).shared_phone, _now(chain, jean).shared_phone) == (True, True)


def test_the_old_number_is_told_nothing_after_it_said_wrong_number(chain: Chain) -> None:
    """HZ-09: we promised no more texts to whoever holds it; the new number ends the freeze."""
    marie = chain.follow()
    before = chain.says(MARIE, "Vous vous trompez de numéro")
    assert before == ["Pardon pour l'erreur. Vous ne recevrez plus de message de notre part."]
    assert _now(chain, marie).follow_up == "frozen"
    _changes(chain, marie, reason="erreur de numéro")
    assert _typed(chain, marie, _code(chain, NEW)) == "confirmed"
    chain.wait(minutes=30)
    assert chain.received() == before
    assert _now(chain, marie).follow_up == "active"


def test_somebody_who_writes_from_a_new_number_stays_nobody(chain: Chain) -> None:
    """SEC-16, U19: "j'ai changé de numéro" from an unknown telephone changes nothing by itself."""
    marie = chain.follow()
    assert chain.says(NEW, "Bonjour c'est Marie Hoarau, j'ai changé de numéro") == [
        "Suivi Baie : nous ne savons pas qui écrit. Une infirmière lira votre message. Urgence : 15."
    ]
    assert (_now(chain, marie).phone, chain.tasks()) == (MARIE, ["unknown_number"])


# --- Asked again --------------------------------------------------------------------------------------------------------------------


def test_a_number_is_asked_about_again_after_ninety_days_by_day(chain: Chain) -> None:
    """HZ-09: never at night; answered by the code alone."""
    with chain.database.transaction() as session:
        marie = _a_patient(session, chain, phone_verified=True)
    chain.clock.forward(days=89, hours=23)
    chain.worker.run_once()
    assert chain.received() == []
    chain.wait(hours=13)  # 23:00 the next day... still night at 22:00 UTC
    assert chain.received() == []
    chain.wait(hours=10)
    assert re.fullmatch(
        r"Suivi Baie : avez-vous toujours ce numéro \? Répondez par ce code seul : \d{6}\. Une question \? 0199001234\.",
        chain.received()[-1],
    )
    chain.wait(days=3)
    assert len(chain.received()) == 1
    chain.says(MARIE, _code(chain))
    assert _now(chain, marie).phone_verified_at == chain.clock.now()
    chain.wait(days=20)
    assert _why(chain) == []


def test_unanswered_for_two_weeks_the_number_is_verified_no_more(chain: Chain) -> None:
    with chain.database.transaction() as session:
        marie = _a_patient(session, chain, phone_verified=True)
    chain.wait(days=90)
    assert len(chain.received()) == 1
    chain.wait(days=13, hours=23)
    assert (_why(chain), numbers.is_verified(_now(chain, marie))) == ([], True)
    chain.wait(hours=1)
    assert (_why(chain), _now(chain, marie).phone_verified_at) == (["number_renewal"], None)
    chain.wait(days=1)
    assert len(chain.received()) == 1  # a person decides, nothing is asked again by itself


def test_a_renewal_keeps_away_from_stopped_texts(chain: Chain) -> None:
    with chain.database.transaction() as session:
        marie = _a_patient(session, chain, phone_verified=True)
        patients.opt_out(session, marie, by=actor_of(chain.world.ines), now=chain.clock.now(), reason="asked for it")
    chain.wait(days=120)
    assert (chain.received(), _why(chain)) == ([], [])
