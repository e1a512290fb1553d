"""Remind, then call it silence, then alarm. A text that never arrived is not silence: the alert says which of the two it is."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.alerts import handling, tasks
from app.alerts.handling import Reason
from app.alerts.models import Alert
from app.checkins import answers, links, script, turn_taking, ways
from app.checkins.judging import assessing, closing, context
from app.checkins.models import CheckIn, CheckInState
from app.checkins.rhythm import cycles, endings, opening, planning, reaching
from app.checkins.rhythm.reaching import LOST
from app.messaging import budget, outbox, reports
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.people import patients, pauses
from app.people.models import Patient, Reachability
from app.treatment import courses
from notifications import policy
from triage import calendar
from triage.protocol import Protocol
from triage.terms import Level

UNDER_WAY = (CheckInState.OPEN, CheckInState.PARTIAL)
ASKING = (Purpose.QUESTION, Purpose.REMINDER)
CALL_NOT_MADE = {"fr": "Questions à poser par téléphone : appel non fait.", "en": "Questions to ask by telephone: the call was not made."}
HELD = timedelta(minutes=15)


def remind_due(session: Session, now: datetime, *, limit: int = 500) -> list[int]:
    """Conversations whose reminder is due."""
    waiting = (CheckIn.state.in_(UNDER_WAY), CheckIn.closed_at.is_(None), CheckIn.remind_at <= now, CheckIn.reminded_at.is_(None))
    return list(session.scalars(select(CheckIn.id).where(*waiting).order_by(CheckIn.remind_at, CheckIn.id).limit(limit)))


def remind(session: Session, checkin_id: int, now: datetime) -> bool:
    """One reminder, once. The day after, the text that says so; on another day the question itself; or a link that works.

    False when there was nothing to do.
    """
    turn_taking.hold_patient_of(session, checkin_id)
    due = (CheckIn.id == checkin_id, CheckIn.state.in_(UNDER_WAY), CheckIn.remind_at <= now, CheckIn.reminded_at.is_(None))
    claimed = session.execute(update(CheckIn).where(*due).values(reminded_at=now, remind_at=None))
    if claimed.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        return False
    checkin = session.get_one(CheckIn, checkin_id, populate_existing=True)
    patient = session.get_one(Patient, checkin.patient_id)
    protocol = script.protocol_of(session, checkin)
    not_asked = planning.not_asked_because(patient, courses.get(session, checkin.course_id))
    if not_asked or opening.no_text_because(session, patient, checkin, protocol):
        return False
    held = patient.service.sending_stopped or budget.is_spent(session, patient.service, now)
    if held or policy.is_quiet(now, patient.timezone):
        later = policy.first_allowed(now + HELD, patient.timezone)
        checkin.reminded_at, checkin.remind_at = None, later
        return False
    asked = script.open_group(checkin, protocol)
    if not asked.keys:
        return False
    by_link = ways.of(session, patient)[0] == ways.LINK
    if not by_link and (calendar.local_day(now, patient.timezone) - checkin.day).days == 1:
        outbox.queue(
            session,
            key="reminder",
            purpose=Purpose.REMINDER,
            dedup_key=f"reminder:{checkin.id}",
            patient=patient,
            checkin_id=checkin.id,
            now=now,
        )
    else:
        opening.ask(session, checkin, patient, protocol, asked, now=now, again="reminder")
    return True


# --- Silence ------------------------------------------------------------------------------------------------------------------------


def silent_due(session: Session, now: datetime, *, limit: int = 500) -> list[int]:
    """Conversations whose window closes now."""
    waiting = (CheckIn.state.in_(UNDER_WAY), CheckIn.closed_at.is_(None), CheckIn.silent_at <= now)
    return list(session.scalars(select(CheckIn.id).where(*waiting).order_by(CheckIn.silent_at, CheckIn.id).limit(limit)))


def close_window(session: Session, checkin_id: int, now: datetime) -> Alert | None:
    """The window closes: nothing answered is silence, something answered is judged as it stands. What is unknown stays unknown.

    The open question is remembered: a reply within the next day still belongs to this check-in.
    """
    turn_taking.hold_patient_of(session, checkin_id)
    due = (CheckIn.id == checkin_id, CheckIn.state.in_(UNDER_WAY), CheckIn.closed_at.is_(None), CheckIn.silent_at <= now)
    claimed = session.execute(update(CheckIn).where(*due).values(closed_at=now, remind_at=None, silent_at=None))
    if claimed.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        return None
    checkin = session.get_one(CheckIn, checkin_id, populate_existing=True)
    links.end_all(session, checkin, why="window", now=now)
    patient = session.get_one(Patient, checkin.patient_id)
    protocol = script.protocol_of(session, checkin)
    rows = answers.current(session, checkin.id)
    checkin.not_asked = [key for key in script.left(checkin, protocol, answers.values(rows, protocol)) if key not in checkin.asking]
    why_not = planning.not_asked_because(patient, courses.get(session, checkin.course_id))
    if not rows:
        closing.move(checkin, CheckInState.CANCELLED if why_not else CheckInState.SILENT)
        checkin.why = why_not or checkin.why
    session.flush()
    if checkin.kind == "unprompted" or checkin.state == CheckInState.CANCELLED:
        return None  # the text that opened it has its own task or alert; nobody expects an answer of somebody frozen
    if checkin.state == CheckInState.SILENT and checkin.kind == script.CYCLE_START:
        cycles.not_started(session, checkin, patient, why="no_answer", now=now)
    if checkin.state == CheckInState.SILENT and pauses.holds(patient, calendar.local_day(now, patient.timezone)):
        _paused(session, checkin, patient, now)
        return None
    judged = assessing.assess(session, checkin, now=now, closing=True)
    if checkin.state != CheckInState.SILENT:
        return judged.alert
    return _alarm(session, checkin, patient, protocol, judged.level if judged.assessment else Level.NONE, now)


def _paused(session: Session, checkin: CheckIn, patient: Patient, now: datetime) -> None:
    """No alert, because a person has said so until a day: a silence all the same, drawn as one, with that person's reason."""
    if _arrived(patient, _questions_sent(session, checkin)):
        patients.reached(session, patient, Reachability.SILENT, now=now)
    endings.write(session, checkin, endings.Ending(endings.REASON, "paused", patient.silence_pause_reason), now=now)


