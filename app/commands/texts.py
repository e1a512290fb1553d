"""Every text for a patient, measured: length in septets, reading ease of the French, review. What `make check` and a translator look at."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import typer

from app.commands.accounts import Json
from app.commands.console import say, say_json
from app.protocols import said, shelf
from app.web.words import FOLDER, exist_in
from notifications import policy, wording
from notifications.languages import languages
from notifications.messages import Label
from notifications.readability import EASY, LONGEST, Reading, measure
from notifications.wording import catalogue, longest, render, typical
from triage.terms import Kind

texts = typer.Typer(help="The texts patients get: length, reading ease, review.", no_args_is_help=True)

PAGES = ("form", "sheet")
"""Screens that patients read, under app/web/words."""
ALONE = 6
"""Words from which a sentence of a page is measured by itself; a button or a heading is measured with the screen it stands on, because
the formula says nothing of three words (house rule, 2026-11-22)."""


@dataclass(frozen=True)
class Line:
    """One thing measured. units, limit: septets, 0 for a page. reading: of the French, None for other languages. problems: to be mended."""

    where: str
    name: str
    language: str
    units: int
    limit: int
    reading: Reading | None
    problems: tuple[str, ...]


def lines() -> Iterator[Line]:
    """Every SMS in every language, every question that stands in one, every French screen for patients."""
    yield from _messages()
    yield from _questions()
    for screen in PAGES:
        if "fr" in exist_in(screen):
            yield from _screen(screen)


def _messages() -> Iterator[Line]:
    for key, template in catalogue().items():
        for language in template.texts:
            units = policy.length(render(key, language, longest(key))).units
            reading = measure(_without_sender(render(key, language, typical(key)))) if language == "fr" else None
            problems = () if template.reviewed.endswith(template.fingerprint) else ("changed since it was reviewed",)
            yield Line("sms", key, language, units, template.limit, reading, (*problems, *hard(reading)))


def _without_sender(body: str) -> str:
    return body.removeprefix(f"{typical('help')['svc']} : ")


def _questions() -> Iterator[Line]:
    asked = {q.key: q for protocol in shelf.compiled().values() for q in protocol.questions.values() if q.kind is Kind.YES_NO}
    for key, question in sorted(asked.items()):
        clause = said.clause(question, "fr") or ""
        body = render("q_yes_no", "fr", typical("q_yes_no") | {"question": Label(clause)})
        reading = measure(_without_sender(body))
        yield Line("question", key, "fr", policy.length(body).units, catalogue()["q_yes_no"].limit, reading, hard(reading))


def _screen(screen: str) -> Iterator[Line]:
    tables = tomllib.loads((FOLDER / "fr" / f"{screen}.toml").read_text(encoding="utf-8"))
    for name, sentences in _tables(screen, tables):
        whole = measure(" ".join(sentence if sentence[-1] in ".?!:;" else f"{sentence}." for sentence in sentences))
        yield Line("page", name, "fr", 0, 0, whole, hard(whole))
        for sentence in sentences:
            if re.search(r"[^\W\d]", sentence) and (reading := measure(sentence)).words >= ALONE:
                yield Line("page", f"{name}: {sentence}", "fr", 0, 0, reading, hard(reading))


def _tables(name: str, table: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """One list of sentences for each screen or part of one; a sentence and its plural belong to the part around them."""
    own: list[str] = []
    for key, value in table.items():
        if isinstance(value, str):
            own.append(_filled(value))
        elif set(value) == {"one", "other"}:
            own.append(_filled(value["other"]))
        else:
            yield from _tables(f"{name}.{key}", value)
    if any(re.search(r"[^\W\d]", sentence) for sentence in own):
        yield name, own


def _filled(sentence: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda place: FILLED.get(place[1], "2"), sentence).strip()


FILLED = {
    "text": "Avez-vous eu des frissons",
    "name": "fatigue",
    "names": "nausées, diarrhée, fatigue",
    "days": "vendredi 25/12, vendredi 01/01",
    "place": "France",
    "when": "avant 16 h",
    "opening": "demain à 8 h",
    "hour": "10 h",
}
"""Typical values of the places of a page; any other is a number."""


def hard(reading: Reading | None) -> tuple[str, ...]:
    """What makes a text hard to read, in words; () when it is easy."""
    if reading is None:
        return ()
    found = []
    if reading.score < EASY:
        found.append(f"Kandel-Moles {reading.score}, at least {EASY:.0f}")
    if reading.longest > LONGEST:
        found.append(f"{reading.longest} words, at most {LONGEST}: {reading.sentence}")
    return tuple(found)


@texts.command("check")
def check(as_json: Json = False) -> None:
    """Print the table of every text; exit 1 when one is too hard to read or changed since its review."""
    found = list(lines())
    wrong = [line for line in found if line.problems]
    if as_json:
        say_json([_row(line) for line in found])
    else:
        for line in found:
            length = f"{line.units:>3}/{line.limit}" if line.limit else "       "
            ease = f"{line.reading.score:>6.1f} {line.reading.longest:>2}" if line.reading else " " * 9
            say(f"{line.where:<8} {line.language:<3} {length:<7} {ease}  {line.name}" + "".join(f"  << {p}" for p in line.problems))
        for code, language in languages().items():
            if not wording.checked(code):
                say(f"{language.name} ({code}): to be checked by a native reader; fingerprint of its texts: {wording.fingerprint(code)}.")
        say(f"{len(found)} texts, {len(wrong)} to mend.")
    if wrong:
        raise typer.Exit(1)


def _row(line: Line) -> dict[str, object]:
    reading = line.reading
    return {
        "where": line.where,
        "name": line.name,
        "language": line.language,
        "units": line.units,
        "limit": line.limit,
        "kandel_moles": reading.score if reading else None,
        "longest_sentence": reading.longest if reading else None,
        "problems": list(line.problems),
    }
