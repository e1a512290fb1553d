"""HZ-36: nobody gets a text in a language they do not read. A third language whole, the order of languages, an interpreter, a relative."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from app.alerts.models import Alert, AlertEvent, Task
from app.checkins.rhythm import agenda
from app.checkins.texts import verifying
from app.core.errors import Refusal
from app.messaging.models import Message
from app.people import numbers
from app.people.models import Patient, Respondent, Staff
from app.people.perimeter import actor_of
from app.treatment import courses
from app.web import words as screen
from tests.support.chain import MARIE, Chain

WEDNESDAY = date(2026, 11, 25)
TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
"""Wednesday 25 November 2026, 10:00 in Paris: her first check-in."""
LEA = "+33639980003"


def who_reads(chain: Chain, language: str, *also: str, interpreter: str = "") -> Patient:
    """Marie, followed from Monday, with what her file says of the languages she reads."""
    marie = chain.follow()
    with chain.database.transaction() as session:
        person = session.get_one(Patient, marie.id)
        person.language, person.also_reads, person.interpreter = language, list(also), interpreter
    return marie


def task(chain: Chain, kind: str) -> dict[str, Any]:
    with chain.read() as session:
        return session.scalars(select(Task).where(Task.kind == kind)).one().detail


def last_event(chain: Chain, kind: str) -> dict[str, Any]:
    with chain.read() as session:
        told = select(AlertEvent).where(AlertEvent.kind == kind).order_by(AlertEvent.id.desc()).limit(1)
        return session.scalars(told).one().detail


def test_a_whole_check_in_in_reunion_creole(chain: Chain) -> None:
    """By files alone: questions, temperature, a red flag, echo. What was said is stored and judged as in French."""
    marie = who_reads(chain, "rcf")
    chain.until(TEN)
    assert chain.received() == [
        "Suivi Baie : dopi 7 zour, de 0 (non) a 4 (tré for) : A diaré, B bous i bril, C min ek pyé ? Réponn 3 shif, par ex. 1 0 2"
    ]
    assert chain.says(MARIE, "1 0 0") == [
        "Suivi Baie : out tanpératir koméla ? Par ex. 37,2. Na poin termomèt, réponn NON. "
        "Ou tranm, sinonsa 38,0 é plis : apèl lo 0199001234."
    ]
    assert chain.says(MARIE, "37") == ["Suivi Baie : ou na mal dann pwatrine, sinonsa ou mank souf san bouzé ? Réponn 1 wi, 2 non."]
    assert chain.says(MARIE, "2") == [
        "Suivi Baie : dopi 7 zour, de 0 (non) a 4 (tré for) : A anvi vomi, B vomisman, C fatig ? Réponn 3 shif, par ex. 1 0 2"
    ]
    assert chain.says(MARIE, "0 0 0") == ["Suivi Baie : kabiné likid, konbyin foi dann 24 h ? Réponn ek in nonb, 0 si na poin."]
    assert chain.says(MARIE, "1") == [
        "La noté : diaré 1, bous i bril 0, min ek pyé 0, tanpératir 37,0, pwatrine non, anvi vomi 0, vomisman 0, fatig 0, "
        "kabiné likid 1. Mersi. Na in lérèr ? Réponn ERREUR dann 2 h."
    ]
    checkin = chain.checkin(marie, WEDNESDAY)
    assert checkin.state == "done"
    assert chain.answers(checkin)["diarrhea"] == "1"
    with chain.read() as session:
        sent = session.scalars(
            select(Message).where(Message.direction == "out", Message.checkin_id == checkin.id, Message.key != "care_diarrhoea")
        )
        assert {text.language for text in sent} == {"rcf"}


def test_a_danger_written_in_creole_is_answered_in_creole(chain: Chain) -> None:
    """The number first, and the alert knows that she was told."""
    who_reads(chain, "rcf")
    assert chain.says(MARIE, "mi ariv pa respiré") == [
        "Apèl lo 15 sinonsa lo 112 TOUDSUIT é di kèl tretman ou pran. Rès pa tousèl, kondi pa loto. Nou lé o kouran osi."
    ]
    (alert,) = chain.alerts()
    assert (alert.level, alert.told) == ("urgent", "queued")


@pytest.mark.parametrize(
    ("language", "also", "said_in"),
    [
        ("fr", [], "fr"),
        ("rcf", ["fr"], "rcf"),
        ("none", ["en", "fr"], "en"),
        ("swb", ["rcf", "fr"], "rcf"),  # no text exists in Shimaore yet
    ],
)
def test_the_question_leaves_in_the_first_language_they_read(chain: Chain, language: str, also: list[str], said_in: str) -> None:
    """Patient.language, then also_reads in their order."""
    who_reads(chain, language, *also)
    chain.until(TEN)
    (text,) = chain.texts_to(MARIE)
    assert (text.key, text.language) == ("q_multi", said_in)


@pytest.mark.parametrize(("language", "interpreter", "need"), [("none", "shimaoré", "shimaoré"), ("swb", "", "swb"), ("none", "", "?")])
def test_who_reads_no_language_of_ours_is_asked_by_telephone(chain: Chain, language: str, interpreter: str, need: str) -> None:
    """No text at all; the nurse's task says why, and which interpreter, before anybody dials."""
    marie = who_reads(chain, language, interpreter=interpreter)
    chain.until(TEN)
    assert chain.received() == []
    checkin = chain.checkin(marie, WEDNESDAY)
    assert checkin.state == "open"
    assert task(chain, "call_back") == {"why": "no_language", "checkin_id": checkin.id, "day": "2026-11-25", "interpreter": need}
    with chain.read() as session:
        call = session.scalars(select(Task)).one()
        assert session.get_one(Staff, call.owner_id).name == "Inès Caron"  # no nurse has a shift: the coordinator sees to it


