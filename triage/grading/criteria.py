"""One line of the CTCAE tables: from where a grade begins. Read from CSV rows, refused with the term and the reason when not whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from triage.grading import units

FRAMES = ("absolute", "lln", "uln", "x_uln", "x_baseline", "over_uln", "over_baseline", "over_both", "none")
BASELINES = ("", "high", "not_high", "not_high_or_unknown", "low", "not_low_or_unknown")


@dataclass(frozen=True)
class Criterion:
    """From where a grade begins. grade None: from there on the term is not graded, the note says why.

    otherwise: the grade without symptoms, where the text depends on them and the worst is supposed. baseline: a condition on its flag.
    at: the bound itself belongs to the grade. beyond: an absolute bound that must be passed as well.
    """

    grade: int | None
    otherwise: int | None
    baseline: str
    frame: str
    bound: Decimal
    at: bool
    beyond: Decimal | None
    note: str


@dataclass(frozen=True)
class Scale:
    """The criteria of one term for one measure in one unit ('' when only ratios to limits count), worst grade first.

    conditions: on the baseline's flag, those that occur among them.
    """

    unit: str
    criteria: tuple[Criterion, ...]
    conditions: frozenset[str]


@dataclass(frozen=True)
class Term:
    """A CTCAE term that a number can grade. direction: low or high. scales: by measure key; a term may be graded by two measures."""

    name: str
    direction: str
    scales: Mapping[str, tuple[Scale, ...]]


def terms_of(rows: Sequence[Mapping[str, str]]) -> dict[str, Term]:
    """The terms of the rows by their name in lower case. ValueError names the term and what is wrong with it."""
    names = dict.fromkeys(row["term"] for row in rows)
    return {name.casefold(): _term(name, [row for row in rows if row["term"] == name]) for name in names}


def _term(name: str, rows: list[Mapping[str, str]]) -> Term:
    directions = {row["direction"] for row in rows}
    if len(directions) != 1 or not directions <= {"low", "high"}:
        raise ValueError(f"{name}: one direction, low or high; found {sorted(directions)}")
    keys = dict.fromkeys(row["key"] for row in rows)
    return Term(name, directions.pop(), {key: tuple(_scales([row for row in rows if row["key"] == key])) for key in keys})


def _scales(rows: list[Mapping[str, str]]) -> Iterator[Scale]:
    named = dict.fromkeys(row["unit"] for row in rows if row["unit"]) or {"": None}
    for unit in named:
        criteria = [_criterion(row) for row in rows if row["unit"] in ("", unit)]
        worst_first = sorted(criteria, key=lambda c: -5 if c.grade is None else -c.grade)
        yield Scale(unit, tuple(worst_first), frozenset(c.baseline for c in criteria if c.baseline))


def _criterion(row: Mapping[str, str]) -> Criterion:
    where = f"{row['term']}, grade {row['grade'] or 'none'}"
    if row["frame"] not in FRAMES or row["baseline"] not in BASELINES or row["reached"] not in ("at", "beyond", ""):
        raise ValueError(f"{where}: unknown frame {row['frame']!r}, baseline {row['baseline']!r} or reached {row['reached']!r}")
    if row["unit"] and units.read(row["unit"]) is None:
        raise ValueError(f"{where}: unknown unit {row['unit']!r}")
    return Criterion(
        grade=int(row["grade"]) if row["grade"] else None,
        otherwise=int(row["without_symptoms"]) if row["without_symptoms"] else None,
        baseline=row["baseline"],
        frame=row["frame"],
        bound=Decimal(row["bound"] or 0),
        at=row["reached"] == "at",
        beyond=Decimal(row["and_beyond"]) if row["and_beyond"] else None,
        note=row["note"],
    )
