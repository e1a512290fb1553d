"""Reminder, silence, alarm; a number that texts do not reach is another thing (FR-04, HZ-07, HZ-08, HZ-25)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.alerts.models import AlertEvent, Task
from app.checkins.models import AssessmentRow, CheckIn
from app.checkins.rhythm import agenda, silences
from app.core.audit import SYSTEM
from app.messaging.models import Message
from app.people import patients
from app.people.models import FollowUp, Patient
from app.people.perimeter import actor_of
from app.treatment.models import Course
from notifications.messages import Failure, Reason, State
from notifications.transports.simulator import ends, refuses
from tests.support.chain import MARIE, Chain

WEDNESDAY, THURSDAY = date(2026, 11, 25), date(2026, 11, 26)


def paris(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)


def reason_of(chain: Chain) -> dict[str, object]:
    with chain.read() as session:
        return (
            session.scalars(
                select(AlertEvent.detail).where(AlertEvent.kind.in_(("raised", "risen"))).order_by(AlertEvent.id.desc())
            ).first()
            or {}
        )


def test_reminder_then_silence_then_an_alert_of_the_files_level(chain: Chain, marie: Patient) -> None:
    """Cycle 1, days 3 to 16 of capecitabine: silent after 24 h, high. A reminder that could not leave in time leaves when it can."""
    chain.until(paris(WEDNESDAY, 10))
    chain.until(paris(THURSDAY, 8))
    assert chain.received()[1:] == [
        "Suivi Baie : il manque vos réponses d'hier, 1 minute suffit. Trop fatigué pour écrire ? Répondez APPEL."
    ]
    chain.wait(hours=1)
    assert (len(chain.received()), chain.alerts()) == (2, [])
    chain.wait(hours=1)

    checkin = chain.checkin(marie, WEDNESDAY)
    assert (checkin.state, checkin.closed_at) == ("silent", paris(THURSDAY, 10))
    (alert,) = chain.alerts()
    assert (alert.level, alert.kind) == ("high", "silence")
    assert alert.respond_by == paris(THURSDAY, 14)
    assert reason_of(chain)["silences"] == 1
    assert _patient(chain).reachability == "silent"
    chain.wait(hours=2)
    assert len(chain.received()) == 2


def _patient(chain: Chain) -> Patient:
    with chain.read() as session:
        return session.scalars(select(Patient)).one()


def test_what_is_unknown_at_the_close_stays_unknown_and_alarms(chain: Chain, marie: Patient) -> None:
    """HZ-20: the first scores were all zero; temperature and chest never came. Not silence, and not reassuring."""
    chain.until(paris(WEDNESDAY, 10))
    chain.says(MARIE, "0 0 0")
    chain.until(paris(THURSDAY, 10))

    checkin = chain.checkin(marie, WEDNESDAY)
    assert (checkin.state, checkin.closed_at) == ("partial", paris(THURSDAY, 10))
    (alert,) = chain.alerts()
    assert (alert.level, alert.kind) == ("moderate", "assessment")
    assert "waiting-at-close" in str(reason_of(chain)["rules"])
    assert "temperature" not in chain.answers(checkin)


def test_a_late_answer_within_a_day_belongs_to_its_check_in(chain: Chain, marie: Patient) -> None:
    """HZ-08: silent since 10:00, answered at 15:00: judged as Wednesday's, and noted as late; the alert stays for a person."""
    chain.until(paris(WEDNESDAY, 10))
    chain.until(paris(THURSDAY, 15))
    answers = chain.says(MARIE, "1 0 0")

    assert answers[0].startswith("Suivi Baie : votre température")
    checkin = chain.checkin(marie, WEDNESDAY)
    assert (checkin.state, chain.answers(checkin)) == ("partial", {"diarrhea": "1", "mouth_sores": "0", "hand_foot": "0"})
    with chain.read() as session:
        assert {row.note for row in session.get_one(CheckIn, checkin.id).answers} == {"late"}
    assert [alert.kind for alert in chain.alerts()] == ["silence"]
    assert _patient(chain).reachability == "reachable"


