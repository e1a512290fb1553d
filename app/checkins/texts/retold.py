"""A symptom told again without a word of correction ("diarrhée 3" after a 1, the next question open): its own answer is amended.

Within two hours, of this person's own answers, and only what is called by its name: of a bare figure nobody knows what it is.
"""

from __future__ import annotations

import re
from dataclasses import replace

from app.checkins import answers, script
from app.checkins.models import CheckIn
from app.checkins.texts import amending, corrections, dialogue, five_texts, passing, unprompted
from app.checkins.turns import Turn
from app.protocols import words
from triage import replies
from triage.protocol import Protocol
from triage.questions import Question
from triage.terms import Asked, Heard, Kind, Reading

UNPLACED = (Heard.SYMPTOM, Heard.ASK_AGAIN)
"""Readings of a text that does not answer the open question."""

BESIDE = (Heard.ANSWER, Heard.PARTIAL, Heard.DANGER)
"""Readings beside which a value told again is kept: what follows judges it."""

UNKNOWN = "=?"
"""After a name: told again, but not how strong."""

FEW_WORDS = 6
"""A yes or a no of a longer text may be about something else (house rule, 2026-11-22)."""


def recognise(turn: Turn, reading: Reading, text: str) -> Reading:
    """The correction this text is without saying so; the same reading when it is none. What it tells besides stays in ``symptoms``."""
    may = turn.asked.kind not in (Kind.FREE_TEXT, Kind.STOP_WHICH) and reading.value not in amending.NOT_VALUES
    lately = _lately(turn) if may else None
    if lately is None:
        return reading
    checkin, protocol, groups = lately
    if reading.heard not in UNPLACED:
        return _of_another(turn, reading, text, groups, protocol)
    free = replies.read(text, script.in_words(protocol), turn.language, words.words())
    codes = [code.partition(":")[0] for code in free.value.split("+")] if free.heard is Heard.SYMPTOM else []
    given = _told(turn, free, checkin, protocol) or _yes_or_no(turn, text, groups, protocol)
    if given:
        told = {code for code, _ in free.told}
        others = "+".join(code for code in codes if code not in told)
        value = "+".join(f"{key}={value}" for key, value in given.items())
        return replace(reading, heard=Heard.CORRECTION, value=value, values=(), told=free.told, symptoms=others)
    mine = _mine(turn, checkin, protocol)
    named = [question.key for question in mine for code in codes if passing.meant(question, code) and not _open(turn, protocol, code)]
    if len(named) == len(codes) == 1 and not free.told and turn.asked.keys and turn.checkin is not None and turn.checkin.misread == 0:
        return replace(reading, heard=Heard.CORRECTION, value=named[0] + UNKNOWN, values=(), symptoms=free.value)
    if reading.heard is Heard.ASK_AGAIN and turn.asked.keys and free.told and codes:
        return replace(reading, heard=Heard.SYMPTOM, value=free.value)  # "mal au ventre 4" beside the temperature: a nurse reads it
    return reading


def _of_another(turn: Turn, reading: Reading, text: str, groups: list[Asked], protocol: Protocol) -> Reading:
    """ "Oui pour la chute" while another yes or no is asked: it names its question, and is no answer to the open one."""
    if reading.heard is not Heard.ANSWER or turn.asked.kind is not Kind.YES_NO:
        return reading
    given = _yes_or_no(turn, text, groups, protocol)
    if not given or corrections.is_named(text, turn.asked.keys[0], protocol, turn.language):
        return reading
    return replace(reading, heard=Heard.CORRECTION, value="".join(f"{key}={value}" for key, value in given.items()), values=())


def keep(turn: Turn, reading: Reading) -> None:
    """Beside an answer or a danger, what is told again of an earlier answer takes its place; what follows judges it."""
    lately = _lately(turn) if reading.heard in BESIDE or turn.asked.kind is Kind.FREE_TEXT else None
    if lately is None or turn.checkin is None or lately[0].id != turn.checkin.id:
        return
    checkin, protocol, groups = lately
    given = _told(turn, reading, checkin, protocol)
    if reading.heard is Heard.DANGER:
        given = given or _yes_or_no(turn, turn.message.body, groups, protocol)
    for key, value in given.items():
        question = script.question_of(key, protocol)
        if question is not None:
            turn.keep(question, value, note="correction")


def correct(turn: Turn, reading: Reading) -> None:
    """A correction, said to be one or not; what is told besides is a nurse's. Told again, not how strong: its question is asked once."""
    if reading.symptoms:
        turn.for_a_person("symptom")
        if unprompted.is_danger(turn, reading.symptoms):
            return
    if not reading.value.endswith(UNKNOWN):
        corrections.correct(turn, reading)
        return
    assert turn.checkin is not None
    key = reading.value.removesuffix(UNKNOWN)
    if turn.may_ask and not five_texts.has_room(turn, Asked(Kind.SEVERITY, (key,))):
        dialogue.misread(turn, "symptom")
        return
    corrections.ask_again(turn, (key,))
    turn.checkin.misread = 1  # what is still not understood then is a person's


def _lately(turn: Turn) -> tuple[CheckIn, Protocol, list[Asked]] | None:
    return None if turn.on_page else corrections.recent(turn)


def _mine(turn: Turn, checkin: CheckIn, protocol: Protocol) -> list[Question]:
    """The questions this person has answered within two hours."""
    keys = dict.fromkeys(row.key for row in corrections.said_lately(turn) if row.checkin_id == checkin.id)
    return [question for key in keys if (question := script.question_of(key, protocol)) is not None]


def _open(turn: Turn, protocol: Protocol, code: str) -> bool:
    """Is this what the open question asks, or of which it asks how often? Then the text is an attempt to answer it."""
    asked = [script.question_of(key, protocol) for key in turn.asked.keys]
    return any(code in (question.key, question.symptom) for question in asked if question is not None)


def _told(turn: Turn, reading: Reading, checkin: CheckIn, protocol: Protocol) -> corrections.Given:
    """New values of answers this person has given, each called by its name."""
    said = answers.own(turn.session, checkin.id, turn.by)
    told = [(code, value) for code, value in reading.told if not _open(turn, protocol, code)]
    found = {q.key: value for q in _mine(turn, checkin, protocol) for code, value in told if passing.meant(q, code)}
    return {key: value for key, value in found.items() if said[key].value != value and corrections.is_plausible(key, value, protocol)}


def _yes_or_no(turn: Turn, text: str, groups: list[Asked], protocol: Protocol) -> corrections.Given:
    """ "Oui pour la chute", "chute oui": the one red flag it names, answered otherwise than before."""
    if len(re.findall(r"\w+", text)) > FEW_WORDS:
        return {}
    said = answers.own(turn.session, corrections.said_lately(turn)[-1].checkin_id, turn.by)
    found = {}
    for asked in groups:
        key = asked.keys[0]
        if asked.kind is Kind.YES_NO and key not in turn.asked.keys and corrections.is_named(text, key, protocol, turn.language):
            again = replies.read(text, asked, turn.language, words.words())
            if again.heard is Heard.ANSWER and again.value in ("yes", "no") and said[key].value != again.value:
                found[key] = again.value
    return found if len(found) == 1 else {}
