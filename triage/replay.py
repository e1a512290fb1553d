"""A history judged again, check-in by check-in, by the same engine as live: what was said and measured, in the order it was known.

A history is closed: what was asked and has no answer stays unknown, and beside a red flag that is at least moderate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from triage import calendar, engine, questions
from triage.calendar import Course, Pattern, Span
from triage.protocol import Protocol
from triage.questions import Question
from triage.terms import Answer, Assessment, Context, Escalate, Exposure, Kind, Level, Measured, Past, Reading, Value

DAY = timedelta(days=1)
YES_NO = {"yes": True, "oui": True, "true": True, "no": False, "non": False, "false": False}


@dataclass(frozen=True)
class Said:
    """One value as written: the key of a question of the protocol, or of a ``measure`` and then with its number. value '': no answer."""

    key: str
    value: str
    measured: Measured | None = None
    measure: bool = False


@dataclass(frozen=True)
class CheckIn:
    """What was asked on a day, and what came back."""

    name: str
    asked_on: date
    said: tuple[Said, ...]


@dataclass(frozen=True)
class Taken:
    """A medicine of the history and the days on which it was held, ends included.

    days_on None: as the protocol usually doses it, or every day. days_off None or 0: continuous.
    """

    agent: str
    first_intake: date
    days_on: int | None = None
    days_off: int | None = None
    holds: tuple[Span, ...] = ()


@dataclass(frozen=True)
class History:
    """One patient's. check_ins in any order; baseline: dated values from before treatment."""

    patient: str
    check_ins: tuple[CheckIn, ...]
    baseline: tuple[CheckIn, ...] = ()
    taken: tuple[Taken, ...] = ()


@dataclass(frozen=True)
class Judged:
    """One check-in judged. level: the assessment's, or that of a silence when nothing was answered. notes: what could not be used."""

    check_in: CheckIn
    level: Level
    assessment: Assessment
    notes: tuple[str, ...] = ()
    silent: bool = False


@dataclass
class _Known:
    """What is known so far, as the days go by."""

    past: tuple[Past, ...] = ()
    measures: dict[str, tuple[Measured, ...]] = field(default_factory=dict)
    silences: int = 0

    def measured(self, said: tuple[Said, ...]) -> None:
        for one in said:
            if one.measured is not None:
                self.measures[one.key] = (one.measured, *self.measures.get(one.key, ()))


def judge(protocol: Protocol, history: History, read: Callable[[str], Reading], *, trace: bool = True) -> Iterator[Judged]:
    """Every check-in of a patient, oldest first. read: the reader of free text, which finds the danger signs."""
    known = _Known()
    own = next((t for t in history.taken if t.agent in protocol.agents), history.taken[0] if len(history.taken) == 1 else None)
    course = None if own is None else course_of(own, protocol.dosing, until=max((c.asked_on for c in history.check_ins), default=date.min))
    before = _before(protocol, history)
    for check_in in sorted(history.check_ins, key=lambda c: c.asked_on):
        known.measured(check_in.said)
        asked = [one for one in check_in.said if not one.measure]
        notes = [f"{one.key}: {one.value!r} is not a number" for one in check_in.said if one.measure and one.value and one.measured is None]
        answers = {one.key: _answer(protocol.questions[one.key], one.value, notes) for one in asked}
        heard = [read(one.value) for one in asked if one.value and protocol.questions[one.key].kind is Kind.FREE_TEXT]
        silent = bool(asked) and all(answer.value is None for answer in answers.values())
        known.silences = known.silences + 1 if silent else 0
        context = replace(
            _day(before, course, own, check_in.asked_on),
            past=known.past,
            measures={key: values[0] for key, values in known.measures.items()},
            measures_before={key: values[1:] for key, values in known.measures.items() if values[1:]},
            exposures=_exposures(history, check_in.asked_on),
            dangers=tuple(dict.fromkeys(code for reading in heard for code in reading.dangers)),
            escalate=max((reading.escalate for reading in heard), key=list(Escalate).index, default=Escalate.NO),
            silences=known.silences,
            closing=bool(asked),
            due=tuple(answers),
        )
        assessment = engine.assess(protocol, answers, context, trace=trace)
        level = max(assessment.level, protocol.silence(context.cycle, context.cycle_day).level) if silent else assessment.level
        known.past = (Past(check_in.asked_on, {key: a.value for key, a in answers.items()}, level), *known.past)
        yield Judged(check_in, level, assessment, tuple(notes), silent)


# --- The day ------------------------------------------------------------------------------------------------------------------------


def course_of(taken: Taken, usual: Pattern | None, *, until: date) -> Course:
    """The calendar of a medicine whose cycles began when they were due: a history without confirmed starts has no better knowledge."""
    pattern = Pattern(1, taken.days_on, taken.days_off) if taken.days_on or usual is None else usual
    course = Course(pattern, taken.first_intake, (), taken.holds)
    while (start := calendar.next_start(course)) is not None and start <= until:
        course = replace(course, starts=(*course.starts, start))
    return course


def _day(before: Context, course: Course | None, own: Taken | None, on: date) -> Context:
    if course is None or own is None or on < own.first_intake:
        return replace(before, asked_on=on)
    day = calendar.day_of(course, on)
    treatment_day = (on - own.first_intake).days + 1
    return replace(before, asked_on=on, cycle=day.cycle, cycle_day=day.cycle_day, on_day=day.on_day, treatment_day=treatment_day)


def _exposures(history: History, on: date) -> dict[str, Exposure]:
    return {taken.agent: Exposure(taken.first_intake) for taken in history.taken if taken.first_intake <= on}


def _before(protocol: Protocol, history: History) -> Context:
    """Baseline values, the latest of each: they hold whatever the day."""
    answers: dict[str, Value] = {}
    measures: dict[str, Measured] = {}
    for check_in in sorted(history.baseline, key=lambda c: c.asked_on):
        for one in check_in.said:
            if one.measure and one.measured is not None:
                measures[one.key] = one.measured
            elif not one.measure and (value := _answer(protocol.questions[one.key], one.value, []).value) is not None:
                answers[one.key] = value
    return Context(asked_on=date.min, baseline=answers, measures_baseline=measures)


# --- One value ----------------------------------------------------------------------------------------------------------------------


def _answer(question: Question, text: str, notes: list[str]) -> Answer:
    """The value, or the text as it stands: the engine says of what it cannot judge that a person must look."""
    if not text:
        return Answer(question.key, None)
    if question.kind is Kind.FREE_TEXT:
        return Answer(question.key, text)
    if question.kind is Kind.YES_NO and text.casefold() in YES_NO:
        return Answer(question.key, YES_NO[text.casefold()])
    try:
        return Answer(question.key, questions.read_value(question, text))
    except ValueError as error:
        notes.append(str(error))
        return Answer(question.key, text)
