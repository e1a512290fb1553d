"""A new number takes effect: everything that went to the old one goes to it, and whoever holds the old one is told (FR-25, U18)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.checkins import script
from app.checkins.models import CheckIn
from app.checkins.rhythm import freezing, opening, planning, reaching
from app.core.audit import Actor
from app.messaging import outbox
from app.messaging.models import FormLink, Message
from app.messaging.outbox import Purpose
from app.people import absences, numbers, patients, reading
from app.people.models import NumberCheck, Patient, Reachability, Respondent
from app.people.telephones import masked
from app.treatment import courses
from notifications import policy


def take_effect(session: Session, patient: Patient, check: NumberCheck, *, by: Actor, now: datetime) -> None:
    """The patient's number is the confirmed one from now on. Planned check-ins follow by themselves: they hold no number.

    What waits to leave follows; links on the old telephone end; the two telephones are counted anew; how the patient can be reached starts
    anew; a freeze for a wrong number is over.
    """
    left, patient.phone = patient.phone, check.number
    if patient.reachability not in (Reachability.OPTED_OUT, Reachability.FROZEN):
        patient.reachability = Reachability.REACHABLE
    session.flush()
    for number in (left, check.number):
        _count_holders(session, patient.service_id, number)
    outbox.readdress(session, patient, left)
    end_links(session, patient, None, now=now)
    before, after = masked(left), masked(check.number)
    numbers.note(session, patient, check, "number.changed", by=by, now=now, before=before, after=after, reason=check.reason)
    _tell_the_old(session, patient, left, now)
    for row in absences.standing(session, patient.id):
        if row.kind == absences.WRONG_NUMBER:
            freezing.undo(session, patient, row.id, by=by, now=now, reason=check.reason)


def ask_again(session: Session, patient: Patient, *, now: datetime) -> None:
    """The question under way leaves for the number that texts go to now, when it had only left for another one (U18).

    Like a reminder it is not counted among the texts of the check-in: the one before went to a telephone that was left.
    """
    address = outbox.address_of(patient)
    running = (CheckIn.patient_id == patient.id, CheckIn.state.in_(planning.WAITING), CheckIn.closed_at.is_(None))
    checkin = session.scalar(select(CheckIn).where(*running, CheckIn.kind != "unprompted").order_by(CheckIn.id.desc()).limit(1))
    if checkin is None or planning.not_asked_because(patient, courses.get(session, checkin.course_id)):
        return
    protocol = script.protocol_of(session, checkin)
    asked = script.open_group(checkin, protocol)
    here = (Message.checkin_id == checkin.id, Message.direction == "out", Message.address == address, Message.state.not_in(reaching.LOST))
    left_for_here = session.scalar(select(Message.id).where(*here).limit(1)) is not None
    if asked.keys and not left_for_here and not opening.no_text_because(session, patient, checkin, protocol):
        opening.ask(session, checkin, patient, protocol, asked, now=now, again=f"number:{address}")


def end_links(session: Session, patient: Patient, respondent: Respondent | None, *, now: datetime) -> None:
    """Links that left for a telephone which is this person's no more."""
    mine = (FormLink.patient_id == patient.id, FormLink.respondent_id == (respondent.id if respondent else None))
    session.execute(update(FormLink).where(*mine, FormLink.ended_at.is_(None)).values(ended_at=now, ended_why="replaced"))


def _count_holders(session: Session, service_id: int, number: str) -> None:
    """Is this telephone shared? HZ-10: while it is, no plain text is attached to anybody."""
    holders = patients.holders(session, service_id, number) if number else []
    for one in holders:
        one.shared_phone = len(holders) > 1


def _tell_the_old(session: Session, patient: Patient, left: str, now: datetime) -> None:
    """Whoever holds the old number may object. Nobody is asked to look when this text does not arrive: the number was left."""
    said_wrong = select(Message.id).where(Message.patient_id == patient.id, Message.key == "wrong_nr", Message.address == left)
    promised_none = patient.opted_out_at is not None or session.scalar(said_wrong.limit(1)) is not None
    if not left or promised_none or not reading.languages_of(patient, left):
        return
    notice = outbox.queue(
        session,
        key="number_changed",
        purpose=Purpose.ADMINISTRATIVE,
        dedup_key=f"number_changed:{patient.id}:{now.isoformat()}",
        patient=patient,
        to=left,
        not_before=policy.first_allowed(now, patient.timezone),
        now=now,
    )
    notice.handled = True
