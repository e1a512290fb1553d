"""The questions of a call as lines of its page: what was answered, what was typed and cannot stand, which one is asked next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from app.checkins import answers
from app.checkins.models import AnswerRow, CheckIn
from app.checkins.pages import as_typed, filling
from app.core.audit import Actor
from app.web.form import asking
from app.web.form.frame import of_another
from app.web.render import Page
from triage import questions
from triage.protocol import Protocol
from triage.questions import Question

FIELDS = ("value", "missed", "extra", "off_day", "stopped", "words", "told")
"""What may be typed for one question, by the names of its fields."""


@dataclass(frozen=True)
class Line:
    """One question on the page. mine: this person's answer, standing: everybody's, the judged one first. focus: asked next.

    typed, errors: what was typed and cannot be the answer, by field, just now or before the page was left.
    """

    question: Question
    text: str
    hint: str
    takes: str
    cannot: str
    unit: str
    mine: AnswerRow | None
    standing: Sequence[AnswerRow]
    focus: bool = False
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Typed:
    """What was typed on this page. values, errors: just now. left: before, by question, as it was left."""

    values: Mapping[str, str]
    errors: Mapping[str, str]
    left: Mapping[str, Mapping[str, str]]

    def of(self, page: Page, question: Question) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Of this question, with a sentence beside each field that cannot stand."""
        if self.values.get("key") == question.key:
            return self.values, {name: said for name, said in self.errors.items() if name in FIELDS}
        fields = self.left.get(question.key, {})
        return fields, unfit(page, question, fields)

    @property
    def told(self) -> str:
        """The words said besides."""
        return self.values.get("told", "") or self.left.get(as_typed.TOLD, {}).get("told", "")


def fields_of(values: Mapping[str, str]) -> dict[str, str]:
    """What was typed in the fields of a question, without those that are empty; two counts at zero are nothing typed."""
    typed = {name: values[name] for name in FIELDS if values.get(name, "").strip()}
    return {} if set(typed) <= {"missed", "extra"} and set(typed.values()) <= {"0"} else typed


def unfit(page: Page, question: Question, fields: Mapping[str, str]) -> dict[str, str]:
    """Why what was left cannot be the answer."""
    return {name: str(said) for name, said in asking.read(page, question, fields).errors.items()} if fields else {}


def of(
    page: Page,
    session: Session,
    checkin: CheckIn | None,
    protocol: Protocol | None,
    asked: Sequence[Question],
    by: Actor,
    at: str,
    typed: Typed,
) -> list[Line]:
    """Every question, but the details of what the patient does not have; the next one without this person's answer gets the keyboard."""
    opened_already = checkin is not None and checkin.opened_at is not None
    standing = answers.standing(session, checkin.id) if checkin and opened_already else {}
    said = filling.said_of(session, checkin) if checkin and opened_already else {}
    limit = page.formats.number(protocol.fever_limit) if protocol else ""
    page = page if by.kind == "patient" else of_another(page)
    shown = [question for question in asked if question.key in standing or not questions.skipped(question, said)]
    lines = []
    for question in shown:
        text, hint = asking.text_of(page, question, limit, screen="aloud")
        rows = standing.get(question.key, [])
        mine = next((row for row in rows if row.said_by == str(by)), None)
        takes, cannot, unit = asking.takes(question), asking.cannot(page, question), asking.UNITS.get(question.kind, "")
        line = Line(question, text, hint if takes != "choice" else "", takes, cannot, unit, mine, rows)
        fields, errors = typed.of(page, question)
        lines.append(replace(line, typed=fields, errors=errors))
    return _focused(lines, at, stay=bool(typed.errors))


def _focused(lines: list[Line], at: str, *, stay: bool) -> list[Line]:
    if at not in (keys := [line.question.key for line in lines]):
        return lines
    after = [*range(keys.index(at), len(keys))] if stay else [*range(keys.index(at) + 1, len(keys)), *range(keys.index(at))]
    place = next((n for n in after if stay or lines[n].mine is None), None)
    return [replace(line, focus=n == place) for n, line in enumerate(lines)]
