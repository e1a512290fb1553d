"""Adherence figures from supplies in a file: CSV in, CSV out. The arithmetic is triage.adherence's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from app.commands import tables
from app.commands.console import BadInput
from app.commands.tables import BadRow, Row
from triage.adherence import REASONS, Figure, Fill, Window, mpr, pdc, plain

WANTED = ("patient", "window_start_day", "window_days", "measure")
OPTIONAL = ("days_on", "days_off", "hold_from_day", "hold_days")
SUPPLY = ("patient", "date", "duration_days")
SUPPLY_BESIDE = ("units_per_day", "medicine")
MEASURES = ("PDC", "MPR", "MPR_CAPPED", "PDC_INTAKE_DAYS", "")
ADDED = ("result", "reason")

FURTHEST_DAY = 100_000
"""Some 270 years: a day further away is a slip, and would be walked one by one."""

ONE = Decimal(1)


@dataclass
class Supplies:
    """What one patient received, in days from the first. undated: a supply whose day is missing, so that no day can be counted."""

    received: list[tuple[date, Decimal | None]] = field(default_factory=list)
    undated: bool = False

    @property
    def fills(self) -> list[Fill]:
        """Supplies by day number, 0 being the first event's."""
        first = min(on for on, _ in self.received)
        return [Fill((on - first).days, amount) for on, amount in self.received]


def adherence(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="CSV with patient, window_start_day, window_days, measure; - for standard input.")
    ],
    events: Annotated[Path, typer.Option("--events", help="CSV with patient, date, duration_days, units_per_day, medicine.")],
    out: Annotated[Path, typer.Option("--out", help="Where the CSV goes; - for standard output.")],
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave bad rows out and list them on standard error.")] = False,
) -> None:
    """PDC, MPR, MPR_CAPPED or PDC_INTAKE_DAYS of each row: adds result (six decimals at most, empty when not defined) and reason.

    Days count from the patient's first event (day 0); the end day of a window is outside it. Supplies of a day, early ones and
    those of several medicines are used one after the other. days_on, days_off and the hold serve PDC_INTAKE_DAYS alone.
    """
    if str(source) == "-" and str(events) == "-":
        raise BadInput("IN and --events cannot both be standard input. Give one of them as a file")
    supplies = _supplies(events, skip_bad)
    tables.through(source, out, wanted=WANTED, optional=OPTIONAL, added=ADDED, answer=lambda row: _answer(row, supplies), skip_bad=skip_bad)


def _supplies(path: Path, skip_bad: bool) -> dict[str, Supplies]:
    found: dict[str, Supplies] = {}

    def keep(row: Row) -> None:
        on, amount = tables.day(row, "date") if row["date"].strip() else None, _lasting(row)
        tables.number(row, "units_per_day")
        patient = found.setdefault(row["patient"].strip(), Supplies())
        if on is None:
            patient.undated = True
        else:
            patient.received.append((on, amount))

    tables.sound(tables.read(path, SUPPLY, SUPPLY_BESIDE), keep, skip_bad=skip_bad)
    return found


def _lasting(row: Row) -> Decimal | None:
    """Days a supply lasts, None when nobody wrote it. Part of a day may stand there: 30 tablets, four a day."""
    found = tables.number(row, "duration_days")
    if found is not None and found > FURTHEST_DAY:
        raise BadRow(f"duration_days {tables.shown(row['duration_days'].strip())}, expected at most {FURTHEST_DAY}")
    return found


def _answer(row: Row, supplies: Mapping[str, Supplies]) -> dict[str, str]:
    """Everything is checked first, so that a malformed row stops the command also where its result would be empty."""
    measure = tables.one_of(row, "measure", MEASURES)
    start, days = _day(row, "window_start_day", negative=True), _day(row, "window_days")
    on, off = _day(row, "days_on"), _day(row, "days_off")
    hold_from, hold_days = _day(row, "hold_from_day", negative=True), _day(row, "hold_days")
    missing = [name for name in WANTED if not row[name].strip()]
    patient = supplies.get(row["patient"].strip())
    if missing or start is None or days is None:
        return _nothing(f"{', '.join(missing)} missing")
    if patient is None:
        return _nothing("no event of this patient")
    if patient.undated:
        return _nothing("an event of this patient has no date")
    window = Window(start, days)
    if measure == "PDC":
        return _said(pdc(patient.fills, window))
    if measure != "PDC_INTAKE_DAYS":
        return _said(mpr(patient.fills, window, capped=measure == "MPR_CAPPED"))
    if (on is None and off) or (on is not None and off is None):
        return _nothing("days_on or days_off missing")
    if hold_from is None and hold_days:
        return _nothing("hold_from_day missing")
    held = range(0) if hold_from is None else range(hold_from, window.end if hold_days is None else hold_from + hold_days)
    return _said(pdc(patient.fills, window, {n: ONE for n in range(window.end) if _due(n, on, off) and n not in held}))


def _due(day: int, on: int | None, off: int | None) -> bool:
    """Is the day, counted from the first event, one of intake? Without a schedule every day is."""
    return on is None or (on > 0 and day % (on + (off or 0)) < on)


def _day(row: Row, column: str, *, negative: bool = False) -> int | None:
    found = tables.number(row, column, negative=negative)
    if found is not None and (found != int(found) or abs(found) > FURTHEST_DAY):
        raise BadRow(f"{column} {tables.shown(row[column].strip())}, expected whole days, at most {FURTHEST_DAY}")
    return None if found is None else int(found)


def _said(figure: Figure) -> dict[str, str]:
    return {"result": plain(figure.value), "reason": REASONS.get(figure.reason, "")}


def _nothing(reason: str) -> dict[str, str]:
    return {"result": "", "reason": reason}