def test_a_day_later_it_is_dated_at_its_reception(chain: Chain, marie: Patient) -> None:
    chain.until(paris(WEDNESDAY, 10))
    chain.until(paris(THURSDAY, 10))
    chain.clock.at = paris(date(2026, 11, 27), 10, 1)  # the worker is down: Friday's check-in has not opened
    chain.says(MARIE, "1 0 0")

    assert chain.answers(chain.checkin(marie, WEDNESDAY)) == {}
    assert chain.tasks() == ["to_read"]


def test_two_silences_in_a_row_are_counted(chain: Chain, marie: Patient) -> None:
    chain.until(paris(date(2026, 11, 27), 10))
    chain.until(paris(date(2026, 11, 28), 10))

    with chain.read() as session:
        opened = select(CheckIn).where(CheckIn.opened_at.is_not(None)).order_by(CheckIn.day)
        states = [row.state for row in session.scalars(opened)]
        seen = [row.inputs["silences"] for row in session.scalars(select(AssessmentRow).order_by(AssessmentRow.id))]
    assert states == ["silent", "silent"]
    assert seen == [1, 2]


@pytest.mark.parametrize("zone", ["Europe/Paris", "Indian/Reunion", "America/Martinique", "Pacific/Noumea"])
def test_a_clock_that_leaps_reminds_nobody_at_night(chain: Chain, zone: str) -> None:
    """HZ-11: the hour of the reminder has passed, the worker wakes at any hour: it leaves between 8 and 20 on the patient's wall."""
    marie = chain.follow(timezone=zone)
    while (asked := chain.checkin(marie, WEDNESDAY)).opened_at is None:  # where the day of the service and theirs meet
        chain.wait(hours=1)
    left = []
    for hour in range(24):
        at = asked.opened_at + timedelta(hours=hour, minutes=90)
        with chain.database.transaction() as session:
            checkin = session.get_one(CheckIn, asked.id)
            checkin.remind_at, checkin.reminded_at = at - timedelta(minutes=80), None
            session.flush()
            reminded = silences.remind(session, asked.id, at)
            text = session.scalars(select(Message).where(Message.purpose == "reminder").order_by(Message.id.desc())).first()
            leaves = text.due_at if reminded and text is not None else checkin.remind_at
            assert leaves is not None and leaves >= at
            left.append(8 <= leaves.astimezone(ZoneInfo(zone)).hour < 20)
            session.rollback()
    assert left == [True] * 24


def test_no_reminder_to_somebody_frozen_meanwhile(chain: Chain, marie: Patient) -> None:
    chain.until(paris(WEDNESDAY, 10))
    with chain.database.transaction() as session:
        patient = session.scalars(select(Patient)).one()
        patients.change_follow_up(session, patient, FollowUp.FROZEN, by=SYSTEM, now=chain.clock.now(), reason="hospitalisation")
        agenda.replan_patient(session, patient, now=chain.clock.now())
    chain.until(paris(THURSDAY, 12))

    assert len(chain.received()) == 1
    assert chain.alerts() == []
    assert chain.checkin(marie, WEDNESDAY).state == "cancelled"


# --- Not reached --------------------------------------------------------------------------------------------------------------------


def test_a_dead_number_is_not_silence(chain: Chain, marie: Patient) -> None:
    """HZ-07: told at once, under its own name, with the state of the number; the task is made once."""
    chain.phones.faults[MARIE] = refuses(Failure(Reason.NOT_MOBILE, "landline", permanent=True))
    chain.until(paris(WEDNESDAY, 10))
    chain.wait(minutes=1)

    (alert,) = chain.alerts()
    assert (alert.level, alert.kind) == ("high", "undelivered")
    assert reason_of(chain)["reachability"] == "unreachable"
    assert chain.tasks() == ["undeliverable"]

    chain.until(paris(THURSDAY, 12))
    assert [alert.kind for alert in chain.alerts()] == ["undelivered"]
    assert chain.tasks() == ["undeliverable"]
    assert _patient(chain).reachability == "unreachable"


def test_a_full_telephone_is_undelivered(chain: Chain, marie: Patient) -> None:
    chain.phones.faults[MARIE] = ends(State.UNDELIVERED, "30003")
    chain.until(paris(WEDNESDAY, 10))
    chain.wait(minutes=1)

    assert [alert.kind for alert in chain.alerts()] == ["undelivered"]
    assert reason_of(chain)["reachability"] == "undelivered"


