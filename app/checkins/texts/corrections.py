"""A correction within two hours: the old value is kept and marked, and a lower one never lowers an alert."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select

from app.checkins import answers, script, ways
from app.checkins.judging import assessing, closing, context
from app.checkins.models import AnswerRow, CheckIn
from app.checkins.rhythm import cycles
from app.checkins.texts import amending, dialogue, echoing, passing
from app.checkins.texts.hearing import CORRECTED_WITHIN
from app.checkins.turns import CALL_WITHIN, Turn
from app.messaging.outbox import Purpose
from app.people import care_team
from app.protocols import words
from notifications import policy
from triage import questions, replies
from triage.protocol import Protocol
from triage.terms import Asked, Heard, Kind, Reading

_BY_NUMBER = re.compile(r"q(\d)=(.+)")
_BY_NAME = re.compile(r"(?!q\d=)[a-z_]+=(?:[\d.]+|yes|no)")
_LONG_WORD = re.compile(r"\w{4,}")

UNCLEAR = (Heard.ASK_AGAIN, Heard.PARTIAL, Heard.DANGER, Heard.SYMPTOM)
"""Readings by the open question of a text that may correct an earlier answer."""

REOPEN = "reopen"
"""The reader's word for: it corrects, and does not say to what."""

Given = dict[str, str]
"""New values by key."""


def recognise(turn: Turn, reading: Reading, text: str) -> Reading:
    """ "Non pardon 1" is no answer to the three scores that are open: read beside the answer it corrects, it says to what."""
    if turn.on_page or reading.heard not in UNCLEAR or reading.value in amending.NOT_VALUES:
        return reading
    lately = recent(turn)
    for asked in lately[2] if lately else ():
        again = replies.read(text, asked, turn.language, words.words())
        if again.heard is Heard.CORRECTION and again.value != REOPEN:
            return replace(again, escalate=max(reading.escalate, again.escalate, key=context.FLOORS.index), notes=reading.notes)
    return reading


def correct(turn: Turn, reading: Reading) -> None:
    """value: "2" replaces the last answer, "q2=3" one of a lettered text, "fatigue=2" the one named, "reopen" asks again.

    Nobody can tell which answer, or to what: the last question is asked again, or a person reads it; later than two hours, a person.
    """
    if take(turn, reading):
        return
    lately = recent(turn)
    if lately is None or _named(reading):
        turn.for_a_person("correction" if lately else "late_correction")
        turn.acknowledge()
        return
    checkin, protocol, groups = lately
    fits = _fits(turn, reading, groups, protocol)
    if fits and fits[0][0] is not groups[0]:
        turn.for_a_person("correction")
        turn.acknowledge()
        return
    turn.checkin, turn.protocol = checkin, protocol
    ask_again(turn, groups[0].keys)


def take(turn: Turn, reading: Reading) -> bool:
    """Keep and judge the new value, when the text says which answer it changes, and to what. False: nothing was changed.

    The last text answered comes first, then the question that is open ("pardon, oui"), then the one earlier answer it can mean.
    """
    lately = None if reading.value == REOPEN else recent(turn)
    if lately is None:
        return reading.value != REOPEN and _answers_open(turn, reading)
    checkin, protocol, groups = lately
    named = _named(reading)
    given = _by_name(turn, named, checkin, protocol) if named else _meant(turn, reading, groups, protocol)
    if not given and _answers_open(turn, reading):
        return True
    if not given and not named:
        fits = _fits(turn, reading, groups, protocol)
        given = fits[0][1] if len(fits) == 1 else {}
    if not _changes(given, answers.own(turn.session, checkin.id, turn.by)):
        return False
    turn.checkin, turn.protocol = checkin, protocol
    _replace(turn, given)
    return True


# --- Which answer, and to what ------------------------------------------------------------------------------------------------------


