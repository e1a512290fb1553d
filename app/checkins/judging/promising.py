"""The hour a nurse will call or read, promised with the echo of what was understood, even to somebody who leaves half of the questions."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.alerts import reasons
from app.checkins import answers, script, ways
from app.checkins.judging.assessing import Judged
from app.checkins.turns import Turn, moment
from app.messaging import outbox, pages
from app.messaging.models import Message, Out
from app.messaging.outbox import Purpose
from app.people import care_team
from notifications.messages import Moment, Noted
from triage.terms import Level

LEFT_AFTER = timedelta(minutes=15)
"""Who has not gone on answering by then has put the telephone away (house rule, 2026-11-22)."""
_MARK = "left"


def noted(turn: Turn) -> tuple[Noted, ...]:
    """What was understood so far, ready for a text."""
    assert turn.checkin is not None and turn.protocol is not None
    rows = answers.current(turn.session, turn.checkin.id)
    keys = [question.key for question in script.all_questions(turn.checkin, turn.protocol)]
    return answers.echo(rows, keys or list(rows), turn.protocol, turn.language)


def echo(turn: Turn, judged: Judged, said: tuple[Noted, ...], at: datetime) -> tuple[str, dict[str, object]]:
    """The echo of answers that need a person, as it is true at this hour: a call, or closed and read when the service opens."""
    if care_team.is_open(turn.service, at):
        return "confirm_g2", {"noted": said, "when": _deadline(turn, judged, at)}
    return "confirm_closed", {"noted": said, "opening": moment(care_team.next_opening(turn.service, at), at, turn.patient)}


def _deadline(turn: Turn, judged: Judged, at: datetime) -> Moment:
    """The alert's own deadline; when that one has passed, the same length from now: nobody is promised the past."""
    due = judged.alert.respond_by if judged.alert else at
    if due <= at:
        within = judged.assessment.respond_within if judged.assessment else None
        due = reasons.deadline(turn.service, judged.level, at, within or reasons.DEADLINES[judged.level])
    return moment(due, at, turn.patient)


def if_left(turn: Turn, judged: Judged) -> None:
    """The service is closed and questions follow: after a quarter of an hour without a word, when the answers are read is said.

    Otherwise a 2 told on a closed Saturday by somebody who stops there gets no word until Monday. Once a check-in.
    """
    checkin = turn.checkin
    if checkin is None or judged.alert is None or not Level.MODERATE <= judged.level < Level.URGENT or not turn.may_write:
        return
    said = noted(turn)
    if not said or turn.source == pages.CALL or _promised(turn.session, checkin.id):
        return
    at = turn.now + LEFT_AFTER
    if care_team.is_open(turn.service, at):
        return  # a nurse calls before its hour, as after the last answer
    key, values = echo(turn, judged, said, at)
    if ways.no_words_because(turn.session, turn.patient):
        key = ways.NEUTRAL[key]
        del values["noted"]
    if not outbox.language_of(key, Purpose.CONFIRMATION, turn.service, turn.patient, turn.message.address, turn.read_in):
        return  # whoever has the alert telephones, with an interpreter (HZ-36)
    outbox.queue(
        turn.session,
        key=key,
        purpose=Purpose.CONFIRMATION,
        dedup_key=f"{_MARK}:{checkin.id}:{turn.now.isoformat()}",
        patient=turn.patient,
        service=turn.service,
        values=values,
        language=turn.read_in,
        reply_to=turn.message,
        not_before=at,
        checkin_id=checkin.id,
        alert_id=judged.alert.id,
        now=turn.now,
    )


def _promised(session: Session, checkin_id: int) -> bool:
    gone = (Message.checkin_id == checkin_id, Message.dedup_key.like(f"{_MARK}:%"), Message.state.not_in((Out.QUEUED, Out.EXPIRED)))
    return session.scalar(select(Message.id).where(*gone).limit(1)) is not None


def withdraw(session: Session, checkin_id: int, now: datetime) -> None:
    """The patient has written meanwhile, or the conversation ended with its own echo or safety text."""
    waiting = (Message.checkin_id == checkin_id, Message.dedup_key.like(f"{_MARK}:%"), Message.state == Out.QUEUED)
    ended = {"state": Out.EXPIRED, "error_code": "withdrawn", "error": "the patient has written meanwhile", "handled": True}
    session.execute(update(Message).where(*waiting).values(**ended, settled_at=now))
