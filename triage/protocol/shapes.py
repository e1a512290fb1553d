"""The shape of symptoms, questions, rules, proposals, delays. Anything else is refused: field, value and reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from triage.conditions import THRESHOLD_FIELDS
from triage.protocol.bricks import (
    Both,
    Duration,
    Family,
    LevelWord,
    Name,
    Number,
    QuestionKind,
    Range,
    Sentence,
    Shape,
    Sourced,
    SourceId,
    Who,
)
from triage.questions import GSM7

FAMILIES = ("red_flag", "raw", "rise", "two_ambers", "trend", "intake", "silence")
"""Order of display: red flags, raw scores, rises since last and since baseline, two moderate symptoms, what lasts, doses, silence."""


class SymptomShape(Shape):
    """A symptom code of the reply codebook: its CTCAE term, MedDRA code, self-care text for scores 1 and 2, and its guideline."""

    ctcae_term: str = ""
    meddra: str = ""
    self_care: str = ""
    self_care_source: SourceId | None = None
    late: ClassVar[frozenset[str]] = frozenset({"self_care_source"})


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
    """all_of, any_of, none_of, and no deeper nesting: if it needs more, it is two rules. red_flag rules undecided at the close are told.

    toxicity: the answer whose occurrences are counted, so that the label's proposal for that occurrence is the one shown.
    """

    id: Name
    family: Family
    level: LevelWord
    all_of: list[dict[str, Any]] = Field(default_factory=list)
    any_of: list[dict[str, Any]] = Field(default_factory=list)
    none_of: list[dict[str, Any]] = Field(default_factory=list)
    why: Both
    never_mute: bool = False
    proposes: list[Name] = Field(default_factory=list)
    toxicity: Name | None = None
    late: ClassVar[frozenset[str]] = frozenset({"toxicity"})

    @model_validator(mode="after")
    def _some_condition(self) -> RuleShape:
        if not self.all_of and not self.any_of:
            raise ValueError("a rule needs all_of or any_of: without a condition it would always fire")
        return self

    def specs(self) -> list[dict[str, Any]]:
        """Its conditions as written, in order."""
        return [*self.all_of, *self.any_of, *self.none_of]

    def thresholds(self) -> set[str]:
        """Names of the thresholds it uses."""
        return {str(spec[field]) for spec in self.specs() for field in spec.keys() & THRESHOLD_FIELDS}


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
