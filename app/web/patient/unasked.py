"""Which questions without an answer were really put to the patient, and which nobody asked: neither is zero, nor are they the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins import answers, script, ways
from app.checkins.models import AnswerRow, CheckIn
from app.checkins.texts import five_texts
from app.messaging import pages
from app.messaging.models import Message, Out
from triage import questions
from triage.protocol import Protocol


def of(session: Session, checkin: CheckIn, protocol: Protocol) -> tuple[list[str], list[str]]:
    """Keys of a check-in nobody put to the patient, those of safety first, and those put in vain."""
    said = answers.values(answers.current(session, checkin.id), protocol)
    asks = [q for q in script.all_questions(checkin, protocol) if not questions.skipped(q, said)]
    safety = five_texts.never_left_out(asks)
    left = [q.key for q in (*safety, *(q for q in asks if q not in safety)) if q.key not in said]
    put = put_in_vain(checkin, left, checkin.answers, texted=checkin.id in by_text(session, [checkin.id]))
    return [key for key in left if key not in put], [key for key in left if key in put]


def put_in_vain(checkin: CheckIn, left: Sequence[str], rows: Sequence[AnswerRow], *, texted: bool) -> list[str]:
    """Of the keys without an answer, those that the patient was really asked: by a text that left, or on the page of the form.

    The form shows one question at a time, and none after a danger; a link alone asks nothing.
    """
    under_way = checkin.asking or checkin.closed_at is None
    group = [key for key in left if (key in checkin.asking if under_way else key not in checkin.not_asked)]
    source = rows[-1].source if rows else ""
    if source in pages.CARRIERS:
        return group[:1] if source == pages.FORM and checkin.why != "danger" else []
    return group if texted else []


def by_text(session: Session, checkin_ids: Iterable[int]) -> set[int]:
    """The check-ins of which a text with a question left; one that only carried a link asked nothing."""
    left = (Message.direction == "out", Message.state.in_((Out.SENT, Out.DELIVERED)))
    sent = select(Message.checkin_id, Message.key).where(Message.checkin_id.in_(list(checkin_ids)), *left).distinct()
    return {checkin_id for checkin_id, key in session.execute(sent) if checkin_id is not None and ways.asks(key)}
