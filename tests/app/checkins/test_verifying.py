"""Who holds a telephone: codes that leave, come back aloud or by text, are wrong or never come (FR-25, HZ-09, HZ-10)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.checkins.texts import verifying
from app.core.audit import AuditRow
from app.core.errors import Refusal
from app.messaging import codes, links
from app.messaging.models import Message
from app.people import numbers, patients
from app.people.models import NumberCheck, Patient
from app.people.perimeter import actor_of
from tests.support.chain import MARIE, Chain
from tests.support.verified import PAUL, as_now, code_of, enrolled, other_than, reasons, typed, unverified


def test_a_code_told_aloud_confirms_the_number(chain: Chain) -> None:
    """FR-25: six digits on the telephone, typed by whoever enrols, and the trail says who."""
    marie = enrolled(chain)
    assert as_now(chain, marie).phone_verified_at is None
    assert re.fullmatch(
        r"Suivi Baie : votre code est \d{6}\. Dites-le à l'équipe, ou répondez par ce code seul sous 2 jours\. "
        r"Vous n'attendez rien \? Ignorez ce message\.",
        chain.received()[0],
    )
    code = code_of(chain)
    assert typed(chain, marie, other_than(code)) == "wrong"
    assert typed(chain, marie, f" {code[:3]} {code[3:]} ") == "confirmed"
    assert as_now(chain, marie).phone_verified_at == chain.clock.now()
    assert typed(chain, marie, code) == "none"  # used up
    with chain.read() as session:
        trail = session.scalars(select(AuditRow).where(AuditRow.action.startswith("number.")).order_by(AuditRow.id)).all()
        assert [(row.action, row.actor_name) for row in trail] == [("number.code_sent", "Inès Caron"), ("number.verified", "Inès Caron")]
        assert [row.change["after"] for row in trail] == [{"purpose": "enrolment", "number": "+33...01"}, {"number": "+33...01"}]


def test_the_code_stands_in_no_row(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """SEC-05, SEC-29: the outbox keeps asterisks after sending; what the check keeps is not the code and gives it to nobody."""
    marie = enrolled(chain)
    code = code_of(chain)
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
    marie = enrolled(chain)
    code = code_of(chain)
    answer = chain.says(MARIE, written.format(code, code[:3], code[3:]))
    assert answer == ["Suivi Baie : merci, votre numéro est confirmé. Ce n'est pas un numéro d'urgence : en urgence, le 15."]
    assert as_now(chain, marie).phone_verified_at == chain.clock.now()
    assert chain.tasks() == []
    with chain.read() as session:
        check = session.scalars(select(NumberCheck)).one()
        assert check.confirmed_by == f"patient:{marie.id}"


def test_six_digits_with_other_words_are_read_like_any_text(chain: Chain) -> None:
    """A danger beside the code is a danger, and the code waits."""
    marie = enrolled(chain)
    chain.says(MARIE, f"{code_of(chain)} je crache du sang")
    assert [alert.level for alert in chain.alerts()] == ["urgent"]
    assert as_now(chain, marie).phone_verified_at is None


@pytest.mark.parametrize("digits", ["398055", "112345", "785988", "000015"])
@pytest.mark.parametrize("written", ["{0}", "{1} {2}", "{1}-{2}."])
def test_a_code_that_looks_like_a_fever_or_an_emergency_number_is_a_code(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, digits: str, written: str
) -> None:
    """ "398 055" reads as 39.8: the very code that was sent is nothing else; one digit beside it is a danger again."""
    monkeypatch.setattr(codes, "code_of", lambda check: digits)
    marie = enrolled(chain)
    chain.says(MARIE, written.format(digits, digits[:3], digits[3:]))
    assert (as_now(chain, marie).phone_verified_at, chain.alerts()) == (chain.clock.now(), [])


def test_a_wrong_code_that_reads_as_a_fever_is_one(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """Danger first: nothing but the very code is taken for a code before the scan."""
    monkeypatch.setattr(codes, "code_of", lambda check: "482915")
    enrolled(chain)
    chain.says(MARIE, "398 055")
    assert [alert.level for alert in chain.alerts()] == ["urgent"]


def test_six_digits_without_a_code_out_are_no_code(chain: Chain) -> None:
    """U20: a text without anything else still belongs to its sender, and is read by a person."""
    with chain.database.transaction() as session:
        unverified(session, chain, phone_verified=True)
    chain.says(MARIE, "482915")
    assert chain.tasks() == ["to_read"]


def test_five_wrong_codes_end_it_and_a_nurse_is_told(chain: Chain) -> None:
    marie = enrolled(chain)
    code = code_of(chain)
    for _ in range(3):
        assert typed(chain, marie, other_than(code)) == "wrong"
    assert chain.says(MARIE, other_than(code)) == [
        "Suivi Baie : ce n'est pas le bon code. Renvoyez les 6 chiffres de notre SMS. Une question ? 0199001234."
    ]
    assert reasons(chain) == []
    assert chain.says(MARIE, other_than(code)) == []  # the fifth: no sixth text, a person calls
    assert reasons(chain) == ["number_tries"]
    assert typed(chain, marie, code) == "none"
    chain.says(MARIE, code)
    assert as_now(chain, marie).phone_verified_at is None


def test_a_code_read_out_is_good_for_ten_minutes_the_telephone_has_two_days(chain: Chain) -> None:
    marie = enrolled(chain)
    code = code_of(chain)
    chain.clock.forward(minutes=10, seconds=1)
    assert typed(chain, marie, code) == "late"
    chain.clock.forward(hours=40)
    chain.says(MARIE, code)
    assert as_now(chain, marie).phone_verified_at == chain.clock.now()


def test_a_code_days_late_says_so_and_a_new_one_leaves(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """FR-25: not read as a figure out of scale, nor as a fever; the old one proves nothing, the new one does."""
    marie = enrolled(chain)
    late = code_of(chain)
    chain.wait(days=4)
    (said,) = chain.says(MARIE, late)
    new = code_of(chain)
    assert said == f"Suivi Baie : ce code n'est plus valable. Le nouveau : {new}. Répondez par ce code seul, sous 2 jours."
    assert new != late
    assert as_now(chain, marie).phone_verified_at is None
    assert chain.says(MARIE, late)[0].startswith("Suivi Baie : ce code n'est plus valable. Un plus récent est parti.")
    chain.says(MARIE, new)
    assert as_now(chain, marie).phone_verified_at == chain.clock.now()
    assert chain.says(MARIE, new)[0].startswith("Suivi Baie : merci, votre numéro est confirmé.")
    assert (reasons(chain), chain.alerts()) == (["number_enrolment"], [])


def test_a_new_code_ends_the_one_before_and_five_a_day_are_enough(chain: Chain) -> None:
    marie = enrolled(chain)
    first = code_of(chain)
    for _ in range(4):
        with chain.database.transaction() as session:
            verifying.ask(session, session.get_one(Patient, marie.id), by=actor_of(chain.world.ines), now=chain.clock.now())
        chain.send()
    assert code_of(chain) != first
    assert typed(chain, marie, first) == "old"
    with pytest.raises(Refusal, match="5 codes have left"), chain.database.transaction() as session:
        verifying.ask(session, session.get_one(Patient, marie.id), by=actor_of(chain.world.ines), now=chain.clock.now())
    assert typed(chain, marie, code_of(chain)) == "confirmed"


def test_a_code_that_another_has_replaced_is_old_and_no_wrong_try(chain: Chain) -> None:
    """HZ-09: two texts lie on the telephone, the older is sent back six times, once is read aloud; the newer still counts."""
    marie = enrolled(chain)
    first = code_of(chain)
    with chain.database.transaction() as session:
        verifying.ask(session, session.get_one(Patient, marie.id), by=actor_of(chain.world.ines), now=chain.clock.now())
    chain.send()
    new = code_of(chain)
    assert first != new
    for _ in range(6):
        chain.clock.forward(minutes=1)
        assert chain.says(MARIE, first) == [
            "Suivi Baie : ce code n'est plus valable. Un plus récent est parti. Renvoyez ses 6 chiffres. Une question ? 0199001234."
        ]
    assert typed(chain, marie, first) == "old"
    assert as_now(chain, marie).phone_verified_at is None
    assert reasons(chain) == []
    chain.says(MARIE, new)
    assert as_now(chain, marie).phone_verified_at == chain.clock.now()


def test_only_a_code_sent_to_this_number_in_the_last_days_is_old(chain: Chain) -> None:
    """HZ-09: whoever guesses gains nothing: another number's code, and one of three weeks ago, are wrong tries like any other."""
    marie = enrolled(chain)
    old = code_of(chain)
    paul = enrolled(chain, family_name="Grondin", phone=PAUL)
    chain.wait(days=15)
    with chain.database.transaction() as session:
        verifying.ask(session, session.get_one(Patient, marie.id), by=actor_of(chain.world.ines), now=chain.clock.now())
    chain.send()
    assert [typed(chain, marie, code) for code in (old, code_of(chain, PAUL), old, old, old)] == ["wrong"] * 4 + ["used_up"]
    assert as_now(chain, paul).phone_verified_at is None


