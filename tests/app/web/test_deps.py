"""The session a page is handed: committed before the answer leaves, rolled back on refusal, one writer at a time on SQLite."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor

from fastapi import FastAPI
from fastapi.responses import Response
from fastapi.testclient import TestClient
from sqlalchemy import select
from structlog.types import EventDict

from app.core.db import Database
from app.core.errors import Refusal
from app.people.models import Hospital
from app.web.deps import Now, Writes
from app.web.render import AnyPage


def names(database: Database) -> set[str]:
    with database.reading() as session:
        return set(session.scalars(select(Hospital.name)))


def test_the_row_is_committed_before_the_first_byte_of_the_answer_leaves(app: FastAPI, database: Database) -> None:
    """REL-01: the carrier's 200 promises that the text is kept; a commit after the answer could still be lost."""
    seen: list[set[str]] = []

    @app.post("/keep")
    def keep(session: Writes, now: Now) -> dict[str, str]:
        session.add(Hospital(name="Clinique des Palmes", created_at=now))
        return {"kept": "yes"}

    class Looks:
        """Looks into the database at the very moment the answer starts to leave."""

        async def __call__(self, scope, receive, send):  # type: ignore[no-untyped-def]  # a stand-in, as short as can be
            async def look(message):  # type: ignore[no-untyped-def]  # a stand-in, as short as can be
                if message["type"] == "http.response.start":
                    seen.append(names(database))
                await send(message)

            await app(scope, receive, look)

    with TestClient(Looks()) as client:
        assert client.post("/keep").status_code == 200
    assert seen == [{"Clinique des Palmes"}]


def test_a_refusal_keeps_nothing(app: FastAPI, database: Database) -> None:
    @app.post("/refuse")
    def refuse(session: Writes, now: Now) -> None:
        session.add(Hospital(name="Clinique des Palmes", created_at=now))
        session.flush()
        raise Refusal("Your role does not allow this. Nothing was changed; ask {who}.", status=403, who="a nurse")

    with TestClient(app) as client:
        answer = client.post("/refuse")
    assert answer.status_code == 403
    assert "Votre rôle ne le permet pas" in answer.text
    assert names(database) == set()


def test_eighty_writers_at_once_all_finish(app: FastAPI, database: Database) -> None:
    """More requests than threads in the pool wait for one writer: none may starve the one that holds the lock."""
    gate = threading.Barrier(80)

    @app.post("/many/{number}")
    def many(number: int, session: Writes, now: Now) -> None:
        session.add(Hospital(name=f"Hôpital {number}", created_at=now))

    with TestClient(app) as client, ThreadPoolExecutor(80) as pool:

        def write(number: int) -> int:
            gate.wait()
            return client.post(f"/many/{number}").status_code

        assert list(pool.map(write, range(80))) == [200] * 80
    assert len(names(database)) == 80


def test_a_page_that_breaks_says_a_reference_and_no_cause(app: FastAPI) -> None:
    """SEC-43: generic errors; the words of the fault never reach the reader."""

    @app.get("/broken")
    def broken() -> None:
        raise ValueError("Marie Hoarau a 39,2")

    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/broken")
    assert answer.status_code == 500
    assert "Hoarau" not in answer.text and "ValueError" not in answer.text
    assert "Référence pour le support" in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_a_page_that_breaks_once_its_head_has_left_ends_with_the_same_sentence(app: FastAPI, logged: list[EventDict]) -> None:
    """HZ-37: the list's head leaves before the list is read; a reader must not take the empty page under it for an empty list."""

    @app.get("/half")
    def half(page: AnyPage) -> Response:
        return page.stream("worklist.html", read=_fault, panel=None)

    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/half")
    assert answer.text.startswith("<!doctype html>") and "Hoarau" not in answer.text
    said = re.search(r"Référence pour le support\s:\s([0-9a-f]{6})", answer.text)
    assert said is not None
    assert [line["code"] for line in logged if line["event"] == "a page broke"] == [said[1]]


def _fault() -> None:
    raise ValueError("Marie Hoarau a 39,2")


def test_writers_that_wait_in_the_pool_never_starve_the_one_who_writes(app: FastAPI, database: Database) -> None:
    """A chart's opening is written from inside a page, in a thread of the pool: more of them than FastAPI's forty threads."""
    gate = threading.Barrier(120)

    @app.post("/whole/{number}")
    def whole(number: int, session: Writes, now: Now) -> None:
        session.add(Hospital(name=f"Hôpital {number}", created_at=now))

    @app.post("/inside/{number}")
    def inside(number: int, now: Now) -> None:
        with database.transaction() as session:
            session.add(Hospital(name=f"Hôpital {number}", created_at=now))

    with TestClient(app) as client, ThreadPoolExecutor(120) as pool:

        def write(number: int) -> int:
            gate.wait()
            return client.post(f"/{'whole' if number % 4 == 0 else 'inside'}/{number}").status_code

        assert list(pool.map(write, range(120))) == [200] * 120
    assert len(names(database)) == 120
