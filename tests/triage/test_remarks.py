"""What the kind pharmacist says of questions and answers, sentence by sentence (HZ-17, HZ-20)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest

from tests.triage.protocol.small import SYMPTOMS, compiled
from triage import checks, engine
from triage.checks import Remark
from triage.conditions import Case, Condition, Finding
from triage.protocol import Protocol
from triage.questions import Question
from triage.terms import Answer, Context, Kind, Level

SMALL = compiled()


def of(protocol: Protocol, *where: str) -> list[Remark]:
    """What is said of these places."""
    return [remark for remark in checks.remarks(protocol) if remark.where in where]


def test_everything_there_is_to_say_of_the_small_protocol() -> None:
    """Nobody hears of 30 °C or of thirty stools, no rule reads the stools, two levels ring at one door, six values are unverified."""
    alone = (
        "une seule personne est prévenue (team) : si elle ne répond pas, personne ne répond. Ajouter un échelon.",
        "only one person is told (team): when they do not answer, nobody does. Add a rung.",
    )
    assert set(checks.remarks(SMALL)) == {
        Remark(
            "questions.temperature",
            "température : au pire (30), personne n'est prévenu. Ajouter une règle, ou ne pas poser la question.",
            "temperature: at its worst (30) nobody is told. Add a rule, or do not ask the question.",
        ),
        Remark(
            "questions.stools",
            "selles : la question est posée et aucune règle ne lit la réponse.",
            "stools: the question is asked and no rule reads the answer.",
        ),
        Remark(
            "questions.stools",
            "selles : au pire (30), personne n'est prévenu. Ajouter une règle, ou ne pas poser la question.",
            "stools: at its worst (30) nobody is told. Add a rule, or do not ask the question.",
            grave=False,
        ),
        Remark("levels.high", *alone),
        Remark("levels.moderate", *alone),
        Remark(
            "sources",
            "6 valeurs ne sont pas vérifiées dans leur source : à lire avant de signer.",
            "6 values are not verified in their source: read them before signing.",
            grave=False,
        ),
    }


# --- Answers, one at a time ---------------------------------------------------------------------------------------------------------


def looked_at() -> list[tuple[Mapping[str, Answer], Context]]:
    """Answers and context of every check-in that is tried."""
    with mock.patch.object(engine, "assess", wraps=engine.assess) as assess:
        checks.remarks(SMALL)
    return [(call.args[1], call.args[2]) for call in assess.call_args_list]


def test_one_check_in_of_each_rhythm_is_tried_on_its_first_day() -> None:
    """Days 3 and 9 of cycles 1 and 2; every seventh day from day 2 from cycle 3 on; every fourth day of the first window."""
    days = {(context.cycle, context.cycle_day, context.on_day, context.due) for _, context in looked_at()}
    assert days == {
        (1, 3, True, ("temperature", "diarrhea", "stools")),
        (3, 2, True, ("diarrhea",)),
        (1, 3, True, ("temperature",)),
    }
    assert {context.asked_on for _, context in looked_at()} == {checks.SOME_DAY}


def test_one_answer_gets_worse_while_the_others_are_at_their_best() -> None:
    best = {"temperature": Decimal("37.0"), "diarrhea": Decimal(0), "stools": Decimal(0)}
    tried = [answers for answers, context in looked_at() if context.due == tuple(best)]
    assert all(answers.keys() == best.keys() and all(one.key == key for key, one in answers.items()) for answers in tried)
    values = [{key: one.value for key, one in answers.items()} for answers in tried]
    assert [given["stools"] for given in values if given["stools"]] == [Decimal(n) for n in range(1, 31)]
    assert [given["diarrhea"] for given in values if given["diarrhea"]] == [Decimal(n) for n in range(1, 5)]
    assert all(sum(given[key] != best[key] for key in best) <= 1 for given in values)


def odd(level: Level, *fires_at: int) -> Protocol:
    """The small protocol with a rule that no file could hold: at these scores of diarrhoea and at no other."""

    def look(case: Case) -> Any:
        return case.value("diarrhea")

    def judge(value: Any) -> Finding:
        return Finding(value in [Decimal(score) for score in fires_at], False, lambda: ("", ""))

    rule = next(rule for rule in SMALL.rules if rule.id == "loose")
    strange = replace(rule, id="odd", level=level, all_of=(Condition("odd", frozenset({"diarrhea"}), ("odd",), look, judge),))
    return replace(SMALL, rules=(*SMALL.rules, strange))


def test_a_level_that_falls_while_the_patient_gets_worse_is_told_with_its_day() -> None:
    assert of(odd(Level.HIGH, 1), "questions.diarrhea") == [
        Remark(
            "questions.diarrhea",
            "diarrhée : de 1 à 2 l'état s'aggrave et le niveau baisse, de high à moderate "
            f"(cycle {cycle}, jour {day}). Revoir la règle qui décide.",
            "diarrhoea: from 1 to 2 the answer gets worse and the level better, high to moderate "
            f"(cycle {cycle}, day {day}). Look at the rule that decides.",
        )
        for cycle, day in ((1, 3), (3, 2))
    ]


@pytest.mark.parametrize(
    ("level", "scores", "told"),
    [
        (Level.URGENT, (1, 2, 3, 4), True),
        (Level.HIGH, (1, 2, 3, 4), False),
        (Level.URGENT, (2, 3, 4), True),
        (Level.URGENT, (3, 4), False),
    ],
)
def test_nothing_then_urgent_wants_a_step_between(level: Level, scores: tuple[int, ...], told: bool) -> None:
    before, at = scores[0] - 1, scores[0]
    expected = Remark(
        "questions.diarrhea",
        f"diarrhée : rien à {before}, urgent à {at}. Il manque un palier entre les deux seuils.",
        f"diarrhoea: nothing at {before}, urgent at {at}. A step is missing between the two thresholds.",
        grave=False,
    )
    assert of(odd(level, *scores), "questions.diarrhea") == ([expected] if told else [])


MORE = """
[questions.apart]
kind = "free_text"
label = { fr = "autre", en = "other" }
name = { fr = "autre", en = "other" }

