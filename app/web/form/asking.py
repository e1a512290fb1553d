"""One question on the patient's page: its words, its choices, and what was typed read as the codebook writes it.

Nothing typed is guessed, clamped or dropped: what cannot stand comes back as a sentence beside its field, with what was typed still there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from app.checkins import script
from app.protocols import said
from app.web.render import Page
from triage import questions
from triage.questions import NO_FEVER, Question
from triage.terms import Kind

CHOICES = frozenset({Kind.SEVERITY, Kind.PAIN, Kind.YES_NO, Kind.CYCLE_START})
TYPED = frozenset({Kind.TEMPERATURE, Kind.WEIGHT, Kind.COUNT})
CANNOT = {Kind.TEMPERATURE: "no_thermometer", Kind.WEIGHT: "no_scales"}
"""What "I do not know" is called where there is one reason for it."""
WORDS = {
    Kind.SEVERITY: "severity",
    Kind.COUNT: "count",
    Kind.TEMPERATURE: "temperature",
    Kind.WEIGHT: "weight",
    Kind.PAIN: "pain",
    Kind.INTAKE: "intake",
    Kind.YES_NO: "yes_no",
    Kind.CYCLE_START: "cycle_start",
    Kind.FREE_TEXT: "free_text",
}
"""Kind of question → its sentence in words/*/form.toml."""
UNITS = {Kind.TEMPERATURE: "°C", Kind.WEIGHT: "kg"}
EXAMPLES = {Kind.TEMPERATURE: "37.2", Kind.WEIGHT: "64.5"}
LONGEST = 4000
"""Characters of free words taken at once: some thirty texts."""


@dataclass(frozen=True)
class Typed:
    """What came of one page. value: the codebook's form; None: "I do not know". words: free text. errors: sentence beside each field."""

    value: str | None = None
    words: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A question as its page shows it. given: the value of this visit, "" for "I do not know", None for none. already: given earlier.

    most: how many there may be, details included: one that fell when a detail is spared would look like a lost question.
    """

    number: int
    most: int
    key: str
    kind: str
    takes: str
    text: str
    hint: str
    cannot: str
    unit: str
    given: str | None
    already: bool
    back: str


# --- Words --------------------------------------------------------------------------------------------------------------------------


def text_of(page: Page, question: Question, limit: str, *, screen: str = "form") -> tuple[str, str]:
    """The question in a sentence, and the hint under it. limit: the fever limit in force, written for the reader.

    screen: whose words, "form" to be read by the patient, "aloud" to be said by a nurse on the telephone.
    """
    key = "feels_hot" if question.key == script.FEELS_HOT else WORDS[question.kind]
    of_whom = said.clause_of_another if page.of_another else said.clause
    clause = of_whom(question, page.language) or _named(question.text, page.language)
    values = {"name": said.name(question, page.language) or "", "text": clause[:1].upper() + clause[1:]}
    text = page.say(f"{screen}.question.{key}", **values)
    hint = f"{screen}.question.{key}_hint"
    return text[:1].upper() + text[1:], page.say(hint, limit=limit) if page.has(hint) else ""


def name_of(page: Page, question: Question) -> str:
    """The question's name in the summary, with a capital."""
    name = said.name(question, page.language) or (page.say(f"symptom.{question.key}") if page.has(f"symptom.{question.key}") else "")
    name = name or text_of(page, question, "")[0]
    return name[:1].upper() + name[1:]


def _named(words: Mapping[str, str], language: str) -> str:
    return words.get(language) or words.get("fr", "")


def takes(question: Question) -> str:
    """How it is answered: a choice of buttons, one number, the doses of the week, free words."""
    if question.kind in CHOICES:
        return "choice"
    return "number" if question.kind in TYPED else "intake" if question.kind is Kind.INTAKE else "words"


def cannot(page: Page, question: Question) -> str:
    """The button for somebody who cannot say; free words need none."""
    if question.kind is Kind.FREE_TEXT:
        return ""
    return page.say(f"form.question.{CANNOT.get(question.kind, 'cannot')}")


def in_words(page: Page, question: Question, value: str | None) -> str:
    """An answer of this visit, in words."""
    if value is None:
        return page.say("form.answer.unknown")
    if question.kind is Kind.SEVERITY:
        return f"{value} · {page.say(f'form.severity.{value}')}"
    if question.kind is Kind.COUNT:
        return page.say("form.answer.count", int(Decimal(value)))
    if question.kind is Kind.PAIN:
        return page.say("form.answer.pain", n=value)
    if question.kind is Kind.WEIGHT:
        return page.say("form.answer.kg", value=page.formats.number(value))
    if question.kind is Kind.TEMPERATURE and value != NO_FEVER:
        return page.formats.temperature(value)
    if question.kind is Kind.INTAKE:
        return _said_intake(page, value)
    if question.kind is Kind.FREE_TEXT:
        return page.say("form.answer.nothing_else" if value == "none" else "form.answer.written")
    return page.say(f"form.answer.{value}")


def _said_intake(page: Page, value: str) -> str:
    doses = questions.intake_of(value)
    parts = [page.say(f"form.intake.said_{name}", n) for name, n in (("missed", doses.missed), ("extra", doses.extra)) if n]
    parts += [page.say(f"form.intake.said_{name}") for name in ("off_day", "stopped") if getattr(doses, name)]
    return ", ".join(parts) or page.say("form.intake.said_all")


# --- What was typed -----------------------------------------------------------------------------------------------------------------


def read(page: Page, question: Question, typed: Mapping[str, str]) -> Typed:
    """What the page sent for this question."""
    if typed.get("cannot"):
        return Typed()
    if question.kind is Kind.INTAKE:
        return _intake(page, typed)
    if question.kind is Kind.FREE_TEXT:
        return _words(page, typed)
    value = number_in(typed.get("value", "")) if question.kind in TYPED else typed.get("value", "")
    if question.kind in questions.WHOLE and "." in value:  # "37,0" among the stools is a temperature in the wrong place
        return Typed(errors={"value": _objection(page, question)})
    try:
        return Typed(questions.write_value(questions.read_value(question, value)))
    except ValueError:
        return Typed(errors={"value": _objection(page, question)})


def _objection(page: Page, question: Question) -> str:
    if question.kind in CHOICES:
        return page.say("form.error.severity")
    low, high = (page.formats.number(limit) for limit in questions.limits(question))
    if question.kind is Kind.COUNT:
        return page.say("form.error.whole", low=low, high=high)
    return page.say("form.error.number", low=low, high=high, example=page.formats.number(EXAMPLES[question.kind]))


def typed_again(page: Page, question: Question, given: str | None) -> dict[str, str]:
    """What was answered in this visit, as its fields would hold it."""
    if not given or given == "none":
        return {}
    if question.kind in TYPED and given != NO_FEVER:
        return {"value": page.formats.number(given)}
    if question.kind is Kind.INTAKE and given != "all":
        doses = questions.intake_of(given)
        ticked = {name: "yes" for name in ("off_day", "stopped") if getattr(doses, name)}
        return (
            ticked
            if doses.stopped and not (doses.missed or doses.extra)
            else {**ticked, "missed": str(doses.missed), "extra": str(doses.extra)}
        )
    return {}


def number_in(text: str) -> str:
    """38,5 · 38.5 · 38°5 · 38,5 °C · 64 kg → the codebook's 38.5; anything else comes back as it is, to be refused."""
    plain = unicodedata.normalize("NFKC", text).strip().casefold()
    plain = re.sub(r"\s*(?:°\s*c?|degr[eé]s?|kg|kilos?)$", "", plain)
    plain = re.sub(r"(?<=\d)\s*[,.°]\s*(?=\d)", ".", plain)
    return plain if re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", plain) else text


def _intake(page: Page, typed: Mapping[str, str]) -> Typed:
    if typed.get("value") == "all":
        return Typed("all")
    counts = {name: typed.get(name, "").strip() for name in ("missed", "extra")}
    ticked = [name for name in ("off_day", "stopped") if typed.get(name)]
    if "stopped" in ticked and not any(counts.values()):
        return Typed("+".join(ticked))
    errors = {name: page.say("form.error.intake") for name, count in counts.items() if not re.fullmatch(r"[0-9]{1,2}", count)}
    if errors:
        return Typed(errors=errors)
    parts = [f"{name}:{int(count)}" for name, count in counts.items() if int(count)]
    return Typed("+".join([*parts, *ticked]) or "all")


def _words(page: Page, typed: Mapping[str, str]) -> Typed:
    if typed.get("value") == "none":
        return Typed("none")
    words = typed.get("words", "").strip()
    if not words:
        return Typed(errors={"words": page.say("form.error.words")})
    return free_words(page, words)


def free_words(page: Page, words: str) -> Typed:
    """Words as typed; too many at once are refused and stay in the field."""
    return Typed(words=words) if len(words) <= LONGEST else Typed(errors={"words": page.say("form.error.too_long")})


# --- When answers are read ----------------------------------------------------------------------------------------------------------


def hours(page: Page, opening: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """Opening hours in a sentence's words: "du lundi au vendredi de 8 h à 18 h, le samedi de 9 h à 12 h"."""
    groups: list[tuple[int, int, Sequence[Sequence[str]]]] = []
    for day in range(7):
        spans = opening.get(str(day), [])
        if not spans:
            continue
        if groups and groups[-1][1] == day - 1 and groups[-1][2] == spans:
            groups[-1] = (groups[-1][0], day, spans)
        else:
            groups.append((day, day, spans))
    return page.say("form.hours.then").join(_group(page, *group) for group in groups)


def _group(page: Page, first: int, last: int, spans: Sequence[Sequence[str]]) -> str:
    said_spans = page.say("form.hours.and").join(
        page.say("form.hours.span", opens=page.formats.hour(opens), closes=page.formats.hour(closes)) for opens, closes in spans
    )
    if first == last:
        return page.say("form.hours.one", day=page.formats.weekday(first), spans=said_spans)
    return page.say("form.hours.range", first=page.formats.weekday(first), last=page.formats.weekday(last), spans=said_spans)
