"""Live and replay are one engine: with and without words, now and years later, the same level by the same rules."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.commands import bench_cases
from tests.support.protocols import SLUGS, TODAY, answers, context, judge, layers, shipped, text_of
from triage import engine, explain
from triage.protocol import Protocol, parse
from triage.terms import Assessment, Exposure, Level, Measured, Past, Step

CAPECITABINE = "capecitabine-14-7@2026-11-22"


def rules(assessment: Assessment) -> list[str]:
    return [step.rule for step in assessment.steps if step.fired]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SLUGS), st.integers(0, 10**9))
def test_without_words_the_judgement_is_the_same(slug: str, seed: int) -> None:
    """The figures of replay are those of the live engine."""
    protocol = shipped(slug)
    for given_answers, situation in bench_cases.check_ins(protocol, seed, 4):
        told = engine.assess(protocol, given_answers, situation)
        bare = engine.assess(protocol, given_answers, situation, trace=False)
        assert (bare.level, rules(bare), bare.undecided) == (told.level, rules(told), told.undecided)
        assert (bare.respond_within, bare.notify, bare.fingerprint) == (told.respond_within, told.notify, told.fingerprint)
        assert told.level == max((step.level for step in told.steps if step.fired), default=Level.NONE)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SLUGS), st.integers(0, 10**9))
def test_a_stored_assessment_recomputes_to_itself(slug: str, seed: int) -> None:
    """FR-08: read back from JSON it is equal, and a protocol compiled anew, with nothing remembered, judges word for word the same."""
    protocol, fresh = shipped(slug), replace(shipped(slug))
    for given_answers, situation in bench_cases.check_ins(protocol, seed, 3):
        got = engine.assess(protocol, given_answers, situation)
        stored = json.dumps(explain.to_dict(got), sort_keys=True)
        assert explain.from_dict(json.loads(stored)) == got
        again = engine.assess(fresh, given_answers, situation)
        assert json.dumps(explain.to_dict(again), sort_keys=True) == stored


def test_more_facts_than_are_remembered_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The memories are emptied when full: a long replay must not judge otherwise than a short one."""
    monkeypatch.setattr("triage.engine.plan.REMEMBERED", 3)
    small, whole = replace(shipped(CAPECITABINE)), shipped(CAPECITABINE)
    for given_answers, situation in bench_cases.check_ins(whole, 7, 60):
        assert engine.assess(small, given_answers, situation) == engine.assess(whole, given_answers, situation)


# --- The three numbers, and the occurrence ------------------------------------------------------------------------------------------

PAIN = """
[composites.pain]
item = 48
frequency = "diarrhea"
severity = "nausea"
interference = "fatigue"
"""
GRADED = """
[[rules]]
id = "platelets"
family = "raw"
level = "moderate"
all_of = [{ grade = "Platelet count decreased", at_least = "diarrhea_mild", within_days = "diarrhea_days" }]
why = { fr = "Plaquettes basses.", en = "Low platelets." }
source = "vigie_cape"
verified = false
"""


def with_numbers() -> Protocol:
    text = text_of(CAPECITABINE).replace('slug = "capecitabine-14-7"', 'slug = "capecitabine-14-7"\nctcae = "5.0"')
    return parse(text + PAIN + GRADED, layers())


def test_scores_composites_and_grades_stand_apart() -> None:
    """Frequency 3, severity 2, interference 1 are scores; the composite is the table's; the grade is the laboratory's."""
    platelets = {"platelets": Measured(Decimal(74), "10*9/L", TODAY, lln=Decimal(150))}
    got = judge(with_numbers(), {"diarrhea": 3, "nausea": 2, "fatigue": 1}, measures=platelets)
    assert (got.scores["diarrhea"], got.scores["nausea"], got.scores["fatigue"]) == (3, 2, 1)
    assert got.composites == {"pain": 2}
    assert [(found.term, found.version, found.grade) for found in got.grades] == [("Platelet count decreased", "5.0", 2)]
    assert "platelets" in rules(got)
    lines = explain.sentences(got, "en")
    assert "PRO-CTCAE composites, 0 to 3: pain 2." in lines
    assert "CTCAE grades: Platelet count decreased 2 (v5.0)." in lines


def test_a_composite_with_a_score_missing_is_unknown() -> None:
    assert judge(with_numbers(), {"diarrhea": 3, "nausea": None}).composites == {"pain": None}


def test_the_tables_used_are_named_and_count_in_the_fingerprint() -> None:
    """A row that keeps the texts of its layers keeps its grade tables too, and another table is another protocol."""
    protocol = with_numbers()
    assert protocol.layers[-2:] == ("ctcae-5.0", "pro-ctcae")
    other = {**layers(), "ctcae-5.0": layers()["ctcae-5.0"] + "\n"}
    text = text_of(CAPECITABINE).replace('slug = "capecitabine-14-7"', 'slug = "capecitabine-14-7"\nctcae = "5.0"')
    assert parse(text + PAIN + GRADED, other).fingerprint != protocol.fingerprint
    assert parse(text_of(CAPECITABINE), other).fingerprint == shipped(CAPECITABINE).fingerprint, "a file that does not use it ignores it"


def proposed(*past: tuple[int, int], cycle: int = 1, score: int = 2) -> list[str]:
    """Which of the four lines of the label's grade 2 are shown, by the word that numbers them."""
    text = text_of(CAPECITABINE).replace('id = "capecitabine-diarrhea"\n', 'id = "capecitabine-diarrhea"\ntoxicity = "diarrhea"\n')
    before = tuple(Past(TODAY - timedelta(days=days), {"diarrhea": Decimal(given)}) for days, given in past)
    got = judge(parse(text, layers()), {"diarrhea": score}, cycle=cycle, cycle_day=7, past=before)
    return [words["en"].split(",")[1].split()[0] for words in got.proposals if words["en"].startswith("Grade 2")]


