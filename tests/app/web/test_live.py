"""One look a second for the whole process, shared by all streams; a stream holds no session of the database."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from app.alerts import tasks
from app.core.clock import HandClock
from app.core.db import Database
from app.web import live
from app.web.live import Watcher
from tests.factories import World


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "EVERY_SECONDS", 0.05)


def change(database: Database, world: World, clock: HandClock, key: str) -> None:
    with database.transaction() as session:
        tasks.make(session, service_id=world.service.id, kind="refill", key=key, now=clock.now())


def test_every_stream_of_the_service_is_woken_by_one_change(database: Database, world: World, clock: HandClock) -> None:
    async def scene() -> list[str]:
        watcher = Watcher(database)
        service = world.service.id
        before = watcher.look([service])[service]
        heard: list[str] = []

        async def stream() -> None:
            with watcher.listening(service):
                watcher.stamps.setdefault(service, before)
                heard.append(await watcher.wait(service, before, 20))

        async with anyio.create_task_group() as group:
            group.start_soon(watcher.run)
            async with anyio.create_task_group() as streams:
                for _ in range(5):
                    streams.start_soon(stream)
                await anyio.sleep(0.1)
                await anyio.to_thread.run_sync(change, database, world, clock, "a")
            group.cancel_scope.cancel()
        assert before not in heard
        return heard

    heard = anyio.run(scene)
    assert len(heard) == 5 and len(set(heard)) == 1


def test_nobody_watching_means_nobody_asking(database: Database, world: World) -> None:
    asked: list[str] = []

    def hear(*args: Any) -> None:
        asked.append(args[2])

    event.listen(database.engine, "before_cursor_execute", hear)

    async def scene() -> None:
        watcher = Watcher(database)
        with anyio.move_on_after(0.3):
            await watcher.run()

    anyio.run(scene)
    event.remove(database.engine, "before_cursor_execute", hear)
    assert asked == []


def test_a_hundred_streams_ask_as_much_as_one(database: Database, world: World) -> None:
    async def scene() -> int:
        watcher = Watcher(database)
        looks = 0
        look = watcher.look

        def counted(services: list[int]) -> dict[int, str]:
            nonlocal looks
            looks += 1
            return look(services)

        watcher.look = counted  # type: ignore[method-assign]  # replaced for this test
        async with anyio.create_task_group() as group:
            for _ in range(100):
                group.start_soon(_listen, watcher, world.service.id)
            with anyio.move_on_after(0.3):
                await watcher.run()
            group.cancel_scope.cancel()
        return looks

    looks = anyio.run(scene)
    assert 1 <= looks <= 6


async def _listen(watcher: Watcher, service_id: int) -> None:
    with watcher.listening(service_id):
        await anyio.sleep(20)


def test_a_database_that_fails_once_does_not_end_the_watch(database: Database, world: World, clock: HandClock) -> None:
    async def scene() -> str:
        watcher = Watcher(database)
        service, look, failures = world.service.id, watcher.look, iter([RuntimeError("down")])

        def shaky(services: list[int]) -> dict[int, str]:
            for failure in failures:
                raise failure
            return look(services)

        watcher.look = shaky  # type: ignore[method-assign]  # replaced for this test
        async with anyio.create_task_group() as group:
            group.start_soon(watcher.run)
            with watcher.listening(service):
                watcher.stamps[service] = "old"
                heard = await watcher.wait(service, "old", 20)
            group.cancel_scope.cancel()
        return heard

    assert anyio.run(scene) != "old"


def test_the_stamp_is_what_a_cut_screen_asks_for(claire: TestClient, database: Database, world: World, clock: HandClock) -> None:
    before = claire.get("/live/stamp").json()["stamp"]
    assert claire.get("/live/stamp").json()["stamp"] == before
    change(database, world, clock, "b")
    assert claire.get("/live/stamp").json()["stamp"] != before


def test_a_screen_whose_session_ended_is_sent_to_the_door(claire: TestClient) -> None:
    claire.post("/sign-out")
    answer = claire.get("/live/stamp", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/sign-in")
