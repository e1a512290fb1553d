"""The answers of a call against the questions of its programme: what is missing, what cannot be, what changed since the call before.

A form is a dict: key of the question → answer. By kind: text: words; number: 71.5 or "71,5"; yes_no: True or False; choice: the key chosen;
choices: the keys; date: "2026-11-18"; measures: {"systolic": "130", ...}; symptoms: NONE_TOLD, or a list of
{"term": "Diarrhea", "grade": 2 or NOT_GRADABLE, "since": "2026-11-16", "version": "5.0", "note": "…"}, since, version and note if known.
Any question that allows it may have {"not_asked": "why"} instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.care.document import INTAKES, NEW_MEDICINES, SYMPTOMS, Form, FormField
from app.core.errors import FieldErrors, Said
from app.protocols import scales
from app.treatment import measures
from app.treatment.grades import GRADES, LONGEST_TERM

Answers = Mapping[str, Any]

NOT_ASKED, NOT_GRADABLE, NONE_TOLD = "not_asked", "not_gradable", "none"
WHICH = "new_medicines_which"
"""Where a form asks which new medicine or plant."""
EMPTY: tuple[Any, ...] = (None, "", [], {})
LONGEST_TEXT, LARGEST = 4000, 60_000
"""Characters of one answer, and of a whole form (house rule, 2026-11-23): more is a paste by mistake."""
FIRST_VERSION = scales.VERSIONS[0]


@dataclass(frozen=True)
class Reported:
    """A symptom as reported on a call. grade None: said not to be gradable."""

    term: str
    grade: int | None
    since: date | None = None
    version: str = FIRST_VERSION
    note: str = ""


@dataclass(frozen=True)
class Line:
    """One question, or one symptom, now and on the call before. before None: there was no such answer."""

    field: FormField
    before: Any
    after: Any
    changed: bool
    term: str = ""


def fields_of(form: Form) -> dict[str, FormField]:
    """The questions by key, in order."""
    return {field.key: field for block in form.blocks for field in block.fields}


def is_not_asked(value: Any) -> bool:
    """Was this question left out on purpose, with why?"""
    return isinstance(value, Mapping) and set(value) == {NOT_ASKED}


def fits(form: Form, given: Answers) -> None:
    """Raises FieldErrors when a draft cannot be kept: a question this form has not, or far too many words. What is typed is not judged."""
    known = fields_of(form)
    problems = {key: "This question is not on the form. Nothing was saved; open the call again." for key in given if key not in known}
    if len(json.dumps(dict(given), ensure_ascii=False, default=str)) > LARGEST:
        problems["form"] = Said("Write at most {n} characters.", n=LARGEST)
    if problems:
        raise FieldErrors(problems)


def problems(form: Form, given: Answers, *, demand: bool, oral: bool) -> dict[str, str]:
    """A sentence beside each answer that is missing or impossible. demand: required questions are held to (not on an incoming call).

    oral: what was taken, side effects and new medicines are required whatever the file says (ATO-3).
    """
    found: dict[str, str] = {}
    for key, field in fields_of(form).items():
        value = given.get(key)
        required = demand and (field.required or (oral and key in (INTAKES, SYMPTOMS, NEW_MEDICINES)))
        if isinstance(value, Mapping) and is_not_asked(value):
            problem = _left_out(field, value, required)
        elif value in EMPTY:
            problem = _missing(field) if required else ""
        else:
            problem = _impossible(field, value)
        if problem:
            found[key] = problem
    if given.get(NEW_MEDICINES) in ("yes", True) and WHICH in fields_of(form) and given.get(WHICH) in EMPTY:
        found.setdefault(WHICH, "Write which medicine or plant: it may not go with the treatment.")
    return found


def symptoms(form: Form, given: Answers) -> list[Reported]:
    """What was reported on a form that has no problems, in order."""
    told = (given.get(key) for key, field in fields_of(form).items() if field.kind == "symptoms")
    return [_reported(one) for value in told if isinstance(value, list) for one in value]


def measured(form: Form, given: Answers) -> Iterator[tuple[str, str, str, str]]:
    """(question, measure, value, unit) of each home measure on a form that has no problems: the three doors are one."""
    for key, field in fields_of(form).items():
        value = given.get(key)
        if value in EMPTY or is_not_asked(value):
            continue
        if field.kind == "number" and key in measures.PLAUSIBLE:
            yield key, key, _plain(value), measures.PLAUSIBLE[key][0]
        elif field.kind == "measures" and isinstance(value, Mapping):
            yield from ((key, kind, _plain(one), measures.PLAUSIBLE[kind][0]) for kind, one in value.items() if one not in EMPTY)


def changes(form: Form, before: Answers, after: Answers) -> list[Line]:
    """Every question either call answered, what changed first (AMA-5); a symptom is a line of its own, the worst first."""
    lines = []
    for key, field in fields_of(form).items():
        was, now = before.get(key), after.get(key)
        if field.kind == "symptoms":
            lines += _by_term(field, was, now)
        elif not (was in EMPTY and now in EMPTY):
            lines.append(Line(field, was, now, changed=_compared(was) != _compared(now)))
    return sorted(lines, key=lambda line: not line.changed)


def _by_term(field: FormField, was: Any, now: Any) -> list[Line]:
    old, new = _terms(was), _terms(now)
    if not old and not new:
        return [] if was in EMPTY and now in EMPTY else [Line(field, was, now, changed=was != now)]
    lines = [Line(field, old.get(term), new.get(term), old.get(term) != new.get(term), term) for term in {**new, **old}]
    return sorted(lines, key=lambda line: -max(one if isinstance(one, int) else 0 for one in (line.before, line.after)))


def _terms(value: Any) -> dict[str, Any]:
    told = [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
    return {scales.ctcae_term(str(one.get("term", ""))): one.get("grade") for one in told}


def _compared(value: Any) -> Any:
    """71,5 and 71.5 are the same; so are two lists of choices in another order."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]+([.,][0-9]+)?", value.strip()):
        return Decimal(value.strip().replace(",", "."))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(str(value))
    return sorted(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else value


# --- One answer ---------------------------------------------------------------------------------------------------------------------


def _left_out(field: FormField, value: Mapping[str, Any], required: bool) -> str:
    if required and not field.not_asked:
        return "This question must be answered: it cannot be left out."
    return "" if str(value[NOT_ASKED] or "").strip() else "Say why it was not asked."


def _missing(field: FormField) -> str:
    if field.kind == "symptoms":
        return "Give each side effect its grade, or say that there is none, or “not asked” with the reason."
    return "Answer, or choose “not asked” with the reason." if field.not_asked else "This question must be answered: it cannot be left out."


def _impossible(field: FormField, value: Any) -> str:
    match field.kind:
        case "number":
            return _number(value, field.lowest, field.highest, field.unit)
        case "yes_no":
            return "" if isinstance(value, bool) else "Answer yes or no."
        case "choice" | "choices":
            chosen = value if isinstance(value, list) else [value]
            several = field.kind == "choices"
            known = {one.key for one in field.choices}
            return (
                ""
                if isinstance(value, list) == several and all(isinstance(one, str) and one in known for one in chosen)
                else "Choose one of the answers shown."
            )
        case "date":
            return "" if _day(value) else "Write the date."
        case "symptoms":
            return _symptoms(value)
        case "measures":
            return _measures(value)
    if not isinstance(value, str):
        return "Write it in words."
    return Said("Write at most {n} characters.", n=LONGEST_TEXT) if len(value) > LONGEST_TEXT else ""


def _number(value: Any, lowest: float | Decimal | None, highest: float | Decimal | None, unit: str) -> str:
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,8}([.,][0-9]{1,4})?", _plain(value)):
        return "Write a number such as 37.2 or 37,2, with four decimals at most."
    number = Decimal(_plain(value).replace(",", "."))
    low, high = (None if one is None else Decimal(str(one)).normalize() for one in (lowest, highest))
    if (low is not None and number < low) or (high is not None and number > high):
        return Said(measures.OUTSIDE, low=f"{low:f}" if low is not None else "?", high=f"{high:f}" if high is not None else "?", unit=unit)
    return ""


