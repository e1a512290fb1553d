"""Sources as a French reader reads them: a file cites in both languages or in English, and what is kept stays as it was cited."""

from __future__ import annotations

import csv
import re
from functools import cache

from app.protocols.scales import FOLDER

FRENCH = FOLDER.parent / "sources-fr.csv"
"""Words of a source, clauses of a note, and our French for them (2026-11-23): a reading help, never the citation itself."""
REGION = re.compile(r"other|[A-Z]{2}(?:[+/][A-Z]{2})*")
REGIONS = {
    "EU": "UE",
    "US": "États-Unis",
    "UK": "Royaume-Uni",
    "CA": "Canada",
    "CH": "Suisse",
    "IT": "Italie",
    "SE": "Suède",
    "AU": "Australie",
    "FR": "France",
    "other": "autre pays",
}
LABEL = re.compile(r"(?P<text>.*) \[(?P<region>[^\],]+), (?P<title>.*?)(?P<doubt> ; [^;\]]+)?\]", re.DOTALL)
"""How a proposal cites its label, at its end: "… [EU+US, title ; not verified]"."""


@cache
def _known() -> dict[str, str]:
    with FRENCH.open(encoding="utf-8", newline="") as file:
        return {row["words"]: row["fr"] for row in csv.DictReader(file)}


def cited(words: str, language: str) -> str:
    """A source, or a sentence that ends with its label in brackets, for this reader; words the library does not know stay."""
    if language != "fr":
        return words
    if label := LABEL.fullmatch(words):
        return f"{label['text']} [{_regions(label['region'])}, {_title(label['title'])}{label['doubt'] or ''}]"
    title, detail = _parts(words)
    return f"{_title(title)} ({_detail(detail)})" if detail else _title(title)


def noted(note: str, language: str) -> tuple[str, str]:
    """A threshold's note for this reader, and the language it is in: English where one of its clauses has no French yet."""
    clauses = note.split("; ")
    if language != "fr" or not all(clause in _known() for clause in clauses):
        return note, "en"
    return " ; ".join(_known()[clause] for clause in clauses), "fr"


def _parts(words: str) -> tuple[str, str]:
    """The title, and what stands in the last brackets, which may hold brackets; none where the title itself ends so."""
    if words in _known() or not words.endswith(")"):
        return words, ""
    depth = 0
    for place in range(len(words) - 1, 0, -1):
        depth += {")": 1, "(": -1}.get(words[place], 0)
        if depth == 0:
            return words[:place].rstrip(), words[place + 1 : -1]
    return words, ""


def _title(title: str) -> str:
    return _known().get(title) or title.split(" / ")[0]


def _detail(detail: str) -> str:
    section, _, region = detail.rpartition(", ")
    if detail in _known() or not REGION.fullmatch(region):
        return _known().get(detail, detail)
    return f"{_known().get(section, section)}, {_regions(region)}" if section else _regions(region)


def _regions(codes: str) -> str:
    return re.sub(r"other|[A-Z]{2}", lambda code: REGIONS.get(code[0], code[0]), codes) if REGION.fullmatch(codes) else codes
