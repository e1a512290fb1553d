"""A nurse asks by telephone: which check-in, its questions, what was told, and the silence that ends with it (FR-32).

Answers go through ``filling`` with the source "call"; this file only chooses the check-in and settles what was waiting for the call.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app.alerts import handling, tasks
from app.alerts.models import Alert, AlertEvent, AlertState, Outcome, Task
from app.checkins import script, turn_taking
from app.checkins.models import AssessmentRow, CheckIn, CheckInState
from app.checkins.pages import filling
from app.checkins.pages.page_turns import Filled
from app.checkins.rhythm import planning
from app.core.audit import Actor
from app.core.errors import Conflict, Refusal
from app.messaging import pages
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.people.models import Patient
from app.people.perimeter import Viewer
from app.protocols import versions
from app.treatment import courses, days
from triage import calendar, questions
from triage.engine.house import WAITING
from triage.protocol import Protocol
from triage.questions import Question
from triage.terms import Level

STILL = timedelta(hours=72)
"""How long after it was opened a silent or unfinished check-in may still be filled by telephone: by then each one has its end."""

WAITED_FOR_A_CALL = ("call_back", "overdue_call")
"""Tasks that ask for this very call, when they name the check-in."""
ONLY_SILENT = ("silence", "undelivered", "unreachable")
"""Reasons of an alert that end when somebody answers."""
DONE = {"fr": "Questionnaire rempli au téléphone.", "en": "Questions answered by telephone."}


# --- Which check-in -----------------------------------------------------------------------------------------------------------------


def to_ask(session: Session, patient: Patient, *, now: datetime) -> CheckIn | None:
    """The one under way; else today's, whose text has not left; else one that stayed silent or unfinished. None: the day's own."""
    mine = select(CheckIn).where(CheckIn.patient_id == patient.id).order_by(CheckIn.opened_at.desc(), CheckIn.id.desc())
    alive = CheckIn.state.in_((CheckInState.OPEN, CheckInState.PARTIAL))
    under_way = session.scalars(mine.where(alive, CheckIn.closed_at.is_(None))).all()
    if under_way:
        return min(under_way, key=lambda one: one.kind == "unprompted")
    today = calendar.local_day(now, patient.timezone)
    planned = session.scalars(mine.where(CheckIn.state == CheckInState.PLANNED, CheckIn.day == today)).first()
    if planned is not None and not planning.not_asked_because(patient, courses.get(session, planned.course_id)):
        return planned
    left = CheckIn.state.in_((CheckInState.SILENT, CheckInState.PARTIAL))
    return session.scalars(mine.where(left, CheckIn.kind != "unprompted", CheckIn.opened_at >= now - STILL)).first()


def chosen(session: Session, patient: Patient, checkin_id: int, *, now: datetime) -> CheckIn | None:
    """The check-in a page or a program names, if it is this patient's and can still be filled; else what ``to_ask`` says."""
    named = session.scalar(select(CheckIn).where(CheckIn.id == checkin_id, CheckIn.patient_id == patient.id))
    return named if named is not None and may_fill(named, patient, now=now) else to_ask(session, patient, now=now)


def may_fill(checkin: CheckIn, patient: Patient, *, now: datetime) -> bool:
    """Opened and neither cancelled nor expired, or planned for today."""
    if checkin.state == CheckInState.PLANNED:
        return checkin.day == calendar.local_day(now, patient.timezone)
    return checkin.opened_at is not None and checkin.state not in (CheckInState.CANCELLED, CheckInState.EXPIRED)


def begin(session: Session, patient: Patient, checkin: CheckIn | None, *, by: Actor, now: datetime) -> CheckIn:
    """Open it at the first answer, never when a page is looked at: a call nobody answers must not keep today's text from leaving.

    None: the day's own check-in. Raises Refusal when no treatment or no protocol says what to ask.
    """
    turn_taking.hold(session, patient.id)
    if checkin is None:
        return filling.open_own(session, patient, by=by, now=now)
    session.refresh(checkin)
    if checkin.state != CheckInState.PLANNED:
        return checkin
    course = courses.get(session, checkin.course_id)
    version = script.version_for(session, course, patient, calendar.local_day(now, patient.timezone))
    if version is None:
        raise Refusal("No protocol says what to ask this patient today. Tell the oncologist; write down what was said.")
    silence = versions.load(version).silence(checkin.cycle, checkin.cycle_day)
    begun = {"state": CheckInState.OPEN, "opened_at": now, "version_id": version.id, "silent_at": now + silence.silent_after}
    session.execute(update(CheckIn).where(CheckIn.id == checkin.id, CheckIn.state == CheckInState.PLANNED).values(**begun))
    session.refresh(checkin)
    return checkin


