"""The instant a local hour falls on, the patient's date at an instant, and hours in which nothing is asked."""

from __future__ import annotations

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
