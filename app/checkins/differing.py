"""Two people who answer differently in one check-in: both answers stand, the graver is judged, a nurse is told (FR-32, HZ-10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice, product

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import tasks
from app.alerts.models import Task
from app.checkins.models import AnswerRow, CheckIn
from triage import questions
from triage.questions import Question
from triage.terms import Answer, Kind, Value

KIND = "answers_differ"
MOST_TRIED = 16
"""Sets of answers judged at most when several could not be ordered: four questions on which two people differ (house rule, 2026-11-22)."""


def settle(question: Question, rows: Sequence[AnswerRow]) -> AnswerRow:
    """Mark which of these answers is judged, and return it; the others stand beside. rows: each person's last, oldest first.

    The graver one, whichever came first; of two that cannot be ordered the later, and ``each_way`` judges the other too. Somebody who
    does not know takes nothing away from somebody who does.
    """
    chosen = gravest(question, rows)[-1]
    for row in rows:
        row.beside = row is not chosen
    return chosen


def gravest(question: Question, rows: Sequence[AnswerRow]) -> list[AnswerRow]:
    """Those that no other one outweighs; several when their question does not order them."""
    known = [row for row in rows if row.value is not None] or list(rows)
    return [row for row in known if not any(_outweighs(question, other, row) for other in known)]


def _outweighs(question: Question, one: AnswerRow, other: AnswerRow) -> bool:
    here, there = _read(question, one), _read(question, other)
    return here is not None and there is not None and here != there and questions.graver(question, here, there) == here


def _read(question: Question, row: AnswerRow) -> Value | None:
    """None for what was not said, and for what no longer fits its question: it cannot be ordered, so it still counts."""
    try:
        return None if row.value is None else questions.read_value(question, row.value)
    except ValueError:
        return None


def each_way(
    asked: Mapping[str, Question], standing: Mapping[str, Sequence[AnswerRow]], said: Mapping[str, Answer]
) -> Iterator[dict[str, Answer]]:
    """The answers as they are judged, then once for each other way where two people's answers cannot be ordered: both count."""
    open_keys: dict[str, list[Value]] = {}
    for key, rows in standing.items():
        if key in said and key in asked and len(rows) > 1 and asked[key].kind is not Kind.FREE_TEXT:
            others = (_read(asked[key], row) for row in gravest(asked[key], rows) if row is not rows[0])
            rivals = [value for value in others if value is not None and value != said[key].value]
            if rivals:
                open_keys[key] = rivals
    choices = [[said[key], *(Answer(key, value) for value in rivals)] for key, rivals in open_keys.items()]
    for chosen in islice(product(*choices), MOST_TRIED):
        yield {**said, **{answer.key: answer for answer in chosen}}


def differ(rows: Sequence[AnswerRow]) -> bool:
    """Did these people say different things? Not to know is no contradiction."""
    return len({row.value for row in rows if row.value is not None}) > 1


def note(session: Session, checkin: CheckIn, question: Question, rows: Sequence[AnswerRow], *, now: datetime) -> None:
    """A nurse is told that two people differ: one open task per check-in, which names every question they differ on.

    Free words are read anyway, and two people never use the same.
    """
    if question.kind is Kind.FREE_TEXT or not differ(rows):
        return
    mine = (Task.patient_id == checkin.patient_id, Task.kind == KIND, Task.closed_at.is_(None))
    for task in session.scalars(select(Task).where(*mine).order_by(Task.id).with_for_update()):
        if task.detail.get("checkin_id") == checkin.id:
            keys = task.detail.get("keys", [])
            task.detail = {**task.detail, "keys": keys if question.key in keys else [*keys, question.key]}
            return
    tasks.make(
        session,
        service_id=checkin.service_id,
        patient_id=checkin.patient_id,
        kind=KIND,
        key=f"{KIND}:{rows[-1].id}",
        detail={"checkin_id": checkin.id, "keys": [question.key]},
        now=now,
    )
