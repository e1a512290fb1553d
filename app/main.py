"""The web process: ``create_app`` builds it, ``uvicorn app.main:create_app --factory`` serves it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.to_thread
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from app.care import programmes
from app.core.clock import Clock, HandClock
from app.core.db import Database
from app.core.settings import Settings
from app.core.start import open_up
from app.messaging import links
from app.web import errors
from app.web.deps import Tools
from app.web.guard import Guard
from app.web.live import Watcher
from app.web.render import STATIC
from app.web.routes import ROUTERS

MAX_BODY = 1024 * 1024
"""Bytes. The largest thing a browser or the carrier sends is a form of a few kilobytes."""

THREADS = 500
"""More than requests ever run at once. With the usual forty, forty pages waiting for SQLite's one writer would hold every thread, and the
request that is writing could not get the one it needs to finish. Threads are made when needed, and wait without working."""


def create_app(
    settings: Settings | None = None,
    database: Database | None = None,
    clock: Clock | HandClock | None = None,
    transports: dict[str, Any] | None = None,
) -> FastAPI:
    """The web application. Without a database it opens the one of the settings; with one, whoever gave it closes it.

    Settings come from the environment unless given. Raises WrongSettings.
    """
    if settings is None or database is None:
        house = open_up(settings)
        settings, database, clock = house.settings, house.database, clock or house.clock
    links.use_settings(settings)
    programmes.use_settings(settings)
    tools = Tools(settings, database, clock or Clock(database), transports or {})

    @asynccontextmanager
    async def lifetime(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(app.state.watcher.run)
            yield
            tasks.cancel_scope.cancel()

    app = FastAPI(
        title="Vigie",
        lifespan=lifetime,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        max_body_size=MAX_BODY,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.tools, app.state.watcher = tools, Watcher(database)
    app.add_middleware(Guard, https=settings.public_url.startswith("https:"), broken=errors.broken)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for router in ROUTERS:
        app.include_router(router)
    errors.install(app)
    return app
