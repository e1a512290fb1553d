"""A history judged again by the same engine as live, closed at every check-in: silence, words, danger signs (FR-08)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.triage.histories import FIRST, MORE, PROTOCOL, check_in, contexts, judged, odette, on, read, told, weighed
from tests.triage.protocol.small import SYMPTOMS, compiled
from triage import engine, replay
from triage.replay import CheckIn, Said
from triage.terms import Answer, Context, Escalate, Exposure, Level, Past, Value

# --- Judged as live, oldest first ---------------------------------------------------------------------------------------------------


def test_check_ins_are_judged_oldest_first_by_the_engine_itself() -> None:
    later, first = check_in(9, diarrhea="2"), check_in(3, diarrhea="0", temperature="38.1")
    history = odette(later, first)
    one, other = judged(history)
    assert (one.check_in, one.level, one.notes, one.silent) == (first, Level.HIGH, (), False)
    assert (other.check_in, other.level, other.notes, other.silent) == (later, Level.MODERATE, (), False)
    answers = {"diarrhea": Answer("diarrhea", Decimal(0)), "temperature": Answer("temperature", Decimal("38.1"))}
    context = Context(
        on(3),
        cycle=1,
        cycle_day=3,
        on_day=True,
        treatment_day=3,
        closing=True,
        due=("diarrhea", "temperature"),
        exposures={"onepill": Exposure(FIRST)},
    )
    assert one.assessment == engine.assess(PROTOCOL, answers, context)


def test_a_trace_is_made_unless_it_is_not_wanted() -> None:
    history = odette(check_in(3, diarrhea="1"))
    [whole], [bare] = judged(history), judged(history, trace=False)
    assert len(whole.assessment.steps) == len(PROTOCOL.rules)
    assert (bare.assessment.steps, bare.assessment.inputs, bare.level) == ((), (), whole.level)


def test_a_history_without_a_check_in_is_judged_empty() -> None:
    assert judged(odette()) == []


def test_the_past_grows_by_one_check_in_at_a_time_the_latest_first() -> None:
    known = contexts(odette(check_in(3, diarrhea="2"), check_in(5, diarrhea=""), check_in(9, diarrhea="0")))
    first = Past(on(3), {"diarrhea": Decimal(2)}, Level.MODERATE)
    silence = Past(on(5), {"diarrhea": None}, Level.HIGH)
    assert [context.past for context in known] == [(), (first,), (silence, first)]


def test_a_red_flag_that_was_asked_and_not_answered_stays_open_at_the_close() -> None:
    """A history is closed: beside a temperature nobody gave, a calm check-in is at least moderate. One not asked is not waited for."""
    [asked] = judged(odette(check_in(3, diarrhea="0", temperature="")))
    [not_asked] = judged(odette(check_in(3, diarrhea="0")))
    assert (asked.level, asked.silent, set(asked.assessment.undecided)) == (Level.MODERATE, False, {"hot", "warm"})
    assert (not_asked.level, not_asked.assessment.undecided) == (Level.NONE, ())


# --- Silence ------------------------------------------------------------------------------------------------------------------------


def test_a_silence_has_the_level_of_its_day() -> None:
    """High in the first cycle, moderate after it; the assessment alone would say none."""
    early, late = judged(odette(check_in(3, diarrhea=""), check_in(30, diarrhea="")))
    assert (early.silent, early.level, early.assessment.level) == (True, Level.HIGH, Level.NONE)
    assert (late.silent, late.level, late.assessment.level) == (True, Level.MODERATE, Level.NONE)


def test_what_the_engine_says_of_a_silence_counts_when_it_is_higher() -> None:
    slow = compiled('level = "high"\n\n[[rules]]', 'level = "info"\n\n[[rules]]', signs=SYMPTOMS + MORE)
    [one] = replay.judge(slow, odette(check_in(3, temperature="")), read)
    assert (one.silent, one.assessment.level, one.level) == (True, Level.MODERATE, Level.MODERATE)


def test_silences_are_counted_in_a_row() -> None:
    known = contexts(odette(*(check_in(day, diarrhea=text) for day, text in ((3, ""), (5, ""), (7, "0"), (9, "")))))
    assert [context.silences for context in known] == [1, 2, 0, 1]


def test_one_answer_of_several_is_no_silence() -> None:
    history = odette(check_in(3, diarrhea="1", trouble=""))
    [one], [context] = judged(history), contexts(history)
    assert (one.silent, context.silences, one.level) == (False, 0, Level.NONE)


def test_a_day_of_measures_alone_asked_nothing() -> None:
    """Nothing was asked, nothing closes, nobody was silent."""
    history = odette(check_in(3, weighed(3, "70")))
    [one], [context] = judged(history), contexts(history)
    assert (one.silent, one.level) == (False, Level.NONE)
    assert (context.closing, context.due, context.silences) == (False, (), 0)


# --- Words ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "dangers", "floor"),
    [
        ({"other": "je saigne"}, ("bleeding",), Escalate.URGENT),
        ({"diarrhea": "je saigne"}, (), Escalate.NO),
        ({"other": ""}, (), Escalate.NO),
    ],
)
def test_danger_signs_are_read_in_free_texts_only(given: dict[str, str], dangers: tuple[str, ...], floor: Escalate) -> None:
    [context] = contexts(odette(check_in(3, **given)))
    assert (context.dangers, context.escalate) == (dangers, floor)


def test_a_danger_sign_decides() -> None:
    assert judged(odette(check_in(3, other="je saigne")))[0].level is Level.URGENT


@pytest.mark.parametrize(("count", "floor"), [(3, Escalate.URGENT), (2, Escalate.NURSE)])
def test_signs_of_several_texts_are_joined_and_the_highest_floor_holds(count: int, floor: Escalate) -> None:
    texts = ("rappelez-moi", "saigne et tremble", "je saigne")
    [context] = contexts(odette(CheckIn("texts", on(3), tuple(Said("other", text) for text in texts[:count]))))
    assert (context.dangers, context.escalate) == (("bleeding", "chills"), floor)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("diarrhea", "3", Decimal(3)),
        ("temperature", "37.9", Decimal("37.9")),
        ("temperature", "no_fever", "no_fever"),
        ("diarrhea", "", None),
        ("other", "Rien à dire", "Rien à dire"),
        *(("chest", text, True) for text in ("yes", "oui", "true", "Oui", "YES")),
        *(("chest", text, False) for text in ("no", "non", "false", "Non", "FALSE")),
    ],
)
def test_a_value_is_read_as_it_is_written(key: str, text: str, value: Value | None) -> None:
    history = odette(check_in(3, **{key: text}), check_in(5, diarrhea="0"))
    (answers, _), (_, later) = told(history)
    assert answers == {key: Answer(key, value)}
    assert later.past[0].values == {key: value}
    assert judged(history)[0].notes == ()


@pytest.mark.parametrize(
    ("key", "text", "note"),
    [
        ("diarrhea", "beaucoup", "diarrhea: 'beaucoup' is not a number"),
        ("diarrhea", "7", "diarrhea: 7 is outside 0 to 4"),
        ("chest", "peut-être", "chest: 'peut-être' is neither yes nor no"),
    ],
)
def test_a_value_that_cannot_stand_is_told_to_a_person(key: str, text: str, note: str) -> None:
    """It is neither dropped nor taken for an answer: the text stands, and the engine says that a person must look."""
    history = odette(check_in(3, **{key: text}))
    [(answers, _)], [one] = told(history), judged(history)
    assert answers == {key: Answer(key, text)}
    assert (one.level, one.silent, one.notes) == (Level.HIGH, False, (note,))
    [step] = [step for step in one.assessment.steps if step.rule == engine.UNJUDGED]
    assert step.inputs["en"] == f"impossible answer, {PROTOCOL.questions[key].name['en']} = {text}"
