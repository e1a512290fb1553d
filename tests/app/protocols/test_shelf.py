"""The library is put on the shelf once; a released file that was edited stops everything with a clear sentence."""

from __future__ import annotations

import shutil
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.errors import Refusal
from app.protocols import shelf, versions
from app.protocols.models import ProtocolVersion, VersionState

STAMPS = sorted(f"{path.parent.name}@{path.stem}" for path in shelf.stock().documents)
"""Every protocol of the library, as slug@date."""


@pytest.fixture
def now(clock: HandClock) -> datetime:
    return clock.now()


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The library in a folder that may be scribbled in."""
    return Path(shutil.copytree(shelf.LIBRARY, tmp_path / "library"))


def rows(session: Session) -> list[ProtocolVersion]:
    return list(session.scalars(select(ProtocolVersion).order_by(ProtocolVersion.slug, ProtocolVersion.effective_from)))


def test_the_library_is_seeded_once(session: Session, now: datetime) -> None:
    assert shelf.seed(session, now) == len(shelf.stock().documents)
    assert shelf.seed(session, now) == 0
    found = rows(session)
    assert [f"{row.slug}@{row.effective_from}" for row in found] == STAMPS
    capecitabine = found[STAMPS.index("capecitabine-14-7@2026-11-22")]
    assert (capecitabine.state, capecitabine.service_id) == (VersionState.IN_FORCE, None)
    assert capecitabine.agents == ["capecitabine"]
    assert capecitabine.title["fr"] == "Capécitabine, 14 jours sur 21"
    assert set(capecitabine.layers) == {
        "symptoms@2026-11-22",
        "floor@2026-11-22",
        "class-marrow-toxic@2026-11-22",
        "class-fluoropyrimidine@2026-11-22",
    }
    assert capecitabine.unverified == len(versions.load(capecitabine).unverified) > 0
    assert capecitabine.created_by == "system:0"


def test_a_release_is_in_the_audit_trail(session: Session, now: datetime) -> None:
    shelf.seed(session, now)
    acts = session.scalars(select(AuditRow).where(AuditRow.action == "protocol.released")).all()
    released = [act.change["after"] for act in acts]
    assert sorted(f"{row['slug']}@{row['effective_from']}" for row in released) == STAMPS


@pytest.mark.parametrize("file", ["capecitabine-14-7", "floor"])
def test_an_edited_released_file_is_refused(session: Session, now: datetime, copied: Path, file: str) -> None:
    """A layer counts too: the fingerprint is that of the whole composed document."""
    shelf.seed(session, now)
    path = copied / "protocols" / file / "2026-11-22.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("at = 3,", "at = 4,", 1), encoding="utf-8")
    with pytest.raises(Refusal, match=r"2026-11-22\.toml was changed after it was released"):
        shelf.seed(session, now, folder=copied)


def test_a_remark_in_a_released_file_changes_nothing(session: Session, now: datetime, copied: Path) -> None:
    shelf.seed(session, now)
    path = copied / "protocols" / "capecitabine-14-7" / "2026-11-22.toml"
    path.write_text("# read again\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert shelf.seed(session, now, folder=copied) == 0


def test_a_new_date_is_a_new_version(session: Session, now: datetime, copied: Path) -> None:
    shelf.seed(session, now)
    folder = copied / "protocols" / "capecitabine-14-7"
    text = (folder / "2026-11-22.toml").read_text(encoding="utf-8")
    later = text.replace("effective_from = 2026-11-22", "effective_from = 2027-01-01").replace("at = 38.0", "at = 37.8", 1)
    (folder / "2027-01-01.toml").write_text(later, encoding="utf-8")
    assert shelf.seed(session, now, folder=copied) == 1
    before, after = (versions.in_force(session, "capecitabine-14-7", day) for day in (date(2026, 12, 31), date(2027, 1, 1)))
    assert before is not None and after is not None
    assert (before.effective_from, after.effective_from) == (date(2026, 11, 23), date(2027, 1, 1))
