"""Conditions on everything besides the current answers: the day, medicines, silence, what the reader saw."""

from __future__ import annotations

from decimal import Decimal
from operator import attrgetter

from triage.conditions.facts import Book, Case, Condition, ConditionError, Finding, Spec, Window
from triage.conditions.words import number
from triage.terms import DANGERS, LEVEL_NAMES, Escalate, Level

NOTHING: frozenset[str] = frozenset()


def cycle(spec: Spec, _book: Book) -> Condition:
    """``{ cycle = [1, 2] }``: first and last cycle, both included."""
    first, last = _range(spec, "cycle")

    def judge(value: int | None) -> Finding:
        if value is None:
            return Finding(None, False, lambda: ("cycle inconnu", "cycle unknown"))
        return Finding(first <= value <= last, False, lambda: (f"cycle {value}", f"cycle {value}"))

    return Condition("cycle", NOTHING, ("cycle",), attrgetter("context.cycle"), judge)


def cycle_day(spec: Spec, _book: Book) -> Condition:
    """``{ cycle_day = [1, 7] }``: first and last day of the cycle, both included."""
    first, last = _range(spec, "cycle_day")

    def judge(value: int | None) -> Finding:
        if value is None:
            return Finding(None, False, lambda: ("jour du cycle inconnu", "day of cycle unknown"))
        return Finding(first <= value <= last, False, lambda: (f"jour {value} du cycle", f"day {value} of the cycle"))

    return Condition("cycle_day", NOTHING, ("cycle_day",), attrgetter("context.cycle_day"), judge)


def on_day(spec: Spec, _book: Book) -> Condition:
    """``{ on_day = true }``: are tablets scheduled that day?"""
    wanted = spec["on_day"]
    if not isinstance(wanted, bool):
        raise ConditionError("on_day", wanted, "expected true or false")

    def judge(value: bool | None) -> Finding:
        if value is None:
            return Finding(None, False, lambda: ("jour de prise ou de pause : inconnu", "day on or off: unknown"))
        words = ("jour de prise", "day on treatment") if value else ("jour de pause", "rest day")
        return Finding(value is wanted, False, lambda: words)

    return Condition("on_day", NOTHING, ("on_day",), attrgetter("context.on_day"), judge)


def treatment_day(spec: Spec, _book: Book) -> Condition:
    """``{ treatment_day = [10, 150] }``: days since the first intake of the course, 1 on that day, both ends included."""
    first, last = _range(spec, "treatment_day")

    def judge(value: int | None) -> Finding:
        if value is None:
            return Finding(None, False, lambda: ("jour de traitement inconnu", "day of treatment unknown"))
        return Finding(first <= value <= last, False, lambda: (f"jour {value} du traitement", f"day {value} of treatment"))

    return Condition("treatment_day", NOTHING, ("treatment_day",), attrgetter("context.treatment_day"), judge)


def window(spec: Spec, book: Book) -> Condition:
    """``{ window = "early-dpd" }``: the day lies in a window of the file; undecided as long as a day it needs is unknown."""
    name = spec["window"]
    if not isinstance(name, str) or name not in book.windows:
        raise ConditionError("window", name, "is not a window of [[windows]]")
    found = book.windows[name]

    def judge(days: tuple[int | None, int | None, int | None]) -> Finding:
        inside = within(found, *days)
        fr = {True: "dans", False: "hors de", None: "jour inconnu pour"}[inside] + f" la fenêtre à risque {name}"
        en = {True: "inside", False: "outside", None: "day unknown for"}[inside] + f" the risk window {name}"
        return Finding(inside, False, lambda: (fr, en))

    return Condition("window", NOTHING, ("days",), attrgetter("context.cycle", "context.cycle_day", "context.treatment_day"), judge)


def within(found: Window, cycle: int | None, cycle_day: int | None, treatment_day: int | None) -> bool | None:
    """Does that day lie in the window? None: a day that it needs is unknown, and no other already says no."""
    result: bool | None = True
    for ends, value in ((found.cycles, cycle), (found.cycle_days, cycle_day), (found.treatment_days, treatment_day)):
        if ends is not None and value is None:
            result = None
        elif ends is not None and value is not None and not ends[0] <= value <= ends[1]:
            return False
    return result


def exposed_to(spec: Spec, book: Book) -> Condition:
    """``{ exposed_to = "anticoagulant", within_days = "washout" }``: taken, or stopped within so many days. Not recorded: undecided."""
    name = spec["exposed_to"]
    if not isinstance(name, str) or not name:
        raise ConditionError("exposed_to", name, "expected the name of an agent or a medicine")
    days = book.limit(spec, "within_days") if "within_days" in spec else Decimal(0)

    def look(case: Case) -> tuple[int, int | None] | None:
        found, today = case.context.exposures.get(name), case.context.asked_on
        return None if found is None else ((today - found.first_on).days, None if found.last_on is None else (today - found.last_on).days)

    def judge(fact: tuple[int, int | None] | None) -> Finding:
        if fact is None:
            return Finding(None, False, lambda: (f"{name} : prise non renseignée", f"{name}: intake not recorded"))
        begun, ended = fact
        if begun < 0:
            return Finding(False, False, lambda: (f"{name} : pas encore commencé", f"{name}: not begun yet"))
        if ended is None or ended <= 0:
            return Finding(True, False, lambda: (f"{name} : en cours", f"{name}: being taken"))
        return Finding(ended <= days, False, lambda: (f"{name} : arrêté depuis {ended} j", f"{name}: stopped {ended} d ago"))

    return Condition("exposed_to", NOTHING, ("exposed_to", name), look, judge)


