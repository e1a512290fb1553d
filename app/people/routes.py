"""How alerts climb in a service, level by level: whom each rung means, by which ways, and the targets the service gave itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.errors import Refusal
from app.people.models import Service
from app.people.perimeter import Viewer
from app.people.rota_models import AlertRoute

LEVELS = ("urgent", "high", "moderate")
MEANT = ("team", "on_call", "prescriber", "nurse", "head")
"""Whom a rung may mean: the ward's shift, who is on call, the patient's oncologist, their named nurse, the coordinators."""
WAYS = ("browser", "text", "email", "voice")
LOUD = frozenset({"text", "voice"})
"""Ways that reach somebody who looks at no screen."""

URGENT_WITHIN = 30
"""Minutes: the last rung of an urgent route is due before the time to act is over (see app.alerts.reasons.DEADLINES)."""
LONGEST = 7 * 24 * 60

_LOUDLY: Mapping[str, tuple[str, ...]] = {
    "team": ("browser", "text"),
    "on_call": ("text", "voice"),
    "prescriber": ("text", "email"),
    "nurse": ("browser", "text"),
    "head": ("text", "email", "voice"),
}
TARGETS: Mapping[str, tuple[int, int]] = {"urgent": (15, 30), "high": (120, 240), "moderate": (600, 600)}
"""Minutes to take and to act, by level, where a service has written none: the last rung's hour, then the time to act, which runs in
clock time for urgent and in service hours for the others (house rule, 2026-11-23)."""


def usual_ways(level: str, meant: str) -> tuple[str, ...]:
    """By which ways a rung that names none speaks: on call, and last, the telephone rings (house rule, 2026-11-23)."""
    return _LOUDLY.get(meant, ("text",)) if level == "urgent" else ("browser", "text") if meant == "team" else ("text", "email")


def of(session: Session, service_id: int, level: str) -> AlertRoute | None:
    """What this service wrote for this level; None: the protocol's ladder, else the house's."""
    return session.scalar(select(AlertRoute).where(AlertRoute.service_id == service_id, AlertRoute.level == level))


def write(
    session: Session,
    service: Service,
    level: str,
    rungs: Sequence[Mapping[str, Any]],
    *,
    take_minutes: int,
    act_minutes: int,
    by: Viewer,
    now: datetime,
) -> AlertRoute:
    """Keep a route for alerts raised from now on; those already climbing keep the ladder they were born with. Audited.

    Raises Refusal 403, or naming the field for a route that could reach nobody in time.
    """
    by.require("manage_service")
    if by.service_id != service.id or level not in LEVELS:
        raise Refusal("This level has no route.", status=404)
    kept = checked(level, rungs)
    if not 1 <= take_minutes <= act_minutes <= LONGEST:
        raise Refusal("Write both targets in minutes: taken first, acted on later.", field="targets", status=422)
    route = of(session, service.id, level)
    before = {"rungs": route.rungs, "take": route.take_minutes, "act": route.act_minutes} if route else None
    if route is None:
        route = AlertRoute(service_id=service.id, level=level)
        session.add(route)
    route.rungs, route.take_minutes, route.act_minutes = kept, take_minutes, act_minutes
    route.written_by, route.written_at = str(by.actor), now
    session.flush()
    after = {"rungs": kept, "take": take_minutes, "act": act_minutes}
    if after != before:
        audit.record(
            session,
            actor=by.actor,
            action="route.written",
            subject=f"route:{level}",
            service_id=service.id,
            before=before,
            after=after,
            now=now,
        )
    return route


def checked(level: str, rungs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rungs as they are kept. Raises Refusal: a ladder never begins late, stands still, ends in nothing or waits past its deadline."""
    kept: list[dict[str, Any]] = [
        {"after_minutes": int(rung["after_minutes"]), "notify": str(rung["notify"]), "by": [way for way in WAYS if way in rung["by"]]}
        for rung in rungs
    ]
    if not kept:
        raise Refusal("A route needs at least one rung: an alert must reach somebody.", field="rungs", status=422)
    minutes = [rung["after_minutes"] for rung in kept]
    if minutes[0] != 0 or any(later <= earlier for earlier, later in pairwise(minutes)) or minutes[-1] > LONGEST:
        raise Refusal("The first rung is at 0 minutes and each one comes later than the one before.", field="rungs", status=422)
    if any(rung["notify"] not in MEANT or not rung["by"] for rung in kept):
        raise Refusal("Each rung says whom it means and by which way.", field="rungs", status=422)
    if not LOUD & set(kept[-1]["by"]):
        raise Refusal("The last rung repeats until somebody takes the alert: it needs a text or a call.", field="rungs", status=422)
    if level == "urgent" and minutes[-1] > URGENT_WITHIN:
        raise Refusal("The last rung of an urgent alert comes within {n} minutes.", field="rungs", status=422, n=URGENT_WITHIN)
    return kept


def targets(session: Session, service_id: int, level: str) -> tuple[int, int]:
    """Minutes to take and to act that this service gave itself, else the house's."""
    route = of(session, service_id, level)
    return (route.take_minutes, route.act_minutes) if route else TARGETS[level]
