"""A patient's programmes: enrolled, met, validated; stages on any past day; the circle in town, letters, the end and the opinion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care import calls, city, endings, enrolments, letters, planning, programmes, stages
from app.care.document import Programme
from app.care.models import Enrolment, PlannedCall
from app.core.errors import FieldErrors, NotFound, Refusal
from app.people import directory, members, patients
from app.people.circle_models import CircleMember, Professional, Trade
from app.people.directory import NewProfessional
from app.people.models import Patient, Role, Staff
from app.web.care import arranged
from app.web.coordinator import Typed
from app.web.deps import Id, Reads, Writes
from app.web.patient import chart_data
from app.web.patient.prescription import day, whole
from app.web.render import Page, StaffPage
from app.web.ward.panel import opened
from app.web.ward.saying import Saying

router = APIRouter(prefix="/patients/{patient_id}")

MORNING = time(8)
"""A visit noted by its day alone (house rule, 2026-11-23)."""


@dataclass(frozen=True)
class Shown:
    """One follow-up on the page. was: stage, level, nurse and stand-in on the day asked for. nurses, stand_ins: who may be named."""

    row: Enrolment
    programme: Programme
    refusal: Refusal | None
    nurse: str
    stand_in: str
    validated_by: str
    was: Mapping[str, str]
    nurses: Sequence[Staff]
    stand_ins: Sequence[Staff]
    calls: Sequence[PlannedCall]

    @property
    def running(self) -> bool:
        """Proposed or open."""
        return self.row.state in enrolments.RUNNING


@router.get("/programmes")
def show(page: StaffPage, session: Reads, patient_id: Id, on: str = "") -> Response:
    """Everything about the patient's follow-ups, latest first."""
    page.viewer.require("open_chart")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    opened(page, patient, "chart")
    return _page(page, session, patient, on=day(on))


@router.post("/programmes/{act}")
def change(page: StaffPage, session: Writes, patient_id: Id, act: str, values: Typed) -> Response:
    """One act; or the same page with a sentence beside each field and everything typed still there."""
    patient = patients.get(session, patient_id, viewer=page.viewer)
    if act not in _ACTS:
        raise NotFound("This page")
    try:
        _ACTS[act](page, session, patient, values)
    except Refusal as refusal:
        told = page.field_errors(refusal) or ({"act": page.refused(refusal)} if refusal.status != 403 else {})
        if not told:
            raise
        session.rollback()
        patient = patients.get(session, patient_id, viewer=page.viewer)
        return _page(page, session, patient, act=act, values=values, errors=told)
    return page.go(f"/patients/{patient_id}/programmes")


@router.get("/letters/{letter_id}")
def letter(page: StaffPage, session: Reads, patient_id: Id, letter_id: Id) -> Response:
    """One letter as it leaves, ready to print."""
    patient = patients.get(session, patient_id, viewer=page.viewer)
    found = letters.get(session, letter_id, viewer=page.viewer)
    if found.patient_id != patient.id:
        raise NotFound("This letter")
    opened(page, patient, "chart")
    return page.page("care/letter.html", patient=patient, letter=found)


# --- Acts ---------------------------------------------------------------------------------------------------------------------------


def _mine(page: Page, session: Session, patient: Patient, values: Mapping[str, str]) -> Enrolment:
    """The follow-up the page names. Raises NotFound for one of another patient."""
    row = enrolments.get(session, whole(values.get("enrolment", "")) or 0, viewer=page.viewer)
    if row.patient_id != patient.id:
        raise NotFound("This follow-up")
    return row


def _propose(page: Page, session: Session, patient: Patient, values: dict[str, str]) -> None:
    enrolments.propose(
        session, patient, values.get("programme", ""), by=page.viewer, now=page.now, anchor_day=day(values.get("anchor_day", ""))
    )


def _adhesion(page: Page, session: Session, patient: Patient, values: dict[str, str]) -> None:
    row, on = _mine(page, session, patient, values), day(values.get("met_at", ""))
    met_at = min(datetime.combine(on, MORNING, ZoneInfo(page.formats.zone)), page.now) if on and on <= page.now.date() else None
    nurse, stand_in = whole(values.get("nurse", "")), whole(values.get("stand_in", ""))
    enrolments.adhesion(session, row.id, nurse_id=nurse, stand_in_id=stand_in, met_at=met_at, by=page.viewer, now=page.now)
    _opening_letters(page, session, row)


def _validate(page: Page, session: Session, patient: Patient, values: dict[str, str]) -> None:
    row = _mine(page, session, patient, values)
    enrolments.validate(session, row.id, by=page.viewer, now=page.now, because=values.get("because", ""))
    _opening_letters(page, session, row)


def _opening_letters(page: Page, session: Session, row: Enrolment) -> None:
    if row.opened_at is not None:
        letters.prepare(session, row, "opening", by=page.viewer.actor, now=page.now)


def _change(page: Page, session: Session, patient: Patient, values: dict[str, str]) -> None:
    row, kind = _mine(page, session, patient, values), values.get("kind", "")
    to, on = values.get(f"to_{kind}", ""), day(values.get("from_day", ""))
    stages.change(session, row.id, kind, to, why=values.get("why", ""), by=page.viewer, now=page.now, on=on)


def _end(page: Page, session: Session, patient: Patient, values: dict[str, str]) -> None:
    row = _mine(page, session, patient, values)
    endings.end(session, row.id, reason=values.get("reason", ""), words=values.get("words", ""), by=page.viewer, now=page.now)
    letters.prepare(session, row, "end", by=page.viewer.actor, now=page.now)


def _opinion(page: Page, session: Session, patient: Patient, values: dict[str, str]) -> None:
    row = _mine(page, session, patient, values)
    answers = None if values.get("refused") else {one.key: values.get(one.key, "") for one in programmes.of(row).exit.opinion}
    endings.give_opinion(session, row.id, answers, by=page.viewer, now=page.now)


