"""What a programme's file may say; reading.py reads it and refuses a slip.

Nothing here knows a programme by its name: stages, levels, owners, rhythm, form, documents, end and figures are data.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.care.models import EnrolmentState
from app.people.models import Role

INTAKES, SYMPTOMS, NEW_MEDICINES = "intakes", "symptoms", "new_medicines"
"""The questions a form of an oral treatment cannot do without: adherence, side effects, any new medicine or herbal product (ATO-3)."""

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,59}$")]
Hour = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Part(BaseModel):
    """Strict: a misspelt key, or a number written as words, is refused instead of being ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, ignored_types=(cached_property,))


class Words(Part):
    """What a person reads, in French and in English."""

    fr: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def said(self, language: str) -> str:
        """In this language; in English for one that is not written here."""
        return self.fr if language == "fr" else self.en


class Named(Part):
    """A key of the data, and how people call it."""

    key: Key
    title: Words


class Stage(Named):
    """A stage. at: the one reached by itself when the enrolment is proposed, opened or ended; None: somebody says so."""

    at: Literal["proposed", "open", "end"] | None = None


class Opening(Part):
    """What must be done before the first call: the visit face to face, the doctor's validation of the file."""

    adhesion_visit: bool
    doctor_validates: bool


class Owner(Part):
    """Who answers for a patient, by role: one is named for each patient."""

    title: Words
    roles: list[Annotated[Role, Field(strict=False)]] = Field(min_length=1)


class Owners(Part):
    """The named person, and who stands in."""

    named: Owner
    stand_in: Owner


class Phase(Named):
    """One stretch of the rhythm of calls: every so many days, months, or on weekdays at agreed hours.

    anchor: what its days are counted from; ``opening`` is the day the follow-up opened, day 0. from_day, until_day: the first and the
    last day that may hold a call; None: no end. cycle_days: length of a cycle when the treatment has none of its own.
    stages, levels: for whom it holds; [] for everybody.
    """

    anchor: Literal["first_intake", "cycle", "opening"]
    every_days: int | None = Field(default=None, ge=1, le=366)
    every_months: int | None = Field(default=None, ge=1, le=12)
    weekdays: list[Weekday] = []
    hours: list[Hour] = Field(min_length=1)
    from_day: int = Field(ge=0)
    until_day: int | None = Field(default=None, ge=0)
    cycle_days: int | None = Field(default=None, ge=7, le=84)
    on_hold: Literal["label", "keep"]
    on_admission: Literal["pause", "keep"]
    restart_within_hours: int = Field(default=48, ge=1, le=336)
    on_closed_day: Literal["move", "keep"]
    stages: list[Key] = []
    levels: list[Key] = []

    @model_validator(mode="after")
    def _one_rhythm(self) -> Self:
        ways = [self.every_days is not None, self.every_months is not None, bool(self.weekdays)]
        if sum(ways) != 1:
            raise ValueError("write one of every_days, every_months, weekdays")
        if self.weekdays and len(self.hours) != len(self.weekdays):
            raise ValueError("write one hour for each weekday")
        if not self.weekdays and len(self.hours) != 1:
            raise ValueError("write one hour")
        if self.until_day is not None and self.until_day < self.from_day:
            raise ValueError(f"until_day is before from_day {self.from_day}")
        return self


class FormField(Named):
    """One question of the call. not_asked: may be left out by choosing "not asked", with a reason. choices: of a choice, in order."""

    kind: Literal["text", "number", "yes_no", "choice", "choices", "date", "symptoms", "measures"]
    required: bool = False
    not_asked: bool = False
    unit: str = ""
    lowest: float | None = Field(default=None, strict=False)
    highest: float | None = Field(default=None, strict=False)
    choices: list[Named] = []

    @model_validator(mode="after")
    def _choices(self) -> Self:
        if self.kind in ("choice", "choices") and len(self.choices) < 2:
            raise ValueError("a choice needs two choices or more")
        if self.choices and self.kind not in ("choice", "choices"):
            raise ValueError(f"a question of kind {self.kind} has no choices")
        _once("choices", (choice.key for choice in self.choices))
        return self


