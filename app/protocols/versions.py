"""Which protocol holds on which day, and a service's own copy of one."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.core.audit import Actor
from app.core.errors import Refusal
from app.protocols import shelf, signatures
from app.protocols.models import ProtocolVersion, VersionState
from triage.protocol import Protocol, ProtocolError, parse

_compiled: dict[str, Protocol] = {}
"""By fingerprint: two rows with the same fingerprint decide the same."""


def in_force(session: Session, slug: str, on: date, service_id: int | None = None) -> ProtocolVersion | None:
    """The version of ``slug`` that holds that day: the service's own if it has one, otherwise the library's; the latest begun.

    A version the service has signed goes before one it has not: a new date of the library waits for its two signatures.
    """
    begun = _begun(session, on, service_id, ProtocolVersion.slug == slug)
    signed = signatures.signed(session, begun, service_id) if service_id is not None and len(begun) > 1 else set()
    return next((row for row in begun if row.fingerprint in signed), begun[0] if begun else None)


def available(session: Session, on: date, service_id: int | None = None) -> list[ProtocolVersion]:
    """One version in force per slug, by slug, drafts included: what a service may read, sign or choose from."""
    begun = _begun(session, on, service_id)
    signed = signatures.signed(session, begun, service_id) if service_id is not None else set()
    held: dict[str, ProtocolVersion] = {}
    for row in sorted(begun, key=lambda row: row.fingerprint not in signed):
        held.setdefault(row.slug, row)
    return [held[slug] for slug in sorted(held)]


def to_read(session: Session, on: date, service_id: int) -> list[ProtocolVersion]:
    """The version of each slug that would hold if everything were signed: a newer text unsigned stands behind an older one that is."""
    held: dict[str, ProtocolVersion] = {}
    for row in _begun(session, on, service_id):
        held.setdefault(row.slug, row)
    return [held[slug] for slug in sorted(held)]


def enrollable(session: Session, on: date, service_id: int, *, demo: bool) -> list[ProtocolVersion]:
    """What a patient may begin on: signed by a doctor and a pharmacist of the service; in a demonstration every one but the drafts."""
    held = [row for row in available(session, on, service_id) if row.depth != signatures.DRAFT]
    signed = signatures.signed(session, held, service_id)
    return [row for row in held if demo or row.fingerprint in signed]


def _begun(session: Session, on: date, service_id: int | None, *only: ColumnElement[bool]) -> list[ProtocolVersion]:
    """Versions begun by then, the one that holds first."""
    query = (
        select(ProtocolVersion)
        .where(
            ProtocolVersion.state == VersionState.IN_FORCE,
            ProtocolVersion.effective_from <= on,
            or_(ProtocolVersion.service_id.is_(None), ProtocolVersion.service_id == service_id),
            *only,
        )
        .order_by(ProtocolVersion.service_id.is_(None), ProtocolVersion.effective_from.desc(), ProtocolVersion.id.desc())
    )
    return list(session.scalars(query))


def load(row: ProtocolVersion) -> Protocol:
    """The row's document, compiled. Refusal when the stored text no longer gives the fingerprint that assessments were made under."""
    protocol = _compiled.get(row.fingerprint)
    if protocol is None:
        protocol = parse(row.document, row.layers)
        if protocol.fingerprint != row.fingerprint:
            raise Refusal(
                "The stored protocol {slug} of {day} was altered: its text no longer matches its fingerprint. Nothing is judged with it.",
                status=500,
                slug=row.slug,
                day=row.effective_from,
            )
        _compiled[row.fingerprint] = protocol
    return protocol


def adopt(session: Session, text: str, *, service_id: int, by: Actor, now: datetime) -> ProtocolVersion:
    """A service's own copy of a protocol, or what it lays over one (kind service, under the slug of the protocol it changes).

    The same document twice is one version. Refusal, with every reason, when it cannot be used, or is an exception for one patient.
    """
    known = {**_own(session, service_id), **shelf.layers()}
    try:
        protocol = parse(text, known)
    except ProtocolError as error:
        raise Refusal("This protocol cannot be used:\n{problems}", status=422, field="document", problems=error) from None
    if protocol.override is not None:
        raise Refusal("This document is an exception for one patient: an oncologist decides it on the patient's page.", status=422)
    same = session.scalars(
        select(ProtocolVersion).where(
            ProtocolVersion.service_id == service_id,
            ProtocolVersion.slug == protocol.slug,
            ProtocolVersion.effective_from == protocol.effective_from,
            ProtocolVersion.fingerprint == protocol.fingerprint,
        )
    ).first()
    return same or shelf.place(session, protocol, text, known, service_id=service_id, by=by, now=now)


def _own(session: Session, service_id: int) -> dict[str, str]:
    """What the service adopted before: a document may be laid over that too."""
    mine = select(ProtocolVersion).where(ProtocolVersion.service_id == service_id, ProtocolVersion.state == VersionState.IN_FORCE)
    known: dict[str, str] = {}
    for row in session.scalars(mine.order_by(ProtocolVersion.id)):
        known |= {**row.layers, f"{row.slug}@{row.effective_from}": row.document}
    return known
