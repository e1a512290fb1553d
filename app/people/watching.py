"""The prescription of the watching itself (FR-10): written down, struck through, and how much of it is left on a day.

What its end does to the texts stands in app.checkins.rhythm.watched.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor
from app.core.errors import FieldErrors, NotFound, Said
from app.people import members
from app.people.models import Patient, Role, Service, Staff
from app.people.watching_models import Watching

LONGEST_DAYS = 365
"""A prescription lasts one year at most (CSS R162-100), the first and the last day counted."""
SOON_DAYS, NEAR_DAYS = 30, 7
"""Days before the last one at which people are told (30: FR-10; 7, with the patient: house rule, 2026-11-23)."""
LIGHTEST, HEAVIEST = Decimal(20), Decimal(300)
"""Kilograms: the bounds of a weight measured at home, app.treatment.measures."""
LONGEST_CONDITIONS = 2000


class Phase(StrEnum):
    """Where a prescription stands on a day. none: nothing was ever written, which stops nothing."""

    NONE = "none"
    FAR = "far"
    SOON = "soon"
    NEAR = "near"
    OVER = "over"


@dataclass(frozen=True)
class Activity:
    """A name of the data file, in the languages of the screens, and where it comes from."""

    key: str
    title: dict[str, str]
    source: str
    verified: bool


@dataclass(frozen=True)
class NewWatching:
    """What is asked. weight_kg: kilograms, None when what was typed is no number. Both days are included."""

    prescriber_id: int | None
    activity: str
    from_day: date | None
    until_day: date | None
    weight_kg: Decimal | None
    conditions: str = ""


@dataclass(frozen=True)
class Standing:
    """last_day: the last one covered without a hole from today on; when over, the last one that was. None while nothing was written."""

    phase: Phase
    last_day: date | None = None


@cache
def activities() -> dict[str, Activity]:
    """Every activity that may be named, by key, in the order of the file."""
    text = Path(__file__).with_name("activities.toml").read_text(encoding="utf-8")
    return {
        key: Activity(key, {"fr": one["fr"], "en": one["en"]}, one["source"], one["verified"]) for key, one in tomllib.loads(text).items()
    }


def longest_from(first: date) -> date:
    """The last day that a prescription beginning then may have."""
    return first + timedelta(days=LONGEST_DAYS - 1)


def day_after(last: date) -> date:
    """The first day of a renewal that leaves no hole."""
    return last + timedelta(days=1)


def check(session: Session, service: Service, new: NewWatching, *, birth: date | None, today: date) -> dict[str, str]:
    """A sentence beside each field that is missing or not possible; empty when it may be recorded."""
    problems: dict[str, str] = {}
    doctor = session.get(Staff, new.prescriber_id) if new.prescriber_id else None
    if doctor is None or doctor.role != Role.ONCOLOGIST or not members.works_in(session, doctor, service.id) or not doctor.active:
        problems["prescriber_id"] = "Choose the doctor of this service who prescribes the watching."
    if new.activity not in activities():
        problems["activity"] = "Choose the activity the watching is prescribed for."
    if new.weight_kg is None or not LIGHTEST <= new.weight_kg <= HEAVIEST:
        problems["weight_kg"] = Said("Write the weight in kilograms, from {low} to {high}.", low=LIGHTEST, high=HEAVIEST)
    if len(new.conditions) > LONGEST_CONDITIONS:
        problems["conditions"] = Said("Write at most {n} characters.", n=LONGEST_CONDITIONS)
    return problems | _check_days(new, birth, today)


def _check_days(new: NewWatching, birth: date | None, today: date) -> dict[str, str]:
    problems: dict[str, str] = {}
    if new.from_day is None:
        problems["from_day"] = "Write the first day of the watching."
    elif birth is not None and new.from_day < birth:
        problems["from_day"] = "This day is before the patient's birth."
    if new.until_day is None:
        problems["until_day"] = "Write the last day of the watching."
    elif new.from_day is not None and new.until_day < new.from_day:
        problems["until_day"] = "The last day is before the first. Check both."
    elif new.from_day is not None and (new.until_day - new.from_day).days >= LONGEST_DAYS:
        problems["until_day"] = Said("A watching is prescribed for {n} days at most. Choose an earlier last day.", n=LONGEST_DAYS)
    elif new.until_day < today:
        problems["until_day"] = "This last day is already past. Nothing would be watched."
    return problems


def record(session: Session, patient: Patient, new: NewWatching, *, by: Actor, today: date, now: datetime) -> Watching:
    """Write it down. today: on the patient's wall. Raises FieldErrors, and then nothing is kept."""
    problems = check(session, patient.service, new, birth=patient.birth_date, today=today)
    if problems:
        raise FieldErrors(problems)
    assert new.prescriber_id and new.from_day and new.until_day and new.weight_kg is not None
    row = Watching(
        patient_id=patient.id,
        prescriber_id=new.prescriber_id,
        activity=new.activity,
        from_day=new.from_day,
        until_day=new.until_day,
        age_years=age_on(patient.birth_date, new.from_day),
        weight_kg=new.weight_kg,
        conditions=new.conditions.strip(),
        recorded_by=str(by),
        recorded_by_name=by.name,
        recorded_at=now,
    )
    session.add(row)
    _note(session, patient, row, "recorded", by=by, now=now)
    return row


