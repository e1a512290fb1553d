"""Conditions on what the patient answered. All grow with the answer: a worse answer can only turn them on.

There is no "between" and no "below" on a score: the highest level wins, and a low score that alarms would let a worse one reassure.
"""

from __future__ import annotations

from collections.abc import Hashable
from decimal import Decimal

from triage.conditions.facts import ANY, Absent, Book, Case, Condition, ConditionError, Fact, Finding, Spec
from triage.conditions.words import absent, number, quantity
from triage.questions import NUMBERS, UPWARD, Question, intake_of, limits
from triage.terms import Kind

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
        fr, en = quantity(question, value, "fr"), quantity(question, value, "en")
        if not isinstance(value, Decimal):
            return Finding(False, False, fr, en)
        met = value < limit if below else value >= limit
        near = not met and bool(value) and abs(value - limit) <= NEAR[question.kind]
        return Finding(met, near, f"{fr} (seuil {sign} {number(limit, 'fr')})", f"{en} (threshold {sign} {number(limit, 'en')})")

    return Condition("answer", frozenset({question.key}), lambda case: case.value(question.key), judge)


def reachable(spec: Spec, field: str, book: Book, question: Question) -> Decimal:
    """A threshold that some plausible answer reaches and some does not: 83.5 °C written for 38.5 would silence the rule (HZ-17)."""
    limit, (low, high) = book.limit(spec, field), limits(question)
    if not low < limit <= high:
        raise ConditionError(field, f"{spec[field]} = {limit}", f"expected over {low} and at most {high} {question.unit}".rstrip())
    return limit


def _any_answer(book: Book, limit: Decimal) -> Condition:
    def judge(scores: tuple[tuple[str, Fact], ...]) -> Finding:
        known = [(value, key) for key, value in scores if isinstance(value, Decimal)]
        waits = tuple(key for key, value in scores if value is Absent.UNKNOWN)
        if not known:
            return Finding(None if waits else False, False, "aucun score connu", "no score known", waits)
        value, key = max(known)
        met = True if value >= limit else None if waits else False
        near = not met and bool(value) and limit - value <= NEAR[Kind.SEVERITY]
        question = book.questions[key]
        fr = f"score le plus haut : {quantity(question, value, 'fr')} (seuil ≥ {limit})"
        en = f"highest score: {quantity(question, value, 'en')} (threshold ≥ {limit})"
        return Finding(met, near, fr, en, () if met else waits)

    return Condition("answer", frozenset({ANY}), lambda case: case.scores, judge)


def yes(spec: Spec, book: Book) -> Condition:
    """``{ yes = "chest_pain" }``: a yes/no question answered yes."""
    question = book.question("yes", spec["yes"], {Kind.YES_NO})

    def judge(value: Fact) -> Finding:
        if isinstance(value, Absent):
            return absent(question, value)
        return Finding(value is True, False, quantity(question, value, "fr"), quantity(question, value, "en"))

    return Condition("yes", frozenset({question.key}), lambda case: case.value(question.key), judge)


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
        return Finding(count >= limit, near, f"{fr} : {count} (seuil ≥ {limit})", f"{en}: {count} (threshold ≥ {limit})")

    return Condition("intake", frozenset({question.key}), lambda case: case.value(question.key), judge)


def rise_since_last(spec: Spec, book: Book) -> Condition:
    """``{ rise_since_last = "diarrhea", at_least = "sharp_rise" }`` (or "any"): against the most recent known earlier score."""
    return _rise("rise_since_last", spec, book, ("la dernière réponse", "the last answer"))


def rise_since_baseline(spec: Spec, book: Book) -> Condition:
    """The same against the dated value from before the treatment; unknown without one."""
    return _rise("rise_since_baseline", spec, book, ("l'état avant traitement", "the state before treatment"))


def _rise(word: str, spec: Spec, book: Book, since: tuple[str, str]) -> Condition:
    limit = book.limit(spec, "at_least")
    key = spec[word]
    question = None if key == ANY else book.question(word, key, UPWARD)

    def look(case: Case) -> Hashable:
        keys = case.scores if question is None else ((question.key, case.value(question.key)),)
        before = case.previous if word == "rise_since_last" else case.context.baseline.get
        return tuple((k, value, before(k)) for k, value in keys)

    def judge(facts: tuple[tuple[str, Fact, Fact | None], ...]) -> Finding:
        rises = [(v - b, k, v, b) for k, v, b in facts if isinstance(v, Decimal) and isinstance(b, Decimal)]
        waits = tuple(k for k, v, b in facts if v is Absent.UNKNOWN and b is not None)
        if not rises:
            known = question is None and not waits
            return Finding(
                False if known else None, False, f"rien à comparer avec {since[0]}", f"nothing to compare with {since[1]}", waits
            )
        rise, key, value, before = max(rises)
        met = True if rise >= limit else None if waits else False
        near = not met and rise > 0 and limit - rise <= 1
        name = book.questions[key].name
        fr = f"{name['fr']} : de {number(before, 'fr')} à {number(value, 'fr')} depuis {since[0]} (seuil + {number(limit, 'fr')})"
        en = f"{name['en']}: from {number(before, 'en')} to {number(value, 'en')} since {since[1]} (threshold + {number(limit, 'en')})"
        return Finding(met, near, fr, en, () if met else waits)

    return Condition(word, frozenset({ANY if question is None else question.key}), look, judge)


def symptoms_at(spec: Spec, book: Book) -> Condition:
    """``{ symptoms_at = "moderate", how_many = "two_ambers" }``: so many symptoms at that score or more, together."""
    limit, needed = book.limit(spec, "symptoms_at"), book.limit(spec, "how_many")

    def judge(scores: tuple[tuple[str, Fact], ...]) -> Finding:
        found = [key for key, value in scores if isinstance(value, Decimal) and value >= limit]
        waits = tuple(key for key, value in scores if value is Absent.UNKNOWN)
        met = True if len(found) >= needed else None if len(found) + len(waits) >= needed else False
        names = {lang: ", ".join(book.questions[key].name[lang] for key in found) for lang in ("fr", "en")}
        near = not met and bool(found) and needed - len(found) <= 1
        fr = f"symptômes à {limit} ou plus : {names['fr'] or 'aucun'} (seuil ≥ {needed})"
        en = f"symptoms at {limit} or more: {names['en'] or 'none'} (threshold ≥ {needed})"
        return Finding(met, near, fr, en, waits if met is None else ())

    return Condition("symptoms_at", frozenset({ANY}), lambda case: case.scores, judge)
