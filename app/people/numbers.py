"""Who holds a number: the codes sent to telephones, how each stands, what a right or a wrong one does (FR-25, HZ-09).

Nothing is sent from here: app.checkins.texts.verifying queues the texts and draws what follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor
from app.people import reading
from app.people.models import FollowUp, NumberCheck, Patient, Reachability, Respondent, Service
from app.people.telephones import is_landline, masked


class Purpose(StrEnum):
    """Why a code was sent."""

    ENROLMENT = "enrolment"
    CHANGE = "change"
    RENEWAL = "renewal"


TRIES = 5
"""Wrong codes after which a check ends: five guesses among a million (house rule, 2026-11-22)."""
READ_OUT = timedelta(minutes=10)
"""How long a code told to the team is good for (NIST SP 800-63A, June 2017, 4.4.1.6: ten minutes for a code sent by SMS)."""
LIFE = {Purpose.ENROLMENT: timedelta(hours=48), Purpose.CHANGE: timedelta(hours=48), Purpose.RENEWAL: timedelta(days=14)}
"""How long the telephone itself may send a code back; then a person is told (house rule, 2026-11-22)."""
RENEWED_AFTER = timedelta(days=90)
"""A number confirmed this long ago is asked about again: operators give numbers to somebody else (HZ-09; house rule, 2026-11-22)."""
REMEMBERED = 10
"""Codes of a number among which one that comes late is looked for (house rule, 2026-11-22)."""
RECALLED = timedelta(days=14)
"""How long a code that another has replaced is told from a wrong one: the longest life of a code (house rule, 2026-11-22)."""
MOST_PER_DAY = 5
"""Codes a number may be sent in 24 hours, whoever asks (house rule, 2026-11-22)."""


@dataclass(frozen=True)
class Held:
    """One number of a file. respondent None: the patient's own. waiting: the code that is out, perhaps for another number.

    takes_code: a text arrives there and is read; otherwise whoever telephones asks who answers.
    """

    number: str
    respondent: Respondent | None
    verified_at: datetime | None
    waiting: NumberCheck | None
    takes_code: bool = True

    @property
    def state(self) -> str:
        """verified, waiting (for its code to come back), or unverified."""
        if self.verified_at is not None:
            return "verified"
        return "waiting" if self.waiting is not None else "unverified"


def writes_to(patient: Patient) -> Respondent | None:
    """The relative whose telephone gets the texts; None when it is the patient's own."""
    if patient.answered_by == "respondent":
        for respondent in patient.respondents:
            if respondent.answers and respondent.phone:
                return respondent
    return None


def held_by(patient: Patient, number: str) -> Respondent | None:
    """The relative who reads what arrives at this number: their own, or the patient's when they answer on it. None: the patient."""
    if number != patient.phone or patient.answered_by != "respondent":
        return reading.relative_at(patient, number)
    return next((one for one in patient.respondents if one.answers and not one.phone), None)


def is_verified(patient: Patient) -> bool:
    """Did somebody prove to hold the number that texts go to? Until then they say nothing clinical."""
    return (writes_to(patient) or patient).phone_verified_at is not None


def on_landline(patient: Patient) -> bool:
    """Is the number that texts would go to a fixed line? They would be lost: a nurse calls."""
    return is_landline((writes_to(patient) or patient).phone)


def takes_a_code(patient: Patient, number: str) -> bool:
    """Does a text arrive at this number, and is it read?"""
    return not is_landline(number) and bool(reading.languages_of(patient, number))


def reads_texts(patient: Patient) -> bool:
    """Can whoever the texts go to get them, and read a language of ours? Otherwise a nurse calls, and no code is worth sending (HZ-36)."""
    return takes_a_code(patient, (writes_to(patient) or patient).phone)


def is_settled(patient: Patient) -> bool:
    """Nothing to verify: there is no number, its holder is known, or nothing but a safety text is ever written to it."""
    return not (writes_to(patient) or patient).phone or is_verified(patient) or not reads_texts(patient)


def reached_as(patient: Patient) -> str:
    """The word for how this patient is reached. "landline", "no_language": no text arrives or is read, whatever the state."""
    stopped = patient.reachability in (Reachability.OPTED_OUT, Reachability.FROZEN)
    if stopped or reads_texts(patient):
        return patient.reachability
    return "landline" if on_landline(patient) else "no_language"


