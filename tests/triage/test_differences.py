"""Today's protocol beside the draft, thing by thing: every difference named, in the words that the screens show."""

from __future__ import annotations

import pytest

from tests.triage.protocol.small import FLOOR, SYMPTOMS, compiled
from triage import differences
from triage.differences import Difference

NEW_RULE = """
[[rules]]
id = "new"
family = "raw"
level = "info"
all_of = [{ answer = "diarrhea", at_least = "loose" }, { cycle = [1, 2] }]
why = { fr = "N.", en = "N." }
source = "label"
verified = true

[[proposals]]
id = "pause"
"""
LOOSE = (
    "source: label, family: raw, level: moderate, all_of: answer: {asked}, at_least: loose, why: fr: Diarrhée., en: Diarrhoea., "
    "proposes: pause; stop, toxicity: diarrhea, layer: onepill@2026-02-01"
)


@pytest.mark.parametrize(
    ("where", "changed", "before", "after"),
    [
        ("title", ('fr = "Unepilule"', 'fr = "Une pilule"'), "fr: Unepilule, en: Onepill", "fr: Une pilule, en: Onepill"),
        ("agents", ('agents = ["onepill"]', 'agents = ["onepill", "twin"]'), "onepill", "onepill; twin"),
        (
            "missed_dose",
            ("Ne pas doubler.", "Ne rien doubler."),
            "fr: Ne pas doubler., en: Do not double.",
            "fr: Ne rien doubler., en: Do not double.",
        ),
        ("thresholds.warm", ("at = 38.0", "at = 37.90"), "38 °C", "37.9 °C"),
        ("thresholds.fresh", ("at = 7,", "at = 10,"), "7 days", "10 days"),
        ("rules.loose", ('answer = "diarrhea"', 'answer = "trouble"'), LOOSE.format(asked="diarrhea"), LOOSE.format(asked="trouble")),
        (
            "rules.new",
            ('\n[[proposals]]\nid = "pause"\n', NEW_RULE),
            None,
            "source: label, family: raw, level: info, all_of: answer: diarrhea, at_least: loose; cycle: 1; 2, why: fr: N., en: N., "
            "layer: onepill@2026-02-01",
        ),
        (
            "silence.1",
            ('remind_after = "6 h"', 'remind_after = "5 h"'),
            "cycles: 1; 1, remind_after: 6:00:00, silent_after: 12:00:00, level: high",
            "cycles: 1; 1, remind_after: 5:00:00, silent_after: 12:00:00, level: high",
        ),
        (
            "proposals.pause",
            ("Suspendre.", "Interrompre."),
            "fr: Suspendre. [EU, Label of onepill], en: Hold. [EU, Label of onepill]",
            "fr: Interrompre. [EU, Label of onepill], en: Hold. [EU, Label of onepill]",
        ),
    ],
)
def test_one_change_is_one_difference_in_words(where: str, changed: tuple[str, str], before: str | None, after: str | None) -> None:
    assert differences.between(compiled(), compiled(*changed)) == (Difference(where, before, after),)
    assert differences.between(compiled(*changed), compiled()) == (Difference(where, after, before),)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        (("ask_at = 10:00:00", "ask_at = 11:30:00"), Difference("ask_at", "10:00:00", "11:30:00")),
        (("start = 20:00:00", "start = 21:00:00"), Difference("quiet", "20:00:00 to 08:00:00", "21:00:00 to 08:00:00")),
        (
            ("repeat_minutes = 15", "repeat_minutes = 10"),
            Difference(
                "levels.urgent",
                "within 0:30:00 of clock time; team at 0 min, head at 20 min; again every 15 min",
                "within 0:30:00 of clock time; team at 0 min, head at 20 min; again every 10 min",
            ),
        ),
        (
            ('respond_within = "4 h"', 'respond_within = "3 h"'),
            Difference(
                "levels.high",
                "within 4:00:00 of service hours; team at 0 min; again every 60 min",
                "within 3:00:00 of service hours; team at 0 min; again every 60 min",
            ),
        ),
    ],
)
def test_a_change_of_a_layer_is_a_difference_of_the_protocol(changed: tuple[str, str], found: Difference) -> None:
    assert changed[0] in FLOOR
    assert differences.between(compiled(), compiled(floor=FLOOR.replace(*changed, 1))) == (found,)


@pytest.mark.parametrize(
    ("where", "changed", "part"),
    [
        ("dosing", ("days_off = 7", "days_off = 14"), "days_off=14"),
        ("check_ins.1", ("days = [3, 9]", "days = [3, 10]"), "days=(3, 10)"),
        ("check_ins.2", ("to_day = 16", "to_day = 15"), "to_day=15"),
    ],
)
def test_rhythms_and_doses_are_told_whole(where: str, changed: tuple[str, str], part: str) -> None:
    [one] = differences.between(compiled(), compiled(*changed))
    assert (one.where, one.what, part in str(one.after), part in str(one.before)) == (where, "changed", True, False)


def test_a_question_is_told_whole() -> None:
    changed = SYMPTOMS.replace('unit = "°C"\nred_flag = true', 'unit = "°C"')
    [one] = differences.between(compiled(), compiled(signs=changed))
    assert (one.where, "red_flag=True" in str(one.before), "red_flag=False" in str(one.after)) == ("questions.temperature", True, True)


def test_a_new_date_is_told_once_and_in_every_rule_of_the_document() -> None:
    """A rule carries the name of the layer it stands in; those of the layers below keep theirs."""
    found = differences.between(compiled(), compiled("effective_from = 2026-02-01", "effective_from = 2026-02-02"))
    assert found[0] == Difference("effective_from", "2026-02-01", "2026-02-02")
    assert {one.where for one in found[1:]} == {"rules.warm", "rules.loose", "rules.count"}
    assert all(one.after == str(one.before).replace("onepill@2026-02-01", "onepill@2026-02-02") for one in found[1:])


def test_other_layers_are_named() -> None:
    """Without the rule that reads a grade, its table counts no more."""
    text = '[{ grade = "Platelet count decreased", at_least = "low", within_days = "fresh" }]'
    found = differences.between(compiled(), compiled(text, '[{ lasting = "diarrhea", at_least = "low", days = "fresh" }]'))
    assert [one.where for one in found] == ["layers", "rules.count"]
    assert (found[0].before, found[0].after) == (
        "signs@2026-01-01; floor@2026-01-02; ctcae-5.0; pro-ctcae",
        "signs@2026-01-01; floor@2026-01-02; pro-ctcae",
    )


@pytest.mark.parametrize("changed", [('"Warm." }\nsource = "label"\nverified = true', '"Warm." }\nsource = "label"\nverified = false')])
def test_what_does_not_decide_is_no_difference(changed: tuple[str, str]) -> None:
    """That a value was read again in its source changes no decision."""
    assert differences.between(compiled(), compiled(*changed)) == ()


@pytest.mark.parametrize(
    ("one", "what"),
    [(Difference("x", None, "a"), "added"), (Difference("x", "a", None), "removed"), (Difference("x", "a", "b"), "changed")],
)
def test_a_difference_has_its_word(one: Difference, what: str) -> None:
    assert one.what == what
