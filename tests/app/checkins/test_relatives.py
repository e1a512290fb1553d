"""A declared relative writing from their own telephone, a parent answering for a child: attached, named, never mixed up (FR-32, HZ-10)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from app.alerts.models import Task
from app.checkins.models import AnswerRow
from app.messaging.models import Message
from app.people import respondents
from app.people.models import Patient
from app.people.perimeter import actor_of
from tests.support.chain import MARIE, Chain

LUCIE = "+33639980002"
PARENT = "+33639980005"
WEDNESDAY = date(2026, 11, 25)
WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@pytest.fixture
def marie(chain: Chain) -> Patient:
    person = chain.follow(respondent_name="Lucie Hoarau", respondent_relation="fille", respondent_phone=LUCIE)
    chain.until(WEDNESDAY_TEN)
    return person


def lucie_of(chain: Chain, patient: Patient) -> str:
    with chain.read() as session:
        return f"respondent:{session.get_one(Patient, patient.id).respondents[0].id}"


def test_her_answers_are_the_patients_and_carry_her_name(chain: Chain, marie: Patient) -> None:
    """Once the word SMS has brought the question to her telephone: figures to a question it never showed answer nothing (HZ-20)."""
    chain.says(LUCIE, "1 0 2")
    with chain.read() as session:
        assert session.scalars(select(AnswerRow)).all() == []
    chain.says(LUCIE, "SMS")
    chain.says(LUCIE, "1 0 2")

    assert chain.last_heard().patient_id == marie.id
    with chain.read() as session:
        said = {(row.key, row.value, row.said_by, row.asked_by) for row in session.scalars(select(AnswerRow))}
    who = lucie_of(chain, marie)
    assert said == {("diarrhea", "1", who, ""), ("mouth_sores", "0", who, ""), ("hand_foot", "2", who, "")}


def test_her_danger_is_the_patients_urgent_alert_and_she_is_told(chain: Chain, marie: Patient) -> None:
    """Danger outranks every sender state: the safety text goes back to the telephone that wrote."""
    told = chain.says(LUCIE, "maman n'arrive plus à respirer")

    (alert,) = chain.alerts()
    assert (alert.patient_id, alert.level) == (marie.id, "urgent")
    assert len(told) == 1 and "15" in told[0]


def test_her_stop_silences_nobody_else(chain: Chain, marie: Patient) -> None:
    """HZ-26: she gets no questions, so her STOP ends none; a nurse settles it."""
    chain.says(LUCIE, "STOP")

    with chain.read() as session:
        assert session.get_one(Patient, marie.id).opted_out_at is None
        task = session.scalars(select(Task).where(Task.kind == "opted_out")).one()
    assert (task.patient_id, task.detail["why"], task.detail["said_by"]) == (marie.id, "said_by_relative", lucie_of(chain, marie))
    assert len(chain.says(MARIE, "1 0 0")) == 1


def test_the_stop_of_the_one_who_answers_ends_the_texts(chain: Chain) -> None:
    ana = chain.follow(
        given_names="Ana",
        birth_date=date(2016, 5, 4),
        phone=PARENT,
        respondent_name="Rosa Hoarau",
        respondent_relation="mère",
        answered_by="respondent",
    )
    chain.until(WEDNESDAY_TEN)
    chain.says(PARENT, "STOP")

    with chain.read() as session:
        assert session.get_one(Patient, ana.id).opted_out_at is not None
    assert "opted_out" in chain.tasks()


def test_a_parent_answers_for_a_child_on_the_childs_own_file(chain: Chain) -> None:
    ana = chain.follow(
        given_names="Ana",
        birth_date=date(2016, 5, 4),
        phone=PARENT,
        respondent_name="Rosa Hoarau",
        respondent_relation="mère",
        respondent_phone=PARENT,
        answered_by="respondent",
    )
    chain.until(WEDNESDAY_TEN)
    chain.says(PARENT, "0 1 0")

    assert chain.last_heard().patient_id == ana.id
    with chain.read() as session:
        assert {row.said_by for row in session.scalars(select(AnswerRow))} == {lucie_of(chain, ana)}


def test_a_relative_of_two_patients_is_read_by_a_nurse_and_her_danger_still_alarms(chain: Chain) -> None:
    """SEC-16, HZ-10: nothing is attached to a guess, and a danger has an owner-to-be all the same."""
    around = {"respondent_name": "Lucie", "respondent_relation": "fille", "respondent_phone": LUCIE}
    marie = chain.follow(**around)
    jean = chain.follow(family_name="Payet", given_names="Jean", phone="+33639980003", **around)
    chain.until(WEDNESDAY_TEN)
    chain.says(LUCIE, "2 1 0")

    assert chain.answers(chain.checkin(marie, WEDNESDAY)) == {}
    with chain.read() as session:
        task = session.scalars(select(Task).where(Task.kind == "shared_number")).one()
    assert task.detail["among"] == [marie.id, jean.id]

    told = chain.says(LUCIE, "il n'arrive plus à respirer")
    (alert,) = chain.alerts()
    assert (alert.patient_id, alert.level) == (None, "urgent")
    assert len(told) == 1 and "15" in told[0]


def test_somebody_removed_is_no_longer_recognised(chain: Chain, marie: Patient) -> None:
    with chain.database.transaction() as session:
        person = session.get_one(Patient, marie.id)
        respondents.remove(session, person, person.respondents[0].id, by=actor_of(chain.world.claire), now=chain.clock.now())
    """Once the word SMS has brought the question to her telephone: figures to a question it never showed answer nothing (HZ-20)."""
    chain.says(LUCIE, "1 0 2")
    with chain.read() as session:
        assert session.scalars(select(AnswerRow)).all() == []
    chain.says(LUCIE, "SMS")
    chain.says(LUCIE, "1 0 2")

    assert chain.last_heard().patient_id is None
    assert "unknown_number" in chain.tasks()


def test_questions_go_to_whoever_answers_now(chain: Chain, marie: Patient) -> None:
    with chain.database.transaction() as session:
        person = session.get_one(Patient, marie.id)
        respondents.answered_by(session, person, person.respondents[0].id, by=actor_of(chain.world.claire), now=chain.clock.now())
    chain.says(LUCIE, "SMS")
    chain.says(LUCIE, "0 0 0")
    with chain.read() as session:
        sent = session.scalars(select(Message).where(Message.direction == "out", Message.key == "q_temp")).all()
    assert [text.address for text in sent] == [LUCIE]
