"""What is arranged around the calls: the days and hours agreed with the patient, what is asked of professionals in town, what waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.care import city, contacts, enrolments, letters, stages
from app.care.contact_models import OPEN_TASKS, CityTask, Contact, TaskState
from app.core.errors import FieldErrors, NotFound
from app.people import directory
from app.people.circle_models import Professional
from app.people.models import Patient
from app.web.patient.prescription import day, whole
from app.web.render import Page

EVENING = time(18)
"""By when something is asked that has a day alone (house rule, 2026-11-23)."""
SLOTS = 2
"""Hours agreed for one follow-up: the busiest rhythm calls twice a week (AMA)."""


@dataclass(frozen=True)
class Asked:
    """One thing asked in town, of whom. is_open: it is still to be answered."""

    row: CityTask
    who: Professional

    @property
    def is_open(self) -> bool:
        """Neither done, declined nor lost."""
        return self.row.state in OPEN_TASKS

    @property
    def is_overdue(self) -> bool:
        """Nobody answered in time."""
        return self.row.state == TaskState.OVERDUE


def asked_of(session: Session, patient: Patient) -> list[Asked]:
    """What was asked about this patient, open ones first."""
    return [Asked(row, session.get_one(Professional, row.professional_id)) for row in city.of_patient(session, patient.id)]


def agree(page: Page, session: Session, patient: Patient, values: dict[str, str]) -> None:
    """The days and hours agreed with the patient; none, and the programme's own hours hold again."""
    row = enrolments.get(session, whole(values.get("enrolment", "")) or 0, viewer=page.viewer)
    if row.patient_id != patient.id:
        raise NotFound("This follow-up")
    slots: list[tuple[int | None, str]] = []
    for n in range(SLOTS):
        weekday, hour = values.get(f"weekday_{n}", ""), values.get(f"hour_{n}", "").strip()
        if weekday and not hour:
            raise FieldErrors({f"hour_{n}": "Write each hour as 10:00, with its day of the week."})
        if hour:
            slots.append((whole(weekday), hour))
    try:
        stages.agree(session, row.id, slots, by=page.viewer, now=page.now)
    except FieldErrors as refusal:
        raise FieldErrors({"hour_0": refusal.fields["slots"]}) from None


def ask(page: Page, session: Session, patient: Patient, values: dict[str, str]) -> None:
    """Something asked of one of the people around the patient, to be answered by the evening of a day."""
    on = day(values.get("due_on", ""))
    if on is None:
        raise FieldErrors({"due_on": "Write the day by which it must be done."})
    chosen = whole(values.get("of_whom", ""))
    if not chosen:
        raise FieldErrors({"of_whom": "Choose one of the list."})
    due_at = datetime.combine(on, EVENING, ZoneInfo(page.formats.zone))
    way = values.get("way", "")
    try:
        city.ask(
            session, patient, professional_id=chosen, what=values.get("what", ""), due_at=due_at, way=way, by=page.viewer, now=page.now
        )
    except FieldErrors as refusal:
        raise FieldErrors({"due_on" if name == "due_at" else name: said for name, said in refusal.fields.items()}) from None


def answer(page: Page, session: Session, patient: Patient, values: dict[str, str]) -> None:
    """What they said: done, accepted, declined, lost."""
    row = city.get(session, whole(values.get("task", "")) or 0, viewer=page.viewer)
    if row.patient_id != patient.id:
        raise NotFound("This task")
    city.answer(session, row.id, state=values.get("state", ""), words=values.get("words", ""), by=page.viewer, now=page.now)


def around(session: Session, patient: Patient) -> list[Professional]:
    """Whom something may be asked of."""
    return [member.professional for member in directory.around(session, patient.id)]


def waiting(session: Session, page: Page) -> tuple[Sequence[tuple[object, Patient]], Sequence[tuple[Contact, Patient]]]:
    """Letters that wait for a person, and sheets left half-way for longer than a shift."""
    return letters.waiting(session, viewer=page.viewer), contacts.forgotten(session, viewer=page.viewer, now=page.now)
