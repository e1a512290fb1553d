"""A ward with so many open items, written straight into an empty database: what ``vigie bench worklist`` reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from app.alerts import handling, tasks
from app.alerts.reasons import Reason
from app.checkins.models import AssessmentRow
from app.commands import bench_cases
from app.core.audit import SYSTEM
from app.messaging.models import Message
from app.people import services
from app.people.models import Patient, Role, Service, Staff
from app.protocols import shelf, versions
from app.protocols.models import ProtocolVersion
from triage import engine, explain
from triage.terms import Level

LOGIN, PASSWORD = "claire", "une-liste-de-mille-lignes"
SLUG = "capecitabine-14-7"
SHARES = {"alert": 0.62, "task": 0.38}
"""What a full list is made of: alerts, and the tasks and calls beside them."""
LEVELS = ((Level.URGENT, 4), (Level.HIGH, 30), (Level.MODERATE, 66))
KINDS = ("call_back", "refill", "to_read", "overdue_call", "cycle_not_started")
JUDGED = 3
"""Check-ins of each patient that were judged before."""
NAMES = ("Payet", "Hoarau", "Grondin", "Robert", "Fontaine", "Dijoux", "Boyer", "Rivière", "Técher", "Morel")


def fill(session: Session, items: int, *, seed: int, now: datetime) -> Staff:
    """The ward, its patients and ``items`` open items; returns the nurse who will look at the list."""
    dice = Random(seed)  # noqa: S311 - a benchmark, not a secret
    hospital = services.found_hospital(session, "Hôpital du banc", now=now)
    service = services.open_service(
        session,
        hospital,
        name="Oncologie",
        sms_name="Suivi",
        phone="0199001234",
        number="+33199001234",
        timezone="Europe/Paris",
        by=SYSTEM,
        now=now,
    )
    nurse, doctor = (
        services.engage(session, hospital, login=login, name=name, role=role, password=PASSWORD, service=service, by=SYSTEM, now=now)
        for login, name, role in ((LOGIN, "Claire Dumont", Role.NURSE), ("lebon", "Dr Aurore Lebon", Role.ONCOLOGIST))
    )
    shelf.seed(session, now)
    version = next(one for one in versions.available(session, now.date(), service.id) if one.slug == SLUG)
    with_alert = round(items * SHARES["alert"])
    followed = _patients(session, service, doctor, items * 4 // 5, dice, now)
    judged = _judged(session, followed, version, seed, now)
    for patient, row in zip(followed[:with_alert], judged, strict=False):
        _alert(session, service, patient, row, dice, now)
    for number in range(items - with_alert):
        patient = followed[-1 - number % len(followed)]
        due = now + timedelta(minutes=dice.randint(-240, 480))
        tasks.make(
            session,
            service_id=service.id,
            patient_id=patient.id,
            kind=KINDS[number % len(KINDS)],
            key=f"bench:{number}",
            due_at=due,
            now=now,
        )
    return nurse


def _patients(session: Session, service: Service, doctor: Staff, count: int, dice: Random, now: datetime) -> list[Patient]:
    people = [
        Patient(
            service_id=service.id,
            family_name=dice.choice(NAMES),
            given_names=f"Anne-{number}",
            birth_date=date(1940, 1, 1) + timedelta(days=dice.randint(0, 18_000)),
            sex=dice.choice(("female", "male")),
            timezone=service.timezone,
            phone=f"+33639{number:06d}",
            oncologist_id=doctor.id,
            created_at=now - timedelta(days=90),
        )
        for number in range(count)
    ]
    session.add_all(people)
    session.flush()
    return people


def _judged(session: Session, people: Sequence[Patient], version: ProtocolVersion, seed: int, now: datetime) -> list[AssessmentRow]:
    """Each patient's check-ins as judged, oldest first; the last of each comes back."""
    protocol = versions.load(version)
    cases = bench_cases.check_ins(protocol, seed, len(people) * JUDGED)
    last: list[AssessmentRow] = []
    for turn in range(JUDGED):
        at = now - timedelta(days=7 * (JUDGED - turn - 1), hours=3)
        last = [
            AssessmentRow(
                patient_id=patient.id,
                version_id=version.id,
                fingerprint=version.fingerprint,
                level=(found := engine.assess(protocol, *cases[place * JUDGED + turn])).level.word,
                at=at,
                inputs={},
                result=explain.to_dict(found),
            )
            for place, patient in enumerate(people)
        ]
        session.add_all([*last, *(_text(patient, "2 1 0", at) for patient in people)])
        session.flush()
    return last


def _alert(session: Session, service: Service, patient: Patient, row: AssessmentRow, dice: Random, now: datetime) -> None:
    level = dice.choices([level for level, _ in LEVELS], [share for _, share in LEVELS])[0]
    text = _text(patient, "je n'ai pas dormi et je vomis depuis hier soir", now - timedelta(hours=2))
    session.add(text)
    session.flush()
    why = [{"fr": "Un symptôme est fort.", "en": "A symptom is strong."}]
    raised = now - timedelta(minutes=dice.randint(1, 600))
    detail = {"rules": ["one", "two"], "why": why, "message_id": text.id}
    handling.consider(
        session, service=service, patient=patient, now=raised, reason=Reason("assessment", level, detail, assessment_id=row.id)
    )


def _text(patient: Patient, body: str, at: datetime) -> Message:
    return Message(
        service_id=patient.service_id,
        patient_id=patient.id,
        direction="in",
        state="read",
        address=patient.phone,
        number="+33199001234",
        body=body,
        created_at=at,
    )
