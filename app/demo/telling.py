"""What is true of a fictional person today, put in the form a question asks for."""

from __future__ import annotations

from decimal import Decimal

from app.demo.bodies import Body
from app.demo.dice import Dice
from triage.questions import Question
from triage.terms import Kind

TIMES = {"diarrhea": (0, 1, 3, 5, 8), "vomiting": (0, 1, 2, 4, 6)}
"""How often in 24 hours, by score 0-4: a count that goes with what the person says of it. Our own assumption."""
YES_FROM = 3
"""The score from which somebody says yes when asked about a symptom by yes or no."""


def value(question: Question, body: Body, dice: Dice, day: int, *, on_day: bool, held_for: int) -> str:
    """The normalised value (codebook) of the truth; day: from the first intake, 0 on it."""
    symptom = question.symptom or question.key
    score = body.score(symptom, day, held_for=held_for)
    match question.kind:
        case Kind.COUNT:
            return str(TIMES.get(symptom, TIMES["vomiting"])[score])
        case Kind.TEMPERATURE:
            return f"{body.temperature(day)}"
        case Kind.WEIGHT:
            return f"{Decimal(str(body.weight(day)))}"
        case Kind.PAIN:
            return str(min(10, 2 * score))
        case Kind.INTAKE:
            return body.tablets(day, on_day=on_day)
        case Kind.YES_NO:
            if question.key == "pause_intake":
                return "no" if body.tablets(day, on_day=False) == "all" else "yes"
            return "yes" if score >= YES_FROM else "no"
        case Kind.FREE_TEXT:
            return "none"
        case Kind.CYCLE_START:
            if held_for:
                return "told_to_wait"
            return "not_yet" if dice.happens(0.12, body.person.key, "cycle", day) else "started"
        case Kind.STOP_WHICH:
            return "2"
        case _:
            return str(score)
