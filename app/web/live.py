"""New alerts on every screen within two seconds: one look at the database a second for the whole process, shared by all streams."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Annotated

import anyio
import anyio.to_thread
import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from app.core.db import Database
from app.insight import elsewhere, worklist
from app.web.deps import SignedIn, TheTools, Tools, look_up, watching

router = APIRouter()
log = structlog.get_logger(__name__)

EVERY_SECONDS = 1.0
BEAT_SECONDS = 4.0
"""How often a quiet stream says that it lives; the screen greys after 10 s without a sign (HZ-37 asks for 60 at most)."""

CHECK_BEATS = 8
"""Beats between two looks at the session: a stream ends at most 32 s after its reader signed out or fell idle (SEC-22), or shows another
service; within it the count of what is urgent in their other services is renewed (HZ-23)."""

Watching = Annotated[SignedIn, Depends(watching)]


class Watcher:
    """Looks at the stamp of each service that somebody watches, and wakes the streams whose stamp changed."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.stamps: dict[int, str] = {}
        self._listeners: Counter[int] = Counter()
        self._changed = anyio.Event()

    async def run(self) -> None:
        """Until cancelled. A database that is down ends nothing: the streams fall silent and the screens grey by themselves."""
        while True:
            await anyio.sleep(EVERY_SECONDS)
            if not self._listeners:
                continue
            try:
                found = await anyio.to_thread.run_sync(self.look, list(self._listeners))
            except Exception:
                log.exception("the list could not be looked at")
                continue
            if found != {service: self.stamps.get(service) for service in found}:
                self.stamps.update(found)
                self._changed.set()
                self._changed = anyio.Event()

    def look(self, services: list[int]) -> dict[int, str]:
        """The stamps as they are now."""
        with self.database.reading() as session:
            return {service: worklist.stamp(session, service) for service in services}

    @contextmanager
    def listening(self, service_id: int) -> Iterator[None]:
        """Count one stream of this service."""
        self._listeners[service_id] += 1
        try:
            yield
        finally:
            self._listeners[service_id] -= 1
            if not self._listeners[service_id]:
                # What nobody watches grows old: the next stream starts from a fresh look.
                del self._listeners[service_id]
                self.stamps.pop(service_id, None)

    async def wait(self, service_id: int, seen: str, seconds: float) -> str:
        """The stamp once it differs from the one seen, or the same after so many seconds. No database is touched here."""
        with anyio.move_on_after(seconds):
            while self.stamps.get(service_id, seen) == seen:
                await self._changed.wait()
        return self.stamps.get(service_id, seen)


@router.get("/live", response_class=EventSourceResponse)
async def stream(request: Request, tools: TheTools, who: Watching) -> AsyncIterator[ServerSentEvent]:
    """ "beat" while nothing happens, "changed" when the list did; never what changed: the screen asks, and sees what it may."""
    watcher: Watcher = request.app.state.watcher
    service_id = who.viewer.service_id or 0
    with watcher.listening(service_id):
        seen = (await anyio.to_thread.run_sync(watcher.look, [service_id]))[service_id]
        watcher.stamps.setdefault(service_id, seen)
        # A screen that lost contact may have missed something: the first thing it hears is "changed".
        yield ServerSentEvent(event="changed", raw_data=seen)
        beats, urgent = 0, await anyio.to_thread.run_sync(look_again, request, tools, service_id)
        while True:
            stamp = await watcher.wait(service_id, seen, BEAT_SECONDS)
            beats += 1
            before = urgent
            if beats % CHECK_BEATS == 0:
                urgent = await anyio.to_thread.run_sync(look_again, request, tools, service_id)
                if urgent is None:
                    yield ServerSentEvent(event="ended", raw_data="")
                    return
            same = stamp == seen and urgent == before
            yield ServerSentEvent(event="beat" if same else "changed", raw_data=f"{stamp}{urgent or ''}")
            seen = stamp


def look_again(request: Request, tools: Tools, service_id: int) -> str | None:
    """How many are urgent in each other service of the reader, "" for none; None once nobody is signed in, or shows another service."""
    who = look_up(request, tools, touch=False)
    if who is None or (who.viewer.service_id or 0) != service_id:
        return None
    with tools.database.reading() as session:
        return "".join(f"+{one.id}:{one.urgent}" for one in elsewhere.wards(session, who.viewer) if one.urgent)


@router.get("/live/stamp")
def stamp(request: Request, tools: TheTools, who: Watching) -> JSONResponse:
    """What a screen whose stream is cut asks instead."""
    watcher: Watcher = request.app.state.watcher
    service_id = who.viewer.service_id or 0
    return JSONResponse({"stamp": watcher.look([service_id])[service_id]})