def strike(session: Session, patient: Patient, watching_id: int, *, reason: str, by: Actor, now: datetime) -> Watching:
    """Written by mistake: it counts for nothing from now on, and stays readable. Raises NotFound, FieldErrors without a reason."""
    mine = (Watching.id == watching_id, Watching.patient_id == patient.id, Watching.removed_at.is_(None))
    row = session.scalar(select(Watching).where(*mine).with_for_update())
    if row is None:
        raise NotFound("This prescription")
    if not reason.strip():
        raise FieldErrors({"reason": "Write why this prescription is struck through."})
    row.removed_at, row.removed_by_name, row.removed_reason = now, by.name, reason.strip()
    _note(session, patient, row, "struck", by=by, now=now, reason=row.removed_reason)
    return row


def of_patient(session: Session, patient_id: int) -> list[Watching]:
    """Every prescription ever written, those struck through too, the latest first."""
    mine = select(Watching).where(Watching.patient_id == patient_id)
    return list(session.scalars(mine.order_by(Watching.from_day.desc(), Watching.id.desc())))


def of_everyone(session: Session) -> dict[int, list[Watching]]:
    """What counts, by patient."""
    found: dict[int, list[Watching]] = {}
    for row in session.scalars(select(Watching).where(Watching.removed_at.is_(None)).order_by(Watching.id)):
        found.setdefault(row.patient_id, []).append(row)
    return found


def standing(rows: Iterable[Watching], today: date) -> Standing:
    """How much is left. Rows that touch or overlap are one stretch; a hole between two is an end."""
    counted: Sequence[Watching] = sorted((row for row in rows if row.removed_at is None), key=lambda row: row.from_day)
    last: date | None = None
    for row in counted:
        begins_in_time = row.from_day <= (last + timedelta(days=1) if last else today)
        if begins_in_time and row.until_day >= today:
            last = max(last or row.until_day, row.until_day)
    if last is None:
        past = [row.until_day for row in counted if row.until_day < today]
        return Standing(Phase.OVER, max(past)) if past else Standing(Phase.FAR if counted else Phase.NONE)
    left = (last - today).days
    return Standing(Phase.NEAR if left <= NEAR_DAYS else Phase.SOON if left <= SOON_DAYS else Phase.FAR, last)


def age_on(birth: date, day: date) -> int:
    """Whole years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def _note(session: Session, patient: Patient, row: Watching, act: str, *, by: Actor, now: datetime, reason: str = "") -> None:
    session.flush()
    audit.record(
        session,
        actor=by,
        action=f"watching.{act}",
        subject=f"watching:{row.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        after={"activity": row.activity, "from": row.from_day.isoformat(), "until": row.until_day.isoformat()},
        reason=reason,
        now=now,
    )
