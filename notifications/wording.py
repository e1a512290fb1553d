"""Template key + language + typed values → the text of an SMS. The only source of SMS bodies (SEC-01).

Every text is a file, ``texts/<language>/<key>.txt``; ``texts/catalogue.toml`` lists the keys, their limits and the review of each.
A value of a person's file cannot slip in: a placeholder takes a number, a moment, the service's own telephone or a ``Label``, which
only reviewed data (protocols, symptoms) may make.
"""

from __future__ import annotations

import hashlib
import re
import string
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType

from notifications import policy
from notifications.messages import Label, Missing, Moment, Noted

LANGUAGES = ("fr", "en")
TEXTS = Path(__file__).parent / "texts"


class WordingError(ValueError):
    """A text cannot be made: missing language, unknown key or placeholder, wrong value, wrong alphabet, too long."""


@dataclass(frozen=True)
class Template:
    """One text in every language, as reviewed. limit: units (septets). answers: the natural replies, for the opt-out check.

    clinical: "draft" or "signed". fingerprint: of the texts as they are; ``reviewed`` ends with that of the texts as reviewed.
    """

    key: str
    when: str
    limit: int
    answers: tuple[str, ...]
    reviewed: str
    clinical: str
    fingerprint: str
    texts: Mapping[str, str]
    names: frozenset[str]


# --- Values: how each kind of placeholder is said ----------------------------------------------------------------------------------

