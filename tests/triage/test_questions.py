"""What shares a text, what is skipped, what is plausible (SEC-38: out of range asks again, never turns into "no symptom")."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from tests.support.protocols import SLUGS, answers, shipped
from triage import questions
from triage.questions import GSM7, Intake, Question, groups, intake_of, next_group, read_value, write_value
from triage.terms import Asked, Kind, Value


def severity(key: str) -> Question:
    return Question(key, Kind.SEVERITY)


TEMPERATURE = Question("temperature", Kind.TEMPERATURE, red_flag=True)
INTAKE = Question("intake", Kind.INTAKE, red_flag=True)
STOOLS = Question("stools", Kind.COUNT, detail_of="diarrhea")
ASKED = (severity("diarrhea"), severity("nausea"), TEMPERATURE, severity("fatigue"), severity("rash"), STOOLS, INTAKE)


def test_severities_travel_by_three_and_each_other_question_alone() -> None:
    assert groups(ASKED) == (
        Asked(Kind.MULTI, ("diarrhea", "nausea", "fatigue")),
        Asked(Kind.TEMPERATURE, ("temperature",)),
        Asked(Kind.SEVERITY, ("rash",)),
        Asked(Kind.COUNT, ("stools",)),
        Asked(Kind.INTAKE, ("intake",)),
    )


def test_a_part_that_is_missing_is_asked_alone() -> None:
    assert next_group(ASKED, answers(diarrhea=1, fatigue=0)) == Asked(Kind.SEVERITY, ("nausea",))
    assert next_group(ASKED, answers(diarrhea=1)) == Asked(Kind.MULTI, ("nausea", "fatigue"))


def test_an_answer_given_up_is_not_asked_for_ever() -> None:
    assert next_group(ASKED, answers(diarrhea=1, nausea=None, fatigue=0)) == Asked(Kind.TEMPERATURE, ("temperature",))


def test_when_all_scores_are_zero_only_details_are_skipped() -> None:
    """Never temperature, never doses: a person who says "nothing" may have a fever."""
    zero = answers(diarrhea=0, nausea=0, fatigue=0, rash=0)
    assert next_group(ASKED, zero) == Asked(Kind.TEMPERATURE, ("temperature",))
    assert next_group(ASKED, {**zero, **answers(temperature=37)}) == Asked(Kind.INTAKE, ("intake",))
    assert next_group(ASKED, {**zero, **answers(temperature=37, intake="all")}) is None


@pytest.mark.parametrize("diarrhea", [None, 1, 4])
def test_a_detail_is_asked_unless_its_symptom_is_a_known_zero(diarrhea: int | None) -> None:
    said = answers(diarrhea=diarrhea, nausea=0, fatigue=0, rash=0, temperature=37)
    assert next_group(ASKED, said) == Asked(Kind.COUNT, ("stools",))


def test_a_red_flag_question_is_never_skipped() -> None:
    flagged = Question("stools", Kind.COUNT, detail_of="diarrhea", red_flag=True)
    assert not questions.skipped(flagged, answers(diarrhea=0))
    assert questions.skipped(STOOLS, answers(diarrhea=0))
    assert not questions.skipped(STOOLS, {})


@pytest.mark.parametrize(
    ("question", "text", "value"),
    [
        (severity("nausea"), "3", Decimal(3)),
        (TEMPERATURE, "38.4", Decimal("38.4")),
        (TEMPERATURE, "no_fever", "no_fever"),
        (STOOLS, "7", Decimal(7)),
        (Question("weight", Kind.WEIGHT), "64.5", Decimal("64.5")),
        (Question("chest_pain", Kind.YES_NO), "yes", True),
        (Question("chest_pain", Kind.YES_NO), "no", False),
        (INTAKE, "missed:2+extra:1", "missed:2+extra:1"),
        (Question("cycle_start", Kind.CYCLE_START), "not_yet", "not_yet"),
    ],
)
def test_a_normalised_answer_is_read_and_written_back_exactly(question: Question, text: str, value: object) -> None:
    assert read_value(question, text) == value
    assert write_value(read_value(question, text)) == text


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (severity("nausea"), "5"),
        (severity("nausea"), "-1"),
        (severity("nausea"), "2.5"),
        (severity("nausea"), "fort"),
        (TEMPERATURE, "3.85"),
        (TEMPERATURE, "385"),
        (TEMPERATURE, "29.9"),
        (STOOLS, "41"),
        (STOOLS, "no_fever"),
        (Question("weight", Kind.WEIGHT), "645"),
        (Question("chest_pain", Kind.YES_NO), "maybe"),
        (INTAKE, "missed"),
        (INTAKE, "missed:1+missed:2"),
        (INTAKE, "all+missed:1"),
        (INTAKE, ""),
        (Question("cycle_start", Kind.CYCLE_START), "perhaps"),
        (Question("other", Kind.FREE_TEXT), ""),
    ],
)
def test_what_is_not_plausible_is_refused(question: Question, text: str) -> None:
    with pytest.raises(ValueError):
        read_value(question, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all", Intake()),
        ("missed:3", Intake(missed=3)),
        ("missed:2+extra:2", Intake(missed=2, extra=2)),
        ("off_day", Intake(off_day=True)),
        ("stopped", Intake(stopped=True)),
        ("extra:1+off_day", Intake(extra=1, off_day=True)),
    ],
)
def test_missed_and_extra_never_cancel(text: str, expected: Intake) -> None:
    assert intake_of(text) == expected


@pytest.mark.parametrize("slug", SLUGS)
def test_best_and_worst_are_plausible_answers(slug: str) -> None:
    for question in shipped(slug).questions.values():
        for value in (questions.best(question), questions.worst(question)):
            assert value is None or questions.plausible(question, value), question.key


@pytest.mark.parametrize("slug", SLUGS)
def test_a_check_in_never_tires(slug: str) -> None:
    """At most five texts and nine answers; the temperature always among them; every word fits the SMS alphabet."""
    protocol = shipped(slug)
    for beat in protocol.rhythm:
        asked = [protocol.questions[key] for key in beat.ask]
        assert len(groups(asked)) <= 5
        assert len(asked) <= 9
        assert "temperature" in beat.ask
        for question in asked:
            for lang in ("fr", "en"):
                assert set(question.label[lang]) | set(question.text[lang]) <= GSM7
                assert len(question.label[lang]) <= 15


@pytest.mark.parametrize("text", ["1e0", "+1", " 1", "1 ", "1.0000", "00001", ".5", "1,5"])
def test_a_number_is_written_plainly_or_not_at_all(text: str) -> None:
    """SEC-38: what a computer would still take for a number is no answer of the codebook; the reason names the question."""
    with pytest.raises(ValueError, match=re.escape(f"nausea: {text!r} is not a number")):
        read_value(Question("nausea", Kind.SEVERITY), text)


@pytest.mark.parametrize(
    ("kind", "worst"),
    [
        (Kind.SEVERITY, Decimal(4)),
        (Kind.PAIN, Decimal(10)),
        (Kind.TEMPERATURE, Decimal(45)),
        (Kind.YES_NO, True),
        (Kind.INTAKE, "missed:99+extra:99+off_day+stopped"),
        (Kind.WEIGHT, None),
        (Kind.FREE_TEXT, None),
    ],
)
def test_the_worst_answer_of_each_kind(kind: Kind, worst: object) -> None:
    assert questions.worst(Question("x", kind)) == worst


@pytest.mark.parametrize(
    ("kind", "one", "other", "expected"),
    [
        (Kind.SEVERITY, Decimal(1), Decimal(3), Decimal(3)),
        (Kind.PAIN, Decimal(10), Decimal(9), Decimal(10)),
        (Kind.COUNT, Decimal(4), Decimal(4), Decimal(4)),
        (Kind.YES_NO, True, False, True),
        (Kind.TEMPERATURE, Decimal("37.9"), Decimal("38.6"), Decimal("38.6")),
        (Kind.TEMPERATURE, "no_fever", Decimal("38.6"), Decimal("38.6")),
        (Kind.TEMPERATURE, Decimal("36.1"), Decimal("35.0"), Decimal("35.0")),
        (Kind.TEMPERATURE, Decimal("35.0"), Decimal("38.6"), None),
        (Kind.INTAKE, "all", "missed:1", "missed:1"),
        (Kind.INTAKE, "missed:2", "missed:2+extra:1", "missed:2+extra:1"),
        (Kind.INTAKE, "missed:2", "extra:1", None),
        (Kind.INTAKE, "missed:2", "stopped", None),
        (Kind.WEIGHT, Decimal(58), Decimal(66), None),
        (Kind.FREE_TEXT, "nausea", "cough", None),
        (Kind.CYCLE_START, "started", "not_yet", None),
    ],
)
def test_of_two_answers_the_graver_whichever_came_first(kind: Kind, one: Value, other: Value, expected: Value | None) -> None:
    """HZ-10: dangerous ends of a temperature, doses that differ in kind, weights and words are never ordered by a guess."""
    question = Question("x", kind)
    assert questions.graver(question, one, other) == expected
    assert questions.graver(question, other, one) == expected


@pytest.mark.parametrize("slug", SLUGS)
def test_worst_outweighs_best_wherever_a_protocol_has_both(slug: str) -> None:
    for question in shipped(slug).questions.values():
        best, worst = questions.best(question), questions.worst(question)
        if best is not None and worst is not None:
            assert questions.graver(question, best, worst) == worst, question.key
