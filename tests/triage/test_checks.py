"""What a kind pharmacist says of a protocol that can be read (HZ-17, HZ-20); planted faults, one at a time, each named."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.protocols import LIBRARY, layers
from triage import checks, differences
from triage.protocol import Protocol, ProtocolError, parse
from triage.terms import Kind

RELEASED = (LIBRARY / "protocols" / "capecitabine-14-7" / "2026-11-22.toml").read_text(encoding="utf-8")
"""A released file never changes: faults can be planted in it for ever."""


def released() -> Protocol:
    return parse(RELEASED, layers())


def with_change(*changes: tuple[str, str]) -> Protocol:
    text = RELEASED
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    return parse(text, layers())


def grave(protocol: Protocol) -> set[str]:
    return {remark.where for remark in checks.remarks(protocol) if remark.grave}


def without_line_of(what: str) -> str:
    lines = RELEASED.splitlines()
    place = next(n for n, line in enumerate(lines) if what in line)
    return "\n".join(lines[:place] + lines[place + 1 :])


def test_the_shipped_protocol_has_nothing_to_mend() -> None:
    assert grave(released()) == set()


def test_limits_in_the_wrong_order_leave_a_gap() -> None:
    """Stools: a call at 9 when 7 is already urgent; nobody hears of 4, 5 and 6."""
    found = checks.remarks(with_change(("stools_call       = { at = 4", "stools_call       = { at = 9")))
    [remark] = [r for r in found if r.grave]
    assert remark.where == "rules[capecitabine-diarrhea]"
    assert "stools at 9 gives high" in remark.en
    assert "urgent from 7" in remark.en
    assert "mauvais ordre" in remark.fr


def test_a_weaker_limit_just_under_the_stronger_one_is_in_order() -> None:
    assert grave(with_change(("stools_call       = { at = 4", "stools_call       = { at = 6"))) == set()


def test_a_weaker_limit_at_the_stronger_one_is_not() -> None:
    assert grave(with_change(("stools_call       = { at = 4", "stools_call       = { at = 7"))) == {"rules[capecitabine-diarrhea]"}


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ('why.en = "Fever on capecitabine', "rules[capecitabine-fever].why.en"),
        ('why.fr = "Fièvre sous capécitabine', "rules[capecitabine-fever].why.fr"),
        ('title.en = "Capecitabine', "title.en"),
    ],
)
def test_a_missing_language_is_refused_by_name(line: str, field: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        parse(without_line_of(line), layers())
    assert [problem.field for problem in refused.value.problems] == [field]


def test_a_rule_without_source_is_refused_by_name() -> None:
    text = RELEASED
    start = text.index('id = "capecitabine-fever"')
    place = text.index("source = ", start)
    with pytest.raises(ProtocolError) as refused:
        parse(text[:place] + text[text.index("\n", place) + 1 :], layers())
    assert [problem.field for problem in refused.value.problems] == ["rules[capecitabine-fever].source"]


def test_a_rhythm_that_ends_leaves_the_patient_alone() -> None:
    found = checks.remarks(with_change(("cycles = [2]", "cycles = [2, 6]")))
    [remark] = [r for r in found if r.grave]
    assert remark.where == "check_ins"
    assert "after cycle 6" in remark.en


FLOOR = "floor@2026-11-22"


def on_a_floor(*changes: tuple[str, str]) -> Protocol:
    """The protocol over a floor somebody has changed: a protocol itself may not loosen it."""
    floor = layers()[FLOOR]
    for before, after in changes:
        assert before in floor, before
        floor = floor.replace(before, after, 1)
    return parse(RELEASED, {**layers(), FLOOR: floor})


def test_a_level_that_only_one_person_hears_of_is_named() -> None:
    changes = [(f'  {{ after_minutes = {n}, notify = "{who}" }},\n', "") for n, who in ((480, "on_call"), (960, "head"))]
    assert grave(on_a_floor(*changes)) == {"levels.moderate"}


def test_a_level_that_two_people_hear_of_is_answered() -> None:
    assert grave(on_a_floor(('  { after_minutes = 960, notify = "head" },\n', ""))) == set()


def test_an_urgency_that_waits_for_opening_hours_is_named() -> None:
    changed = on_a_floor(('respond_within = "30 min"\nservice_hours = false', 'respond_within = "30 min"\nservice_hours = true'))
    assert grave(changed) == {"levels.urgent"}


def test_a_stronger_level_slower_than_a_weaker_one_is_named() -> None:
    """Moderate in 8 h while high takes 9 h: the delays cross."""
    assert grave(on_a_floor(('respond_within = "4 h"', 'respond_within = "9 h"'))) == {"levels.high"}
    assert grave(on_a_floor(('respond_within = "4 h"', 'respond_within = "8 h"'))) == set()


QUESTION = """
[questions.itching]
kind = "yes_no"
label = { fr = "demange", en = "itching" }
name = { fr = "démangeaisons", en = "itching" }
"""


def test_a_question_nobody_reads_is_named() -> None:
    asked = with_change(ASKED_TOO, ("[missed_dose]", f"{QUESTION}\n[missed_dose]"))
    assert grave(asked) == {"questions.itching"}


ASKED_TOO = ('"temperature", "chest_pain"', '"temperature", "itching"')

ITCHING_RULE = """
[[rules]]
id = "itching"
family = "raw"
level = "info"
all_of = [{ yes = "itching" }]
why.fr = "Démangeaisons."
why.en = "Itching."
source = "EU_PL_xeloda"
verified = false
"""


def test_an_answer_that_tells_nobody_at_its_worst_is_named() -> None:
    """An info level is on the page and rings nowhere: asked at every check-in, it must be worth a person at its worst."""
    changes = (
        ASKED_TOO,
        ("[missed_dose]", f"{QUESTION}\n{ITCHING_RULE}\n[missed_dose]"),
    )
    assert grave(with_change(*changes)) == {"questions.itching"}
    assert grave(with_change(*changes, ('level = "info"', 'level = "moderate"'))) == set()


def test_a_rule_that_waits_for_what_is_never_asked_is_a_remark() -> None:
    found = checks.remarks(with_change(("[missed_dose]", f"{QUESTION}\n{ITCHING_RULE}\n[missed_dose]")))
    assert [(r.where, r.grave) for r in found if r.where.startswith("rules")] == [("rules[itching]", False)]


def test_nothing_then_urgent_one_score_later_wants_a_step() -> None:
    """From score 1, nothing, to score 2, urgent: a remark, the protocol may mean it."""
    changed = with_change(
        ("mouth_call        = { at = 2", "mouth_call        = { at = 2"),
        (
            '[[rules]]\nid = "capecitabine-fever"',
            ITCHING_RULE.replace("itching", "mouth-now")
            .replace('level = "info"', 'level = "urgent"')
            .replace('yes = "mouth-now"', 'answer = "mouth_sores", at_least = "mouth_call"')
            + '\n[[rules]]\nid = "capecitabine-fever"',
        ),
    )
    said = [r for r in checks.remarks(changed) if r.where == "questions.mouth_sores"]
    assert [(r.grave, "nothing at 1, urgent at 2" in r.en) for r in said] == [(False, True)]


def test_what_nobody_verified_is_counted_and_not_grave() -> None:
    protocol = released()
    [remark] = [r for r in checks.remarks(protocol) if r.where == "sources"]
    assert str(len(protocol.unverified)) in remark.fr
    assert not remark.grave


def test_the_grave_come_first() -> None:
    found = checks.remarks(with_change(("stools_call       = { at = 4", "stools_call       = { at = 9")))
    assert [r.grave for r in found] == sorted((r.grave for r in found), reverse=True)


@pytest.mark.parametrize(
    ("key", "ends"),
    [
        ("diarrhea", [("0", "4")]),
        ("stools", [("0", "40")]),
        ("temperature", [("37", "45"), ("37", "30")]),
        ("chest_pain", [("False", "True")]),
        ("intake", [("all", "missed:14"), ("all", "extra:14"), ("all", "off_day"), ("all", "stopped")]),
        ("weight", []),
    ],
)
def test_answers_worsen_in_chains(key: str, ends: list[tuple[str, str]]) -> None:
    chains = list(checks.worsenings(released().questions[key]))
    assert [(str(chain[0]), str(chain[-1])) for chain in chains] == ends


def test_a_temperature_is_looked_at_by_tenths() -> None:
    question = next(q for q in released().questions.values() if q.kind is Kind.TEMPERATURE)
    up, down = checks.worsenings(question)
    assert up[:3] == (Decimal(37), Decimal("37.1"), Decimal("37.2"))
    assert down[:3] == (Decimal(37), Decimal("36.9"), Decimal("36.8"))


# --- Differences --------------------------------------------------------------------------------------------------------------------


def test_a_document_does_not_differ_from_itself_rewritten() -> None:
    spaced = parse(RELEASED.replace("\n[", "\n\n# a remark\n["), layers())
    assert differences.between(released(), spaced) == ()


def test_one_number_is_one_difference() -> None:
    after = with_change(("stools_call       = { at = 4", "stools_call       = { at = 5"))
    [one] = differences.between(released(), after)
    assert (one.where, one.before, one.after, one.what) == (
        "thresholds.stools_call",
        "4 loose stools in 24 h",
        "5 loose stools in 24 h",
        "changed",
    )


def test_a_rule_added_or_removed_is_named() -> None:
    added = with_change(("[missed_dose]", f"{QUESTION}\n{ITCHING_RULE}\n[missed_dose]"))
    found = differences.between(released(), added)
    assert [(d.where, d.what) for d in found] == [("rules.itching", "added"), ("questions.itching", "added")]
    back = differences.between(added, released())
    assert [(d.where, d.what) for d in back] == [("rules.itching", "removed"), ("questions.itching", "removed")]
