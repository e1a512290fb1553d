"""The languages texts exist in, found in the files: texts/<code>/language.toml names one and says how its days, hours and numbers are said.

Adding a language is adding a folder; no line of code knows how many there are (notifications/README.md, "How to add a language").
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

TEXTS = Path(__file__).parent / "texts"
FILE = "language.toml"

_ANSWERS = frozenset({"yes", "no", "no_fever"})
_DOSES = frozenset({"doses", "all_taken", "missed", "extra", "off_day", "tablets", "not_taken"})
_ROUND = frozenset({"round", "started", "not_yet", "told_to_wait"})
FORMS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "hour": frozenset({"whole", "minutes"}),
        "moment": frozenset({"today", "tomorrow", "week", "later", "before"}),
        "emergency": frozenset({"sos", "sos_or_112", "night"}),
        "levels": frozenset({"info", "moderate", "high", "urgent"}),
        "again": frozenset({"unclear", "noted"}),
        "echo": _ANSWERS | _DOSES | _ROUND,
    }
)
"""Tables of a language file, and the words each must hold: a hole would be found while a patient waits for an answer."""


class LanguageError(ValueError):
    """A language file lacks something, or says something nobody can read."""


@dataclass(frozen=True)
class Language:
    """One language of the texts.

    name: in its own words. place: in lists. complete: every text exists; otherwise those marked ``core``, at least. checked: day and
    fingerprint of the texts a native reader approved, "" while nobody has. like: the language whose word lists read its replies and whose
    typography and plurals it follows. decimal: the mark. days: Monday first. forms: table → word → how it is said, see ``FORMS``.
    """

    code: str
    name: str
    place: int
    complete: bool
    checked: str
    like: str
    decimal: str
    days: tuple[str, ...]
    forms: Mapping[str, Mapping[str, str]]

    def form(self, table: str, word: str) -> str:
        """How one word of a table is said."""
        return self.forms[table][word]


@cache
def languages(folder: Path = TEXTS) -> Mapping[str, Language]:
    """Code → language, in the order of lists; read once. Raises LanguageError naming the file and what it lacks."""
    found = [_language(path) for path in folder.glob(f"*/{FILE}")]
    known = {language.code for language in found}
    for language in found:
        if language.like not in known:
            raise LanguageError(f"{language.code}/{FILE}: like = {language.like!r} is no language; there is {', '.join(sorted(known))}")
    return MappingProxyType({language.code: language for language in sorted(found, key=lambda one: (one.place, one.code))})


def _language(path: Path) -> Language:
    code = path.parent.name
    where = f"{code}/{path.name}"
    if not (code.isascii() and code.isalpha() and code.islower() and len(code) in (2, 3)):
        raise LanguageError(f"{where}: a language's folder is its ISO 639 code, two or three small letters")
    said: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    expected = {"name", "place", "complete", "checked", "like", "decimal", "days", *FORMS}
    if said.keys() != expected:
        raise LanguageError(f"{where}: missing or unknown: {', '.join(sorted(said.keys() ^ expected))}")
    for table, words in FORMS.items():
        if said[table].keys() != words:
            raise LanguageError(f"{where}: [{table}] missing or unknown: {', '.join(sorted(said[table].keys() ^ words))}")
    if len(said["days"]) != 7 or said["decimal"] not in (".", ","):
        raise LanguageError(f'{where}: seven days, Monday first, and "." or "," as decimal mark')
    return Language(
        code=code,
        name=str(said["name"]),
        place=int(said["place"]),
        complete=bool(said["complete"]),
        checked=str(said["checked"]),
        like=str(said["like"]),
        decimal=str(said["decimal"]),
        days=tuple(said["days"]),
        forms=MappingProxyType({table: MappingProxyType(dict(said[table])) for table in FORMS}),
    )
