"""The handover of a ward: one signs what the shift leaves, the next signs it too where shifts overlap, or reads it where they do not.

"Since the last shift" is: since the last handover this service signed; where none was ever signed, since the start of the previous ward
shift (the last one that ended); where the rota knows none, since yesterday's midnight on the service's clock. The text is kept as it
was signed. Of two who sign at once one is first, by the unique (service, since), and the other is told who.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Act, AuditRow
from app.core.errors import Conflict, NotFound, Refusal
from app.insight.models import Handover, HandoverNote, HandoverSignature, HandoverState, Part
from app.people import care_team, patients, stand_ins
from app.people.models import Service, Shift, Staff
from app.people.perimeter import Viewer, viewer_of

WHOLE = "all"
"""The key of the note that is of no patient."""

LONGEST_NOTE = 2000
LAST = 20
"""Handovers listed to be read again."""

BEFORE_END = timedelta(hours=2)
"""A handover signed so long before the end of a shift counts for it (house rule, 2026-11-23)."""

LOOKS_BACK = timedelta(days=7)
"""Ends of shifts looked at for a missing handover: an older one is no news to anybody (house rule, 2026-11-23)."""

SAME_VISIT = timedelta(minutes=30)
"""Opened again by the same person within it, it is the same reading (as charts are)."""


@dataclass(frozen=True)
class Lapse:
    """A handover that is not signed, or not read. since: from when on. people: who should have. handover: the unread one."""

    kind: str
    since: datetime
    people: tuple[Staff, ...]
    handover: Handover | None = None


def since_last(session: Session, service: Service, now: datetime) -> datetime:
    """From when on things have changed for the next shift; see the head of this file."""
    given = _last_given(session, service.id)
    if given is not None:
        return given
    ended = (Shift.service_id == service.id, Shift.kind == "ward", Shift.ends_at <= now)
    began = session.scalar(select(Shift.starts_at).where(*ended).order_by(Shift.ends_at.desc(), Shift.starts_at).limit(1))
    if began is not None:
        return began
    zone = ZoneInfo(service.timezone)
    return datetime.combine(now.astimezone(zone).date() - timedelta(days=1), time.min, zone)


def overlaps(session: Session, service_id: int, staff_id: int, now: datetime) -> bool:
    """Is a colleague of the ward there when this person leaves, and stays longer? Then both sign."""
    leaves = stand_ins.shift_ends(session, staff_id, now) or now
    later = (Shift.service_id == service_id, Shift.kind == "ward", Shift.starts_at <= leaves, Shift.ends_at > leaves)
    return any(one.id != staff_id for one in _meant(session, session.scalars(select(Shift).where(*later)), leaves))


def keep_notes(session: Session, notes: Mapping[str, str], *, by: Viewer, now: datetime) -> None:
    """Drafts of one person, kept as written: "patient:12" or "all" → words; an empty one is no note any more.

    Raises NotFound for a patient out of sight, Refusal for one that is too long.
    """
    service_id = _signs(by)
    known = {note.key: note for note in drafts(session, service_id) if note.by_id == by.actor.id}
    for key, words in notes.items():
        note, patient_id = known.get(key), _patient_of(session, key, by)
        if len(words) > LONGEST_NOTE:
            raise Refusal("A note is at most {n} characters long. Nothing was saved; shorten it.", status=422, n=LONGEST_NOTE)
        if note is not None and not words.strip():
            session.delete(note)
        elif note is not None and note.words != words:
            note.words, note.written_at = words, now
        elif note is None and words.strip():
            who = {"by_id": by.actor.id, "by_name": by.actor.name, "written_at": now}
            session.add(HandoverNote(service_id=service_id, key=key, patient_id=patient_id, words=words, **who))
    session.flush()


def drafts(session: Session, service_id: int) -> list[HandoverNote]:
    """What the team has written for the next and nobody has signed yet, the whole first."""
    mine = (HandoverNote.service_id == service_id, HandoverNote.handover_id.is_(None))
    found = session.scalars(select(HandoverNote).where(*mine).order_by(HandoverNote.id)).all()
    return sorted(found, key=lambda note: note.key != WHOLE)


def give(
    session: Session,
    service: Service,
    *,
    since: datetime,
    body: str,
    language: str,
    named: Sequence[int] = (),
    notes: Sequence[HandoverNote] = (),
    by: Viewer,
    now: datetime,
) -> Handover:
    """Sign what this shift leaves, as it was read. ``notes``: the drafts that stand in it.

    Raises Conflict when a colleague signed since the page was opened: whoever signs must have read what changed meanwhile.
    """
    if _signs(by) != service.id:
        raise NotFound("This service")
    together = overlaps(session, service.id, by.actor.id, now)
    row = Handover(service_id=service.id, since=since, given_at=now, together=together, language=language, body=body, named=list(named))
    if since_last(session, service, now) != since:
        raise _signed_already(session, service.id, now)
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        raise _signed_already(session, service.id, now) from None
    row.signatures.append(_signature(Part.GIVES, by, now))
    ids = [note.id for note in notes]
    claimed = update(HandoverNote).where(HandoverNote.id.in_(ids), HandoverNote.handover_id.is_(None))
    session.execute(claimed.values(handover_id=row.id).execution_options(synchronize_session="fetch"))
    _record(session, row, "handover.given", by=by, now=now)
    return row


def take(session: Session, handover_id: int, *, words: str = "", by: Viewer, now: datetime) -> Handover:
    """The next signs it, or says to have read it. Raises Refusal for whoever gave it, Conflict when somebody was first."""
    _signs(by)
    row = get(session, handover_id, viewer=by)
    giver = signature(row, Part.GIVES)
    if giver is not None and giver.staff_id == by.actor.id:
        raise Refusal("You gave this handover: somebody else takes it. Nothing was changed.")
    if len(words) > LONGEST_NOTE:
        raise Refusal("A note is at most {n} characters long. Nothing was saved; shorten it.", status=422, n=LONGEST_NOTE)
    mine = update(Handover).where(Handover.id == row.id, Handover.state == HandoverState.GIVEN)
    if session.execute(mine.values(state=HandoverState.TAKEN)).rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        session.refresh(row)
        taker = signature(row, Part.TAKES)
        raise Conflict("{name} took this handover {ago}.", name=taker.staff_name if taker else "?", ago=now - (taker.at if taker else now))
    session.refresh(row)
    row.signatures.append(_signature(Part.TAKES, by, now, words.strip()))
    _record(session, row, "handover.taken", by=by, now=now)
    return row


def get(session: Session, handover_id: int, *, viewer: Viewer) -> Handover:
    """One handover of the viewer's service. Raises NotFound."""
    row = session.get(Handover, handover_id)
    if row is None or row.service_id != viewer.service_id or not viewer.may("open_chart"):
        raise NotFound("This handover")
    return row


