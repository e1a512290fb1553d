"""The steps that no file can write: what a nurse reads of a danger sign, of an answer that cannot stand, of a red flag left open."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.triage.protocol.small import compiled
from triage import engine
from triage.conditions import Finding
from triage.protocol import Override, Protocol
from triage.terms import Answer, Context, Escalate, Level, Step, Value

DAY = date(2026, 3, 4)
PROTOCOL = compiled()


def house(rule: str, level: Level, why: tuple[str, str], inputs: tuple[str, str], family: str) -> Step:
    """A step of the house that fired."""
    return Step(rule, level, True, True, False, _both(inputs), _both(why), "Vigie", family=family)


def _both(texts: tuple[str, str]) -> dict[str, str]:
    return {"fr": texts[0], "en": texts[1]}


def step(rule: str, given: dict[str, Value | None] | None = None, protocol: Protocol = PROTOCOL, **more: object) -> Step:
    """The one step of that name."""
    answers = {key: Answer(key, value) for key, value in (given or {}).items()}
    context = Context(DAY, cycle=1, cycle_day=3, on_day=True, due=tuple(answers))
    got = engine.assess(protocol, answers, replace(context, **more))  # type: ignore[arg-type]  # fields by name
    [found] = [one for one in got.steps if one.rule == rule]
    return found


SIGN = ("Un signe de danger est écrit dans le message.", "The message contains a danger sign.")
PERSON = ("La lecture du message demande une personne.", "The reading of the message asks for a person.")
UNJUDGED = ("Une règle ou une réponse n'a pas pu être jugée.", "A rule or an answer could not be judged.")
OPEN = ("Un signe d'alerte est resté sans réponse.", "A red flag was left without an answer.")


@pytest.mark.parametrize(
    ("dangers", "level", "inputs"),
    [
        (("bleeding",), Level.URGENT, ("saignement", "bleeding")),
        (("jaundice",), Level.HIGH, ("peau ou yeux jaunes", "yellow skin or eyes")),
        (("jaundice", "fever"), Level.URGENT, ("peau ou yeux jaunes, fièvre", "yellow skin or eyes, fever")),
        (("snakebite", "chills"), Level.URGENT, ("snakebite, frissons", "snakebite, chills")),
    ],
)
def test_danger_signs_are_named_in_both_languages(dangers: tuple[str, ...], level: Level, inputs: tuple[str, str]) -> None:
    """HZ-01: a code without words is told as it is; only pregnancy and jaundice may wait for the day's nurse."""
    assert step("reader-danger", dangers=dangers) == house("reader-danger", level, SIGN, inputs, "reader")


@pytest.mark.parametrize(
    ("floor", "level", "inputs"),
    [
        (Escalate.NURSE, Level.HIGH, ("plancher : infirmière", "floor: nurse")),
        (Escalate.URGENT, Level.URGENT, ("plancher : urgent", "floor: urgent")),
    ],
)
def test_the_floor_of_the_reader_is_told(floor: Escalate, level: Level, inputs: tuple[str, str]) -> None:
    assert step("reader-floor", escalate=floor) == house("reader-floor", level, PERSON, inputs, "reader")


@pytest.mark.parametrize(
    ("key", "value", "inputs", "error"),
    [
        (
            "temperature",
            Decimal(385),
            ("réponse impossible, température = 385", "impossible answer, temperature = 385"),
            "temperature: 385 is outside 30 to 45 °C",
        ),
        (
            "humeur",
            "bonne",
            ("réponse impossible, humeur = bonne", "impossible answer, humeur = bonne"),
            "humeur: is not a question of this protocol",
        ),
    ],
)
def test_an_answer_that_cannot_stand_says_why(key: str, value: Value, inputs: tuple[str, str], error: str) -> None:
    """SEC-38: it was not judged, so nothing is said of whether it is met; a person reads it the same day."""
    expected = replace(house("could-not-be-judged", Level.HIGH, UNJUDGED, inputs, "house"), met=None, error=error)
    assert step("could-not-be-judged", {key: value}) == expected


def test_a_rule_that_throws_names_itself_and_its_layer() -> None:
    def fail(_: object) -> Finding:
        raise ZeroDivisionError("a mistake")

    rules = [replace(rule, all_of=(replace(rule.all_of[0], judge=fail),)) if rule.id == "loose" else rule for rule in PROTOCOL.rules]
    got = step("could-not-be-judged", {"diarrhea": Decimal(0)}, replace(PROTOCOL, rules=tuple(rules)))
    expected = house("could-not-be-judged", Level.HIGH, UNJUDGED, ("règle loose", "rule loose"), "house")
    assert got == replace(expected, met=None, error="ZeroDivisionError: a mistake", layer="onepill@2026-02-01")


def test_red_flags_left_open_at_the_close_name_the_question_to_ask_once() -> None:
    """Two rules wait for the temperature: a nurse reads what to ask, never the code words of rules."""
    inputs = ("à demander : température", "to ask: temperature")
    assert step("waiting-at-close", {"temperature": None}, closing=True) == house("waiting-at-close", Level.MODERATE, OPEN, inputs, "house")


def test_an_exception_is_told_and_never_fires() -> None:
    """Why, by whom, until when, and which layer; it decides nothing by itself."""
    override = Override("onepill@2026-02-01+odette", "stomie, 6 selles par jour", "Dr Petit", date(2026, 3, 31))
    got = step("patient-exception", protocol=replace(PROTOCOL, override=override))
    why = (
        "Exception pour ce patient jusqu'au 2026-03-31 : stomie, 6 selles par jour",
        "Exception for this patient until 2026-03-31: stomie, 6 selles par jour",
    )
    expected = house("patient-exception", Level.NONE, why, ("Dr Petit", "Dr Petit"), "house")
    assert got == replace(expected, fired=False, met=False, layer="onepill@2026-02-01+odette")
