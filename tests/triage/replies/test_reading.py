"""Cases worth a name: what a misunderstanding of each would cost."""

from __future__ import annotations

import pytest

from tests.triage.replies.lists import words
from triage.replies import read, scan
from triage.terms import Asked, Escalate, Heard, Kind, Reading


def heard(text: str, kind: Kind = Kind.NONE, *keys: str) -> Reading:
    return read(text, Asked(kind, keys), "fr", words())


def test_a_value_and_a_danger_stay_visible_together() -> None:
    """Mrs Hoarau answers her three questions and adds the sentence that matters."""
    reading = heard("2 1 0 et du sang dans les selles", Kind.MULTI, "nausea", "diarrhea", "fatigue")
    assert reading.heard is Heard.ANSWER
    assert reading.values == ("2", "1", "0")
    assert reading.dangers == ("bleeding",)
    assert reading.escalate is Escalate.URGENT


def test_a_missing_part_is_unknown_and_never_zero() -> None:
    """Mr Payet answered two of three: the third is asked for, not invented."""
    reading = heard("2 1", Kind.MULTI, "nausea", "diarrhea", "fatigue")
    assert (reading.heard, reading.value, reading.values) == (Heard.PARTIAL, "2|1|?", ("2", "1", None))


def test_a_range_keeps_the_worse_end_and_says_so() -> None:
    """FR-13: the echo must be able to say which end was kept."""
    assert heard("2 ou 3", Kind.SEVERITY).notes == ("range_kept_higher",)
    assert heard("101.3", Kind.TEMPERATURE).notes == ("fahrenheit",)
    assert heard("37 ce matin, 38.7 ce soir", Kind.TEMPERATURE).notes == ("two_readings",)
    assert "callback" in heard("2 rappelez moi au 0639980012", Kind.SEVERITY).notes


def test_stop_counts_alone_only() -> None:
    """SEC-17: one word ends the texts; "arrêté" may be the tablets; a sentence is for a nurse."""
    assert heard("STOP").value == "STOP"
    assert heard("Stop.", Kind.SEVERITY).value == "STOP"
    assert heard("stp", Kind.SEVERITY).value != "STOP"
    assert heard("il faut que ça stop ces nausées", Kind.SEVERITY).value != "STOP"
    assert heard("arrêté", Kind.INTAKE).value == "stop_or_stopped"
    assert heard("j'ai arrêté le traitement").value == "stopped"
    assert heard("stop, je crache du sang").escalate is Escalate.URGENT


def test_help_is_not_a_cry_for_help() -> None:
    """AIDE is a keyword; "aidez-moi" is distress."""
    assert heard("AIDE").value == "HELP"
    assert heard("aidez-moi").escalate is Escalate.URGENT


@pytest.mark.parametrize(
    ("typed", "value"),
    [("0 0", "all"), ("2 0", "missed:2"), ("0 1", "extra:1"), ("1 1", "missed:1+extra:1"), ("2,0", "missed:2"), ("zéro zéro", "all")],
)
def test_missed_and_extra_are_two_numbers(typed: str, value: str) -> None:
    """Missed and extra are counted apart and never cancel."""
    assert heard(typed, Kind.INTAKE, "intake").value == value


@pytest.mark.parametrize("typed", ["0", "1", "2", "oui"])
def test_one_number_for_two_questions_is_no_answer(typed: str) -> None:
    """ "0" may be no dose missed or no dose taken."""
    assert heard(typed, Kind.INTAKE, "intake").heard is Heard.ASK_AGAIN


def test_39_is_a_weight_where_a_weight_is_asked() -> None:
    """Miss Fontaine weighs 39 kilos; the same number alone, unasked, is a fever."""
    assert heard("39", Kind.WEIGHT).escalate is Escalate.NO
    assert scan("39", "fr", words(), Asked(Kind.WEIGHT)) == ()
    assert scan("39", "fr", words()) == ("fever",)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("je respire pas bien", True),
        ("je respire bien, pas de souci", False),
        ("pas de fièvre et frissons", True),
        ("pas de fièvre ni frissons", False),
        ("j'ai plus mal à la poitrine", True),
        ("je n'ai plus du tout mal à la poitrine", False),
        ("j'arrête pas de saigner", True),
        ("non j'ai de la fièvre", True),
        ("je sais pas si j'ai de la fièvre, je brûle", True),
        ("si j'ai de la fièvre j'appelle qui ?", False),
        ("malaise hier, ça va mieux", True),
        ("malaise vagal en 2012, rien depuis", False),
        ("mon voisin a fait un malaise", False),
        ("mon mari a fait un malaise", True),
        ("le chien a vomi toute la nuit", False),
        ("jamais eu aussi mal à la poitrine", True),
        ("vomissements 0 essoufflement 0", False),
    ],
)
def test_negation_condition_past_and_person(text: str, found: bool) -> None:
    """When in doubt whether a danger is cancelled, it is not."""
    assert bool(scan(text, "fr", words())) is found


def test_a_french_patient_may_write_creole_or_english() -> None:
    """All lists are searched whatever the language on file."""
    assert scan("mi gingn pa respiré", "fr", words()) == ("dyspnea",)
    assert scan("cant catch my breath", "fr", words()) == ("dyspnea",)


def test_a_picture_is_seen_by_a_person() -> None:
    """A photo cannot be read: a nurse is told, also beside an answer."""
    assert (heard("<MMS>", Kind.FREE_TEXT).value, heard("<MMS>", Kind.FREE_TEXT).escalate) == ("media", Escalate.NURSE)
    both = heard("2 <MMS>", Kind.SEVERITY)
    assert (both.value, both.escalate, both.notes) == ("2", Escalate.NURSE, ("media",))


def test_texts_sent_within_a_minute_are_one_reply() -> None:
    """Three short texts, joined by the app with new lines."""
    assert heard("2\n1\n0", Kind.MULTI).value == heard("2<NEXT>1<NEXT>0", Kind.MULTI).value == "2|1|0"


def test_a_lower_correction_keeps_its_words() -> None:
    """A correction names what it replaces; the app keeps the old value in history."""
    assert (heard("c'est 1 pas 3", Kind.SEVERITY).heard, heard("c'est 1 pas 3", Kind.SEVERITY).value) == (Heard.CORRECTION, "1")
    assert heard("correction question 2 : 3", Kind.MULTI).value == "q2=3"
    assert heard("ERREUR", Kind.SEVERITY).value == "reopen"
