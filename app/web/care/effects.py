"""The side effects of a call: what the patient reported, how it was graded before, and the line for one more (AMA-3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.people.models import Patient
from app.protocols import scales
from app.treatment import grades
from app.treatment.models import ClinicianGrade
from app.web.form import asking
from app.web.render import Page
from triage import questions
from triage.protocol import Protocol
from triage.questions import Question
from triage.terms import Answer, Kind

NOT_REPORTED = frozenset({"0", "no"})
EFFECTS = frozenset({Kind.SEVERITY, Kind.YES_NO, Kind.COUNT, Kind.PAIN})
"""Kinds of question whose answer may report a side effect; a temperature reports none by being there."""


@dataclass(frozen=True)
class Effect:
    """A side effect on the sheet. said: what the patient answered, "" for one the nurse adds. before: how it was graded last.

    occurrence: which time it is, by the grades in the chart; 0 where none is.
    """

    term: str
    name: str
    said: str
    grade: str
    since: str
    before: ClinicianGrade | None
    occurrence: int


def of(
    page: Page,
    session: Session,
    patient: Patient,
    asked: Sequence[Question],
    said: Mapping[str, Answer],
    protocol: Protocol | None,
    kept: Mapping[str, Any],
) -> list[Effect]:
    """What was reported, what the nurse added, and one empty line."""
    rows = {scales.ctcae_term(str(one.get("term", ""))): one for value in kept.values() if _is_effects(value) for one in value}
    chart = grades.standing(session, patient.id)
    found: dict[str, Effect] = {}
    for question in asked:
        if protocol is not None and _is_reported(question, said):
            known = protocol.symptoms.get(question.symptom)
            term = (known.ctcae_term if known else "") or asking.name_of(page, question)
            value = said[question.key].value
            words = asking.in_words(page, question, questions.write_value(value) if value is not None else None)
            if term not in found:
                found[term] = _effect(term, asking.name_of(page, question), words, rows.pop(term, {}), chart)
    return [
        *found.values(),
        *(_effect(term, scales.term_in(term, page.language), "", row, chart) for term, row in rows.items()),
        _effect("", "", "", {}, ()),
    ]


def _is_effects(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(one, Mapping) for one in value)


def _effect(term: str, name: str, said: str, row: Mapping[str, Any], chart: Sequence[ClinicianGrade]) -> Effect:
    mine = sorted((one for one in chart if one.term == term), key=lambda one: one.id)
    times, present = 0, False
    for one in mine:
        times, present = times + (one.grade > 0 and not present), one.grade > 0
    grade = row.get("grade", "")
    return Effect(
        term,
        name,
        said,
        "" if grade is None else str(grade),
        str(row.get("since") or ""),
        mine[-1] if mine else None,
        times if present else times + 1 if mine else 0,
    )


def none_told(asked: Sequence[Question], said: Mapping[str, Answer]) -> bool:
    """Every effect of the list was asked, and none is there. What is unknown is not absent."""
    told = [question for question in asked if _is_effect(question) and not questions.skipped(question, said)]
    return (
        bool(told)
        and all(question.key in said and said[question.key].value is not None for question in told)
        and not any(_is_reported(question, said) for question in told)
    )


def _is_effect(question: Question) -> bool:
    return bool(question.symptom) and question.kind in EFFECTS


def _is_reported(question: Question, said: Mapping[str, Answer]) -> bool:
    value = said[question.key].value if question.key in said else None
    return _is_effect(question) and value is not None and questions.write_value(value) not in NOT_REPORTED
