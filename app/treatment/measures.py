"""Weight, temperature, laboratory values: kept with unit, time and origin; never converted by guess."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor
from app.core.errors import FieldErrors
from app.people.models import Patient
from app.treatment.models import Measure

PLAUSIBLE: dict[str, tuple[str, Decimal, Decimal]] = {
    "temperature": ("Cel", Decimal(30), Decimal(45)),
    "weight": ("kg", Decimal(20), Decimal(300)),
    "pulse": ("/min", Decimal(20), Decimal(250)),
    "systolic": ("mm[Hg]", Decimal(50), Decimal(280)),
    "diastolic": ("mm[Hg]", Decimal(20), Decimal(180)),
}
"""Home measures: UCUM unit and plausible range (SEC-38 for temperature, 30-45 °C; the others are our own limits against typing slips,
2026-11-22). Laboratory terms are not in the table: any finite value that is not negative is kept with its unit."""


def record(
    session: Session, patient: Patient, *, kind: str, value: str, unit: str, taken_at: datetime, source: str, by: Actor, now: datetime
) -> Measure:
    """Keep a measure. Raises FieldErrors for a number that is not finite, out of range, in another unit, or from the future."""
    problems: dict[str, str] = {}
    number = _number(value, problems)
    if not kind.strip():
        problems["kind"] = "Choose what was measured."
    if kind in PLAUSIBLE and number is not None:
        right_unit, low, high = PLAUSIBLE[kind]
        if unit != right_unit:
            problems["unit"] = f"Give this measure in {right_unit}."
        elif not low <= number <= high:
            problems["value"] = f"This value is outside {low} to {high} {right_unit}. Check it; nothing was changed or rounded."
    elif not unit.strip():
        problems["unit"] = "Write the unit."
    if taken_at > now:
        problems["taken_at"] = "This time is in the future."
    if problems or number is None:
        raise FieldErrors(problems)
    row = Measure(
        patient_id=patient.id,
        kind=kind.strip(),
        value=number,
        unit=unit.strip(),
        taken_at=taken_at,
        source=source,
        entered_by=str(by),
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        actor=by,
        action="measure.recorded",
        subject=f"measure:{row.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        after={"kind": kind, "value": str(number), "unit": unit},
        now=now,
    )
    return row


def _number(text: str, problems: dict[str, str]) -> Decimal | None:
    try:
        number = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        problems["value"] = "Write a number such as 37.2 or 37,2."
        return None
    return number


def latest(session: Session, patient_id: int, *, before: datetime) -> dict[str, Measure]:
    """The most recent value of each kind taken before this instant."""
    rows = session.scalars(select(Measure).where(Measure.patient_id == patient_id, Measure.taken_at <= before).order_by(Measure.taken_at))
    return {row.kind: row for row in rows}


def series(session: Session, patient_id: int, *, since: datetime) -> list[Measure]:
    """All values since an instant, oldest first."""
    return list(
        session.scalars(
            select(Measure).where(Measure.patient_id == patient_id, Measure.taken_at >= since).order_by(Measure.taken_at, Measure.id)
        )
    )
