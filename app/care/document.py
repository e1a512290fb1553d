"""What a programme's file may say. Every refusal names the file, the key, the value and the reason; nothing is guessed.

Nothing here knows a programme by its name: stages, levels, owners, rhythm, form, documents, end and figures are data.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.care.models import EnrolmentState
from app.core.settings import WrongSettings
from app.people.models import Role

P = TypeVar("P", bound="Part")

INTAKES, SYMPTOMS, NEW_MEDICINES = "intakes", "symptoms", "new_medicines"
"""The questions a form of an oral treatment cannot do without: adherence, side effects, any new medicine or herbal product (ATO-3)."""

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,59}$")]
Hour = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class ProgrammeError(WrongSettings):
    """A file that cannot be used, in one sentence a person can act on; it stops the start like a wrong setting."""


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
    last day that may hold a call; None: no end. stages, levels: for whom it holds; [] for everybody.
    """

    anchor: Literal["first_intake", "cycle", "opening"]
    every_days: int | None = Field(default=None, ge=1, le=366)
    every_months: int | None = Field(default=None, ge=1, le=12)
    weekdays: list[Weekday] = []
    hours: list[Hour] = Field(min_length=1)
    from_day: int = Field(ge=0)
    until_day: int | None = Field(default=None, ge=0)
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
    stages: list[Named] = Field(min_length=1)
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


def read(text: str, file: str, forms: dict[str, Form], indicators: frozenset[str]) -> Programme:
    """The programme of this file. Raises ProgrammeError. forms: the shared questions; indicators: the figures that can be worked out."""
    values = _toml(text, file)
    values["form"] = _form(values.get("form"), forms, file)
    programme = _checked(Programme, values, file)
    if unknown := [key for key in programme.indicators if key not in indicators]:
        raise ProgrammeError(
            f"{file}: indicators: {unknown[0]!r}: nobody knows how to work it out; choose among {', '.join(sorted(indicators))}"
        )
    return programme


def read_form(text: str, file: str) -> tuple[str, Form]:
    """A shared form and its name with its date ("contact@2026-11-23"). Raises ProgrammeError."""
    values = _toml(text, file)
    name, day = values.pop("slug", None), values.pop("effective_from", None)
    if not isinstance(name, str) or not isinstance(day, date):
        raise ProgrammeError(f"{file}: slug, effective_from: {name!r}, {day!r}: a form has a name and a date")
    values.pop("sources", None)
    return f"{name}@{day.isoformat()}", _checked(Form, values, file)


def _form(values: Any, forms: dict[str, Form], file: str) -> Any:
    """``stands_on`` names a shared form; ``ask`` keeps some of its questions; ``blocks`` adds questions, or says them in another way.

    ``nurse_protocols`` adds to the shared form's list, or says one in another way.
    """
    if not isinstance(values, dict) or "stands_on" not in values:
        return values
    if values["stands_on"] not in forms:
        raise ProgrammeError(f"{file}: form.stands_on: {values['stands_on']!r}: no such form; known: {', '.join(sorted(forms))}")
    if unknown := set(values) - {"stands_on", "ask", "blocks", "nurse_protocols"}:
        raise ProgrammeError(
            f"{file}: form.{min(unknown)}: {values[min(unknown)]!r}: no such key; known: ask, blocks, nurse_protocols, stands_on"
        )
    shared = forms[values["stands_on"]]
    asked = values.get("ask", shared.keys)
    if missing := [key for key in asked if key not in shared.keys]:
        raise ProgrammeError(f"{file}: form.ask: {missing[0]!r}: the form {values['stands_on']} has no such question")
    own = {block["key"]: block for block in values.get("blocks", []) if isinstance(block, dict) and "key" in block}
    blocks: list[Any] = []
    for block in shared.blocks:
        kept = [one.model_dump(exclude_defaults=True) for one in block.fields if one.key in asked]
        more = own.pop(block.key, {}).get("fields", [])
        said_again = {field.get("key") for field in more}
        fields = [field for field in kept if field["key"] not in said_again] + more
        blocks += [{"key": block.key, "title": block.title.model_dump(), "fields": fields}] if fields else []
    listed = values.get("nurse_protocols", [])
    again = {one.get("key") for one in listed if isinstance(one, dict)}
    kept_protocols = [one.model_dump() for one in shared.nurse_protocols if one.key not in again]
    return {"blocks": [*blocks, *own.values()], "nurse_protocols": [*kept_protocols, *listed]}


def _toml(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        number = int(line.group(1)) if line else 0
        written = text.splitlines()[number - 1] if 0 < number <= len(text.splitlines()) else ""
        raise ProgrammeError(f"{file}: line {number}: {written.strip()!r}: {error}") from error


def _checked(kind: type[P], values: dict[str, Any], file: str) -> P:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        written = f"{first['input']!r:.80}" if not isinstance(first["input"], dict) else "{…}"
        raise ProgrammeError(f"{file}: {where}: {written}: {first['msg'].removeprefix('Value error, ')}") from error


def _once(name: str, keys: Any) -> None:
    if twice := [key for key, times in Counter(keys).items() if times > 1]:
        raise ValueError(f"{name}: {twice[0]} is written twice")
