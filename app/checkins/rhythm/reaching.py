"""The next way when a text does not arrive, and the relative who is told of a silence. Nothing clinical goes to a relative's telephone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.checkins import links, turn_taking
from app.checkins.models import CheckIn, CheckInState
from app.checkins.rhythm import endings, planning
from app.messaging import outbox
from app.messaging.models import Message, Out
from app.messaging.outbox import Purpose
from app.people import pauses, reading, respondents
from app.people.models import Patient, Respondent
from app.people.telephones import is_landline
from app.treatment import courses
from notifications import policy
from triage import calendar

LOST = (Out.FAILED, Out.UNDELIVERED, Out.EXPIRED)

TOLD_AFTER = 3 / 4
"""Share of the window after which the relative is told: 36 of 48 hours, 18 of 24 in a window of high risk, between the reminder and the
call list (house rule, 2026-11-22)."""


EVENING = time(19, 0)
"""An hour before texts may not leave any more: whoever is told can still telephone or go there (house rule, 2026-11-22)."""

AFTERNOON = time(17, 0)
"""Two hours before the evening: a reminder that cannot wait for the morning leaves then (house rule, 2026-11-22)."""

ANSWERING = timedelta(hours=2)
"""Hours outside the night between the reminder and the relative, and between the relative and the call list: time to answer, time to go
and see (house rule, 2026-11-22)."""


def order_of(patient: Patient) -> tuple[str, ...]:
    """Ways to reach this patient, first to last: the patient's own list, else the house's."""
    return tuple(patient.channels) or respondents.CHANNELS


def begins_with_relative(patient: Patient, why_no_text: str) -> bool:
    """Does the list say so, or is there no number of the patient's own to write to?"""
    return order_of(patient)[0] == "relative" or why_no_text == "no_number"


def go_on(session: Session, message: Message, patient: Patient, *, now: datetime) -> str:
    """A question or a reminder did not arrive: the next way of the patient's list, written on the check-in's story.

    "relative": a neutral text with a link has left for one; "call": nothing else is left, the caller tells a person.
    """
    checkin = session.get(CheckIn, message.checkin_id) if message.checkin_id else None
    if checkin is None:
        return "call"
    why = message.error_code or "no_report"
    order = order_of(patient)
    if checkin.closed_at is None and (checkin.silent_at is None or now < checkin.silent_at):
        later = order[order.index("sms") + 1 :] if message.address == outbox.address_of(patient) else order
        for way in later:
            if way == "call":
                break
            if way == "relative" and ask_relative(session, checkin, patient, why=why, now=now):
                return "relative"
    endings.tell(session, checkin, "way", now=now, way="call", why=why)
    return "call"


def ask_relative(session: Session, checkin: CheckIn, patient: Patient, *, why: str, now: datetime) -> bool:
    """The neutral text with a link, to a relative who answers or may be told and has not had it yet. False when there is none."""
    for one in patient.respondents:
        if not _may_be_written_to(one, patient) or _asked_already(session, checkin, one):
            continue
        link = links.give(session, patient, checkin, now=now, respondent=one)
        sent = outbox.queue(
            session,
            key="link",
            purpose=Purpose.QUESTION,
            dedup_key=_asked_key(checkin, one),
            patient=patient,
            to=one.phone,
            language=language_of(patient, one),
            checkin_id=checkin.id,
            link=link,
            now=now,
        )
        endings.tell(session, checkin, "way", now=now, way="relative", why=why, name=one.name)
        if sent.state not in LOST:
            return True
    return False


def _may_be_written_to(one: Respondent, patient: Patient) -> bool:
    allowed = one.answers or one.told_of_silence
    return bool(one.phone) and allowed and one.removed_at is None and one.phone != outbox.address_of(patient) and not is_landline(one.phone)


def _asked_key(checkin: CheckIn, one: Respondent) -> str:
    return f"ask:{checkin.id}:relative:{one.id}"


def _asked_already(session: Session, checkin: CheckIn, one: Respondent) -> bool:
    return session.scalar(select(Message.id).where(Message.dedup_key == _asked_key(checkin, one))) is not None


def language_of(patient: Patient, one: Respondent) -> str:
    """What this relative reads, else what the patient reads, else the service's own."""
    return next(iter(reading.languages_of(patient, one.phone)), patient.service.language)


# --- The relative who is told -------------------------------------------------------------------------------------------------------


