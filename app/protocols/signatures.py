"""A protocol is followed once a doctor and a pharmacist of the service have signed it: two people, each for the same text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor
from app.core.errors import Refusal
from app.protocols.models import ProtocolSignature, ProtocolVersion, SignatureRole

DRAFT = "draft"


def sign(
    session: Session, version: ProtocolVersion, *, service_id: int, role: SignatureRole, by: Actor, now: datetime
) -> ProtocolSignature:
    """Sign this text for the service. Raises Refusal for a draft, another service's copy, or a second signature."""
    if version.depth == DRAFT:
        raise Refusal("This protocol is a draft: it is for reading. Nothing was signed.")
    if version.service_id not in (None, service_id):
        raise Refusal("This protocol is another service's copy. Nothing was signed.", status=404)
    standing = of(session, version, service_id)
    if role in (signature.role for signature in standing):
        raise Refusal("Another person of this role has already signed this text. Nothing was changed.", status=409)
    if any(signature.staff_id == by.id for signature in standing):
        raise Refusal("You have already signed this text: the second signature is another person's.", status=409)
    signature = ProtocolSignature(
        service_id=service_id,
        version_id=version.id,
        fingerprint=version.fingerprint,
        role=role,
        staff_id=by.id,
        signed_by=by.name,
        unverified=version.unverified,
        signed_at=now,
    )
    session.add(signature)
    session.flush()
    after = {"slug": version.slug, "fingerprint": version.fingerprint, "role": role.value, "unverified": version.unverified}
    subject = f"protocol_version:{version.id}"
    audit.record(session, actor=by, action="protocol.signed", subject=subject, service_id=service_id, after=after, now=now)
    return signature


def of(session: Session, version: ProtocolVersion, service_id: int) -> list[ProtocolSignature]:
    """The signatures this text has in the service, the first first."""
    mine = select(ProtocolSignature).where(ProtocolSignature.service_id == service_id, ProtocolSignature.fingerprint == version.fingerprint)
    return list(session.scalars(mine.order_by(ProtocolSignature.id)))


def signed(session: Session, versions: Iterable[ProtocolVersion], service_id: int) -> set[str]:
    """Fingerprints, among these, that both a doctor and a pharmacist of the service have signed."""
    fingerprints = {version.fingerprint for version in versions}
    rows = session.execute(
        select(ProtocolSignature.fingerprint, ProtocolSignature.role).where(
            ProtocolSignature.service_id == service_id, ProtocolSignature.fingerprint.in_(fingerprints)
        )
    )
    roles: dict[str, set[str]] = {}
    for fingerprint, role in rows:
        roles.setdefault(fingerprint, set()).add(role)
    return {fingerprint for fingerprint, signers in roles.items() if signers == set(SignatureRole)}
