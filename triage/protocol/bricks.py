"""What every shape of a protocol file is made of: names, numbers, durations, texts in two languages, sources."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from triage.terms import Kind

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
Positive = Annotated[int, Field(ge=1)]
Range = Annotated[list[Positive], Field(min_length=2, max_length=2)]


class Shape(BaseModel):
    """Base of all: nothing unknown, nothing converted, nothing changed afterwards.

    late: fields younger than the first released files. Left out of the canonical form while they say nothing, or the fingerprint of
    every file released before them would change.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    late: ClassVar[frozenset[str]] = frozenset()

    def spoken(self) -> list[str]:
        """Names of the fields that count: all of them, the late ones only when they say something else than their default."""
        fields = type(self).model_fields
        return [
            name
            for name, field in fields.items()
            if name not in self.late or getattr(self, name) != field.get_default(call_default_factory=True)
        ]


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


class Change(Sourced):
    """Another number under the same name and unit, from a layer above: a service, or one patient."""

    at: Number