def relative_due(session: Session, now: datetime, *, limit: int = 200) -> list[int]:
    """Conversations without any answer at three quarters of their window, of patients who agreed that a relative is told."""
    silent = (CheckIn.state == CheckInState.OPEN, CheckIn.closed_at.is_(None), CheckIn.relative_told_at.is_(None))
    agreed = (
        Respondent.patient_id == CheckIn.patient_id,
        Respondent.told_of_silence,
        Respondent.phone != "",
        Respondent.removed_at.is_(None),
    )
    rows = session.execute(
        select(CheckIn, Patient)
        .join(Patient, Patient.id == CheckIn.patient_id)
        .where(*silent, CheckIn.silent_at.is_not(None), CheckIn.kind != "unprompted", select(Respondent.id).where(*agreed).exists())
        .order_by(CheckIn.silent_at, CheckIn.id)
    )
    return [row.id for row, patient in rows if _is_time(row, patient, now)][:limit]


def _is_time(checkin: CheckIn, patient: Patient, now: datetime) -> bool:
    if checkin.opened_at is None or checkin.silent_at is None or pauses.holds(patient, calendar.local_day(now, patient.timezone)):
        return False
    reminder = checkin.reminded_at or checkin.remind_at
    return now >= told_at(checkin.opened_at, checkin.silent_at, reminder, patient.timezone)


def reminder_at(opened_at: datetime, after: timedelta, silent_at: datetime, loud: Callable[[datetime], datetime], zone: str) -> datetime:
    """When the reminder leaves: at the protocol's hour, or the morning after it when that is in the night.

    Where the morning leaves no time before the call list, for the patient and then for the relative, it leaves the evening before: sooner
    than the protocol asks, never later. loud: an instant, or the end of the quiet hours it falls in.
    """
    at = loud(opened_at + after)
    if policy.waking_after(at, ANSWERING, zone) + ANSWERING <= silent_at:
        return at
    sooner = max(_last(AFTERNOON, at, zone), opened_at + ANSWERING)
    return sooner if sooner < at and loud(sooner) == sooner else at


def _last(hour: time, at: datetime, zone: str) -> datetime:
    """The last time that the patient's wall showed this hour, at or before an instant."""
    local = at.astimezone(ZoneInfo(zone))
    day = local.date() if local.time() >= hour else local.date() - timedelta(days=1)
    return datetime.combine(day, hour, tzinfo=ZoneInfo(zone)).astimezone(at.tzinfo)


def told_at(opened_at: datetime, silent_at: datetime, reminder: datetime | None, zone: str) -> datetime:
    """When the relative is told: at the share of the window, and on the evening before when that is in the night.

    The morning after would leave two hours before the call list. Never less than two waking hours after the reminder, so that an answer
    to it alarms no relative; with less room than that before the call list, half-way.
    """
    at = opened_at + (silent_at - opened_at) * TOLD_AFTER
    if reminder is None:
        return at
    answered = policy.waking_after(reminder, ANSWERING, zone)
    if policy.is_quiet(at, zone) and answered <= (evening := _last(EVENING, at, zone)):
        return evening
    found = max(policy.first_allowed(at, zone), answered)
    if found < silent_at:
        return found
    half_way = reminder + (silent_at - reminder) / 2
    return half_way if reminder < silent_at and not policy.is_quiet(half_way, zone) else at


def tell_relative(session: Session, checkin_id: int, now: datetime) -> int:
    """A neutral text to each relative who may be told, once: no name, nothing of the patient's. Returns to how many.

    A relative who gets the questions is the one who does not answer, and is not told of it.
    """
    turn_taking.hold_patient_of(session, checkin_id)
    due = (CheckIn.id == checkin_id, CheckIn.state == CheckInState.OPEN, CheckIn.relative_told_at.is_(None), CheckIn.closed_at.is_(None))
    claimed = session.execute(update(CheckIn).where(*due).values(relative_told_at=now))
    if claimed.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        return 0
    checkin = session.get_one(CheckIn, checkin_id, populate_existing=True)
    patient = session.get_one(Patient, checkin.patient_id)
    if planning.not_asked_because(patient, courses.get(session, checkin.course_id)):
        return 0
    to_tell = [one for one in patient.respondents if one.told_of_silence and _may_be_written_to(one, patient)]
    for one in to_tell:
        outbox.queue(
            session,
            key="relative_silence",
            purpose=Purpose.REMINDER,
            dedup_key=f"relative_silence:{checkin.id}:{one.id}",
            patient=patient,
            to=one.phone,
            language=language_of(patient, one),
            checkin_id=checkin.id,
            now=now,
        )
        endings.tell(session, checkin, "way", now=now, way="relative_told", why="silence", name=one.name)
    return len(to_tell)
