"""Whose telephone wrote? Exactly one person followed here, or nobody: a text is never attached to a guess (SEC-16)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.audit import Actor
from app.messaging import pages
from app.messaging.models import Message
from app.people import patients, respondents
from app.people.models import FollowUp, Patient, Respondent, Service


@dataclass(frozen=True)
class Sender:
    """patient None: unknown or shared, then ``among`` names who it could be. by: who speaks, for the patient's file."""

    service: Service
    patient: Patient | None
    by: Actor
    among: tuple[int, ...] = ()

    @property
    def is_shared(self) -> bool:
        """Could this be several people?"""
        return self.patient is None and bool(self.among)


def recognise(session: Session, message: Message) -> Sender:
    """The sender of an inbound text, from the number written to and the number written from.

    A patient's own number comes before a relative's: a wife who is followed herself writes for herself from her own telephone.
    Somebody whose follow-up has ended is still recognised when nobody followed has this number.
    """
    service = session.get_one(Service, message.service_id)
    if message.carrier in pages.CARRIERS and message.patient_id is not None:  # it came through that patient's own link, or a nurse's hand
        said_by = str((message.reading or {}).get("said_by", f"patient:{message.patient_id}"))
        return Sender(service, session.get_one(Patient, message.patient_id), respondents.speaker(session, said_by))
    holders = patients.holders(session, service.id, message.address)
    if len(holders) == 1 and not holders[0].shared_phone:
        return Sender(service, holders[0], _holder(holders[0]))
    if holders:
        return _nobody(service, message, holders)
    relatives = _relatives(session, service.id, message.address)
    followed = {relative.patient_id: relative for relative in relatives}
    if len(followed) == 1:
        relative = relatives[0]
        return Sender(service, session.get_one(Patient, relative.patient_id), Actor("respondent", relative.id, relative.name))
    if followed:
        return _nobody(service, message, [session.get_one(Patient, patient_id) for patient_id in followed])
    ended = _ended(session, service.id, message.address)
    if len(ended) == 1:
        return Sender(service, ended[0], _holder(ended[0]))
    return _nobody(service, message, ended)


def _holder(patient: Patient) -> Actor:
    if patient.answered_by == "respondent":
        for respondent in patient.respondents:
            if respondent.answers:
                return Actor("respondent", respondent.id, respondent.name)
    return Actor("patient", patient.id, patient.full_name)


def _nobody(service: Service, message: Message, among: list[Patient]) -> Sender:
    return Sender(service, None, Actor("unknown", message.id, "?"), tuple(patient.id for patient in among))


def _relatives(session: Session, service_id: int, number: str) -> list[Respondent]:
    followed = (Patient.service_id == service_id, Patient.follow_up != FollowUp.ENDED)
    mine = (
        select(Respondent)
        .join(Patient, Patient.id == Respondent.patient_id)
        .where(Respondent.phone == number, Respondent.removed_at.is_(None), *followed)
    )
    return list(session.scalars(mine.order_by(Respondent.id)))


def _ended(session: Session, service_id: int, number: str) -> list[Patient]:
    gone = (Patient.service_id == service_id, Patient.phone == number, Patient.follow_up == FollowUp.ENDED)
    return list(session.scalars(select(Patient).where(*gone).order_by(Patient.id)))
