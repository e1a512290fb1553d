"""What the chart knows beside the answers, as the engine takes it: measures now, before and from before treatment, and medicines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.people.models import Patient
from app.protocols import looks, scales
from app.treatment import days, measures, medicines
from app.treatment.models import Course, Measure
from triage import calendar
from triage.protocol import Protocol
from triage.terms import Exposure, Measured

KEPT_BEFORE = 60
"""Earlier values of one measure that the engine is shown: two months of a daily weight; no rule of the library looks back further."""

WASHOUT = timedelta(days=90)
"""Earlier treatments that count as exposures: ended within so many days. No rule of the library asks for longer (2026-11-22)."""


def measures_of(
    session: Session, patient: Patient, course: Course, protocol: Protocol, *, now: datetime, supposed: Sequence[Measure] = ()
) -> tuple[dict[str, Measured], dict[str, tuple[Measured, ...]], dict[str, Measured]]:
    """The latest value of each measure; the earlier ones that a rule compares with, most recent first; the last before treatment.

    supposed: taken now, and not kept.
    """
    known = scales.measures()
    rows: dict[str, list[Measured]] = {}
    begins = began_at(course, protocol, patient)
    baseline: dict[str, Measured] = {}
    looked = looks.measures(protocol)
    for row in (*measures.until(session, patient.id, now), *supposed):
        kind = known.key_of(row.kind) or row.kind
        value = Measured(_number(row.value), row.unit, calendar.local_day(row.taken_at, patient.timezone), _limit(row.lln), _limit(row.uln))
        rows.setdefault(kind, []).append(value)
        if row.taken_at <= begins and kind in looked:
            baseline[kind] = value
    compared = looks.measures(protocol, compared=True)
    before = {kind: tuple(found[-2 : -2 - KEPT_BEFORE : -1]) for kind, found in rows.items() if kind in compared and len(found) > 1}
    return {kind: found[-1] for kind, found in rows.items()}, before, baseline


def _number(value: Decimal) -> Decimal:
    """40 and 40.0000 are one value: just written, or read back from its column."""
    return Decimal(f"{value.normalize():f}")


def _limit(value: Decimal | None) -> Decimal | None:
    return None if value is None else _number(value)


def began_at(course: Course, protocol: Protocol, patient: Patient) -> datetime:
    """The instant of the first intake, cycles taken before the patient was followed here included: what is earlier is the baseline."""
    starts = days.calendar_of(course).starts
    return calendar.instant(min([course.first_intake, *starts[:1]]), protocol.quiet.end, patient.timezone)


def exposures(session: Session, patient: Patient, course: Course, *, on: date) -> dict[str, Exposure]:
    """By agent or medicine: this treatment, its companions, treatments ended lately, and what else the patient takes.

    Of several spans under one name, the one that runs counts, otherwise the last to have ended.
    """
    spans: list[tuple[str, Exposure]] = []
    for one in _courses(session, patient, course, on):
        spans.append((one.agent, Exposure(one.first_intake, one.stopped_on)))
        spans += [(beside.agent, Exposure(beside.first_intake, beside.stopped_on or one.stopped_on)) for beside in one.companions]
    for row in medicines.of_patient(session, patient.id):
        spans += [(name, Exposure(row.first_on, row.last_on)) for name in (row.code, *medicines.IMPLIES.get(row.code, ()))]
    found: dict[str, Exposure] = {}
    for name, span in spans:
        found[name] = max(found.get(name, span), span, key=lambda one: (one.first_on <= on, one.last_on or date.max, one.first_on))
    return found


def _courses(session: Session, patient: Patient, course: Course, on: date) -> list[Course]:
    recent = (Course.id == course.id) | Course.stopped_on.is_(None) | (Course.stopped_on >= on - WASHOUT)
    return list(session.scalars(select(Course).where(Course.patient_id == patient.id, recent).order_by(Course.id)))


# --- Kept and read back -------------------------------------------------------------------------------------------------------------


def plain(measured: Measured) -> dict[str, str]:
    """A measure as plain JSON; ``read`` gives it back exactly."""
    limits = {name: str(limit) for name, limit in (("lln", measured.lln), ("uln", measured.uln)) if limit is not None}
    return {"value": str(measured.value), "unit": measured.unit, "on": measured.taken_on.isoformat(), **limits}


def plains(found: Mapping[str, Measured]) -> dict[str, Any]:
    """Several, by key."""
    return {kind: plain(one) for kind, one in found.items()}


def read(kept: Mapping[str, str]) -> Measured:
    """A measure as kept. KeyError or ValueError when the row is damaged."""
    low, high = (None if name not in kept else Decimal(kept[name]) for name in ("lln", "uln"))
    return Measured(Decimal(kept["value"]), kept["unit"], date.fromisoformat(kept["on"]), low, high)


def reads(kept: Mapping[str, Mapping[str, str]]) -> dict[str, Measured]:
    """Several, by key."""
    return {kind: read(one) for kind, one in kept.items()}


def plain_exposure(one: Exposure) -> list[str | None]:
    """First and last day."""
    return [one.first_on.isoformat(), one.last_on.isoformat() if one.last_on else None]


def read_exposure(kept: Iterable[str | None]) -> Exposure:
    """As kept. ValueError or TypeError when the row is damaged."""
    first, last = kept
    return Exposure(date.fromisoformat(first or ""), date.fromisoformat(last) if last else None)
