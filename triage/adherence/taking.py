"""What was taken against what was due, how intense the treatment was, how long it lasted. Missed and extra never cancel each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from triage.adherence.figures import Figure
from triage.calendar import DAY, Pattern

CAUSES = ("forgot", "side_effect", "misunderstood", "supply", "choice", "swallowing", "travel", "other")
"""Why intakes were missed or added: a closed list, because it drives what the nurse does next. supply: cost or supply."""

WEEK = 7 * DAY


@dataclass(frozen=True)
class Reported:
    """What was said of one span. scheduled: intakes due in it under the plan of those days. None: not known."""

    scheduled: int | None
    missed: int | None
    extra: int | None
    off_day: bool | None = None


@dataclass(frozen=True)
class Taking:
    """Intakes due on the days somebody spoke of, and what was said of them. off_day_intakes: how many, where they were counted."""

    scheduled: int
    missed: int
    extra: int
    off_day: bool
    off_day_intakes: int | None = None

    @property
    def share(self) -> Figure:
        """Taking adherence: correct intakes over those due. Extra ones never make up for missed ones."""
        if self.scheduled < 1:
            return Figure(reason="nothing_due")
        if self.missed > self.scheduled:
            return Figure(reason="more_missed_than_due")  # one of the two is wrong, and nobody here can say which
        return Figure(Decimal(self.scheduled - self.missed), Decimal(self.scheduled))

    @property
    def gone(self) -> Figure:
        """Intakes gone from the box over those due, extra ones included: all that a count or a cap can see."""
        share = self.share
        taken = self.extra + (self.off_day_intakes or 0)
        return share if share.reason else Figure(share.part + taken, share.whole)

    @property
    def over(self) -> bool:
        """Was more taken than prescribed? An event whatever the share."""
        return self.extra > 0 or self.off_day


def taking(reports: Iterable[Reported]) -> Taking:
    """Spans that do not overlap, added up. Where what was due or missed is not known, the span leaves both counts, not its events."""
    told = list(reports)
    counted = [one for one in told if one.scheduled is not None and one.missed is not None]
    return Taking(
        scheduled=sum(one.scheduled or 0 for one in counted),
        missed=sum(one.missed or 0 for one in counted),
        extra=sum(one.extra or 0 for one in told),
        off_day=any(one.off_day for one in told),
    )


def day_by_day(due: Mapping[date, int | None], taken: Mapping[date, int | None]) -> Taking:
    """Intakes counted day by day (a cap, a diary), against those due that day. A day where either is unknown is left out."""
    scheduled = missed = extra = at_rest = 0
    for on, wanted in due.items():
        had = taken.get(on)
        if wanted is None or had is None:
            continue
        scheduled += wanted
        missed += max(wanted - had, 0)
        if wanted:
            extra += max(had - wanted, 0)
        else:
            at_rest += had
    return Taking(scheduled, missed, extra, off_day=at_rest > 0, off_day_intakes=at_rest)


def weekly_seconds(pattern: Pattern, taken: Mapping[date, int]) -> tuple[date, ...]:
    """For a medicine of a named weekday: the days of any second intake in less than seven days, each an emergency. Else none.

    A dose taken some days late makes the next one such a second intake: whether it is one, a person decides at once.
    """
    if pattern.weekday is None:
        return ()
    days = sorted(on for on, count in taken.items() if count > 0)
    close = {later for earlier, later in pairwise(days) if later - earlier < WEEK}
    return tuple(sorted(close | {on for on in days if taken[on] > 1}))


def rdi(received_mg: Decimal, actual_days: int, planned_mg: Decimal, planned_days: int) -> Figure:
    """Relative dose intensity: (received dose / actual time) / (planned dose / planned time). Held and reduced days stay in it."""
    if min(actual_days, planned_days) < 1 or planned_mg <= 0:
        return Figure(reason="nothing_planned")
    return Figure(received_mg * planned_days, planned_mg * actual_days)


@dataclass(frozen=True)
class Persistence:
    """Days from the first intake to the last day of treatment, both included. ongoing: it has not stopped; a hold is not a stop."""

    days: int
    ongoing: bool


def persistence(first_intake: date, stopped_on: date | None, today: date) -> Persistence:
    """How long the treatment has been kept up."""
    ongoing = stopped_on is None or stopped_on > today
    last = today if stopped_on is None or ongoing else stopped_on
    return Persistence(max((last - first_intake).days + 1, 0), ongoing)
