"""No French page of a protocol of the library speaks English: sources, notes, labels, thresholds, units."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from app.protocols import looks, shelf
from app.protocols.citing import cited, noted
from triage.protocol import Protocol

ENGLISH = re.compile(
    r"\b(the|and|of|with|from|over|under|weeks?|days?|or|any|loss|liver|count|label|leaflet|stop|hold|is|dosage|warnings|other|bp)\b",
    re.I,
)


def french(protocol: Protocol) -> Iterator[str]:
    """Every French sentence that its page shows."""
    yield from (cited(source.words, "fr") for source in protocol.sources.values())
    yield from (cited(words["fr"], "fr") for words in protocol.proposals.values())
    yield from (rule.why["fr"] for rule in protocol.rules)
    yield from (cited(rule.source, "fr") for rule in protocol.rules)
    yield from looks.thresholds(protocol, "fr").values()
    yield from (said.texts["fr"] for entry in protocol.monitoring for said in (entry.item, entry.when))
    for one in protocol.thresholds.values():
        note, language = noted(one.note, "fr")
        assert language == "fr" or not one.note, one.note
        yield note


def test_every_sentence_of_every_french_page_is_french() -> None:
    library = shelf.compiled().values()
    assert {words for protocol in library for words in french(protocol) if ENGLISH.search(words)} == set()
    assert any(ENGLISH.search(source.words) for protocol in library for source in protocol.sources.values()), "it sees English where it is"


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        ("Notice de Xeloda / package leaflet (§ 2-4, EU)", "Notice de Xeloda (§ 2-4, UE)"),
        ("Lonsurf, tables d'adaptation de dose / dose modification tables (Tables 4-5 (TRITICC); 2.2 (USPI), EU+US)",
         "Lonsurf, tables d'adaptation de dose (tableaux 4-5 (TRITICC) ; 2.2 (notice américaine), UE+États-Unis)"),
        ("Arrêt. [EU+US, Clin J Oncol Nurs 2018;22:627, early-onset fluoropyrimidine toxicity ; non vérifié]",
         "Arrêt. [UE+États-Unis, Clin J Oncol Nurs 2018;22:627, toxicité précoce des fluoropyrimidines ; non vérifié]"),
        ("Protocole du service, relu par nous (2026)", "Protocole du service, relu par nous (2026)"),
    ],
)  # fmt: skip
def test_a_source_is_read_in_french_and_kept_as_cited(kept: str, read: str) -> None:
    assert cited(kept, "fr") == read
    assert cited(kept, "en") == kept


def test_a_note_without_french_says_that_it_is_english() -> None:
    assert noted("stands for grade 3; the score is our choice", "fr") == ("tient lieu de grade 3 ; le score est notre choix", "fr")
    assert noted("stands for grade 3; our nurses asked for it", "fr") == ("stands for grade 3; our nurses asked for it", "en")
