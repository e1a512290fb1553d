"""The order of the list, the rows in it, and who sees which. The ward is open Monday to Friday, 08:00 to 18:00 in Paris."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.alerts import handling, tasks
from app.alerts.handling import Reason
from app.alerts.models import Alert
from app.checkins.models import AssessmentRow
from app.core.audit import SYSTEM
from app.core.clock import HandClock
from app.insight import today, worklist
from app.messaging.models import Message
from app.people import care_team, services
from app.people.models import Patient, Role, Service
from app.people.perimeter import Viewer, viewer_of
from app.protocols import shelf, versions
from tests.factories import PASSWORD, World, a_patient
from triage.terms import Level


@pytest.fixture
def claire(world: World) -> Viewer:
    return viewer_of(world.claire)


def patient(session: Session, world: World, name: str, *, now: datetime) -> Patient:
    digits = 1000 + sum(ord(letter) for letter in name)
    return a_patient(session, world, now=now, family_name=name, given_names="Anne", phone=f"+3363998{digits:04d}")


def alert(session: Session, world: World, who: Patient, level: Level, *, now: datetime, **detail: Any) -> Alert:
    raised = handling.consider(
        session, service=session.get_one(Service, world.service.id), patient=who, reason=Reason("assessment", level, detail), now=now
    )
    assert raised is not None
    return raised


def judged(session: Session, who: Patient, scores: dict[str, int | None], *, now: datetime) -> None:
    shelf.seed(session, now)
    version = versions.available(session, date(2026, 11, 22), who.service_id)[0]
    session.add(
        AssessmentRow(
            patient_id=who.id,
            version_id=version.id,
            fingerprint=version.fingerprint,
            level="high",
            at=now,
            inputs={},
            result={"scores": scores},
        )
    )
    session.flush()


def heard(session: Session, world: World, who: Patient | None, body: str, *, now: datetime, address: str = "") -> Message:
    message = Message(
        service_id=world.service.id,
        patient_id=who.id if who else None,
        direction="in",
        state="read",
        address=address or (who.phone if who else ""),
        number=world.service.number,
        body=body,
        created_at=now,
    )
    session.add(message)
    session.flush()
    return message


def names(session: Session, viewer: Viewer, now: datetime) -> list[str]:
    return [row.patient.family_name if row.patient else row.number for row in worklist.rows(session, viewer=viewer, now=now)]


def test_level_comes_before_everything_else(session: Session, world: World, claire: Viewer, clock: HandClock) -> None:
    now = clock.now()
    for name, level in (("Robert", Level.MODERATE), ("Hoarau", Level.URGENT), ("Payet", Level.HIGH)):
        alert(session, world, patient(session, world, name, now=now), level, now=now)
    refill = patient(session, world, "Dijoux", now=now)
    tasks.make(session, service_id=world.service.id, patient_id=refill.id, kind="refill", key="dijoux", now=now)
    assert names(session, claire, now) == ["Hoarau", "Payet", "Robert", "Dijoux"]


def test_past_three_quarters_of_its_limit_an_item_comes_first_by_time_left(
    session: Session, world: World, claire: Viewer, clock: HandClock
) -> None:
    """High answers in 4 service hours: at 10:00 an alert of 06:50 (opening 08:00) has used 2 h, one of 09:55 five minutes."""
    now = datetime(2026, 11, 18, 10, 30, tzinfo=UTC)  # 11:30 in Paris
    early = alert(session, world, patient(session, world, "Early", now=now), Level.HIGH, now=datetime(2026, 11, 18, 7, 20, tzinfo=UTC))
    earlier = alert(session, world, patient(session, world, "Earlier", now=now), Level.HIGH, now=datetime(2026, 11, 18, 7, 0, tzinfo=UTC))
    fresh = patient(session, world, "Fresh", now=now)
    alert(session, world, fresh, Level.HIGH, now=now)
    judged(session, fresh, {"diarrhea": 4}, now=now)
    assert early.respond_by == datetime(2026, 11, 18, 11, 20, tzinfo=UTC)
    assert earlier.respond_by == datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
    # 08:20 + 3 h 10 of 4 h = 79 %, 08:00 + 3 h 30 of 4 h = 87 %: both before the worst score, the later deadline second.
    assert names(session, claire, now) == ["Earlier", "Early", "Fresh"]


def test_a_night_does_not_use_up_a_limit_that_runs_in_service_hours(
    session: Session, world: World, claire: Viewer, clock: HandClock
) -> None:
    """Raised Tuesday 17:00 in Paris, due Wednesday 11:00: on Wednesday at 08:00 one service hour of four has passed, not 15 of 18."""
    raised = alert(
        session, world, patient(session, world, "Payet", now=clock.now()), Level.HIGH, now=datetime(2026, 11, 17, 16, 0, tzinfo=UTC)
    )
    assert raised.respond_by == datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
    at_eight, at_ten = (datetime(2026, 11, 18, hour, 0, tzinfo=UTC) for hour in (7, 9))
    assert [row.pressing for row in worklist.rows(session, viewer=claire, now=at_eight)] == [False]
    assert [row.pressing for row in worklist.rows(session, viewer=claire, now=at_ten)] == [True]


def test_within_a_level_worst_score_then_sum_then_silence(session: Session, world: World, claire: Viewer, clock: HandClock) -> None:
    now = clock.now()
    for name, scores in (("Two", {"nausea": 2, "fatigue": 2}), ("Three", {"nausea": 3}), ("Sum", {"nausea": 3, "fatigue": 1})):
        who = patient(session, world, name, now=now)
        alert(session, world, who, Level.HIGH, now=now)
        judged(session, who, dict(scores), now=now)
    for name, days in (("Lately", 1), ("Silent", 9)):
        who = patient(session, world, name, now=now - timedelta(days=30))
        heard(session, world, who, "0 0 0", now=now - timedelta(days=days))
        alert(session, world, who, Level.HIGH, now=now)
    assert names(session, claire, now) == ["Sum", "Three", "Two", "Silent", "Lately"]


def test_an_unknown_score_is_not_zero(session: Session, world: World, claire: Viewer, clock: HandClock) -> None:
    """FR: missing is never zero; a patient judged only 'unknown' has no worst score at all."""
    now = clock.now()
    who = patient(session, world, "Payet", now=now)
    alert(session, world, who, Level.HIGH, now=now)
    judged(session, who, {"nausea": None, "diarrhea": None}, now=now)
    (row,) = worklist.rows(session, viewer=claire, now=now)
    assert row.worst is None and row.total == 0 and row.loudest == []


def test_one_row_per_patient_holds_the_alert_and_the_tasks(session: Session, world: World, claire: Viewer, clock: HandClock) -> None:
    now = clock.now()
    who = patient(session, world, "Payet", now=now)
    alert(session, world, who, Level.HIGH, now=now)
    tasks.make(session, service_id=world.service.id, patient_id=who.id, kind="refill", key="r", now=now)
    tasks.make(session, service_id=world.service.id, patient_id=who.id, kind="call_back", key="c", now=now)
    (row,) = worklist.rows(session, viewer=claire, now=now)
    assert row.level is Level.HIGH
    assert [task.kind for task in row.tasks] == ["refill", "call_back"]
    assert worklist.row(session, row.key, viewer=claire, now=now) == row
    assert worklist.row(session, "patient:999", viewer=claire, now=now) is None


def test_level_and_hour_of_a_row_are_those_of_one_item(session: Session, world: World, claire: Viewer, clock: HandClock) -> None:
    """A call promised for noon stands in the row of an alert that has until tomorrow, and hurries it; the hour beside the alert's word is
    the alert's."""
    now = clock.now()
    who = patient(session, world, "Lebrun", now=now)
    raised = alert(session, world, who, Level.MODERATE, now=now)
    noon = now + timedelta(hours=2)
    tasks.make(session, service_id=world.service.id, patient_id=who.id, kind="call_back", key="c", due_at=noon, now=now)
    (row,) = worklist.rows(session, viewer=claire, now=now)
    assert (row.due_at, row.level, row.pressing) == (raised.respond_by, Level.MODERATE, False)
    (late,) = worklist.rows(session, viewer=claire, now=noon)
    assert (late.due_at, late.pressing, late.is_hurried) == (raised.respond_by, True, False)


