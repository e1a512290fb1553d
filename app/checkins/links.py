"""Links to the form: given, opened, guarded by the patient's day and month of birth, ended with their check-in (SEC-05 to SEC-10)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.alerts import tasks
from app.checkins.models import CheckIn, CheckInState
from app.core import audit, limits, signing
from app.core.audit import SYSTEM, Actor
from app.messaging import links
from app.messaging.models import FormLink, FormVisit
from app.people import respondents
from app.people.models import Patient, Respondent

LIVE, ANSWERED, ENDED, LOCKED, UNKNOWN = "live", "answered", "ended", "locked", "unknown"

OWN_LIFE = timedelta(hours=24)
"""How long a link that belongs to no check-in may be opened (SEC-08)."""
THANKED = timedelta(days=7)
"""How long a link says that its questions were answered, and opens the way to say what is wrong now (house rule, 2026-11-22). Later the
telephone may be somebody else's: the link is one of those that have ended."""
VISIT = timedelta(hours=2)
"""How long a browser that passed the guard is known. The form takes two minutes; a stolen telephone is opened later than that."""
MOST_WRONG = 5
"""Wrong birthdays in a row that lock a link (SEC-10)."""
TRIES = 20
TRIES_WITHIN = timedelta(days=1)
"""Guard tries about one patient a day, whatever the number of links: every new link would otherwise give five more guesses out of 366."""


def give(session: Session, patient: Patient, checkin: CheckIn | None, *, now: datetime, respondent: Respondent | None = None) -> FormLink:
    """A new working link: to one check-in, or, without one, to say that something is wrong. Earlier links go on working."""
    seed = links.new_seed()
    link = FormLink(
        service_id=patient.service_id,
        patient_id=patient.id,
        checkin_id=checkin.id if checkin else None,
        respondent_id=respondent.id if respondent else None,
        seed=seed,
        token_hash=signing.fingerprint(links.token_from(seed)),
        created_at=now,
        expires_at=(checkin.silent_at if checkin and checkin.silent_at else now + OWN_LIFE),
    )
    session.add(link)
    session.flush()
    return link


def open_link(session: Session, token: str, *, now: datetime) -> tuple[FormLink | None, str]:
    """The link of a token and how it stands: live, answered, ended, locked, or unknown (then None). Changes nothing (SEC-07)."""
    link = session.scalar(select(FormLink).where(FormLink.token_hash == signing.fingerprint(token)))
    return (link, state_of(session, link, now=now)) if link is not None else (None, UNKNOWN)


def state_of(session: Session, link: FormLink, *, now: datetime) -> str:
    """How a link stands: live, answered, ended or locked."""
    if link.ended_why == "locked":
        return LOCKED
    if answered_at(session, link, now=now) is not None:
        return ANSWERED
    if link.ended_at is not None or now >= until(session, link):
        return ENDED
    checkin = session.get(CheckIn, link.checkin_id) if link.checkin_id else None
    return ENDED if checkin is not None and checkin.closed_at is not None else LIVE


def answered_at(session: Session, link: FormLink, *, now: datetime) -> datetime | None:
    """When the questions of this link were answered, here or by text, for a week; None while they are not, or when nobody answered.

    A link taken back with its number thanks nobody: its holder is somebody else now.
    """
    checkin = session.get(CheckIn, link.checkin_id) if link.checkin_id and link.ended_why == "sent" else None
    said = checkin is not None and checkin.state in (CheckInState.DONE, CheckInState.PARTIAL) and checkin.why != "not understood"
    at = checkin.closed_at if checkin is not None and said else None
    return at if at is not None and now < at + THANKED else None


def own(session: Session, link: FormLink, *, now: datetime) -> FormLink:
    """The link to say what is wrong, for whoever holds one whose questions were answered: the one they have, else a new one.

    Behind the same guard, and guessed at no oftener (``TRIES``): the link that has ended opens nothing by itself (SEC-08).
    """
    mine = (FormLink.patient_id == link.patient_id, FormLink.respondent_id == link.respondent_id, FormLink.checkin_id.is_(None))
    given = session.scalars(select(FormLink).where(*mine, FormLink.expires_at > now).order_by(FormLink.id.desc()))
    if (standing := next((one for one in given if state_of(session, one, now=now) == LIVE), None)) is not None:
        return standing
    relative = session.get(Respondent, link.respondent_id) if link.respondent_id else None
    return give(session, session.get_one(Patient, link.patient_id), None, now=now, respondent=relative)


