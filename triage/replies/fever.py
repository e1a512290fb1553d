"""A body temperature told in a text nobody asked for one: which numbers are one, and which are weather, age, money or an address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from triage.replies.beside import beside
from triage.replies.clauses import Text
from triage.replies.numerals import Warmth, warmths
from triage.terms import Asked, Kind

FEVER_TOLD = Decimal("38.0")
"""38.0 °C once under treatment counts as fever (danger lexicon, 12); in answer to the question the floor is 38.3 °C (see `measures`)."""
FEVER_HIGHEST = Decimal("42.9")
COLDEST, COLD_TOLD = Decimal("34.0"), Decimal("36.0")
"""Below 36.0 °C a nurse reads it (codebook, rule 7); below 34.0 °C it is no body temperature."""
NEARBY = 30
"""Letters around a number in which "fièvre", "thermomètre", "frissons" make it a temperature."""
_NUMBER_QUESTIONS = (Kind.WEIGHT, Kind.COUNT, Kind.PAIN)


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands around a number that is, or is not, a body temperature."""

    about: re.Pattern[str]
    not_body_after: re.Pattern[str]
    not_body_before: re.Pattern[str]
    body_before: re.Pattern[str]
    time_after: re.Pattern[str]
    opens_with_time: re.Pattern[str]


def beside_from(lists: Mapping[str, Sequence[str]]) -> Beside:
    """Compile the lists of words beside a number."""
    say = beside(lists)
    return Beside(
        about=re.compile(say["about"]),
        not_body_after=re.compile(rf"\s*(?:°\s?c?\s*|degres?\s*|deg\s*)?(?:{_glued(say['place'])}|{_glued(say['unit'])}|/\d)"),
        not_body_before=re.compile(rf"{say['not_body']}\s*:?\s*$"),
        body_before=re.compile(rf"{say['body']}(?:\s*{say['link']})*\s*$"),
        time_after=re.compile(rf"\s*(?:$|[,.;!?\n)]|a \d{{1,2}} ?h|{say['time']})"),
        opens_with_time=re.compile(rf"\s*{say['opening']}"),
    )


def _glued(expression: str) -> str:
    """A unit may be glued to its number: "39ans"."""
    return expression.replace("(?<![a-z0-9])", "(?<![a-z])")


def fevers(text: Text, asked: Asked, near: Beside) -> Iterator[int]:
    """Places of the words that tell a body temperature of 38.0 to 42.9 °C.

    None in answer to the temperature question, which reads and judges its own.
    """
    if asked.kind is Kind.TEMPERATURE:
        return
    for warmth in warmths(text.folded):
        in_range = FEVER_TOLD <= warmth.celsius <= FEVER_HIGHEST
        if in_range and not is_not_body(text.folded, warmth, near) and _is_body(text.folded, warmth, asked, near):
            yield place_of(text, warmth.start)


def colds(text: Text, asked: Asked, near: Beside) -> Iterator[tuple[int, Decimal]]:
    """Places and values of body temperatures too low to be left unread, told beside anything else than the temperature question."""
    for warmth in warmths(text.folded) if asked.kind is not Kind.TEMPERATURE else ():
        alone = warmth.marked and not re.search(r"[a-z]", text.folded) and asked.kind not in _NUMBER_QUESTIONS
        about = near.about.search(text.folded, max(0, warmth.start - NEARBY), warmth.end + NEARBY)
        if COLDEST <= warmth.celsius < COLD_TOLD and (alone or about) and not is_not_body(text.folded, warmth, near):
            yield place_of(text, warmth.start), warmth.celsius


def place_of(text: Text, start: int) -> int:
    """The word that stands at a place of the folded text."""
    return max(0, sum(one <= start for one in text.starts) - 1)


def is_not_body(folded: str, warmth: Warmth, near: Beside) -> bool:
    """Is the number said to be something else than a body temperature: weather, age, money, address...?"""
    return bool(near.not_body_after.match(folded, warmth.end) or near.not_body_before.search(_just_before(folded, warmth)))


def _just_before(folded: str, warmth: Warmth) -> str:
    """What leads to the number: longer than any words of the lists, so that a whole letter need not be searched."""
    return folded[max(0, warmth.start - NEARBY) : warmth.start]


def _is_body(folded: str, warmth: Warmth, asked: Asked, near: Beside) -> bool:
    before, after = folded[: warmth.start], folded[warmth.end :]
    opens = not re.search(r"\w", before)
    if opens and not re.search(r"\w", after.replace("celsius", "")):  # a message that is only a number in range
        return asked.kind not in _NUMBER_QUESTIONS and not (warmth.fahrenheit and asked.kind is Kind.MULTI)
    if near.about.search(folded, max(0, warmth.start - NEARBY), warmth.end + NEARBY):
        return True
    if warmth.fahrenheit or (opens and asked.kind in _NUMBER_QUESTIONS):
        return False
    if warmth.marked and asked.kind is not Kind.WEIGHT:
        return True
    if near.body_before.search(_just_before(folded, warmth)) and near.time_after.match(after):
        return True
    return not before.strip() and bool(near.opens_with_time.match(after))