def _given(turn: Turn, reading: Reading, asked: Asked, protocol: Protocol, *, earlier: bool = False) -> Given:
    """The new values of what was asked in one text; {} when this does not fit it."""
    again = replies.read(turn.message.body, asked, turn.language, words.words())
    if again.heard is not Heard.CORRECTION or again.value == REOPEN:
        if earlier:
            return {}
        again = reading
    if match := _BY_NUMBER.fullmatch(again.value):
        place = int(match[1]) - 1
        given = {asked.keys[place]: match[2]} if 0 <= place < len(asked.keys) else {}
    elif named := _named(again):
        given = {key: value for key in asked.keys for code, value in named.items() if _is_called(key, code, protocol)}
        given = given if len(given) == len(named) else {}
    else:
        values = [value for value in again.values or again.value.split("|") if value is not None]
        given = dict(zip(asked.keys, values, strict=True)) if len(values) == len(asked.keys) else {}
    return given if all(is_plausible(key, value, protocol) for key, value in given.items()) else {}


def _fits(turn: Turn, reading: Reading, groups: list[Asked], protocol: Protocol) -> list[tuple[Asked, Given]]:
    """All that it may change, newest first."""
    found = [(asked, _given(turn, reading, asked, protocol, earlier=asked is not groups[0])) for asked in groups]
    return [(asked, given) for asked, given in found if given]


def _meant(turn: Turn, reading: Reading, groups: list[Asked], protocol: Protocol) -> Given:
    """The one answer it names ("c'est oui pour la chute"), else the last; {} when that does not fit."""
    fits = _fits(turn, reading, groups, protocol)
    named = [given for asked, given in fits if is_named(turn.message.body, asked.keys[0], protocol, turn.language)]
    if len(named) == 1:
        return named[0]
    return fits[0][1] if fits and fits[0][0] is groups[0] else {}


def is_named(text: str, key: str, protocol: Protocol, language: str) -> bool:
    """Does a text hold a word of this question's name?"""
    question = script.question_of(key, protocol)
    return question is not None and bool(_words(text) & _words(script.label(question, language).text))


def _words(text: str) -> set[str]:
    return set(_LONG_WORD.findall(policy.plain(text)))


def _by_name(turn: Turn, named: Given, checkin: CheckIn, protocol: Protocol) -> Given:
    """Each symptom named keeps its own new value, whichever text asked for it; {} when one of them was not answered."""
    mine = {row.key for row in said_lately(turn) if row.checkin_id == checkin.id}
    found = {key: value for key in mine for code, value in named.items() if _is_called(key, code, protocol)}
    fits = len(found) == len(named) and all(is_plausible(key, value, protocol) for key, value in found.items())
    return found if fits else {}


def _answers_open(turn: Turn, reading: Reading) -> bool:
    """It fits the question that is open, and is simply its answer: True, and stored."""
    if turn.protocol is None or not turn.asked.keys:
        return False
    if named := _named(reading):
        if not set(named) <= set(turn.asked.keys):
            return False
        values = tuple(named.get(key) for key in turn.asked.keys)
        dialogue.answered(turn, Reading(Heard.PARTIAL, "|".join(value or "?" for value in values), values=values))
        return True
    if not reading.values or not amending.plausible(reading, turn.asked, turn.protocol):
        return False
    dialogue.answered(turn, replace(reading, heard=Heard.ANSWER))
    return True


def _named(reading: Reading) -> Given:
    return dict(part.split("=") for part in reading.value.split("+") if _BY_NAME.fullmatch(part))


def _is_called(key: str, code: str, protocol: Protocol) -> bool:
    question = script.question_of(key, protocol)
    return question is not None and (key == code or passing.meant(question, code))


def is_plausible(key: str, value: str, protocol: Protocol) -> bool:
    """Can this be an answer to that question?"""
    question = script.question_of(key, protocol)
    try:
        return question is not None and questions.read_value(question, value) is not None
    except ValueError:
        return False


def _changes(given: Given, own: dict[str, AnswerRow]) -> bool:
    return any(key not in own or own[key].value != value for key, value in given.items())


