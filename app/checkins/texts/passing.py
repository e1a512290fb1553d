"""What is told in passing for another question of the same check-in is kept, so that it is not asked again."""

from __future__ import annotations

from app.checkins import answers, script
from app.checkins.turns import Turn
from triage import questions
from triage.questions import Question
from triage.terms import Kind, Reading

TOLD_UNASKED = "told unasked"
"""Note of an answer to a question that had not been asked yet; a text within ninety seconds does not amend it."""


def keep(turn: Turn, reading: Reading) -> None:
    """Keep each value whose question this check-in still has to ask. What is answered already stays: only a correction replaces it."""
    if turn.checkin is None or turn.protocol is None or not reading.told:
        return
    standing = answers.current(turn.session, turn.checkin.id)
    for code, value in reading.told:
        question = next((q for q in script.all_questions(turn.checkin, turn.protocol) if meant(q, code)), None)
        if question is not None and question.key not in turn.asked.keys and question.key not in standing and _fits(question, value):
            turn.keep(question, value, note=TOLD_UNASKED)


def meant(question: Question, code: str) -> bool:
    """Does a name of the reader ("fatigue", "temperature") name this question?"""
    return question.kind in (Kind.SEVERITY, Kind.TEMPERATURE) and code in (question.key, question.symptom)


def _fits(question: Question, value: str) -> bool:
    try:
        return bool(questions.read_value(question, value) is not None)
    except ValueError:
        return False
