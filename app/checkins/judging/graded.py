"""A grave value is read by a person whatever the rules of a protocol make of it (Vigie's own rule, 2026-11-23).

Values of the laboratory and of the home alike. Grades are those of CTCAE v5.0 (NCI, 2017-11-27), by the tables of the library: at 3 a task
among what is high when no rule made an alert of it, at 4 an urgent alert always: a rule may raise a level, never lower it. Of the home:
systolic 160 or diastolic 100 mm[Hg] and more (Hypertension, grade 3, one reading), a fifth of the weight lost or gained since before
treatment (Weight loss, Weight gain, grade 3), over 40 °C (Fever, grade 3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.alerts import handling, tasks
from app.alerts.models import Alert
from app.alerts.reasons import Reason
from app.checkins import script
from app.checkins.judging import charted
from app.people.models import Patient
from app.protocols import versions
from app.treatment import courses, grades
from app.treatment.models import Measure
from triage import calendar
from triage.terms import Graded, Level

VERSION = "5.0"
TO_READ, PAGES = 3, 4
"""CTCAE v5.0: 3 is severe, 4 life-threatening (its general guidelines). Which of them calls whom is Vigie's own rule of 2026-11-23."""

TASK, ALERT = "result_to_read", "result"


def grade_of(session: Session, patient: Patient, row: Measure, *, now: datetime) -> Graded | None:
    """The worst grade of a value, kept or not yet; None for one that no term grades."""
    return grades.of_measure(session, patient, row, version=VERSION, treated_since=_treated_since(session, patient, now))


def gravest(session: Session, patient: Patient, rows: Sequence[Measure], *, now: datetime) -> Measure:
    """Of values that came together, the one of the highest grade; the first of them where they are equal, or have none."""
    found = [grade_of(session, patient, row, now=now) for row in rows]
    grades_given = [one.grade or 0 if one is not None else 0 for one in found]
    return rows[grades_given.index(max(grades_given))]


def tell(session: Session, patient: Patient, row: Measure, *, by_rule: Level | None, now: datetime) -> Alert | None:
    """Make the task or raise the alert of a grave value, once; None when it asks for nothing more. The same transaction as the value.

    by_rule: the level of the alert that a rule made of it just now, None without one: that alert rises to urgent, none is added beside it.
    """
    graded = grade_of(session, patient, row, now=now)
    if graded is None or graded.grade is None or graded.grade < TO_READ:
        return None
    if by_rule is not None and (by_rule is Level.URGENT or graded.grade < PAGES):
        return None
    detail = {"result": {**_said(row, graded.grade), "zone": patient.timezone}}
    if graded.grade >= PAGES:
        reason = Reason(ALERT, Level.URGENT, {**detail, "rules": [f"ctcae-{VERSION}-grade:{_once(row)}"]})
        return handling.consider(session, service=patient.service, patient=patient, reason=reason, now=now)
    tasks.make(
        session,
        service_id=patient.service_id,
        kind="result_to_read",
        key=f"{TASK}:{_once(row)}",
        patient_id=patient.id,
        detail=detail,
        now=now,
    )
    return None


def _once(row: Measure) -> str:
    """The same value of the same instant is one result, whichever way it came and however often."""
    return f"{row.patient_id}:{row.kind}:{row.taken_at.timestamp():.0f}:{row.value.normalize():f}"[:120]


def _said(row: Measure, grade: int) -> Mapping[str, Any]:
    value = f"{row.value.normalize():f}"
    return {"kind": row.kind, "value": value, "unit": row.unit, "taken_at": row.taken_at.isoformat(), "grade": grade, "version": VERSION}


def _treated_since(session: Session, patient: Patient, now: datetime) -> datetime | None:
    """Until when a value is the baseline; None without a treatment that a protocol follows: the limits of normal then serve alone."""
    course = courses.running(session, patient.id)
    version = script.version_for(session, course, patient, calendar.local_day(now, patient.timezone)) if course else None
    return charted.began_at(course, versions.load(version), patient) if course and version else None
