"""A correction within two hours: the old value is kept and marked, and a lower one never lowers an alert."""

from __future__ import annotations

import re

from sqlalchemy import select

from app.checkins import answers, assessing, dialogue, script
from app.checkins.hearing import CORRECTED_WITHIN
from app.checkins.models import AnswerRow, CheckIn
from app.checkins.turns import Turn
from app.messaging.outbox import Purpose
from triage import questions
from triage.protocol import Protocol
from triage.terms import Asked, Kind, Reading

_BY_NUMBER = re.compile(r"q(\d)=(.+)")


def correct(turn: Turn, reading: Reading) -> None:
    """value: "2" replaces the last answer, "q2=3" one of a lettered text, "reopen" asks again. Later than two hours, a person reads it."""
    last = _last_said(turn)
    if last is None:
        turn.for_a_person("late_correction")
        turn.acknowledge()
        return
    checkin, rows = last
    turn.checkin, turn.protocol = checkin, script.protocol_of(turn.session, checkin)
    together = _asked_with(turn, [row.key for row in rows])
    match = _BY_NUMBER.fullmatch(reading.value)
    if match is not None:
        place = int(match[1]) - 1
        given = {together[place]: match[2]} if 0 <= place < len(together) else {}
    else:
        values = reading.value.split("|")
        given = dict(zip(together, values, strict=True)) if len(values) == len(together) and reading.value != "reopen" else {}
    if not given or not _replace(turn, given):
        _ask_again(turn, together)


def _last_said(turn: Turn) -> tuple[CheckIn, list[AnswerRow]] | None:
    """The answers of this person's last text that gave any, if it came within two hours. Nobody corrects what somebody else said."""
    mine = (
        CheckIn.patient_id == turn.patient.id,
        AnswerRow.replaced_at.is_(None),
        AnswerRow.said_by == str(turn.by),
        AnswerRow.at >= turn.now - CORRECTED_WITHIN,
    )
    standing = select(AnswerRow).join(CheckIn, CheckIn.id == AnswerRow.checkin_id).where(*mine, AnswerRow.value.is_not(None))
    rows = list(turn.session.scalars(standing.order_by(AnswerRow.id)))
    if not rows:
        return None
    last = rows[-1]
    together = [row for row in rows if row.checkin_id == last.checkin_id and row.message_id == last.message_id]
    return turn.session.get_one(CheckIn, last.checkin_id), together


def _asked_with(turn: Turn, keys: list[str]) -> list[str]:
    """The keys of the text those answers belonged to, in its order; parts that came in a second text included."""
    assert turn.checkin is not None and turn.protocol is not None
    groups = questions.groups(script.all_questions(turn.checkin, turn.protocol))
    whole = next((list(group.keys) for group in groups if set(keys) & set(group.keys)), keys)
    said = answers.current(turn.session, turn.checkin.id)
    return [key for key in whole if key in said] or keys


def _replace(turn: Turn, given: dict[str, str]) -> bool:
    assert turn.checkin is not None and turn.protocol is not None
    said = {**answers.current(turn.session, turn.checkin.id), **answers.own(turn.session, turn.checkin.id, turn.by)}
    changed = [(script.question_of(key, turn.protocol), value) for key, value in given.items() if said[key].value != value]
    try:
        for question, value in changed:
            questions.read_value(question or questions.Question("", Kind.NONE), value)
    except ValueError:
        return False
    for question, value in changed:
        if question is not None:
            answers.put(turn.session, turn.checkin, question, value, by=turn.by, now=turn.now, message=turn.message, note="correction")
    turn.message.checkin_id = turn.checkin.id
    turn.session.flush()
    pending = _pending(turn, turn.protocol)
    judged = assessing.assess(turn.session, turn.checkin, now=turn.now, closing=pending is None)
    if dialogue.tell_danger(turn, judged):
        return True
    if pending is not None and turn.may_ask:  # the question that was open is asked again, so that the conversation goes on
        text, values = script.question_text(pending, turn.protocol, turn.language)
        turn.say(text, Purpose.CONFIRMATION, values)
    else:
        dialogue.confirm(turn, judged)
    return True


def _pending(turn: Turn, protocol: Protocol) -> Asked | None:
    assert turn.checkin is not None
    return script.open_group(turn.checkin, protocol) if turn.checkin.asking else None


def _ask_again(turn: Turn, keys: list[str]) -> None:
    """No usable new value: the last question is open again."""
    assert turn.checkin is not None and turn.protocol is not None
    kind = script.question_of(keys[0], turn.protocol)
    if kind is None or not turn.may_ask:
        turn.for_a_person("correction")
        turn.acknowledge()
        return
    again = Asked(Kind.MULTI if len(keys) > 1 else kind.kind, tuple(keys))
    turn.checkin.asking, turn.checkin.misread = list(keys), 0
    text, values = script.correction_text(again, turn.protocol, turn.language)
    turn.say(text, Purpose.CONFIRMATION, values)