def held(session: Session, patient: Patient, *, now: datetime) -> list[Held]:
    """Every number of the file with how it stands: the patient's, then those of the people around."""
    holders: list[Respondent | None] = [None, *(one for one in patient.respondents if one.phone)]
    return [
        Held(
            (one or patient).phone,
            one,
            (one or patient).phone_verified_at,
            live(session, patient, one, now=now),
            takes_a_code(patient, (one or patient).phone),
        )
        for one in holders
        if (one or patient).phone
    ]


def live(session: Session, patient: Patient, respondent: Respondent | None, *, now: datetime) -> NumberCheck | None:
    """The code that is out for this person's number."""
    mine = (NumberCheck.patient_id == patient.id, NumberCheck.respondent_id == (respondent.id if respondent else None))
    return session.scalar(select(NumberCheck).where(*mine, _is_live(now)).order_by(NumberCheck.id.desc()).limit(1))


def live_at(session: Session, service_id: int, number: str, *, now: datetime) -> Sequence[NumberCheck]:
    """The codes that are out for a number: one, or one for each who shares the telephone."""
    mine = (NumberCheck.number == number, Patient.service_id == service_id, Patient.follow_up != FollowUp.ENDED)
    found = select(NumberCheck).join(Patient, Patient.id == NumberCheck.patient_id).where(*mine, _is_live(now))
    return list(session.scalars(found.order_by(NumberCheck.id)))


def sent_to(session: Session, service_id: int, number: str) -> Sequence[NumberCheck]:
    """The last codes a number was sent, newest first, over or not."""
    mine = (NumberCheck.number == number, Patient.service_id == service_id, Patient.follow_up != FollowUp.ENDED)
    found = select(NumberCheck).join(Patient, Patient.id == NumberCheck.patient_id).where(*mine)
    return list(session.scalars(found.order_by(NumberCheck.id.desc()).limit(REMEMBERED)))


def _is_live(now: datetime) -> ColumnElement[bool]:
    return and_(_UNDER_WAY, NumberCheck.expires_at > now)


_UNDER_WAY = and_(NumberCheck.confirmed_at.is_(None), NumberCheck.dropped_at.is_(None), NumberCheck.tries < TRIES)


def begin(
    session: Session,
    patient: Patient,
    number: str,
    *,
    purpose: Purpose,
    seed: str,
    reason: str,
    by: Actor,
    now: datetime,
    respondent: Respondent | None = None,
) -> NumberCheck:
    """A new check of this person's number; the one before is worth nothing from now on."""
    drop(session, patient, respondent, now=now)
    check = NumberCheck(
        patient_id=patient.id,
        respondent_id=respondent.id if respondent else None,
        purpose=purpose,
        number=number,
        seed=seed,
        reason=reason,
        asked_by=str(by),
        asked_at=now,
        expires_at=now + LIFE[purpose],
    )
    session.add(check)
    session.flush()
    note(session, patient, check, "number.code_sent", by=by, now=now, after={"purpose": purpose, "number": masked(number)}, reason=reason)
    return check


def drop(session: Session, patient: Patient, respondent: Respondent | None, *, now: datetime) -> int:
    """Whatever code is out for this person is worth nothing any more. How many."""
    mine = (NumberCheck.patient_id == patient.id, NumberCheck.respondent_id == (respondent.id if respondent else None))
    gone = session.execute(update(NumberCheck).where(*mine, _UNDER_WAY).values(dropped_at=now))
    return int(gone.rowcount)  # type: ignore[attr-defined]  # an UPDATE always has one


def wrong(session: Session, check: NumberCheck, *, now: datetime) -> bool:
    """Count one wrong code, by condition: a hundred at once stay five. True when it was the last one allowed: the check is over."""
    session.execute(update(NumberCheck).where(NumberCheck.id == check.id, _UNDER_WAY).values(tries=NumberCheck.tries + 1))
    ending = (NumberCheck.id == check.id, NumberCheck.tries >= TRIES, NumberCheck.dropped_at.is_(None))
    over = session.execute(update(NumberCheck).where(*ending).values(dropped_at=now))
    session.refresh(check)
    return over.rowcount == 1  # type: ignore[attr-defined,no-any-return]  # an UPDATE always has one


