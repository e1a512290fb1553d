"""What changed between two versions of a protocol, thing by thing: today beside the draft."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from triage.protocol import Protocol
from triage.protocol.bricks import Shape
from triage.terms import Level


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same. before or after None: it stands in one of them only."""

    where: str
    before: str | None
    after: str | None

    @property
    def what(self) -> str:
        """added, removed or changed."""
        return "added" if self.before is None else "removed" if self.after is None else "changed"


def between(before: Protocol, after: Protocol) -> tuple[Difference, ...]:
    """Every difference that counts in the fingerprint, in the order of a file. Empty: the two decide the same."""
    return tuple(
        Difference(where, old, new)
        for what in _PARTS
        for where, old, new in _pairs(what, _PARTS[what](before), _PARTS[what](after))
        if old != new
    )


def _pairs(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str | None, str | None]]:
    for name in dict.fromkeys((*before, *after)):
        where = ".".join(part for part in (what, name) if part)
        yield where, _words(before.get(name)), _words(after.get(name))


def _head(protocol: Protocol) -> dict[str, Any]:
    return {
        "effective_from": str(protocol.effective_from),
        "title": protocol.title,
        "agents": protocol.agents,
        "layers": protocol.layers,
        "ask_at": str(protocol.ask_at),
        "quiet": f"{protocol.quiet.start} to {protocol.quiet.end}",
        "missed_dose": protocol.missed_dose,
    }


def _rule(rule: Any) -> dict[str, Any]:
    shape = rule.shape.model_dump(exclude={"id"}, exclude_defaults=True)
    return {name: value for name, value in shape.items() if name != "verified"} | {"layer": rule.layer}


_PARTS: Mapping[str, Any] = {
    "": _head,
    "thresholds": lambda p: {name: f"{_words(t.at)} {t.unit}" for name, t in p.thresholds.items()},
    "rules": lambda p: {rule.id: _rule(rule) for rule in p.rules},
    "levels": lambda p: {level.word: _plan(p, level) for level in p.levels},
    "check_ins": lambda p: {str(n): beat for n, beat in enumerate(p.rhythm, 1)},
    "silence": lambda p: {str(n): entry for n, entry in enumerate(p.silences, 1)},
    "dosing": lambda p: {"": p.dosing},
    "questions": lambda p: p.questions,
    "proposals": lambda p: p.proposals,
}


def _plan(protocol: Protocol, level: Level) -> str:
    plan = protocol.levels[level]
    ladder = ", ".join(f"{rung.notify} at {rung.after_minutes} min" for rung in plan.ladder)
    hours = "service hours" if plan.service_hours else "clock time"
    return f"within {plan.respond_within} of {hours}; {ladder}; again every {plan.repeat_minutes} min"


def _words(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Shape):
        return _words(value.model_dump(exclude_none=True))
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_words(entry)}" for name, entry in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(str(_words(entry)) for entry in value)
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
