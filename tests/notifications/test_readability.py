"""HZ-36: every French text for a patient is measured. Kandel-Moles 60 or more, sentences of 12 words at most (house rule, 2026-11-22)."""

from __future__ import annotations

import pytest

from notifications.readability import EASY, LONGEST, Reading, measure, syllables
from notifications.wording import catalogue, render, typical

FRENCH = [key for key, template in catalogue().items() if "fr" in template.texts]


def reading_of(key: str) -> Reading:
    """As a patient reads it, the sender's name apart."""
    values = typical(key)
    return measure(render(key, "fr", values).removeprefix(f"{values.get('svc')} : "))


@pytest.mark.parametrize("key", FRENCH)
def test_every_french_text_is_easy_to_read(key: str) -> None:
    """HZ-36. What fails is reworded, not excused: see notifications/README.md."""
    found = reading_of(key)
    assert found.score >= EASY, f"{key}: Kandel-Moles {found.score}, at least {EASY}"
    assert found.longest <= LONGEST, f"{key}: {found.longest} words, at most {LONGEST}: {found.sentence}"


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("nausées", 2),
        ("infirmière", 3),
        ("fièvre", 1),
        ("oublié", 3),
        ("payer", 2),
        ("SMS", 3),
        ("diarrhée", 2),
        ("été", 2),
        ("réalité", 4),
        ("l'eau", 1),
        ("peut-être", 2),
        ("maintenant", 3),
        ("oeuf", 1),
        ("théâtre", 2),
        ("que", 1),
        ("fatigue", 2),
        ("les", 1),
        ("vie", 1),
        ("37,2", 2),
        ("h", 1),
    ],
)
def test_syllables_as_they_are_said(word: str, count: int) -> None:
    """Counted by hand. "été" is two: hyphenation points, which common tools count, would say one and flatter every text."""
    assert syllables(word) == count


def test_the_formula_on_a_sentence_counted_by_hand() -> None:
    """Le chat dort. Il a bu du lait. → 8 words, 2 sentences, 8 syllables: 207 - 1.015 x 4 - 73.6 x 1 = 129.34."""
    found = measure("Le chat dort. Il a bu du lait.")
    assert (found.words, found.sentences, found.longest, found.score) == (8, 2, 5, 129.3)


@pytest.mark.parametrize(
    ("text", "words", "sentences"),
    [
        ("Appelez le 0199001234 maintenant.", 3, 1),  # a number is dialled, not read
        ("Par ex. 37,2. Merci.", 4, 2),  # an abbreviation ends nothing, nor does a comma within a number
        ("Urgence : 15. Fermé à 17 h 30 ; rappelez demain.", 9, 4),
        ("Vos questions : https://suivi.example/q/abc.def puis merci", 4, 2),
    ],
)
def test_what_counts_as_a_word_and_as_a_sentence(text: str, words: int, sentences: int) -> None:
    found = measure(text)
    assert (found.words, found.sentences) == (words, sentences)


def test_a_hard_text_fails_on_both_counts() -> None:
    """The measure can say no."""
    found = measure(
        "En cas d'aggravation symptomatologique significative, l'établissement préconise une consultation hospitalière immédiate "
        "auprès de votre correspondant habituel."
    )
    assert found.score < 0
    assert found.longest == 16
    assert not found.is_easy


def test_a_text_without_a_word_is_refused() -> None:
    with pytest.raises(ValueError, match="no word to read"):
        measure("15 . +33639980001".replace("15", ""))