def right(session: Session, check: NumberCheck, *, by: Actor, now: datetime) -> bool:
    """Use a check up; False when somebody was faster, or it ended. What follows is the caller's."""
    mine = (NumberCheck.id == check.id, _is_live(now))
    used = session.execute(update(NumberCheck).where(*mine).values(confirmed_at=now, confirmed_by=str(by)))
    session.refresh(check)
    return used.rowcount == 1  # type: ignore[attr-defined,no-any-return]  # an UPDATE always has one


def verified(session: Session, patient: Patient, check: NumberCheck, *, by: Actor, now: datetime) -> None:
    """The number of a check is now one whose holder is known."""
    holder = holder_of(session, patient, check)
    holder.phone_verified_at = now
    note(session, patient, check, "number.verified", by=by, now=now, after={"number": masked(check.number)})


def lapsed(session: Session, patient: Patient, check: NumberCheck, *, by: Actor, now: datetime) -> None:
    """Nobody answered for a number confirmed long ago: its holder is not known any more."""
    holder_of(session, patient, check).phone_verified_at = None
    note(session, patient, check, "number.lapsed", by=by, now=now, before={"number": masked(check.number)})


def holder_of(session: Session, patient: Patient, check: NumberCheck) -> Patient | Respondent:
    """Whose number a check is about."""
    return session.get_one(Respondent, check.respondent_id) if check.respondent_id else patient


def ended(session: Session, now: datetime, *, limit: int = 200) -> list[int]:
    """Codes whose time is over and that nobody sent back."""
    due = select(NumberCheck.id).where(_UNDER_WAY, NumberCheck.expires_at <= now)
    return list(session.scalars(due.order_by(NumberCheck.expires_at, NumberCheck.id).limit(limit)))


def end(session: Session, check_id: int, *, now: datetime) -> NumberCheck | None:
    """Close one of them; None when it was closed, or confirmed, meanwhile."""
    mine = (NumberCheck.id == check_id, _UNDER_WAY, NumberCheck.expires_at <= now)
    if session.execute(update(NumberCheck).where(*mine).values(dropped_at=now)).rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        return None
    return session.get_one(NumberCheck, check_id, populate_existing=True)


def to_renew(session: Session, now: datetime, *, limit: int = 50) -> list[int]:
    """Patients whose texts go to a number confirmed long ago, oldest first; nobody who gets or reads no texts, or has a code out."""
    old = now - RENEWED_AFTER
    relative = and_(Respondent.patient_id == Patient.id, Respondent.answers, Respondent.removed_at.is_(None), Respondent.phone != "")
    by_relative = and_(Patient.answered_by == "respondent", select(Respondent.id).where(relative).exists())
    stale = or_(
        and_(~by_relative, Patient.phone != "", Patient.phone_verified_at <= old),
        and_(by_relative, select(Respondent.id).where(relative, Respondent.phone_verified_at <= old).exists()),
    )
    out = select(NumberCheck.id).where(NumberCheck.patient_id == Patient.id, _UNDER_WAY).exists()
    followed = (Patient.follow_up == FollowUp.ACTIVE, Patient.opted_out_at.is_(None), Service.sending_stopped.is_(False))
    due = select(Patient).join(Service, Service.id == Patient.service_id).where(*followed, stale, ~out)
    found = session.scalars(due.order_by(Patient.phone_verified_at, Patient.id))
    return [patient.id for patient in found if reads_texts(patient)][:limit]


def note(
    session: Session,
    patient: Patient,
    check: NumberCheck,
    action: str,
    *,
    by: Actor,
    now: datetime,
    before: object = None,
    after: object = None,
    reason: str = "",
) -> None:
    """One line of the trail about a number; numbers are masked there."""
    audit.record(
        session,
        actor=by,
        action=action,
        subject=f"respondent:{check.respondent_id}" if check.respondent_id else f"patient:{patient.id}",
        service_id=patient.service_id,
        patient_id=patient.id,
        before=before,
        after=after,
        reason=reason,
        now=now,
    )
