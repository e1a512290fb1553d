"""Open what is due: at the patient's local hour, when somebody will be there to read, once. What is past its window is listed, not sent."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import partial

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.alerts import handling, tasks
from app.alerts.handling import Reason
from app.checkins import links, script, turn_taking, ways
from app.checkins.models import CheckIn, CheckInState
from app.checkins.rhythm import emergency_line, endings, planning, reaching
from app.messaging import budget, outbox
from app.messaging.outbox import Purpose
from app.people import care_team
from app.people.models import Patient, Service
from app.protocols import versions
from app.treatment import courses
from notifications import policy
from triage import calendar
from triage.protocol import Protocol
from triage.terms import Asked, Level

log = structlog.get_logger(__name__)

WINDOW = timedelta(hours=48)
"""How long after its hour a check-in may still be opened: over a week-end, never over a long absence (HZ-05; house rule, 2026-11-22)."""

APART = timedelta(hours=12)
"""Two check-ins closer than this would ask the same twice: the earlier one, not opened by then, is listed instead."""

HELD = timedelta(minutes=15)
"""How soon a check-in held by the stop switch, or by a spent budget, is looked at again. Past its window a nurse finds it on her list."""


def due(session: Session, now: datetime, *, limit: int = 500) -> list[int]:
    """Planned check-ins whose hour has come, oldest first."""
    waiting = select(CheckIn.id).where(CheckIn.state == CheckInState.PLANNED, CheckIn.due_at <= now)
    return list(session.scalars(waiting.order_by(CheckIn.due_at, CheckIn.id).limit(limit)))


def open_one(session: Session, checkin_id: int, now: datetime) -> CheckIn | None:
    """Open one due check-in, move it to the next hour somebody reads, or mark and list it. The row when it was opened by this call.

    Claimed by condition on its state: two workers, or a worker killed and started again, never ask twice.
    """
    turn_taking.hold_patient_of(session, checkin_id)
    checkin = session.scalar(select(CheckIn).where(CheckIn.id == checkin_id).with_for_update().execution_options(populate_existing=True))
    if checkin is None or checkin.state != CheckInState.PLANNED or checkin.due_at > now:
        return None
    patient = session.get_one(Patient, checkin.patient_id)
    course = courses.get(session, checkin.course_id)
    if why := planning.not_asked_because(patient, course):
        checkin.state, checkin.why, checkin.closed_at = CheckInState.CANCELLED, why, now
        return None
    until = window_end(session, checkin, patient)
    if now >= until:
        _past_window(session, checkin, patient, now)
        return None
    row = script.version_for(session, course, patient, calendar.local_day(now, patient.timezone))
    if row is None:
        _no_protocol(session, checkin, patient, now)
        return None
    protocol = versions.load(row)
    by_text = not no_text_because(session, patient, checkin, protocol)
    if patient.service.sending_stopped or (by_text and budget.is_spent(session, patient.service, now)):
        checkin.due_at = now + HELD
        return None
    moved_to = next_hour(session, patient.service, patient, protocol, now, until)
    if moved_to is None:
        _past_window(session, checkin, patient, now)
        return None
    if moved_to > now:
        checkin.due_at = moved_to
        return None
    return _open(session, checkin, patient, row.id, protocol, now)


def window_end(session: Session, checkin: CheckIn, patient: Patient) -> datetime:
    """Until when it may be opened: counted from the hour first planned, and well before the next one asks the same."""
    following = select(CheckIn.due_at).where(
        CheckIn.course_id == checkin.course_id, CheckIn.state == CheckInState.PLANNED, CheckIn.day > checkin.day
    )
    hour = calendar.instant(checkin.day, time(patient.check_in_hour), patient.timezone)
    next_due = session.scalar(following.order_by(CheckIn.due_at).limit(1))
    return min(hour + WINDOW, next_due - APART) if next_due else hour + WINDOW


def next_hour(session: Session, service: Service, patient: Patient, protocol: Protocol, now: datetime, until: datetime) -> datetime | None:
    """The first instant from now on outside the patient's quiet hours at which four staffed hours follow, or the on-call covers them.

    None when there is none before ``until``.
    """
    at = now
    while at < until:
        allowed = _loud(at, patient, protocol)
        if allowed > at:
            at = allowed
            continue
        if care_team.covered(session, service, at):
            return at
        whole_hour = at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        at = min(whole_hour, max(care_team.next_opening(service, at), at + timedelta(minutes=1)))
    return None


def expected(session: Session, checkin: CheckIn, *, now: datetime) -> datetime | None:
    """When the questions of a planned check-in leave, as far as is known now; None when they may not, or nobody knows what to ask."""
    patient, course = session.get_one(Patient, checkin.patient_id), courses.get(session, checkin.course_id)
    row = script.version_for(session, course, patient, calendar.local_day(now, patient.timezone))
    if row is None or planning.not_asked_because(patient, course):
        return None
    at = max(checkin.due_at, now)
    return next_hour(session, patient.service, patient, versions.load(row), at, window_end(session, checkin, patient))


def _loud(at: datetime, patient: Patient, protocol: Protocol) -> datetime:
    """``at``, or the end of the quiet hours, the protocol's and the house's."""
    return policy.first_allowed(calendar.next_allowed(at, patient.timezone, protocol.quiet), patient.timezone)


def _open(session: Session, checkin: CheckIn, patient: Patient, version_id: int, protocol: Protocol, now: datetime) -> CheckIn | None:
    silence = protocol.silence(checkin.cycle, checkin.cycle_day)
    silent_at, loud = now + silence.silent_after, partial(_loud, patient=patient, protocol=protocol)
    claimed = session.execute(
        update(CheckIn)
        .where(CheckIn.id == checkin.id, CheckIn.state == CheckInState.PLANNED)
        .values(
            state=CheckInState.OPEN,
            opened_at=now,
            version_id=version_id,
            remind_at=reaching.reminder_at(now, silence.remind_after, silent_at, loud, patient.timezone),
            silent_at=silent_at,
        )
    )
    if claimed.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        return None
    session.refresh(checkin)
    _end_earlier(session, checkin, now)
    first = script.next_group(checkin, protocol, {})
    why = no_text_because(session, patient, checkin, protocol)
    if reaching.begins_with_relative(patient, why) and reaching.ask_relative(session, checkin, patient, why=why, now=now):
        checkin.asking = list(first.keys) if first is not None else []  # their own telephone: the list says so, or there is no other
    elif why:
        _by_telephone(session, checkin, patient, why, now)
    elif first is not None:
        checkin.asking, checkin.texts_sent = list(first.keys), 1 + emergency_line.say(session, checkin, patient, now=now)
        ask(session, checkin, patient, protocol, first, now=now)
    session.flush()
    return checkin


def _end_earlier(session: Session, checkin: CheckIn, now: datetime) -> None:
    """An older conversation is over when a new one begins: its silence is due at once, and no reply is read as its answer any more."""
    older = select(CheckIn).where(
        CheckIn.patient_id == checkin.patient_id, CheckIn.id != checkin.id, CheckIn.opened_at.is_not(None), CheckIn.day <= checkin.day
    )
    for row in session.scalars(older.order_by(CheckIn.id.desc()).limit(10)):
        row.asking = []
        if row.silent_at is not None and row.closed_at is None:
            row.silent_at, row.remind_at = min(row.silent_at, now), None


def no_text_because(session: Session, patient: Patient, checkin: CheckIn, protocol: Protocol) -> str:
    """Why no text can ask, nor carry a link; a nurse asks by telephone then. "" when one can.

    no_language: whoever answers reads no language that all these questions exist in (HZ-36).
    """
    how, why = ways.of(session, patient)
    if how == ways.CALL:
        return why
    return "" if _language(patient, checkin, protocol) else "no_language"


def _language(patient: Patient, checkin: CheckIn, protocol: Protocol) -> str:
    return script.language_for(patient, script.all_questions(checkin, protocol), outbox.address_of(patient))


def ask(session: Session, checkin: CheckIn, patient: Patient, protocol: Protocol, asked: Asked, *, now: datetime, again: str = "") -> None:
    """The text of a group, not in answer to anything; or a neutral one with a link to the form. ``again``: why it leaves a second time."""
    language = _language(patient, checkin, protocol)
    key, values = script.question_text(asked, protocol, language or patient.service.language)
    link = None
    if ways.of(session, patient)[0] == ways.LINK:
        link = links.give(session, patient, checkin, now=now, respondent=ways.reader(patient))
        key, values = ways.link_key(session, patient, again=bool(again)), {}
    outbox.queue(
        session,
        key=key,
        purpose=Purpose.REMINDER if again else Purpose.QUESTION,
        dedup_key=f"ask:{checkin.id}{':' + again if again else ''}",
        patient=patient,
        values=values,
        language=language,
        checkin_id=checkin.id,
        link=link,
        now=now,
    )


def _by_telephone(session: Session, checkin: CheckIn, patient: Patient, why: str, now: datetime) -> None:
    tasks.make(
        session,
        service_id=patient.service_id,
        patient_id=patient.id,
        kind="call_back",
        key=f"ask_by_telephone:{checkin.id}",
        detail={"why": why, "checkin_id": checkin.id, "day": checkin.day.isoformat()},
        owner_id=endings.caller(session, patient, now),
        now=now,
    )


def _past_window(session: Session, checkin: CheckIn, patient: Patient, now: datetime) -> None:
    """Too late to ask about that day by text: marked, and listed for a person."""
    checkin.state, checkin.why, checkin.closed_at = CheckInState.EXPIRED, "past its window", now
    tasks.make(
        session,
        service_id=patient.service_id,
        patient_id=patient.id,
        kind="past_window",
        key=f"past_window:{checkin.id}",
        detail={"checkin_id": checkin.id, "day": checkin.day.isoformat(), "kind": checkin.kind},
        now=now,
    )


def _no_protocol(session: Session, checkin: CheckIn, patient: Patient, now: datetime) -> None:
    """No version holds: nobody knows what to ask (HZ-18). An alarm at once; the row waits until its window closes."""
    log.error("no protocol version holds for a check-in", checkin_id=checkin.id)
    reason = Reason(kind="unjudged", level=Level.HIGH, detail={"checkin_id": checkin.id, "error": "no protocol in force"})
    handling.consider(session, service=patient.service, patient=patient, reason=reason, now=now)
    checkin.due_at = now + timedelta(hours=1)