def test_a_reminder_that_arrives_makes_it_silence_again(chain: Chain, marie: Patient) -> None:
    chain.phones.faults[MARIE] = ends(State.UNDELIVERED, "30003")
    chain.until(paris(WEDNESDAY, 10))
    chain.phones.faults.clear()
    chain.until(paris(THURSDAY, 8))
    chain.until(paris(THURSDAY, 10))

    with chain.read() as session:
        kinds = {event.detail.get("kind") for event in session.scalars(select(AlertEvent)) if event.kind in ("raised", "merged", "risen")}
    assert {"undelivered", "silence"} <= kinds


def test_a_refusal_by_the_carrier_is_an_opt_out(chain: Chain, marie: Patient) -> None:
    """SEC-17: error 21610: the number has said STOP to the carrier. One task, the same day; the plan ends."""
    chain.phones.faults[MARIE] = refuses(Failure(Reason.OPTED_OUT, "opted out", permanent=True, code="21610"))
    chain.until(paris(WEDNESDAY, 10))
    chain.wait(minutes=1)

    assert chain.tasks() == ["opted_out"]
    assert _patient(chain).reachability == "opted_out"
    with chain.read() as session:
        assert list(session.scalars(select(CheckIn).where(CheckIn.state == "planned"))) == []
        task = session.scalars(select(Task)).one()
    assert task.due_at == paris(WEDNESDAY, 14)


def test_telling_twice_changes_nothing(chain: Chain, marie: Patient) -> None:
    chain.phones.faults[MARIE] = ends(State.UNDELIVERED, "30003")
    chain.until(paris(WEDNESDAY, 10))
    chain.wait(minutes=1)
    with chain.database.transaction() as session:
        from app.messaging.models import Message

        lost = session.scalars(select(Message).where(Message.purpose == "question")).one()
        assert silences.tell_unreached(session, lost.id, chain.clock.now()) is False
    assert chain.tasks() == ["undeliverable"]


# --- Was the cycle started? ---------------------------------------------------------------------------------------------------------

FOURTEENTH = date(2026, 12, 14)


@pytest.fixture
def asked(chain: Chain) -> Patient:
    """Marie on the planned first day of her second round; nothing else was due since."""
    marie = chain.follow()
    with chain.database.transaction() as session:
        for row in session.scalars(select(CheckIn).where(CheckIn.kind == "regular")):
            session.delete(row)
    chain.clock.at = paris(FOURTEENTH, 10)
    chain.worker.run_once()
    assert chain.received()[1:] == [  # the first text of the round is the line about emergencies
        "Suivi Baie : avez-vous commencé la nouvelle série de comprimés aujourd'hui ? "
        "1 oui, 2 pas encore, 3 on m'a dit d'attendre. Répondez 1, 2 ou 3."
    ]
    return marie


def test_yes_makes_the_cycle_advance(chain: Chain, asked: Patient) -> None:
    answers = chain.says(MARIE, "oui")

    assert answers == ["Noté : nouvelle série oui. Merci. Une erreur ? Répondez ERREUR dans les 2 h."]
    with chain.read() as session:
        course = session.scalars(select(Course)).one()
        assert [(cycle.number, cycle.started_on, cycle.said_by[:7]) for cycle in course.cycles] == [
            (1, date(2026, 11, 23), f"staff:{chain.world.lebon.id}"[:7]),
            (2, FOURTEENTH, "patient"),
        ]
    with chain.read() as session:
        planned = select(CheckIn.day).where(CheckIn.state == "planned", CheckIn.kind == "regular").order_by(CheckIn.day)
        assert session.scalars(planned).first() == date(2026, 12, 18)
    assert chain.tasks() == []
    assert chain.checkin(asked, FOURTEENTH, "cycle_start").state == "done"


@pytest.mark.parametrize(("words", "why"), [("pas encore", "not_yet"), ("3", "told_to_wait")])
def test_no_yes_no_cycle(chain: Chain, asked: Patient, words: str, why: str) -> None:
    """HZ-19: the cycle does not advance, a person settles it, and it is asked again three days later."""
    chain.says(MARIE, words)

    with chain.read() as session:
        assert len(session.scalars(select(Course)).one().cycles) == 1
        task = session.scalars(select(Task)).one()
        assert (task.kind, task.detail["why"], task.detail["cycle"]) == ("cycle_not_started", why, 2)
    chain.clock.at = paris(date(2026, 12, 17), 10)
    chain.worker.run_once()
    assert len(chain.received()) == 4
    assert chain.tasks() == ["cycle_not_started"]


