"""A text within ninety seconds of the last one amends it: written before our question came, sent twice, or thought better of."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import select

from app.checkins import answers, script
from app.checkins.judging import assessing, closing
from app.checkins.models import AnswerRow, CheckIn
from app.checkins.rhythm import cycles
from app.checkins.texts import dialogue, echoing, five_texts
from app.checkins.texts.passing import TOLD_UNASKED
from app.checkins.turns import Turn
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.protocols import words
from triage import questions, replies
from triage.protocol import Protocol
from triage.terms import Asked, Heard, Kind, Reading

WITHIN = timedelta(seconds=90)
"""How long after the last text one more still belongs to it (design guide, SMS rules)."""

AMENDED = "amended"
"""Note of the answer that took the place of another."""

NOT_VALUES = ("no_thermometer", "stop_or_stopped", "optout_intent")
"""Readings that the open question itself answers in words of its own."""


@dataclass(frozen=True)
class Amendment:
    """What a text changes: the conversation, the question it answers after all, its reading as that answer, and whether it says so."""

    checkin: CheckIn
    protocol: Protocol
    asked: Asked
    reading: Reading
    corrects: bool = False


def find(turn: Turn, reading: Reading, text: str) -> Amendment | None:
    """What this text changes of the answer given just before. None when it fits the open question, or fits neither."""
    last = None if turn.on_page else _just_answered(turn)  # on a page each answer has its own question
    if last is None:
        return None
    checkin, before = last
    if (turn.checkin is not None and turn.checkin.id != checkin.id) or (_fits_open(turn, reading) and not _written_before(turn)):
        return None
    protocol = script.protocol_of(turn.session, checkin)
    for asked in _asked(before, checkin, protocol):
        read = replies.read(text, asked, turn.language, words.words())
        if read.heard is Heard.CORRECTION and asked.kind is Kind.YES_NO:
            return None  # "c'est oui pour la chute": it may name an earlier one (corrections.take)
        again = _as_answer(read)
        if _answers(again, asked, protocol, text):
            noted = replace(again, notes=(*again.notes, AMENDED))
            return Amendment(checkin, protocol, asked, noted, corrects=read.heard is Heard.CORRECTION)
    return None


def _just_answered(turn: Turn) -> tuple[CheckIn, Message] | None:
    """The conversation and the text of this person's last answers, if that text came within ninety seconds."""
    mine = (
        CheckIn.patient_id == turn.patient.id,
        AnswerRow.replaced_at.is_(None),
        AnswerRow.value.is_not(None),
        AnswerRow.note != TOLD_UNASKED,
        AnswerRow.said_by == str(turn.by),
        Message.direction == "in",
        Message.id < turn.message.id,
        Message.carrier == turn.message.carrier,
        Message.created_at >= turn.message.created_at - WITHIN,
    )
    said = select(CheckIn, Message).join(AnswerRow, AnswerRow.checkin_id == CheckIn.id).join(Message, Message.id == AnswerRow.message_id)
    found = turn.session.execute(said.where(*mine).order_by(AnswerRow.id.desc()).limit(1)).first()
    return (found[0], found[1]) if found else None


def _fits_open(turn: Turn, reading: Reading) -> bool:
    """Does the open question take this text? What is no answer at all (a command, thanks, a symptom) amends nothing either."""
    if reading.heard is Heard.ASK_AGAIN:
        return reading.value in NOT_VALUES
    if reading.heard is Heard.DANGER:
        return False
    if reading.heard is Heard.ANSWER and not turn.asked.keys:
        return reading.value in ("stopped", "none")  # "Une erreur ?" "Non": the echo is answered, nothing becomes zero
    if reading.heard not in (Heard.ANSWER, Heard.PARTIAL) or turn.protocol is None:
        return True
    return reading.value == "stopped" or turn.asked.kind is Kind.STOP_WHICH or plausible(reading, turn.asked, turn.protocol)


