"""vigie protocols: what the library holds, what one asks, a service's own copy (FR-06, point 13)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from app.core.db import Database
from app.protocols import shelf, versions
from app.protocols.models import ProtocolVersion
from tests.app.commands.conftest import Run
from tests.factories import World

CAPECITABINE = shelf.LIBRARY / "protocols" / "capecitabine-14-7" / "2026-11-22.toml"


@pytest.fixture
def seeded(world: World, database: Database) -> Iterator[World]:
    with database.transaction() as session:
        shelf.seed(session, datetime(2026, 11, 25, 9, 0, tzinfo=UTC))
    yield world


def test_the_library_is_listed_for_a_machine(run: Run) -> None:
    rows = {row["slug"]: row for row in json.loads(run("protocols", "list", "--json").out)}
    assert set(rows) == {path.parent.name for path in shelf.stock().documents}
    first = rows["capecitabine-14-7"]
    assert (first["agents"], first["effective_from"], first["depth"]) == (["capecitabine"], "2026-11-23", "in_depth")
    assert first["path"] == "triage/library/protocols/capecitabine-14-7/2026-11-23.toml"
    assert all(isinstance(row[count], int) for row in rows.values() for count in ("rules", "vignettes", "unverified"))


def test_a_protocol_shows_its_questions_with_best_and_worst(run: Run) -> None:
    shown = json.loads(run("protocols", "show", "capecitabine-14-7", "--json").out)
    asked = {question["key"]: question for question in shown["questions"]}
    assert (asked["hand_foot"]["kind"], asked["hand_foot"]["best"], asked["hand_foot"]["worst"]) == ("severity_0_4", "0", "4")
    assert shown["thresholds"]["hand_foot_call"] == {"at": "2", "unit": "score", "source": "EU_PL_xeloda", "verified": False}
    assert shown["levels"]["urgent"]["respond_within_minutes"] == 30
    assert "not verified" in run("protocols", "show", "capecitabine-14-7").out


def test_what_is_neither_a_file_nor_a_slug_is_told_with_the_slugs(run: Run) -> None:
    said = run("protocols", "show", "aspirin")
    assert (said.code, "sunitinib-28-14" in said.err) == (2, True)


@pytest.mark.parametrize("command", ["show", "unverified"])
def test_a_file_that_is_no_protocol_is_one_line(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "mine.toml").write_text("a = [", encoding="utf-8")
    said = run("protocols", command, tmp_path / "mine.toml")
    assert (said.code, said.err.count("\n"), "mine.toml: document: is not readable TOML" in said.err) == (2, 1, True)


def test_a_service_adopts_a_copy_and_the_library_stays(on_database: Run, seeded: World, database: Database, tmp_path: Path) -> None:
    copy = tmp_path / "ours.toml"
    copy.write_text(
        CAPECITABINE.read_text(encoding="utf-8").replace("hand_foot_call    = { at = 2", "hand_foot_call    = { at = 1"), encoding="utf-8"
    )
    said = on_database("protocols", "adopt", copy)
    assert (said.code, "now follows its own capecitabine-14-7" in said.out) == (0, True), said.err
    assert "Nothing was changed" in on_database("protocols", "adopt", copy).out
    with database.reading() as session:
        held = versions.in_force(session, "capecitabine-14-7", date(2026, 11, 25), seeded.service.id)
        library = versions.in_force(session, "capecitabine-14-7", date(2026, 11, 22))
        assert held is not None
        assert library is not None
        thresholds = [versions.load(row).thresholds["hand_foot_call"].at for row in (held, library)]
    assert thresholds == [1, 2]
    rows = {
        row["slug"]: row["own"] for row in json.loads(on_database("protocols", "list", "--service", "Oncologie médicale", "--json").out)
    }
    assert [slug for slug, own in rows.items() if own] == ["capecitabine-14-7"]
    assert len(rows) > 1


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("hand_foot_call    = { at = 2", "hand_foot_call    = { at = 9", "hand_foot_call"),
        ('layers = [\n  "symptoms@2026-11-22",', 'layers = [\n  "symptoms@1999-01-01",', "symptoms@1999-01-01"),
        ("[thresholds]", "[thresholds", "line"),
    ],
)
def test_a_copy_that_cannot_be_used_is_refused_with_the_file_and_the_reason(
    on_database: Run, seeded: World, database: Database, tmp_path: Path, before: str, after: str, told: str
) -> None:
    copy = tmp_path / "ours.toml"
    text = CAPECITABINE.read_text(encoding="utf-8")
    assert before in text
    copy.write_text(text.replace(before, after, 1), encoding="utf-8")
    said = on_database("protocols", "adopt", copy)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert str(copy) in said.err
    assert told in said.err
    with database.reading() as session:
        assert session.scalars(select(ProtocolVersion.id).where(ProtocolVersion.service_id.is_not(None))).all() == []


def test_a_file_that_is_not_there_is_one_line(on_database: Run, seeded: World, tmp_path: Path) -> None:
    said = on_database("protocols", "adopt", tmp_path / "none.toml")
    assert (said.code, said.err.count("\n"), "cannot be read" in said.err) == (2, 1, True)