def test_the_labels_proposal_is_that_of_the_occurrence_reached() -> None:
    """With occurrence. The first time, the first line alone; after 8 days of calm, the second."""
    assert proposed() == ["1st"]
    assert proposed((2, 2)) == ["1st"], "still the same episode"
    assert proposed((8, 0), (10, 2)) == ["2nd"]
    assert proposed((8, 0), (10, 2), (18, 1), (20, 3)) == ["3rd"]
    five = [(days + ago, given) for ago in (8, 18, 28, 38, 48) for days, given in ((0, 0), (2, 2))]
    assert proposed(*five) == ["4th"], "after its last line, the last line holds"


def test_where_history_is_not_known_every_line_is_shown() -> None:
    assert proposed(cycle=3) == ["1st", "2nd", "3rd", "4th"]


# --- Texts --------------------------------------------------------------------------------------------------------------------------


def test_the_guideline_behind_a_self_care_text_is_in_the_trace() -> None:
    """Named in both languages, beside the text that was chosen."""
    symptoms = layers()["symptoms@2026-11-22"].replace('self_care = "nausea" }', 'self_care = "nausea", self_care_source = "MASCC" }')
    symptoms += '\n[sources.MASCC]\ntitle = "MASCC and ESMO, antiemesis"\nread_on = 2026-11-21\n'
    protocol = parse(text_of(CAPECITABINE), {**layers(), "symptoms@2026-11-22": symptoms})
    got = judge(protocol, {"nausea": 1})
    assert (got.self_care, got.advice_source) == ("nausea", "MASCC and ESMO, antiemesis")
    assert "Text chosen for the patient: nausea. Guideline: MASCC and ESMO, antiemesis." in explain.sentences(got, "en")
    assert judge(protocol, {"nausea": 3}).advice_source == ""
    assert judge(protocol, {"nausea": 1}, dangers=("bleeding",)).self_care == ""


DOSES = [
    ("all", "toutes", "all taken"),
    ("all+extra:1", "toutes, 1 en trop", "all taken, 1 extra"),
    ("missed:1", "1 oubliée", "1 missed"),
    ("missed:2+extra:1+off_day", "2 oubliées, 1 en trop, pendant la pause", "2 missed, 1 extra, on rest days"),
    ("stopped", "arrêt par le patient", "stopped by the patient"),
]


@pytest.mark.parametrize(("said", "fr", "en"), DOSES)
def test_doses_are_told_in_words(said: str, fr: str, en: str) -> None:
    got = judge(shipped(CAPECITABINE), {"intake": said})
    assert {"fr": f"prises de la semaine : {fr}", "en": f"doses of the week: {en}"} in got.inputs


def test_two_questions_about_one_symptom_are_one_symptom() -> None:
    """How strong and how much in the way are one pain: not two moderate symptoms."""
    symptoms = layers()["symptoms@2026-11-22"].replace(
        '[questions.vomiting]\nkind = "severity_0_4"\nsymptom = "vomiting"',
        '[questions.vomiting]\nkind = "severity_0_4"\nsymptom = "nausea"',
    )
    protocol = parse(text_of(CAPECITABINE), {**layers(), "symptoms@2026-11-22": symptoms})
    together = engine.assess(protocol, answers(nausea=2, vomiting=2), context(protocol))
    assert "floor-two-ambers" not in rules(together)
    assert "floor-two-ambers" in rules(engine.assess(shipped(CAPECITABINE), answers(nausea=2, vomiting=2), context(protocol)))


# --- What nobody recorded -----------------------------------------------------------------------------------------------------------

BLEEDER = """
[[rules]]
id = "bleeder"
family = "red_flag"
level = "urgent"
all_of = [{ answer = "nausea", at_least = "severe" }, { exposed_to = "anticoagulant" }]
why = { fr = "Anticoagulant.", en = "Anticoagulant." }
source = "vigie_cape"
verified = false
"""


def test_a_rule_that_only_a_blank_keeps_open_is_told() -> None:
    """HZ-38: nobody wrote whether an anticoagulant is taken; the trace says that this alone is missing."""
    protocol = parse(text_of(CAPECITABINE) + BLEEDER, layers())
    told = next(step for step in judge(protocol, {"nausea": 3}).steps if step.rule == "bleeder")
    assert (told.met, told.near, told.fired, told.waits_for) == (None, True, False, ())
    assert "anticoagulant: intake not recorded" in told.inputs["en"]
    calm = next(step for step in judge(protocol, {"nausea": 1}).steps if step.rule == "bleeder")
    assert (calm.met, calm.near) == (False, False)
    never = {"anticoagulant": Exposure(TODAY - timedelta(days=60), TODAY - timedelta(days=30))}
    past = next(step for step in judge(protocol, {"nausea": 3}, exposures=never).steps if step.rule == "bleeder")
    assert (past.met, past.near) == (False, False)


def test_what_is_made_the_swift_way_has_every_field() -> None:
    """Steps and assessments are filled at once, past their constructor: a field that is added later must not be forgotten there."""
    for trace in (True, False):
        got = engine.assess(shipped(CAPECITABINE), answers(nausea=2), context(shipped(CAPECITABINE)), trace=trace)
        assert vars(got).keys() == {one.name for one in fields(Assessment)}
        assert all(vars(step).keys() == {one.name for one in fields(Step)} for step in got.steps)
