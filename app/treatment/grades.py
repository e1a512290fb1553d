"""CTCAE grades: those that a clinician gives, kept for ever with author and version; those a laboratory value has, computed when asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor
from app.core.errors import Conflict, FieldErrors, NotFound, Said
from app.people.models import Patient
from app.protocols import scales
from app.treatment import measures
from app.treatment.models import ClinicianGrade, Measure
from triage.terms import Graded, Measured

LONGEST_TERM, LONGEST_NOTE = 120, 2000
GRADES = range(6)
"""0 to 5; 5 is death related to the toxicity."""


@dataclass(frozen=True)
class NewGrade:
    """What a clinician says. onset_day None: not known. replaces: the grade this one corrects, and reason why."""

    term: str
    version: str
    grade: int
    onset_day: date | None = None
    note: str = ""
    replaces: int | None = None
    reason: str = ""


def record(session: Session, patient: Patient, new: NewGrade, *, by: Actor, now: datetime) -> ClinicianGrade:
    """Keep a clinician's grade. A correction is a new row; the one it replaces stays readable.

    Raises FieldErrors beside what is missing or impossible, NotFound for a grade of another patient, Conflict when it was replaced already.
    """
    term, note, reason = scales.ctcae_term(new.term), new.note.strip(), new.reason.strip()
    problems = _problems(patient, new, term, by, now)
    if problems:
        raise FieldErrors(problems)
    replaced = _replaced(session, patient, new.replaces)
    row = ClinicianGrade(
        patient_id=patient.id,
        term=term,
        ctcae_version=new.version,
        grade=new.grade,
        onset_day=new.onset_day,
        note=note,
        replaces_id=new.replaces,
        reason=reason,
        given_by=str(by),
        given_by_name=by.name,
        at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:  # somebody corrected it between our look and our write
        raise Conflict("This grade was corrected by somebody else. Nothing was changed; look at the new one.") from error
    audit.record(
        session,
        actor=by,
        action="grade.corrected" if replaced else "grade.given",
        subject=f"clinician_grade:{row.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        before=_told(replaced) if replaced else None,
        after=_told(row),
        reason=reason,
        now=now,
    )
    return row


def _problems(patient: Patient, new: NewGrade, term: str, by: Actor, now: datetime) -> dict[str, str]:
    problems: dict[str, str] = {}
    if not by.name.strip():
        problems["by"] = "Say who gives this grade: without an author it is only proposed."
    if not term:
        problems["term"] = "Choose a CTCAE term."
    elif len(term) > LONGEST_TERM:
        problems["term"] = Said("Write at most {n} characters.", n=LONGEST_TERM)
    if new.version not in scales.VERSIONS:
        problems["version"] = Said("Choose a CTCAE version: {versions}.", versions=", ".join(scales.VERSIONS))
    if new.grade not in GRADES:
        problems["grade"] = "Choose a grade from 0 to 5."
    if new.onset_day and new.onset_day > now.astimezone(ZoneInfo(patient.timezone)).date():
        problems["onset_day"] = "This day is in the future."
    elif new.onset_day and new.onset_day < patient.birth_date:
        problems["onset_day"] = "This day is before the patient's birth."
    for name, text in (("note", new.note), ("reason", new.reason)):
        if len(text.strip()) > LONGEST_NOTE:
            problems[name] = Said("Write at most {n} characters.", n=LONGEST_NOTE)
    if new.replaces is not None and not new.reason.strip():
        problems["reason"] = "Say why the earlier grade is corrected."
    return problems


def _replaced(session: Session, patient: Patient, number: int | None) -> ClinicianGrade | None:
    if number is None:
        return None
    row = session.get(ClinicianGrade, number)
    if row is None or row.patient_id != patient.id:
        raise NotFound("This grade")
    if session.scalar(select(ClinicianGrade.id).where(ClinicianGrade.replaces_id == number)) is not None:
        raise Conflict("This grade was corrected by somebody else. Nothing was changed; look at the new one.")
    return row


def _told(row: ClinicianGrade) -> dict[str, object]:
    onset = row.onset_day.isoformat() if row.onset_day else None
    return {"term": row.term, "version": row.ctcae_version, "grade": row.grade, "onset_day": onset, "note": row.note}


def of_patient(session: Session, patient_id: int) -> list[ClinicianGrade]:
    """Every grade ever given, latest first, corrected ones too."""
    mine = select(ClinicianGrade).where(ClinicianGrade.patient_id == patient_id)
    return list(session.scalars(mine.order_by(ClinicianGrade.at.desc(), ClinicianGrade.id.desc())))


def standing(session: Session, patient_id: int) -> list[ClinicianGrade]:
    """The grades that nothing replaced, latest first."""
    rows = of_patient(session, patient_id)
    corrected = {row.replaces_id for row in rows}
    return [row for row in rows if row.id not in corrected]


# --- Laboratory ---------------------------------------------------------------------------------------------------------------------


def measured(row: Measure, timezone: str) -> Measured:
    """A kept measure as the grading tables take it, on the patient's own day."""
    return Measured(row.value, row.unit, row.taken_at.astimezone(ZoneInfo(timezone)).date(), row.lln, row.uln)


