"""Letters to the professionals around a patient: written from the chart, kept as sent, and never sent without the patient's consent.

Templates are plain files, ``letters/<language>/<kind>.txt``: named places and nothing else. What fills them is in letter_facts.py.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care import letter_facts, programmes
from app.care.contact_models import CityTask, Contact, Letter, LetterState
from app.care.models import Enrolment
from app.core import audit
from app.core.audit import Actor
from app.core.errors import Conflict, NotFound, Refusal
from app.people import directory
from app.people.circle_models import CircleMember, Professional
from app.people.models import Patient, Service, Staff
from app.people.perimeter import Viewer, visible_to
from triage import calendar

KINDS = ("opening", "handover", "alert_note", "request")
NEEDS_TREATMENT = ("opening", "handover")
WAYS = ("printed", "handed", "secure_mail")
"""How a letter leaves: on paper, by hand, or attached by a person to a secured health mailbox. This program sends none by itself."""
NO_TREATMENT, NO_CONSENT = "no_treatment", "no_consent"
Subject = Enrolment | Contact | CityTask
"""What a letter is about."""


@cache
def template(kind: str, language: str, folder: Path = letter_facts.FOLDER) -> str:
    """The file of a letter, read once."""
    return (folder / language / f"{kind}.txt").read_text(encoding="utf-8")


def places(kind: str, language: str) -> frozenset[str]:
    """The named places of a letter."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(template(kind, language)) if name)


def get(session: Session, letter_id: int, *, viewer: Viewer) -> Letter:
    """The letter, if it is in the viewer's service. Raises NotFound."""
    mine = viewer.service_id if viewer.may("open_chart") else None
    row = session.scalar(select(Letter).where(Letter.id == letter_id, Letter.service_id == mine))
    if row is None:
        raise NotFound("This letter")
    return row


def of_patient(session: Session, patient_id: int) -> list[Letter]:
    """Every letter about this patient, latest first."""
    return list(session.scalars(select(Letter).where(Letter.patient_id == patient_id).order_by(Letter.id.desc())))


def waiting(session: Session, *, viewer: Viewer) -> list[tuple[Letter, Patient]]:
    """Letters a person has to print or to settle: drafts, and those withheld because nobody asked the patient; oldest first."""
    held = (Letter.state == LetterState.WITHHELD) & Letter.withheld_why.in_((NO_CONSENT, NO_TREATMENT))
    mine = select(Letter, Patient).join(Patient, Patient.id == Letter.patient_id).where(visible_to(viewer))
    rows = session.execute(mine.where((Letter.state == LetterState.DRAFT) | held).order_by(Letter.written_at, Letter.id))
    return [(letter, patient) for letter, patient in rows]


def prepare(session: Session, subject: Enrolment | Contact, when: str, *, by: Actor, now: datetime) -> list[Letter]:
    """Write the letters that the programme asks for at this moment (opening, level_2, end), one for each professional it names who is
    around the patient. Those the patient has not agreed to are written as withheld: somebody asks the patient, and sends them then."""
    enrolment = (
        subject if isinstance(subject, Enrolment) else session.get(Enrolment, subject.enrolment_id) if subject.enrolment_id else None
    )
    if enrolment is None:
        return []
    patient = session.get_one(Patient, enrolment.patient_id)
    asked = [one for one in programmes.of(enrolment).documents if one.when == when and one.kind in KINDS]
    members = directory.around(session, patient.id)
    return [
        _write(session, patient, one.kind, member, subject, by, now)
        for one in asked
        for member in members
        if member.professional.trade in one.to
    ]


def write(session: Session, patient: Patient, kind: str, professional_id: int, subject: Subject, *, by: Viewer, now: datetime) -> Letter:
    """Write one letter, or write it again while it has not left, with the facts of today. subject: what it is about: the follow-up
    (opening, handover), the call (alert_note), the task (request). Raises Refusal when the professional is not around the patient."""
    by.require("keep_circle")
    directory.get(session, professional_id, viewer=by)
    member = next((one for one in directory.around(session, patient.id) if one.professional_id == professional_id), None)
    if kind not in KINDS or subject.patient_id != patient.id:
        raise Refusal("There is no such letter. Nothing was written.", status=422)
    if member is None:
        raise Refusal("This professional is not around the patient. Add them first, and ask the patient.", status=422)
    return _write(session, patient, kind, member, subject, by.actor, now)


def send(session: Session, letter_id: int, *, way: str, by: Viewer, now: datetime) -> Letter:
    """A person prints it, hands it over or attaches it to a secured mailbox; it is kept as it is from then on.

    The patient's consent is asked at this very moment (ATO-6): without it the letter is withheld, with the reason in ``withheld_why``, and
    comes back in that state. Raises Conflict when it has left already, Refusal when it has no text.
    """
    by.require("keep_circle")
    get(session, letter_id, viewer=by)
    row = session.scalars(select(Letter).where(Letter.id == letter_id).with_for_update().execution_options(populate_existing=True)).one()
    if way not in WAYS:
        raise Refusal("Say how the letter leaves.", field="way", status=422)
    if row.state == LetterState.SENT:
        raise Conflict(
            "{name} sent this letter {ago}. It is kept as it left; write a new one.", name=row.sent_by_name, ago=now - (row.at or now)
        )
    why = directory.why_not(session, row.patient_id, row.professional_id)
    if not row.body:
        raise Refusal("This letter has no text: write the treatment in the chart, then write the letter again.")
    if why:
        row.state, row.withheld_why = LetterState.WITHHELD, why
    elif row.state == LetterState.WITHHELD:
        raise Refusal("The patient agreed since this letter was withheld: write it again first, with the facts of today.")
    else:
        row.state, row.way, row.at = LetterState.SENT, way, now
        row.sent_by, row.sent_by_name = str(by.actor), by.actor.name
    session.flush()
    _note(session, row, f"letter.{row.state}", by=by.actor, now=now, reason=row.withheld_why)
    return row