def _alarm(session: Session, checkin: CheckIn, patient: Patient, protocol: Protocol, judged: Level, now: datetime) -> Alert | None:
    asked = _questions_sent(session, checkin)
    level = max(judged, protocol.silence(checkin.cycle, checkin.cycle_day).level, Level.MODERATE)  # no document silences it (FR-04)
    if asked and all(text.state in LOST for text in asked):
        return unreachable(session, patient, asked[0], level=level, now=now)
    if _arrived(patient, asked):
        patients.reached(session, patient, Reachability.SILENT, now=now)
    plan = protocol.levels.get(level)
    detail = {"checkin_id": checkin.id, "silences": context.silences_before(session, checkin) + 1, "day": checkin.day.isoformat()}
    reason = Reason(
        kind="silence",
        level=level,
        detail=detail if asked else {**detail, "why": [CALL_NOT_MADE]},
        ladder=plan.ladder_rows() if plan else None,
        respond_within=plan.respond_within if plan else None,
    )
    return handling.consider(session, service=patient.service, patient=patient, reason=reason, now=now)


def _arrived(patient: Patient, asked: list[Message]) -> bool:
    """Did a question reach the telephone that texts go to? Otherwise its owner is not silent: nobody asked."""
    return any(text.address == outbox.address_of(patient) and text.state not in LOST for text in asked)


def _questions_sent(session: Session, checkin: CheckIn) -> list[Message]:
    """The questions and reminders of this check-in; none when a nurse was to ask by telephone."""
    asked = select(Message).where(
        Message.checkin_id == checkin.id,
        Message.direction == "out",
        Message.purpose.in_((Purpose.QUESTION, Purpose.REMINDER)),
        Message.error_code != "withdrawn",
    )
    return list(session.scalars(asked.order_by(Message.id)))


