"""CTCAE terms are read in the reader's language and kept in CTCAE's own."""

from __future__ import annotations

import pytest

from app.protocols import scales


def test_every_term_of_the_library_has_a_french_name() -> None:
    assert set(scales.french_terms()) == set(scales.ctcae_terms())
    assert all(name.strip() == name != "" for name in scales.french_terms().values())


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("hyperkaliémie", "Hyperkalemia"),
        ("Syndrome mains-pieds", "Palmar-plantar erythrodysesthesia syndrome"),
        ("diarrhea", "Diarrhea"),
        ("thrombopénie", "Platelet count decreased"),  # CTCAE's own term, before the older word that the questionnaire links to
        ("hoquet tenace", "hoquet tenace"),
    ],
)
def test_a_term_is_kept_by_its_ctcae_name_in_whichever_language_it_was_written(written: str, kept: str) -> None:
    assert scales.ctcae_term(written) == kept


def test_a_reader_reads_their_own_language() -> None:
    assert scales.term_in("Hyperkalemia", "fr") == "Hyperkaliémie"
    assert scales.term_in("Hyperkalemia", "en") == "Hyperkalemia"
    assert scales.term_in("ses mots", "fr") == "ses mots"