# --- Writing ------------------------------------------------------------------------------------------------------------------------


def _write(session: Session, patient: Patient, kind: str, member: CircleMember, subject: Subject, by: Actor, now: datetime) -> Letter:
    professional = member.professional
    row = _standing(session, kind, professional, subject) or Letter(
        service_id=patient.service_id,
        patient_id=patient.id,
        professional_id=professional.id,
        kind=kind,
        **_about(subject),
    )
    values = _values(session, patient, member, kind, subject, by, now)
    row.to_name, row.language = professional.name, professional.language
    row.body = template(kind, row.language).format(**values) if values else ""
    row.withheld_why = NO_TREATMENT if not values else directory.why_not(session, patient.id, professional.id)
    row.state = LetterState.WITHHELD if row.withheld_why else LetterState.DRAFT
    row.written_by, row.written_at = str(by), now
    session.add(row)
    session.flush()
    _note(session, row, "letter.written", by=by, now=now, reason=row.withheld_why)
    return row


def _about(subject: Subject) -> dict[str, int | None]:
    if isinstance(subject, Enrolment):
        return {"enrolment_id": subject.id, "contact_id": None}
    if isinstance(subject, Contact):
        return {"enrolment_id": subject.enrolment_id, "contact_id": subject.id}
    return {"enrolment_id": None, "contact_id": subject.contact_id}


def _standing(session: Session, kind: str, professional: Professional, subject: Subject) -> Letter | None:
    """The same letter, not yet gone. A request is never the same one: each task has its own."""
    if isinstance(subject, CityTask):
        return None
    same = [Letter.kind == kind, Letter.professional_id == professional.id, Letter.state != LetterState.SENT]
    same += [
        getattr(Letter, name) == value if value is not None else getattr(Letter, name).is_(None) for name, value in _about(subject).items()
    ]
    return session.scalar(select(Letter).where(*same).order_by(Letter.id.desc()).limit(1))


def _values(
    session: Session, patient: Patient, member: CircleMember, kind: str, subject: Subject, by: Actor, now: datetime
) -> Mapping[str, str]:
    """What fills the places; nothing when a letter about a treatment has none."""
    language = member.professional.language
    enrolment = _enrolment_of(session, subject)
    found = letter_facts.treated(session, patient, now, enrolment.course_id if enrolment else None)
    if kind in NEEDS_TREATMENT and found.course is None:
        return {}
    today = calendar.local_day(now, patient.timezone)
    values = _head(session, patient, member, by, today, language)
    values |= {
        "treatment": letter_facts.treatment(found, today, language),
        "expected": letter_facts.expected(found, language),
        "alarm": letter_facts.alarm(found, language),
        "watched": letter_facts.watched(found, language),
        "missed": letter_facts.missed(found, language),
        "protocol": letter_facts.named(found, language),
    }
    if enrolment is not None:
        values |= _followed(session, enrolment, patient, language, today)
        values["signed"] = values["nurse"] if by.kind == "system" else by.name
        values["open_problems"] = letter_facts.open_problems(session, patient, found, now, language)
    if isinstance(subject, Contact):
        values["said_on"] = letter_facts.moment(subject.started_at, patient.timezone, language)[0]
        values["reported"] = letter_facts.reported(subject, found, language)
        values["decision"] = letter_facts.decision(session, subject, patient.timezone, language)
    if isinstance(subject, CityTask):
        values["what"], values["due"] = subject.what, letter_facts.moment(subject.due_at, patient.timezone, language)[0]
    return {name: values[name] for name in places(kind, language)}


def _enrolment_of(session: Session, subject: Subject) -> Enrolment | None:
    if isinstance(subject, Contact):
        return session.get(Enrolment, subject.enrolment_id) if subject.enrolment_id else None
    return subject if isinstance(subject, Enrolment) else None


def _head(session: Session, patient: Patient, member: CircleMember, by: Actor, today: date, language: str) -> dict[str, str]:
    service = session.get_one(Service, patient.service_id)
    professional = member.professional
    agreed = calendar.local_day(member.consents[-1].at, patient.timezone) if member.consents else today
    return {
        "hospital": service.hospital.name,
        "service": service.name,
        "day": letter_facts.day(today, language),
        "to": ", ".join(part for part in (professional.name, professional.practice, professional.address) if part),
        "patient": f"{patient.full_name} ({letter_facts.day(patient.birth_date, language)})",
        "name": patient.full_name,
        "phone": service.phone,
        "emergency": service.emergency,
        "consent_day": letter_facts.day(agreed, language),
        "signed": by.name,
    }


def _followed(session: Session, enrolment: Enrolment, patient: Patient, language: str, today: date) -> dict[str, str]:
    programme = programmes.of(enrolment)
    nurse = session.get(Staff, enrolment.nurse_id) if enrolment.nurse_id else None
    ended = calendar.local_day(enrolment.ended_at, patient.timezone) if enrolment.ended_at else today
    return {
        "programme": programme.title.said(language),
        "nurse": nurse.name if nurse else letter_facts.words(language)["nobody"],
        "ended": letter_facts.day(ended, language),
        "call_now": programme.exit.call_now.said(language),
    }


def _note(session: Session, row: Letter, action: str, *, by: Actor, now: datetime, reason: str = "") -> None:
    audit.record(
        session,
        actor=by,
        action=action,
        subject=f"letter:{row.id}",
        service_id=row.service_id,
        patient_id=row.patient_id,
        after={"kind": row.kind, "professional": row.professional_id, "way": row.way},
        reason=reason,
        now=now,
    )
