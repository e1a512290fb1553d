"""What may be measured: one registry of keys, names, units, plausible ranges and the CTCAE terms that grade each."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from triage.grading import units


@dataclass(frozen=True)
class Measure:
    """One measure. plausible: in its unit, both ends included. worse: low, high or both. terms: version → direction → CTCAE term."""

    key: str
    name: Mapping[str, str]
    unit: str
    also: Mapping[str, tuple[Decimal, Decimal]]
    plausible: tuple[Decimal, Decimal]
    worse: str
    terms: Mapping[str, Mapping[str, str]]

    def converted(self, value: Decimal, unit: str) -> Decimal | None:
        """A value in this measure's own unit; None for a unit that is not known or measures something else."""
        if (factor := units.factor(unit, self.unit)) is not None:
            return value * factor
        for other, (times, divided) in self.also.items():
            if (factor := units.factor(unit, other)) is not None:
                return value * factor * times / divided
        return None

    @property
    def only_unit(self) -> str:
        """Its unit when nobody can have meant another one; "" when there are several, of another size or of another dimension."""
        return self.unit if not self.also and units.is_alone(self.unit) else ""

    def is_plausible(self, value: Decimal, unit: str) -> bool | None:
        """Could a living person have this value? None when the unit does not tell."""
        found = self.converted(value, unit)
        return None if found is None else self.plausible[0] <= found <= self.plausible[1]


class Measures:
    """The registry. A CTCAE term is accepted wherever a key is."""

    def __init__(self, measures: Mapping[str, Measure]) -> None:
        self.by_key = measures
        graded: dict[str, set[str]] = {}
        for measure in measures.values():
            for terms in measure.terms.values():
                for term in terms.values():
                    graded.setdefault(term.casefold(), set()).add(measure.key)
        self._keys = {key: key for key in measures} | {term: keys.pop() for term, keys in graded.items() if len(keys) == 1}

    def key_of(self, name: str) -> str | None:
        """The key for a key or for a CTCAE term, case-blind; None when it is neither, or graded by two (Hypertension)."""
        return self._keys.get(" ".join(name.split()).casefold())

    def graded_by(self, term: str, version: str) -> tuple[str, ...]:
        """Keys of the measures that a CTCAE term of this version grades; Hypertension has two."""
        wanted = " ".join(term.split()).casefold()
        found = ((measure.key, measure.terms.get(version, {})) for measure in self.by_key.values())
        return tuple(key for key, terms in found if wanted in (name.casefold() for name in terms.values()))


def read(text: str) -> Measures:
    """The registry from the text of its TOML file. KeyError, ValueError or ArithmeticError when an entry is not whole."""
    document = tomllib.loads(text, parse_float=Decimal)
    return Measures({key: _measure(key, entry) for key, entry in document.items()})


def _measure(key: str, entry: Mapping[str, Any]) -> Measure:
    known = units.read(entry["unit"])
    strange = [unit for unit in entry.get("also", {}) if units.read(unit) is None or units.factor(unit, entry["unit"])]
    if known is None or strange or entry["worse"] not in ("low", "high", "both"):
        raise ValueError(f"{key}: unknown unit {[entry['unit'], *strange]} or worse {entry['worse']!r}")
    low, high = (Decimal(end) for end in entry["plausible"])
    also = {unit: _fraction(text) for unit, text in entry.get("also", {}).items()}
    return Measure(key, entry["name"], entry["unit"], also, (low, high), entry["worse"], entry.get("ctcae", {}))


def _fraction(text: str) -> tuple[Decimal, Decimal]:
    times, _, divided = text.partition("/")
    return Decimal(times), Decimal(divided or 1)
