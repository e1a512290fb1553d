"""Template key + language + typed values → the text of an SMS. The only source of SMS bodies (SEC-01).

Every text is a file, ``texts/<language>/<key>.txt``; ``texts/catalogue.toml`` lists the keys, their limits and the review of each;
``texts/<language>/language.toml`` says what a language is. How a value is said stands in values.py.
"""

from __future__ import annotations

import hashlib
import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from notifications import languages as found
from notifications import policy
from notifications.languages import LanguageError
from notifications.values import PLACEHOLDERS, WordingError, several

__all__ = [
    "COMPLETE",
    "LANGUAGES",
    "PLACEHOLDERS",
    "Template",
    "WordingError",
    "catalogue",
    "checked",
    "echo",
    "fingerprint",
    "has",
    "longest",
    "render",
    "typical",
]

TEXTS = found.TEXTS
LANGUAGES = tuple(found.languages())
"""Languages that texts exist in, found in the files."""
COMPLETE = tuple(code for code, language in found.languages().items() if language.complete)
"""Those in which everything can be said: what a service and its staff speak. The others have the texts marked ``core``, at least."""


@dataclass(frozen=True)
class Template:
    """One text in every language that has it, as reviewed. limit: units (septets). answers: natural replies, for the opt-out check.

    core: no language may be without it. clinical: "draft" or "signed". fingerprint: of the texts of the complete languages as they are;
    ``reviewed`` ends with that of the texts as reviewed.
    """

    key: str
    when: str
    limit: int
    answers: tuple[str, ...]
    core: bool
    reviewed: str
    clinical: str
    fingerprint: str
    texts: Mapping[str, str]
    names: frozenset[str]


@cache
def catalogue() -> Mapping[str, Template]:
    """Every text, read once and checked: no hole in a language, same placeholders, all known, GSM-7. Raises WordingError otherwise."""
    try:
        spoken = found.languages(TEXTS)
    except LanguageError as error:
        raise WordingError(str(error)) from error
    listed = tomllib.loads((TEXTS / "catalogue.toml").read_text(encoding="utf-8"))
    on_disk = {path.stem for path in TEXTS.glob("*/*.txt")}
    if on_disk != set(listed):
        raise WordingError(f"texts and catalogue.toml differ: {', '.join(sorted(on_disk ^ set(listed)))}")
    return MappingProxyType({key: _template(key, entry, spoken) for key, entry in listed.items()})


def _template(key: str, entry: Mapping[str, object], spoken: Mapping[str, found.Language]) -> Template:
    texts = {}
    for code, language in spoken.items():
        path = TEXTS / code / f"{key}.txt"
        if path.exists():
            texts[code] = " ".join(path.read_text(encoding="utf-8").split())
        elif language.complete or entry.get("core"):
            raise WordingError(f"{key}: no text in {code!r}; write {code}/{path.name}")
    names = {code: _names(key, text) for code, text in texts.items()}
    if len(set(names.values())) > 1:
        raise WordingError(f"{key}: the languages do not use the same placeholders: {names}")
    for code, text in texts.items():
        if strange := policy.not_gsm7(text):
            raise WordingError(f"{key} ({code}): {strange!r} is outside the SMS alphabet; reword")
    answers = entry.get("answers", ())
    return Template(
        key=key,
        when=str(entry["when"]),
        limit=policy.QUESTION_UNITS if entry["segments"] == 1 else policy.ADVICE_UNITS,
        answers=tuple(str(a) for a in answers) if isinstance(answers, list) else (),
        core=bool(entry.get("core", False)),
        reviewed=str(entry.get("reviewed", "")),
        clinical=str(entry.get("clinical", "")),
        fingerprint=_fingerprint(text for code, text in texts.items() if spoken[code].complete),
        texts=MappingProxyType(texts),
        names=next(iter(names.values())),
    )


def _fingerprint(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:8]


def fingerprint(language: str) -> str:
    """Of all the texts of one language as they are: what stands in ``checked`` once a native reader has approved them."""
    return _fingerprint(template.texts[language] for template in catalogue().values() if language in template.texts)


def checked(language: str) -> bool:
    """Has somebody who reads this language approved its texts as they stand? Of a complete language each text has its own review."""
    entry = found.languages()[language]
    return entry.complete or entry.checked.endswith(fingerprint(language))


def has(key: str, language: str) -> bool:
    """Can this text be said in this language?"""
    template = catalogue().get(key)
    return template is not None and language in template.texts


def echo(language: str, word: str) -> str:
    """A word of the echo ("oui", "toutes", "pas encore"), from the language's file. WordingError when there is no such language."""
    try:
        return found.languages()[language].form("echo", word)
    except KeyError:
        raise WordingError(f"there is no echo {word!r} in {language!r}") from None


def _names(key: str, text: str) -> frozenset[str]:
    names = set()
    for _, name, spec, conversion in string.Formatter().parse(text):
        if name is None:
            continue
        if name not in PLACEHOLDERS or spec or conversion:
            raise WordingError(f"{key}: {{{name}}} is not a known placeholder; known: {', '.join(sorted(PLACEHOLDERS))}")
        names.add(name)
    return frozenset(names)


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
        size = len(several(given["labels"]))
        given |= {name: value for name, value in (("count", size), ("example", "1 0 2"[: 2 * size - 1])) if name in template.names}
    if given.keys() != template.names:
        raise WordingError(f"{key}: expected the values {sorted(template.names)}, was given {sorted(given)}")
    body = template.texts[language].format(**{name: PLACEHOLDERS[name].say(value, language) for name, value in given.items()})
    if strange := policy.not_gsm7(body):
        raise WordingError(f"{key} ({language}): {strange!r} is outside the SMS alphabet")
    units = policy.length(body).units
    if units > template.limit:
        raise WordingError(f"{key} ({language}): {units} units, at most {template.limit}")
    return body


def longest(key: str) -> dict[str, object]:
    """The longest value of each placeholder of ``key``: what lengths are checked with."""
    return {name: PLACEHOLDERS[name].longest for name in catalogue()[key].names if name not in ("count", "example")}


def typical(key: str) -> dict[str, object]:
    """An ordinary value of each placeholder of ``key``: what reading is measured with."""
    return {name: PLACEHOLDERS[name].typical for name in catalogue()[key].names if name not in ("count", "example")}
