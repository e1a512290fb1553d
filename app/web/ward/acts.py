"""Acts of the panel beside those of every alert: take back, decide about sending help, send one of the six ready replies."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import handling, replies
from app.alerts.models import Alert, AlertState
from app.people import patients
from app.web.deps import Id, Writes
from app.web.render import Page, StaffPage
from app.web.ward import panel
from app.web.ward.nurse import Undo, Words, acted

router = APIRouter()


@router.post("/alerts/{alert_id}/undo")
def undo(page: StaffPage, session: Writes, alert_id: Id) -> Response:
    """Take one's own last act back."""
    handling.undo(session, alert_id, by=page.viewer, now=page.now)
    return acted(page, session, alert_id)


@router.post("/alerts/{alert_id}/decide")
def decide(
    page: StaffPage,
    session: Writes,
    alert_id: Id,
    what: Annotated[str, Form(max_length=20)] = "",
    decided_by: Annotated[str, Form(max_length=200)] = "",
    why: Words = "",
) -> Response:
    """Record who decided what about sending help, and why."""
    handling.decide(session, alert_id, by=page.viewer, now=page.now, what=what, decided_by=decided_by, why=why)
    return acted(page, session, alert_id)


@router.post("/patients/{patient_id}/replies")
def reply(page: StaffPage, session: Writes, patient_id: Id, key: Annotated[str, Form(max_length=20)] = "") -> Response:
    """Send a ready reply; the alert's owner does, where one is open."""
    page.viewer.require("act_on_alerts")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    alert = session.scalar(select(Alert).where(Alert.patient_id == patient.id, Alert.state != AlertState.CLOSED))
    if alert is not None:
        alert = handling.owned(session, alert.id, by=page.viewer, now=page.now)
    message = replies.send(session, patient, key, alert=alert, by=page.viewer, now=page.now)
    return _shown(page, session, patient_id, Undo(f"/messages/{message.id}/undo", page.say("undo.replied")))


@router.post("/messages/{message_id}/undo")
def take_back(page: StaffPage, session: Writes, message_id: Id) -> Response:
    """This reply does not leave."""
    page.viewer.require("act_on_alerts")
    message = replies.take_back(session, message_id, by=page.viewer, now=page.now)
    return _shown(page, session, message.patient_id or 0, None)


def _shown(page: Page, session: Session, patient_id: int, undo: Undo | None) -> Response:
    """The panel of the patient as it is now; their page when nothing is open any more."""
    session.flush()
    session.expire_all()
    shown = panel.of_key(page, session, f"patient:{patient_id}")
    if shown is None or not page.is_fragment:
        return page.go(f"/alerts/{shown.alert.id}" if shown and shown.alert else f"/patients/{patient_id}")
    answer = page.page("acted.html", panel=shown, undo=undo)
    answer.headers["HX-Trigger"] = "vigie:changed"
    return answer
