"""The end of a conversation: what was asked and what was not, and the advice that may follow its echo."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Task
from app.checkins import answers, links, script, ways
from app.checkins.judging import promising
from app.checkins.judging.assessing import Judged
from app.checkins.models import CHECKIN_MOVES, CheckIn, CheckInState
from app.checkins.turns import Turn
from app.messaging import outbox, pages
from app.messaging.models import Message, Out
from app.messaging.outbox import Purpose
from app.people import reading
from triage import calendar
from triage.protocol import Protocol

AFTER_ECHO = timedelta(minutes=2)
"""The advice leaves apart from the echo: one text a turn, and a correction may still come."""
NOT_TWICE = timedelta(days=7)
"""The same advice is not repeated within this time: the second time a nurse calls (self-care texts, sending rules)."""
CARE = "care_"
"""What the keys of self-care texts begin with."""
ADULT = 18
"""The self-care texts are for adults: volumes, foods and thresholds differ below."""


def move(checkin: CheckIn, to: CheckInState) -> None:
    """Change the state along the table of moves. ValueError for a move that does not exist."""
    if to != checkin.state and to not in CHECKIN_MOVES[CheckInState(checkin.state)]:
        raise ValueError(f"check-in {checkin.id} cannot go from {checkin.state} to {to}")
    checkin.state = to


def close(session: Session, checkin: CheckIn, protocol: Protocol, *, now: datetime, why: str = "") -> None:
    """End the conversation: done when everything was answered, else partial, with what was not asked written down."""
    rows = answers.current(session, checkin.id)
    said = answers.values(rows, protocol)
    known = {key: answer for key, answer in said.items() if answer.value is not None}
    if checkin.state != CheckInState.DONE:
        move(checkin, CheckInState.DONE if script.next_group(checkin, protocol, known) is None else CheckInState.PARTIAL)
    checkin.not_asked = [key for key in script.left(checkin, protocol, said) if key not in checkin.asking]
    checkin.asking = []
    checkin.remind_at = checkin.silent_at = None
    checkin.closed_at = now
    checkin.why = why or checkin.why
    promising.withdraw(session, checkin.id, now)
    links.end_all(session, checkin, why="sent", now=now)
    session.flush()


def completed(session: Session, checkin: CheckIn, protocol: Protocol) -> None:
    """A correction gave what was missing of a conversation that had ended half-way: it is no longer half-way."""
    said = answers.values(answers.current(session, checkin.id), protocol)
    known = {key: answer for key, answer in said.items() if answer.value is not None}
    if checkin.closed_at is not None and checkin.state == CheckInState.PARTIAL and script.next_group(checkin, protocol, known) is None:
        move(checkin, CheckInState.DONE)
        checkin.not_asked = script.left(checkin, protocol, said)


def advise(turn: Turn, judged: Judged) -> None:
    """At most one self-care text a day, never the same twice within a week, never to a minor; where it is unfit, a nurse calls."""
    assessment = judged.assessment
    if assessment is None or not assessment.self_care or turn.checkin is None or not (turn.may_write or turn.on_page):
        return
    today = calendar.local_day(turn.now, turn.patient.timezone)
    if _age(turn.patient.birth_date, today) < ADULT:
        return
    if turn.patient.cautions:
        _nurse_advises(turn, assessment.self_care, "advice_withheld", cautions=list(turn.patient.cautions))
        return
    key = f"{CARE}{assessment.self_care}"
    recent = _advice_since(turn, turn.now - NOT_TWICE)
    if any(text.key == key and text.checkin_id != turn.checkin.id for text in recent):
        _nurse_advises(turn, assessment.self_care, "advice_repeated")
        return
    if any(calendar.local_day(text.created_at, turn.patient.timezone) == today for text in recent):
        return
    why = ways.no_words_because(turn.session, turn.patient) or ("" if _reads(turn, key) else "no_language")
    if why and not turn.on_page:
        _nurse_advises(turn, assessment.self_care, why)
        return
    _say_advice(turn, turn.checkin, key)


def _reads(turn: Turn, key: str) -> bool:
    return bool(reading.language_of_text(key, turn.patient, turn.message.address))


def _say_advice(turn: Turn, checkin: CheckIn, key: str) -> None:
    dedup_key = f"advice:{checkin.id}:{key}"
    if turn.on_page:
        turn.advice = key, outbox.standard(key, turn.service, turn.now)
        pages.show(
            turn.session,
            key=key,
            purpose=Purpose.ADVICE,
            dedup_key=dedup_key,
            patient=turn.patient,
            reply_to=turn.message,
            checkin_id=checkin.id,
            now=turn.now,
        )
        return
    outbox.queue(
        turn.session,
        key=key,
        purpose=Purpose.ADVICE,
        dedup_key=dedup_key,
        patient=turn.patient,
        reply_to=turn.message,
        not_before=turn.now + AFTER_ECHO,
        checkin_id=checkin.id,
        now=turn.now,
    )


def _nurse_advises(turn: Turn, advice: str, why: str, **detail: Any) -> None:
    """One call a week about one advice: the symptom is written at every check-in, the call is not."""
    calls = select(Task.detail).where(Task.patient_id == turn.patient.id, Task.kind == "call_back", Task.created_at > turn.now - NOT_TWICE)
    if not any(asked.get("advice") == advice for asked in turn.session.scalars(calls)):
        turn.task("call_back", why=why, advice=advice, **detail)


def _advice_since(turn: Turn, since: datetime) -> list[Message]:
    said = select(Message).where(
        Message.patient_id == turn.patient.id,
        Message.purpose == Purpose.ADVICE,
        Message.created_at >= since,
        Message.state.not_in((Out.FAILED, Out.EXPIRED)),
    )
    return list(turn.session.scalars(said))


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