def test_unanswered_for_two_days_a_nurse_is_told_once(chain: Chain) -> None:
    """HZ-09."""
    enrolled(chain)
    chain.wait(hours=47, minutes=59)
    assert reasons(chain) == []
    chain.wait(minutes=1)
    chain.wait(hours=1)
    assert reasons(chain) == ["number_enrolment"]


def test_nobody_is_told_of_somebody_who_has_left(chain: Chain) -> None:
    marie = enrolled(chain)
    with chain.database.transaction() as session:
        person = session.get_one(Patient, marie.id)
        patients.opt_out(session, person, by=actor_of(chain.world.ines), now=chain.clock.now(), reason="asked for it")
    chain.wait(hours=48)
    assert reasons(chain) == []


def test_a_relative_confirms_their_own_number(chain: Chain) -> None:
    """FR-32: Paul answers for Marie; each has a code for their own telephone."""
    relative = {"respondent_name": "Paul Hoarau", "respondent_relation": "fils", "respondent_phone": PAUL, "answered_by": "respondent"}
    marie = enrolled(chain, **relative)
    assert code_of(chain, PAUL) != code_of(chain, MARIE)
    chain.says(PAUL, code_of(chain, PAUL))
    with chain.read() as session:
        person = session.get_one(Patient, marie.id)
        assert numbers.is_verified(person)  # the texts go to Paul
        assert (person.phone_verified_at, person.respondents[0].phone_verified_at) == (None, chain.clock.now())
        assert [held.state for held in numbers.held(session, person, now=chain.clock.now())] == ["waiting", "verified"]


def test_two_patients_on_one_telephone_each_have_their_code(chain: Chain) -> None:
    """HZ-10, U16: a husband's code is not his wife's."""
    marie = enrolled(chain)
    hers = code_of(chain)
    jean = enrolled(chain, given_names="Jean", sex="male", shared_phone=True)
    his = code_of(chain)
    chain.says(MARIE, hers)
    assert (as_now(chain, marie).phone_verified_at is None, as_now(chain, jean).phone_verified_at is None) == (False, True)
    assert typed(chain, jean, his) == "confirmed"


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
    chain.says(MARIE, code_of(chain))
    before = len(chain.texts_to(MARIE))
    chain.until(chain.clock.now() + timedelta(days=8))
    asked = [text for text in chain.texts_to(MARIE)[before:] if text.purpose == "question"]
    assert asked
    assert {text.link_id for text in asked} == {None}
