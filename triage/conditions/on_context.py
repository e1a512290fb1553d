"""Conditions on everything besides the current answers: the day of the cycle, measures, silence, what the reader saw."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from triage.conditions.facts import Book, Case, Condition, ConditionError, Finding, Spec, number
from triage.terms import Escalate, Level

NOTHING: frozenset[str] = frozenset()


def cycle(spec: Spec, _book: Book) -> Condition:
    """``{ cycle = [1, 2] }``: first and last cycle, both included."""
    first, last = _range(spec, "cycle")

    def judge(value: int | None) -> Finding:
        if value is None:
            return Finding(None, False, "cycle inconnu", "cycle unknown")
        return Finding(first <= value <= last, False, f"cycle {value}", f"cycle {value}")

    return Condition("cycle", NOTHING, lambda case: case.context.cycle, judge)


def cycle_day(spec: Spec, _book: Book) -> Condition:
    """``{ cycle_day = [1, 7] }``: first and last day of the cycle, both included."""
    first, last = _range(spec, "cycle_day")

    def judge(value: int | None) -> Finding:
        if value is None:
            return Finding(None, False, "jour du cycle inconnu", "day of cycle unknown")
        return Finding(first <= value <= last, False, f"jour {value} du cycle", f"day {value} of the cycle")

    return Condition("cycle_day", NOTHING, lambda case: case.context.cycle_day, judge)


def on_day(spec: Spec, _book: Book) -> Condition:
    """``{ on_day = true }``: are tablets scheduled that day?"""
    wanted = spec["on_day"]
    if not isinstance(wanted, bool):
        raise ConditionError("on_day", wanted, "expected true or false")

    def judge(value: bool | None) -> Finding:
        if value is None:
            return Finding(None, False, "jour de prise ou de pause : inconnu", "day on or off: unknown")
        words = ("jour de prise", "day on treatment") if value else ("jour de pause", "rest day")
        return Finding(value is wanted, False, *words)

    return Condition("on_day", NOTHING, lambda case: case.context.on_day, judge)


def measure(spec: Spec, book: Book) -> Condition:
    """``{ measure = "systolic_bp", unit = "mm[Hg]", at_least = "bp_high", within_days = "recent" }`` or ``below``."""
    name, unit = spec["measure"], spec.get("unit")
    if not isinstance(name, str) or not isinstance(unit, str):
        raise ConditionError("unit", unit, "a measure needs its unit: numbers of another unit are not compared")
    below = "below" in spec
    limit, days = book.limit(spec, "below" if below else "at_least"), book.limit(spec, "within_days")

    def look(case: Case) -> tuple[Decimal, str, date, date] | None:
        found = case.context.measures.get(name)
        return None if found is None else (found.value, found.unit, found.taken_on, case.context.asked_on)

    def judge(fact: tuple[Decimal, str, date, date] | None) -> Finding:
        if fact is None:
            return Finding(None, False, f"{name} : aucune mesure", f"{name}: no measure")
        value, taken_unit, taken_on, asked_on = fact
        fr, en = f"{name} {number(value, 'fr')} {taken_unit} le {taken_on}", f"{name} {number(value, 'en')} {taken_unit} on {taken_on}"
        if taken_unit != unit:
            return Finding(None, False, f"{fr} : attendu en {unit}", f"{en}: expected in {unit}")
        if (asked_on - taken_on).days > days:
            return Finding(None, False, f"{fr} : trop ancienne", f"{en}: too old")
        return Finding(value < limit if below else value >= limit, False, fr, en)

    return Condition("measure", NOTHING, look, judge)


def silences(spec: Spec, book: Book) -> Condition:
    """``{ silences = "twice" }``: at least so many check-ins in a row without any answer."""
    limit = book.limit(spec, "silences")

    def judge(value: int) -> Finding:
        near = 0 < value < limit and limit - value <= 1
        fr, en = f"bilans sans réponse : {value} (seuil ≥ {limit})", f"unanswered check-ins: {value} (threshold ≥ {limit})"
        return Finding(value >= limit, near, fr, en)

    return Condition("silences", NOTHING, lambda case: case.context.silences, judge)


def last_level(spec: Spec, _book: Book) -> Condition:
    """``{ last_level = "moderate" }``: the check-in before this one ended at that level or higher."""
    try:
        wanted = Level.of(str(spec["last_level"]))
    except ValueError as error:
        raise ConditionError("last_level", spec["last_level"], str(error)) from None

    def judge(value: Level | None) -> Finding:
        if value is None:
            return Finding(False, False, "pas de bilan précédent", "no earlier check-in")
        return Finding(value >= wanted, False, f"niveau du bilan précédent : {value.word}", f"level of the check-in before: {value.word}")

    return Condition("last_level", NOTHING, lambda case: case.context.past[0].level if case.context.past else None, judge)


def danger(spec: Spec, _book: Book) -> Condition:
    """``{ danger = ["chest_pain", "dyspnea"] }``: the reader saw one of these danger signs in the patient's words."""
    codes = spec["danger"]
    if not isinstance(codes, list) or not codes or not all(isinstance(code, str) for code in codes):
        raise ConditionError("danger", codes, "expected a list of danger codes")
    wanted = frozenset(codes)

    def judge(found: tuple[str, ...]) -> Finding:
        said = ", ".join(found)
        return Finding(bool(found), False, f"signe de danger écrit : {said or 'aucun'}", f"danger sign written: {said or 'none'}")

    return Condition("danger", NOTHING, lambda case: tuple(code for code in case.context.dangers if code in wanted), judge)


def reader(spec: Spec, _book: Book) -> Condition:
    """``{ reader = "nurse" }``: the least the reader of replies asks for, whatever the protocol says."""
    if spec["reader"] not in (Escalate.NURSE, Escalate.URGENT):
        raise ConditionError("reader", spec["reader"], "expected nurse or urgent")
    urgent = spec["reader"] == Escalate.URGENT

    def judge(value: Escalate) -> Finding:
        met = value is Escalate.URGENT if urgent else value is not Escalate.NO
        return Finding(met, False, f"plancher de lecture : {value}", f"floor of the reader: {value}")

    return Condition("reader", NOTHING, lambda case: case.context.escalate, judge)


def _range(spec: Spec, field: str) -> tuple[int, int]:
    ends = spec[field]
    if not isinstance(ends, list) or len(ends) != 2 or not all(type(end) is int for end in ends) or not 1 <= ends[0] <= ends[1]:
        raise ConditionError(field, ends, "expected [first, last], whole numbers from 1")
    return ends[0], ends[1]
