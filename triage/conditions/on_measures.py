"""Conditions on measures of the chart: a value, how much it rose or fell. No measure, or a unit of another kind, is undecided."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from triage.conditions.facts import Absent, Book, Case, Condition, ConditionError, Finding, Spec
from triage.conditions.words import number
from triage.grading.units import factor
from triage.terms import Kind, Measured

NOTHING: frozenset[str] = frozenset()

SYNONYMS = {"systolic_bp": "systolic", "diastolic_bp": "diastolic"}
"""Names that released files use for a measure which the chart keeps under another."""

NAMES = {
    "systolic": ("tension systolique", "systolic pressure"),
    "diastolic": ("tension diastolique", "diastolic pressure"),
    "weight": ("poids", "weight"),
    "temperature": ("température", "temperature"),
    "pulse": ("pouls", "pulse"),
}
WEIGHT = "weight"

ULN = "xULN"
"""In place of a unit: multiples of the upper limit of normal."""

NO_LIMIT = "limit of the laboratory unknown"
"""What a trace says, in English, of a value that a rule could not compare."""

SIDES: Mapping[str, Callable[[Decimal, Decimal], bool]] = {"at_least": operator.ge, "above": operator.gt, "below": operator.lt}
"""How a measure stands to its threshold. ``above``: a label that says "over 5" does not mean 5."""

Seen = tuple[Decimal, str, date, bool, Decimal | None]
"""A measure as a condition reads it: value, unit, day, whether it is recent enough, upper limit of normal."""


def _named(spec: Spec, word: str) -> tuple[str, str]:
    name, unit = spec[word], spec.get("unit")
    if not isinstance(name, str) or not name or not isinstance(unit, str) or not unit:
        raise ConditionError("unit", unit, "a measure needs its unit: numbers of another unit are not compared")
    return SYNONYMS.get(name, name), unit


def measure(spec: Spec, book: Book) -> Condition:
    """``{ measure = "systolic", unit = "mm[Hg]", at_least = "bp_high", within_days = "recent" }``, ``above`` (over, not at) or ``below``.

    unit "xULN": in multiples of the upper limit of normal of that laboratory, as labels speak of the liver; without that limit, undecided.
    """
    key, unit = _named(spec, "measure")
    side = next((word for word in SIDES if word in spec), "at_least")
    limit, days, reached = book.limit(spec, side), book.limit(spec, "within_days"), SIDES[side]
    name = NAMES.get(key, (key, key))

    written = str(spec["measure"])

    def look(case: Case) -> Seen | None:
        found = case.context.measures.get(key) or case.context.measures.get(written)
        if found is None:
            return None
        return found.value, found.unit, found.taken_on, (case.context.asked_on - found.taken_on).days <= days, _upper(found)

    def judge(fact: Seen | None) -> Finding:
        if fact is None:
            return Finding(None, False, lambda: (f"{name[0]} : aucune mesure", f"{name[1]}: no measure"))
        scales = _scales(fact, unit)
        if scales is None:
            wanted = (" : limite du laboratoire inconnue", f": {NO_LIMIT}")
            return Finding(None, False, _said(name, fact, wanted if unit == ULN else (f" : attendu en {unit}", f": expected in {unit}")))
        if not fact[3]:
            return Finding(None, False, _said(name, fact, (" : trop ancienne", ": too old")))
        # Multiplied on both sides, never divided: five times the limit must be exact.
        return Finding(reached(fact[0] * scales[0], limit * scales[1]), False, _said(name, fact, _normal(fact, unit)))

    return Condition("measure", NOTHING, ("measure", key, days), look, judge)


def _upper(found: Measured) -> Decimal | None:
    """The upper limit of normal; None when it stands below the lower one: one of them is wrong, and nothing says which."""
    return None if found.lln is not None and found.uln is not None and found.lln > found.uln else found.uln


def _scales(fact: Seen, unit: str) -> tuple[Decimal, Decimal] | None:
    """What value and threshold are multiplied by to be compared. 900 /mm3 is 0.9 x 10*9/L, and must not go unjudged."""
    one = Decimal(1)
    if unit == ULN:
        return (one, fact[4]) if fact[4] is not None and fact[4] > 0 else None
    scale = one if fact[1] == unit else factor(fact[1], unit)
    return None if scale is None else (scale, one)


def _normal(fact: Seen, unit: str) -> tuple[str, str]:
    if unit != ULN or fact[4] is None:
        return "", ""
    return f", limite normale {number(fact[4], 'fr')}", f", limit of normal {number(fact[4], 'en')}"


def _said(name: tuple[str, str], fact: Seen, more: tuple[str, str]) -> Callable[[], tuple[str, str]]:
    value, unit, taken_on, _, _ = fact
    return lambda: (
        f"{name[0]} {number(value, 'fr')} {unit} le {taken_on}{more[0]}",
        f"{name[1]} {number(value, 'en')} {unit} on {taken_on}{more[1]}",
    )


def measure_rise(spec: Spec, book: Book) -> Condition:
    """``{ measure_rise = "weight", unit = "kg", at_least = "gain", over_days = "week" }``, or ``since = "baseline"``. "%": per cent."""
    return _changed("measure_rise", spec, book, 1)


def measure_fall(spec: Spec, book: Book) -> Condition:
    """The same downward: so much less than the highest of those days, or than the baseline."""
    return _changed("measure_fall", spec, book, -1)


Change = tuple[Decimal, Decimal, str] | None
"""The value now, the value it is compared with, and their unit; None when there are no two to compare."""


def _changed(word: str, spec: Spec, book: Book, sign: int) -> Condition:
    key, unit = _named(spec, word)
    since = spec.get("since")
    if (since == "baseline") is ("over_days" in spec) or since not in (None, "baseline"):
        raise ConditionError("since", since, 'write either since = "baseline" or over_days')
    limit = book.limit(spec, "at_least")
    if limit <= 0:
        raise ConditionError("at_least", limit, "expected over 0")
    if since is None and "within_days" in spec:
        raise ConditionError("within_days", spec["within_days"], "over_days already says how old the measures may be")
    field = "over_days" if since is None else "within_days"
    days = book.limit(spec, field) if field in spec else None
    answered = next((q.key for q in book.questions.values() if q.kind is Kind.WEIGHT), "") if key == WEIGHT else ""
    judge = _change_judge(key, unit, limit, sign, answered)

    def look(case: Case) -> tuple[Change, bool]:
        return _compared(case, key, answered, days, sign, since is None), bool(answered) and case.value(answered) is Absent.UNKNOWN

    return Condition(word, frozenset({answered}) if answered else NOTHING, (word, key, days, since), look, judge)


def _change_judge(key: str, unit: str, limit: Decimal, sign: int, answered: str) -> Callable[[tuple[Change, bool]], Finding]:
    name = NAMES.get(key, (key, key))

    def judge(facts: tuple[Change, bool]) -> Finding:
        change, waiting = facts
        waits = (answered,) if waiting else ()
        if change is None:
            return Finding(None, False, lambda: (f"{name[0]} : rien à comparer", f"{name[1]}: nothing to compare"), waits)
        now, before, taken_unit = change
        scale = Decimal(1) if unit in ("%", taken_unit) else factor(taken_unit, unit)
        comparable = before > 0 if unit == "%" else scale is not None
        moved = (now - before) * sign * (scale or 0)
        # Compared crosswise: a division would round 5 % of 73 kg, and the threshold must be exact.
        met = comparable and (moved * 100 >= limit * before if unit == "%" else moved >= limit)

        def say() -> tuple[str, str]:
            threshold = f"{'+' if sign > 0 else '-'} {number(limit, 'en')} {unit}"
            fr = f" (seuil {threshold.replace('.', ',')})" if comparable else f" : attendu en {unit}"
            en = f" (threshold {threshold})" if comparable else f": expected in {unit}"
            return (
                f"{name[0]} : de {number(before, 'fr')} à {number(now, 'fr')} {taken_unit}{fr}",
                f"{name[1]}: from {number(before, 'en')} to {number(now, 'en')} {taken_unit}{en}",
            )

        return Finding(True if met else None if waiting or not comparable else False, False, say, () if met else waits)

    return judge


def _known(case: Case, key: str, answered: str) -> list[Measured]:
    """Every value up to that day, the latest first: what was just answered, the chart, earlier check-ins."""
    context = case.context
    found = [*context.measures_before.get(key, ())]
    if key in context.measures:
        found.append(context.measures[key])
    if answered:
        said = [(context.asked_on, case.value(answered)), *((past.asked_on, past.values.get(answered)) for past in context.past)]
        found = [*(Measured(value, "kg", on) for on, value in said if isinstance(value, Decimal)), *found]
    return sorted(found, key=lambda m: m.taken_on, reverse=True)


def _compared(case: Case, key: str, answered: str, days: Decimal | None, sign: int, over: bool) -> Change:
    """The latest value not too old, and what it is compared with, in its unit.

    over: of the values of those days, the lowest before it for a rise, the highest for a fall; otherwise the baseline.
    """
    context = case.context
    known = [m for m in _known(case, key, answered) if days is None or (context.asked_on - m.taken_on).days <= days]
    if not known:
        return None
    now, *before = known
    if not over:
        weight = context.baseline.get(answered) if answered else None
        said = Measured(weight, "kg", now.taken_on) if isinstance(weight, Decimal) else None
        start = context.measures_baseline.get(key, said)
        before = [start] if start else []
    values = [m.value * scale for m in before if (scale := Decimal(1) if m.unit == now.unit else factor(m.unit, now.unit)) is not None]
    return (now.value, min(values, key=lambda value: value * sign), now.unit) if values else None