def test_no_answer_no_cycle(chain: Chain, asked: Patient) -> None:
    chain.until(paris(date(2026, 12, 16), 11))

    assert chain.tasks() == ["cycle_not_started"]
    assert [alert.kind for alert in chain.alerts()] == ["silence"]
    with chain.read() as session:
        assert len(session.scalars(select(Course)).one().cycles) == 1


def test_a_nurse_confirms_and_the_question_ends(chain: Chain, asked: Patient) -> None:
    with chain.database.transaction() as session:
        course = session.scalars(select(Course)).one()
        patient = session.get_one(Patient, course.patient_id)
        agenda.confirm_cycle(
            session, course, patient, number=2, started_on=FOURTEENTH, by=actor_of(chain.world.claire), now=chain.clock.now()
        )
    chain.until(paris(date(2026, 12, 17), 11))

    assert chain.checkin(asked, FOURTEENTH, "cycle_start").state == "cancelled"
    assert len(chain.received()) == 2
    assert chain.alerts() == []


def test_nobody_expects_an_answer_of_somebody_frozen(chain: Chain, marie: Patient) -> None:
    """Frozen by a screen that forgot to plan anew: the window closes without an alarm, and says why."""
    chain.until(paris(WEDNESDAY, 10))
    with chain.database.transaction() as session:
        patient = session.scalars(select(Patient)).one()
        patients.change_follow_up(session, patient, FollowUp.FROZEN, by=SYSTEM, now=chain.clock.now(), reason="hospitalisation")
    chain.until(paris(THURSDAY, 12))

    assert chain.alerts() == []
    row = chain.checkin(marie, WEDNESDAY)
    assert (row.state, row.why) == ("cancelled", "follow-up is frozen")


def test_a_telephone_call_not_made_is_told_as_such(chain: Chain) -> None:
    marie = chain.follow()
    with chain.database.transaction() as session:
        session.get_one(Patient, marie.id).phone = ""
    chain.until(paris(THURSDAY, 10))

    assert [alert.kind for alert in chain.alerts()] == ["silence"]
    assert reason_of(chain)["why"][0]["en"] == "Questions to ask by telephone: the call was not made."
    assert _patient(chain).reachability == "reachable"


def half_answered(chain: Chain) -> None:
    """Marie leaves Wednesday's check-in at its last question, how often she goes; Friday's has begun."""
    chain.until(datetime(2026, 11, 25, 9, 0, tzinfo=UTC))
    for words in ("1 0 0", "37", "2", "0 0 0"):
        chain.says(MARIE, words)
    chain.until(datetime(2026, 11, 27, 9, 0, tzinfo=UTC))


def test_an_answer_to_the_check_in_before_is_kept_for_its_question_and_its_day(chain: Chain, marie: Patient) -> None:
    """FR-12, HZ-08: "4" is no answer to three new questions and one to Wednesday's: kept there, judged there, and the day is named."""
    half_answered(chain)
    [echoed] = chain.says(MARIE, "4")
    assert echoed.startswith("Noté")
    wednesday, friday = (chain.checkin(marie, date(2026, 11, day)) for day in (25, 27))
    assert chain.answers(wednesday)["stools"] == "4"
    assert chain.answers(friday) == {}
    assert wednesday.state == "done"
    assert chain.judgements(wednesday)[-1].inputs["answers"]["stools"] == {"number": "4"}
    [following] = chain.says(MARIE, "0 0 0")
    assert "votre température" in following
    assert chain.answers(chain.checkin(marie, date(2026, 11, 27)))["diarrhea"] == "0"


def test_what_may_answer_the_check_in_before_and_cannot_be_told_is_read_by_a_nurse(chain: Chain, marie: Patient) -> None:
    """HZ-08, HZ-21: never lost, never guessed."""
    half_answered(chain)
    chain.says(MARIE, "je sais plus trop")
    with chain.read() as session:
        assert session.scalars(select(Task.detail).where(Task.kind == "to_read")).one()["why"] == "late_answer"
