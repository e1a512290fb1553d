"""Reads the library's data files and puts them on the shelf as released versions. A released file is never edited: a new date is added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

import triage
from app.core import audit
from app.core.audit import SYSTEM, Act, Actor
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
    dated = select(ProtocolVersion.slug, ProtocolVersion.effective_from, ProtocolVersion.fingerprint)
    released: dict[tuple[str, date], set[str]] = {}
    for slug, effective_from, fingerprint in session.execute(dated.where(ProtocolVersion.service_id.is_(None))):
        released.setdefault((slug, effective_from), set()).add(fingerprint)
    new = []
    for path, protocol in compiled(folder).items():
        before = released.get((protocol.slug, protocol.effective_from))
        if before is None:
            new.append((protocol, shelf.documents[path]))
        elif protocol.fingerprint not in before:
            raise Refusal(
                "The protocol file {path} was changed after it was released: patients were judged by its first form. "
                "Put it back, and write the change in a new file with a new date.",
                path="/".join(path.parts[-2:]),
            )
    _place(session, new, shelf.layers, service_id=None, by=SYSTEM, now=now)
    return len(new)


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
    return _place(session, [(protocol, text)], known, service_id=service_id, by=by, now=now, state=state)[0]


def _place(
    session: Session,
    documents: Sequence[tuple[Protocol, str]],
    known: Mapping[str, str],
    *,
    service_id: int | None,
    by: Actor,
    now: datetime,
    state: VersionState = VersionState.IN_FORCE,
) -> list[ProtocolVersion]:
    rows = [
        ProtocolVersion(
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
        for protocol, text in documents
    ]
    session.add_all(rows)
    session.flush()
    released = (Act("protocol.released", f"protocol_version:{row.id}", after=_named(row)) for row in rows)
    audit.record_all(session, released, actor=by, service_id=service_id, now=now)
    return rows


def _named(row: ProtocolVersion) -> dict[str, str]:
    return {"slug": row.slug, "effective_from": str(row.effective_from), "fingerprint": row.fingerprint}
