"""Whom a rung means at an instant, and the content-free words that reach them by text, letter or telephone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.models import Enrolment, EnrolmentState
from app.messaging import outbox
from app.messaging.models import Message
from app.people import care_team, members, stand_ins, storms
from app.people.models import Patient, Role, Service, Staff
from notifications.messages import Channel


def meant_by(session: Session, service: Service, notify: str, now: datetime, *, patient_id: int | None = None) -> list[Staff]:
    """Who a rung means now, stand-ins in the place of the absent; in cyclone mode the team is everybody of it, on shift or not.

    When it means nobody, everybody who may act: an alert must reach somebody.
    """
    people: list[Staff] = []
    if notify in ("team", "on_call"):
        people = care_team.on_duty(session, service.id, now, "ward" if notify == "team" else "on_call")
    elif notify == "head":
        heads = select(Staff).where(members.belongs(service.id), Staff.role == Role.COORDINATOR, Staff.active)
        people = list(session.scalars(heads.order_by(Staff.id)))
    elif patient_id is not None and (one := _of_patient(session, notify, patient_id)) is not None:
        people = [one]
    meant = {one.id: one for one in (stand_ins.instead_of(session, person, now, service.id) for person in people)}
    people = [one for one in meant.values() if one.active and members.works_in(session, one, service.id)]
    if notify == "team":
        people += [one for one in storms.team(session, service.id, now) if one.id not in {other.id for other in people}]
    if people or notify == "team":
        return people  # an empty ward still has the list on its screens; the next rung is on its way
    acting = (Role.NURSE, Role.ONCOLOGIST, Role.COORDINATOR)
    return list(session.scalars(select(Staff).where(members.belongs(service.id), Staff.role.in_(acting), Staff.active).order_by(Staff.id)))


def _of_patient(session: Session, notify: str, patient_id: int) -> Staff | None:
    """The patient's oncologist, or the nurse of a programme they are followed in."""
    if notify == "prescriber":
        return session.get_one(Patient, patient_id).oncologist
    running = (Enrolment.patient_id == patient_id, Enrolment.state == EnrolmentState.OPEN, Enrolment.nurse_id.is_not(None))
    nurse_id = session.scalar(select(Enrolment.nurse_id).where(*running).order_by(Enrolment.id.desc()).limit(1))
    return session.get(Staff, nurse_id) if nurse_id else None


CARRIED = {"text": Channel.SMS, "email": Channel.EMAIL, "voice": Channel.VOICE}
"""Ways that leave through the outbox. A browser notice does not: each signed-in screen of the service is told by its live stream."""


def ways_to(person: Staff, ways: Sequence[str]) -> list[str]:
    """By which of these ways this person can be reached; by any they have when none of these works: a rung must not end in nothing."""
    has = {"text": bool(person.phone), "voice": bool(person.phone), "email": bool(person.email)}
    possible = [way for way in ways if has.get(way)]
    silent = not possible and "browser" not in ways
    return [way for way in ("text", "email") if has[way]] if silent else possible


@dataclass(frozen=True)
class Words:
    """What is said: the text (also the letter's), and what is spoken; with their values."""

    text: str
    call: str
    values: Mapping[str, object]


def page(
    session: Session,
    service: Service,
    person: Staff,
    ways: Sequence[str],
    words: Words,
    *,
    reason: str,
    now: datetime,
    alert_id: int | None = None,
) -> dict[str, Message]:
    """Queue the words by each of these ways that reaches this person; ``reason``: the same one is queued once for ever."""
    return {
        way: outbox.queue_staff(
            session,
            service=service,
            staff=person,
            key=words.call if way == "voice" else words.text,
            values=words.values,
            dedup_key=f"{reason}:{person.id}:{way}",
            alert_id=alert_id,
            now=now,
            channel=CARRIED[way],
        )
        for way in ways_to(person, ways)
    }
