"""What is particular to one patient: numbers changed for a time, other medicines, marks on the record, a value that arrived."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertState
from app.checkins import script
from app.checkins.judging import measured
from app.core.errors import FieldErrors, NotFound, Refusal
from app.people import cautions, patients
from app.people.models import Patient
from app.protocols import looks, scales, versions
from app.protocols.models import ProtocolVersion
from app.treatment import courses, measures, medicines, overrides
from app.treatment.models import Course, Measure
from app.web.coordinator import Id, Typed
from app.web.deps import Reads, Writes
from app.web.patient import chart_data, enrolment, prescription, raised
from app.web.patient.raised import Raised
from app.web.render import Page, StaffPage
from app.web.ward.panel import opened
from app.web.ward.saying import Saying
from triage.protocol import Protocol

router = APIRouter()

FIELDS = ("threshold", "at", "code", "first_on", "last_on", "kind", "value", "unit", "lln", "uln", "day", "hour", "ends_on", "reason")
"""In the order of the forms: the page opens at the first that is wrong, and names them from the top."""
ONE_NUMBER = "The limits are those of one number: write each number by itself."
STANDS_AT = {"taken_at": "hour"}
"""What a craft calls otherwise than the form."""


@dataclass(frozen=True)
class Kept:
    """What was just written down, said back. act: whose form says it. rows: measures; raised: what judging them opened. still: the alert
    that was open before."""

    act: str
    rows: tuple[Measure, ...] = ()
    raised: tuple[Raised, ...] = ()
    still: Alert | None = None


@router.get("/patients/{patient_id}/particulars")
def show(page: StaffPage, session: Reads, patient_id: Id, kept: str = "", value: Annotated[str, Query(max_length=40)] = "") -> Response:
    """The exceptions in force with their reason, author and end; medicines; marks; and what may be added. kept: the act just done."""
    page.viewer.require("open_chart")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    opened(page, patient, "particulars")
    return _page(page, session, patient, {}, {}, kept=_kept(page, session, patient, kept, value) if kept in _ACTS else None)


@router.post("/patients/{patient_id}/particulars/{act}")
def change(page: StaffPage, session: Writes, patient_id: Id, act: str, values: Typed) -> Response:
    """One act, or the same page with a sentence beside each field and everything typed still there."""
    if act not in _ACTS:
        raise NotFound("This page")
    ability, craft = _ACTS[act]
    page.viewer.require(ability)
    patient = patients.get(session, patient_id, viewer=page.viewer)
    try:
        numbers = craft(session, page, patient, values)
    except Refusal as refusal:
        told = page.field_errors(refusal)
        if not told:
            raise
        session.rollback()
        patient = patients.get(session, patient_id, viewer=page.viewer)
        typed = {f"{act}_{name}": text for name, text in values.items()}
        return _page(page, session, patient, typed, _in_order(act, told))
    written = f"&value={'-'.join(map(str, numbers))}" if numbers else ""
    return page.go(f"/patients/{patient.id}/particulars?kept={act}{written}#kept")


def _in_order(act: str, told: dict[str, str]) -> dict[str, str]:
    named = {STANDS_AT.get(name, name): said for name, said in told.items()}
    first = [name for name in FIELDS if name in named]
    return {f"{act}_{name}": named[name] for name in dict.fromkeys([*first, *named])}


def _kept(page: Page, session: Session, patient: Patient, act: str, value: str) -> Kept:
    """What the act wrote, read back from where it is kept: a value that is not this patient's is nobody's."""
    numbers = [int(one) for one in value.split("-") if one.isdecimal() and len(one) < 10]
    found = {one: row for one in numbers if (row := session.get(Measure, one)) is not None and row.patient_id == patient.id}
    at = next(iter(found.values())).recorded_at if found else None
    opened_then = raised.at(page, session, at, patient_id=patient.id) if at is not None else []
    still = session.scalar(select(Alert).where(Alert.patient_id == patient.id, Alert.state != AlertState.CLOSED).limit(1))
    return Kept(act, tuple(found.values()), tuple(opened_then), still)


def _treated(session: Session, page: Page, patient: Patient) -> tuple[Course, ProtocolVersion]:
    course = courses.running(session, patient.id)
    base = script.followed(session, course, patient, chart_data.local_day(patient, page.now)) if course else None
    if course is None or base is None:
        raise NotFound("This treatment")
    return course, base


def _override(session: Session, page: Page, patient: Patient, values: dict[str, str]) -> None:
    course, base = _treated(session, page, patient)
    name = values.get("threshold", "")
    changes = {name: prescription.decimal(values.get("at", ""))} if name else {}
    reason = enrolment.kept(values.get("reason", ""), "reason")
    ends_on = prescription.day(values.get("ends_on", ""))
    overrides.decide(session, course, patient, base, changes, reason=reason, ends_on=ends_on, by=page.viewer.actor, now=page.now)


def _end(session: Session, page: Page, patient: Patient, values: dict[str, str]) -> None:
    overrides.end(session, patient, prescription.whole(values.get("id", "")) or 0, by=page.viewer.actor, now=page.now)


def _medicine(session: Session, page: Page, patient: Patient, values: dict[str, str]) -> None:
    first_on, last_on = _day(values, "first_on"), _day(values, "last_on")
    row = medicines.record(
        session,
        patient,
        code=values.get("code", ""),
        first_on=first_on,
        last_on=last_on,
        known=looks.known_medicines() | _asked(session, page, patient),
        by=page.viewer.actor,
        now=page.now,
    )
    measured.judge_medicine(session, patient, row, now=page.now)


def _stopped(session: Session, page: Page, patient: Patient, values: dict[str, str]) -> None:
    number = prescription.whole(values.get("id", "")) or 0
    medicines.stopped(session, patient, number, last_on=_day(values, "last_on"), by=page.viewer.actor, now=page.now)


def _cautions(session: Session, page: Page, patient: Patient, values: dict[str, str]) -> None:
    cautions.mark(session, patient, [one for one in cautions.CAUTIONS if values.get(one)], by=page.viewer.actor, now=page.now)


def _measure(session: Session, page: Page, patient: Patient, values: dict[str, str]) -> list[int]:
    """A value of the laboratory or of the cuff: kept with its limits, and judged at once; both numbers of a blood pressure together."""
    entries = measures.written(values.get("kind", ""), values.get("value", ""))
    limits = {name: values.get(name, "") for name in ("lln", "uln")}
    problems = {name: ONE_NUMBER for name, text in limits.items() if text.strip() and len(entries) > 1}
    try:
        taken_at = _instant(patient, values)
    except FieldErrors as refusal:
        taken_at, problems = page.now, {**problems, **refusal.fields}
    try:
        rows = [_one(session, page, patient, kind, value, values.get("unit", ""), limits, taken_at) for kind, value in entries]
    except FieldErrors as refusal:  # everything that is wrong is said at once: who is refused once for each gives up
        raise FieldErrors({**refusal.fields, **problems}) from None
    if problems:
        raise FieldErrors(problems)
    measured.judge(session, patient, rows[0], now=page.now, beside=rows[1] if len(rows) > 1 else None)
    return [row.id for row in rows]


def _one(
    session: Session, page: Page, patient: Patient, kind: str, value: str, unit: str, limits: dict[str, str], taken_at: datetime
) -> Measure:
    return measures.record(
        session,
        patient,
        kind=kind,
        value=value,
        unit=unit.strip() or measures.only_unit(kind),
        lln=limits["lln"],
        uln=limits["uln"],
        taken_at=taken_at,
        source="screen",
        by=page.viewer.actor,
        now=page.now,
    )


def _instant(patient: Patient, values: dict[str, str]) -> datetime:
    """The day and hour on the patient's wall. Raises FieldErrors beside the one that is not written."""
    day = _day(values, "day")
    try:
        hour = time.fromisoformat(values.get("hour", ""))
    except ValueError:
        hour = None
    if day is None or hour is None or hour.tzinfo is not None:
        raise FieldErrors({"day" if day is None else "hour": "Write the day and the hour it was taken."})
    return datetime.combine(day, hour, ZoneInfo(patient.timezone))


