"""Treatments of the JSON interface: their bodies, read as prescriptions, and their rows as shown."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, StrictBool, StrictInt

from app.core.errors import FieldErrors
from app.treatment.courses import NewCompanion, NewCourse
from app.treatment.days import Medicine
from app.treatment.models import Course
from app.treatment.supply_models import CapOpening, Dispensing, PillCount
from app.web.api.shapes import Body, By, CourseOut, Day, Moment, Text, a_number
from triage.calendar import Pattern

Mg = Annotated[Decimal, BeforeValidator(a_number), Field(max_digits=9, decimal_places=3)]
CycleDay = Annotated[StrictInt, Field(ge=1, le=456)]
Block = Annotated[list[CycleDay], Field(min_length=2, max_length=2, description="First and last day of intake of a block, from 1.")]


class Days(Body):
    """The days of intake: days_on then days_off (0 when continuous), or blocks within cycle_days; weekday 1 Monday to 7 Sunday."""

    times_per_day: StrictInt
    days_on: StrictInt | None = None
    days_off: StrictInt | None = None
    blocks: Annotated[list[Block], Field(max_length=31, default_factory=list)]
    cycle_days: CycleDay | None = None
    weekday: Annotated[StrictInt, Field(ge=1, le=7)] | None = None
    every: Annotated[StrictInt, Field(ge=1, le=28)] = 1
    first_intake_evening: StrictBool = False


class CompanionIn(Days):
    """A second medicine of the same treatment, with its own days (without any, every day) and strengths of its own tablets, in mg."""

    agent: Annotated[Text, Field(min_length=1, max_length=80)]
    dose_mg: Mg
    strengths: Annotated[list[Mg], Field(max_length=6, default_factory=list)]


class CourseIn(Days):
    """A treatment. dose_mg of one intake; cycle: the number of the one that begins on first_intake; strengths of its tablets, in mg."""

    agent: Annotated[Text, Field(max_length=80)]
    protocol: Annotated[Text, Field(max_length=80)]
    dose_mg: Mg
    strengths: Annotated[list[Mg], Field(max_length=6, default_factory=list)]
    companions: Annotated[list[CompanionIn], Field(max_length=4, default_factory=list)]
    first_intake: Day
    cycle: StrictInt = 1
    send_first_text: StrictBool = False
    by: By = ""


class TabletsIn(Body):
    """Tablets of one strength."""

    strength_mg: Mg
    count: Annotated[StrictInt, Field(ge=0, le=2000)]


Named = Annotated[Text, Field(max_length=80, description="Its agent; left out, the treatment's own medicine.")]


class DispensingIn(Body):
    """Tablets of one strength handed out on a day, by the town's pharmacy or the hospital's."""

    on_day: Day
    strength_mg: Mg
    tablets: Annotated[StrictInt, Field(ge=1, le=2000)]
    place: Literal["town", "hospital"]
    medicine: Named = ""
    by: By = ""


class PillCountIn(Body):
    """What is left in the boxes on the evening of a day; returned: also what was lost, since the last count."""

    on_day: Day
    tablets: Annotated[list[TabletsIn], Field(min_length=1, max_length=6)]
    returned: Annotated[list[TabletsIn], Field(max_length=6, default_factory=list)]
    source: Literal["pharmacist", "nurse", "photo", "patient"]
    medicine: Named = ""
    by: By = ""


class CapOpeningIn(Body):
    """When a box with an electronic cap was opened."""

    at: Moment
    medicine: Named = ""
    by: By = ""


class CapOpeningOut(BaseModel):
    """An opening of the cap."""

    id: int
    course_id: int
    at: datetime


class DispensingOut(BaseModel):
    """Tablets handed out."""

    id: int
    course_id: int
    on_day: date
    strength_mg: str
    tablets: int
    place: str


class PillCountOut(BaseModel):
    """Tablets counted, by strength."""

    id: int
    course_id: int
    on_day: date
    tablets: list[dict[str, Any]]
    returned: list[dict[str, Any]]
    source: str


def prescription(body: CourseIn) -> NewCourse:
    """The body as a prescription. Raises FieldErrors for a second medicine whose days cannot be lived."""
    return NewCourse(
        agent=body.agent,
        protocol_slug=body.protocol,
        dose_mg=body.dose_mg,
        times_per_day=body.times_per_day,
        days_on=body.days_on,
        days_off=body.days_off,
        first_intake=body.first_intake,
        cycle=body.cycle,
        blocks=_blocks(body),
        cycle_days=body.cycle_days,
        weekday=body.weekday,
        every=body.every,
        first_intake_evening=body.first_intake_evening,
        strengths=tuple(body.strengths),
        companions=tuple(NewCompanion(one.agent, one.dose_mg, _pattern(one), tuple(one.strengths)) for one in body.companions),
    )


def _blocks(body: Days) -> tuple[tuple[int, int], ...]:
    return tuple((block[0], block[1]) for block in body.blocks)


def _pattern(body: CompanionIn) -> Pattern:
    wrong = "Write days of intake that can be lived, such as 28 on and 0 off, or blocks inside cycle_days."
    if not 1 <= body.times_per_day <= 4 or not 1 <= (body.days_on or 1) <= 366 or not 0 <= (body.days_off or 0) <= 90:
        raise FieldErrors({"companions": wrong})
    try:
        return Pattern(
            body.times_per_day,
            body.days_on,
            body.days_off,
            blocks=_blocks(body),
            cycle_days=body.cycle_days,
            weekday=body.weekday,
            every=body.every,
            first_intake_evening=body.first_intake_evening,
        )
    except ValueError:
        raise FieldErrors({"companions": wrong}) from None


def by_strength(tablets: list[TabletsIn], field: str) -> dict[Decimal, int]:
    """Counts by strength. Raises FieldErrors when one strength is given twice: which of the two is meant, nobody can say."""
    found = {one.strength_mg: one.count for one in tablets}
    if len(found) < len(tablets):
        raise FieldErrors({field: "One strength is written twice."})
    return found


def course(row: Course) -> CourseOut:
    """A treatment."""
    return CourseOut(
        id=row.id,
        patient_id=row.patient_id,
        agent=row.agent,
        protocol=row.protocol_slug,
        dose_mg=_plain(row.dose_mg),
        times_per_day=row.times_per_day,
        days_on=row.days_on,
        days_off=row.days_off,
        blocks=row.blocks,
        cycle_days=row.cycle_days,
        weekday=row.weekday,
        every=row.every,
        first_intake_evening=row.first_intake_evening,
        first_intake=row.first_intake,
        state=row.state,
        cycles=[{"number": c.number, "started_on": c.started_on} for c in row.cycles],
        holds=[{"from_day": h.from_day, "until_day": h.until_day, "kind": h.kind, "reason": h.reason} for h in row.holds],
        doses=_doses(row),
        companions=[
            {
                "agent": c.agent,
                "dose_mg": _plain(c.dose_mg),
                "times_per_day": c.times_per_day,
                "stopped_on": c.stopped_on,
                "doses": _doses(c),
            }
            for c in row.companions
        ],
    )


def _doses(medicine: Medicine) -> list[dict[str, Any]]:
    return [{"from_day": d.from_day, "dose_mg": _plain(d.dose_mg), "tablets": _tablets(d.tablets)} for d in medicine.doses]


def as_written(field: str) -> str:
    """The field of a prescription as a body of this interface names it."""
    return {"protocol_slug": "protocol"}.get(field, "companions" if field.startswith("companion_") else field)


def dispensing(row: Dispensing) -> DispensingOut:
    """Tablets handed out."""
    strength = _plain(row.strength_mg)
    return DispensingOut(id=row.id, course_id=row.course_id, on_day=row.on_day, strength_mg=strength, tablets=row.tablets, place=row.place)


def pill_count(row: PillCount) -> PillCountOut:
    """Tablets counted."""
    left, gone = _tablets(row.tablets), _tablets(row.returned)
    return PillCountOut(id=row.id, course_id=row.course_id, on_day=row.on_day, tablets=left, returned=gone, source=row.source)


def cap_opening(row: CapOpening) -> CapOpeningOut:
    """An opening of the cap."""
    return CapOpeningOut(id=row.id, course_id=row.course_id, at=row.at)


def _tablets(kept: list[list[Any]]) -> list[dict[str, Any]]:
    return [{"strength_mg": strength, "count": count} for strength, count in kept]


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
