"""What the twelve weeks show, ready to be drawn and to be read as a table: the shapes, and what each day holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from app.alerts.models import Alert, AlertEvent
from app.care.contact_models import Contact
from app.checkins.models import AnswerRow
from app.people.models import Absence
from app.treatment.models import IntakeReport, Measure
from triage.terms import Level

DAYS = 84
SHOWN_MEASURES = ("temperature", "weight")
FEVER = Decimal(38)
"""Written beside its point in the picture; the limits that decide are the protocol's."""

USUAL = {"temperature": (Decimal("35.5"), Decimal("40.5"))}
"""Degrees the temperature's row spans; it grows when a value lies outside."""


@dataclass(frozen=True)
class Band:
    """Days that are alike, both included. kind: on, off, hold, unknown."""

    first: int
    last: int
    kind: str
    cycle: int | None

    @property
    def length(self) -> int:
        """Days of the band."""
        return self.last - self.first + 1


@dataclass(frozen=True)
class Judged:
    """One judged check-in: a column of scores."""

    on: date
    x: int
    cycle: int | None
    cycle_day: int | None
    level: str
    assessment_id: int
    scores: dict[str, int | None]
    not_asked: frozenset[str] = frozenset()
    answers: Sequence[AnswerRow] = ()


@dataclass(frozen=True)
class Doses:
    """What was said of the tablets over a span of days; ``first`` and ``last`` are days of the picture."""

    first: int
    last: int
    report: IntakeReport

    @property
    def whole(self) -> bool:
        """Everything taken as prescribed, nothing more."""
        r = self.report
        return r.missed == 0 and not r.extra and not r.off_day and not r.stopped


@dataclass(frozen=True)
class Step:
    """The prescribed dose over a span of days: mg of one intake, 0 while it is held. share: of the highest dose shown, 0 to 1."""

    first: int
    last: int
    mg: Decimal
    held: bool
    share: float

    @property
    def length(self) -> int:
        """Days of the step."""
        return self.last - self.first + 1


@dataclass(frozen=True)
class Point:
    """A measure in its row: day of the picture, height 0 (bottom) to 1, and whether its value is written beside it."""

    x: int
    height: float
    row: Measure
    written: bool


@dataclass(frozen=True)
class Called:
    """Calls of one day: those noted on an alert, and call sheets that were closed."""

    x: int
    on: date
    events: Sequence[AlertEvent] = ()
    sheets: Sequence[Contact] = ()

    @property
    def times(self) -> int:
        """How many."""
        return len(self.events) + len(self.sheets)


@dataclass(frozen=True)
class Away:
    """A visit or a stay, as far as the picture shows it; ``first`` and ``last`` are its days."""

    first: int
    last: int
    row: Absence


@dataclass(frozen=True)
class Rang:
    """Alerts opened on one day, the highest first."""

    x: int
    on: date
    alerts: Sequence[Alert]

    @property
    def level(self) -> str:
        """The highest level of that day."""
        return max((alert.level for alert in self.alerts), key=Level.of)


@dataclass(frozen=True)
class Line:
    """One day of the table: a day on which anything was answered, missed, measured, done or decided."""

    on: date
    judged: Judged | None
    silent: bool
    step: Step | None
    calls: Called | None
    away: Sequence[Away]
    rang: Rang | None


