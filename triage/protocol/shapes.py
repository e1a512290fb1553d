"""The shape of a protocol file: what may stand in it, field by field. Anything else is refused: field, value and reason."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator, model_validator

from triage.questions import GSM7
from triage.terms import Kind

FAMILIES = ("red_flag", "raw", "rise", "two_ambers", "trend", "intake", "silence")
"""Order of display: red flags, raw scores, rises since last and since baseline, two moderate symptoms, what lasts, doses, silence."""

Family = Literal["red_flag", "raw", "rise", "two_ambers", "trend", "intake", "silence"]
LevelWord = Literal["info", "moderate", "high", "urgent"]
Who = Literal["team", "on_call", "prescriber", "head"]

_DURATION = re.compile(r"(\d{1,3}) (min|h|d)")


def _exact(value: object) -> object:
    """TOML gives 38 as an integer and 38.0 as a decimal: the same number. A boolean is not a number."""
    return Decimal(value) if type(value) is int else value


def _duration(value: object) -> object:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ValueError('expected a duration such as "30 min", "4 h" or "2 d"')
    return int(match[1]) * {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}[match[2]]


def _kind(value: object) -> object:
    return Kind(value) if isinstance(value, str) and value in set(Kind) - {Kind.MULTI, Kind.NONE, Kind.STOP_WHICH} else value


Number = Annotated[Decimal, BeforeValidator(_exact)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
QuestionKind = Annotated[Kind, BeforeValidator(_kind)]
Sentence = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
SourceId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$")]


class Shape(BaseModel):
    """Base of all: nothing unknown, nothing converted, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Both(Shape):
    """A text in the two languages of the house; neither may be missing."""

    fr: Sentence
    en: Sentence

    @property
    def texts(self) -> dict[str, str]:
        """By language."""
        return {"fr": self.fr, "en": self.en}


class Source(Shape):
    """Where a value was read. read_on: the day it was compared with the source."""

    title: Sentence
    section: str = ""
    url: str = ""
    kind: str = ""
    jurisdiction: str = ""
    read_on: date

    @property
    def words(self) -> str:
        """The citation as people read it."""
        detail = ", ".join(part for part in (self.section, self.jurisdiction) if part)
        return f"{self.title} ({detail})" if detail else self.title


class Sourced(Shape):
    """Every value carries its source. verified: true when it was read in that source, false when it is remembered or our own choice."""

    source: SourceId
    verified: bool
    note: str = ""


class Threshold(Sourced):
    """One number that decides. Change ``at`` in a copy of the file, and it decides there."""

    at: Number
    unit: str


class SymptomShape(Shape):
    """A symptom code of the reply codebook: its CTCAE term, MedDRA code, and the self-care text that suits scores 1 and 2."""

    ctcae_term: str = ""
    meddra: str = ""
    self_care: str = ""


class QuestionShape(Shape):
    """See ``triage.questions.Question``."""

    kind: QuestionKind
    symptom: str = ""
    label: Both
    name: Both
    text: Both | None = None
    low: Number | None = None
    high: Number | None = None
    unit: str = ""
    red_flag: bool = False
    detail_of: str = ""

    @field_validator("label", "text")
    @classmethod
    def _sms(cls, value: Both | None, info: ValidationInfo) -> Both | None:
        limit = 15 if info.field_name == "label" else 95
        for lang, text in value.texts.items() if value else ():
            if strange := "".join(sorted(set(text) - GSM7)):
                raise ValueError(f"{lang}: {strange!r} is outside the SMS alphabet; reword")
            if len(text) > limit:
                raise ValueError(f"{lang}: {len(text)} characters, at most {limit}")
        return value


class RuleShape(Sourced):
    """all_of, any_of, none_of, and no deeper nesting: if it needs more, it is two rules. red_flag rules undecided at the close are told."""

    id: Name
    family: Family
    level: LevelWord
    all_of: list[dict[str, Any]] = Field(default_factory=list)
    any_of: list[dict[str, Any]] = Field(default_factory=list)
    none_of: list[dict[str, Any]] = Field(default_factory=list)
    why: Both
    never_mute: bool = False
    proposes: list[Name] = Field(default_factory=list)

    @model_validator(mode="after")
    def _some_condition(self) -> RuleShape:
        if not self.all_of and not self.any_of:
            raise ValueError("a rule needs all_of or any_of: without a condition it would always fire")
        return self


