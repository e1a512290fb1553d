"""Weight, temperature, laboratory values: kept with unit, time and origin; never converted by guess."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor
from app.core.errors import FieldErrors, Said
from app.people.models import Patient
from app.protocols import scales
from app.treatment.models import Measure
from triage.grading import units

PLAUSIBLE: dict[str, tuple[str, Decimal, Decimal]] = {
    "temperature": ("Cel", Decimal(30), Decimal(45)),
    "weight": ("kg", Decimal(20), Decimal(300)),
    "pulse": ("/min", Decimal(20), Decimal(250)),
    "systolic": ("mm[Hg]", Decimal(50), Decimal(280)),
    "diastolic": ("mm[Hg]", Decimal(20), Decimal(180)),
}
"""Home measures: UCUM unit and plausible range (SEC-38 for temperature, 30-45 °C; the others are our own limits against typing slips,
2026-11-22). Laboratory values are kept in the unit they came with; their ranges are in the library's measures.toml."""

OUTSIDE = "This value is outside {low} to {high} {unit}. Check it; nothing was changed or rounded."

PRESSURE = ("systolic", "diastolic")
BOTH = re.compile(r"\s*([0-9.,]+)\s*/\s*([0-9.,]+)\s*")
"""A blood pressure as people write it, 190/120: both numbers at once."""

LONGEST = {"kind": 60, "unit": 20, "source": 20}
"""Characters a column keeps: PostgreSQL refuses longer ones, SQLite would not."""


def read(
    patient: Patient,
    *,
    kind: str,
    value: str,
    unit: str,
    taken_at: datetime,
    source: str,
    by: Actor,
    now: datetime,
    lln: str = "",
    uln: str = "",
) -> Measure:
    """What somebody wrote, as a measure that is not kept yet. Raises FieldErrors, see ``record``."""
    problems: dict[str, str] = {}
    kind, source = scales.measures().key_of(kind) or kind.strip(), source.strip()
    unit = _in_its_spelling(kind, unit.strip())
    number = _number(value, "value", problems)
    low, high = (_number(text, name, problems) if text.strip() else None for name, text in (("lln", lln), ("uln", uln)))
    if low is not None and high is not None and low > high:
        problems["uln"] = "The upper limit is below the lower one."
    _check_words(kind, unit, source, problems)
    if number is not None:
        _check_range(kind, number, unit, problems)
    if taken_at > now:
        problems["taken_at"] = "This time is in the future."
    elif taken_at.date() < patient.birth_date:
        problems["taken_at"] = "This time is before the patient's birth."
    if problems or number is None:
        raise FieldErrors(problems)
    return Measure(
        patient_id=patient.id,
        kind=kind,
        value=number,
        unit=unit,
        lln=low,
        uln=high,
        taken_at=taken_at,
        source=source,
        entered_by=str(by),
        recorded_at=now,
    )


def record(
    session: Session,
    patient: Patient,
    *,
    kind: str,
    value: str,
    unit: str,
    taken_at: datetime,
    source: str,
    by: Actor,
    now: datetime,
    lln: str = "",
    uln: str = "",
) -> Measure:
    """Keep a measure. Raises FieldErrors for a number that is not finite, out of range, in another unit, or from the future.

    A CTCAE term is accepted as ``kind`` and kept as the measure it grades. lln, uln: limits of normal of that laboratory, in the same unit.
    """
    row = read(patient, kind=kind, value=value, unit=unit, taken_at=taken_at, source=source, lln=lln, uln=uln, by=by, now=now)
    return keep(session, patient, row, by=by, now=now)


def keep(session: Session, patient: Patient, row: Measure, *, by: Actor, now: datetime) -> Measure:
    """Write down a measure that was read, with its line in the audit trail."""
    session.add(row)
    session.flush()
    audit.record(
        session,
        actor=by,
        action="measure.recorded",
        subject=f"measure:{row.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        after={"kind": row.kind, "value": str(row.value), "unit": row.unit},
        now=now,
    )
    return row


