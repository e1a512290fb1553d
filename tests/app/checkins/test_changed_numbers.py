"""A number changed, a number grown old: nothing follows it until the telephone has spoken (FR-25, HZ-09, HZ-10, U18)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.checkins import links as form_links
from app.checkins.texts import verifying
from app.core.audit import AuditRow
from app.core.errors import FieldErrors
from app.messaging.models import FormLink, Message
from app.people import numbers, patients
from app.people.models import Patient
from app.people.perimeter import actor_of
from tests.support.abroad import example, premium
from tests.support.chain import MARIE, Chain
from tests.support.verified import LUCIE, NEW, as_now, code_of, reasons, typed, unverified

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
    assert (as_now(chain, marie).phone, chain.received()) == (MARIE, [])
    code = code_of(chain, NEW)
    assert chain.says(NEW, code) == [chain.received(NEW)[-1]]
    person = as_now(chain, marie)
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
    confirmed, question = chain.says(NEW, code_of(chain, NEW))
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
            service_id=person.service_id,
            patient_id=person.id,
            direction="out",
            state="queued",
            address=MARIE,
            number=person.service.number,
            body="Suivi Baie : ...",
            key="reminder",
            purpose="reminder",
            attempts=2,
            created_at=chain.clock.now(),
            due_at=chain.clock.now() + timedelta(hours=3),
        )
        session.add(row)
    _changes(chain, marie)
    chain.says(NEW, code_of(chain, NEW))
    assert chain.message(row.id).address == NEW


def test_an_unconfirmed_change_changes_nothing_and_a_nurse_is_told(chain: Chain) -> None:
    marie = chain.follow()
    _changes(chain, marie)
    chain.wait(hours=48)
    assert (as_now(chain, marie).phone, as_now(chain, marie).phone_verified_at is None) == (MARIE, False)
    assert reasons(chain) == ["number_change"]


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
    assert (as_now(chain, marie).shared_phone, as_now(chain, jean).shared_phone) == (True, True)
    _changes(chain, jean)
    assert typed(chain, jean, code_of(chain, NEW)) == "confirmed"
    assert (as_now(chain, marie).shared_phone, as_now(chain, jean).shared_phone) == (False, False)
    _changes(chain, marie, NEW, shared=True)
    assert typed(chain, marie, code_of(chain, NEW)) == "confirmed"
    assert (as_now(chain, marie).shared_phone, as_now(chain, jean).shared_phone) == (True, True)


def test_the_old_number_is_told_nothing_after_it_said_wrong_number(chain: Chain) -> None:
    """HZ-09: we promised no more texts to whoever holds it; the new number ends the freeze."""
    marie = chain.follow()
    before = chain.says(MARIE, "Vous vous trompez de numéro")
    assert before == ["Pardon pour l'erreur. Vous ne recevrez plus de message de notre part."]
    assert as_now(chain, marie).follow_up == "frozen"
    _changes(chain, marie, reason="erreur de numéro")
    assert typed(chain, marie, code_of(chain, NEW)) == "confirmed"
    chain.wait(minutes=30)
    assert chain.received() == before
    assert as_now(chain, marie).follow_up == "active"


def test_somebody_who_writes_from_a_new_number_stays_nobody(chain: Chain) -> None:
    """SEC-16, U19: "j'ai changé de numéro" from an unknown telephone changes nothing by itself."""
    marie = chain.follow()
    assert chain.says(NEW, "Bonjour c'est Marie Hoarau, j'ai changé de numéro") == [
        "Suivi Baie : nous ne savons pas qui écrit. Une infirmière lira votre message. Urgence : 15."
    ]
    assert (as_now(chain, marie).phone, chain.tasks()) == (MARIE, ["unknown_number"])


# --- Asked again --------------------------------------------------------------------------------------------------------------------


def test_a_number_is_asked_about_again_after_ninety_days_by_day(chain: Chain) -> None:
    """HZ-09: never at night; answered by the code alone."""
    with chain.database.transaction() as session:
        marie = unverified(session, chain, phone_verified=True)
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
    chain.says(MARIE, code_of(chain))
    assert as_now(chain, marie).phone_verified_at == chain.clock.now()
    chain.wait(days=20)
    assert reasons(chain) == []


def test_unanswered_for_two_weeks_the_number_is_verified_no_more(chain: Chain) -> None:
    with chain.database.transaction() as session:
        marie = unverified(session, chain, phone_verified=True)
    chain.wait(days=90)
    assert len(chain.received()) == 1
    chain.wait(days=13, hours=23)
    assert (reasons(chain), numbers.is_verified(as_now(chain, marie))) == ([], True)
    chain.wait(hours=1)
    assert (reasons(chain), as_now(chain, marie).phone_verified_at) == (["number_renewal"], None)
    chain.wait(days=1)
    assert len(chain.received()) == 1  # a person decides, nothing is asked again by itself


def test_a_renewal_keeps_away_from_stopped_texts(chain: Chain) -> None:
    with chain.database.transaction() as session:
        marie = unverified(session, chain, phone_verified=True)
        patients.opt_out(session, marie, by=actor_of(chain.world.ines), now=chain.clock.now(), reason="asked for it")
    chain.wait(days=120)
    assert (chain.received(), reasons(chain)) == ([], [])
