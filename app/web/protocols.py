"""Protocols as people read them: the list, one on a page with its numbers and their sources, and the two signatures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.core.errors import NotFound, Refusal
from app.people.models import Role
from app.protocols import signatures, versions
from app.protocols.models import ProtocolVersion, SignatureRole
from app.web.coordinator import service_of
from app.web.deps import Reads, Writes
from app.web.render import Page, StaffPage
from app.web.ward.naming import Naming
from triage.protocol import FAMILIES, Protocol

router = APIRouter()

SIGNS_AS = {Role.ONCOLOGIST: SignatureRole.DOCTOR, Role.PHARMACIST: SignatureRole.PHARMACIST}
UNSURE = Refusal("Tick the line that says what will happen, then send again.", field="sure", status=422)
Id = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/protocols")
def list_protocols(page: StaffPage, session: Reads) -> Response:
    """Every protocol the service may read, the followed ones first, drafts last and said to be drafts."""
    page.viewer.require("read_protocols")
    service = service_of(session, page)
    held = versions.available(session, page.now.date(), service.id)
    signed = signatures.signed(session, held, service.id)
    rows = [(row, row.fingerprint in signed, signatures.of(session, row, service.id)) for row in held]
    rows.sort(key=lambda entry: (entry[0].depth == signatures.DRAFT, not entry[1], entry[0].title[page.language]))
    return page.page("protocols/list.html", rows=rows)


@router.get("/protocols/{version_id}")
def show(page: StaffPage, session: Reads, version_id: Id) -> Response:
    """One protocol, readable from the top: what decides, where it comes from, what nobody has verified."""
    page.viewer.require("read_protocols")
    row = _row(page, session, version_id)
    return page.page("protocols/show.html", **_shown(page, session, row))


@router.post("/protocols/{version_id}/sign")
def sign(page: StaffPage, session: Writes, version_id: Id, sure: str = Form("", max_length=10)) -> Response:
    """The reader's signature under exactly this text; values nobody verified are taken with a tick that says how many they are."""
    page.viewer.require("sign_protocols")
    row = _row(page, session, version_id)
    shown = _shown(page, session, row)
    if shown["may_sign"] and shown["p"].unverified and sure != "yes":
        return page.page("protocols/show.html", 422, **{**shown, "error": page.refused(UNSURE)})
    role = SIGNS_AS[page.viewer.role]
    service = service_of(session, page)
    signatures.sign(session, row, service_id=service.id, role=role, by=page.viewer.actor, now=page.now)
    return page.go(f"/protocols/{version_id}")


def _row(page: Page, session: Session, version_id: int) -> ProtocolVersion:
    """Raises NotFound for another service's copy as for none at all."""
    row = session.get(ProtocolVersion, version_id)
    if row is None or row.service_id not in (None, service_of(session, page).id):
        raise NotFound("This protocol")
    return row


def _shown(page: Page, session: Session, row: ProtocolVersion) -> dict[str, Any]:
    protocol = versions.load(row)
    standing = signatures.of(session, row, service_of(session, page).id)
    role = SIGNS_AS.get(page.viewer.role)
    mine = {signature.role for signature in standing} | {signature.staff_id for signature in standing}
    return {
        "row": row,
        "agents": [Naming(page).medicine(agent) for agent in protocol.agents],
        "error": "",
        "p": protocol,
        "families": [(family, [rule for rule in protocol.rules if rule.family == family]) for family in FAMILIES],
        "doubtful": set(protocol.unverified),
        "beats": [_beat(protocol, beat.ask, page.language) | {"beat": beat} for beat in protocol.rhythm],
        "proposals": list(protocol.proposals.items()),
        "signatures": standing,
        "may_sign": role is not None and not protocol.draft and role not in mine and page.viewer.actor.id not in mine,
    }


def _beat(protocol: Protocol, keys: Iterable[str], language: str) -> dict[str, Any]:
    return {"asks": [protocol.questions[key].name[language] for key in keys]}
