"""Conditions on a CTCAE grade: of a laboratory value or a vital sign, in the version of the protocol. Not gradable is undecided."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal

from triage.conditions.facts import Book, Case, Condition, ConditionError, Finding, Spec
from triage.grading.labs import LabTable
from triage.terms import Graded, Measured

NOTHING: frozenset[str] = frozenset()

Pair = tuple[str, Measured, Measured | None]
"""The key of a measure, its value, and the baseline it is graded against."""


def grade(spec: Spec, book: Book) -> Condition:
    """``{ grade = "Platelet count decreased", at_least = "platelets_call", within_days = "recent" }``: the grade of the latest measure."""
    scale, limit = _read("grade", spec, book)

    def judge(facts: tuple[Pair, ...]) -> Finding:
        found = scale.worst(facts)
        if found.grade is None:
            return Finding(None, False, lambda: scale.said(found.term, "non gradable", "not gradable", found.reason))
        said = f"grade {found.grade}, CTCAE {found.version}"

        def say() -> tuple[str, str]:
            return f"{found.term} : {said} (seuil ≥ {limit})", f"{found.term}: {said} (threshold ≥ {limit})"

        return Finding(found.grade >= limit, 0 < found.grade < limit <= found.grade + 1, say)

    return Condition("grade", NOTHING, ("grade", scale.term, scale.days), scale.latest, judge)


def grade_rise_since_last(spec: Spec, book: Book) -> Condition:
    """``{ grade_rise_since_last = "Creatinine increased", at_least = "two", within_days = "recent" }``: against the measure before."""
    return _rise("grade_rise_since_last", spec, book, ("la mesure d'avant", "the measure before"))


def grade_rise_since_baseline(spec: Spec, book: Book) -> Condition:
    """The same against the measure from before treatment."""
    return _rise("grade_rise_since_baseline", spec, book, ("l'état avant traitement", "the state before treatment"))


def _rise(word: str, spec: Spec, book: Book, since: tuple[str, str]) -> Condition:
    scale, limit = _read(word, spec, book)

    def look(case: Case) -> Hashable:
        return scale.latest(case), scale.before(case) if word == "grade_rise_since_last" else scale.baseline(case)

    def judge(facts: tuple[tuple[Pair, ...], tuple[Pair, ...]]) -> Finding:
        now, before = (scale.worst(pairs) for pairs in facts)
        if now.grade is None or before.grade is None:
            reason = before.reason if now.grade is not None else now.reason
            return Finding(None, False, lambda: scale.said(now.term, "rien à comparer", "nothing to compare", reason))
        rise = now.grade - before.grade

        def say() -> tuple[str, str]:
            return (
                f"{now.term} : grade {before.grade}, puis {now.grade} depuis {since[0]}, CTCAE {now.version} (seuil + {limit})",
                f"{now.term}: grade {before.grade}, then {now.grade} since {since[1]}, CTCAE {now.version} (threshold + {limit})",
            )

        return Finding(rise >= limit, 0 < rise < limit <= rise + 1, say)

    return Condition(word, NOTHING, (word, scale.term, scale.days), look, judge)


def _read(word: str, spec: Spec, book: Book) -> tuple[Scale, Decimal]:
    name = spec[word]
    if book.labs is None:
        raise ConditionError(word, name, 'no version of CTCAE is declared: write ctcae = "5.0" or "6.0" at the top of the protocol')
    term = book.labs.term(str(name))
    if term is None:
        raise ConditionError(word, name, f"is not a laboratory or vital-sign term of CTCAE {book.labs.version}")
    limit = book.limit(spec, "at_least")
    if not 0 < limit <= 4:
        raise ConditionError("at_least", limit, "expected over 0 and at most 4, the highest grade of a measure")
    return Scale(book.labs, term.name, tuple(term.scales), book.limit(spec, "within_days")), limit


@dataclass(frozen=True)
class Scale:
    """One term of the table, the measures it grades, and how many days old they may be (None: any age)."""

    labs: LabTable
    term: str
    keys: tuple[str, ...]
    days: Decimal | None

    def latest(self, case: Case) -> tuple[Pair, ...]:
        """The latest measure of each key that is not too old, with its baseline."""
        context = case.context
        found = ((key, context.measures.get(key)) for key in self.keys)
        fresh = ((key, m) for key, m in found if m and (self.days is None or (context.asked_on - m.taken_on).days <= self.days))
        return tuple((key, m, context.measures_baseline.get(key)) for key, m in fresh)

    def before(self, case: Case) -> tuple[Pair, ...]:
        """The measure before the latest one, of each key."""
        context = case.context
        return tuple((key, m, context.measures_baseline.get(key)) for key in self.keys for m in context.measures_before.get(key, ())[:1])

    def baseline(self, case: Case) -> tuple[Pair, ...]:
        """The measure from before treatment, of each key."""
        return tuple((key, m, m) for key in self.keys if (m := case.context.measures_baseline.get(key)))

    def worst(self, pairs: tuple[Pair, ...]) -> Graded:
        """The highest of the grades known; the reason of one when none is. A missing end of a pressure cannot lower the other."""
        grades = [self.labs.grade_measured(self.term, now, baseline, key=key) for key, now, baseline in pairs]
        absent = Graded(self.term, self.labs.version, None, "no measure recent enough")
        return max(grades, key=lambda found: -1 if found.grade is None else found.grade, default=absent)

    def said(self, term: str, french: str, english: str, reason: str) -> tuple[str, str]:
        """Why it is undecided, in both languages."""
        return f"{term} : {french} ({self.labs.french(reason)})", f"{term}: {english} ({reason})"
