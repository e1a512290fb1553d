"""Is the process alive, can it work, and what a monitoring tool counts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertState
from app.checkins.models import CheckIn
from app.core import clock
from app.insight import watch
from app.insight.models import Heartbeat
from app.messaging.models import In, Message, Out
from app.people import services
from app.people.models import Role
from app.web.deps import TheTools, Tools
from migrations import run as migrations

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def healthz() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"alive": True})


@router.get("/readyz")
def readyz(tools: TheTools) -> JSONResponse:
    """503 with reasons when the database, its revision, the worker or the backlog would leave a patient unheard."""
    reasons = not_ready(tools)
    return JSONResponse({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)


def not_ready(tools: Tools) -> list[str]:
    """One sentence per reason; empty when ready."""
    try:
        with tools.database.reading() as session:
            here = migrations.current(session.connection())
            if here != migrations.head():
                return [f"the database is at revision {here or 'none'}, this version needs {migrations.head()}: run vigie migrate"]
            return watch.readiness(session, tools.clock.now(), clock.wall())
    except DBAPIError:
        return ["the database does not answer"]


_unread = (Message.direction == "in", Message.state == In.UNREAD)
_unsent = (Message.direction == "out", Message.state.in_((Out.QUEUED, Out.SENDING)))


@router.get("/metrics")
def metrics(request: Request, tools: TheTools, authorization: Annotated[str, Header()] = "") -> Response:
    """Prometheus text: counts and ages, nobody's name. From this machine, or with an administrator's token; hidden from others (SEC-43)."""
    if not (_from_here(request) or _administers(tools, authorization)):
        raise HTTPException(404)
    with tools.database.reading() as session:
        return Response(generate_latest(_counted(session, tools.clock.now())), media_type=CONTENT_TYPE_LATEST)


def _from_here(request: Request) -> bool:
    # Behind a proxy on the same machine everybody comes from here: whoever was forwarded is not local.
    forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    return request.client is not None and request.client.host in ("127.0.0.1", "::1") and not forwarded


def _administers(tools: Tools, authorization: str) -> bool:
    kind, _, token = authorization.partition(" ")
    if kind.lower() != "bearer" or not token:
        return False
    with tools.database.reading() as session:
        holder = services.token_holder(session, token)
    return holder is not None and holder.role == Role.ADMINISTRATOR


def _counted(session: Session, now: datetime) -> CollectorRegistry:
    registry = CollectorRegistry()
    messages = Gauge("vigie_messages", "Texts by direction and state", ["direction", "state"], registry=registry)
    for direction, state, count in session.execute(
        select(Message.direction, Message.state, func.count()).group_by(Message.direction, Message.state)
    ):
        messages.labels(direction, state).set(count)
    alerts = Gauge("vigie_alerts_open", "Alerts not closed, by level and state", ["level", "state"], registry=registry)
    for level, state, count in session.execute(
        select(Alert.level, Alert.state, func.count()).where(Alert.state != AlertState.CLOSED).group_by(Alert.level, Alert.state)
    ):
        alerts.labels(level, state).set(count)
    check_ins = Gauge("vigie_checkins", "Check-ins by status", ["status"], registry=registry)
    for state, count in session.execute(select(CheckIn.state, func.count()).group_by(CheckIn.state)):
        check_ins.labels(state).set(count)
    for name, what, oldest in (
        ("vigie_oldest_unread_seconds", "Age of the oldest text not read yet", select(func.min(Message.created_at)).where(*_unread)),
        ("vigie_oldest_unsent_seconds", "Lateness of the oldest text due", select(func.min(Message.due_at)).where(*_unsent)),
    ):
        since = session.scalar(oldest)
        Gauge(name, what, registry=registry).set(max(0.0, (now - since).total_seconds()) if since else 0)
    last = session.scalar(select(func.max(Heartbeat.at)))
    age = Gauge("vigie_worker_heartbeat_age_seconds", "Since the worker last ended a round well", registry=registry)
    age.set((clock.wall() - last).total_seconds() if last else float("inf"))
    return registry