[questions.begun]
kind = "cycle_start"
label = { fr = "debut", en = "start" }
name = { fr = "début", en = "start" }

[questions.hurt]
kind = "pain_0_10"
label = { fr = "douleur", en = "pain" }
name = { fr = "douleur", en = "pain" }

[questions.mass]
kind = "weight_kg"
unit = "kg"
label = { fr = "poids", en = "weight" }
name = { fr = "poids", en = "weight" }

[questions.times]
kind = "count_24h"
label = { fr = "fois", en = "times" }
name = { fr = "fois", en = "times" }
text = { fr = "fois", en = "times" }
"""
ANY_SCORE = """
[[rules]]
id = "any"
family = "raw"
level = "moderate"
all_of = [{ answer = "any", at_least = "loose" }]
why = { fr = "Un symptôme.", en = "A symptom." }
source = "label"
verified = true

[[proposals]]
id = "pause"
"""
ASKED = ("apart", "begun", "hurt", "mass", "times", "trouble")


def asking(*keys: str) -> Protocol:
    """Asked besides, in each check-in of the first rhythm."""
    beats = [replace(beat, ask=(*beat.ask, *keys)) if beat.first_cycle == 1 and beat.days else beat for beat in with_more().rhythm]
    return replace(with_more(), rhythm=tuple(beats))


def with_more(*change: str) -> Protocol:
    return compiled(*change, signs=SYMPTOMS + MORE)


def unread(protocol: Protocol) -> list[str]:
    return [remark.where for remark in checks.remarks(protocol) if "no rule reads" in remark.en]


def test_every_question_that_no_rule_reads_is_named() -> None:
    """But those that people read: a free text, the start of a cycle, a weight; and a score where a rule reads any score."""
    protocol = asking(*ASKED)
    assert unread(protocol) == ["questions.hurt", "questions.stools", "questions.times", "questions.trouble"]
    reading_any = with_more('\n[[proposals]]\nid = "pause"\n', ANY_SCORE)
    assert unread(replace(reading_any, rhythm=protocol.rhythm)) == ["questions.hurt", "questions.stools", "questions.times"]


@pytest.mark.parametrize(
    ("key", "worst", "name", "grave"),
    [("times", 40, ("fois", "times"), True), ("trouble", 4, ("gêne", "trouble"), True), ("stools", 30, ("selles", "stools"), False)],
)
def test_a_question_at_its_worst_must_be_worth_a_person(key: str, worst: int, name: tuple[str, str], grave: bool) -> None:
    """A detail of a symptom counts with its symptom: there it is a remark and no more."""
    [one] = [remark for remark in of(asking(key), f"questions.{key}") if "worst" in remark.en]
    assert one == Remark(
        f"questions.{key}",
        f"{name[0]} : au pire ({worst}), personne n'est prévenu. Ajouter une règle, ou ne pas poser la question.",
        f"{name[1]}: at its worst ({worst}) nobody is told. Add a rule, or do not ask the question.",
        grave,
    )


def test_pain_at_its_worst_may_tell_nobody() -> None:
    assert [remark for remark in of(asking("hurt"), "questions.hurt") if "worst" in remark.en] == []


@pytest.mark.parametrize(
    ("question", "chains"),
    [
        (Question("x", Kind.SEVERITY), [(0, 1, 2, 3, 4)]),
        (Question("x", Kind.COUNT, low=Decimal(2), high=Decimal(5)), [(2, 3, 4, 5)]),
        (Question("x", Kind.YES_NO), [(False, True)]),
        (
            Question("x", Kind.INTAKE),
            [
                ("all", *(f"missed:{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14))),
                ("all", *(f"extra:{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14))),
                ("all", "off_day"),
                ("all", "stopped"),
            ],
        ),
        (Question("x", Kind.FREE_TEXT), []),
    ],
)
def test_a_chain_goes_from_best_to_worst_without_a_gap(question: Question, chains: list[tuple[object, ...]]) -> None:
    assert list(checks.worsenings(question)) == chains