def test_a_message_of_an_unknown_number_has_its_row_and_its_words(session: Session, world: World, claire: Viewer, clock: HandClock) -> None:
    now = clock.now()
    first = heard(session, world, None, "bonjour c'est son fils", now=now, address="+33639984455")
    tasks.make(session, service_id=world.service.id, kind="unknown_number", key="u", message_id=first.id, now=now)
    (row,) = worklist.rows(session, viewer=claire, now=now)
    assert (row.key, row.number, row.words) == ("number:+33639984455", "+33639984455", "bonjour c'est son fils")
    assert row.level is Level.INFO


def test_the_words_that_raised_the_alert_stay_on_the_row_when_others_follow(
    session: Session, world: World, claire: Viewer, clock: HandClock
) -> None:
    now = clock.now()
    who = patient(session, world, "Hoarau", now=now)
    danger = heard(session, world, who, "jarive pa a respirer", now=now)
    alert(session, world, who, Level.URGENT, now=now, message_id=danger.id, dangers=["dyspnea"])
    heard(session, world, who, "merci", now=now + timedelta(minutes=1))
    (row,) = worklist.rows(session, viewer=claire, now=now)
    assert row.words == "jarive pa a respirer"


def test_a_waiting_alert_shows_until_when_and_does_not_press(session: Session, world: World, claire: Viewer, clock: HandClock) -> None:
    now = clock.now()
    raised = alert(session, world, patient(session, world, "Payet", now=now), Level.HIGH, now=now)
    handling.take(session, raised.id, by=claire, now=now)
    until = now + timedelta(hours=3)
    handling.wait(session, raised.id, by=claire, now=now, until=until)
    (row,) = worklist.rows(session, viewer=claire, now=now + timedelta(hours=2, minutes=55))
    assert row.due_at == until and not row.pressing and row.owner == "Claire Payet"