def only_unit(kind: str) -> str:
    """The one unit this measure can have, so that a person need not write it; "" when there are several, or it is not known."""
    known = scales.measures().by_key.get(kind)
    return PLAUSIBLE[kind][0] if kind in PLAUSIBLE else known.only_unit if known else ""


def written(kind: str, value: str) -> list[tuple[str, str]]:
    """What one entry holds: a blood pressure written 190/120 is its two measures, anything else is itself.

    Raises FieldErrors when the second number is not the lower one: turned round, both may look plausible and neither would ring.
    """
    both = BOTH.fullmatch(value) if kind in PRESSURE else None
    if both is None:
        return [(kind, value)]
    problems: dict[str, str] = {}
    high, low = (_number(text, "value", problems) for text in both.groups())
    if high is not None and low is not None and high <= low:
        problems["value"] = "Write the higher number first, such as 130/80."
    if problems:
        raise FieldErrors(problems)
    return list(zip(PRESSURE, both.groups(), strict=True))


def _in_its_spelling(kind: str, unit: str) -> str:
    """The unit of a home measure by its code, mmHg being mm[Hg]; any other as it was written. Never a conversion."""
    if kind in PLAUSIBLE and units.factor(unit, PLAUSIBLE[kind][0]) == 1:
        return PLAUSIBLE[kind][0]
    return unit


def _check_words(kind: str, unit: str, source: str, problems: dict[str, str]) -> None:
    for name, text, sentence in (
        ("kind", kind, "Choose what was measured."),
        ("unit", unit, "Write the unit."),
        ("source", source, "Say where this value comes from."),
    ):
        if not text:
            problems[name] = sentence
        elif len(text) > LONGEST[name]:
            problems[name] = Said("Write at most {n} characters.", n=LONGEST[name])


def _check_range(kind: str, number: Decimal, unit: str, problems: dict[str, str]) -> None:
    """Home measures have one unit. A laboratory value must be one a living person can have: 150000 G/L is a slip of unit."""
    if kind in PLAUSIBLE:
        right_unit, low, high = PLAUSIBLE[kind]
        if unit != right_unit:
            problems["unit"] = Said("Give this measure in {unit}.", unit=right_unit)
        elif not low <= number <= high:
            problems["value"] = Said(OUTSIDE, low=low, high=high, unit=right_unit)
        return
    known = scales.measures().by_key.get(kind)
    if known is not None and known.is_plausible(number, unit) is False:
        low, high = known.plausible
        problems["value"] = Said(OUTSIDE, low=low, high=high, unit=known.unit)


def _number(text: str, name: str, problems: dict[str, str]) -> Decimal | None:
    if not re.fullmatch(r"[0-9]{1,8}([.,][0-9]{1,4})?", text.strip()):
        problems[name] = "Write a number such as 37.2 or 37,2, with four decimals at most."
        return None
    return Decimal(text.strip().replace(",", "."))


def latest(session: Session, patient_id: int, *, before: datetime) -> dict[str, Measure]:
    """The most recent value of each kind taken before this instant."""
    return {row.kind: row for row in until(session, patient_id, before)}


def until(session: Session, patient_id: int, instant: datetime) -> list[Measure]:
    """Every value taken up to this instant, oldest first."""
    mine = select(Measure).where(Measure.patient_id == patient_id, Measure.taken_at <= instant)
    return list(session.scalars(mine.order_by(Measure.taken_at, Measure.id)))


def is_known(session: Session, row: Measure) -> bool:
    """Was the same value of the same instant kept before, from the same source? A file that is brought twice adds nothing."""
    same = select(Measure.id).where(
        Measure.patient_id == row.patient_id,
        Measure.kind == row.kind,
        Measure.taken_at == row.taken_at,
        Measure.value == row.value,
        Measure.source == row.source,
    )
    return session.scalar(same.limit(1)) is not None


def series(session: Session, patient_id: int, *, since: datetime) -> list[Measure]:
    """All values since an instant, oldest first."""
    return list(
        session.scalars(
            select(Measure).where(Measure.patient_id == patient_id, Measure.taken_at >= since).order_by(Measure.taken_at, Measure.id)
        )
    )
