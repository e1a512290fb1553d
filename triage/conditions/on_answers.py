"""Conditions on what the patient answered. All grow with the answer: a worse answer can only turn them on.

There is no "between" and no "below" on a score: the highest level wins, and a low score that alarms would let a worse one reassure.
"""

from __future__ import annotations

from decimal import Decimal
from operator import attrgetter

from triage.conditions.facts import ANY, Absent, Book, Case, Condition, ConditionError, Fact, Finding, Spec, Worst, of_value
from triage.conditions.words import absent, number, quantity
from triage.questions import NUMBERS, UPWARD, Question, intake_of, limits
from triage.terms import Kind, Value

NEAR = {
    Kind.SEVERITY: Decimal(1),
    Kind.COUNT: Decimal(1),
    Kind.PAIN: Decimal(1),
    Kind.TEMPERATURE: Decimal("0.3"),
    Kind.WEIGHT: Decimal(1),
}
"""Within how much of its threshold a rule is told as nearly fired: a score, a time, a point, °C, kg. A plain zero is never near."""


def answer(spec: Spec, book: Book) -> Condition:
    """``{ answer = "temperature", at_least = "fever" }`` or ``below``: a number against a threshold."""
    if spec["answer"] == ANY:
        worst_of_all = Question(ANY, Kind.SEVERITY)
        return _any_answer(book, reachable(spec, "at_least", book, worst_of_all))
    question = book.question("answer", spec["answer"], NUMBERS)
    below = "below" in spec
    if below and question.kind in UPWARD:
        raise ConditionError("below", spec["below"], f"{question.key} is worse when higher: a low value must not alarm")
    limit = reachable(spec, "below" if below else "at_least", book, question)
    sign = "<" if below else "≥"

    def judge(value: Fact) -> Finding:
        if isinstance(value, Absent):
            return absent(question, value)
        if not isinstance(value, Decimal):
            return Finding(False, False, lambda: (quantity(question, value, "fr"), quantity(question, value, "en")))
        met = value < limit if below else value >= limit
        near = not met and bool(value) and abs(value - limit) <= NEAR[question.kind]
        return Finding(met, near, lambda: against(question, value, sign, limit))

    return of_value("answer", question, judge)


def against(question: Question, value: Value, sign: str, limit: Decimal) -> tuple[str, str]:
    """A value beside its threshold, in words."""
    fr, en = quantity(question, value, "fr"), quantity(question, value, "en")
    return f"{fr} (seuil {sign} {number(limit, 'fr')})", f"{en} (threshold {sign} {number(limit, 'en')})"


def reachable(spec: Spec, field: str, book: Book, question: Question) -> Decimal:
    """A threshold that some plausible answer reaches and some does not: 83.5 °C written for 38.5 would silence the rule (HZ-17)."""
    limit, (low, high) = book.limit(spec, field), limits(question)
    if not low < limit <= high:
        raise ConditionError(field, f"{spec[field]} = {limit}", f"expected over {low} and at most {high} {question.unit}".rstrip())
    return limit


def _any_answer(book: Book, limit: Decimal) -> Condition:
    def judge(worst: Worst) -> Finding:
        value, key, waits = worst
        if not isinstance(value, Decimal):
            return Finding(None if waits else False, False, lambda: ("aucun score connu", "no score known"), waits)
        met = True if value >= limit else None if waits else False
        near = not met and bool(value) and limit - value <= NEAR[Kind.SEVERITY]

        def say() -> tuple[str, str]:
            if not key:
                return f"aucun symptôme (seuil ≥ {limit})", f"no symptom (threshold ≥ {limit})"
            fr, en = against(book.questions[key], value, "≥", limit)
            return f"score le plus haut : {fr}", f"highest score: {en}"

        return Finding(met, near, say, () if met else waits)

    return Condition("answer", frozenset({ANY}), ("worst",), attrgetter("worst"), judge)


def yes(spec: Spec, book: Book) -> Condition:
    """``{ yes = "chest_pain" }``: a yes/no question answered yes."""
    question = book.question("yes", spec["yes"], {Kind.YES_NO})

    def judge(value: Fact) -> Finding:
        if isinstance(value, Absent):
            return absent(question, value)
        return Finding(value is True, False, lambda: (quantity(question, value, "fr"), quantity(question, value, "en")))

    return of_value("yes", question, judge)


INTAKE_WORDS = {
    "missed": ("prises oubliées", "missed doses"),
    "extra": ("prises en trop", "extra doses"),
    "off_day": ("prise pendant la pause", "dose on a rest day"),
    "stopped": ("traitement arrêté par le patient", "treatment stopped by the patient"),
}


def intake(spec: Spec, book: Book) -> Condition:
    """``{ intake = "missed", at_least = "missed_call" }``, also ``extra``; or ``{ intake = "off_day" }``, ``{ intake = "stopped" }``."""
    what = spec["intake"]
    if what not in INTAKE_WORDS:
        raise ConditionError("intake", what, f"expected one of {', '.join(INTAKE_WORDS)}")
    counted = what in ("missed", "extra")
    if counted is not ("at_least" in spec):
        raise ConditionError("at_least", spec.get("at_least"), f"{what} {'needs' if counted else 'takes no'} threshold")
    limit = book.limit(spec, "at_least") if counted else Decimal(1)
    question = next((q for q in book.questions.values() if q.kind is Kind.INTAKE), None)
    if question is None:
        raise ConditionError("intake", what, "no question about the doses of the week is defined")
    fr, en = INTAKE_WORDS[what]

    def judge(value: Fact) -> Finding:
        if isinstance(value, Absent):
            return absent(question, value)
        count = int(getattr(intake_of(str(value)), what))
        near = 0 < count < limit and limit - count <= 1
        return Finding(count >= limit, near, lambda: (f"{fr} : {count} (seuil ≥ {limit})", f"{en}: {count} (threshold ≥ {limit})"))

    return of_value("intake", question, judge)


def symptoms_at(spec: Spec, book: Book) -> Condition:
    """``{ symptoms_at = "moderate", how_many = "two_ambers" }``: so many symptoms at that score or more, together.

    Two questions about one symptom (how strong it is, how much it interferes) count as one.
    """
    limit, needed = book.limit(spec, "symptoms_at"), book.limit(spec, "how_many")
    symptom = {key: question.symptom or key for key, question in book.questions.items()}

    def look(case: Case) -> tuple[tuple[str, ...], tuple[str, ...]]:
        high = [key for value, key in case.felt if value >= limit]
        return tuple(sorted(high)) if high else (), case.unknown

    def judge(facts: tuple[tuple[str, ...], tuple[str, ...]]) -> Finding:
        found, waits = facts
        symptoms = {symptom[key] for key in found}
        count, most = len(symptoms), len(symptoms | {symptom[key] for key in waits})
        met = True if count >= needed else None if most >= needed else False
        near = not met and bool(count) and needed - count <= 1

        def say() -> tuple[str, str]:
            names = {lang: ", ".join(book.questions[key].name[lang] for key in found) for lang in ("fr", "en")}
            return (
                f"symptômes à {limit} ou plus : {names['fr'] or 'aucun'} (seuil ≥ {needed})",
                f"symptoms at {limit} or more: {names['en'] or 'none'} (threshold ≥ {needed})",
            )

        return Finding(met, near, say, waits if met is None else ())

    return Condition("symptoms_at", frozenset({ANY}), ("symptoms_at", limit), look, judge)
