"""What every page is handed: a session, the hour, who is signed in, the way back to the tools of the process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

import anyio
import anyio.to_thread
from anyio import CancelScope, CapacityLimiter
from anyio.lowlevel import RunVar
from fastapi import Depends, Path, Request
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.core import clock, signing
from app.core.clock import Clock, HandClock
from app.core.db import Database
from app.core.settings import Settings
from app.people import members, storms
from app.people.access_models import StaffSession
from app.people.models import Service, Staff
from app.people.perimeter import Viewer, viewer_of
from app.people.rota_models import Storm

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
"""SEC-22 (NIST SP 800-63B AAL2): a session ends after 30 minutes without an act, and 12 hours after sign-in whatever happens."""

TOUCH = timedelta(seconds=30)
"""How stale ``seen_at`` may be: an act within it is not written down, so that reading a list costs no write."""

T = TypeVar("T")


@dataclass
class Tools:
    """What the process stands on. ``transports``: how texts leave, by name, when the web process sends them itself."""

    settings: Settings
    database: Database
    clock: Clock | HandClock
    transports: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SignedIn:
    """A person at a screen. ``session_id``: to end this session and no other.

    ``zone``: the service's, in which hours are shown. ``spoken``: the language most of its patients read. ``storm``: its cyclone mode.
    """

    viewer: Viewer
    staff_id: int
    session_id: int
    zone: str
    spoken: str
    service_name: str
    is_demo: bool
    storm: Storm | None = None


class SignInNeeded(Exception):
    """Nobody is signed in, or no longer; ``back`` is where to return to afterwards."""

    def __init__(self, back: str) -> None:
        super().__init__("sign in")
        self.back = back

    @property
    def address(self) -> str:
        """The sign-in page, with the way back."""
        return f"/sign-in?next={quote(self.back, safe='')}" if self.back not in ("", "/") else "/sign-in"


def tools(request: Request) -> Tools:
    """The tools of this process."""
    found: Tools = request.app.state.tools
    return found


def now(given: Annotated[Tools, Depends(tools)]) -> datetime:
    """The hour of the house, aware UTC; turned in the demonstration."""
    return given.clock.now()


def cookie_name(settings: Settings) -> str:
    """__Host- needs https; the demonstration on a laptop has none."""
    return "__Host-vigie" if settings.public_url.startswith("https:") else "vigie"


def maybe_signed_in(request: Request, given: Annotated[Tools, Depends(tools)]) -> SignedIn | None:
    """Whoever the cookie names, as long as the session lives. Writes ``seen_at`` in its own short transaction."""
    return look_up(request, given, touch=True)


def look_up(request: Request, given: Tools, *, touch: bool) -> SignedIn | None:
    """The living session of this browser. ``touch`` False for what a screen does by itself: a forgotten screen must still fall idle."""
    token = request.cookies.get(cookie_name(given.settings), "")
    if not token:
        return None
    wall = clock.wall()
    with given.database.reading() as session:
        found = session.scalar(
            select(StaffSession)
            .where(StaffSession.token_hash == signing.fingerprint(token), StaffSession.ended_at.is_(None))
            .options(joinedload(StaffSession.staff).joinedload(Staff.service))
        )
        service = members.chosen(session, found) if found is not None else None
        storm = storms.running(session, service.id, given.clock.now()) if service is not None else None
    if found is None or not found.staff.active or wall - found.seen_at > IDLE or wall - found.created_at > ABSOLUTE:
        return None
    if touch and wall - found.seen_at > TOUCH:
        with given.database.transaction() as session:
            row = session.get(StaffSession, found.id)
            if row is not None:
                row.seen_at = wall
    return _signed_in(found, service, storm)


def _signed_in(found: StaffSession, service: Service | None, storm: Storm | None) -> SignedIn:
    return SignedIn(
        viewer=viewer_of(found.staff, service.id if service else None),
        staff_id=found.staff_id,
        session_id=found.id,
        zone=service.timezone if service else "Europe/Paris",
        spoken=service.language if service else "fr",
        service_name=service.name if service else "",
        is_demo=bool(service and service.is_demo),
        storm=storm,
    )


def signed_in(request: Request, who: Annotated[SignedIn | None, Depends(maybe_signed_in)]) -> SignedIn:
    """Somebody signed in; raises SignInNeeded (the page turns into the sign-in page, the way back kept)."""
    if who is None:
        raise SignInNeeded(way_back(request))
    return who


def watching(request: Request, given: Annotated[Tools, Depends(tools)]) -> SignedIn:
    """The same for what a screen asks by itself (stream, polling): it does not keep the session awake."""
    who = look_up(request, given, touch=False)
    if who is None:
        raise SignInNeeded("/")
    return who


def way_back(request: Request) -> str:
    """Where to return to after signing in: this page, or the list when a part of a page or a form was asked for."""
    if request.method != "GET" or "hx-request" in request.headers:
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def viewer(who: Annotated[SignedIn, Depends(signed_in)]) -> Viewer:
    """The perimeter of whoever is signed in."""
    return who.viewer


def reading(given: Annotated[Tools, Depends(tools)]) -> Iterator[Session]:
    """A session that only looks; closed before the answer leaves."""
    with given.database.reading() as session:
        yield session


_entering: RunVar[CapacityLimiter] = RunVar("vigie_entering")


async def transaction(
    given: Annotated[Tools, Depends(tools)], _first: Annotated[SignedIn | None, Depends(maybe_signed_in)]
) -> AsyncIterator[Session]:
    """One unit of work, committed before the answer leaves; rolled back when the page raises.

    Whoever waits for SQLite's one writer waits in threads of their own: in the shared pool, forty waiting requests would take every
    thread and the one that holds the lock could never finish. ``_first``: the cookie is looked up before the lock is taken, because
    looking it up may write.
    """
    whole = given.database.transaction()
    session = await _aside(whole)
    try:
        yield session
    except BaseException as error:
        with CancelScope(shield=True):
            await anyio.to_thread.run_sync(whole.__exit__, type(error), error, error.__traceback__, limiter=CapacityLimiter(1))
        raise
    with CancelScope(shield=True):
        await anyio.to_thread.run_sync(whole.__exit__, None, None, None, limiter=CapacityLimiter(1))


async def _aside(manager: AbstractContextManager[T]) -> T:
    limiter = _entering.get(None) or CapacityLimiter(200)
    _entering.set(limiter)
    return await anyio.to_thread.run_sync(manager.__enter__, limiter=limiter)


Id = Annotated[int, Path(ge=1, le=2**31 - 1)]
"""A row's number in an address; a larger one would be an error of the database instead of a page that does not exist."""

TheTools = Annotated[Tools, Depends(tools)]
Now = Annotated[datetime, Depends(now)]
Who = Annotated[SignedIn, Depends(signed_in)]
TheViewer = Annotated[Viewer, Depends(viewer)]
Reads = Annotated[Session, Depends(reading, scope="function")]
Writes = Annotated[Session, Depends(transaction, scope="function")]
"""scope="function": FastAPI closes the dependency before the response is sent. With the default the commit would come after it."""
