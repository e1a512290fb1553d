"""A test alert goes down the road of a real urgent one, to the same people by the same ways, and says TEST: no patient, in no count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.alerts import paging, reasons, tasks
from app.alerts.paging import Words
from app.core import audit
from app.core.audit import SYSTEM, Actor
from app.core.errors import NotFound, Refusal
from app.messaging.models import Message, Out
from app.people import members, rota, routes
from app.people.models import Role, Service, Staff
from app.people.perimeter import Viewer
from app.people.rota_models import ROAD_MOVES, RoadLeg, RoadState, RoadTest
from triage.terms import Level

WITHIN = timedelta(minutes=15)
"""Minutes a road has to work: those in which a real urgent alert has reached its last rung (house rule, 2026-11-23)."""
APART = timedelta(minutes=5)
"""Between two tests asked for: a button pressed twice rings nobody twice (house rule, 2026-11-23)."""


def ask(session: Session, service: Service, *, by: Viewer, now: datetime) -> RoadTest:
    """Somebody wants to know now whether the road works. Raises Refusal 403, or while another test is under way."""
    by.require("test_road")
    if by.service_id != service.id:
        raise NotFound("This service")
    last = latest(session, service.id, limit=1)
    if last and (last[0].state == RoadState.RUNNING or now - last[0].started_at < APART):
        raise Refusal("A test has just left. Wait for what it says.", status=409)
    return _start(session, service, key=None, by=by.actor, now=now)


def daily_due(session: Session, now: datetime) -> list[int]:
    """Services whose hour has come today and whose road was not tested today."""
    found = []
    for service in session.scalars(select(Service).order_by(Service.id)):
        hour = rota.road_test_hour(session, service.id)
        if hour is None or now.astimezone(ZoneInfo(service.timezone)).hour < hour:
            continue
        if session.scalar(select(RoadTest.id).where(RoadTest.key == _day_key(service, now))) is None:
            found.append(service.id)
    return found


def begin_daily(session: Session, service_id: int, now: datetime) -> RoadTest | None:
    """The test of the day; None when another process began it."""
    service = session.get_one(Service, service_id)
    try:
        with session.begin_nested():
            return _start(session, service, key=_day_key(service, now), by=SYSTEM, now=now)
    except IntegrityError:
        return None


def _day_key(service: Service, now: datetime) -> str:
    return f"daily:{service.id}:{now.astimezone(ZoneInfo(service.timezone)).date().isoformat()}"


def _start(session: Session, service: Service, *, key: str | None, by: Actor, now: datetime) -> RoadTest:
    asked_by = by.id if by.kind == "staff" else None
    test = RoadTest(service_id=service.id, key=key, state=RoadState.RUNNING, asked_by_id=asked_by, started_at=now, judge_at=now + WITHIN)
    session.add(test)
    session.flush()
    for person, ways in _on_the_road(session, service, now):
        sent = paging.page(session, service, person, ways, _words(test), reason=f"road:{test.id}", now=now)
        for way, message in sent.items():
            session.add(RoadLeg(test_id=test.id, staff_id=person.id, way=way, message_id=message.id))
        if "browser" in ways or not sent:  # whoever has no way at all is a broken road, and must not be missing from what is shown
            session.add(RoadLeg(test_id=test.id, staff_id=person.id, way="browser" if "browser" in ways else "none"))
    session.flush()
    _record(session, test, "road.tested", by=by, now=now)
    return test


def _words(test: RoadTest) -> Words:
    return Words(text="staff_test", call="staff_test_call", values={"ref": f"R{test.id}"})


def _on_the_road(session: Session, service: Service, now: datetime) -> list[tuple[Staff, Sequence[str]]]:
    """Everybody whom an urgent alert raised now would mean, rung after rung, each with every way of theirs. No patient, no prescriber."""
    route = routes.of(session, service.id, Level.URGENT.word)
    rungs = route.rungs if route else reasons.LADDERS[Level.URGENT]
    found: dict[int, tuple[Staff, list[str]]] = {}
    for rung in rungs:
        notify = str(rung["notify"])
        if notify in ("prescriber", "nurse"):
            continue
        for person in paging.meant_by(session, service, notify, now):
            _, ways = found.setdefault(person.id, (person, []))
            ways += [way for way in rung.get("by") or routes.usual_ways(Level.URGENT.word, notify) if way not in ways]
    return list(found.values())


def confirm(session: Session, test_id: int, *, by: Viewer, now: datetime) -> RoadTest:
    """Whoever reads it on their screen says so. Raises NotFound for a test they are not part of; late counts as seen, not as in time."""
    legs = select(RoadLeg).join(RoadTest, RoadTest.id == RoadLeg.test_id)
    mine = legs.where(RoadTest.id == test_id, RoadTest.service_id == by.service_id, RoadLeg.staff_id == by.actor.id)
    found = list(session.scalars(mine.order_by(RoadLeg.id).with_for_update()))
    if by.actor.kind != "staff" or not found:
        raise NotFound("This test")
    for leg in found:
        if leg.confirmed_at is None and leg.way not in ("voice", "none"):  # a telephone not picked up does not work by another way
            leg.confirmed_at, leg.confirmed_how = now, "screen"
    session.flush()
    return session.get_one(RoadTest, test_id, populate_existing=True)


def settle_due(session: Session, now: datetime) -> list[int]:
    """Tests whose minutes are over, or of which every leg already worked."""
    running = session.scalars(select(RoadTest).where(RoadTest.state == RoadState.RUNNING).order_by(RoadTest.id))
    return [test.id for test in running if test.judge_at <= now or (test.legs and all(worked(session, leg) for leg in test.legs))]


def settle(session: Session, test_id: int, now: datetime) -> bool:
    """Say whether the road works. One that does not is a task for the head, and an alarm for whoever watches (app.insight.watch)."""
    test = session.get_one(RoadTest, test_id)
    failed = broken(session, test)
    state = RoadState.FAILED if failed or not any(worked(session, leg) for leg in test.legs) else RoadState.HELD
    assert state in ROAD_MOVES[RoadState.RUNNING]
    here = (RoadTest.id == test_id, RoadTest.state == RoadState.RUNNING)
    done = session.execute(update(RoadTest).where(*here).values(state=state, settled_at=now))
    if done.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        return False
    session.refresh(test)
    _record(session, test, "road.settled", by=SYSTEM, now=now, after=str(state))
    if state == RoadState.FAILED:
        there = (members.belongs(test.service_id), Staff.role == Role.COORDINATOR, Staff.active)
        head = session.scalar(select(Staff.id).where(*there).order_by(Staff.id).limit(1))
        tasks.make(
            session,
            service_id=test.service_id,
            kind="road_failed",
            key=f"road_failed:{test.id}",
            detail={"test_id": test.id},
            owner_id=head,
            now=now,
        )
    return True


def worked(session: Session, leg: RoadLeg) -> bool:
    """Did the words arrive this way? Confirmed by their reader, delivered or picked up; a letter has no report: its server took it."""
    if leg.confirmed_at is not None:
        return True
    state = session.scalar(select(Message.state).where(Message.id == leg.message_id)) if leg.message_id else None
    return state == Out.DELIVERED or (leg.way == "email" and state == Out.SENT)


def broken(session: Session, test: RoadTest) -> list[RoadLeg]:
    """Legs that carried nothing. A screen nobody looked at is not one: its reader has other ways, or the whole test fails."""
    return [leg for leg in test.legs if leg.way != "browser" and not worked(session, leg)]


def latest(session: Session, service_id: int, limit: int = 5) -> list[RoadTest]:
    """The last tests, the newest first."""
    return list(session.scalars(select(RoadTest).where(RoadTest.service_id == service_id).order_by(RoadTest.id.desc()).limit(limit)))


def _record(session: Session, test: RoadTest, action: str, *, by: Actor, now: datetime, after: object = None) -> None:
    audit.record(session, actor=by, action=action, subject=f"road_test:{test.id}", service_id=test.service_id, after=after, now=now)
