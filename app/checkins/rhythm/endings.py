"""How each check-in that was due came to its end: answered, reached by a person, its reason written down, or an overdue call somebody owns.

Nothing ends by being forgotten: what has none of these 72 hours after its due hour becomes a call, with an owner and an hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from app.alerts import tasks
from app.alerts.models import Alert, AlertEvent, AlertState, Task
from app.checkins import turn_taking
from app.checkins.models import AnswerRow, CheckIn, CheckInState
from app.checkins.rhythm import planning
from app.core import audit
from app.core.audit import SYSTEM, Actor
from app.core.errors import Refusal
from app.messaging.models import Message
from app.people import care_team, members, patients
from app.people.models import Absence, Patient, Reachability, Role, Staff
from triage import calendar

ANSWERED, REACHED, REASON, OVERDUE = "answered", "reached", "reason", "overdue_call"

ASKED = ("too_ill", "in_hospital", "forgot", "telephone_broken", "no_network", "does_not_want", "could_not_read", "other")
"""Why somebody did not answer: asked of whoever closes the silence."""

OWN = (
    *("opted_out", "visit_day", "hospital_stay", "home_hospital", "wrong_number", "death", "end", "frozen", "treatment_stopped"),
    *("replanned", "paused", "heard_since"),
)
"""Reasons the file itself gives. heard_since: the patient has answered a later check-in, and is not lost."""

WITHIN = timedelta(hours=72)
"""From the due hour to the end (purpose of the patient's side, 2026-11-22)."""

ASKED_OF = timedelta(days=28)
"""How far back a silence is still asked about (house rule, 2026-11-22)."""

ROUND = 500
UNENDED = and_(CheckIn.ended_as == "", CheckIn.kind != "unprompted")
SAID = exists().where(AnswerRow.checkin_id == CheckIn.id, AnswerRow.value.is_not(None)) | (CheckIn.why == "danger")


@dataclass(frozen=True)
class Ending:
    """How one check-in ended. reason: a word of ASKED or OWN; by: who ended it."""

    how: str
    reason: str = ""
    note: str = ""
    by: Actor = SYSTEM


def due_hour(checkin: CheckIn, patient: Patient) -> datetime:
    """The hour it was planned for. Opening may have put ``due_at`` off to a staffed hour: the 72 hours do not wait for that."""
    return min(checkin.due_at, calendar.instant(checkin.day, time(patient.check_in_hour), patient.timezone))


# --- The tick -----------------------------------------------------------------------------------------------------------------------


def note_answered(session: Session, now: datetime) -> int:
    """Mark what was answered, in one statement. Returns how many. A call made overdue meanwhile learns it from its task."""
    late = select(CheckIn.id).where(CheckIn.ended_as == OVERDUE, CheckIn.kind != "unprompted", SAID)
    for task in session.scalars(select(Task).where(Task.key.in_([_key(number) for number in session.scalars(late)]))):
        task.detail = {**task.detail, "why": "answered_since"}
    # What STOP had cut short and the patient has taken up again is under way.
    again = and_(CheckIn.ended_as == REASON, CheckIn.closed_at.is_(None), CheckIn.state.in_(planning.WAITING))
    session.execute(update(CheckIn).where(again, CheckIn.silence_reason.in_(OWN)).values(ended_as="", silence_reason="", ended_as_at=None))
    answered = update(CheckIn).where(or_(UNENDED, CheckIn.id.in_(late)), SAID)
    done = session.execute(answered.values(ended_as=ANSWERED, ended_as_at=func.coalesce(CheckIn.closed_at, now)))
    return int(done.rowcount)  # type: ignore[attr-defined]  # an UPDATE always has one


def due(session: Session, now: datetime) -> list[int]:
    """Check-ins whose end is known now and not written yet, oldest first."""
    return [row.id for row, patient in _unended(session, now) if how(session, row, patient, now) is not None][:ROUND]


def overdue(session: Session, now: datetime, *, grace: timedelta = timedelta(0)) -> list[int]:
    """Check-ins without an end ``WITHIN`` after their due hour: what the watchman names when nobody wrote one."""
    return [row.id for row, patient in _unended(session, now) if now - due_hour(row, patient) >= WITHIN + grace]


def _unended(session: Session, now: datetime) -> list[tuple[CheckIn, Patient]]:
    was_due = select(CheckIn, Patient).join(Patient, Patient.id == CheckIn.patient_id)
    was_due = was_due.where(UNENDED, CheckIn.day <= (now + timedelta(days=1)).date()).order_by(CheckIn.day, CheckIn.id)
    return [(row, patient) for row, patient in session.execute(was_due) if due_hour(row, patient) <= now]


def settle(session: Session, checkin_id: int, now: datetime) -> str:
    """Write how one check-in ended; "" when that is not known yet. An overdue call is a task with an owner."""
    turn_taking.hold_patient_of(session, checkin_id)
    checkin = session.get_one(CheckIn, checkin_id, populate_existing=True)
    patient = session.get_one(Patient, checkin.patient_id)
    if checkin.ended_as:
        return ""
    ending = how(session, checkin, patient, now)
    if ending is None:
        return ""
    if ending.how == OVERDUE:
        _call_overdue(session, checkin, patient, now)
    if ending.how == REACHED and patient.reachability == Reachability.SILENT:
        patients.reached(session, patient, Reachability.REACHABLE, now=now)
    write(session, checkin, ending, now=now)
    return ending.how


def write(session: Session, checkin: CheckIn, ending: Ending, *, now: datetime) -> None:
    """The end on the row, and in the trail: what the story of the check-in shows."""
    checkin.ended_as, checkin.ended_as_by, checkin.ended_as_at = ending.how, str(ending.by), now
    checkin.silence_reason = ending.reason or checkin.silence_reason
    checkin.silence_note = ending.note or checkin.silence_note
    tell(session, checkin, "ended", by=ending.by, now=now, reason=ending.note, how=ending.how, word=checkin.silence_reason)


def tell(session: Session, checkin: CheckIn, act: str, *, now: datetime, by: Actor = SYSTEM, reason: str = "", **detail: object) -> None:
    """One line of the check-in's story."""
    session.flush()
    audit.record(
        session,
        actor=by,
        action=f"checkin.{act}",
        subject=f"checkin:{checkin.id}",
        service_id=checkin.service_id,
        patient_id=checkin.patient_id,
        after={"day": checkin.day.isoformat(), **detail},
        reason=reason,
        now=now,
    )


# --- How it ended -------------------------------------------------------------------------------------------------------------------


def how(session: Session, checkin: CheckIn, patient: Patient, now: datetime) -> Ending | None:
    """What the file says of its end; None while it may still come."""
    if session.scalar(select(CheckIn.id).where(CheckIn.id == checkin.id, SAID)) is not None:
        return Ending(ANSWERED)
    if checkin.state == CheckInState.CANCELLED:
        return Ending(REASON, _why_cancelled(session, checkin), checkin.why)
    called = reached_by(session, checkin, patient)
    if called is not None:
        return Ending(REACHED, by=called)
    is_late = now - due_hour(checkin, patient) >= WITHIN
    if checkin.closed_at is not None or is_late:
        since = _heard_since(session, checkin, patient)
        if since:
            return Ending(REASON, since)
    return Ending(OVERDUE) if is_late else None


def reached_by(session: Session, checkin: CheckIn, patient: Patient) -> Actor | None:
    """Who spoke with the patient, or with a relative, since the check-in was due; None when nobody did."""
    calls = select(AlertEvent).join(Alert, Alert.id == AlertEvent.alert_id)
    mine = (Alert.patient_id == patient.id, AlertEvent.kind == "called", AlertEvent.at >= due_hour(checkin, patient))
    for event in session.scalars(calls.where(*mine).order_by(AlertEvent.id)):
        if event.detail.get("reached") and event.detail.get("whom") in ("patient", "relative"):
            kind, _, number = event.actor.partition(":")
            return Actor(kind, int(number), event.actor_name)
    return None


def _heard_since(session: Session, checkin: CheckIn, patient: Patient) -> str:
    """Has the patient answered another check-in since? Lost is somebody of whom nothing is heard."""
    other = and_(CheckIn.patient_id == patient.id, CheckIn.id != checkin.id)
    after = AnswerRow.at >= (checkin.opened_at or due_hour(checkin, patient))
    answer = select(AnswerRow).join(CheckIn, CheckIn.id == AnswerRow.checkin_id).where(other, after, AnswerRow.value.is_not(None))
    row = session.scalar(answer.order_by(AnswerRow.id).limit(1))
    if row is None:
        return ""
    message = session.get(Message, row.message_id) if row.message_id else None
    return "in_hospital" if message is not None and "hospitalised" in (message.reading or {}).get("notes", ()) else "heard_since"


def _why_cancelled(session: Session, checkin: CheckIn) -> str:
    if checkin.why == planning.VISIT_DAY:
        return "visit_day"
    if checkin.why == planning.NO_TEXTS:
        return "opted_out"
    if checkin.why == planning.STOPPED:
        return "treatment_stopped"
    if not checkin.why.startswith(planning.FOLLOW_UP_IS):
        return "replanned"
    at = checkin.closed_at or checkin.due_at
    stood = (Absence.patient_id == checkin.patient_id, Absence.begun_at <= at, or_(Absence.ended_at.is_(None), Absence.ended_at >= at))
    kind = session.scalar(select(Absence.kind).where(*stood, Absence.kind != "visit").order_by(Absence.id.desc()).limit(1))
    return kind or "frozen"


# --- Overdue ------------------------------------------------------------------------------------------------------------------------


def _call_overdue(session: Session, checkin: CheckIn, patient: Patient, now: datetime) -> Task:
    return tasks.make(
        session,
        service_id=patient.service_id,
        patient_id=patient.id,
        kind="overdue_call",
        key=_key(checkin.id),
        detail={"checkin_id": checkin.id, "day": checkin.day.isoformat()},
        owner_id=caller(session, patient, now),
        due_at=care_team.add_service_time(patient.service, now, tasks.CALL_WITHIN),
        now=now,
    )


def _key(checkin_id: int) -> str:
    return f"overdue_call:{checkin_id}"


def caller(session: Session, patient: Patient, now: datetime) -> int | None:
    """Who is to make a call that nobody has taken: whoever has the patient's alert, else the nurse of the shift with the fewest calls,
    else the coordinator, else who may act. None in a service without any of them.
    """
    held = select(Staff.id).join(Alert, Alert.owner_id == Staff.id)
    held = held.where(Alert.patient_id == patient.id, Alert.state != AlertState.CLOSED, Staff.active)
    if owner := session.scalar(held.limit(1)):
        return owner
    nurses = [one for one in care_team.on_duty(session, patient.service_id, now, "ward") if one.role == Role.NURSE]
    if nurses:
        mine = (Task.kind.in_(("overdue_call", "call_back")), Task.closed_at.is_(None), Task.owner_id.is_not(None))
        load = dict(session.execute(select(Task.owner_id, func.count()).where(*mine).group_by(Task.owner_id)).all())
        return min(nurses, key=lambda one: (load.get(one.id, 0), one.id)).id
    for role in (Role.COORDINATOR, Role.NURSE, Role.ONCOLOGIST):
        there = select(Staff.id).where(members.belongs(patient.service_id), Staff.role == role, Staff.active)
        if owner := session.scalar(there.order_by(Staff.id).limit(1)):
            return owner
    return None


# --- What a person says of it -------------------------------------------------------------------------------------------------------


def unexplained(session: Session, patient_id: int, now: datetime) -> list[CheckIn]:
    """Silences of the last weeks of which nobody has said why, latest first: what the screens ask about."""
    over = (CheckIn.closed_at >= now - ASKED_OF, CheckIn.state.in_((CheckInState.SILENT, CheckInState.EXPIRED, CheckInState.PARTIAL)))
    silent = and_(CheckIn.silence_reason == "", CheckIn.kind != "unprompted", CheckIn.ended_as.in_(("", REACHED, OVERDUE)), ~SAID)
    mine = select(CheckIn).where(CheckIn.patient_id == patient_id, *over, silent)
    return list(session.scalars(mine.order_by(CheckIn.day.desc(), CheckIn.id.desc())))


def explain(session: Session, patient: Patient, *, reason: str, note: str, by: Actor, now: datetime) -> list[CheckIn]:
    """Somebody knows why: kept on every silence not explained yet. Raises Refusal for a word that is none, or "other" without a note."""
    if reason not in ASKED:
        raise Refusal("Choose why no answer came.", field="silence_reason", status=422)
    if reason == "other" and not note.strip():
        raise Refusal("Write why no answer came: “other” says nothing without it.", field="silence_note", status=422)
    rows = unexplained(session, patient.id, now)
    for row in rows:
        spoke = row.ended_as == REACHED or reached_by(session, row, patient) is not None
        write(session, row, Ending(REACHED if spoke else REASON, reason, note.strip(), by), now=now)
    return rows


def calls_of(session: Session, rows: list[CheckIn]) -> list[Task]:
    """The overdue calls still to make for these check-ins."""
    waiting = (Task.key.in_([_key(row.id) for row in rows]), Task.closed_at.is_(None))
    return list(session.scalars(select(Task).where(*waiting).order_by(Task.id)))
