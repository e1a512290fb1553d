"""Conditions on an answer and what was answered before: what lasts, what comes back, what was too much several times in a row.

An episode of a toxicity is over after 7 days at 1 or less; the next time the score is reached is a new occurrence.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from triage.conditions.facts import Absent, Book, Case, Condition, Fact, Finding, Spec
from triage.conditions.on_answers import reachable
from triage.conditions.words import absent, quantity
from triage.questions import UPWARD
from triage.terms import Context, Value

CALM = Decimal(1)
CALM_DAYS = 7
"""An episode ends after so many days at this score or less (house rule, 2026-11-22)."""

SEEN_FROM = 28
"""Occurrences are known from the start when the earliest check-in known lies within so many days of the first intake."""


def lasting(spec: Spec, book: Book) -> Condition:
    """``{ lasting = "nausea", at_least = "moderate", days = "three_days" }``: at or over the score now and ever since that many days."""
    question = book.question("lasting", spec["lasting"], UPWARD)
    limit, days = reachable(spec, "at_least", book, question), book.limit(spec, "days")

    def judge(facts: tuple[Fact, int]) -> Finding:
        value, run = facts
        if isinstance(value, Absent):
            return absent(question, value)
        high = isinstance(value, Decimal) and value >= limit
        near = high and 0 < run < days and days - run <= 1
        fr, en = quantity(question, value, "fr"), quantity(question, value, "en")
        lasted = run if high else 0
        return Finding(
            high and run >= days,
            near,
            f"{fr}, à {limit} ou plus depuis {lasted} j (seuil ≥ {days} j)",
            f"{en}, at {limit} or more for {lasted} d (threshold ≥ {days} d)",
        )

    return Condition("lasting", frozenset({question.key}), lambda case: (case.value(question.key), case.run(question.key, limit)), judge)


def consecutive(spec: Spec, book: Book) -> Condition:
    """``{ consecutive = "diarrhea", at_least = "moderate", times = "twice" }``: at or over the score now and at the known check-ins before.

    A check-in without that answer neither counts nor breaks the row.
    """
    question = book.question("consecutive", spec["consecutive"], UPWARD)
    limit, times = reachable(spec, "at_least", book, question), book.limit(spec, "times")

    def look(case: Case) -> tuple[Fact, int]:
        return case.value(question.key), _in_a_row((past.values.get(question.key) for past in case.context.past), limit)

    def judge(facts: tuple[Fact, int]) -> Finding:
        value, before = facts
        if isinstance(value, Absent) and (value is Absent.SKIPPED or before + 1 >= times):
            return absent(question, value)
        row = before + 1 if isinstance(value, Decimal) and value >= limit else 0
        near = 0 < row < times and times - row <= 1
        name = question.name
        said = (name["fr"], name["en"]) if isinstance(value, Absent) else (quantity(question, value, "fr"), quantity(question, value, "en"))
        return Finding(
            row >= times,
            near,
            f"{said[0]}, à {limit} ou plus {row} fois de suite (seuil ≥ {times})",
            f"{said[1]}, at {limit} or more {row} times in a row (threshold ≥ {times})",
        )

    return Condition("consecutive", frozenset({question.key}), look, judge)


def _in_a_row(values: Iterable[Value | None], limit: Decimal) -> int:
    row = 0
    for value in values:
        if isinstance(value, Decimal):
            if value < limit:
                break
            row += 1
    return row


def occurrence(spec: Spec, book: Book) -> Condition:
    """``{ occurrence = "diarrhea", at_least = "severe", number = "second" }``: in an episode at that score, at least the so-manieth.

    What was before the first known check-in is not known: too few occurrences are then undecided, never no.
    """
    question = book.question("occurrence", spec["occurrence"], UPWARD)
    limit, number = reachable(spec, "at_least", book, question), book.limit(spec, "number")

    def look(case: Case) -> tuple[Fact, int, bool]:
        count = reached(case, question.key, limit)
        return case.value(question.key), count, history_known(case.context)

    def judge(facts: tuple[Fact, int, bool]) -> Finding:
        value, count, known = facts
        if isinstance(value, Absent):
            return absent(question, value)
        fr, en = quantity(question, value, "fr"), quantity(question, value, "en")
        if not isinstance(value, Decimal) or value < limit:
            return Finding(False, False, f"{fr} (seuil ≥ {limit})", f"{en} (threshold ≥ {limit})")
        met = True if count >= number else False if known else None
        unsure = ("", "") if known else (", historique incomplet", ", history incomplete")
        return Finding(
            met,
            met is False and number - count <= 1,
            f"{fr}, épisode n° {count}{unsure[0]} (seuil ≥ {number})",
            f"{en}, episode no. {count}{unsure[1]} (threshold ≥ {number})",
        )

    return Condition("occurrence", frozenset({question.key}), look, judge)


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
