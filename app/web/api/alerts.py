"""The JSON interface: alerts, and what is done with one: take, decide about sending help, log a call, close."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field, StrictBool
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import handling
from app.alerts.models import Alert
from app.people.perimeter import Viewer
from app.web.api import views
from app.web.api.doors import PAGE, Caller, Id, Limit, PatientQuery, absent, opened, person, router
from app.web.api.shapes import AlertOut, AlertStateWord, AlertWhole, Body, By, Level, Text
from app.web.deps import Now, Reads, Writes

__all__ = ["router"]

Spoken = Literal["patient", "relative", "home_nurse"]


class TakeIn(Body):
    """Who becomes the owner."""

    by: Annotated[By, Field(min_length=1)]


class CloseIn(Body):
    """What was done. note: needed for nurse_protocol, doctor_decision, other, and no_action of an urgent alert.

    spoke_to: who was reached, when that call is noted with the close. An urgent alert closes when somebody was, or by a decision (decide).
    """

    by: Annotated[By, Field(min_length=1)]
    outcome: Literal[
        "no_action",
        "advice",
        "nurse_protocol",
        "doctor_informed",
        "doctor_decision",
        "seen_same_day",
        "sent_to_emergency",
        "referred",
        "already_managed",
        "not_an_event",
        "not_reached",
        "other",
    ]
    note: Annotated[Text, Field(max_length=4000)] = ""
    spoke_to: Spoken | None = None


class CallIn(Body):
    """A telephone call about an alert: whether somebody answered, and what was said."""

    by: Annotated[By, Field(min_length=1)]
    whom: Literal["patient", "relative", "home_nurse", "doctor", "other"]
    reached: StrictBool
    note: Annotated[Text, Field(max_length=4000)] = ""


class DecideIn(Body):
    """What was decided about sending help while nobody could be spoken to. decided_by: a name, as it is to be read; why: in words."""

    by: Annotated[By, Field(min_length=1)]
    what: Literal["help_sent", "someone_goes", "nobody_sent"]
    decided_by: Annotated[Text, Field(max_length=200)]
    why: Annotated[Text, Field(max_length=4000)]


@router.get("/alerts", summary="Alerts")
def list_alerts(
    who: Caller,
    session: Reads,
    state: Annotated[AlertStateWord | None, absent, Query()] = None,
    level: Annotated[Level | None, absent, Query()] = None,
    patient: PatientQuery = None,
    limit: Limit = PAGE,
) -> list[AlertOut]:
    """Alerts of the service, newest first."""
    who.require("see_alerts")
    found = select(Alert).where(Alert.service_id == who.service_id)
    for column, wanted in ((Alert.state, state), (Alert.level, level), (Alert.patient_id, patient)):
        if wanted is not None:
            found = found.where(column == wanted)
    return [views.alert(session, row) for row in session.scalars(found.order_by(Alert.id.desc()).limit(limit))]


@router.get("/alerts/{alert_id}", summary="An alert with its trace")
def read_alert(alert_id: Id, who: Caller, session: Writes, now: Now) -> AlertWhole:
    """Every event of the alert, and the assessment it stands on. Opening it opens the patient's file: it is recorded."""
    alert = handling.get(session, alert_id, viewer=who)
    if alert.patient_id is not None:
        opened(session, alert.patient_id, who, now, f"api: alert {alert.id}")
    return views.whole_alert(session, alert)


@router.post("/alerts/{alert_id}/take", summary="Take an alert")
def take(alert_id: Id, body: TakeIn, who: Caller, session: Writes, now: Now) -> AlertOut:
    """The person named becomes the owner; 409 with who has it otherwise."""
    return views.alert(session, handling.take(session, alert_id, by=person(session, who, body.by, "act_on_alerts"), now=now))


@router.post("/alerts/{alert_id}/decide", summary="Decide about sending help")
def decide(alert_id: Id, body: DecideIn, who: Caller, session: Writes, now: Now) -> AlertOut:
    """While nobody could be spoken to: who decided what about sending help, and why. An urgent alert then closes with what was decided.

    help_sent and someone_goes wait for nothing, and make a task: somebody checks, within 30 minutes, that help arrived. nobody_sent waits
    for two calls to the patient, one to a relative, and a doctor spoken to, each noted (call).
    """
    by = _holding(session, alert_id, who, body.by, now)
    decided = {"what": body.what, "decided_by": body.decided_by, "why": body.why}
    return views.alert(session, handling.decide(session, alert_id, by=by, now=now, **decided))


@router.post("/alerts/{alert_id}/call", summary="Log a call about an alert")
def call(alert_id: Id, body: CallIn, who: Caller, session: Writes, now: Now) -> AlertOut:
    """A call was made, answered or not. Its owner keeps the alert; one nobody had is first taken by the person named."""
    by = _holding(session, alert_id, who, body.by, now)
    alert = handling.call_logged(session, alert_id, by=by, now=now, whom=body.whom, reached=body.reached, words=body.note)
    return views.alert(session, alert)


@router.post("/alerts/{alert_id}/close", summary="Close an alert")
def close(alert_id: Id, body: CloseIn, who: Caller, session: Writes, now: Now) -> AlertOut:
    """The person named ends it with what was done; an alert nobody had is first taken by them, in the same transaction.

    A call the patient asked for ends with it when somebody was reached; its event "closed" names which (calls) and which stay (calls_left).
    """
    by = _holding(session, alert_id, who, body.by, now)
    said = {"outcome": body.outcome, "words": body.note, "spoke_to": body.spoke_to or ""}
    return views.alert(session, handling.close(session, alert_id, by=by, now=now, **said))


def _holding(session: Session, alert_id: int, who: Viewer, login: str, now: datetime) -> Viewer:
    """The person named, who has the alert from here on. Raises Conflict with who has it otherwise."""
    by = person(session, who, login, "act_on_alerts")
    handling.take(session, alert_id, by=by, now=now)
    return by
