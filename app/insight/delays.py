"""How long alerts waited, by month and level, against what the service promised itself (FR-16). Counted from events, never estimated."""

from __future__ import annotations

import math
import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertEvent
from app.core.errors import NotFound
from app.people import care_team, routes
from app.people.models import Service
from app.people.perimeter import Viewer

MONTHS = 3
"""Months shown, the running one included."""
LONGEST = 24
"""Months that may be chosen, the running one included: two years, as long as a yearly report looks back."""
WRITTEN = re.compile("2[01][0-9]{2}-(0[1-9]|1[0-2])")
ACTS = ("called", "closed", "decided")
"""What counts as action: a call to or about the patient, a recorded decision, or the close with its outcome."""


@dataclass(frozen=True)
class Waited:
    """Minutes until something happened, over the alerts of a month and level. median, p95: None while it happened to none of them.

    over: alerts that were later than ``target``, those still waiting past it included. pending: those it has not happened to.
    """

    target: int
    median: float | None
    p95: float | None
    over: int
    pending: int


@dataclass(frozen=True)
class Line:
    """One month and level. month: its first local day as "2026-11"."""

    month: str
    level: str
    count: int
    taken: Waited
    acted: Waited


def lines(session: Session, *, viewer: Viewer, now: datetime, month: str = "") -> list[Line]:
    """The last months of the viewer's service, the newest first, graver levels first. Urgent on the clock, the others in service hours.

    month: only that one, as "2026-11"; an alert is of the month in which its level began. Raises NotFound for a month that is none.
    """
    service = _service(session, viewer)
    zone, span = ZoneInfo(service.timezone), _span(service, now, month)
    groups: dict[tuple[str, str], list[tuple[float | None, float | None, float]]] = defaultdict(list)
    for alert, events in _alerts(session, service, *span):
        begins = next((event.at for event in events if event.level == alert.level), alert.opened_at)
        if not span[0] <= begins < span[1]:
            continue
        after = [event for event in events if event.at >= begins]
        waits = [_minutes(service, alert.level, begins, _first(after, kinds)) for kinds in (("taken", *ACTS), ACTS)]
        running = _minutes(service, alert.level, begins, alert.closed_at or now) or 0.0
        groups[f"{begins.astimezone(zone):%Y-%m}", alert.level].append((waits[0], waits[1], running))
    order = sorted(groups, key=lambda group: routes.LEVELS.index(group[1]))
    return [
        _line(month, level, groups[month, level], routes.targets(session, service.id, level))
        for month, level in sorted(order, key=lambda group: group[0], reverse=True)
    ]


def months(session: Session, *, viewer: Viewer, now: datetime) -> list[str]:
    """Those that may be chosen, the newest first: back to the service's first alert."""
    service = _service(session, viewer)
    zone = ZoneInfo(service.timezone)
    first = session.scalar(select(func.min(Alert.opened_at)).where(Alert.service_id == service.id)) or now
    month = now.astimezone(zone).date().replace(day=1)
    found: list[str] = []
    while len(found) < LONGEST and month >= first.astimezone(zone).date().replace(day=1):
        found.append(f"{month:%Y-%m}")
        month = (month - timedelta(days=1)).replace(day=1)
    return found


def _service(session: Session, viewer: Viewer) -> Service:
    viewer.require("see_alerts")
    service = session.get(Service, viewer.service_id) if viewer.service_id else None
    if service is None:
        raise NotFound("This service")
    return service


def _span(service: Service, now: datetime, month: str) -> tuple[datetime, datetime]:
    """From the first instant of the month, in the service's zone, to the first of the next; without a month, the last ones until now."""
    zone = ZoneInfo(service.timezone)
    if month:
        if not WRITTEN.fullmatch(month):
            raise NotFound("This month")
        first = datetime.fromisoformat(f"{month}-01").replace(tzinfo=zone)
        return first, (first + timedelta(days=32)).replace(day=1)
    since = now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(MONTHS - 1):
        since = (since - timedelta(days=1)).replace(day=1)
    return since, now + timedelta(seconds=1)


def _alerts(session: Session, service: Service, since: datetime, until: datetime) -> Iterable[tuple[Alert, Sequence[AlertEvent]]]:
    """Those that were open in the span: one opened before may have risen in it."""
    mine = (Alert.service_id == service.id, Alert.opened_at < until, or_(Alert.closed_at.is_(None), Alert.closed_at >= since))
    events: dict[int, list[AlertEvent]] = defaultdict(list)
    wanted = ("raised", "risen", "taken", *ACTS)
    found = select(AlertEvent).join(Alert, Alert.id == AlertEvent.alert_id).where(*mine, AlertEvent.kind.in_(wanted))
    for event in session.scalars(found.order_by(AlertEvent.id)):
        events[event.alert_id].append(event)
    for alert in session.scalars(select(Alert).where(*mine).order_by(Alert.id)):
        yield alert, events[alert.id]


def _first(events: Sequence[AlertEvent], kinds: Sequence[str]) -> datetime | None:
    return next((event.at for event in events if event.kind in kinds), None)


def _minutes(service: Service, level: str, begins: datetime, ends: datetime | None) -> float | None:
    if ends is None:
        return None
    if level == "urgent":
        return (ends - begins).total_seconds() / 60
    zone = ZoneInfo(service.timezone)
    first, last = begins.astimezone(zone).date(), ends.astimezone(zone).date()
    days = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
    spans = (span for day in days for span in care_team.spans_of(service, day))
    return sum(max(0.0, (min(closes, ends) - max(opens, begins)).total_seconds()) for opens, closes in spans) / 60


def _line(month: str, level: str, rows: list[tuple[float | None, float | None, float]], targets: tuple[int, int]) -> Line:
    taken = _waited([(row[0], row[2]) for row in rows], targets[0])
    acted = _waited([(row[1], row[2]) for row in rows], targets[1])
    return Line(month, level, len(rows), taken, acted)


def _waited(rows: list[tuple[float | None, float]], target: int) -> Waited:
    """Whatever has not happened yet counts by how long it has been waited for: missing is never quick."""
    happened = sorted(wait for wait, _ in rows if wait is not None)
    over = sum(1 for wait, running in rows if (running if wait is None else wait) > target)
    median = statistics.median(happened) if happened else None
    p95 = happened[math.ceil(0.95 * len(happened)) - 1] if happened else None
    return Waited(target, median, p95, over, len(rows) - len(happened))