def _day(values: dict[str, str], name: str) -> Any:
    found = prescription.day(values.get(name, ""))
    if found is None and values.get(name, "").strip():
        raise FieldErrors({name: "This is not a date."})
    return found


_ACTS: dict[str, tuple[str, Callable[[Session, Page, Patient, dict[str, str]], list[int] | None]]] = {
    "override": ("decide_exceptions", _override),
    "end": ("decide_exceptions", _end),
    "medicine": ("record_measure", _medicine),
    "stopped": ("record_measure", _stopped),
    "cautions": ("record_measure", _cautions),
    "measure": ("record_measure", _measure),
}


def _asked(session: Session, page: Page, patient: Patient) -> frozenset[str]:
    """The medicines that the patient's own protocol asks about, a service's copy included."""
    protocol = _protocol(session, page, patient)
    return looks.medicines(protocol) if protocol else frozenset()


def _protocol(session: Session, page: Page, patient: Patient) -> Protocol | None:
    try:
        return versions.load(_treated(session, page, patient)[1])
    except NotFound:
        return None


def _page(
    page: Page, session: Session, patient: Patient, values: dict[str, str], errors: dict[str, str], *, kept: Kept | None = None
) -> Response:
    protocol = _protocol(session, page, patient)
    today, at_theirs = chart_data.local_day(patient, page.now), page.now.astimezone(ZoneInfo(patient.timezone))
    all_known = scales.measures().by_key
    looked = looks.measures(protocol) if protocol else frozenset()
    decided = overrides.of_patient(session, patient.id)
    return page.page(
        "particulars.html",
        422 if errors else 200,
        patient=patient,
        protocol=protocol,
        standing=[row for row in decided if row.ended_at is None and row.starts_on <= today <= row.ends_on],
        bases={row.id: versions.load(session.get_one(ProtocolVersion, row.base_id)) for row in decided},
        past=[row for row in decided if row.ended_at is not None or row.ends_on < today],
        longest=today + overrides.LONGEST,
        medicines=medicines.of_patient(session, patient.id),
        codes=sorted(looks.known_medicines() | _asked(session, page, patient)),
        cautions=cautions.CAUTIONS,
        measures=sorted(all_known.values(), key=lambda one: (one.key not in looked, one.name[page.language])),
        looked=looked,
        alone=list(dict.fromkeys(page.unit(measures.only_unit(kind)) for kind in measures.PLAUSIBLE)),
        values={"measure_day": today.isoformat(), "measure_hour": f"{at_theirs:%H:%M}", **values},
        errors=errors,
        kept=kept,
        saying=Saying(page, protocol),
    )