def test_nothing_fails_for_somebody_no_text_is_written_to(chain: Chain) -> None:
    """From enrolment to what she writes herself, no text is queued that nobody could read: calls to make, no "undeliverable"."""
    marie = who_reads(chain, "none", interpreter="shimaoré")
    with chain.database.transaction() as session:
        person = session.get_one(Patient, marie.id)
        person.phone_verified_at = None
        verifying.ask_all(session, person, by=actor_of(chain.world.ines), now=chain.clock.now())
        assert agenda.first_now(session, courses.get(session, chain.course(marie).id), now=chain.clock.now()) == []
        with pytest.raises(Refusal, match="reads none of our languages"):
            verifying.ask(session, person, by=actor_of(chain.world.ines), now=chain.clock.now())
    chain.until(TEN)
    assert chain.says(MARIE, "aide") == []
    assert chain.says(MARIE, "0 1 0") == []
    chain.wait(minutes=30)
    assert chain.tasks() == ["call_back", "to_read"]
    with chain.read() as session:
        assert session.scalars(select(Message.key).where(Message.direction == "out", Message.key != "not_emergency")).all() == []
        read = session.scalars(select(Task).where(Task.kind == "to_read")).one()
        assert (read.detail["interpreter"], read.detail["why"], len(read.detail["also"])) == ("shimaoré", "no_language", 1)


def test_the_number_of_who_reads_nothing_changes_without_a_code(chain: Chain) -> None:
    """It is only ever dialled: whoever telephones asks who answers."""
    marie = who_reads(chain, "none")
    with chain.database.transaction() as session:
        person = session.get_one(Patient, marie.id)
        by, now = actor_of(chain.world.ines), chain.clock.now()
        verifying.change(session, person, "06 39 98 00 03", reason="dit par sa fille", shared=False, by=by, now=now, allow_fiction=True)
    chain.wait(minutes=30)
    with chain.read() as session:
        person = session.get_one(Patient, marie.id)
        assert (person.phone, person.phone_verified_at, numbers.is_settled(person)) == (LEA, None, True)
        assert numbers.reached_as(person) == "no_language"
    assert (chain.received(), chain.received(LEA), chain.tasks()) == ([], [], [])


