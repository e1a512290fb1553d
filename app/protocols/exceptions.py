"""One patient's exception as a document of its own: numbers changed, with reason and end, over the version that is followed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from app.core.audit import Actor
from app.core.errors import Refusal
from app.protocols import shelf
from app.protocols.models import ProtocolVersion, VersionState
from triage.protocol import ProtocolError, parse


@dataclass(frozen=True)
class Decided:
    """slug: of the document, one per exception. changes: threshold → number, in the unit it already has."""

    slug: str
    starts_on: date
    ends_on: date
    reason: str
    by: str
    changes: Mapping[str, Decimal]


def document(base: ProtocolVersion, decided: Decided) -> str:
    """The document as it is stored and read: nothing in it but what the doctor decided."""
    said = {name: json.dumps(text, ensure_ascii=False) for name, text in _texts(base, decided).items()}
    lines = [
        f"slug = {said['slug']}",
        'kind = "patient"',
        f"effective_from = {decided.starts_on}",
        f"over = {said['over']}",
        f"title = {{ fr = {said['fr']}, en = {said['en']} }}",
        f"reason = {said['reason']}",
        f"by = {said['by']}",
        f"ends_on = {decided.ends_on}",
    ]
    for name, at in decided.changes.items():
        lines += ["", f"[change.{json.dumps(name)}]", f"at = {at:f}", 'source = "prescriber"', "verified = false"]
    lines += ["", "[sources.prescriber]", f"title = {said['by']}", 'kind = "prescriber"', f"read_on = {decided.starts_on}", ""]
    return "\n".join(lines)


def _texts(base: ProtocolVersion, decided: Decided) -> dict[str, str]:
    return {
        "slug": decided.slug,
        "over": f"{base.slug}@{base.effective_from}",
        "fr": f"{base.title['fr']}, exception pour un patient",
        "en": f"{base.title['en']}, exception for one patient",
        "reason": decided.reason,
        "by": decided.by,
    }


def place(session: Session, base: ProtocolVersion, decided: Decided, *, service_id: int, by: Actor, now: datetime) -> ProtocolVersion:
    """The composed protocol as a row that needs nothing else to be read again.

    Raises Refusal, with every reason, when a number cannot stand: unknown, out of reach, or looser than the floor.
    """
    text = document(base, decided)
    known = {**base.layers, f"{base.slug}@{base.effective_from}": base.document}
    try:
        protocol = parse(text, known)
    except ProtocolError as error:
        raise Refusal("This exception cannot be used:\n{problems}", status=422, field="at", problems=error) from None
    return shelf.place(session, protocol, text, known, service_id=service_id, by=by, now=now, state=VersionState.PATIENT)