_DAYS = {
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_LEVELS = {
    "fr": {"info": "info", "moderate": "modéré", "high": "élevé", "urgent": "URGENT"},
    "en": {"info": "info", "moderate": "moderate", "high": "high", "urgent": "URGENT"},
}


def _text(pattern: str, limit: int) -> Callable[[object, str], str]:
    def say(value: object, _language: str) -> str:
        if not isinstance(value, str) or len(value) > limit or not re.fullmatch(pattern, value):
            raise WordingError(f"{value!r} is not of the expected form (at most {limit} characters)")
        return value

    return say


def _label(limit: int) -> Callable[[object, str], str]:
    def say(value: object, _language: str) -> str:
        if not isinstance(value, Label):
            raise WordingError(f"{value!r} is not a Label: only words of a reviewed document may enter a text")
        if not value.text.strip() or len(value.text) > limit:
            raise WordingError(f"the label {value.text!r} is empty or longer than {limit} characters")
        return value.text

    return say


def _number(low: int, high: int) -> Callable[[object, str], str]:
    def say(value: object, _language: str) -> str:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise WordingError(f"{value!r} is not a whole number from {low} to {high}")
        return str(value)

    return say


def _decimal(value: object, language: str) -> str:
    if not isinstance(value, Decimal) or not value.is_finite() or not -1000 < value < 1000:
        raise WordingError(f"{value!r} is not a decimal number of ordinary size")
    return str(value).replace(".", ",") if language == "fr" else str(value)


def _hour(value: object, language: str) -> str:
    if not isinstance(value, time):
        raise WordingError(f"{value!r} is not a time of day")
    if language == "fr":
        return f"{value.hour} h {value.minute:02d}" if value.minute else f"{value.hour} h"
    minutes = f":{value.minute:02d}" if value.minute else ""
    return f"{value.hour % 12 or 12}{minutes} {'am' if value.hour < 12 else 'pm'}"


def _day(value: object, language: str) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise WordingError(f"{value!r} is not a day")
    return _DAYS[language][value.weekday()]


def _moment(before: Mapping[str, str]) -> Callable[[object, str], str]:
    def say(value: object, language: str) -> str:
        if not isinstance(value, Moment) or value.at.tzinfo is None or value.now.tzinfo is None:
            raise WordingError(f"{value!r} is not a Moment with a zone")
        ahead = (value.at.date() - value.now.date()).days
        if value.at < value.now or ahead > 365:
            raise WordingError(f"{value.at:%Y-%m-%d %H:%M} is past, or more than a year ahead: it cannot be promised")
        hour = before[language] + _hour(value.at.time(), language)
        if ahead == 0:
            return hour
        if ahead == 1:
            return f"demain {hour}" if language == "fr" else f"{hour} tomorrow"
        name = _DAYS[language][value.at.weekday()]
        if ahead < 7:
            return f"{name} {hour}" if language == "fr" else f"{hour} {name}"
        return f"le {value.at:%d/%m} {hour}" if language == "fr" else f"{hour} on {value.at:%d/%m}"

    return say


def _level(value: object, language: str) -> str:
    try:
        return _LEVELS[language][str(value)]
    except KeyError:
        raise WordingError(f"{value!r} is not a level that is announced") from None


def _emergency(either: Mapping[str, str]) -> Callable[[object, str], str]:
    def say(value: object, language: str) -> str:
        number = _text(r"[0-9]{2,4}", 4)(value, language)
        return either[language] if number == "15" else number  # 112 answers in Europe only: never beside another number

    return say


def _labels(value: object, language: str) -> str:
    return ", ".join(f"{chr(65 + i)} {_label(15)(label, language)}" for i, label in enumerate(_several(value)))


def _several(value: object) -> Sequence[object]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not 2 <= len(value) <= 3:
        raise WordingError(f"{value!r}: a text asks about two or three symptoms together (one has its own question)")
    return value


def _noted(value: object, language: str) -> str:
    if not isinstance(value, Sequence) or isinstance(value, str) or not 1 <= len(value) <= 9:
        raise WordingError(f"{value!r}: between one and nine answers are echoed")
    said = []
    for item in value:
        if not isinstance(item, Noted):
            raise WordingError(f"{item!r} is not a Noted answer")
        said.append(f"{_label(25)(item.label, language)} {_noted_value(item.value, language)}")
    return ", ".join(said)


def _noted_value(value: int | Decimal | Label | None, language: str) -> str:
    if value is None:
        return "?"
    if isinstance(value, Label):
        return _label(25)(value, language)
    return _decimal(value, language) if isinstance(value, Decimal) else _number(0, 999)(value, language)


def _missing(value: object, language: str) -> str:
    if not isinstance(value, Sequence) or not 1 <= len(value) <= 3:
        raise WordingError(f"{value!r}: one to three missing parts are named")
    said = []
    for part in value:
        if not isinstance(part, Missing) or not 0 <= part.index < 3:
            raise WordingError(f"{part!r} is not a Missing part A, B or C")
        said.append(f"{chr(65 + part.index)} ({_label(15)(part.label, language)})")
    return ", ".join(said)


_LONG = Label("W" * 15)
_MIDNIGHT = datetime.fromisoformat("2026-11-25T00:00+00:00")  # a Wednesday, the longest name in both languages
_LATEST = Moment(_MIDNIGHT.replace(hour=20, minute=30), _MIDNIGHT.replace(day=22))

PLACEHOLDERS: Mapping[str, tuple[Callable[[object, str], str], object]] = MappingProxyType(
    {
        "svc": (_text(r"[A-Za-z0-9éèàùÉ' .-]+", 12), "W" * 12),
        "tel": (_text(r"\+?[0-9][0-9 .]+", 13), "+447700900123"),
        "sos": (_emergency({"fr": "15", "en": "15 or 112"}), "15"),
        "sos_or_112": (_emergency({"fr": "15 ou le 112", "en": "15 or 112"}), "15"),
        "day": (_day, _MIDNIGHT.date()),
        "hour": (_hour, time(10, 30)),
        "when": (_moment({"fr": "avant ", "en": "before "}), _LATEST),
        "opening": (_moment({"fr": "", "en": ""}), _LATEST),
        "limit": (_decimal, Decimal("38.5")),
        "minutes": (_number(1, 240), 120),
        "link": (_text(r"https?://[A-Za-z0-9.:/_-]+", 56), "https://" + "w" * 48),
        "symptom": (_label(25), Label("W" * 25)),
        "question": (_label(95), Label("W" * 95)),
        "labels": (_labels, (_LONG, _LONG, _LONG)),
        "count": (_number(2, 3), 3),
        "example": (_text(r"[0-9 ]+", 5), "1 0 2"),
        "noted": (_noted, tuple(Noted(_LONG, 10) for _ in range(3))),
        "missing": (_missing, (Missing(1, _LONG), Missing(2, _LONG))),
        "level": (_level, "moderate"),
        "ref": (_text(r"[A-Z0-9-]+", 8), "W" * 8),
    }
)
"""name → (how it is said, its longest value). Lengths of shipped texts are checked with the longest values."""


# --- Templates --------------------------------------------------------------------------------------------------------------------


@cache
def catalogue() -> Mapping[str, Template]:
    """Every text, read once and checked: both languages, same placeholders, all known, GSM-7. Raises WordingError otherwise."""
    listed = tomllib.loads((TEXTS / "catalogue.toml").read_text(encoding="utf-8"))
    on_disk = {path.stem for language in LANGUAGES for path in (TEXTS / language).glob("*.txt")}
    if on_disk != set(listed):
        raise WordingError(f"texts and catalogue.toml differ: {', '.join(sorted(on_disk ^ set(listed)))}")
    return MappingProxyType({key: _template(key, entry) for key, entry in listed.items()})


def _template(key: str, entry: Mapping[str, object]) -> Template:
    texts = {}
    for language in LANGUAGES:
        path = TEXTS / language / f"{key}.txt"
        if not path.exists():
            raise WordingError(f"{key}: no text in {language!r}; write {path.parent.name}/{path.name}")
        texts[language] = " ".join(path.read_text(encoding="utf-8").split())
    names = {language: _names(key, text) for language, text in texts.items()}
    if len(set(names.values())) > 1:
        raise WordingError(f"{key}: the languages do not use the same placeholders: {names}")
    for language, text in texts.items():
        if strange := policy.not_gsm7(text):
            raise WordingError(f"{key} ({language}): {strange!r} is outside the SMS alphabet; reword")
    answers = entry.get("answers", ())
    return Template(
        key=key,
        when=str(entry["when"]),
        limit=policy.QUESTION_UNITS if entry["segments"] == 1 else policy.ADVICE_UNITS,
        answers=tuple(str(a) for a in answers) if isinstance(answers, list) else (),
        reviewed=str(entry.get("reviewed", "")),
        clinical=str(entry.get("clinical", "")),
        fingerprint=hashlib.sha256("\n".join(texts[lang] for lang in LANGUAGES).encode()).hexdigest()[:8],
        texts=MappingProxyType(texts),
        names=names[LANGUAGES[0]],
    )


def _names(key: str, text: str) -> frozenset[str]:
    found = set()
    for _, name, spec, conversion in string.Formatter().parse(text):
        if name is None:
            continue
        if name not in PLACEHOLDERS or spec or conversion:
            raise WordingError(f"{key}: {{{name}}} is not a known placeholder; known: {', '.join(sorted(PLACEHOLDERS))}")
        found.add(name)
    return frozenset(found)


def render(key: str, language: str, values: Mapping[str, object]) -> str:
    """The text, ready to leave. Raises WordingError rather than send something wrong, cut or in another language.

    ``values`` holds exactly the placeholders of the text; ``count`` and ``example`` follow from ``labels``.
    """
    template = catalogue().get(key)
    if template is None:
        raise WordingError(f"there is no text called {key!r}")
    if language not in template.texts:
        raise WordingError(f"{key}: no text in {language!r}; there is {', '.join(template.texts)}")
    given = dict(values)
    if "labels" in given:
        size = len(_several(given["labels"]))
        given |= {name: value for name, value in (("count", size), ("example", "1 0 2"[: 2 * size - 1])) if name in template.names}
    if given.keys() != template.names:
        raise WordingError(f"{key}: expected the values {sorted(template.names)}, was given {sorted(given)}")
    body = template.texts[language].format(**{name: PLACEHOLDERS[name][0](value, language) for name, value in given.items()})
    if strange := policy.not_gsm7(body):
        raise WordingError(f"{key} ({language}): {strange!r} is outside the SMS alphabet")
    units = policy.length(body).units
    if units > template.limit:
        raise WordingError(f"{key} ({language}): {units} units, at most {template.limit}")
    return body


def longest(key: str) -> dict[str, object]:
    """The longest value of each placeholder of ``key``: what lengths are checked with."""
    return {name: PLACEHOLDERS[name][1] for name in catalogue()[key].names if name not in ("count", "example")}