def test_another_service_is_never_seen(session: Session, world: World, claire: Viewer, clock: HandClock) -> None:
    """SEC-24: every query carries the perimeter; an unknown number belongs to the service that was written to."""
    now = clock.now()
    other = services.open_service(
        session,
        world.hospital,
        name="Hématologie",
        sms_name="Suivi Sud",
        phone="0199005678",
        number="+33199005678",
        timezone="Europe/Paris",
        by=SYSTEM,
        now=now,
    )
    nurse = services.engage(
        session, world.hospital, login="rose", name="Rose Lan", role=Role.NURSE, password=PASSWORD, service=other, by=SYSTEM, now=now
    )
    alert(session, world, patient(session, world, "Payet", now=now), Level.URGENT, now=now)
    tasks.make(session, service_id=world.service.id, kind="unknown_number", key="u", now=now)
    assert worklist.rows(session, viewer=viewer_of(nurse), now=now) == []
    assert len(worklist.rows(session, viewer=claire, now=now)) == 2
    seen = today.today(session, viewer=viewer_of(nurse), now=now)
    assert seen is not None and seen.closed_count == 0


def test_the_administrator_sees_no_row(session: Session, world: World, clock: HandClock) -> None:
    alert(session, world, patient(session, world, "Payet", now=clock.now()), Level.URGENT, now=clock.now())
    assert worklist.rows(session, viewer=viewer_of(world.alma), now=clock.now()) == []
    assert today.today(session, viewer=viewer_of(world.alma), now=clock.now()) is None


def test_counts_name_every_level(session: Session, world: World, claire: Viewer, clock: HandClock) -> None:
    now = clock.now()
    alert(session, world, patient(session, world, "Payet", now=now), Level.URGENT, now=now)
    found = worklist.counts(worklist.rows(session, viewer=claire, now=now))
    assert found == {Level.URGENT: 1, Level.HIGH: 0, Level.MODERATE: 0, Level.INFO: 0}


def test_the_stamp_changes_with_what_the_list_shows(session: Session, world: World, claire: Viewer, clock: HandClock) -> None:
    now, service = clock.now(), world.service.id
    stamps = [worklist.stamp(session, service)]
    who = patient(session, world, "Payet", now=now)
    raised = alert(session, world, who, Level.HIGH, now=now)
    stamps.append(worklist.stamp(session, service))
    handling.take(session, raised.id, by=claire, now=now)
    stamps.append(worklist.stamp(session, service))
    task = tasks.make(session, service_id=service, patient_id=who.id, kind="refill", key="r", now=now)
    stamps.append(worklist.stamp(session, service))
    tasks.close(session, task.id, by=claire, now=now, words="Ordonnance envoyée")
    stamps.append(worklist.stamp(session, service))
    heard(session, world, who, "merci", now=now)
    stamps.append(worklist.stamp(session, service))
    handling.close(session, raised.id, by=claire, now=now, outcome="advice")
    stamps.append(worklist.stamp(session, service))
    assert len(set(stamps)) == 7
    assert worklist.stamp(session, service) == stamps[-1]


