"""The professionals of the city: who they are, around which patient, and what the patient agreed that each of them is told."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import audit
from app.core.errors import FieldErrors, NotFound, Said
from app.people import regions
from app.people.circle_models import CircleMember, Professional, RecipientConsent, Trade
from app.people.models import Patient, Service
from app.people.perimeter import Viewer
from app.people.telephones import to_e164

LANGUAGES = ("fr", "en")
"""Those that letters are written in."""
LONGEST = {"name": 200, "practice": 200, "address": 300, "email": 200}


@dataclass(frozen=True)
class NewProfessional:
    """What is asked about a professional. phone: E.164 or national form. rpps: eleven digits. Only trade and name cannot be left out."""

    trade: str
    name: str
    practice: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    rpps: str = ""
    language: str = "fr"


def get(session: Session, professional_id: int, *, viewer: Viewer) -> Professional:
    """One of the service's directory. Raises NotFound."""
    mine = viewer.service_id if viewer.may("open_chart") else None
    found = session.scalar(select(Professional).where(Professional.id == professional_id, Professional.service_id == mine))
    if found is None:
        raise NotFound("This professional")
    return found


def search(session: Session, words: str, *, viewer: Viewer, trade: str = "", limit: int = 20) -> list[Professional]:
    """Those whose name or practice holds these words, by name; of one trade when it is given."""
    mine = viewer.service_id if viewer.may("open_chart") else None
    found = select(Professional).where(Professional.service_id == mine).order_by(Professional.name, Professional.id).limit(limit)
    for part in words.split():
        found = found.where(or_(Professional.name.icontains(part, autoescape=True), Professional.practice.icontains(part, autoescape=True)))
    return list(session.scalars(found.where(Professional.trade == trade) if trade else found))


def declare(session: Session, new: NewProfessional, *, by: Viewer, now: datetime, allow_fiction: bool) -> Professional:
    """Add somebody to the service's directory. Raises FieldErrors with a sentence per field, and saves nothing."""
    by.require("keep_circle")
    service = session.get_one(Service, by.service_id)
    row = Professional(service_id=service.id, created_at=now, created_by=str(by.actor), **_checked(service, new, allow_fiction))
    session.add(row)
    session.flush()
    _note(session, row, "professional.declared", by=by, now=now, after=_plain(row))
    return row


def change(session: Session, professional_id: int, new: NewProfessional, *, by: Viewer, now: datetime, allow_fiction: bool) -> Professional:
    """Write down what is true now, for every patient this professional follows. Raises FieldErrors and NotFound, and saves nothing."""
    by.require("keep_circle")
    row = get(session, professional_id, viewer=by)
    before, values = _plain(row), _checked(session.get_one(Service, row.service_id), new, allow_fiction)
    for name, value in values.items():
        setattr(row, name, value)
    session.flush()
    if before != _plain(row):
        _note(session, row, "professional.changed", by=by, now=now, before=before, after=_plain(row))
    return row


# --- Around a patient ---------------------------------------------------------------------------------------------------------------


def around(session: Session, patient_id: int) -> list[CircleMember]:
    """Who is around this patient now, in the order of the trades, then of names."""
    mine = select(CircleMember).where(CircleMember.patient_id == patient_id, CircleMember.removed_at.is_(None))
    order = [*Trade]
    return sorted(session.scalars(mine), key=lambda one: (order.index(Trade(one.professional.trade)), one.professional.name))


def add(session: Session, patient: Patient, professional_id: int, *, by: Viewer, now: datetime) -> CircleMember:
    """This professional is around this patient from now on. Saying it twice changes nothing."""
    by.require("keep_circle")
    professional = get(session, professional_id, viewer=by)
    if (standing := _standing(session, patient.id, professional.id)) is not None:
        return standing
    row = CircleMember(patient_id=patient.id, professional_id=professional.id, added_by=str(by.actor), added_at=now)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # somebody added them between our look and our write
        return session.scalars(_of(patient.id, professional.id)).one()
    _about(session, patient, row, "circle.added", by=by, now=now, after=professional.name)
    return row


def remove(session: Session, patient: Patient, member_id: int, *, by: Viewer, now: datetime) -> None:
    """No longer around the patient: nothing is asked of them, no letter leaves. Raises NotFound."""
    by.require("keep_circle")
    row = _member(session, patient, member_id)
    row.removed_at, row.removed_by = now, str(by.actor)
    session.flush()
    _about(session, patient, row, "circle.removed", by=by, now=now, before=row.professional.name)


