"""Which doctors a nurse may ask, with who is on call or there and when the others come; whoever can answer stands first."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.alerts import answering
from app.insight import teams
from app.insight.teams import Presence
from app.people import care_team, stand_ins
from app.people.models import Patient, Role
from app.web.render import Page
from triage.terms import Level


def in_order(page: Page, session: Session, patient: Patient) -> list[Presence]:
    """Whoever is at work first, the patient's own doctor first among equals; then by when they come."""
    found = teams.presence(session, answering.doctors(session, patient.service_id), page.now)
    return sorted(found, key=lambda one: (one.until is None, one.who.id != patient.oncologist_id))


def offered(page: Page, session: Session, patient: Patient) -> list[tuple[str, str]]:
    """The choices of the form: a number and the words; names alone where no rota says who works."""
    found = in_order(page, session, patient)
    on_call = {one.id for one in care_team.on_duty(session, patient.service_id, page.now, "on_call")}
    known = any(one.until or one.comes for one in found)
    return [(str(one.who.id), _said(page, one, on_call=one.who.id in on_call) if known else one.who.name) for one in found]


def _said(page: Page, one: Presence, *, on_call: bool) -> str:
    at = one.until or one.comes
    key = ("on_call" if on_call else "there") if one.until else "comes" if one.comes else "unplanned"
    return page.say(f"doctor.presence.{key}", who=one.who.name, when=page.formats.when(at) if at else "")


def first(page: Page, session: Session, patient: Patient, level: str) -> int:
    """Who is chosen before the nurse chooses: the patient's own doctor; of something urgent while they are off, whoever is on call."""
    own = patient.oncologist_id
    if level != Level.URGENT.word or not stand_ins.is_off(session, own, patient.service_id, page.now):
        return own
    there = care_team.on_duty(session, patient.service_id, page.now, "on_call")
    return next((one.id for one in there if one.role == Role.ONCOLOGIST), own)