def test_today_counts_what_was_closed_since_midnight_of_the_ward(session: Session, world: World, claire: Viewer, clock: HandClock) -> None:
    now = clock.now()  # 10:00 in Paris
    for name, closed_at in (("Hier", now - timedelta(hours=10, minutes=1)), ("Payet", now)):
        raised = alert(session, world, patient(session, world, name, now=now), Level.HIGH, now=closed_at)
        handling.take(session, raised.id, by=claire, now=closed_at)
        handling.close(session, raised.id, by=claire, now=closed_at, outcome="advice")
    care_team.put_on_shift(session, world.lebon, kind="on_call", starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))
    seen = today.today(session, viewer=claire, now=now)
    assert seen is not None
    assert seen.closed_count == 1
    assert [who.family_name for _, who in seen.closed if who] == ["Payet"]
    assert [staff.name for staff in seen.on_call] == ["Dr Aurore Lebon"]
    assert seen.opens_at is None
    at_night = today.today(session, viewer=claire, now=datetime(2026, 11, 18, 19, 0, tzinfo=UTC))
    assert at_night is not None and at_night.opens_at == datetime(2026, 11, 19, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "heard_as"),
    [
        ("292090", {"heard": "number_code"}),
        ("292 090", None),
        ("STOP", {"heard": "command"}),
        ("merci", {"heard": "courtesy"}),
    ],
)
def test_a_code_a_command_or_a_courtesy_is_never_the_words_of_a_row(
    session: Session, world: World, claire: Viewer, clock: HandClock, body: str, heard_as: dict[str, Any] | None
) -> None:
    """HZ-07: a nurse who opens a row must not read as a complaint what was sent for another reason."""
    now = clock.now()
    who = patient(session, world, "Morel", now=now)
    sent = heard(session, world, who, body, now=now - timedelta(days=1))
    sent.reading = heard_as
    tasks.make(session, service_id=world.service.id, patient_id=who.id, kind="link_locked", key="locked", message_id=sent.id, now=now)
    alert(session, world, who, Level.URGENT, now=now, message_id=sent.id)
    (row,) = worklist.rows(session, viewer=claire, now=now)
    assert row.words == ""


def test_words_of_another_day_are_not_those_of_this_alert(session: Session, world: World, claire: Viewer, clock: HandClock) -> None:
    now = clock.now()
    who = patient(session, world, "Morel", now=now)
    heard(session, world, who, "j'ai mal au ventre", now=now - timedelta(days=1))
    alert(session, world, who, Level.HIGH, now=now)
    (row,) = worklist.rows(session, viewer=claire, now=now)
    assert (row.words, row.silent_days) == ("", 1)


def test_six_scores_are_an_answer_and_a_danger_is_always_words(session: Session, world: World, claire: Viewer, clock: HandClock) -> None:
    now = clock.now()
    for name, body, reading in (
        ("Payet", "113021", {"heard": "answer"}),
        ("Hoarau", "merci je respire plus", {"heard": "courtesy", "dangers": ["dyspnea"]}),
    ):
        who = patient(session, world, name, now=now)
        sent = heard(session, world, who, body, now=now)
        sent.reading = reading
        alert(session, world, who, Level.HIGH, now=now, message_id=sent.id)
    assert {row.words for row in worklist.rows(session, viewer=claire, now=now)} == {"113021", "merci je respire plus"}


def test_of_two_dangers_the_untaken_one_nearest_its_limit_stands_first(
    session: Session, world: World, clock: HandClock, claire: Viewer
) -> None:
    """Nine minutes left and nobody's, before 29 left with a high score, before one that Claire has taken."""
    ten = clock.now()
    for name, ago, score in (("Hoarau", 21, 1), ("Rossi", 1, 4), ("Payet", 25, 4)):
        who = patient(session, world, name, now=ten - timedelta(days=1))
        judged(session, who, {"dyspnea": score}, now=ten - timedelta(minutes=ago))
        raised = alert(session, world, who, Level.URGENT, now=ten - timedelta(minutes=ago))
        if name == "Payet":
            handling.take(session, raised.id, by=claire, now=ten)
    rows = worklist.rows(session, viewer=claire, now=ten, of=worklist.places(session, viewer=claire, now=ten))
    assert [row.patient.family_name for row in rows if row.patient] == ["Hoarau", "Rossi", "Payet"]
