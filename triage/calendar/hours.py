"""The instant a local hour falls on, the patient's date at an instant, and hours in which nothing is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Quiet:
    """No automatic question between these local hours; ``start`` is included, ``end`` is not. May pass midnight."""

    start: time = time(20)
    end: time = time(8)

    def holds(self, at: time) -> bool:
        """Is this local time quiet?"""
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


def zone_of(name: str) -> ZoneInfo:
    """An IANA time zone. ValueError for any other name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"unknown time zone {name!r}: expected an IANA name such as Europe/Paris or Indian/Reunion") from None


def instant(day: date, hour: time, zone: str) -> datetime:
    """The UTC instant of a local hour. An hour that the clock skips is moved forward by the gap; one it repeats is its first pass."""
    return datetime.combine(day, hour.replace(fold=0), tzinfo=zone_of(zone)).astimezone(UTC)


def local_day(at: datetime, zone: str) -> date:
    """The patient's date at an instant."""
    return at.astimezone(zone_of(zone)).date()


def is_quiet(at: datetime, zone: str, quiet: Quiet) -> bool:
    """Does this instant fall inside the patient's quiet hours?"""
    return quiet.holds(at.astimezone(zone_of(zone)).time())


def next_allowed(at: datetime, zone: str, quiet: Quiet) -> datetime:
    """``at`` itself outside quiet hours, otherwise the end of them, in UTC."""
    local = at.astimezone(zone_of(zone))
    if not quiet.holds(local.time()):
        return at.astimezone(UTC)
    day = local.date() + DAY if local.time() >= quiet.end else local.date()
    return instant(day, quiet.end, zone)


# --- Travel and the small hours -----------------------------------------------------------------------------------------------------

NIGHT_ENDS = time(4)
"""A tablet swallowed before this local hour belongs to the evening before. Our own convention (2026-11-22): every label read counts
intakes by day and none names an hour; 04:00 is later than a late evening and earlier than a morning intake."""


@dataclass(frozen=True)
class Stay:
    """From this date on the patient lives by another zone; the way home is a stay in the home zone."""

    from_day: date
    zone: str


def zone_on(day: date, home: str, stays: Sequence[Stay] = ()) -> str:
    """The zone a date is lived in. ``stays`` in order of date."""
    return next((stay.zone for stay in reversed(stays) if stay.from_day <= day), home)


def day_at(at: datetime, home: str, stays: Sequence[Stay] = ()) -> date:
    """The patient's date at an instant: a stay has begun once its first day has begun in its own zone."""
    here = next((stay.zone for stay in reversed(stays) if local_day(at, stay.zone) >= stay.from_day), home)
    return local_day(at, here)


def intake_day(at: datetime, zone: str) -> date:
    """The day an intake counts for: before NIGHT_ENDS, the day before."""
    local = at.astimezone(zone_of(zone))
    return local.date() - DAY if local.time() < NIGHT_ENDS else local.date()