def _reopen(page: Page, session: Session, patient: Patient, values: dict[str, str]) -> None:
    endings.reopen(session, _mine(page, session, patient, values).id, why=values.get("why", ""), by=page.viewer, now=page.now)


def _professional(page: Page, session: Session, patient: Patient, values: dict[str, str]) -> None:
    new = NewProfessional(**{name: values.get(name, "") for name in ("trade", "name", "practice", "address", "phone", "email")})
    fiction = not page.tools.settings.is_production
    row = directory.declare(session, new, by=page.viewer, now=page.now, allow_fiction=fiction)
    directory.add(session, patient, row.id, by=page.viewer, now=page.now)


def _member(page: Page, session: Session, patient: Patient, values: dict[str, str]) -> None:
    chosen = whole(values.get("professional", ""))
    if not chosen:
        raise FieldErrors({"professional": "Choose one of the list."})
    directory.add(session, patient, chosen, by=page.viewer, now=page.now)


def _consent(page: Page, session: Session, patient: Patient, values: dict[str, str]) -> None:
    member = whole(values.get("member", "")) or 0
    directory.consent(session, patient, member, granted=values.get("granted") == "yes", by=page.viewer, now=page.now)


def _remove(page: Page, session: Session, patient: Patient, values: dict[str, str]) -> None:
    directory.remove(session, patient, whole(values.get("member", "")) or 0, by=page.viewer, now=page.now)


def _send(page: Page, session: Session, patient: Patient, values: dict[str, str]) -> None:
    found = letters.get(session, whole(values.get("letter", "")) or 0, viewer=page.viewer)
    if found.patient_id != patient.id:
        raise NotFound("This letter")
    letters.send(session, found.id, way=values.get("way", "printed"), by=page.viewer, now=page.now)


_ACTS = {
    "propose": _propose,
    "adhesion": _adhesion,
    "validate": _validate,
    "change": _change,
    "end": _end,
    "opinion": _opinion,
    "reopen": _reopen,
    "professional": _professional,
    "member": _member,
    "consent": _consent,
    "remove": _remove,
    "send": _send,
    "agree": arranged.agree,
    "ask": arranged.ask,
    "answer": arranged.answer,
}


# --- The page -----------------------------------------------------------------------------------------------------------------------


def _page(
    page: Page,
    session: Session,
    patient: Patient,
    *,
    on: date | None = None,
    act: str = "",
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    today = page.formats.local(page.now).date()
    rows = enrolments.of_patient(session, patient.id)
    running = {row.programme for row in rows if row.state in enrolments.RUNNING}
    offered = [one for one in programmes.offered(today) if one.slug not in running]
    return page.page(
        "care/following.html",
        422 if errors else 200,
        patient=patient,
        shown=[_shown(session, row, on or today) for row in rows],
        offered=offered,
        programmed=[(one.slug, one.title.said(page.language)) for one in offered],
        asked_day=on,
        today=today,
        treatment=chart_data.treatment_of(session, patient, page.now),
        saying=Saying(page),
        circle=[(member, directory.said(member)) for member in directory.around(session, patient.id)],
        others=_others(page, session, directory.around(session, patient.id)),
        traded=[(one.value, page.say(f"care_programmes.trades.{one}")) for one in Trade],
        letters=letters.of_patient(session, patient.id),
        asked=arranged.asked_of(session, patient),
        in_town=arranged.around(session, patient),
        slots=range(arranged.SLOTS),
        ways=[(one, page.say(f"care_programmes.ways.{one}")) for one in city.WAYS],
        holds=planning.holds_of(session, calls.open_of(session, patient.id)),
        ends=[(one.value, page.say(f"care_programmes.reasons.{one}")) for one in endings.EndReason],
        named=lambda people: [(one.id, one.name) for one in people],
        titles=lambda keys: [(one.key, one.title.said(page.language)) for one in keys],
        act=act,
        values=values or {},
        errors=errors or {},
    )


def _shown(session: Session, row: Enrolment, on: date) -> Shown:
    programme = programmes.of(row)
    was = {kind: _title(session, programme, kind, stages.value_on(row, kind, on)) for kind in ("stage", "level", "nurse", "stand_in")}
    return Shown(
        row=row,
        programme=programme,
        refusal=enrolments.why_not_call(session, row) if row.state in enrolments.RUNNING else None,
        nurse=_name(session, row.nurse_id),
        stand_in=_name(session, row.stand_in_id),
        validated_by=_name(session, row.validated_by_id),
        was=was,
        nurses=_staff(session, row, programme.owners.named.roles),
        stand_ins=_staff(session, row, programme.owners.stand_in.roles),
        calls=[call for call in calls.open_of(session, row.patient_id) if call.enrolment_id == row.id],
    )


def _title(session: Session, programme: Programme, kind: str, value: str) -> str:
    """A stage or a level by its key, which its template words; a person by name."""
    return _name(session, whole(value)) if kind in ("nurse", "stand_in") else value


def _name(session: Session, staff_id: int | None) -> str:
    found = session.get(Staff, staff_id) if staff_id else None
    return found.name if found else ""


def _staff(session: Session, row: Enrolment, roles: Sequence[Role]) -> list[Staff]:
    mine = (members.belongs(row.service_id), Staff.active, Staff.role.in_(roles))
    return list(session.scalars(select(Staff).where(*mine).order_by(Staff.name)))


def _others(page: Page, session: Session, around: Sequence[CircleMember]) -> list[Professional]:
    here = {member.professional_id for member in around}
    return [one for one in directory.search(session, "", viewer=page.viewer, limit=200) if one.id not in here]
