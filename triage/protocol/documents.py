"""The shape of a whole file: symptoms, a layer, a protocol, or what a service or one patient changes in a protocol."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from triage.protocol.bricks import (
    Both,
    Change,
    LevelWord,
    Name,
    Number,
    Positive,
    Range,
    Sentence,
    Shape,
    Source,
    Sourced,
    SourceId,
    Threshold,
)
from triage.protocol.shapes import LevelPlan, Proposal, QuestionShape, RuleShape, SilenceShape, SymptomShape

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class CheckInsShape(Shape):
    """A rhythm: on ``days`` of the cycle, or every so many days from one day to another. cycles: [first, last], or [first] without end.

    window: the cycles and days of that window in place of them, each of its days unless ``every`` says otherwise.
    """

    cycles: Annotated[list[Positive], Field(min_length=1, max_length=2)] | None = None
    days: list[Positive] = Field(default_factory=list)
    every: Positive | None = None
    from_day: Positive = 1
    to_day: Positive | None = None
    ask: Annotated[list[str], Field(min_length=1)]
    window: Name | None = None
    late: ClassVar[frozenset[str]] = frozenset({"window"})

    @model_validator(mode="after")
    def _has_days(self) -> CheckInsShape:
        if self.window is not None:
            if self.cycles or self.days or self.from_day != 1 or self.to_day is not None:
                raise ValueError("a window says its cycles and days; write every beside it, or nothing")
        elif self.cycles is None:
            raise ValueError("write cycles, or the window whose days are asked")
        elif bool(self.days) is (self.every is not None):
            raise ValueError("write either days or every")
        return self


class QuietShape(Shape):
    """No automatic question from ``start`` to ``end``, local hours."""

    start: time
    end: time


class DosingShape(Sourced):
    """What enrolment proposes; the prescription decides. dose_mg absent: it follows from the patient's size.

    days_on and days_off, or blocks of days within cycle_days; weekday: that day alone; every: one day in so many. See calendar.Pattern.
    """

    times_per_day: Annotated[int, Field(ge=1, le=6)]
    days_on: Positive | None = None
    days_off: Annotated[int, Field(ge=0)] = 0
    dose_mg: Number | None = None
    blocks: list[Range] = Field(default_factory=list)
    cycle_days: Positive | None = None
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None = None
    every: Positive | None = None
    late: ClassVar[frozenset[str]] = frozenset({"blocks", "cycle_days", "weekday", "every"})


class AdviceShape(Sourced):
    """What the label says of a missed dose."""

    text: Both


class CompanionShape(Shape):
    """A second medicine of the same treatment, with its own calendar."""

    name: Both
    dosing: DosingShape
    missed_dose: AdviceShape | None = None


class WindowShape(Sourced):
    """Days of high risk. Every range given must hold, both ends included; treatment_days count from the first intake of the course."""

    id: Name
    cycles: Range | None = None
    cycle_days: Range | None = None
    treatment_days: Range | None = None
    why: Both

    @model_validator(mode="after")
    def _in_order(self) -> WindowShape:
        given = [ends for ends in (self.cycles, self.cycle_days, self.treatment_days) if ends]
        if not given or any(first > last for first, last in given):
            raise ValueError("write cycles, cycle_days or treatment_days, each [first, last] in order")
        return self


class MonitoringShape(Sourced):
    """What the label asks to watch outside the patient's answers; shown to the prescriber."""

    item: Both
    when: Both
    where: Literal["lab", "home", "clinic", "ecg", "imaging"]


class CompositeShape(Shape):
    """A PRO-CTCAE item of several attributes: the questions that stand for them. item: its number in the instrument."""

    item: Positive
    name: Both | None = None
    frequency: Name | None = None
    severity: Name | None = None
    interference: Name | None = None

    @property
    def attributes(self) -> dict[str, str]:
        """Attribute → key of its question, in the order of the instrument."""
        return {name: key for name in ("frequency", "severity", "interference") if (key := getattr(self, name))}


class Member(Sourced):
    """Why an agent belongs to a class."""


class Document(Shape):
    """A whole file. over, change, reason, by, ends_on: only in what a service or a patient lays over a protocol."""

    slug: Name
    kind: Literal["symptoms", "layer", "protocol", "service", "patient"]
    effective_from: date
    supersedes: date | None = None
    title: Both
    ctcae: Literal["5.0", "6.0"] | None = None
    depth: Literal["in_depth", "draft"] = "in_depth"
    over: str | None = None
    reason: Sentence | None = None
    by: Sentence | None = None
    ends_on: date | None = None
    agents: list[Name] = Field(default_factory=list)
    layers: list[str] = Field(default_factory=list)
    members: dict[Name, Member] = Field(default_factory=dict)
    dosing: DosingShape | None = None
    missed_dose: AdviceShape | None = None
    companions: dict[Name, CompanionShape] = Field(default_factory=dict)
    quiet: QuietShape | None = None
    ask_at: time | None = None
    thresholds: dict[Name, Threshold] = Field(default_factory=dict)
    change: dict[Name, Change] = Field(default_factory=dict)
    windows: list[WindowShape] = Field(default_factory=list)
    monitoring: list[MonitoringShape] = Field(default_factory=list)
    check_ins: list[CheckInsShape] = Field(default_factory=list)
    questions: dict[Name, QuestionShape] = Field(default_factory=dict)
    symptoms: dict[Name, SymptomShape] = Field(default_factory=dict)
    composites: dict[Name, CompositeShape] = Field(default_factory=dict)
    levels: dict[LevelWord, LevelPlan] = Field(default_factory=dict)
    silence: list[SilenceShape] = Field(default_factory=list)
    without: list[Name] = Field(default_factory=list)
    rules: list[RuleShape] = Field(default_factory=list)
    proposals: list[Proposal] = Field(default_factory=list)
    sources: dict[SourceId, Source] = Field(default_factory=dict)

    @property
    def stamp(self) -> str:
        """How other documents name it: slug@date."""
        return f"{self.slug}@{self.effective_from}"