@dataclass(frozen=True)
class History:
    """The picture: day 0 is ``start``, day 83 today. baseline: the last weight from before treatment, None when nobody measured it."""

    start: date
    today: date
    symptoms: Sequence[str] = ()
    judged: Sequence[Judged] = ()
    bands: Sequence[Band] = ()
    doses: Sequence[Doses] = ()
    steps: Sequence[Step] = ()
    silent: Sequence[tuple[int, date]] = ()
    alerts: Sequence[Rang] = ()
    calls: Sequence[Called] = ()
    away: Sequence[Away] = ()
    measured: dict[str, list[tuple[int, Measure]]] = field(default_factory=dict)
    baseline: Measure | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing was ever answered, measured, missed or done."""
        return not (self.judged or self.silent or self.measured or self.doses or self.calls or self.away or self.alerts)

    @property
    def treatment_has_cycles(self) -> bool:
        """Do rest days or a second cycle make bands worth naming?"""
        return any(band.kind == "off" for band in self.bands) or len(self.cycles) > 1

    @property
    def mondays(self) -> list[tuple[int, date]]:
        """Where the weeks begin."""
        days_shown = [(x, self.day(x)) for x in range(DAYS)]
        return [(x, day) for x, day in days_shown if day.weekday() == 0]

    @property
    def cycles(self) -> list[tuple[int, int]]:
        """Where each cycle begins: (day of the picture, number)."""
        seen: dict[int, int] = {}
        for band in self.bands:
            if band.cycle is not None:
                seen.setdefault(band.cycle, band.first)
        return [(x, number) for number, x in sorted(seen.items())]

    @property
    def held(self) -> bool:
        """Was the treatment ever held in these weeks?"""
        return any(step.held for step in self.steps) or any(band.kind == "hold" for band in self.bands)

    @property
    def dense(self) -> frozenset[int]:
        """Days whose neighbour has a check-in too: their scores are drawn as narrow as a day, so that no digit hides another."""
        days = {one.x for one in self.judged}
        return frozenset(x for x in days if {x - 1, x + 1} & days)

    def day(self, x: int) -> date:
        """The date of a day of the picture."""
        return self.start + timedelta(days=x)

    def points(self, kind: str) -> list[Point]:
        """A row of measures; fevers, the first, the last and the extremes carry their value."""
        rows = self.measured.get(kind, [])
        values = [row.value for _, row in rows]
        if not values:
            return []
        usual = USUAL.get(kind)
        low, high = (min(*values, usual[0]), max(*values, usual[1])) if usual else (min(values) - 1, max(values) + 1)
        told = {values.index(max(values)), values.index(min(values)), len(values) - 1} if not usual else {len(values) - 1}
        return [
            Point(x, float((row.value - low) / (high - low)), row, at in told or bool(usual and row.value >= FEVER))
            for at, (x, row) in enumerate(rows)
        ]

    def change(self, row: Measure) -> Decimal | None:
        """By how much per cent a weight differs from the one before treatment; None when that is not known, or in another unit."""
        first = self.baseline
        if first is None or row.kind != first.kind or row.unit != first.unit or row.id == first.id:
            return None
        return (row.value - first.value) * 100 / first.value

    def measures_on(self, kind: str, on: date) -> list[Measure]:
        """The values of this kind measured that day, the last one last."""
        return [row for x, row in self.measured.get(kind, ()) if self.day(x) == on]

    def doses_on(self, on: date) -> IntakeReport | None:
        """The report said on that day."""
        found = [one.report for one in self.doses if one.report.to_day == on]
        return found[-1] if found else None

    @property
    def lines(self) -> list[Line]:
        """The picture as rows of a table, latest first: a day with two check-ins has two rows, all else stands in the first."""
        found: list[Line] = []
        for x in range(DAYS - 1, -1, -1):
            on = self.day(x)
            judged = [one for one in self.judged if one.x == x][::-1]
            line = Line(
                on=on,
                judged=judged[0] if judged else None,
                silent=any(day == x for day, _ in self.silent),
                step=next((one for one in self.steps if one.first <= x <= one.last), None),
                calls=next((one for one in self.calls if one.x == x), None),
                away=[one for one in self.away if one.first <= x <= one.last],
                rang=next((one for one in self.alerts if one.x == x), None),
            )
            measured = any(at == x for rows in self.measured.values() for at, _ in rows)
            begins = [one for one in (*line.away, *([line.step] if line.step else ())) if one.first == x and x > 0]
            if judged or line.silent or line.calls or line.rang or measured or begins or self.doses_on(on):
                found.append(line)
            found += [Line(on, one, False, None, None, (), None) for one in judged[1:]]
        return found
