"""What is said of rules, rhythms and levels, whole, and the days and delays from which it is said (HZ-17, HZ-20)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.triage.protocol.small import SYMPTOMS, compiled
from triage import checks
from triage.calendar import Beat, Pattern
from triage.checks import Remark
from triage.protocol import Protocol
from triage.terms import Level

SMALL = compiled()


def of(protocol: Protocol, *where: str) -> list[Remark]:
    """What is said of these places."""
    return [remark for remark in checks.remarks(protocol) if remark.where in where]


# --- Rules --------------------------------------------------------------------------------------------------------------------------

APNEA = """
[questions.apnea]
kind = "yes_no"
label = { fr = "souffle", en = "breath" }
name = { fr = "souffle", en = "breath" }
text = { fr = "le souffle court", en = "short of breath" }
"""
STRONGER = """
[[rules]]
id = "stronger"
family = "raw"
level = "high"
all_of = [{ answer = "diarrhea", at_least = "loose" }]
why = { fr = "Forte.", en = "Strong." }
source = "label"
verified = true

[[proposals]]
id = "pause"
"""


def test_a_weaker_rule_that_a_stronger_one_forestalls_is_told_whole() -> None:
    protocol = compiled('\n[[proposals]]\nid = "pause"\n', STRONGER)
    assert of(protocol, "rules[loose]", "rules[stronger]") == [
        Remark(
            "rules[loose]",
            "diarrhea à 2 donne moderate, mais stronger donne déjà high dès 2 : "
            "les seuils sont dans le mauvais ordre, il y a un trou entre les niveaux.",
            "diarrhea at 2 gives moderate, but stronger already gives high from 2: "
            "the thresholds are in the wrong order and leave a gap between the levels.",
        )
    ]


def test_what_a_rule_waits_for_and_nobody_asks_is_told_whole() -> None:
    changed = 'all_of = [{ answer = "trouble", at_least = "loose" }, { yes = "apnea" }, { answer = "diarrhea", at_least = "loose" }]'
    protocol = compiled('all_of = [{ answer = "diarrhea", at_least = "loose" }]', changed, signs=SYMPTOMS + APNEA)
    assert of(protocol, "rules[loose]") == [
        Remark(
            "rules[loose]",
            "attend une réponse qu'aucun bilan ne demande : apnea, trouble. Elle ne décide que si le patient en parle de lui-même.",
            "waits for an answer that no check-in asks: apnea, trouble. It decides only when the patient speaks of it unasked.",
            grave=False,
        )
    ]


# --- Rhythm -------------------------------------------------------------------------------------------------------------------------


def pause(cycle: int, days: int) -> Remark:
    return Remark(
        "check_ins",
        f"cycle {cycle} : {days} jours de suite sans bilan.",
        f"cycle {cycle}: {days} days in a row without a check-in.",
        grave=False,
    )


def rhythm(dosing: Pattern | None, *beats: Beat) -> list[Remark]:
    return of(replace(SMALL, dosing=dosing, rhythm=tuple(replace(beat, ask=("diarrhea",)) for beat in beats)), "check_ins")


THREE_WEEKS, SIX_WEEKS = Pattern(2, 14, 7), Pattern(1, 28, 14)


@pytest.mark.parametrize(
    ("dosing", "beats", "told"),
    [
        (THREE_WEEKS, [Beat(days=(1,))], []),
        (THREE_WEEKS, [Beat(days=(21,))], []),
        (THREE_WEEKS, [Beat(2, None, (1,))], [pause(1, 21)]),
        (THREE_WEEKS, [Beat(1, 1, (1,)), Beat(3, None, (1,))], [pause(2, 21)]),
        (THREE_WEEKS, [Beat(1, 2, (1,)), Beat(4, None, (1,))], [pause(3, 21)]),
        (THREE_WEEKS, [Beat(1, 3, (1,)), Beat(5, None, (1,))], []),
        (THREE_WEEKS, [Beat(4, None, (1,))], [pause(1, 21), pause(2, 21), pause(3, 21)]),
        (SIX_WEEKS, [Beat(days=(1, 22))], []),
        (SIX_WEEKS, [Beat(days=(21, 42))], []),
        (SIX_WEEKS, [Beat(days=(1, 23))], [pause(1, 21), pause(2, 21), pause(3, 21)]),
        (SIX_WEEKS, [Beat(days=(22,))], [pause(1, 21), pause(2, 21), pause(3, 21)]),
        (SIX_WEEKS, [Beat(days=(21,))], [pause(1, 21), pause(2, 21), pause(3, 21)]),
        (SIX_WEEKS, [Beat(days=(10,))], [pause(1, 32), pause(2, 32), pause(3, 32)]),
        (Pattern(1), [Beat(every=21, from_day=21)], []),
        (None, [Beat(every=21, from_day=21)], []),
        (None, [Beat(every=21, from_day=21, to_day=63)], [pause(1, 21)]),
        (None, [Beat(2, None, (1,))], [pause(1, 84)]),
    ],
)
def test_a_pause_of_three_weeks_is_worth_a_remark(dosing: Pattern | None, beats: list[Beat], told: list[Remark]) -> None:
    """A whole three-week cycle unseen, wherever it lies: the first three cycles are looked at, or twelve weeks of a treatment without."""
    assert rhythm(dosing, *beats) == told


@pytest.mark.parametrize(("lasts", "told"), [((6, 2), 6), ((2, 6), 6), ((6, None), None)])
def test_a_rhythm_that_ends_is_told_with_its_last_cycle(lasts: tuple[int, int | None], told: int | None) -> None:
    expected = Remark(
        "check_ins",
        f"après le cycle {told}, plus aucun bilan : le patient serait seul. Ajouter un rythme sans dernier cycle.",
        f"after cycle {told} there is no check-in any more: the patient would be alone. Add a rhythm without a last cycle.",
    )
    found = [remark for remark in rhythm(THREE_WEEKS, *(Beat(1, last, (1,)) for last in lasts)) if remark.grave]
    assert found == ([expected] if told else [])


# --- Levels -------------------------------------------------------------------------------------------------------------------------


def with_level(level: Level, **change: object) -> Protocol:
    return replace(SMALL, levels={**SMALL.levels, level: SMALL.levels[level].model_copy(update=change)})


@pytest.mark.parametrize(
    ("strong", "weak", "within", "told"),
    [
        (Level.HIGH, Level.MODERATE, timedelta(days=3), True),
        (Level.HIGH, Level.MODERATE, timedelta(days=2), False),
        (Level.URGENT, Level.HIGH, timedelta(hours=5), True),
        (Level.URGENT, Level.HIGH, timedelta(hours=4), False),
    ],
)
def test_a_stronger_level_is_never_slower(strong: Level, weak: Level, within: timedelta, told: bool) -> None:
    where = f"levels.{strong.word}"
    expected = Remark(
        where,
        f"le délai de {strong.word} est plus long que celui de {weak.word}.",
        f"the delay of {strong.word} is longer than that of {weak.word}.",
    )
    assert (expected in checks.remarks(with_level(strong, respond_within=within))) is told


def test_an_urgency_in_opening_hours_is_told_whole() -> None:
    assert of(with_level(Level.URGENT, service_hours=True), "levels.urgent") == [
        Remark(
            "levels.urgent",
            "l'urgence attend l'ouverture du service. Écrire service_hours = false.",
            "an urgency waits for opening hours. Write service_hours = false.",
        )
    ]