def is_newer_open(session: Session, link: FormLink, *, now: datetime) -> bool:
    """Was a later link given to the same person that still opens? Only then is whoever holds this one sent to look for it."""
    mine = (FormLink.patient_id == link.patient_id, FormLink.respondent_id == link.respondent_id, FormLink.id > link.id)
    later = session.scalars(select(FormLink).where(*mine, FormLink.ended_at.is_(None)).order_by(FormLink.id.desc()).limit(5))
    return any(state_of(session, one, now=now) == LIVE for one in later)


def until(session: Session, link: FormLink) -> datetime:
    """When a link ends by itself: with the window of its check-in, also when that window has moved since."""
    checkin = session.get(CheckIn, link.checkin_id) if link.checkin_id else None
    return checkin.silent_at if checkin is not None and checkin.silent_at is not None else link.expires_at


def pass_guard(session: Session, link: FormLink, *, day: int, month: int, said_by: Actor, now: datetime) -> str | None:
    """Is this the patient's day and month of birth? The cookie of a new visit; None: wrong, or the link is not live.

    Five wrong ones in a row lock the link and make one task. Nothing is counted as proof of who it is: it stops a wrong recipient.
    """
    if state_of(session, link, now=now) != LIVE:
        return None
    patient = session.get_one(Patient, link.patient_id)
    within = limits.knock(session, "guard", f"patient:{patient.id}", now=now, most=TRIES, within=TRIES_WITHIN)
    if not within or (day, month) != (patient.birth_date.day, patient.birth_date.month):
        _wrong(session, link, patient, now)
        return None
    still = (FormLink.id == link.id, FormLink.ended_at.is_(None), FormLink.wrong < MOST_WRONG)
    if session.execute(update(FormLink).where(*still).values(wrong=0)).rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE has one
        return None
    cookie = signing.new_token()
    visit = FormVisit(link_id=link.id, token_hash=signing.fingerprint(cookie), said_by=str(said_by), created_at=now, seen_at=now)
    session.add(visit)
    session.flush()
    return cookie


def _wrong(session: Session, link: FormLink, patient: Patient, now: datetime) -> None:
    """Counted by condition: a hundred at once stay five."""
    mine = (FormLink.id == link.id, FormLink.ended_at.is_(None))
    session.execute(update(FormLink).where(*mine, FormLink.wrong < MOST_WRONG).values(wrong=FormLink.wrong + 1))
    locking = update(FormLink).where(*mine, FormLink.wrong >= MOST_WRONG).values(ended_at=now, ended_why="locked")
    if session.execute(locking).rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        session.refresh(link)
        return
    session.refresh(link)
    tasks.make(
        session,
        service_id=link.service_id,
        patient_id=patient.id,
        kind="link_locked",
        key=f"link_locked:{link.id}",
        detail={"link_id": link.id, "checkin_id": link.checkin_id},
        now=now,
    )
    audit.record(
        session,
        actor=SYSTEM,
        action="link.locked",
        subject=f"link:{link.id}",
        service_id=link.service_id,
        patient_id=patient.id,
        reason=f"{MOST_WRONG} wrong birthdays in a row",
        now=now,
    )


def visit_of(session: Session, cookie: str, *, now: datetime) -> FormVisit | None:
    """The visit of a browser, for two hours. It outlives its link, so that the last page can still be shown: ask ``state_of`` to answer."""
    visit = session.scalar(select(FormVisit).where(FormVisit.token_hash == signing.fingerprint(cookie)))
    if visit is None or visit.ended_at is not None or now >= visit.created_at + VISIT:
        return None
    return visit


def speaker(session: Session, visit: FormVisit) -> Actor:
    """Who answers in a visit: the patient, a declared relative by name, or somebody else."""
    return respondents.speaker(session, visit.said_by)


def end_all(session: Session, checkin: CheckIn, *, why: str, now: datetime) -> int:
    """The links of a check-in end with it. why: sent, window. How many were still open."""
    open_ones = (FormLink.checkin_id == checkin.id, FormLink.ended_at.is_(None))
    ended = session.execute(update(FormLink).where(*open_ones).values(ended_at=now, ended_why=why))
    return int(ended.rowcount)  # type: ignore[attr-defined]  # an UPDATE always has one
