"""How alerts climb, level by level: the rungs as a form the coordinator may change, with the service's own targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.alerts import reasons
from app.core.errors import NotFound, Refusal
from app.people import routes
from app.people.models import Service
from app.web.coordinator import Typed, service_of
from app.web.deps import Reads, Writes
from app.web.render import Page, StaffPage
from triage.terms import Level

router = APIRouter()

MOST = 6
"""Rungs of a form."""


@dataclass(frozen=True)
class Climb:
    """One level as it climbs now. own: the service wrote it; otherwise the house's, unless a protocol says more."""

    level: str
    rungs: Sequence[dict[str, Any]]
    take: int
    act: int
    own: bool


def shown(session: Session, service: Service) -> list[Climb]:
    """Every level, the gravest first."""
    return [_climb(session, service, level) for level in routes.LEVELS]


def _climb(session: Session, service: Service, level: str) -> Climb:
    route = routes.of(session, service.id, level)
    rungs = route.rungs if route else reasons.LADDERS[Level.of(level)]
    full = [{**rung, "by": list(rung.get("by") or routes.usual_ways(level, str(rung["notify"])))} for rung in rungs]
    take, act = routes.targets(session, service.id, level)
    return Climb(level, full, take, act, route is not None)


@router.get("/rota/routes/{level}")
def show(page: StaffPage, session: Reads, level: str) -> Response:
    """The form of one level."""
    page.viewer.require("manage_service")
    climb = _climb(session, service_of(session, page), _known(level))
    return _form(page, climb, _written(climb), {})


@router.post("/rota/routes/{level}")
def write(page: StaffPage, session: Writes, level: str, values: Typed) -> Response:
    """Keep the route, or the form again with what is wrong; alerts already climbing keep theirs."""
    page.viewer.require("manage_service")
    service, level = service_of(session, page), _known(level)
    try:
        take, act = (_minutes(values.get(name, ""), "targets") for name in ("take", "act"))
        rungs = _rungs(values)
        routes.write(session, service, level, rungs, take_minutes=take, act_minutes=act, by=page.viewer, now=page.now)
    except Refusal as refusal:
        errors = page.field_errors(refusal)
        if not errors:
            raise
        session.rollback()
        return _form(page, _climb(session, service_of(session, page), level), values, errors)
    return page.go("/rota?said=kept#routes")


def _rungs(values: dict[str, str]) -> list[dict[str, Any]]:
    """The rungs whose minutes are filled in, in their order."""
    written = [number for number in range(MOST) if values.get(f"r{number}_after", "").strip()]
    return [
        {
            "after_minutes": _minutes(values[f"r{number}_after"], "rungs"),
            "notify": values.get(f"r{number}_notify", ""),
            "by": [way for way in routes.WAYS if values.get(f"r{number}_{way}")],
        }
        for number in written
    ]


def _minutes(text: str, field: str) -> int:
    if not text.strip().isdecimal() or len(text.strip()) > 5:
        raise Refusal("Write minutes as a whole number.", field=field, status=422)
    return int(text)


def _written(climb: Climb) -> dict[str, str]:
    found = {"take": str(climb.take), "act": str(climb.act)}
    for number, rung in enumerate(climb.rungs):
        found |= {f"r{number}_after": str(rung["after_minutes"]), f"r{number}_notify": str(rung["notify"])}
        found |= {f"r{number}_{way}": "yes" for way in rung["by"]}
    return found


def _known(level: str) -> str:
    if level not in routes.LEVELS:
        raise NotFound("This level")
    return level


def _form(page: Page, climb: Climb, values: dict[str, str], errors: dict[str, str]) -> Response:
    return page.page(
        "rota/route.html",
        422 if errors else 200,
        climb=climb,
        values=values,
        errors=errors,
        most=MOST,
        meant=routes.MEANT,
        ways=routes.WAYS,
    )
