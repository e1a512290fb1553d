"""The words of the screens: one plain file per screen and language under words/, and the French of every refusal."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import structlog

from app.core.errors import FieldErrors, Refusal

LANGUAGES = ("fr", "en")
FOLDER = Path(__file__).parent / "words"
PLURAL = frozenset({"one", "other"})

log = structlog.get_logger(__name__)


@cache
def catalog(language: str) -> dict[str, str | dict[str, str]]:
    """Every key of a language: "<file>.<table>.<key>" to a sentence, or to its two plural forms."""
    found: dict[str, str | dict[str, str]] = {}
    for path in sorted((FOLDER / language).glob("*.toml")):
        if path.stem != "refusals":
            _flatten(tomllib.loads(path.read_text(encoding="utf-8")), path.stem, found)
    return found


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


def say(language: str, key: str, n: int | None = None, **values: object) -> str:
    """The sentence of a key, its named places filled. ``n`` chooses the plural form: French counts 0 and 1 as one, English only 1.

    A key that is missing is shown as it is, so that a screen of alerts is never lost for want of a word; a test finds it first.
    """
    found = catalog(language).get(key)
    if found is None:
        log.warning("a word of the screens is missing", where=key)
        return key
    if isinstance(found, dict):
        single = (n or 0) < 2 if language == "fr" else n == 1
        found = found["one" if single else "other"]
    return found.format(n=n, **values) if n is not None or values else found


def has(language: str, key: str) -> bool:
    """Is there a sentence for this key?"""
    return key in catalog(language)


def sentence(language: str, english: str, **values: object) -> str:
    """A refusal's sentence in the reader's language; its values too, when they are words themselves."""
    if language == "en":
        return english.format(**values) if values else english
    words = refusals()
    french = words.get(english, english)
    return french.format(**{key: words.get(str(value), value) for key, value in values.items()}) if values else french


def refused(language: str, refusal: Refusal) -> str:
    """What a refusal says to this reader."""
    return sentence(language, refusal.sentence, **refusal.values)


def fields(language: str, refusal: Refusal) -> dict[str, str]:
    """One sentence beside each field that a refusal names."""
    if isinstance(refusal, FieldErrors):
        return {field: sentence(language, english) for field, english in refusal.fields.items()}
    return {refusal.field: refused(language, refusal)} if refusal.field else {}
