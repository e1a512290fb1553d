"""A protocol, ready to decide: values that the engine, the agenda and the screens read."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from triage.calendar import Beat, Pattern, Quiet
from triage.conditions import Composite, Condition, Window
from triage.conditions.on_grades import Scale
from triage.protocol.bricks import Source, Threshold
from triage.protocol.documents import MonitoringShape
from triage.protocol.shapes import LevelPlan, RuleShape, SilenceShape, SymptomShape
from triage.questions import Question
from triage.terms import Level, Step


@dataclass(frozen=True)
class Silence:
    """After how long a check-in is reminded, then called silent, and at which level."""

    remind_after: timedelta
    silent_after: timedelta
    level: Level


@dataclass(frozen=True)
class Companion:
    """A second medicine of the treatment, with its own calendar and its own advice for a missed dose."""

    name: Mapping[str, str]
    dosing: Pattern
    dose_mg: Decimal | None
    missed_dose: Mapping[str, str]
    missed_dose_source: str


@dataclass(frozen=True)
class Override:
    """Why one patient is judged otherwise, who decided it, and the last day on which it holds."""

    stamp: str
    reason: str
    by: str
    ends_on: date


@dataclass(frozen=True, eq=False)
class Rule:
    """A rule, compiled. ``seen`` remembers the step each set of facts led to: the same facts give the same step.

    toxicity: the answer whose occurrences are counted, from ``episode_from`` on; "" when none is.
    """

    id: str
    family: str
    level: Level
    all_of: tuple[Condition, ...]
    any_of: tuple[Condition, ...]
    none_of: tuple[Condition, ...]
    why: Mapping[str, str]
    source: str
    verified: bool
    layer: str
    never_mute: bool
    proposes: tuple[str, ...]
    shape: RuleShape
    toxicity: str = ""
    episode_from: Decimal = Decimal(2)
    seen: dict[Hashable, Step] = field(default_factory=dict, init=False, repr=False)

    @property
    def red_flag(self) -> bool:
        """Does it count as undecided when the window closes?"""
        return self.family == "red_flag"

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """All of them, in the order they are written."""
        return (*self.all_of, *self.any_of, *self.none_of)


@dataclass(frozen=True, eq=False)
class Protocol:
    """A version, ready to decide. Two with the same fingerprint decide the same.

    proposals: what the label says a prescriber may do, in words with its source; occurrences: those that hold for one occurrence only.
    ctcae: the version its grades are given in, "" without any; graded: the terms its rules look at, on their table.
    override, beneath: a patient's exception, and the protocol that holds again after its last day. prepared: what the engine keeps with it.
    """

    slug: str
    effective_from: date
    title: Mapping[str, str]
    agents: tuple[str, ...]
    layers: tuple[str, ...]
    fingerprint: str
    questions: Mapping[str, Question]
    symptoms: Mapping[str, SymptomShape]
    rules: tuple[Rule, ...]
    proposals: Mapping[str, Mapping[str, str]]
    occurrences: Mapping[str, int]
    thresholds: Mapping[str, Threshold]
    sources: Mapping[str, Source]
    levels: Mapping[Level, LevelPlan]
    rhythm: tuple[Beat, ...]
    silences: tuple[SilenceShape, ...]
    quiet: Quiet
    ask_at: time
    fever_limit: Decimal
    dosing: Pattern | None
    dose_mg: Decimal | None
    missed_dose: Mapping[str, str]
    missed_dose_source: str
    unverified: tuple[str, ...]
    red_flag_keys: tuple[str, ...]
    ctcae: str
    depth: str
    windows: Mapping[str, Window]
    monitoring: tuple[MonitoringShape, ...]
    composites: Mapping[str, Composite]
    companions: Mapping[str, Companion]
    graded: tuple[Scale, ...]
    override: Override | None
    beneath: Protocol | None
    prepared: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def draft(self) -> bool:
        """Floor, classes and sourced facts only: shown as a draft everywhere, neither signed nor enrolled on."""
        return self.depth == "draft"

    def asks(self, cycle: int | None, cycle_day: int | None) -> tuple[Question, ...]:
        """The questions of a check-in on that day; on a day without one, those of the nearest."""
        number, day = cycle or 1, cycle_day or 1
        beats = [beat for beat in self.rhythm if beat.in_cycle(number)] or list(self.rhythm)
        beat = next((b for b in beats if b.falls_on(number, day)), None) or min(beats, key=lambda b: b.distance(day))
        return tuple(self.questions[key] for key in beat.ask)

    def silence(self, cycle: int | None, cycle_day: int | None) -> Silence:
        """The delays that hold on that day of that cycle; the last entry holds when none is narrower."""
        for entry in self.silences:
            if _within(entry.cycles, cycle) and _within(entry.cycle_days, cycle_day):
                break
        return Silence(entry.remind_after, entry.silent_after, Level.of(entry.level))


def _within(ends: list[int] | None, value: int | None) -> bool:
    return ends is None or (value is not None and ends[0] <= value <= ends[1])
