"""Somebody telephones us: found by name or number and their call begun; nobody knows them: kept as a task, or in danger as an alert."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.alerts import handling, tasks
from app.alerts.reasons import Reason
from app.checkins.texts import dangers
from app.core.errors import FieldErrors
from app.messaging import pages
from app.messaging.models import In, Message
from app.people import patients
from app.people.models import Service
from app.protocols import words
from app.web.care import planned
from app.web.coordinator import Typed
from app.web.deps import Reads, Writes
from app.web.render import Page, StaffPage
from notifications.inbound import to_e164
from triage import replies

router = APIRouter(prefix="/calls/incoming")

ABILITY = "make_calls"
MOST = 8
"""Patients shown: more, and the name is written longer."""
LONGEST = {"q": 200, "reason": 2000}


@router.post("/find")
def find(page: StaffPage, session: Reads, values: Typed) -> Response:
    """Whose call it may be; posted, for a name in an address is a name in the history of the browser."""
    page.viewer.require(ABILITY)
    return planned.show_with(page, session, values, found=patients.search(session, values.get("q", ""), viewer=page.viewer, limit=MOST))


@router.post("/unknown")
def unknown(page: StaffPage, session: Writes, values: Typed) -> Response:
    """Nobody of the list: number and words are a task; a danger in them is an alert instead, which says the same words once."""
    page.viewer.require(ABILITY)
    try:
        _keep(page, session, values)
    except FieldErrors as refusal:
        told = page.field_errors(refusal)
        session.rollback()
        return planned.show_with(page, session, values, found=(), errors=told)
    return page.go("/calls?kept=yes")


def _keep(page: Page, session: Session, values: Mapping[str, str]) -> None:
    who, reason = values.get("q", "").strip(), values.get("reason", "").strip()
    missing = {"q": "" if who else "Write who called: a name or a number.", "reason": "" if reason else "Write why they called."}
    too_long = {name: "This is too long." for name, most in LONGEST.items() if len(values.get(name, "").strip()) > most}
    if problems := {name: said for name, said in (missing | too_long).items() if said}:
        raise FieldErrors(problems)
    service = session.get_one(Service, page.viewer.service_id)
    number = to_e164(who, service.country) or ""
    said = reason if number else f"{who} : {reason}"
    message = Message(
        service_id=service.id,
        direction="in",
        state=In.QUEUE,
        address=number,
        number=service.number,
        body=said,
        carrier=pages.CALL,
        reading={"asked_by": str(page.viewer.actor)},
        created_at=page.now,
        read_at=page.now,
    )
    session.add(message)
    session.flush()
    subject = f"number:{number}" if number else f"call:{message.id}"
    codes = {code for language in {service.language, page.language} for code in replies.scan(said, language, words.words())}
    if codes:
        heard = Reason("danger", dangers.level_of(codes), {"dangers": sorted(codes), "message_id": message.id, "number": number or who})
        alert = handling.consider(session, service=service, patient=None, reason=heard, subject=subject, now=page.now, by=page.viewer.actor)
        assert alert is not None  # high and urgent always raise
        message.alert_id = alert.id
        return
    tasks.make(
        session,
        service_id=service.id,
        kind="unknown_caller",
        key=f"unknown_caller:{message.id}",
        detail={"number": number or who, "among": []},
        message_id=message.id,
        now=page.now,
        by=page.viewer.actor,
    )
