"""Absences and follow-up of one patient: record, end, take back; the pause of the silence alert."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import admission
from app.checkins.models import CheckIn, CheckInState
from app.checkins.rhythm import agenda, freezing, planning
from app.core.errors import FieldErrors, NotFound, Refusal
from app.people import absences, patients, pauses
from app.people.models import Absence, Patient
from app.treatment import courses
from app.web.coordinator import Id, Typed
from app.web.deps import Reads, Writes
from app.web.patient import chart_data, prescription, stays
from app.web.patient.speakers import Speakers
from app.web.render import Page, StaffPage
from app.web.ward.panel import opened
from app.web.ward.saying import Saying

router = APIRouter()
router.include_router(stays.router)

LATELY = timedelta(days=7)


@dataclass(frozen=True)
class Told:
    """One absence as the page shows it: by whom it was told, whether a text said it; of a stay, how far it is (admission.stage)."""

    row: Absence
    who: str
    by_text: bool
    taken_back_by: str = ""
    stage: str = ""

    @property
    def is_over(self) -> bool:
        """Ended, by itself or by somebody."""
        return self.row.ended_at is not None


@router.get("/patients/{patient_id}/absences")
def show(page: StaffPage, session: Reads, patient_id: Id) -> Response:
    """What stands, what is over, and what may be recorded."""
    page.viewer.require("open_chart")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    opened(page, patient, "chart")
    return _page(page, session, patient, {}, {})


@router.post("/patients/{patient_id}/absences/{act}")
def change(page: StaffPage, session: Writes, patient_id: Id, act: str, values: Typed) -> Response:
    """One act, or the page again with a sentence beside each field and everything typed still there."""
    if act not in _ACTS:
        raise NotFound("This page")
    ability, craft = _ACTS[act]
    page.viewer.require(ability)
    patient = patients.get(session, patient_id, viewer=page.viewer)
    if act == "undo" and (stay := _stay(session, patient, values)) is not None:
        return page.go(f"/patients/{patient.id}/stays/{stay.id}")  # one press never ends a stay: its page asks
    must_be_sure = act == "record" and values.get("kind") == absences.DEATH and not values.get("sure")
    try:
        craft(session, page, patient, values)
    except Refusal as refusal:
        told = page.field_errors(refusal)
        if not told:
            raise
        session.rollback()
        patient = patients.get(session, patient_id, viewer=page.viewer)
        typed = {f"{act}_{name}": text for name, text in values.items()}
        return _page(page, session, patient, typed, {f"{act}_{name}": said for name, said in told.items()})
    if must_be_sure:
        # It ends everything, and today's questions do not come back: nothing is kept before a second press says so.
        session.rollback()
        return page.page(
            "absence_sure.html", patient=patients.get(session, patient_id, viewer=page.viewer), values=values, day=_day(values, "from_day")
        )
    return page.go(f"/patients/{patient.id}?noted={act}#noted")


def shown(page: Page, session: Session, patient: Patient, *, noted: str = "") -> dict[str, Any]:
    """What the part "absences and follow-up" needs, on this page and on the patient's. noted: the act just done, which is said back."""
    voices = Speakers(page, session, patient)
    told = [
        Told(
            row,
            voices.name(row.said_by),
            row.said_by.startswith(("patient:", "respondent:", "relative:", "unknown:")),
            voices.name(row.ended_by) if _taken_back(row) else "",
            admission.stage(session, row) if row.ended_at is None and row.kind == absences.HOSPITAL else "",
        )
        for row in absences.of_patient(session, patient.id)
    ]
    today = chart_data.local_day(patient, page.now)
    course, visits = courses.running(session, patient.id), absences.visit_days(session, patient.id)
    is_asked = course is not None and not planning.not_asked_because(patient, course)
    return {
        "noted": noted if noted in (*_ACTS, stays.ENDED) else "",
        "noted_last": max((one.row for one in told), key=lambda row: (row.recorded_at, row.id), default=None)
        if noted == "record"
        else None,
        "absences": [one for one in told if not one.is_over and not (one.row.kind == "visit" and one.row.from_day < today)],
        "absences_over": [one for one in told if one.is_over and not one.taken_back_by],
        "absences_undone": [one for one in told if one.taken_back_by],
        "lost": _lost(session, patient, today) if is_asked else None,
        "next_checkin": agenda.next_planned(session, patient.id),
        "absence_kinds": absences.KINDS,
        "needs_reason": (*absences.ENDS, absences.WRONG_NUMBER),
        "stays": absences.STAYS,
        "came_home": next((one for one in told if _may_stand_again(one, page)), None),
        "is_paused": pauses.holds(patient, today),
        "pause": pauses.made(session, patient),
        "silence_alerts": is_asked and today not in visits,
        "today": today,
    }