# --- Not reached --------------------------------------------------------------------------------------------------------------------


def unreached_due(session: Session, now: datetime, *, limit: int = 200) -> list[int]:
    """Texts that did not arrive and nobody was told of."""
    return [message.id for message in reports.unreached(session, now, limit=limit)]


def tell_unreached(session: Session, message_id: int, now: datetime) -> bool:
    """A person is told, once. A question that cannot arrive is an alert with the state of the number; another text is a task.

    A safety text that did not arrive is written on its alert by alerts.escalation; a page to staff is stepped again by its ladder.
    """
    claimed = session.execute(update(Message).where(Message.id == message_id, Message.handled.is_(False)).values(handled=True))
    if claimed.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        return False
    message = session.get_one(Message, message_id, populate_existing=True)
    patient = session.get(Patient, message.patient_id) if message.patient_id else None
    if message.purpose == Purpose.STAFF or (message.purpose == Purpose.SAFETY and message.alert_id is not None):
        return False
    if patient is not None and patient.opted_out_at is not None and message.error_code == "opted_out":
        _opted_out_at_carrier(session, patient, message, now)
        return True
    if patient is not None and message.purpose in ASKING and _another_way(session, patient, message, now):
        return True
    unread = message.error_code == "no_language"  # nothing is wrong with the number: the words are for a person to say
    tasks.make(
        session,
        service_id=message.service_id,
        patient_id=message.patient_id,
        kind="call_back" if unread else "undeliverable",
        key=f"{'no_language' if unread else 'undeliverable'}:{message.checkin_id or f'message-{message.id}'}",
        detail={"why": "no_language", "checkin_id": message.checkin_id} if unread else _why(message, patient),
        message_id=message.id,
        now=now,
    )
    if patient is not None and message.purpose == Purpose.QUESTION:
        unreachable(session, patient, message, level=_silence_level(session, message), now=now)
    return True


def _another_way(session: Session, patient: Patient, message: Message, now: datetime) -> bool:
    """The state of the number, then the next way of the patient's list. True when another telephone was written to and that is enough.

    A number that will never take a text is told to a person in any case: somebody must find the right one.
    """
    own = message.address == outbox.address_of(patient)
    if own and message.state not in LOST:
        patients.reached(session, patient, Reachability.UNDELIVERED, now=now)
    went = reaching.go_on(session, message, patient, now=now)
    return went == "relative" and not (own and message.error_code in policy.NUMBER_IS_BAD)


def unreachable(session: Session, patient: Patient, message: Message, *, level: Level, now: datetime) -> Alert | None:
    """A number that texts do not reach: monitoring does not happen, which is told like a silence, under its own name."""
    detail = _why(message, patient)
    reason = Reason(kind="undelivered", level=max(level, Level.MODERATE), detail=detail)
    return handling.consider(session, service=patient.service, patient=patient, reason=reason, now=now)


def _silence_level(session: Session, message: Message) -> Level:
    checkin = session.get(CheckIn, message.checkin_id) if message.checkin_id else None
    if checkin is None or checkin.version_id is None:
        return Level.MODERATE
    return script.protocol_of(session, checkin).silence(checkin.cycle, checkin.cycle_day).level


def _why(message: Message, patient: Patient | None) -> dict[str, object]:
    return {
        "message_id": message.id,
        "state": message.state,
        "error_code": message.error_code,
        "checkin_id": message.checkin_id,
        "reachability": patient.reachability if patient else "",
    }


def _opted_out_at_carrier(session: Session, patient: Patient, message: Message, now: datetime) -> None:
    """The carrier refuses because this number said STOP to it: monitoring ends, so a nurse calls the same day (SEC-17)."""
    tasks.make(
        session,
        service_id=patient.service_id,
        patient_id=patient.id,
        kind="opted_out",
        key=f"opted_out:{patient.id}:{patient.opted_out_at.isoformat() if patient.opted_out_at else ''}",
        detail={"why": "carrier", "message_id": message.id},
        message_id=message.id,
        now=now,
    )
    planning.replan_patient(session, patient, now=now)
