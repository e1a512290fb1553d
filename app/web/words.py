"""The words of the screens: one plain file per screen and language under words/, and the French of every refusal."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from babel.dates import format_date

from app.core.errors import FieldErrors, Refusal, Said
from app.protocols.scales import term_in
from app.web.formats import UNITS
from notifications.languages import languages

FOLDER = Path(__file__).parent / "words"
LANGUAGES = tuple(code for code in languages() if (FOLDER / code / "base.toml").exists())
"""Languages the staff's screens exist in, found in the files."""
TERMS = frozenset({"symptom", "term"})
"""Values of a refusal that are CTCAE terms: a French reader reads their French names."""
PLURAL = frozenset({"one", "other"})

log = structlog.get_logger(__name__)


@cache
def catalog(language: str) -> dict[str, str | dict[str, str]]:
    """Every key of a language: "<file>.<table>.<key>" to a sentence, or to its two plural forms."""
    found: dict[str, str | dict[str, str]] = {}
    for path in sorted((FOLDER / language).glob("*.toml")):
        if path.stem != "refusals":
            _flatten(tomllib.loads(path.read_text(encoding="utf-8")), path.stem, found)
    for code, spoken in languages().items():
        found.setdefault(f"language.{code}", spoken.name)  # a language added by files alone has a name at once
    return {key: _set(value) for key, value in found.items()} if _like(language) == "fr" else found


def _like(language: str) -> str:
    """Whose typography and plurals a language follows (notifications/texts/<language>/language.toml)."""
    spoken = languages().get(language)
    return spoken.like if spoken else language


@cache
def exist_in(screen: str) -> tuple[str, ...]:
    """Languages in which a patient's screen ("form", "sheet") is whole: with every word the first language has, found in the files."""
    words = {code: {key for key in catalog(code) if key.startswith(f"{screen}.")} for code in languages()}
    return tuple(code for code, keys in words.items() if keys and keys >= words[LANGUAGES[0]])


def for_patient(screen: str, reads: Iterable[str], otherwise: str) -> str:
    """The first language a patient reads in which this screen exists; else ``otherwise``, for whoever explains it to them (HZ-36)."""
    return next((language for language in reads if language in exist_in(screen)), otherwise)


def _set(value: str | dict[str, str]) -> str | dict[str, str]:
    """French typography: what stands before : ; ? » and after « never goes to the next line."""
    if isinstance(value, dict):
        return {form: str(_set(text)) for form, text in value.items()}
    return re.sub(r" (?=[:;?»%])|(?<=«) ", "\u00a0", value)


def _flatten(table: dict[str, Any], prefix: str, found: dict[str, str | dict[str, str]]) -> None:
    for key, value in table.items():
        name = f"{prefix}.{key}"
        if isinstance(value, dict) and set(value) != PLURAL:
            _flatten(value, name, found)
        else:
            found[name] = value


@cache
def refusals() -> dict[str, str]:
    """The French of each English refusal."""
    return tomllib.loads((FOLDER / "fr" / "refusals.toml").read_text(encoding="utf-8"))


def say(language: str, key: str, n: int | None = None, /, **values: object) -> str:
    """The sentence of a key, its named places filled. ``n`` chooses the plural form: French counts 0 and 1 as one, English only 1.

    A key that is missing is shown as it is, so that a screen of alerts is never lost for want of a word; a test finds it first.
    """
    found = catalog(language).get(key)
    if found is None:
        log.warning("a word of the screens is missing", where=key)
        return key
    if isinstance(found, dict):
        single = (n or 0) < 2 if _like(language) == "fr" else n == 1
        found = found["one" if single else "other"]
    if n is not None:
        values.setdefault("n", n)
    return _filled(found, values)


def _filled(found: str, values: Mapping[str, object]) -> str:
    """Places filled; a value that ends with a full stop of its own ("30 nov.") before the one of its sentence keeps only one."""
    ended = {name: one[:-1] for name, one in values.items() if isinstance(one, str) and one.endswith(".") and f"{{{name}}}." in found}
    return found.format(**{**values, **ended}) if values else found


def has(language: str, key: str) -> bool:
    """Is there a sentence for this key?"""
    return key in catalog(language)


def sentence(language: str, english: str, **values: object) -> str:
    """A refusal's sentence in the reader's language; its values too, when they are words themselves."""
    words = refusals() if language == "fr" else {}
    said = {key: term_in(str(value), language) if key in TERMS else _value(language, value, words) for key, value in values.items()}
    own = words.get(english, english)
    return _filled(own, said)


def _value(language: str, value: object, words: dict[str, str]) -> object:
    if isinstance(value, timedelta):
        seconds = max(0, int(value.total_seconds()))
        span = (
            f"{seconds} s"
            if seconds < 60
            else f"{seconds // 60} min"
            if seconds < 3600
            else f"{seconds // 3600} h {seconds // 60 % 60:02d}"
        )
        return f"il y a {span}" if language == "fr" else f"{span} ago"
    if isinstance(value, date):
        return format_date(value, "EEE d MMM y", locale=language)
    if isinstance(value, Decimal):
        return str(value).replace(".", ",") if language == "fr" else value
    return words.get(str(value)) or UNITS.get(str(value), value)


def refused(language: str, refusal: Refusal) -> str:
    """What a refusal says to this reader."""
    return sentence(language, refusal.sentence, **refusal.values)


def told(language: str, said: str) -> str:
    """One sentence of a refusal (plain, or ``Said``) in the reader's language."""
    return sentence(language, said.sentence, **said.values) if isinstance(said, Said) else sentence(language, said)


def fields(language: str, refusal: Refusal) -> dict[str, str]:
    """One sentence beside each field that a refusal names."""
    if isinstance(refusal, FieldErrors):
        return {field: told(language, said) for field, said in refusal.fields.items()}
    return {refusal.field: refused(language, refusal)} if refusal.field else {}
