"""Tasks: one per reason, closed by a person with a note (house section 7: closed apart from alerts)."""

from __future__ import annotations

from datetime import datetime

import pytest

from app.alerts import tasks
from app.core.clock import HandClock
from app.core.db import Database
from app.core.errors import Conflict, Refusal
from app.people.perimeter import viewer_of
from tests.factories import World


def test_the_same_reason_makes_one_task(database: Database, world: World, clock: HandClock) -> None:
    ids = []
    for _ in range(2):
        with database.transaction() as session:
            made = tasks.make(session, service_id=world.service.id, kind="to_read", key="message:7", now=clock.now())
            ids.append(made.id)
    assert ids[0] == ids[1]
    assert made.due_at == datetime.fromisoformat("2026-11-18T14:00:00+01:00"), "four service hours after Wednesday 10:00"


def test_closing_says_what_was_done_and_only_once(database: Database, world: World, clock: HandClock) -> None:
    with database.transaction() as session:
        task = tasks.make(session, service_id=world.service.id, kind="opted_out", key="patient:1", now=clock.now())
    for words, by, refusal in (("", world.claire, Refusal), ("appelée", world.paul, Refusal)):
        with pytest.raises(refusal), database.transaction() as session:
            tasks.close(session, task.id, by=viewer_of(by), now=clock.now(), words=words)
    with database.transaction() as session:
        tasks.close(session, task.id, by=viewer_of(world.claire), now=clock.now(), words="Appelée, elle préfère le téléphone")
    with pytest.raises(Conflict, match="Claire Payet"), database.transaction() as session:
        tasks.close(session, task.id, by=viewer_of(world.luc), now=clock.now(), words="déjà fait ?")
    with database.reading() as session:
        assert tasks.open_tasks(session, viewer=viewer_of(world.claire)) == []