def _measures(value: Any) -> str:
    if not isinstance(value, Mapping) or not set(value) <= set(measures.PLAUSIBLE):
        return "Choose what was measured."
    for kind, one in value.items():
        unit, low, high = measures.PLAUSIBLE[kind]
        if one not in EMPTY and (problem := _number(one, low, high, unit)):
            return problem
    return ""


def _symptoms(value: Any) -> str:
    """AMA-3: every reported symptom ends with a grade, or is said not to be gradable."""
    if value == NONE_TOLD:
        return ""
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        return "Choose one of the answers shown."
    seen: set[str] = set()
    for one in value:
        term = scales.ctcae_term(str(one.get("term") or ""))
        if not term or len(term) > LONGEST_TERM:
            return "Name each side effect, or take the empty line away."
        if term in seen:
            return Said("{symptom} is written twice. Keep one line.", symptom=term)
        seen.add(term)
        if one.get("grade") != NOT_GRADABLE and _plain(one.get("grade")) not in _GRADES:
            return Said("{symptom} has no grade. Give one from 0 to 5, or say that it cannot be graded.", symptom=term)
        if one.get("since") not in EMPTY and _day(one["since"]) is None:
            return Said("{symptom}: write the day it began as a date.", symptom=term)
        if one.get("version") not in (*EMPTY, *scales.VERSIONS):
            return Said("Choose a CTCAE version: {versions}.", versions=", ".join(scales.VERSIONS))
    return ""


_GRADES = frozenset(str(grade) for grade in GRADES)


def _reported(one: Mapping[str, Any]) -> Reported:
    grade = one["grade"]
    return Reported(
        term=scales.ctcae_term(str(one["term"])),
        grade=None if grade == NOT_GRADABLE else int(grade),
        since=_day(one.get("since")),
        version=one.get("version") or FIRST_VERSION,
        note=str(one.get("note") or "").strip(),
    )


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _plain(value: Any) -> str:
    return value.strip() if isinstance(value, str) else str(value)
