"""Four sources of the truth, side by side: what the patient says, what is left in the box, what was dispensed, what a cap recorded.

Each keeps its own figure. When two differ by more than the tolerance nobody is corrected: the state is "unresolved" and a person looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from triage.adherence.figures import Figure
from triage.calendar import Expected, Strengths

SOURCES = ("report", "pill_count", "refill", "cap")

TOLERANCE = Decimal("0.05")
"""How far two sources may lie apart, in intakes gone per intake due. Our own (2026-11-22): one intake in twenty, under the one missed
intake in ten that already asks for a nurse's call in cycle 1."""

AGREE, UNRESOLVED, SINGLE, NONE = "agree", "unresolved", "single", "none"


@dataclass(frozen=True)
class Reconciled:
    """Each source's own figure (intakes gone per intake due; None: silent), how far the two furthest lie apart, and what follows."""

    figures: Mapping[str, Decimal | None]
    state: str
    apart: Decimal | None


def reconcile(figures: Mapping[str, Decimal | None]) -> Reconciled:
    """Compare every pair. Days covered by refills never pass 1, so the others count as 1 at most beside them."""
    known = {name: figure for name, figure in figures.items() if figure is not None}
    if len(known) < 2:
        return Reconciled(figures, SINGLE if known else NONE, None)
    apart = max(_apart(known, one, other) for one, other in combinations(known, 2))
    return Reconciled(figures, UNRESOLVED if apart > TOLERANCE else AGREE, apart)


def _apart(figures: Mapping[str, Decimal], one: str, other: str) -> Decimal:
    most = Decimal(1) if "refill" in (one, other) else None
    a, b = (figures[name] if most is None else min(figures[name], most) for name in (one, other))
    return abs(a - b)


@dataclass(frozen=True)
class Counted:
    """Tablets by strength in mg. difference: counted minus expected; above 0 suggests missed intakes, below 0 extra or lost ones.

    share: mg gone over mg due.
    """

    expected_left: Strengths | None
    difference: Strengths | None
    share: Figure


def pill_count(
    due: Expected | None,
    *,
    counted: Strengths,
    before: Strengths | None = None,
    dispensed: Strengths | None = None,
    returned: Strengths | None = None,
) -> Counted:
    """Expected left = left before + dispensed - due - returned or lost, strength by strength. A strength not counted is not zero."""
    had = {
        strength: (before or {}).get(strength, 0) + (dispensed or {}).get(strength, 0) - (returned or {}).get(strength, 0)
        for strength in {*(before or {}), *(dispensed or {}), *(returned or {}), *counted}
    }
    if due is None:
        return Counted(None, None, Figure(reason="unknown_schedule"))
    if set(had) - set(counted):
        return Counted(None, None, Figure(reason="not_counted"))
    gone = sum((strength * (had[strength] - counted[strength]) for strength in had), Decimal(0))
    share = Figure(gone, due.mg) if due.mg > 0 else Figure(reason="nothing_due")
    if due.tablets is None:
        return Counted(None, None, share)
    left = {strength: had.get(strength, 0) - due.tablets.get(strength, 0) for strength in {*had, *due.tablets}}
    return Counted(left, {strength: counted.get(strength, 0) - left[strength] for strength in left}, share)
