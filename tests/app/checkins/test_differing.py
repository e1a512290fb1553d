"""Two people, one check-in: both answers stand, the graver is judged, a nurse is told (FR-32, HZ-10)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from app.alerts import tasks
from app.alerts.models import Task
from app.checkins import answers
from app.checkins.judging import assessing
from app.checkins.judging.assessing import Judged
from app.checkins.models import AnswerRow, CheckIn
from app.core.audit import Actor
from app.people.models import Patient
from app.people.perimeter import viewer_of
from app.treatment.models import IntakeReport
from tests.support.chain import MARIE, Chain
from tests.support.protocols import shipped

LUCIE = "+33639980002"
WEDNESDAY = date(2026, 11, 25)
WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@pytest.fixture
def marie(chain: Chain) -> Patient:
    """Marie answers for herself; Lucie, her daughter, has a telephone of her own. It is Wednesday, the questions have left."""
    person = chain.follow(respondent_name="Lucie Hoarau", respondent_relation="fille", respondent_phone=LUCIE)
    chain.until(WEDNESDAY_TEN)
    return person


def people(chain: Chain, marie: Patient) -> tuple[Actor, Actor, Actor]:
    with chain.read() as session:
        lucie = session.get_one(Patient, marie.id).respondents[0]
        return Actor("patient", marie.id, marie.full_name), Actor("respondent", lucie.id, lucie.name), Actor("respondent", 99, "Paul")


def say(chain: Chain, marie: Patient, who: Actor, *said: tuple[str, str | None]) -> Judged:
    protocol = shipped("capecitabine-14-7")
    with chain.database.transaction() as session:
        checkin = session.get_one(CheckIn, chain.checkin(marie, WEDNESDAY).id)
        for key, value in said:
            answers.put(session, checkin, protocol.questions[key], value, by=who, now=chain.clock.now(), source="call")
        return assessing.assess(session, checkin, now=chain.clock.now())


def rows(chain: Chain, key: str) -> list[tuple[str, str | None, bool, bool]]:
    """Who, what, beside, replaced; oldest first."""
    with chain.read() as session:
        found = session.scalars(select(AnswerRow).where(AnswerRow.key == key).order_by(AnswerRow.id))
        return [(row.said_by, row.value, row.beside, row.replaced_at is not None) for row in found]


@pytest.mark.parametrize("patient_first", [True, False])
def test_the_graver_answer_is_judged_whichever_came_first(chain: Chain, marie: Patient, patient_first: bool) -> None:
    """FR-32, HZ-10: Marie says 0, Lucie says 2. A 2 for a sore mouth is high in this protocol; a 0 is nothing."""
    patient, lucie, _ = people(chain, marie)
    said = [(patient, "0"), (lucie, "2")]
    for who, value in said if patient_first else said[::-1]:
        judged = say(chain, marie, who, ("mouth_sores", value))

    assert judged.assessment is not None and judged.assessment.level.word == "high"
    assert chain.answers(chain.checkin(marie, WEDNESDAY)) == {"mouth_sores": "2"}
    assert sorted(rows(chain, "mouth_sores")) == sorted([(str(patient), "0", True, False), (str(lucie), "2", False, False)])


def test_a_correction_replaces_ones_own_answer_only(chain: Chain, marie: Patient) -> None:
    patient, lucie, _ = people(chain, marie)
    say(chain, marie, patient, ("mouth_sores", "3"))
    say(chain, marie, lucie, ("mouth_sores", "1"))
    assert chain.answers(chain.checkin(marie, WEDNESDAY)) == {"mouth_sores": "3"}

    say(chain, marie, patient, ("mouth_sores", "0"))
    assert rows(chain, "mouth_sores") == [
        (str(patient), "3", False, True),
        (str(lucie), "1", False, False),
        (str(patient), "0", True, False),
    ]


def test_a_third_person_may_answer_too(chain: Chain, marie: Patient) -> None:
    patient, lucie, paul = people(chain, marie)
    for who, value in ((lucie, "2"), (paul, "4"), (patient, "3")):
        say(chain, marie, who, ("diarrhea", value))

    with chain.read() as session:
        first, *beside = answers.standing(session, chain.checkin(marie, WEDNESDAY).id)["diarrhea"]
    assert (first.said_by, first.value) == (str(paul), "4")
    assert [(row.said_by, row.value) for row in beside] == [(str(lucie), "2"), (str(patient), "3")]


def test_somebody_who_does_not_know_takes_nothing_away(chain: Chain, marie: Patient) -> None:
    """Missing is never zero, and never hides what is known."""
    patient, lucie, _ = people(chain, marie)
    say(chain, marie, patient, ("diarrhea", "2"))
    say(chain, marie, lucie, ("diarrhea", None))

    assert chain.answers(chain.checkin(marie, WEDNESDAY)) == {"diarrhea": "2"}
    assert "answers_differ" not in chain.tasks()


@pytest.mark.parametrize("fever_first", [True, False])
def test_of_two_answers_without_order_both_count(chain: Chain, marie: Patient, fever_first: bool) -> None:
    """38.6 and 35.9 lie on the two dangerous sides: the judgement that asks for more stands. A fever under chemotherapy is urgent."""
    patient, lucie, _ = people(chain, marie)
    said = [(patient, "38.6"), (lucie, "35.9")]
    for who, value in said if fever_first else said[::-1]:
        judged = say(chain, marie, who, ("temperature", value))

    assert judged.assessment is not None and judged.assessment.level.word == "urgent"
    with chain.read() as session:
        assert list(assessing.mismatches(session)) == []


def test_a_nurse_is_told_once_of_every_question_they_differ_on(chain: Chain, marie: Patient) -> None:
    patient, lucie, _ = people(chain, marie)
    say(chain, marie, patient, ("diarrhea", "1"), ("mouth_sores", "1"), ("hand_foot", "0"))
    say(chain, marie, lucie, ("diarrhea", "3"), ("mouth_sores", "1"), ("hand_foot", "1"))

    with chain.read() as session:
        task = session.scalars(select(Task).where(Task.kind == "answers_differ")).one()
    assert task.detail == {"checkin_id": chain.checkin(marie, WEDNESDAY).id, "keys": ["diarrhea", "hand_foot"]}

    with chain.database.transaction() as session:
        tasks.close(session, task.id, by=viewer_of(chain.world.claire), now=chain.clock.now(), words="Vu avec Lucie.")
    say(chain, marie, patient, ("fatigue", "0"))
    say(chain, marie, lucie, ("fatigue", "2"))
    assert chain.tasks().count("answers_differ") == 1


def test_the_doses_that_count_follow_the_graver_report_and_come_back(chain: Chain, marie: Patient) -> None:
    """Marie missed four, Lucie counted two: four. Marie corrects herself to none: Lucie's two stand again."""
    patient, lucie, _ = people(chain, marie)
    say(chain, marie, patient, ("intake", "missed:4"))
    say(chain, marie, lucie, ("intake", "missed:2"))
    say(chain, marie, patient, ("intake", "all"))

    with chain.read() as session:
        kept = [(row.said_by, row.missed) for row in session.scalars(select(IntakeReport).order_by(IntakeReport.id))]
    assert kept == [(str(patient), 4), (str(lucie), 2)]


def test_nobody_corrects_by_text_what_somebody_else_said(chain: Chain, marie: Patient) -> None:
    """Lucie answers, then Marie writes that it is 1 and not 3: she has said nothing yet, so a nurse reads it."""
    chain.says(LUCIE, "3 0 0")
    before = rows(chain, "diarrhea")
    chain.says(MARIE, "c'est 1 pas 3")

    assert rows(chain, "diarrhea") == before
    assert "to_read" in chain.tasks()


def test_each_corrects_by_text_their_own(chain: Chain, marie: Patient) -> None:
    """The question left for Marie's telephone; the word SMS brings it to Lucie's, who may then answer it."""
    _, lucie, _ = people(chain, marie)
    chain.says(LUCIE, "2 0 0")
    assert rows(chain, "diarrhea") == []
    chain.says(LUCIE, "SMS")
    chain.says(LUCIE, "2 0 0")
    chain.says(LUCIE, "ERREUR")
    chain.says(LUCIE, "1 0 0")

    assert rows(chain, "diarrhea") == [(str(lucie), "2", False, True), (str(lucie), "1", False, False)]
