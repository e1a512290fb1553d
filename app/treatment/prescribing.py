"""A prescription as typed: what is missing or cannot be lived, and what its columns hold. Nothing is rounded, nothing guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.core.errors import Said
from triage.calendar import Block, NoExactTablets, Pattern, tablets_for


@dataclass(frozen=True)
class NewCompanion:
    """A second medicine of the same treatment, as prescribed: dose in mg of one intake, its own days, strengths of its tablets in mg."""

    agent: str
    dose_mg: Decimal | None
    pattern: Pattern
    strengths: tuple[Decimal, ...] = ()


@dataclass
class NewCourse:
    """A prescription as typed. dose_mg per intake; days_off 0: continuous. cycle: number of the cycle that begins at first_intake.

    blocks within cycle_days stand in place of days on and off; weekday 1 to 7: that day alone; every: one day in so many.
    strengths: of the tablets prescribed, in mg; without them tablets are not counted.
    """

    agent: str
    protocol_slug: str
    dose_mg: Decimal | None
    times_per_day: int | None
    days_on: int | None
    days_off: int | None
    first_intake: date | None
    cycle: int = 1
    blocks: tuple[Block, ...] = ()
    cycle_days: int | None = None
    weekday: int | None = None
    every: int = 1
    first_intake_evening: bool = False
    strengths: tuple[Decimal, ...] = ()
    companions: tuple[NewCompanion, ...] = ()

    @property
    def days(self) -> tuple[int | None, int | None]:
        """Days of intake and of rest in a cycle: as typed, or the sums of the blocks."""
        if not self.blocks or self.cycle_days is None:
            return self.days_on, self.days_off
        taken = sum(last - first + 1 for first, last in self.blocks)
        return taken, self.cycle_days - taken


def check(new: NewCourse, *, today: date, slugs: set[str]) -> dict[str, str]:
    """One sentence per missing or implausible field; empty when all is well. slugs: protocols in force and signed for the service."""
    problems: dict[str, str] = {}
    if not new.agent.strip():
        problems["agent"] = "Choose the medicine."
    if new.protocol_slug not in slugs:
        problems["protocol_slug"] = "Choose a protocol in force that a doctor and a pharmacist of the service have signed."
    if len(new.agent.strip()) > 80:
        problems["agent"] = Said("Write at most {n} characters.", n=80)
    if sentence := dose_problem(new.dose_mg):
        problems["dose_mg"] = sentence
    if new.times_per_day is None or not 1 <= new.times_per_day <= 4:
        problems["times_per_day"] = "Write how many intakes a day, from 1 to 4."
    problems |= _days_problems(new)
    if new.dose_mg is not None and "dose_mg" not in problems and (sentence := _tablets_problem(new.dose_mg, new.strengths)):
        problems["strengths"] = sentence
    if new.first_intake is None:
        problems["first_intake"] = "Write the day of the first intake."
    elif abs((new.first_intake - today).days) > 366:
        problems["first_intake"] = "The first intake is more than a year away from today. Check the date."
    if not 1 <= new.cycle <= 200:
        problems["cycle"] = "Write the number of the cycle, from 1 to 200."
    for companion in new.companions:
        problems |= _companion_problem(companion)
    return problems


COMPANION_FIELD = "companion_{agent}_{name}"
"""The field of a form that holds the dose_mg or the strengths of a second medicine."""


def _companion_problem(new: NewCompanion) -> dict[str, str]:
    agent = new.agent.strip()[:80]
    if new.dose_mg is None or dose_problem(new.dose_mg) or not 1 <= len(new.agent.strip()) <= 80:
        sentence = Said("Write the dose of one intake of {agent} in mg, from 0.1 to 10000.", agent=agent)
        return {COMPANION_FIELD.format(agent=agent, name="dose_mg"): sentence}
    if _tablets_problem(new.dose_mg, new.strengths):
        sentence = Said(NO_TABLETS_OF, agent=agent, dose=Decimal(f"{new.dose_mg:f}"))
        return {COMPANION_FIELD.format(agent=agent, name="strengths"): sentence}
    return {}


EVERY = "Write one day in how many, from 1 to 28."


def dose_problem(dose: Decimal | None) -> str:
    """One sentence when this is no dose of one intake in mg, '' when it is."""
    if dose is None or not dose.is_finite() or not Decimal("0.1") <= dose <= 10000:
        return "Write the dose of one intake in mg, from 0.1 to 10000."
    return "" if dose == round(dose, 3) else "Write the dose with three decimals at most; nothing is rounded for you."


def _days_problems(new: NewCourse) -> dict[str, str]:
    """What is wrong with the days of intake; the calendar says whether they can be lived."""
    problems: dict[str, str] = {}
    on, off = new.days
    if on is None or not 1 <= on <= 366:
        problems["days_on"] = "Write the days of intake in a cycle, from 1 to 366."
    if off is None or not 0 <= off <= 90:
        problems["days_off"] = "Write the rest days of a cycle, from 0 to 90; 0 when there are none."
    if new.blocks and new.cycle_days is None:
        problems["cycle_days"] = "Write the length of the cycle in days."
    elif new.cycle_days is not None and not new.blocks:
        problems["blocks"] = "Write the blocks of intake days, such as 1-5, 8-12."
    elif new.blocks and (new.days_on not in (None, on) or new.days_off not in (None, off)):
        problems["blocks"] = Said("These blocks make {on} days of intake and {off} of rest. Correct one or the other.", on=on, off=off)
    elif not problems and new.times_per_day:
        problems |= _unlivable(new)
    if new.every > 28:
        problems["every"] = EVERY
    return problems


def _unlivable(new: NewCourse) -> dict[str, str]:
    try:
        pattern_of(new)
    except ValueError:
        if new.every < 1:
            return {"every": EVERY}
        if new.weekday is not None and not 1 <= new.weekday <= 7:
            return {"weekday": "Choose a day of the week, from 1 for Monday to 7 for Sunday."}
        if new.first_intake_evening:
            return {"first_intake_evening": "A first intake in the evening needs two a day, and a morning after each block."}
        return {"blocks": "Write the blocks in order and apart, inside the cycle, such as 1-5, 8-12."}
    return {}


def pattern_of(new: NewCourse) -> Pattern:
    """The days of a prescription as the calendar reads them. Raises ValueError when they cannot be lived."""
    return Pattern(
        new.times_per_day or 0,
        None if new.blocks else new.days_on,
        None if new.blocks else new.days_off or None,
        blocks=new.blocks,
        cycle_days=new.cycle_days,
        weekday=new.weekday,
        every=new.every,
        first_intake_evening=new.first_intake_evening,
    )


NO_TABLETS = "No whole tablets of these strengths make {dose} mg. Check the dose and the strengths."
NO_TABLETS_OF = "No whole tablets of {agent} of these strengths make {dose} mg. Check the dose and the strengths."


def _tablets_problem(dose: Decimal, strengths: Sequence[Decimal]) -> str:
    try:
        tablets_of(dose, strengths)
    except NoExactTablets:
        return Said(NO_TABLETS, dose=Decimal(f"{dose:f}"))
    return ""


def tablets_of(dose: Decimal, strengths: Sequence[Decimal]) -> list[list[str | int]]:
    """The tablets of one intake as a row keeps them, largest first; none when no strength is known. Raises NoExactTablets."""
    found = tablets_for(dose, strengths) if strengths else {}
    return [[f"{strength:f}", count] for strength, count in found.items()]


def columns_of(pattern: Pattern, first_intake: date) -> dict[str, Any]:
    """A pattern as its columns. A continuous one has no cycle: 28 days on and none off is one, and reads back as continuous."""
    taken = sum(last - first + 1 for first, last in pattern.blocks)
    return {
        "times_per_day": pattern.times_per_day,
        "days_on": taken or pattern.days_on or 28,
        "days_off": (pattern.cycle_days or 0) - taken if pattern.blocks else pattern.days_off or 0,
        "blocks": [list(block) for block in pattern.blocks],
        "cycle_days": pattern.cycle_days,
        "weekday": pattern.weekday,
        "every": pattern.every,
        "first_intake_evening": pattern.first_intake_evening,
        "first_intake": first_intake,
    }
