"""What keeps a call from closing, all at once and in the order of the page, each with the place where it is put right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.care import forms
from app.checkins.pages import as_typed
from app.web.care import lines, outcome
from app.web.care.sheet import Sheet
from app.web.form import asking
from app.web.render import Page
from triage.questions import Question

ASKED = "q-"
"""Before the key of a question of the protocol: what was typed for it and cannot stand."""

CONCLUDING = {
    "told": ("calling.words", "told"),
    "finish": ("calling.questions", "sure"),
    "reason": ("care_sheet.reason", "outcome"),
    "outcome": ("care_sheet.outcome_legend", "outcome-none"),
    "protocol_ref": ("care_sheet.protocol", "protocol_ref"),
    "doctor_id": ("care_sheet.doctor", "doctor_id"),
    "doctor_at": ("care_sheet.doctor_hour", "doctor_hour"),
    "next_contact_at": ("care_sheet.next", "next_day"),
    "words": ("care_sheet.note", "words"),
}
"""Of what is neither a question of the form nor of the protocol: its name, and where it stands."""


@dataclass(frozen=True)
class Missing:
    """name: of the question. said: why the call does not close. at: its place on the page."""

    name: str
    said: str
    at: str


def left(page: Page, asked: Sequence[Question], typed: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """What was typed and cannot be an answer: a call never closes over it, for it may be a fever with a slip of the finger."""
    found = {f"{ASKED}{one.key}": " ".join(lines.unfit(page, one, typed.get(one.key, {})).values()) for one in asked}
    if as_typed.TOLD in typed:
        found[as_typed.TOLD] = page.say("form.error.too_long")
    return {key: said for key, said in found.items() if said}


def of(page: Page, call: Sheet, asked: Sequence[Question], errors: Mapping[str, str]) -> list[Missing]:
    """Every sentence once, as the questions stand on the page, the conclusion last."""
    places = dict(_places(page, call, asked))
    ordered = [key for key in (*call.order, *places) if key in errors]
    rest = [key for key in errors if key not in ordered]
    return [Missing(*_named(places.get(key), errors[key])) for key in dict.fromkeys((*ordered, *rest))]


def _named(place: tuple[str, str] | None, said: str) -> tuple[str, str, str]:
    name, at = place or ("", "outcome")
    return name, said, at


def _places(page: Page, call: Sheet, asked: Sequence[Question]) -> Iterator[tuple[str, tuple[str, str]]]:
    for question in asked:
        yield f"{ASKED}{question.key}", (asking.name_of(page, question), f"q-{question.key}")
    if call.form is not None:
        elsewhere = {one.field.key: f"q-{key}" for key, one in call.covers.items()}
        for key, field in forms.fields_of(call.form).items():
            yield key, (field.title.said(page.language), elsewhere.get(key, f"f-{key}"))
    for key in (as_typed.TOLD, *outcome.ORDER):
        word, at = CONCLUDING[key]
        yield key, (page.say(word), at)
