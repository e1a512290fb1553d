"""At most five texts ask in a check-in. Details and re-asks leave room for what is never left out; the rest is a nurse's call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.checkins import answers, script
from app.checkins.turns import CALL_WITHIN, Turn
from triage import questions
from triage.questions import MOST_TEXTS, Question
from triage.terms import Answer, Asked, Kind

NEVER_LEFT_OUT = (Kind.TEMPERATURE, Kind.INTAKE, Kind.CYCLE_START)
"""Like the red-flag questions: details and re-asks keep a text free for each of them."""

Said = Mapping[str, Answer]


# --- Arithmetic ---------------------------------------------------------------------------------------------------------------------


def never_left_out(asks: Sequence[Question]) -> list[Question]:
    """Those of a check-in's questions that are asked whatever else must go."""
    return [q for q in asks if q.red_flag or q.kind in NEVER_LEFT_OUT]


def fits(asked: Asked, asks: Sequence[Question], said: Said, sent: int) -> bool:
    """May this be the next text, for the first time or again, so that what is never left out can still follow? sent: texts so far."""
    after = [q for q in never_left_out(asks) if q.key not in said and q.key not in asked.keys and not questions.skipped(q, said)]
    return sent + 1 + len(questions.groups(after)) <= MOST_TEXTS


def next_of(asks: Sequence[Question], said: Said, sent: int) -> Asked | None:
    """What is asked next: the next group, else the next of what is never left out; None when all is asked or five texts have left."""
    group = questions.next_group(asks, said)
    if group is None or fits(group, asks, said, sent):
        return group
    return questions.next_group(never_left_out(asks), said) if sent < MOST_TEXTS else None


# --- In a turn ----------------------------------------------------------------------------------------------------------------------


def has_room(turn: Turn, asked: Asked) -> bool:
    """May this question leave, or leave again?"""
    asks, said, sent = _so_far(turn)
    return fits(asked, asks, said, sent)


def following(turn: Turn) -> Asked | None:
    """What this turn asks next."""
    return next_of(*_so_far(turn))


def hand_over(turn: Turn) -> None:
    """The texts are used up and something that is never left out was not asked: a nurse asks it by telephone."""
    asks, said, _ = _so_far(turn)
    if turn.checkin is not None and turn.may_ask and questions.next_group(never_left_out(asks), said) is not None:
        turn.task("call_back", why="five_texts", due_within=CALL_WITHIN, checkin_id=turn.checkin.id)


def _so_far(turn: Turn) -> tuple[Sequence[Question], Said, int]:
    assert turn.checkin is not None and turn.protocol is not None
    said = answers.values(answers.current(turn.session, turn.checkin.id), turn.protocol)
    return script.all_questions(turn.checkin, turn.protocol), said, turn.checkin.texts_sent
