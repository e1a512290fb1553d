"""All rules run, the highest level wins; what throws, what is odd and what is missing alarm, they never reassure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.support.protocols import SLUGS, TODAY, answers, calm, context, edited, fired, judge, layers, shipped
from triage import engine
from triage.advice import EMERGENCY_NOW, NURSE_DANGERS
from triage.conditions import Condition
from triage.protocol import FAMILIES, Protocol, parse
from triage.terms import ALARMING, DANGERS, Answer, Context, Escalate, Level, Measured, Past

CAPECITABINE = shipped("capecitabine-14-7@2026-11-22")
SUNITINIB = shipped("sunitinib-28-14@2026-11-22")
SOLO = Context(TODAY, due=())
"""A text that nobody asked for: nothing is due."""


@pytest.mark.parametrize("slug", SLUGS)
def test_a_calm_check_in_is_calm(slug: str) -> None:
    got = judge(shipped(slug), {})
    assert (got.level, got.respond_within, got.notify, got.advice, got.self_care) == (Level.NONE, None, "", "", "")
    assert len(got.steps) == len(shipped(slug).rules), "every rule leaves a step, fired or not"
    assert got.fingerprint == shipped(slug).fingerprint
    assert got.protocol == f"{slug}@{shipped(slug).effective_from}"


def test_the_highest_level_wins_and_the_trace_keeps_the_order() -> None:
    got = judge(CAPECITABINE, {"temperature": 38.5, "diarrhea": 2, "stools": 4, "nausea": 1})
    assert got.level is Level.URGENT
    assert (got.respond_within, got.notify) == (timedelta(minutes=30), "on_call")
    assert {"floor-fever", "capecitabine-diarrhea", "floor-moderate"} <= fired(got)
    order = [FAMILIES.index(step.family) for step in got.steps]
    assert order == sorted(order)
    assert (got.scores["diarrhea"], got.scores["nausea"]) == (2, 1)


@pytest.mark.parametrize("code", sorted(DANGERS))
def test_a_danger_word_is_urgent_whatever_the_answers(code: str) -> None:
    """Pregnancy and jaundice ask for a nurse the same day; every other code is urgent."""
    got = engine.assess(CAPECITABINE, {}, replace(SOLO, dangers=(code,)))
    assert got.level is (Level.HIGH if code in NURSE_DANGERS else Level.URGENT)
    assert "reader-danger" in fired(got)
    assert got.self_care == ""
    if code in EMERGENCY_NOW:
        assert got.advice == "urgent_15"


def test_the_trace_names_no_sign_where_only_the_weight_of_words_alarmed() -> None:
    """HZ-07: "a danger sign is written" would be read as a sign that somebody said."""
    (step,) = [one for one in engine.assess(CAPECITABINE, {}, replace(SOLO, dangers=(ALARMING,))).steps if one.rule == "reader-danger"]
    assert step.why["en"] == "Words that alarm, no named sign: read the message."
    (step,) = [
        one for one in engine.assess(CAPECITABINE, {}, replace(SOLO, dangers=(ALARMING, "fever"))).steps if one.rule == "reader-danger"
    ]
    assert step.why["en"] == "The message contains a danger sign."


def test_an_unknown_danger_code_is_urgent_too() -> None:
    assert engine.assess(CAPECITABINE, {}, replace(SOLO, dangers=("snakebite",))).level is Level.URGENT


@pytest.mark.parametrize(("floor", "level"), [(Escalate.NO, Level.NONE), (Escalate.NURSE, Level.HIGH), (Escalate.URGENT, Level.URGENT)])
def test_the_readers_floor_holds(floor: Escalate, level: Level) -> None:
    assert judge(CAPECITABINE, {}, escalate=floor).level is level


@pytest.mark.parametrize(
    ("dangers", "answered", "told"),
    [
        (("suicidal",), {}, "suicidal"),
        (("suicidal", "chest_pain"), {}, "urgent_15"),
        (("fever",), {}, "urgent_fever"),
        (("chills",), {}, "urgent_fever"),
        (("overdose",), {}, "urgent"),
        ((), {"temperature": 38.4}, "urgent_fever"),
        ((), {"temperature": 35.0}, "urgent_fever"),
        ((), {"stools": 9, "diarrhea": 3}, "urgent"),
        (("chest_pain",), {"temperature": 39}, "urgent_15"),
    ],
)
def test_the_text_follows_the_danger(dangers: tuple[str, ...], answered: dict[str, float], told: str) -> None:
    assert judge(CAPECITABINE, answered, dangers=dangers).advice == told


@pytest.mark.parametrize(
    ("answered", "advice", "self_care"),
    [
        ({"nausea": 1}, "", "nausea"),
        ({"nausea": 1, "fatigue": 1}, "", "fatigue"),
        ({"hand_foot": 2}, "confirm_g2", "hand_foot"),
        ({"hand_foot": 2, "nausea": 1}, "confirm_g2", "hand_foot"),
        ({"hand_foot": 2, "nausea": 2}, "confirm_g2", ""),
        ({"hand_foot": 3, "nausea": 1}, "confirm_g2", ""),
        ({"nausea": 1, "fatigue": None}, "", ""),
        ({}, "", ""),
    ],
)
def test_self_care_never_stands_beside_a_3_or_two_2s(answered: dict[str, int | None], advice: str, self_care: str) -> None:
    """Nor beside an unknown score: it may be a 3."""
    got = judge(CAPECITABINE, answered, cycle=5, cycle_day=10)
    assert (got.advice, got.self_care) == (advice, self_care)


def test_no_self_care_beside_a_danger_or_a_reader_floor() -> None:
    assert judge(CAPECITABINE, {"nausea": 1}, dangers=("jaundice",)).self_care == ""
    assert judge(CAPECITABINE, {"nausea": 1}, escalate=Escalate.NURSE).self_care == ""


LASTING = 'all_of = [{ lasting = "diarrhea", at_least = "diarrhea_mild", days = "diarrhea_days" }]'
MILD = 'all_of = [{ answer = "diarrhea", at_least = "diarrhea_mild" }]\nnone_of = [{ cycle = [1, 1] }]'


@pytest.mark.parametrize(("cycle", "met", "near"), [(1, False, False), (2, True, False), (None, None, True)])
def test_none_of_holds_a_rule_back(cycle: int | None, met: bool | None, near: bool) -> None:
    text = edited("capecitabine-14-7", LASTING, MILD)
    days = 'diarrhea_days     = { at = 4, unit = "days", source = "vigie_cape", verified = false }\n'
    protocol = parse(text.replace(days, ""), layers())
    got = engine.assess(protocol, answers(diarrhea=1), replace(SOLO, cycle=cycle))
    [step] = [step for step in got.steps if step.rule == "capecitabine-diarrhea-lasting"]
    assert (step.met, step.near, step.fired) == (met, near, met is True)


# --- What throws, what is odd -------------------------------------------------------------------------------------------------------


def broken(protocol: Protocol, rule_id: str, *, looking: bool) -> Protocol:
    def fail(_: object) -> object:
        raise ZeroDivisionError("a mistake in a rule")

    look = fail if looking else lambda _: 0
    condition = Condition("broken", frozenset(), ("broken",), look, fail)  # type: ignore[arg-type]  # broken on purpose
    rules = tuple(replace(r, all_of=(condition,)) if r.id == rule_id else r for r in protocol.rules)
    return replace(protocol, rules=rules)


@pytest.mark.parametrize("looking", [True, False])
@pytest.mark.parametrize("rule_id", [rule.id for rule in CAPECITABINE.rules])
def test_a_rule_that_throws_alarms(rule_id: str, looking: bool) -> None:
    """SEC-42, HZ: an exception in any rule makes an alert that says it could not be judged."""
    got = judge(broken(CAPECITABINE, rule_id, looking=looking), {"nausea": 1})
    assert got.level is Level.HIGH
    assert fired(got) == {"could-not-be-judged"}
    [step] = [step for step in got.steps if step.error]
    assert step.inputs == {"fr": f"règle {rule_id}", "en": f"rule {rule_id}"}
    assert step.error == "ZeroDivisionError: a mistake in a rule"
    assert step.met is None
    assert got.self_care == ""


def test_a_rule_that_throws_does_not_hide_the_others() -> None:
    got = judge(broken(CAPECITABINE, "floor-moderate", looking=True), {"temperature": 39})
    assert got.level is Level.URGENT
    assert {"could-not-be-judged", "floor-fever"} <= fired(got)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("temperature", Decimal(385)),
        ("temperature", True),
        ("temperature", "hot"),
        ("diarrhea", Decimal(5)),
        ("diarrhea", Decimal("NaN")),
        ("diarrhea", "2"),
        ("chest_pain", Decimal(1)),
        ("intake", "missed"),
        ("unheard_of", Decimal(1)),
        ("nausea", ["a", "list"]),
    ],
)
def test_an_answer_that_cannot_stand_is_told_not_guessed(key: str, value: object) -> None:
    """SEC-38, HZ-38: refused, unknown to every rule, and a person is told."""
    whole = calm(CAPECITABINE, 1, 5) | {key: Answer(key, value)}  # type: ignore[arg-type]  # any value, odd ones too
    got = engine.assess(CAPECITABINE, whole, context(CAPECITABINE, 1, 5))
    assert got.level is Level.HIGH
    assert fired(got) == {"could-not-be-judged"}
    assert key in next(step.error for step in got.steps if step.error)


def test_one_rule_in_the_dark_does_not_darken_the_same_facts_later() -> None:
    """Steps are remembered by facts: the same answers give the same step, other answers another."""
    calm_again = judge(CAPECITABINE, {})
    assert judge(CAPECITABINE, {"temperature": 39}).level is Level.URGENT
    assert judge(CAPECITABINE, {}) == calm_again


def test_the_memory_of_a_rule_does_not_grow_for_ever() -> None:
    rule = replace(CAPECITABINE.rules[0])
    protocol = replace(CAPECITABINE, rules=(rule,))
    for tenth in range(engine.REMEMBERED + 50):
        value = Decimal(300 + tenth % 140) / 10 + Decimal(tenth) / 1_000_000
        engine.assess(protocol, {"temperature": Answer("temperature", value)}, SOLO)
    assert 0 < len(rule.seen) <= engine.REMEMBERED


# --- Missing is unknown ---------------------------------------------------------------------------------------------------------------


def test_a_red_flag_unanswered_is_waited_for_then_told() -> None:
    """House: a check-in that closes with a red flag undecided is at least moderate."""
    waiting = judge(CAPECITABINE, {"temperature": None})
    assert waiting.level is Level.NONE
    assert set(waiting.undecided) == {"floor-fever", "floor-cold", "marrow-fever", "marrow-cold", "capecitabine-fever"}
    assert judge(CAPECITABINE, {"temperature": None}, closing=True).level is Level.MODERATE


def test_a_question_not_yet_asked_is_as_unknown_as_one_not_answered() -> None:
    got = engine.assess(CAPECITABINE, answers(nausea=0), context(CAPECITABINE, closing=True))
    assert got.level is Level.MODERATE
    assert "capecitabine-fever" in got.undecided


def test_without_a_list_of_what_is_due_every_red_flag_is() -> None:
    got = engine.assess(CAPECITABINE, {}, Context(TODAY, cycle=1, cycle_day=5, closing=True))
    assert got.level is Level.MODERATE
    assert {"capecitabine-fever", "fluoropyrimidine-chest-pain"} <= set(got.undecided)


def test_silence_alone_is_at_least_moderate() -> None:
    once = engine.assess(SUNITINIB, {}, context(SUNITINIB, closing=True, silences=1))
    assert (once.level, once.advice, once.self_care) == (Level.MODERATE, "", "")
    worried = engine.assess(SUNITINIB, {}, context(SUNITINIB, closing=True, silences=2, past=(Past(date(2026, 11, 15), {}, Level.HIGH),)))
    assert {"floor-silent-after-alert", "floor-silent-twice", "waiting-at-close"} <= fired(worried)


def test_a_no_in_words_about_fever_is_an_answer() -> None:
    got = judge(CAPECITABINE, {"temperature": "no_fever"}, closing=True)
    assert (got.level, got.undecided) == (Level.NONE, ())


def test_no_diarrhoea_answers_the_count_of_stools() -> None:
    asked = calm(CAPECITABINE)
    del asked["stools"]
    got = engine.assess(CAPECITABINE, asked, context(CAPECITABINE, closing=True))
    assert (got.level, got.undecided) == (Level.NONE, ())
    some = engine.assess(CAPECITABINE, asked | answers(diarrhea=1), context(CAPECITABINE, closing=True))
    assert (some.level, some.undecided) == (Level.MODERATE, ("capecitabine-stools-urgent",))


def test_a_measure_from_the_chart_counts() -> None:
    pressure = {"systolic_bp": Measured(Decimal(182), "mm[Hg]", TODAY)}
    assert judge(SUNITINIB, {}, measures=pressure).level is Level.URGENT


def test_rises_are_told_from_the_last_answer_and_from_before_treatment() -> None:
    before = (Past(TODAY - timedelta(days=2), {"fatigue": Decimal(0)}),)
    assert "floor-rise-since-last" in fired(judge(SUNITINIB, {"fatigue": 2}, past=before))
    assert "floor-rise-since-last" not in fired(judge(SUNITINIB, {"fatigue": 1}, past=before))
    assert "floor-rise-since-baseline" in fired(judge(SUNITINIB, {"fatigue": 3}, baseline={"fatigue": Decimal(1)}))
    assert "floor-rise-since-baseline" not in fired(judge(SUNITINIB, {"fatigue": 3}))


def test_what_the_label_proposes_comes_with_its_rule() -> None:
    got = judge(CAPECITABINE, {"hand_foot": 2}, cycle=3)
    said = [words["fr"] for words in got.proposals]
    assert said[0].startswith("La notice demande au patient d'arrêter et d'appeler.")
    assert said[1].startswith("Grade 2, 1re fois : pause jusqu'au grade 1, puis 100 %. [EU+US, ")
    assert len(said) == 5
    assert judge(CAPECITABINE, {}).proposals == ()