def last_ones(session: Session, service_id: int) -> list[Handover]:
    """The latest first."""
    mine = select(Handover).where(Handover.service_id == service_id).order_by(Handover.given_at.desc(), Handover.id.desc())
    return list(session.scalars(mine.limit(LAST)))


def signature(row: Handover, part: Part) -> HandoverSignature | None:
    """Who signed this side, None while nobody has."""
    return next((one for one in row.signatures if one.part == part), None)


def lapses(session: Session, service: Service, now: datetime) -> list[Lapse]:
    """What the ward left unsigned or unread, and who should have. Each end of a ward shift asks for a handover; a later one covers it."""
    given = _last_given(session, service.id)
    found = [lapse for row in _waiting(session, service.id) if (lapse := _unread(session, row, now)) is not None]
    covered = max(now - LOOKS_BACK, given + BEFORE_END if given else now - LOOKS_BACK)
    ended = (Shift.service_id == service.id, Shift.kind == "ward", Shift.ends_at > covered, Shift.ends_at <= now)
    shifts = session.scalars(select(Shift).where(*ended).order_by(Shift.ends_at)).all()
    if shifts:
        last = [shift for shift in shifts if shift.ends_at == shifts[-1].ends_at]
        found.insert(0, Lapse("unsigned", shifts[0].ends_at, _meant(session, last, last[0].ends_at - timedelta(seconds=1))))
    return found


