"""Somebody telephones us: found by name or number and their call begun; nobody knows them: kept as a task, or in danger as an alert.

In danger the page says at once that the alert is open, what to tell whoever is on the line, and asks where to ring back.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.alerts import handling, raising, tasks
from app.alerts.models import Alert
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
from app.web.deps import Id, Reads, Writes
from app.web.patient import callers
from app.web.render import Page, StaffPage
from notifications.inbound import to_e164
from triage import replies

router = APIRouter(prefix="/calls/incoming")

ABILITY = "make_calls"
MOST = 8
"""Patients shown: more, and the name is written longer."""
LONGEST = {"q": 200, "number": 40, "reason": 2000}


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
        alert = _keep(page, session, values)
    except FieldErrors as refusal:
        told = page.field_errors(refusal)
        session.rollback()
        return planned.show_with(page, session, values, found=(), errors=told)
    return page.go(f"/calls?rang={alert.id}" if alert is not None else "/calls?kept=yes")


@router.post("/{alert_id}/number")
def ring_back(page: StaffPage, session: Writes, alert_id: Id, values: Typed) -> Response:
    """Where whoever is on the line can be rung back, as they say it: it stands among the numbers of the alert."""
    page.viewer.require(ABILITY)
    alert = handling.get(session, alert_id, viewer=page.viewer)
    if number := values.get("number", "").strip()[: LONGEST["number"]]:
        said = {"note": page.say("care_calls.ring_back_note", number=number), "call_back": number}
        raising.note(session, alert, "note", by=page.viewer.actor, now=page.now, detail=said)
    return page.go(f"/calls?rang={alert.id}")


def _keep(page: Page, session: Session, values: Mapping[str, str]) -> Alert | None:
    """The words, kept first; then the alert of a danger in them, or a task: None."""
    who, reason, typed = (values.get(name, "").strip() for name in ("q", "reason", "number"))
    _check(values, who or typed, reason)
    service = session.get_one(Service, page.viewer.service_id)
    own = to_e164(who, service.country) or ""
    number = to_e164(typed, service.country) or own
    said = reason if own or not who else f"{who} : {reason}"
    message = _message(page, service, number, said)
    session.add(message)
    session.flush()
    subject = f"number:{number}" if number else f"{callers.CALL}{message.id}"
    about = {"number": number or who, "heard": said, **({"call_back": typed} if typed and not number else {})}
    codes = {code for language in {service.language, page.language} for code in replies.scan(said, language, words.words())}
    if codes:
        heard = Reason("danger", dangers.level_of(codes), {"dangers": sorted(codes), "message_id": message.id, **about})
        alert = handling.consider(session, service=service, patient=None, reason=heard, subject=subject, now=page.now, by=page.viewer.actor)
        assert alert is not None  # high and urgent always raise
        message.alert_id = alert.id
        return alert
    tasks.make(
        session,
        service_id=service.id,
        kind=callers.KIND,
        key=f"{callers.KIND}:{message.id}",
        detail={"among": [], **about},
        message_id=message.id,
        now=page.now,
        by=page.viewer.actor,
    )
    return None


def _check(values: Mapping[str, str], who: str, reason: str) -> None:
    missing = {"q": "" if who else "Write who called: a name or a number.", "reason": "" if reason else "Write why they called."}
    too_long = {name: "This is too long." for name, most in LONGEST.items() if len(values.get(name, "").strip()) > most}
    if problems := {name: said for name, said in (missing | too_long).items() if said}:
        raise FieldErrors(problems)


def _message(page: Page, service: Service, number: str, said: str) -> Message:
    return Message(
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