def questions_of(
    session: Session, patient: Patient, checkin: CheckIn | None, *, now: datetime
) -> tuple[Protocol | None, Sequence[Question]]:
    """The same questions as by text, with the rules they belong to; in a check-in nobody planned, those of the nearest day.

    (None, ()) when no treatment is followed, or no protocol holds.
    """
    if checkin is not None and checkin.opened_at is not None:
        protocol = script.protocol_of(session, checkin)
        return protocol, filling.questions_of(session, checkin) or protocol.asks(checkin.cycle, checkin.cycle_day)
    course = courses.get(session, checkin.course_id) if checkin else courses.running(session, patient.id)
    today = calendar.local_day(now, patient.timezone)
    version = script.version_for(session, course, patient, today) if course else None
    if course is None or version is None:
        return None, ()
    protocol = versions.load(version)
    if checkin is not None:
        return protocol, script.all_questions(checkin, protocol)
    facts = days.day_of(course, today)
    return protocol, protocol.asks(facts.cycle, facts.cycle_day)


# --- What came of it ----------------------------------------------------------------------------------------------------------------


def so_far(session: Session, checkin: CheckIn) -> AssessmentRow | None:
    """The last judgement of this check-in; None before the first answer."""
    mine = select(AssessmentRow).where(AssessmentRow.checkin_id == checkin.id)
    return session.scalar(mine.order_by(AssessmentRow.id.desc()).limit(1))


def told(session: Session, checkin: CheckIn) -> tuple[Message | None, Message | None]:
    """What must be said aloud, a danger's text before an echo; and the advice that goes with it."""
    heard = select(Message.id).where(Message.checkin_id == checkin.id, Message.direction == "in", Message.carrier == pages.CALL)
    spoken = or_(Message.carrier == pages.CALL, Message.purpose == Purpose.SAFETY)
    answers_to = select(Message).where(Message.direction == "out", Message.reply_to_id.in_(heard), spoken)
    texts = list(session.scalars(answers_to.order_by(Message.id.desc())))
    safety = next((text for text in texts if text.purpose == Purpose.SAFETY), None)
    advice = next((text for text in texts if text.purpose == Purpose.ADVICE), None)
    return safety or next((text for text in texts if text.purpose != Purpose.ADVICE), None), None if safety else advice


def finish(session: Session, checkin: CheckIn, *, by: Actor, asker: Viewer, now: datetime) -> Filled:
    """Close it, and with it the tasks and the silence that waited for this call. by: who answered. Raises Refusal before any answer."""
    filled = filling.finish(session, checkin, by=by, source=pages.CALL, now=now, asked_by=asker.actor)
    for task in waiting_for(session, checkin):
        tasks.close(session, task.id, by=asker, now=now, words=DONE.get(asker.language, DONE["fr"]))
    _end_silence(session, checkin, by=by, asker=asker, now=now)
    return filled


def unanswered(session: Session, checkin: CheckIn) -> list[Question]:
    """What would be kept as not asked if the call ended now; nothing where the day's own was opened unasked, nor once it has ended.

    What a danger ended is asked by whoever calls: it is named until it is.
    """
    if checkin.opened_at is None or (checkin.closed_at is not None and checkin.why != "danger"):
        return []
    said = filling.said_of(session, checkin)
    return [one for one in filling.questions_of(session, checkin) if one.key not in said and not questions.skipped(one, said)]


def waiting_for(session: Session, checkin: CheckIn) -> list[Task]:
    """Open tasks that ask for the call of this check-in."""
    mine = (Task.patient_id == checkin.patient_id, Task.kind.in_(WAITED_FOR_A_CALL), Task.closed_at.is_(None))
    found = session.scalars(select(Task).where(*mine).order_by(Task.id))
    return [task for task in found if task.detail.get("checkin_id") == checkin.id]


def _only_silent(session: Session, event: AlertEvent, checkin: CheckIn) -> bool:
    """Does it say nothing but that this check-in, or one before it, had no answer? A red flag unknown at its close is that too."""
    detail = event.detail
    rules = detail.get("rules", ())
    silent = detail.get("kind") in ONLY_SILENT or (detail.get("kind") == "assessment" and bool(rules) and set(rules) <= {WAITING})
    about = session.get(CheckIn, detail["checkin_id"]) if silent and detail.get("checkin_id") else None
    return about is not None and about.day <= checkin.day


def _end_silence(session: Session, checkin: CheckIn, *, by: Actor, asker: Viewer, now: datetime) -> None:
    """An alert that says nothing but silence is over. One that says more stays open, and its owner's alert stays its owner's."""
    judged = so_far(session, checkin)
    alert = session.scalar(select(Alert).where(Alert.patient_id == checkin.patient_id, Alert.state != AlertState.CLOSED))
    if alert is None or judged is None or Level.of(judged.level) >= Level.MODERATE:
        return
    reasons = select(AlertEvent).where(AlertEvent.alert_id == alert.id, AlertEvent.kind.in_(("raised", "risen", "merged")))
    if not all(_only_silent(session, event, checkin) for event in session.scalars(reasons)):
        return
    words = DONE.get(asker.language, DONE["fr"])
    try:
        handling.take(session, alert.id, by=asker, now=now)
    except Conflict:
        return
    whom = "patient" if by.kind == "patient" else "relative"
    handling.call_logged(session, alert.id, by=asker, now=now, reached=True, whom=whom, words=words)
    handling.close(session, alert.id, by=asker, now=now, outcome=Outcome.NO_ACTION, words=words)
