"""A FHIR R4 Questionnaire read as official wording of PRO-CTCAE: which question of the instrument each of its items is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from triage.grading.composite import Instrument

LONGEST_SENTENCE, LONGEST_SOURCE = 1000, 300
DEEPEST = 20
_CODE = re.compile(r"(?:PRO[-_ ]?CTCAE[-_ /]?)?0*([1-9][0-9]?)[-_ ]?([ABC])(?:[-_](?:SCL|IND))?", re.IGNORECASE)
"""PROCTCAE_48B_SCL, PRO-CTCAE-48B, 48B."""


class NotAQuestionnaire(ValueError):
    """The file cannot be used; the sentence names the item and what was expected."""


@dataclass(frozen=True)
class Sentence:
    """The official words of one question. options: its responses in the file's order."""

    item_no: int
    letter: str
    text: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Questionnaire:
    """source: title, version and address as the file gives them. left_out: linkIds of questions that are not of the instrument."""

    source: str
    sentences: tuple[Sentence, ...]
    left_out: tuple[str, ...]


def read(text: str, instrument: Instrument, *, language: str) -> Questionnaire:
    """The sentences of a Questionnaire, checked against the instrument. Raises NotAQuestionnaire.

    Every question of a chosen term must be there: the instrument is not asked by halves (NCI's terms of use).
    """
    document = _document(text, language)
    found: dict[tuple[int, str], Sentence] = {}
    left_out: list[str] = []
    for item in _questions(document.get("item"), 0):
        sentence = _sentence(item, instrument)
        if sentence is None:
            left_out.append(str(item.get("linkId", "")))
        elif (place := (sentence.item_no, sentence.letter)) in found:
            raise NotAQuestionnaire(f"item {item.get('linkId')}: question {place[0]}{place[1].upper()} is there twice")
        else:
            found[place] = sentence
    if not found:
        raise NotAQuestionnaire("no item is a question of PRO-CTCAE: expected linkIds or codes such as PROCTCAE_48B_SCL or 48B")
    for number in {number for number, _ in found}:
        absent = [letter for letter in instrument.items[number].parts if (number, letter) not in found]
        if absent:
            raise NotAQuestionnaire(f"term {number} lacks its question {', '.join(absent).upper()}: all attributes of a term are asked")
    said = (document.get(name) for name in ("title", "version", "url"))
    source = " ".join(str(part) for part in said if part)[:LONGEST_SOURCE]
    return Questionnaire(source, tuple(found[place] for place in sorted(found)), tuple(left_out))


def _document(text: str, language: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotAQuestionnaire(f"not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("resourceType") != "Questionnaire":
        raise NotAQuestionnaire('expected a FHIR R4 resource with "resourceType": "Questionnaire"')
    written = str(document.get("language", ""))
    if written and written.split("-")[0].casefold() != language:
        raise NotAQuestionnaire(f"its language is {written}, not {language}")
    return document


def _questions(items: object, depth: int) -> Iterator[dict[str, Any]]:
    """Questions in order, out of their groups."""
    if depth > DEEPEST or not isinstance(items, list | None):
        raise NotAQuestionnaire("its items are not a list, or are nested too deep")
    for item in items or ():
        if not isinstance(item, dict):
            raise NotAQuestionnaire("an item is not an object")
        if item.get("type") not in ("group", "display"):
            yield item
        yield from _questions(item.get("item"), depth + 1)


def _sentence(item: dict[str, Any], instrument: Instrument) -> Sentence | None:
    link, codes = str(item.get("linkId", "")), item.get("code") or []
    if not isinstance(codes, list):
        raise NotAQuestionnaire(f"item {link}: code is not a list")
    names = [link, *(str(code.get("code", "")) for code in codes if isinstance(code, dict))]
    places = {(int(match[1]), match[2].casefold()) for name in names if (match := _CODE.fullmatch(name.strip()))}
    if not places:
        return None
    if len(places) > 1:
        raise NotAQuestionnaire(f"item {link}: its linkId and codes name different questions")
    number, letter = places.pop()
    part = instrument.items[number].parts.get(letter) if number in instrument.items else None
    if part is None:
        raise NotAQuestionnaire(f"item {link}: PRO-CTCAE has no question {number}{letter.upper()}")
    text = " ".join(str(item.get("text") or "").split())
    if not 0 < len(text) <= LONGEST_SENTENCE:
        raise NotAQuestionnaire(f"item {link}: its text is empty, or longer than {LONGEST_SENTENCE} characters")
    options = _options(item, link)
    if options and not len(part.responses) <= len(options) <= len(part.responses) + len(part.unscored):
        raise NotAQuestionnaire(f"item {link}: {len(options)} responses, expected {len(part.responses)}")
    return Sentence(number, letter, text, options)


def _options(item: dict[str, Any], link: str) -> tuple[str, ...]:
    options = item.get("answerOption") or []
    if not isinstance(options, list):
        raise NotAQuestionnaire(f"item {link}: answerOption is not a list")
    said = [_word(option) for option in options]
    if not all(said):
        raise NotAQuestionnaire(f"item {link}: a response has no words")
    return tuple(said)


def _word(option: object) -> str:
    if not isinstance(option, dict):
        return ""
    coding = option.get("valueCoding")
    word = coding.get("display") if isinstance(coding, dict) else option.get("valueString")
    return " ".join(str(word or "").split())
