"""The description of the interface, with examples that name rows of the demonstration as it stands this minute."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.alerts import spoken
from app.alerts.models import FOR_THE_DOCTOR, Alert, AlertState, DoctorRequest
from app.care.contact_models import Contact, ContactState
from app.checkins.models import CheckIn, CheckInState
from app.checkins.pages import filling
from app.people import members
from app.people.models import Absence, FollowUp, Patient, Role, Service, Staff
from app.treatment.models import Course, CourseState
from triage.terms import Kind

VERSION = "1.0.0"
Example = tuple[dict[str, int], dict[str, Any]]
"""Places of the address, and the body."""


def described(router: APIRouter, session: Session, *, now: datetime, public_url: str) -> dict[str, Any]:
    """The OpenAPI document of ``router``."""
    document = get_openapi(
        title="Vigie",
        version=VERSION,
        description="Acts as one service: the token's. A person's act names the person in `by`. Times are UTC; refusals say what to do.",
        routes=router.routes,
        servers=[{"url": public_url.rstrip("/")}],
    )
    for address, (places, body) in _examples(session, now).items():
        operation = document["paths"][address]["post"]
        operation["requestBody"]["content"]["application/json"]["example"] = body
        for parameter in operation.get("parameters", ()):
            if parameter["name"] in places:
                parameter["example"] = places[parameter["name"]]
    return document


def _examples(session: Session, now: datetime) -> dict[str, Example]:
    service = session.scalar(select(Service).where(Service.is_demo).order_by(Service.id).limit(1))
    at = service.id if service else 0
    nurse, oncologist = _login(session, at, Role.NURSE, "claire"), _login(session, at, Role.ONCOLOGIST, "lebon")
    (taken, taker), (closed, closer) = _alerts(session, at, nurse)
    untreated, anyone = _patients(session, at)
    yesterday = (now - timedelta(days=1)).date().isoformat()  # of everybody: today in UTC is tomorrow for somebody west of it
    later = (now + timedelta(days=2)).date().isoformat()
    announced = (session.scalar(select(func.max(Absence.id))) or 0) + 1  # the one that the example before it writes
    fed = session.scalar(_treated(at).limit(1)) or untreated  # the treatment of the example before it
    treatment = {**_COURSE, "first_intake": now.date().isoformat(), "by": oncologist}
    closing = {"by": closer, "outcome": "advice", "note": "Conseils donnés, rappel demain.", "spoke_to": "patient"}
    return {
        "/api/v1/patients": ({}, _patient(_free_number(session), oncologist, nurse)),
        "/api/v1/patients/{patient_id}/courses": ({"patient_id": untreated}, treatment),
        **_requests(session, anyone, nurse, oncologist),
        **_contacts(session, anyone, nurse),
        "/api/v1/patients/{patient_id}/watching": (
            {"patient_id": anyone},
            {
                "activity": "outside_list",
                "from_day": now.date().isoformat(),
                "until_day": (now + timedelta(days=180)).date().isoformat(),
                "weight_kg": 62.5,
                "by": nurse,
            },
        ),
        "/api/v1/patients/{patient_id}/measures": (
            {"patient_id": anyone},
            {
                "kind": "temperature",
                "value": 37.2,
                "unit": "Cel",
                "taken_at": (now - timedelta(hours=1)).isoformat(timespec="seconds"),
                "source": "home",
                "by": nurse,
            },
        ),
        "/api/v1/patients/{patient_id}/dispensings": ({"patient_id": fed}, {**_BOX, "on_day": yesterday, "by": nurse}),
        "/api/v1/patients/{patient_id}/pill-counts": ({"patient_id": fed}, {**_COUNT, "on_day": yesterday, "by": nurse}),
        "/api/v1/patients/{patient_id}/cap-openings": (
            {"patient_id": fed},
            {"at": (now - timedelta(hours=2)).isoformat(timespec="seconds"), "by": nurse},
        ),
        "/api/v1/patients/{patient_id}/grades": ({"patient_id": anyone}, {**_GRADE, "onset_day": yesterday, "by": nurse}),
        "/api/v1/patients/{patient_id}/absences": ({"patient_id": anyone}, {"kind": "visit", "from_day": later, "by": nurse}),
        "/api/v1/patients/{patient_id}/absences/{absence_id}/undo": ({"patient_id": anyone, "absence_id": announced}, {"by": nurse}),
        "/api/v1/patients/{patient_id}/silence-reason": ({"patient_id": anyone}, {"reason": "forgot", "by": nurse}),
        "/api/v1/checkins/{checkin_id}/answers": _answers(session, at, nurse),
        "/api/v1/alerts/{alert_id}/take": ({"alert_id": taken}, {"by": taker}),
        "/api/v1/alerts/{alert_id}/decide": _unspoken(session, at, nurse),
        "/api/v1/alerts/{alert_id}/call": ({"alert_id": taken}, {"by": taker, "whom": "patient", "reached": True, "note": "Va mieux."}),
        "/api/v1/alerts/{alert_id}/close": ({"alert_id": closed}, closing),
    }


_COURSE = {
    "agent": "capecitabine",
    "protocol": "capecitabine-14-7",
    "dose_mg": 1500,
    "times_per_day": 2,
    "days_on": 14,
    "days_off": 7,
    "cycle": 1,
    "send_first_text": True,
}


_BOX = {"strength_mg": 500, "tablets": 84, "place": "town"}
_COUNT = {"tablets": [{"strength_mg": 500, "count": 12}], "returned": [], "source": "pharmacist"}

_FORM: dict[str, Any] = {
    "identity_checked": True,
    "answers": "patient",
    "intakes": "all",
    "new_medicines": "no",
    "weight": 62.5,
    "autonomy": "ps1",
    "basic_needs": ["sleeping"],
    "symptoms": [{"term": "Fatigue", "grade": 1, "since": "2026-11-16"}],
    "own_words": "Je dors mal.",
}
_GRADE = {"term": "Diarrhea", "ctcae_version": "5.0", "grade": 2, "note": "Cinq selles de plus que d'habitude."}


def _patient(phone: str, oncologist: str, by: str) -> dict[str, Any]:
    return {
        "family_name": "Payet",
        "given_names": "Rose-May",
        "birth_date": "1958-07-02",
        "sex": "female",
        "language": "fr",
        "timezone": "Indian/Reunion",
        "phone": phone,
        "respondent": {"name": "Luc Payet", "relation": "fils", "phone": "", "answers": False},
        "consent": {"follow_up": True, "sms_words": True, "sheet_version": "2026-09"},
        "oncologist": oncologist,
        "by": by,
    }


def _answers(session: Session, service_id: int, nurse: str) -> Example:
    """A calm answer to the check-in under way, or to the last one whose questions may still be asked by telephone."""
    mine = select(CheckIn).where(CheckIn.service_id == service_id, CheckIn.kind == "regular", CheckIn.version_id.is_not(None))
    under_way = mine.where(CheckIn.state.in_((CheckInState.OPEN, CheckInState.PARTIAL, CheckInState.SILENT)))
    newest = (CheckIn.closed_at.is_(None).desc(), CheckIn.opened_at.desc(), CheckIn.id.desc())
    found = session.scalars(under_way.order_by(*newest)).first() or session.scalars(mine.order_by(*newest)).first()
    asked = filling.questions_of(session, found) if found else ()
    question = next((one for one in asked if one.kind is Kind.SEVERITY), None)
    body = {"said_by": "patient", "asked_by": nurse, "answers": [{"key": question.key if question else "fatigue", "value": "1"}]}
    return {"checkin_id": found.id if found else 1}, body


def _requests(session: Session, patient_id: int, nurse: str, oncologist: str) -> dict[str, Example]:
    """One question, the one that is open when it was asked already; its answer; that the patient was told."""
    asked = {"question": "Fatigue de grade 2 qui dure : poursuivre ?", "level": "moderate", "by": nurse}
    mine = (DoctorRequest.patient_id == patient_id, DoctorRequest.question == asked["question"], DoctorRequest.state.in_(FOR_THE_DOCTOR))
    already = session.scalar(select(DoctorRequest.id).where(*mine))
    place = {"request_id": already or (session.scalar(select(func.max(DoctorRequest.id))) or 0) + 1}
    said = {"reached": True, "whom": "patient", "words": "Elle continue aux mêmes doses ; rappel lundi.", "by": nurse}
    return {
        "/api/v1/patients/{patient_id}/requests": ({"patient_id": patient_id}, asked),
        "/api/v1/requests/{request_id}/answer": (place, {"answer": "continue", "words": "À revoir au bilan de lundi.", "by": oncologist}),
        "/api/v1/requests/{request_id}/tell": (place, said),
    }


def _contacts(session: Session, patient_id: int, nurse: str) -> dict[str, Example]:
    """The patient telephones: the call begins (or the nurse's draft is resumed), is kept half-way, and closed."""
    mine = (Contact.patient_id == patient_id, Contact.state == ContactState.DRAFT, Staff.login == nurse)
    already = session.scalar(select(Contact.id).join(Staff, Staff.id == Contact.by_id).where(*mine))
    place = {"contact_id": already or (session.scalar(select(func.max(Contact.id))) or 0) + 1}
    begun = {"direction": "incoming", "caller": "patient", "reason": "Fatigue depuis deux jours", "by": nurse}
    closing = {"outcome": "level_1", "protocol_ref": "fatigue_sleep", "words": "Conseils donnés.", "form": _FORM, "by": nurse}
    return {
        "/api/v1/patients/{patient_id}/contacts": ({"patient_id": patient_id}, begun),
        "/api/v1/contacts/{contact_id}/save": (place, {"form": {"own_words": "Je dors mal."}, "by": nurse}),
        "/api/v1/contacts/{contact_id}/close": (place, closing),
    }


def _login(session: Session, service_id: int, role: Role, otherwise: str) -> str:
    found = session.scalar(
        select(Staff.login).where(members.belongs(service_id), Staff.role == role, Staff.active).order_by(Staff.id).limit(1)
    )
    return found or otherwise


def _alerts(session: Session, service_id: int, nurse: str) -> tuple[tuple[int, str], tuple[int, str]]:
    """One to take, by whom; one to close, by whom. Nobody's for the nurse; an owned one for its owner, who may take it again."""
    mine = select(Alert.id, Staff.login).outerjoin(Staff, Alert.owner_id == Staff.id).where(Alert.service_id == service_id)
    found = session.execute(mine.where(Alert.state != AlertState.CLOSED).order_by(Alert.id.desc())).all()
    new = [(number, nurse) for number, owner in found if owner is None]
    owned = [(number, owner) for number, owner in found if owner is not None]
    nothing = [(1, nurse)]
    return (new or owned or nothing)[0], (owned or new or nothing)[-1]


def _unspoken(session: Session, service_id: int, nurse: str) -> Example:
    """Help is sent for the first open alert about which nobody was spoken to, the most urgent first."""
    mine = select(Alert, Staff.login).outerjoin(Staff, Alert.owner_id == Staff.id).where(Alert.service_id == service_id)
    found = session.execute(mine.where(Alert.state != AlertState.CLOSED).order_by(Alert.id.desc())).all()
    unspoken = [(one.id, login, one.level) for one, login in found if not spoken.anybody(session, one)]
    number, owner, _ = min(unspoken, key=lambda one: one[2] != "urgent", default=(1, None, ""))
    body = {"by": owner or nurse, "what": "someone_goes", "decided_by": "Claire Payet", "why": "Ne répond pas ; sa voisine va voir."}
    return {"alert_id": number}, body


def _patients(session: Session, service_id: int) -> tuple[int, int]:
    """One without a running treatment, for a treatment to start (or the one that the example before it enrols); and anyone."""
    followed = select(Patient.id).where(Patient.service_id == service_id, Patient.follow_up == FollowUp.ACTIVE).order_by(Patient.id.desc())
    untreated = session.scalar(followed.where(Patient.id.not_in(_treated(service_id))).limit(1))
    return untreated or (session.scalar(select(func.max(Patient.id))) or 0) + 1, session.scalar(followed.limit(1)) or 1


def _treated(service_id: int) -> Select[int]:
    mine = select(Course.patient_id).join(Patient, Patient.id == Course.patient_id).where(Patient.service_id == service_id)
    return mine.where(Course.state == CourseState.ACTIVE).order_by(Course.patient_id)


def _free_number(session: Session) -> str:
    """A number reserved for fiction that nobody holds, so that the example can be sent twice."""
    held = set(session.scalars(select(Patient.phone).where(Patient.phone.like("+33639989%"))))
    return next(number for number in (f"+3363998{digits}" for digits in range(9000, 10000)) if number not in held)