def recent(turn: Turn) -> tuple[CheckIn, Protocol, list[Asked]] | None:
    """The conversation of this person's last answers, and what was answered in it within two hours, as it was asked, newest first."""
    rows = said_lately(turn)
    if not rows:
        return None
    checkin = turn.session.get_one(CheckIn, rows[-1].checkin_id)
    protocol = script.protocol_of(turn.session, checkin)
    wholes = questions.groups(script.all_questions(checkin, protocol))
    said = answers.current(turn.session, checkin.id)
    found: dict[tuple[str, ...], Asked] = {}
    for row in reversed([row for row in rows if row.checkin_id == checkin.id]):
        whole = next((group.keys for group in wholes if row.key in group.keys), (row.key,))
        keys = tuple(key for key in whole if key in said) or (row.key,)
        question = script.question_of(row.key, protocol)
        if question is not None and question.kind is not Kind.FREE_TEXT:
            found.setdefault(keys, Asked(Kind.MULTI if len(keys) > 1 else question.kind, keys))
    return (checkin, protocol, list(found.values())) if found else None


def said_lately(turn: Turn) -> list[AnswerRow]:
    """What this person has said within two hours, oldest first. Nobody corrects what somebody else said."""
    mine = (
        CheckIn.patient_id == turn.patient.id,
        AnswerRow.replaced_at.is_(None),
        AnswerRow.said_by == str(turn.by),
        AnswerRow.at >= turn.now - CORRECTED_WITHIN,
    )
    standing = select(AnswerRow).join(CheckIn, CheckIn.id == AnswerRow.checkin_id).where(*mine, AnswerRow.value.is_not(None))
    return list(turn.session.scalars(standing.order_by(AnswerRow.id)))


# --- Kept, or asked again -----------------------------------------------------------------------------------------------------------


def _replace(turn: Turn, given: Given) -> None:
    """Store, judge, and tell; the question that was open is asked again, so that the conversation goes on."""
    assert turn.checkin is not None and turn.protocol is not None
    said = answers.own(turn.session, turn.checkin.id, turn.by)
    dialogue.overtaken(turn)
    for key, value in given.items():
        question = script.question_of(key, turn.protocol)
        if question is not None and (key not in said or said[key].value != value):
            answers.put(turn.session, turn.checkin, question, value, by=turn.by, now=turn.now, message=turn.message, note="correction")
            if question.kind is Kind.CYCLE_START:
                cycles.heard(turn, value)
    turn.message.checkin_id = turn.checkin.id
    turn.session.flush()
    closing.completed(turn.session, turn.checkin, turn.protocol)
    pending = _pending(turn, turn.protocol)
    judged = assessing.assess(turn.session, turn.checkin, now=turn.now, closing=pending is None)
    if dialogue.tell_danger(turn, judged):
        return
    if pending is not None and turn.may_ask:
        text, values = script.question_text(pending, turn.protocol, turn.language)
        turn.say(text, Purpose.CONFIRMATION, values)
    else:
        echoing.confirm(turn, judged)


def _pending(turn: Turn, protocol: Protocol) -> Asked | None:
    assert turn.checkin is not None
    return script.open_group(turn.checkin, protocol) if turn.checkin.asking else None


def ask_again(turn: Turn, keys: Sequence[str]) -> None:
    """No usable new value: the question in doubt is open again. Where a text may not name it, a nurse calls and asks."""
    assert turn.checkin is not None and turn.protocol is not None
    kind = script.question_of(keys[0], turn.protocol)
    if kind is None or not turn.may_ask:
        turn.for_a_person("correction")
        turn.acknowledge()
        return
    if ways.no_words_because(turn.session, turn.patient):
        turn.task("call_back", why="correction", due_within=CALL_WITHIN, checkin_id=turn.checkin.id)
        turn.promise_call(care_team.add_service_time(turn.service, turn.now, CALL_WITHIN))
        return
    again = Asked(Kind.MULTI if len(keys) > 1 else kind.kind, tuple(keys))
    turn.checkin.asking, turn.checkin.misread = list(keys), 0
    text, values = script.correction_text(again, turn.protocol, turn.language)
    turn.say(text, Purpose.CONFIRMATION, values)
