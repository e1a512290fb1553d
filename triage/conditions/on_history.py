"""Conditions on an answer and what was answered before: risen, lasting, several times in a row, come back.

An episode of a toxicity is over after 7 days at 1 or less; the next time the score is reached is a new occurrence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal

from triage.conditions.facts import ANY, ZERO, Absent, Book, Case, Condition, Fact, Finding, Spec
from triage.conditions.on_answers import against, reachable
from triage.conditions.words import absent, number, quantity
from triage.questions import UPWARD
from triage.terms import Context, Value

CALM = Decimal(1)
CALM_DAYS = 7
"""An episode ends after so many days at this score or less (house rule, 2026-11-22)."""

SEEN_FROM = 28
"""Occurrences are known from the start when the earliest check-in known lies within so many days of the first intake."""


def rise_since_last(spec: Spec, book: Book) -> Condition:
    """``{ rise_since_last = "diarrhea", at_least = "sharp_rise" }`` (or "any"): against the most recent known earlier score."""
    return _rise("rise_since_last", spec, book, ("la dernière réponse", "the last answer"))


def rise_since_baseline(spec: Spec, book: Book) -> Condition:
    """The same against the dated value from before the treatment; unknown without one."""
    return _rise("rise_since_baseline", spec, book, ("l'état avant traitement", "the state before treatment"))


Risen = tuple[tuple[Decimal, str, Decimal, Decimal] | None, tuple[str, ...]]
"""The sharpest rise with its question, the value and the one before; and the questions that may still rise."""


def _rise(word: str, spec: Spec, book: Book, since: tuple[str, str]) -> Condition:
    limit, key = book.limit(spec, "at_least"), spec[word]
    earlier = _last if word == "rise_since_last" else _baseline
    if key == ANY:
        return Condition(word, frozenset({ANY}), (word, ANY), _sharpest(earlier), _any_rise(book, limit, since))
    question = book.question(word, key, UPWARD)

    def look(case: Case) -> tuple[Fact, Value | None]:
        return case.value(question.key), earlier(case, question.key)

    def judge(facts: tuple[Fact, Value | None]) -> Finding:
        value, before = facts
        if not isinstance(value, Decimal) or not isinstance(before, Decimal):
            waits = (question.key,) if value is Absent.UNKNOWN and before is not None else ()
            return Finding(None, False, lambda: (f"rien à comparer avec {since[0]}", f"nothing to compare with {since[1]}"), waits)
        rise = value - before
        return Finding(rise >= limit, 0 < rise < limit <= rise + 1, lambda: _risen(question.name, (before, value), since, limit))

    return Condition(word, frozenset({question.key}), (word, key), look, judge)


def _last(case: Case, key: str) -> Value | None:
    for past in case.context.past:
        value = past.values.get(key)
        if value is not None:
            return value
    return None


def _baseline(case: Case, key: str) -> Value | None:
    return case.context.baseline.get(key)


def _sharpest(earlier: Callable[[Case, str], Value | None]) -> Callable[[Case], Risen]:
    """Only a score over 0 can have risen."""

    def look(case: Case) -> Risen:
        sharpest = (ZERO, "", ZERO, ZERO)
        for value, key in case.felt:
            before = earlier(case, key)
            if isinstance(before, Decimal) and value > before:
                sharpest = max(sharpest, (value - before, key, value, before))
        unknown = case.unknown
        return sharpest if sharpest[1] else None, tuple([key for key in unknown if earlier(case, key) is not None]) if unknown else ()

    return look


def _any_rise(book: Book, limit: Decimal, since: tuple[str, str]) -> Callable[[Risen], Finding]:
    def judge(risen: Risen) -> Finding:
        top, waits = risen
        if top is None:
            words = (f"aucune hausse connue depuis {since[0]}", f"no known rise since {since[1]}")
            return Finding(None if waits else False, False, lambda: words, waits)
        rise, key, value, before = top
        met = True if rise >= limit else None if waits else False
        near = not met and limit - rise <= 1
        return Finding(met, near, lambda: _risen(book.questions[key].name, (before, value), since, limit), () if met else waits)

    return judge


def _risen(name: Mapping[str, str], ends: tuple[Decimal, Decimal], since: tuple[str, str], limit: Decimal) -> tuple[str, str]:
    before, value = ends
    fr = f"{name['fr']} : de {number(before, 'fr')} à {number(value, 'fr')} depuis {since[0]} (seuil + {number(limit, 'fr')})"
    en = f"{name['en']}: from {number(before, 'en')} to {number(value, 'en')} since {since[1]} (threshold + {number(limit, 'en')})"
    return fr, en


def lasting(spec: Spec, book: Book) -> Condition:
    """``{ lasting = "nausea", at_least = "moderate", days = "three_days" }``: at or over the score now and ever since that many days."""
    question = book.question("lasting", spec["lasting"], UPWARD)
    limit, days = reachable(spec, "at_least", book, question), book.limit(spec, "days")

    def look(case: Case) -> tuple[Fact, int]:
        value = case.value(question.key)
        return value, case.run(question.key, limit) if isinstance(value, Decimal) and value >= limit else 0

    def judge(facts: tuple[Fact, int]) -> Finding:
        value, lasted = facts
        if isinstance(value, Absent):
            return absent(question, value)
        near = 0 < lasted < days and days - lasted <= 1

        def say() -> tuple[str, str]:
            fr, en = quantity(question, value, "fr"), quantity(question, value, "en")
            return (
                f"{fr}, à {limit} ou plus depuis {lasted} j (seuil ≥ {days} j)",
                f"{en}, at {limit} or more for {lasted} d (threshold ≥ {days} d)",
            )

        high = isinstance(value, Decimal) and value >= limit
        return Finding(high and lasted >= days, near, say)

    return Condition("lasting", frozenset({question.key}), ("lasting", question.key, limit), look, judge)


def consecutive(spec: Spec, book: Book) -> Condition:
    """``{ consecutive = "diarrhea", at_least = "moderate", times = "twice" }``: at or over the score now and at the known check-ins before.

    A check-in without that answer neither counts nor breaks the row.
    """
    question = book.question("consecutive", spec["consecutive"], UPWARD)
    limit, times = reachable(spec, "at_least", book, question), book.limit(spec, "times")

    def look(case: Case) -> tuple[Fact, int]:
        value = case.value(question.key)
        if isinstance(value, Decimal) and value < limit:
            return value, 0
        return value, _in_a_row((past.values.get(question.key) for past in case.context.past), limit)

    def judge(facts: tuple[Fact, int]) -> Finding:
        value, before = facts
        if isinstance(value, Absent):
            unknown = absent(question, value)
            # Too few before for today's answer to make it so many: no answer can change that, none is waited for.
            return unknown if value is Absent.SKIPPED or before + 1 >= times else Finding(False, False, unknown.say)
        row = before + 1 if isinstance(value, Decimal) and value >= limit else 0

        def say() -> tuple[str, str]:
            fr, en = quantity(question, value, "fr"), quantity(question, value, "en")
            return (
                f"{fr}, à {limit} ou plus {row} fois de suite (seuil ≥ {times})",
                f"{en}, at {limit} or more {row} times in a row (threshold ≥ {times})",
            )

        return Finding(row >= times, 0 < row < times and times - row <= 1, say)

    return Condition("consecutive", frozenset({question.key}), ("consecutive", question.key, limit), look, judge)


def _in_a_row(values: Iterable[Value | None], limit: Decimal) -> int:
    row = 0
    for value in values:
        if isinstance(value, Decimal):
            if value < limit:
                break
            row += 1
    return row


def occurrence(spec: Spec, book: Book) -> Condition:
    """``{ occurrence = "diarrhea", at_least = "severe", number = "second" }``: reached now, and for at least the number-th time.

    What was before the first known check-in is not known: too few occurrences are then undecided, never no.
    """
    question = book.question("occurrence", spec["occurrence"], UPWARD)
    limit, times = reachable(spec, "at_least", book, question), book.limit(spec, "number")

    def look(case: Case) -> tuple[Fact, int, bool]:
        value = case.value(question.key)
        if isinstance(value, Decimal) and value >= limit:
            return value, reached(case, question.key, limit), history_known(case.context)
        return value, 0, True

    def judge(facts: tuple[Fact, int, bool]) -> Finding:
        value, count, known = facts
        if isinstance(value, Absent):
            return absent(question, value)
        if not count:
            return Finding(False, False, lambda: against(question, value, "≥", limit))
        met = True if count >= times else False if known else None
        unsure = ("", "") if known else (", historique incomplet", ", history incomplete")

        def say() -> tuple[str, str]:
            fr, en = quantity(question, value, "fr"), quantity(question, value, "en")
            return (
                f"{fr}, épisode n° {count}{unsure[0]} (seuil ≥ {times})",
                f"{en}, episode no. {count}{unsure[1]} (threshold ≥ {times})",
            )

        return Finding(met, met is False and times - count <= 1, say)

    return Condition("occurrence", frozenset({question.key}), ("occurrence", question.key, limit), look, judge)


def reached(case: Case, key: str, limit: Decimal) -> int:
    """Which occurrence it is, were the score reached today: episodes known before, today's included. From 1."""
    before = [(past.asked_on, past.values.get(key)) for past in reversed(case.context.past)]
    known = [(on, value) for on, value in before if isinstance(value, Decimal)]
    return episodes([*known, (case.context.asked_on, limit)], limit)


def episodes(scores: Iterable[tuple[date, Decimal]], limit: Decimal) -> int:
    """How many times that score was reached anew, over dated scores in order."""
    count, within, calm_since = 0, False, None
    for on, score in scores:
        if within and calm_since is not None and (on - calm_since).days >= CALM_DAYS:
            within = False
        if score > CALM:
            calm_since = None
        elif calm_since is None:
            calm_since = on
        if score >= limit and not within:
            count, within = count + 1, True
    return count


def history_known(context: Context) -> bool:
    """Is every earlier occurrence among the known check-ins? Cycle 1, or the earliest check-in soon after the first intake."""
    if context.cycle == 1:
        return True
    if context.treatment_day is None or not context.past:
        return False
    return context.treatment_day - (context.asked_on - context.past[-1].asked_on).days <= SEEN_FROM
