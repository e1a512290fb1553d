"""The treatment as the form holds it: what the protocol's label proposes, and what was typed, read without guessing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from app.treatment.courses import NewCompanion, NewCourse
from app.treatment.prescribing import COMPANION_FIELD
from triage.calendar import Block, Pattern
from triage.protocol import Protocol

Fields = Mapping[str, str]

TYPED = (
    "agent",
    "dose_mg",
    "times_per_day",
    "days_on",
    "days_off",
    "strengths",
    "blocks",
    "cycle_days",
    "weekday",
    "every",
    "first_intake_evening",
)
"""The fields that follow from the protocol chosen."""


def usual(protocol: Protocol) -> dict[str, str]:
    """Medicine and dosing that a protocol's label proposes; empty where it follows from the patient. The prescription decides."""
    own = [agent for agent in protocol.agents if agent not in protocol.companions]
    found = {"agent": own[0] if len(own) == 1 else ""}
    if protocol.dose_mg is not None:
        found["dose_mg"] = f"{protocol.dose_mg:f}"
    if protocol.dosing is not None:
        found |= _days(protocol.dosing)
    for name, companion in protocol.companions.items():
        found[COMPANION_FIELD.format(agent=name, name="dose_mg")] = "" if companion.dose_mg is None else f"{companion.dose_mg:f}"
    return found


def _days(pattern: Pattern) -> dict[str, str]:
    """Blocks, or days on and off. A continuous pattern has no cycle: 28 days on and none off is one, and reads back as continuous."""
    found = {"times_per_day": str(pattern.times_per_day)}
    if pattern.blocks:
        found |= {"blocks": ", ".join(f"{first}-{last}" for first, last in pattern.blocks), "cycle_days": str(pattern.cycle_days)}
    else:
        found |= {"days_on": str(pattern.days_on or 28), "days_off": str(pattern.days_off or 0)}
    if pattern.weekday:
        found["weekday"] = str(pattern.weekday)
    return found | ({"every": str(pattern.every)} if pattern.every > 1 else {})


def read(typed: Fields, protocol: Protocol | None) -> NewCourse:
    """The treatment typed; what cannot be read stays empty or impossible, and gets its sentence from the craft."""
    return NewCourse(
        agent=typed.get("agent", ""),
        protocol_slug=typed.get("protocol_slug", ""),
        dose_mg=decimal(typed.get("dose_mg", "")),
        times_per_day=whole(typed.get("times_per_day", "")),
        days_on=whole(typed.get("days_on", "")),
        days_off=whole(typed.get("days_off", "")),
        first_intake=day(typed.get("first_intake", "")),
        cycle=whole(typed.get("cycle", "")) or 0,
        blocks=_blocks(typed.get("blocks", "")),
        cycle_days=_asked(typed.get("cycle_days", "")),
        weekday=_asked(typed.get("weekday", "")),
        every=1 if not typed.get("every", "").strip() else whole(typed["every"]) or 0,
        first_intake_evening=bool(typed.get("first_intake_evening")),
        strengths=strengths(typed.get("strengths", "")),
        companions=_companions(typed, protocol),
    )


def _companions(typed: Fields, protocol: Protocol | None) -> tuple[NewCompanion, ...]:
    """The second medicines prescribed: those whose dose, or tablets, were typed. Their days are the protocol's."""
    found = []
    for agent, companion in (protocol.companions if protocol else {}).items():
        dose, sizes = (typed.get(COMPANION_FIELD.format(agent=agent, name=name), "").strip() for name in ("dose_mg", "strengths"))
        if dose or sizes:
            found.append(NewCompanion(agent, decimal(dose), companion.dosing, strengths(sizes)))
    return tuple(found)


def _blocks(text: str) -> tuple[Block, ...]:
    """1-5, 8-12, or single days. What cannot be read becomes a block that no cycle holds."""
    parts = [part for part in re.split(r"[,;\s]+", re.sub(r"\s*[-–—]\s*", "-", text.strip())) if part]
    found = []
    for part in parts:
        match = re.fullmatch(r"([0-9]{1,3})(?:-([0-9]{1,3}))?", part)
        found.append((int(match[1]), int(match[2] or match[1])) if match else (0, 0))
    return tuple(found)


def strengths(text: str) -> tuple[Decimal, ...]:
    """500 ; 150, or 500, 150: a comma without a space after it is a decimal one. What cannot be read becomes 0, which no tablet has."""
    parts = [part for part in re.split(r";|,\s+|\s+et\s+|\s+and\s+|\s+", text.strip()) if part]
    return tuple(decimal(part) or Decimal(0) for part in parts)


def _asked(text: str) -> int | None:
    """Nothing typed is nothing; something that is no number is 0, which the craft refuses beside its field."""
    return None if not text.strip() else whole(text) or 0


def whole(text: str) -> int | None:
    """Digits only: "2,5" is not 2 and "" is not 0."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def decimal(text: str) -> Decimal | None:
    """A decimal number, comma or point; None when it is not one."""
    try:
        number = Decimal(text.strip().replace("\u202f", "").replace("\u00a0", "").replace(" ", "").replace(",", "."))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def day(text: str) -> date | None:
    """A date as a form sends it, None when it is not one."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
