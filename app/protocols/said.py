"""How a question is named and said in a text or on a form, in each language: the protocol's own words, or those of library/said.

A protocol version is never edited, and holds French and English only. ``library/said/<language>.toml`` gives other words for its French
ones: another language, or a French sentence that is shorter or names no medicine. It is keyed by the French sentence itself, so that a
version that asks something else is never asked in the words of an older one: it then has no words in that language.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import triage
from triage.questions import Question
from triage.terms import Kind

FOLDER = Path(triage.__file__).parent / "library" / "said"
SOURCE = "fr"
"""The language of the protocols that translations are made from."""
WITH_TEXT = frozenset({Kind.YES_NO, Kind.COUNT})
"""Kinds whose text holds a clause of the protocol besides its label."""


@dataclass(frozen=True)
class Book:
    """The words of one language. labels: beside a letter and in the echo. texts: the clause of a question, or what is counted.

    of_another: the clause for a page where somebody answers for the patient, of the questions that would say "you".
    """

    labels: Mapping[str, str]
    texts: Mapping[str, str]
    of_another: Mapping[str, str] = field(default_factory=dict)


@cache
def book(language: str, folder: Path = FOLDER) -> Book:
    """The file of a language, read once; empty when there is none."""
    path = folder / f"{language}.toml"
    words = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return Book(words.get("labels", {}), words.get("texts", {}), words.get("of_another", {}))


def label(question: Question, language: str) -> str | None:
    """The short name of a question (15 characters; of two asked with others 18); None when this language has none."""
    return book(language).labels.get(question.label.get(SOURCE, "")) or question.label.get(language)


def clause(question: Question, language: str) -> str | None:
    """What a yes/no question asks (95 characters, no question mark), or what is counted (25); None when this language has no words."""
    return book(language).texts.get(question.text.get(SOURCE, "")) or question.text.get(language)


def clause_of_another(question: Question, language: str) -> str | None:
    """The same, asked of somebody who answers for the patient."""
    return book(language).of_another.get(question.text.get(SOURCE, "")) or clause(question, language)


def name(question: Question, language: str) -> str | None:
    """The question's name for a page, fully spelt where the protocol has it in this language; else its short one."""
    return question.name.get(language) or label(question, language)


def can_ask(questions: Iterable[Question], language: str) -> bool:
    """Can every one of these questions be asked in this language?"""
    return all(
        (label(question, language) is not None or not question.label) and (question.kind not in WITH_TEXT or clause(question, language))
        for question in questions
    )
