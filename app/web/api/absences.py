"""The JSON interface: why nobody is asked for a while, and why nobody answered. Pausing an alarm is left to people, on the screen."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.alerts import tasks
from app.checkins.rhythm import endings, freezing, staying
from app.people import absences, patients
from app.people.models import Absence
from app.web.api.doors import Caller, Id, person, router
from app.web.api.shapes import Body, By, Day, Text
from app.web.deps import Now, Reads, Writes

__all__ = ["router"]

Reason = Annotated[Text, Field(max_length=2000)]
Kind = Literal["visit", "hospital_stay", "home_hospital", "wrong_number", "death", "end"]
Silence = Literal["too_ill", "in_hospital", "forgot", "telephone_broken", "no_network", "does_not_want", "could_not_read", "other"]


class AbsenceIn(Body):
    """From a day on, nobody is asked. until_day: the last day, of stays only, when it is known. A wrong number and an end need a reason."""

    kind: Kind
    from_day: Day
    until_day: Day | None = None
    reason: Reason = ""
    by: By = ""


class UndoIn(Body):
    """It is over, or was written by mistake. A stay, a death, an end and a wrong number need a reason.

    how: of a stay, home today or written by mistake. said_by: of a stay, who says so; without it, whoever calls.
    """

    reason: Reason = ""
    how: Literal["home", "mistake"] = "home"
    said_by: Annotated[Text, Field(max_length=200)] = ""
    by: By = ""


class AbsenceOut(BaseModel):
    """said_by: who told it, kind and number. begun_at null: announced. ended_at null: it holds, or is still to come."""

    id: int
    kind: str
    from_day: date
    until_day: date | None
    reason: str
    said_by: str
    begun_at: datetime | None
    ended_at: datetime | None


class SilenceIn(Body):
    """Why no answer came, for every silence not explained yet. "other" needs a note."""

    reason: Silence
    note: Reason = ""
    by: By = ""


class ExplainedOut(BaseModel):
    """The check-ins that are explained now; none when nothing was left to explain."""

    checkins: list[int]


@router.get("/patients/{patient_id}/absences", summary="List a patient's absences")
def list_absences(patient_id: Id, who: Caller, session: Reads) -> list[AbsenceOut]:
    """Visits, stays, a death, an end: every row ever written, latest first."""
    who.require("open_chart")
    return [_shown(row) for row in absences.of_patient(session, patients.get(session, patient_id, viewer=who).id)]


@router.post("/patients/{patient_id}/absences", status_code=201, summary="Record an absence")
def record_absence(patient_id: Id, body: AbsenceIn, who: Caller, session: Writes, now: Now) -> AbsenceOut:
    """A visit, a stay, a wrong number, a death, the end of follow-up: texts and plan follow at once. A danger is heard all the same."""
    by = person(session, who, body.by, "record_absence")
    patient = patients.get(session, patient_id, viewer=who)
    row = freezing.record(
        session, patient, body.kind, from_day=body.from_day, until_day=body.until_day, reason=body.reason, by=by.actor, now=now
    )
    return _shown(row)


@router.post("/patients/{patient_id}/absences/{absence_id}/undo", summary="End an absence, or take it back")
def undo_absence(patient_id: Id, absence_id: Id, body: UndoIn, who: Caller, session: Writes, now: Now) -> AbsenceOut:
    """The way back: questions begin again, unless something else still holds. A stay ends with its reason, like on the screen.

    Only a person takes back a death or an end.
    """
    by = person(session, who, body.by, "record_absence")
    patient = patients.get(session, patient_id, viewer=who)
    row = session.get(Absence, absence_id)
    if row is not None and row.kind in absences.ENDS:
        by.require("take_back_end")
    if row is not None and row.kind in absences.STAYS:
        said_by = body.said_by or by.actor.name
        return _shown(staying.end(session, patient, absence_id, how=body.how, reason=body.reason, said_by=said_by, by=by.actor, now=now))
    return _shown(freezing.undo(session, patient, absence_id, by=by.actor, now=now, reason=body.reason))


@router.post("/patients/{patient_id}/silence-reason", summary="Say why no answer came")
def explain_silence(patient_id: Id, body: SilenceIn, who: Caller, session: Writes, now: Now) -> ExplainedOut:
    """Kept on every silence nobody has explained; the calls that were overdue for it are done with the same words."""
    by = person(session, who, body.by, "act_on_alerts")
    patient = patients.get(session, patient_id, viewer=who)
    explained = endings.explain(session, patient, reason=body.reason, note=body.note, by=by.actor, now=now)
    for task in endings.calls_of(session, explained):
        tasks.close(session, task.id, by=by, now=now, words=body.note or body.reason)
    return ExplainedOut(checkins=[row.id for row in explained])


def _shown(row: Absence) -> AbsenceOut:
    return AbsenceOut(
        id=row.id,
        kind=row.kind,
        from_day=row.from_day,
        until_day=row.until_day,
        reason=row.reason,
        said_by=row.said_by,
        begun_at=row.begun_at,
        ended_at=row.ended_at,
    )