def _taken_back(row: Absence) -> bool:
    """Written by mistake, and undone by a person: it never was, and is not counted among what is over."""
    if row.ended_at is None or not row.ended_by.startswith("staff:"):
        return False
    return row.begun_at is None or (row.kind in absences.ENDS and row.said_by.startswith("staff:"))


def _stay(session: Session, patient: Patient, values: dict[str, str]) -> Absence | None:
    row = session.get(Absence, prescription.whole(values.get("id", "")) or 0)
    return row if row is not None and row.patient_id == patient.id and row.kind in absences.STAYS else None


def _may_stand_again(one: Told, page: Page) -> bool:
    """A stay that ended these last days: what follows is told, and the way back is at hand."""
    ended = one.row.ended_at
    return one.row.kind in absences.STAYS and ended is not None and page.now - ended < LATELY


def _lost(session: Session, patient: Patient, today: date) -> CheckIn | None:
    """Today's questions that an absence, over since, has cancelled: they had begun, or their hour is past, and do not come back."""
    mine = (CheckIn.patient_id == patient.id, CheckIn.day == today, CheckIn.state == CheckInState.CANCELLED)
    return session.scalar(select(CheckIn).where(*mine, CheckIn.why.startswith(planning.FOLLOW_UP_IS)).order_by(CheckIn.id.desc()).limit(1))


def _page(page: Page, session: Session, patient: Patient, values: dict[str, str], errors: dict[str, str]) -> Response:
    given = shown(page, session, patient)
    return page.page(
        "absences_page.html", 422 if errors else 200, patient=patient, saying=Saying(page), values=values, errors=errors, **given
    )


def _record(session: Session, page: Page, patient: Patient, values: dict[str, str]) -> None:
    freezing.record(
        session,
        patient,
        values.get("kind", ""),
        from_day=_day(values, "from_day"),
        until_day=_day(values, "until_day"),
        reason=values.get("reason", "")[:2000],
        by=page.viewer.actor,
        now=page.now,
    )


def _undo(session: Session, page: Page, patient: Patient, values: dict[str, str]) -> None:
    number = prescription.whole(values.get("id", "")) or 0
    row = session.get(Absence, number)
    if row is not None and row.kind in absences.ENDS:
        page.viewer.require("take_back_end")
    freezing.undo(session, patient, number, by=page.viewer.actor, now=page.now, reason=values.get("reason", "")[:2000])


def _last_day(session: Session, page: Page, patient: Patient, values: dict[str, str]) -> None:
    number = prescription.whole(values.get("id", "")) or 0
    freezing.last_day(session, patient, number, until_day=_day(values, "until_day"), by=page.viewer.actor, now=page.now)


def _pause(session: Session, page: Page, patient: Patient, values: dict[str, str]) -> None:
    until, reason = _day(values, "until"), values.get("reason", "")[:2000]
    pauses.pause(session, patient, until=until, reason=reason, by=page.viewer.actor, now=page.now)


def _ring(session: Session, page: Page, patient: Patient, _values: dict[str, str]) -> None:
    pauses.end(session, patient, by=page.viewer.actor, now=page.now)


def _day(values: dict[str, str], name: str) -> date | None:
    found = prescription.day(values.get(name, ""))
    if found is None and values.get(name, "").strip():
        raise FieldErrors({name: "This is not a date."})
    return found


_ACTS: dict[str, tuple[str, Callable[[Session, Page, Patient, dict[str, str]], None]]] = {
    "record": ("record_absence", _record),
    "undo": ("record_absence", _undo),
    "last_day": ("record_absence", _last_day),
    "pause": ("pause_silence", _pause),
    "ring": ("pause_silence", _ring),
}