class Proposal(Sourced):
    """What the label says a prescriber may do; never an order, never shown to the patient. occurrence: which time, or "any"."""

    id: Name
    action: Literal["continue", "hold", "reduce", "hold_reduce", "stop"]
    occurrence: Literal["any", "1", "2", "3", "4"]
    jurisdiction: Sentence
    text: Both


class Rung(Shape):
    """Who is told how many minutes after the alert rose."""

    after_minutes: Annotated[int, Field(ge=0, le=10080)]
    notify: Who


class LevelPlan(Shape):
    """How fast, and who. service_hours false: the delay runs in clock time. The last rung repeats: a ladder never ends in nothing."""

    respond_within: Duration
    service_hours: bool
    repeat_minutes: Annotated[int, Field(ge=5, le=10080)]
    ladder: list[Rung]

    @field_validator("ladder")
    @classmethod
    def _climbs(cls, rungs: list[Rung]) -> list[Rung]:
        minutes = [rung.after_minutes for rung in rungs]
        if not minutes or minutes[0] != 0 or minutes != sorted(set(minutes)):
            raise ValueError("expected at least one rung, the first at 0 minutes, each later than the one before")
        return rungs

    def ladder_rows(self) -> list[dict[str, Any]]:
        """Plain rows, for the copy that an alert keeps."""
        return [rung.model_dump() for rung in self.ladder]


Range = Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=2, max_length=2)]


class SilenceShape(Shape):
    """Remind, then call it silence, at which level. The first whose cycles and cycle days suit the day holds."""

    cycles: Range | None = None
    cycle_days: Range | None = None
    remind_after: Duration
    silent_after: Duration
    level: LevelWord

    @model_validator(mode="after")
    def _in_order(self) -> SilenceShape:
        if not timedelta(0) < self.remind_after < self.silent_after:
            raise ValueError("remind_after must be over 0 and before silent_after")
        return self


class CheckInsShape(Shape):
    """A rhythm: on ``days`` of the cycle, or every so many days from one day to another. cycles: [first, last], or [first] without end."""

    cycles: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1, max_length=2)]
    days: list[Annotated[int, Field(ge=1)]] = Field(default_factory=list)
    every: Annotated[int, Field(ge=1)] | None = None
    from_day: Annotated[int, Field(ge=1)] = 1
    to_day: Annotated[int, Field(ge=1)] | None = None
    ask: Annotated[list[str], Field(min_length=1)]

    @model_validator(mode="after")
    def _has_days(self) -> CheckInsShape:
        if bool(self.days) is (self.every is not None):
            raise ValueError("write either days or every")
        return self


class QuietShape(Shape):
    """No automatic question from ``start`` to ``end``, local hours."""

    start: time
    end: time


class DosingShape(Sourced):
    """What enrolment proposes; the prescription decides. dose_mg absent: it follows from the patient's size."""

    times_per_day: Annotated[int, Field(ge=1, le=6)]
    days_on: Annotated[int, Field(ge=1)] | None = None
    days_off: Annotated[int, Field(ge=0)] = 0
    dose_mg: Number | None = None


class AdviceShape(Sourced):
    """What the label says of a missed dose."""

    text: Both


class Member(Sourced):
    """Why an agent belongs to a class."""


class Document(Shape):
    """A whole file: the symptoms, a layer (floor, class), or a protocol."""

    slug: Name
    kind: Literal["symptoms", "layer", "protocol"]
    effective_from: date
    supersedes: date | None = None
    title: Both
    agents: list[Name] = Field(default_factory=list)
    layers: list[str] = Field(default_factory=list)
    members: dict[Name, Member] = Field(default_factory=dict)
    dosing: DosingShape | None = None
    missed_dose: AdviceShape | None = None
    quiet: QuietShape | None = None
    ask_at: time | None = None
    thresholds: dict[Name, Threshold] = Field(default_factory=dict)
    check_ins: list[CheckInsShape] = Field(default_factory=list)
    questions: dict[Name, QuestionShape] = Field(default_factory=dict)
    symptoms: dict[Name, SymptomShape] = Field(default_factory=dict)
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