def _waiting(session: Session, service_id: int) -> list[Handover]:
    given = (Handover.service_id == service_id, Handover.state == HandoverState.GIVEN)
    return list(session.scalars(select(Handover).where(*given).order_by(Handover.given_at)))


def _unread(session: Session, row: Handover, now: datetime) -> Lapse | None:
    """From the signature on where a colleague was there already, else from the start of the next ward shift; None before."""
    giver = signature(row, Part.GIVES)
    after = (Shift.service_id == row.service_id, Shift.kind == "ward", Shift.starts_at > row.given_at)
    met = row.together and _colleagues(session, row.service_id, giver, row.given_at)
    since = row.given_at if met else session.scalar(select(func.min(Shift.starts_at)).where(*after))
    if since is None or since > now:
        return None
    return Lapse("unread", since, _colleagues(session, row.service_id, giver, now), row)


def _colleagues(session: Session, service_id: int, giver: HandoverSignature | None, at: datetime) -> tuple[Staff, ...]:
    """Who is on the ward at this instant, may sign, and did not give it."""
    there = (one for one in care_team.on_duty(session, service_id, at, "ward") if viewer_of(one).may("sign_handover"))
    return tuple(one for one in there if giver is None or one.id != giver.staff_id)


def _meant(session: Session, shifts: Iterable[Shift], at: datetime) -> tuple[Staff, ...]:
    """Who worked, or will work, these shifts and may sign: stand-ins in the place of whom they replace."""
    found: dict[int, Staff] = {}
    for shift in list(shifts):
        written = session.get_one(Staff, shift.staff_id)
        meant = stand_ins.instead_of(session, written, at, shift.service_id)
        if meant.active and viewer_of(meant).may("sign_handover"):
            found[meant.id] = meant
    return tuple(found.values())


def opened(session: Session, named: Sequence[int], *, by: Viewer, now: datetime, where: str = "handover") -> None:
    """Whoever opens a handover, or another sheet of the service (``where``), reads the chart of everybody it names: one line each in the
    trail, once a visit (SEC-27)."""
    same = (AuditRow.actor == str(by.actor), AuditRow.action == "chart.opened", AuditRow.acted_at > now - SAME_VISIT)
    known = set(session.scalars(select(AuditRow.patient_id).where(*same, AuditRow.reason.in_((where, "chart")))))
    acts = [Act("chart.opened", f"patient:{one}", one, reason=where) for one in named if one not in known]
    if acts:
        audit.record_all(session, acts, actor=by.actor, service_id=by.service_id, now=now)


def _signs(by: Viewer) -> int:
    by.require("sign_handover")
    if by.actor.kind != "staff" or by.service_id is None:
        raise Refusal("A handover is signed by a person: say who signs.", field="by", status=422)
    return by.service_id


def _patient_of(session: Session, key: str, by: Viewer) -> int | None:
    kind, _, number = key.partition(":")
    if key == WHOLE:
        return None
    if kind != "patient" or not number.isdigit():
        raise NotFound("This patient")
    return patients.get(session, int(number), viewer=by).id


def _last_given(session: Session, service_id: int) -> datetime | None:
    return session.scalar(select(func.max(Handover.given_at)).where(Handover.service_id == service_id))


def _signed_already(session: Session, service_id: int, now: datetime) -> Conflict:
    row = next(iter(last_ones(session, service_id)), None)
    giver = signature(row, Part.GIVES) if row else None
    name, at = (giver.staff_name, giver.at) if giver else ("?", now)
    return Conflict("{name} signed the handover {ago}. Your notes are kept; read what changed since, then sign.", name=name, ago=now - at)


def _signature(part: Part, by: Viewer, now: datetime, words: str = "") -> HandoverSignature:
    return HandoverSignature(part=part, staff_id=by.actor.id, staff_name=by.actor.name, at=now, words=words)


def _record(session: Session, row: Handover, action: str, *, by: Viewer, now: datetime) -> None:
    session.flush()
    audit.record(
        session,
        actor=by.actor,
        action=action,
        subject=f"handover:{row.id}",
        service_id=row.service_id,
        after={"since": row.since.isoformat(), "together": row.together, "patients": len(row.named)},
        now=now,
    )
