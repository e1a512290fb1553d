"""What was handed out, what is left in the boxes, when the cap was opened. Each source keeps what it said; nobody is corrected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.core.audit import Actor
from app.core.errors import FieldErrors
from app.people.models import Patient
from app.treatment.courses import note
from app.treatment.days import Medicine, course_of
from app.treatment.models import Companion, Course
from app.treatment.supply_models import CapOpening, Dispensing, PillCount, Supply

PLACES = ("town", "hospital")
"""The two routes of a box: the town's pharmacy, the hospital's. One ledger, or a gap is seen where there is none."""

COUNTERS = ("pharmacist", "nurse", "photo", "patient")

MOST = 2000
"""Tablets of one strength in one hand-out or count; more is a slip (our own limit, 2026-11-22)."""

MANY = "Write how many tablets, from 0 to 2000."


def dispense(
    session: Session,
    medicine: Medicine,
    patient: Patient,
    *,
    on_day: date | None,
    strength_mg: Decimal | None,
    tablets: int | None,
    place: str,
    by: Actor,
    now: datetime,
) -> Dispensing:
    """Tablets of one strength (mg each) handed out on a day. Raises FieldErrors for a day to come, a strength or a number out of range."""
    problems = _day_problem(patient, on_day, now)
    if strength_mg is None or not _strength(strength_mg):
        problems["strength_mg"] = "Write the strength of a tablet in mg, from 0.1 to 10000."
    if tablets is None or not 1 <= tablets <= MOST:
        problems["tablets"] = "Write how many tablets, from 1 to 2000."
    if place not in PLACES:
        problems["place"] = "Say which pharmacy handed them out."
    if problems or on_day is None:
        raise FieldErrors(problems)
    row = Dispensing(**_said(medicine, by, now), on_day=on_day, strength_mg=strength_mg, tablets=tablets, place=place)
    session.add(row)
    after = {"on": on_day.isoformat(), "strength_mg": f"{strength_mg:f}", "tablets": tablets, "place": place, "of": medicine.agent}
    note(session, course_of(medicine), patient, "tablets.dispensed", by=by, now=now, after=after)
    session.flush()
    return row


def count(
    session: Session,
    medicine: Medicine,
    patient: Patient,
    *,
    on_day: date | None,
    tablets: Mapping[Decimal, int],
    returned: Mapping[Decimal, int],
    source: str,
    by: Actor,
    now: datetime,
) -> PillCount:
    """What is left on the evening of a day, by strength in mg, and what was returned or lost since the last count. Raises FieldErrors."""
    problems = _day_problem(patient, on_day, now)
    for name, counted in (("tablets", tablets), ("returned", returned)):
        if any(not _strength(strength) or not 0 <= number <= MOST for strength, number in counted.items()):
            problems[name] = MANY
    if not tablets:
        problems["tablets"] = MANY
    if source not in COUNTERS:
        problems["source"] = "Say who counted."
    if problems or on_day is None:
        raise FieldErrors(problems)
    left, gone = _kept(tablets), _kept(returned)
    row = PillCount(**_said(medicine, by, now), on_day=on_day, tablets=left, returned=gone, source=source)
    session.add(row)
    after = {"on": on_day.isoformat(), "tablets": left, "returned": gone, "source": source, "of": medicine.agent}
    note(session, course_of(medicine), patient, "tablets.counted", by=by, now=now, after=after)
    session.flush()
    return row


def cap_opened(session: Session, medicine: Medicine, patient: Patient, *, at: datetime, by: Actor, now: datetime) -> CapOpening:
    """One opening of an electronic cap. Said twice, it counts once. Raises FieldErrors for an instant to come."""
    if at > now:
        raise FieldErrors({"at": "This time is in the future."})
    known = session.scalar(select(CapOpening).where(*_of(CapOpening, medicine), CapOpening.at == at))
    if known is not None:
        return known
    row = CapOpening(**_said(medicine, by, now), at=at)
    session.add(row)
    note(session, course_of(medicine), patient, "cap.opened", by=by, now=now, after={"at": at.isoformat(), "of": medicine.agent})
    session.flush()
    return row


def dispensings(session: Session, medicine: Medicine, *, until: date) -> list[Dispensing]:
    """Everything handed out up to a day, that day included, oldest first."""
    mine = select(Dispensing).where(*_of(Dispensing, medicine), Dispensing.on_day <= until)
    return list(session.scalars(mine.order_by(Dispensing.on_day, Dispensing.id)))


def counts(session: Session, medicine: Medicine, *, until: date) -> list[PillCount]:
    """Counts up to a day, oldest first; of two for one day, the last said."""
    mine = select(PillCount).where(*_of(PillCount, medicine), PillCount.on_day <= until)
    return list({row.on_day: row for row in session.scalars(mine.order_by(PillCount.on_day, PillCount.id))}.values())


def openings(session: Session, medicine: Medicine) -> list[datetime]:
    """Every opening of the cap, oldest first."""
    return list(session.scalars(select(CapOpening.at).where(*_of(CapOpening, medicine)).order_by(CapOpening.at)))


def medicine_of(course: Course, agent: str) -> Medicine:
    """The medicine of a treatment that bears this name; none is named: the treatment's own. Raises FieldErrors for another."""
    known: dict[str, Medicine] = {one.agent: one for one in course.companions}
    found = (known | {course.agent: course}).get(agent or course.agent)
    if found is None:
        raise FieldErrors({"medicine": "Choose a medicine of this treatment."})
    return found


def _said(medicine: Medicine, by: Actor, now: datetime) -> dict[str, Any]:
    return {"course_id": course_of(medicine).id, "companion_id": _companion_id(medicine), "said_by": str(by), "recorded_at": now}


def _of(table: type[Supply], medicine: Medicine) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.course_id == course_of(medicine).id, table.companion_id.is_not_distinct_from(_companion_id(medicine))


def _companion_id(medicine: Medicine) -> int | None:
    return medicine.id if isinstance(medicine, Companion) else None


def _day_problem(patient: Patient, on_day: date | None, now: datetime) -> dict[str, str]:
    if on_day is None:
        return {"on_day": "Write the date."}
    return {"on_day": "This day is still to come."} if on_day > now.astimezone(ZoneInfo(patient.timezone)).date() else {}


def _strength(mg: Decimal) -> bool:
    return mg.is_finite() and Decimal("0.1") <= mg <= 10000 and mg == round(mg, 3)


def _kept(tablets: Mapping[Decimal, int]) -> list[list[str | int]]:
    return [[f"{strength:f}", number] for strength, number in sorted(tablets.items(), reverse=True)]