def laboratory(
    session: Session, patient: Patient, *, version: str, treated_since: datetime | None, now: datetime
) -> list[tuple[Measure, Graded]]:
    """The latest value of each measure with its worst CTCAE grade, or why there is none; worst first, nothing that no term grades.

    treated_since: values before it are the baseline; None when there is no treatment, and then no baseline.
    """
    before = measures.latest(session, patient.id, before=treated_since) if treated_since else {}
    latest = measures.latest(session, patient.id, before=now).values()
    graded = [(row, _grade(row, before.get(row.kind), patient, version)) for row in latest]
    found = [(row, grade) for row, grade in graded if grade is not None]
    return sorted(found, key=lambda pair: (_UNKNOWN if pair[1].grade is None else -pair[1].grade, pair[0].kind))


def every(
    session: Session, patient: Patient, *, version: str, treated_since: datetime | None, now: datetime
) -> dict[str, list[tuple[Measure, Graded | None]]]:
    """Every value of each measure, latest first, with its worst grade; None for what no term grades."""
    before = measures.latest(session, patient.id, before=treated_since) if treated_since else {}
    found: dict[str, list[tuple[Measure, Graded | None]]] = {}
    for row in reversed(measures.until(session, patient.id, now)):
        found.setdefault(row.kind, []).append((row, _grade(row, before.get(row.kind), patient, version)))
    return found


def of_measure(session: Session, patient: Patient, row: Measure, *, version: str, treated_since: datetime | None) -> Graded | None:
    """The worst grade of one value, kept or not yet, see ``laboratory``; None when no term grades it."""
    before = measures.latest(session, patient.id, before=treated_since) if treated_since else {}
    return _grade(row, before.get(row.kind), patient, version)


def _grade(row: Measure, first: Measure | None, patient: Patient, version: str) -> Graded | None:
    """The worst grade of one value, against the last one from before treatment; None when no term grades it."""
    known = scales.measures().by_key.get(row.kind)
    if known is None:
        return None
    table = scales.lab_table(version)
    baseline = measured(first, patient.timezone) if first and first.id != row.id else None
    value = measured(row, patient.timezone)
    graded = [table.grade_measured(term, value, baseline, key=known.key) for term in known.terms.get(version, {}).values()]
    return _worst(graded) if graded else None


_UNKNOWN = -0.5
"""What could not be graded is read before a zero."""


def _worst(graded: list[Graded]) -> Graded:
    """The highest; when none is above zero, one that could not be decided comes before a zero."""
    over = [one for one in graded if one.grade]
    if over:
        return max(over, key=lambda one: one.grade or 0)
    return next((one for one in graded if one.grade is None), graded[0])