def consent(session: Session, patient: Patient, member_id: int, *, granted: bool, by: Viewer, now: datetime) -> RecipientConsent:
    """The patient said whether this professional may be told (ATO-6). The last word holds; every word is kept. Raises NotFound."""
    by.require("keep_circle")
    member = _member(session, patient, member_id)
    row = RecipientConsent(granted=granted, recorded_by=str(by.actor), recorded_by_name=by.actor.name, at=now)
    before = said(member)
    member.consents.append(row)
    session.flush()
    _about(session, patient, member, "circle.consent", by=by, now=now, before=before, after="granted" if granted else "refused")
    return row


def said(member: CircleMember) -> str:
    """What the patient last said of this recipient: granted, refused, or "" when nobody asked."""
    if not member.consents:
        return ""
    return "granted" if member.consents[-1].granted else "refused"


def why_not(session: Session, patient_id: int, professional_id: int) -> str:
    """Why nothing may leave for this professional: no_consent, refused, removed; "" when the patient agreed. Asked at each departure."""
    member = _standing(session, patient_id, professional_id)
    if member is None:
        return "removed"
    return {"granted": "", "refused": "refused"}.get(said(member), "no_consent")


def _of(patient_id: int, professional_id: int) -> Select[CircleMember]:
    mine = (CircleMember.patient_id == patient_id, CircleMember.professional_id == professional_id, CircleMember.removed_at.is_(None))
    return select(CircleMember).where(*mine)


def _standing(session: Session, patient_id: int, professional_id: int) -> CircleMember | None:
    return session.scalar(_of(patient_id, professional_id))


def _member(session: Session, patient: Patient, member_id: int) -> CircleMember:
    row = session.get(CircleMember, member_id)
    if row is None or row.patient_id != patient.id or row.removed_at is not None:
        raise NotFound("This professional")
    return row


# --- Checks -------------------------------------------------------------------------------------------------------------------------


def _checked(service: Service, new: NewProfessional, allow_fiction: bool) -> dict[str, str]:
    plain = {name: " ".join(value.split()) for name, value in asdict(new).items()}
    problems: dict[str, str] = {}
    if plain["trade"] not in set(Trade):
        problems["trade"] = "Choose what this professional does."
    if not plain["name"]:
        problems["name"] = "Write the name of this person."
    for name, longest in LONGEST.items():
        if len(plain[name]) > longest:
            problems[name] = Said("Write at most {n} characters.", n=longest)
        elif not plain[name].isprintable():
            problems[name] = "Type this again: it holds a character that cannot be shown."
    if plain["email"] and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", plain["email"]):
        problems["email"] = "This is not an e-mail address. Write it as name@example.org."
    plain["rpps"] = plain["rpps"].replace(" ", "")
    if plain["rpps"] and not re.fullmatch(r"[0-9]{11}", plain["rpps"]):
        problems["rpps"] = "An RPPS number has eleven digits."
    if plain["language"] not in LANGUAGES:
        problems["language"] = "Choose a language the texts exist in."
    if plain["phone"]:
        try:
            plain["phone"] = to_e164(plain["phone"], service.country, allow_fiction=allow_fiction)
            if why := regions.refuses(service, plain["phone"]):
                problems["phone"] = regions.SENTENCES[why]
        except ValueError as error:
            problems["phone"] = str(error)
    if problems:
        raise FieldErrors(problems)
    return plain


def _plain(row: Professional) -> dict[str, str]:
    return {name: getattr(row, name) for name in NewProfessional.__dataclass_fields__}


def _note(session: Session, row: Professional, action: str, *, by: Viewer, now: datetime, before: object = None, after: object) -> None:
    audit.record(
        session,
        actor=by.actor,
        action=action,
        subject=f"professional:{row.id}",
        service_id=row.service_id,
        before=before,
        after=after,
        now=now,
    )


def _about(
    session: Session,
    patient: Patient,
    row: CircleMember,
    action: str,
    *,
    by: Viewer,
    now: datetime,
    before: object = None,
    after: object = None,
) -> None:
    audit.record(
        session,
        actor=by.actor,
        action=action,
        subject=f"circle_member:{row.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        before=before,
        after=after,
        now=now,
    )
