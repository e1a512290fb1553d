"""A correction within two hours: the old value is kept and marked, and a lower one never lowers an alert."""

from __future__ import annotations

import re

from sqlalchemy import select

from app.checkins import answers, assessing, closing, dialogue, passing, script
from app.checkins.hearing import CORRECTED_WITHIN
from app.checkins.models import AnswerRow, CheckIn
from app.checkins.turns import Turn
from app.messaging.outbox import Purpose
from triage import questions
from triage.protocol import Protocol
from triage.terms import Asked, Heard, Kind, Reading

_BY_NUMBER = re.compile(r"q(\d)=(.+)")


_BY_NAME = re.compile(r"(?!q\d=)[a-z_]+=[\d.]+")


def correct(turn: Turn, reading: Reading) -> None:
    """value: "2" replaces the last answer, "q2=3" one of a lettered text, "fatigue=2" the one named, "reopen" asks again.

    Later than two hours, a person reads it.
    """
    if named := dict(part.split("=") for part in reading.value.split("+") if _BY_NAME.fullmatch(part)):
        _correct_named(turn, named)
        return
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


def _correct_named(turn: Turn, named: dict[str, str]) -> None:
    """Each symptom named keeps its own new value, whichever text asked for it. One that is being asked is simply answered."""
    rows = _said_lately(turn)
    checkin = turn.session.get_one(CheckIn, rows[-1].checkin_id) if rows else None
    if checkin is not None:
        turn.checkin, turn.protocol = checkin, script.protocol_of(turn.session, checkin)
        mine = {row.key for row in rows if row.checkin_id == checkin.id}
        found = {key: value for key in mine for code, value in named.items() if _is_called(turn, key, code)}
        if len(found) == len(named) and _replace(turn, found):
            return
    if turn.asked.keys and turn.protocol is not None and set(named) <= set(turn.asked.keys):
        values = tuple(named.get(key) for key in turn.asked.keys)
        dialogue.answered(turn, Reading(Heard.PARTIAL, "|".join(value or "?" for value in values), values=values))
        return
    turn.for_a_person("correction" if rows else "late_correction")
    turn.acknowledge()


def _is_called(turn: Turn, key: str, code: str) -> bool:
    assert turn.protocol is not None
    question = script.question_of(key, turn.protocol)
    return question is not None and passing.meant(question, code)


def _last_said(turn: Turn) -> tuple[CheckIn, list[AnswerRow]] | None:
    """The answers of this person's last text that gave any."""
    rows = _said_lately(turn)
    if not rows:
        return None
    last = rows[-1]
    together = [row for row in rows if row.checkin_id == last.checkin_id and row.message_id == last.message_id]
    return turn.session.get_one(CheckIn, last.checkin_id), together


def _said_lately(turn: Turn) -> list[AnswerRow]:
    """What this person has said within two hours, oldest first. Nobody corrects what somebody else said."""
    mine = (
        CheckIn.patient_id == turn.patient.id,
        AnswerRow.replaced_at.is_(None),
        AnswerRow.said_by == str(turn.by),
        AnswerRow.at >= turn.now - CORRECTED_WITHIN,
    )
    standing = select(AnswerRow).join(CheckIn, CheckIn.id == AnswerRow.checkin_id).where(*mine, AnswerRow.value.is_not(None))
    return list(turn.session.scalars(standing.order_by(AnswerRow.id)))


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
    closing.completed(turn.session, turn.checkin, turn.protocol)
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
