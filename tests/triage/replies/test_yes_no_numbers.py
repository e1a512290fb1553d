"""Numbers in answer to yes or no: only our own menu's digits answer."""

from __future__ import annotations

import pytest

from tests.triage.replies.lists import words
from triage import replies
from triage.terms import Asked, Heard, Kind

CHEST = Asked(Kind.YES_NO, ("chest_pain",))


@pytest.mark.parametrize("text", ["0 0 1", "0 0 0", "1 2", "0 1 2", "0,0,1", "37 2"])
def test_scores_meant_for_another_question_are_no_answer_about_the_chest(text: str) -> None:
    assert replies.read(text, CHEST, "fr", words()).heard is Heard.ASK_AGAIN


def test_times_of_another_symptom_are_no_yes_about_the_chest() -> None:
    """HZ-07: six stools became a pain in the chest that nobody said."""
    assert replies.read("diarrhée 6 fois cette nuit", CHEST, "fr", words()).heard is Heard.SYMPTOM
    assert replies.read("3 fois", CHEST, "fr", words()).value == "yes"
    assert replies.read("vomi 2 fois", Asked(Kind.YES_NO, ("vomited",)), "fr", words()).value == "yes"


@pytest.mark.parametrize("text", ["bouche 0", "fatigue zéro", "aucune fatigue", "diarrhée 0"])
def test_none_of_another_symptom_is_no_denial_about_the_chest(text: str) -> None:
    """HZ-07: the figure belongs to the symptom it stands beside."""
    reading = replies.read(text, CHEST, "fr", words())
    assert (reading.heard, [value for _, value in reading.told]) == (Heard.ASK_AGAIN, ["0"])
    assert replies.read(f"non, {text}", CHEST, "fr", words()).value == "no"


@pytest.mark.parametrize(("text", "value"), [("1", "yes"), ("2", "no"), ("2.", "no"), ("1 oui", "yes"), ("2 non", "no")])
def test_our_own_menu_still_answers(text: str, value: str) -> None:
    assert replies.read(text, CHEST, "fr", words()).value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("non pardon 1", "yes"),
        ("ah non pardon c'était 1, je suis tombée hier", "yes"),
        ("pardon 1", "yes"),
        ("non pardon, oui", "yes"),
        ("c'était 1 pas 2", "yes"),
        ("no sorry 1", "yes"),
        ("oops I meant 1", "yes"),
        ("pardon, 2 pas 1", "no"),
        ("je me suis trompée, c'est non", "no"),
        ("non pardon je suis tombée hier", "reopen"),
    ],
)
def test_the_no_that_opens_a_correction_is_not_its_value(text: str, value: str) -> None:
    """HZ-20: "non pardon 1" after a "2" about a fall was read as "no" once more, and the fall was lost."""
    reading = replies.read(text, CHEST, "fr", words())
    assert (reading.heard, reading.value) == (Heard.CORRECTION, value)


def test_no_and_our_one_settle_nothing() -> None:
    assert replies.read("non 1", CHEST, "fr", words()).heard is Heard.ASK_AGAIN
    assert replies.read("c'est 1", CHEST, "fr", words()).value == "yes"


def test_sorry_without_a_word_of_the_menu_corrects_no_yes_or_no() -> None:
    assert replies.read("pardon 2 oublis", CHEST, "fr", words()).heard is Heard.ASK_AGAIN


@pytest.mark.parametrize(
    ("text", "language", "heard", "value"),
    [
        ("je n'ai pas compris", "fr", Heard.ASK_AGAIN, "ambiguous"),
        ("non je n'ai pas compris", "fr", Heard.ASK_AGAIN, "ambiguous"),
        ("je n'ai pas mes lunettes", "fr", Heard.ASK_AGAIN, "ambiguous"),
        ("je n'ai pas reçu la question", "fr", Heard.ASK_AGAIN, "ambiguous"),
        ("I did not understand", "en", Heard.ASK_AGAIN, "ambiguous"),
        ("I did not see the question", "en", Heard.ASK_AGAIN, "ambiguous"),
        ("I did not", "en", Heard.ANSWER, "no"),
        ("non pas tout le temps", "fr", Heard.ANSWER, "no"),
        ("je n'ai pas saigné", "fr", Heard.ANSWER, "no"),
        ("oui, je n'ai pas compris pourquoi", "fr", Heard.ANSWER, "yes"),
    ],
)
def test_what_says_that_the_question_was_not_understood_denies_nothing(text: str, language: str, heard: Heard, value: str) -> None:
    """HZ-36: "je n'ai pas compris" beside a red flag was read as a no."""
    reading = replies.read(text, Asked(Kind.YES_NO, ("bleeding",)), language, words())
    assert (reading.heard, reading.value) == (heard, value)