class Block(Named):
    """Questions that stand together on the form."""

    fields: list[FormField] = Field(min_length=1)


class NurseProtocol(Named):
    """A written protocol a nurse may act under without asking the doctor first (AMA-4, FR-23), and what it allows."""

    allows: Words
    source: str = Field(min_length=1)


class Form(Part):
    """The questions of a call, by block, in the order they are asked; and the protocols a nurse may cite when she acts on the answers."""

    blocks: list[Block] = Field(min_length=1)
    nurse_protocols: list[NurseProtocol] = []

    @model_validator(mode="after")
    def _keys_once(self) -> Self:
        _once("blocks", (block.key for block in self.blocks))
        _once("nurse_protocols", (protocol.key for protocol in self.nurse_protocols))
        _once("fields", (field.key for block in self.blocks for field in block.fields))
        return self

    @property
    def keys(self) -> list[str]:
        """Every question, in order."""
        return [field.key for block in self.blocks for field in block.fields]


class Document(Part):
    """A paper that leaves: what, to whom, when; consent: only to whom the patient agreed to."""

    kind: Key
    to: list[Key] = Field(min_length=1)
    when: Literal["opening", "contact_closed", "level_2", "end"]
    consent: bool = True


class Exit(Part):
    """How it ends. after_days: from the first intake, None: with the treatment. letter: the kind of document that leaves then."""

    after_days: int | None = Field(default=None, ge=1, le=3660)
    state: Literal[EnrolmentState.ENDED_CONTINUING, EnrolmentState.ENDED]
    opinion: list[Named] = Field(min_length=1)
    opinion_choices: list[Named] = Field(min_length=2)
    letter: Key
    call_now: Words


class Programme(Part):
    """One programme, as it holds from ``effective_from`` on. oral_therapy: its form must ask for new medicines and herbal products."""

    slug: Slug
    effective_from: date
    title: Words
    summary: Words
    sources: list[str] = Field(min_length=1)
    oral_therapy: bool
    late_after_minutes: int = Field(ge=5, le=1440)
    opening: Opening
    stages: list[Stage] = Field(min_length=1)
    levels: list[Named] = Field(min_length=1)
    owners: Owners
    rhythm: list[Phase] = Field(min_length=1)
    form: Form
    documents: list[Document] = []
    exit: Exit
    indicators: list[Key] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.oral_therapy and NEW_MEDICINES not in self.form.keys:
            raise ValueError(
                f"form: an oral treatment's form asks for any new medicine or herbal product: add the question {NEW_MEDICINES}"
            )
        if self.oral_therapy and (unasked := [key for key in (INTAKES, SYMPTOMS) if key not in self.form.keys]):
            raise ValueError(f"form: an oral treatment's form asks what was taken and which side effects: add the question {unasked[0]}")
        for name, keys in (("stages", self.stages), ("levels", self.levels), ("rhythm", self.rhythm)):
            _once(name, (one.key for one in keys))
        for phase in self.rhythm:
            for name, used, known in (("stages", phase.stages, self.stages), ("levels", phase.levels, self.levels)):
                if missing := set(used) - {one.key for one in known}:
                    raise ValueError(f"rhythm.{phase.key}.{name}: {', '.join(sorted(missing))} is not one of the {name}")
        if self.exit.letter not in {one.kind for one in self.documents if one.when == "end"}:
            raise ValueError(f"exit.letter: no document {self.exit.letter} leaves at the end: write it in documents")
        return self

    @cached_property
    def phases(self) -> dict[str, Phase]:
        """The phases by their key."""
        return {phase.key: phase for phase in self.rhythm}


def _once(name: str, keys: Any) -> None:
    if twice := [key for key, times in Counter(keys).items() if times > 1]:
        raise ValueError(f"{name}: {twice[0]} is written twice")
