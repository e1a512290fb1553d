"""A condition on a PRO-CTCAE composite: 0-3, out of several scores by the published table."""

from __future__ import annotations

from decimal import Decimal

from triage.conditions.facts import Absent, Book, Case, Composite, Condition, ConditionError, Fact, Finding, Spec

BEST, WORST = 0, 4


def composite(spec: Spec, book: Book) -> Condition:
    """``{ composite = "mucositis", at_least = "composite_high" }``. A missing score may be anything from 0 to 4."""
    name = spec["composite"]
    if not isinstance(name, str) or name not in book.composites:
        raise ConditionError("composite", name, "is not one of [composites]")
    entry, limit = book.composites[name], book.limit(spec, "at_least")
    if not 0 < limit <= 3:
        raise ConditionError("at_least", limit, "a composite goes from 0 to 3: expected over 0 and at most 3")

    def judge(scores: tuple[Fact, ...]) -> Finding:
        least, most = (entry.score(tuple(_score(value, missing) for value in scores)) for missing in (BEST, WORST))
        met = True if least >= limit else False if most < limit else None
        waits = tuple(key for key, value in zip(entry.keys, scores, strict=True) if value is Absent.UNKNOWN)

        def say() -> tuple[str, str]:
            said = str(least) if least == most else f"{least}-{most}"
            return (
                f"{entry.name['fr']} : composite {said} sur 3 (seuil ≥ {limit})",
                f"{entry.name['en']}: composite {said} of 3 (threshold ≥ {limit})",
            )

        return Finding(met, met is False and least > 0 and limit - least <= 1, say, waits if met is None else ())

    return Condition("composite", frozenset(entry.keys), ("composite", name), lambda case: scores_of(entry, case), judge)


def scores_of(entry: Composite, case: Case) -> tuple[Fact, ...]:
    """The attributes of a composite in this check-in."""
    return tuple(case.value(key) for key in entry.keys)


def value_of(entry: Composite, case: Case) -> int | None:
    """The composite 0-3; None as soon as one of its scores is missing, as published: no imputation."""
    scores = scores_of(entry, case)
    known = tuple(int(value) for value in scores if isinstance(value, Decimal))
    return entry.score(known) if len(known) == len(scores) else None


def _score(value: Fact, missing: int) -> int:
    if isinstance(value, Decimal):
        return int(value)
    return 0 if value is Absent.SKIPPED else missing
