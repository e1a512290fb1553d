"""Reads the library's data files and puts them on the shelf as released versions. A released file is never edited: a new date is added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

import triage
from app.core import audit
from app.core.audit import SYSTEM, Actor
from app.core.errors import Refusal
from app.protocols.models import ProtocolVersion, VersionState
from triage.protocol import SCALES, Protocol, parse
from triage.protocol.reading import read

LIBRARY = Path(triage.__file__).parent / "library"


@dataclass(frozen=True)
class Shelf:
    """The library as text. layers: slug@date → text of everything a document may stand on, protocols and grade tables included.

    documents: path → text of the protocols.
    """

    layers: Mapping[str, str]
    documents: Mapping[Path, str]


@cache
def stock(folder: Path = LIBRARY) -> Shelf:
    """Every data file of the library, read once. ProtocolError when one is not readable."""
    layers: dict[str, str] = {}
    documents: dict[Path, str] = {}
    for path in [*sorted(folder.glob("symptoms*.toml")), *sorted(folder.glob("protocols/*/*.toml"))]:
        text = path.read_text(encoding="utf-8")
        document = read(text, str(path))
        if document.kind == "protocol":
            documents[path] = text
        layers[document.stamp] = text
    return Shelf(layers | _scales(folder / "scales"), documents)


def _scales(folder: Path) -> dict[str, str]:
    """The grade tables under the names that protocols know them by; several files of one name stand one after another."""
    files = {f"ctcae-{version}": [f"ctcae-{part}-{version}.csv" for part in ("labs", "vitals")] for version in ("5.0", "6.0")}
    files["pro-ctcae"] = ["pro-ctcae-composite.csv", "pro-ctcae-items.csv"]
    return {name: "\n\n".join((folder / file).read_text(encoding="utf-8").strip() for file in files[name]) for name in SCALES}


@cache
def compiled(folder: Path = LIBRARY) -> Mapping[Path, Protocol]:
    """Every protocol of the library, ready to decide; read and checked once per process."""
    shelf = stock(folder)
    return {path: parse(text, shelf.layers) for path, text in shelf.documents.items()}


def layers() -> Mapping[str, str]:
    """What a document may stand on: slug@date → text, and the grade tables by their names."""
    return stock().layers


def seed(session: Session, now: datetime, *, folder: Path = LIBRARY) -> int:
    """Put the library in as released versions; how many were new. Refusal when a file differs from what was released under its date."""
    shelf = stock(folder)
    added = 0
    for path, protocol in compiled(folder).items():
        released = session.scalars(
            select(ProtocolVersion).where(
                ProtocolVersion.service_id.is_(None),
                ProtocolVersion.slug == protocol.slug,
                ProtocolVersion.effective_from == protocol.effective_from,
            )
        ).all()
        if not released:
            place(session, protocol, shelf.documents[path], shelf.layers, service_id=None, by=SYSTEM, now=now)
            added += 1
        elif all(row.fingerprint != protocol.fingerprint for row in released):
            raise Refusal(
                "The protocol file {path} was changed after it was released: patients were judged by its first form. "
                "Put it back, and write the change in a new file with a new date.",
                path="/".join(path.parts[-2:]),
            )
    return added


def place(
    session: Session,
    protocol: Protocol,
    text: str,
    known: Mapping[str, str],
    *,
    service_id: int | None,
    by: Actor,
    now: datetime,
    state: VersionState = VersionState.IN_FORCE,
) -> ProtocolVersion:
    """A row holding the same document as the file, with the text of every layer it stands on, and its entry in the audit trail."""
    row = ProtocolVersion(
        service_id=service_id,
        slug=protocol.slug,
        effective_from=protocol.effective_from,
        title=dict(protocol.title),
        agents=list(protocol.agents),
        document=text,
        layers={name: known[name] for name in protocol.layers},
        fingerprint=protocol.fingerprint,
        unverified=len(protocol.unverified),
        depth=protocol.depth,
        state=state,
        created_at=now,
        created_by=str(by),
    )
    session.add(row)
    session.flush()
    after = {"slug": protocol.slug, "effective_from": str(protocol.effective_from), "fingerprint": protocol.fingerprint}
    audit.record(
        session, actor=by, action="protocol.released", subject=f"protocol_version:{row.id}", service_id=service_id, after=after, now=now
    )
    return row