def adherence_below(spec: Spec, book: Book) -> Condition:
    """``{ adherence_below = "taken_low" }``: correct intakes per 100 scheduled over 28 days; unknown is undecided, never well taken."""
    limit = book.limit(spec, "adherence_below")
    if not 0 < limit <= 100:
        raise ConditionError("adherence_below", limit, "expected over 0 and at most 100 %")

    def judge(value: Decimal | None) -> Finding:
        if value is None:
            return Finding(None, False, lambda: ("prises sur 28 jours : inconnues", "doses over 28 days: unknown"))

        def say() -> tuple[str, str]:
            return (
                f"prises correctes sur 28 jours : {number(value, 'fr')} % (seuil < {number(limit, 'fr')} %)",
                f"correct doses over 28 days: {number(value, 'en')} % (threshold < {number(limit, 'en')} %)",
            )

        return Finding(value < limit, False, say)

    return Condition("adherence_below", NOTHING, ("adherence_below",), attrgetter("context.adherence"), judge)


def silences(spec: Spec, book: Book) -> Condition:
    """``{ silences = "twice" }``: at least so many check-ins in a row without any answer."""
    limit = book.limit(spec, "silences")

    def judge(value: int) -> Finding:
        near = 0 < value < limit and limit - value <= 1
        fr, en = f"bilans sans réponse : {value} (seuil ≥ {limit})", f"unanswered check-ins: {value} (threshold ≥ {limit})"
        return Finding(value >= limit, near, lambda: (fr, en))

    return Condition("silences", NOTHING, ("silences",), attrgetter("context.silences"), judge)


def last_level(spec: Spec, _book: Book) -> Condition:
    """``{ last_level = "moderate" }``: the check-in before this one ended at that level or higher."""
    try:
        wanted = Level.of(str(spec["last_level"]))
    except ValueError as error:
        raise ConditionError("last_level", spec["last_level"], str(error)) from None

    def judge(value: Level | None) -> Finding:
        if value is None:
            return Finding(False, False, lambda: ("pas de bilan précédent", "no earlier check-in"))
        fr, en = LEVEL_NAMES[value]
        return Finding(value >= wanted, False, lambda: (f"niveau du bilan précédent : {fr}", f"level of the check-in before: {en}"))

    return Condition("last_level", NOTHING, ("last_level",), lambda case: case.context.past[0].level if case.context.past else None, judge)


def danger(spec: Spec, _book: Book) -> Condition:
    """``{ danger = ["chest_pain", "dyspnea"] }``: the reader saw one of these danger signs in the patient's words."""
    codes = spec["danger"]
    if not isinstance(codes, list) or not codes or not all(isinstance(code, str) for code in codes):
        raise ConditionError("danger", codes, "expected a list of danger codes")
    wanted = frozenset(codes)

    def judge(found: tuple[str, ...]) -> Finding:
        def said() -> tuple[str, str]:
            names = [DANGERS.get(code, (code, code)) for code in found]
            fr, en = (", ".join(side) for side in zip(*names, strict=True)) if names else ("aucun", "none")
            return f"signe de danger écrit : {fr}", f"danger sign written: {en}"

        return Finding(bool(found), False, said)

    return Condition(
        "danger", NOTHING, ("danger", wanted), lambda case: tuple(code for code in case.context.dangers if code in wanted), judge
    )


def reader(spec: Spec, _book: Book) -> Condition:
    """``{ reader = "nurse" }``: the least the reader of replies asks for, whatever the protocol says."""
    if spec["reader"] not in (Escalate.NURSE, Escalate.URGENT):
        raise ConditionError("reader", spec["reader"], "expected nurse or urgent")
    urgent = spec["reader"] == Escalate.URGENT

    def judge(value: Escalate) -> Finding:
        met = value is Escalate.URGENT if urgent else value is not Escalate.NO
        return Finding(met, False, lambda: (f"plancher de lecture : {value.names[0]}", f"floor of the reader: {value.names[1]}"))

    return Condition("reader", NOTHING, ("reader",), attrgetter("context.escalate"), judge)


def _range(spec: Spec, field: str) -> tuple[int, int]:
    ends = spec[field]
    if not isinstance(ends, list) or len(ends) != 2 or not all(type(end) is int for end in ends) or not 1 <= ends[0] <= ends[1]:
        raise ConditionError(field, ends, "expected [first, last], whole numbers from 1")
    return ends[0], ends[1]