def _written_before(turn: Turn) -> bool:
    """A text that came before the open question was asked was not written in answer to it."""
    if turn.checkin is None or not turn.asked.keys:
        return False
    asked = select(Message.created_at).where(
        Message.checkin_id == turn.checkin.id, Message.direction == "out", Message.purpose.in_((Purpose.QUESTION, Purpose.CONFIRMATION))
    )
    at = turn.session.scalar(asked.order_by(Message.id.desc()).limit(1))
    return at is not None and turn.message.created_at < at


def _asked(before: Message, checkin: CheckIn, protocol: Protocol) -> list[Asked]:
    """What the text before answered: the question as it was asked then, and the whole text it was a part of."""
    kept = (before.reading or {}).get("asked", {})
    keys = tuple(str(key) for key in kept.get("keys", ()))
    if not keys or kept.get("kind") == Kind.FREE_TEXT.value:
        return []
    whole = [group for group in questions.groups(script.all_questions(checkin, protocol)) if set(keys) < set(group.keys)]
    return [Asked(Kind(kept["kind"]), keys), *whole]


def _as_answer(reading: Reading) -> Reading:
    """ "Pardon 0 0 1": a correction that gives every value is the answer."""
    return replace(reading, heard=Heard.ANSWER) if reading.heard is Heard.CORRECTION and reading.values else reading


def _answers(reading: Reading, asked: Asked, protocol: Protocol, text: str) -> bool:
    """A whole answer; or a part that says which ("C 2"): of bare digits in the wrong number nobody knows which is meant."""
    named = reading.heard is Heard.PARTIAL and re.search(r"[^\W\d_]", text) is not None
    return (reading.heard is Heard.ANSWER or named) and reading.value != "stopped" and plausible(reading, asked, protocol)


def plausible(reading: Reading, asked: Asked, protocol: Protocol) -> bool:
    """Could each value of this reading be an answer to what was asked?"""
    values = reading.values or (reading.value,)
    if len(values) != len(asked.keys) or all(value is None for value in values):
        return False
    try:
        for key, value in zip(asked.keys, values, strict=True):
            question = script.question_of(key, protocol)
            if question is None:
                return False
            if value is not None:
                questions.read_value(question, value)
    except ValueError:
        return False
    return True


def amend(turn: Turn, amendment: Amendment) -> bool:
    """The old answer is kept and marked, the new one judged; one text follows. The same said twice changes nothing and gets no text.

    False: nothing was changed.
    """
    checkin, protocol = amendment.checkin, amendment.protocol
    values = amendment.reading.values or (amendment.reading.value,)
    given = {key: value for key, value in zip(amendment.asked.keys, values, strict=True) if value is not None}
    said = answers.own(turn.session, checkin.id, turn.by)
    changed = {key: value for key, value in given.items() if key not in said or said[key].value != value}
    if not changed:
        return False
    note = echoing.RANGE if echoing.RANGE in amendment.reading.notes else AMENDED
    for key, value in changed.items():
        question = script.question_of(key, protocol)
        assert question is not None  # _plausible has looked it up
        answers.put(turn.session, checkin, question, value, by=turn.by, now=turn.now, message=turn.message, note=note)
        if question.kind is Kind.CYCLE_START:
            cycles.heard(turn, value)
    checkin.misread = 0
    dialogue.overtaken(turn)
    _go_on(turn, checkin, protocol)
    return True


def _go_on(turn: Turn, checkin: CheckIn, protocol: Protocol) -> None:
    """Running: the open question again, or the next when it was answered too. Ended: a new echo."""
    standing = answers.current(turn.session, checkin.id)
    left = tuple(str(key) for key in checkin.asking if key not in standing)
    if checkin.asking and not left:
        dialogue.forward(turn)
        return
    closing.completed(turn.session, checkin, protocol)
    judged = assessing.assess(turn.session, checkin, now=turn.now, closing=not left)
    if dialogue.tell_danger(turn, judged):
        return
    if not left:
        echoing.confirm(turn, judged)
    elif turn.may_ask:
        checkin.asking = list(left)
        turn.checkin, turn.protocol, asked = checkin, protocol, script.open_group(checkin, protocol)
        if five_texts.has_room(turn, asked):  # otherwise the question stands as it was asked
            key, values = script.question_text(asked, protocol, turn.language)
            turn.say(key, Purpose.CONFIRMATION, values)
