"""The test alert: asked for here, answered here by whoever reads it on a screen, and what arrived where and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.alerts import road
from app.core.errors import Refusal
from app.messaging.models import Message, Out
from app.people import rota
from app.people.models import Staff
from app.people.rota_models import RoadLeg, RoadState, RoadTest
from app.web.coordinator import Id, Typed, service_of
from app.web.deps import Writes
from app.web.render import StaffPage

router = APIRouter()


@dataclass(frozen=True)
class Leg:
    """One person by one way. state: a word of rota.toml: confirmed, arrived, under_way, not_arrived, not_seen. at: when, if it did."""

    name: str
    way: str
    state: str
    at: datetime | None
    by_key: bool


@dataclass(frozen=True)
class Seen:
    """One test and what became of each leg. by: who asked for it, "" for the daily one."""

    test: RoadTest
    by: str
    legs: Sequence[Leg]


@router.post("/rota/test")
def ask(page: StaffPage, session: Writes) -> Response:
    """Send a test alert down the road of an urgent one, now; while one is under way the page says so and nothing more leaves."""
    try:
        road.ask(session, service_of(session, page), by=page.viewer, now=page.now)
    except Refusal as refusal:
        if refusal.status != 409:
            raise
        return page.go("/rota?said=test_running")
    return page.go("/rota?said=test_left#test")


@router.post("/rota/test/{test_id}/confirm")
def confirm(page: StaffPage, session: Writes, test_id: Id) -> Response:
    """The reader saw it."""
    road.confirm(session, test_id, by=page.viewer, now=page.now)
    return page.go("/rota?said=test_confirmed#test")


@router.post("/rota/test-hour")
def choose_hour(page: StaffPage, session: Writes, values: Typed) -> Response:
    """When the road is tested each day."""
    page.viewer.require("manage_service")
    typed = values.get("hour", "")
    if typed and not (typed.isdecimal() and len(typed) < 3):
        raise Refusal("Choose an hour from 0 to 23.", field="hour", status=422)
    rota.choose_road_test_hour(session, service_of(session, page), int(typed) if typed else None, by=page.viewer, now=page.now)
    return page.go("/rota?said=kept#test")


def seen(session: Session, test: RoadTest) -> Seen:
    """What a page shows of a test."""
    by = session.get(Staff, test.asked_by_id) if test.asked_by_id else None
    return Seen(test, by.name if by else "", [_leg(session, test, leg) for leg in test.legs])


def _leg(session: Session, test: RoadTest, leg: RoadLeg) -> Leg:
    name = session.get_one(Staff, leg.staff_id).name
    message = session.get(Message, leg.message_id) if leg.message_id else None
    if leg.confirmed_at is not None:
        return Leg(name, leg.way, "confirmed", leg.confirmed_at, leg.confirmed_how == "key")
    if road.worked(session, leg):
        return Leg(name, leg.way, "arrived", (message.settled_at or message.sent_at) if message else None, by_key=False)
    lost = message is not None and message.state in (Out.FAILED, Out.UNDELIVERED, Out.EXPIRED)
    if test.state == RoadState.RUNNING and not lost and leg.way != "none":
        return Leg(name, leg.way, "under_way", None, by_key=False)
    return Leg(name, leg.way, "not_seen" if leg.way == "browser" else "not_arrived", None, by_key=False)