@pytest.mark.parametrize(
    ("danger", "number"),
    [
        ("jarive pa a respirer", "Appelez le 15 ou le 112 MAINTENANT"),
        ("39 de fievre et je tremble", "0199001234"),
        ("je veux en finir", "3114"),
    ],
)
def test_a_danger_of_somebody_who_reads_no_language_of_ours(chain: Chain, danger: str, number: str) -> None:
    """HZ-36: the number leaves all the same, in the service's language; its arrival never counts as having been told.

    The alert says so in capitals, whom to telephone and with which interpreter, on the list as well.
    """
    who_reads(chain, "none", interpreter="shimaoré")
    (said,) = chain.says(MARIE, danger)
    assert number in said
    for language, told, row in (("fr", "PATIENT NON PRÉVENU", "NON PRÉVENU"), ("en", "PATIENT NOT TOLD", "NOT TOLD")):
        assert screen.say(language, "alert.told.unreadable").startswith(told)
        assert screen.say(language, "list.unreadable") == row
    assert screen.say("fr", "alert.told.unreadable").endswith("TÉLÉPHONEZ MAINTENANT, AVEC UN INTERPRÈTE.")
    (alert,) = chain.alerts()
    assert alert.told == "unreadable"
    assert last_event(chain, "told")["told"] == "unreadable"
    assert last_event(chain, "raised")["interpreter"] == "shimaoré"

    chain.wait(minutes=20)  # the carrier has reported the text as delivered
    with chain.read() as session:
        assert session.get_one(Alert, alert.id).told == "unreadable"


def test_an_advice_that_their_language_lacks_comes_in_another_they_read(chain: Chain) -> None:
    """Self-care is not written in Creole: French, which she reads too. The check-in itself stays in Creole."""
    who_reads(chain, "rcf", "fr")
    chain.until(TEN)
    for words in ("1 0 0", "37", "2", "0 0 0", "1"):
        chain.says(MARIE, words)
    chain.wait(minutes=3)
    advice = chain.texts_to(MARIE)[-1]
    assert (advice.key, advice.language) == ("care_diarrhoea", "fr")


def test_an_advice_in_no_language_they_read_is_given_by_a_person(chain: Chain) -> None:
    who_reads(chain, "rcf")
    chain.until(TEN)
    for words in ("1 0 0", "37", "2", "0 0 0", "1"):
        chain.says(MARIE, words)
    chain.wait(minutes=3)
    assert [text.key for text in chain.texts_to(MARIE) if text.key.startswith("care_")] == []
    assert chain.tasks() == ["call_back"]
    said = task(chain, "call_back")
    assert (said["why"], said["advice"]) == ("no_language", "diarrhoea")


@pytest.mark.parametrize(
    ("words", "language", "answer"),
    [
        ("KREOL", "rcf", "Suivi Baie : dopi 7 zour, de 0 (non) a 4 (tré for) : A diaré"),
        ("an kréol", "rcf", "Suivi Baie : dopi 7 zour"),
        ("ENGLISH", "en", "Suivi Baie: last 7 days, from 0 (none) to 4 (very strong): A diarrhoea"),
        ("FRANCAIS", "fr", "Suivi Baie : depuis 7 jours, de 0 (non) à 4 (très fort) : A diarrhée"),
    ],
)
def test_the_word_of_a_language_switches_and_asks_again(chain: Chain, words: str, language: str, answer: str) -> None:
    """The words are in the reader's files, the languages in the texts': neither is in the code."""
    marie = chain.follow()
    chain.until(TEN)
    (said,) = chain.says(MARIE, words)
    assert said.startswith(answer)
    with chain.read() as session:
        assert session.get_one(Patient, marie.id).language == language


def test_a_relative_is_written_to_in_their_own_language(chain: Chain) -> None:
    """The file knows what Lea reads: her mother's Creole is not used for her."""
    marie = who_reads(chain, "rcf")
    with chain.database.transaction() as session:
        session.add(
            Respondent(patient_id=marie.id, name="Lea", relation="daughter", phone=LEA, answers=True, language="en", phone_verified_at=TEN)
        )
        session.get_one(Patient, marie.id).answered_by = "respondent"
    chain.until(TEN)
    (asked,) = chain.texts_to(LEA)
    assert asked.language == "en"
    (echoed,) = chain.says(LEA, "1 0 0")
    assert echoed.startswith("Suivi Baie: your temperature now?")
