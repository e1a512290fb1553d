"""CTCAE grades of laboratory and vital values, one version per table.

The tables say from where each grade begins, so a value is graded continuously upward over the integer gaps of the text. A criterion that
needs an absent limit, baseline or flag is undecided: another criterion that is crossed still counts, otherwise there is no grade, never 0.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from decimal import Context, Decimal
from functools import lru_cache
from typing import NamedTuple

from triage.grading import units
from triage.grading.criteria import Criterion, Scale, Term, terms_of
from triage.grading.reasons import in_french, said
from triage.terms import Graded, Measured

_EXACT = Context(prec=15)
"""Numbers are compared to 15 significant digits: 1.1 x 3 computed in binary somewhere else is still exactly 3.3."""

_ONE = Decimal(1)
_NONE_AT_ALL = Decimal(0)

FLAGS = ("normal", "high", "low", "")
"""Where the baseline stood against the limits of its laboratory; '' when not known."""

_NEEDS: Mapping[str, tuple[str, ...]] = {
    "lln": ("lln",),
    "uln": ("uln",),
    "x_uln": ("uln",),
    "over_uln": ("uln",),
    "x_baseline": ("baseline",),
    "over_baseline": ("baseline",),
    "over_both": ("uln", "baseline"),
}
_RATIOS = ("x_uln", "x_baseline")
UNDECIDED = "{what} missing, zero or contradictory, and no criterion that does without is crossed"
TURNED = "lln is above uln: neither was used"


class _Given(NamedTuple):
    """What is known of one value, all in one unit."""

    value: Decimal
    limits: Mapping[str, Decimal | None]
    flag: str
    high: bool


class LabTable:
    """The criteria of one CTCAE version. ``grade`` is pure; the table only remembers which scale a unit has led to."""

    def __init__(self, version: str, terms: Mapping[str, Term], french: Mapping[str, str]) -> None:
        self.version = version
        self.terms = terms
        self._french = french
        self._found = lru_cache(maxsize=4096)(self._find)

    def french(self, reason: str) -> str:
        """The French of a reason that a grade of this table carries."""
        return self._french.get(reason) or in_french(reason)

    def term(self, name: str) -> Term | None:
        """A term by its name, case-blind; None when this version has no numeric criterion for it."""
        return self.terms.get(" ".join(name.split()).casefold())

    def grade(
        self,
        term: str,
        value: Decimal,
        unit: str = "",
        *,
        lln: Decimal | None = None,
        uln: Decimal | None = None,
        baseline: Decimal | None = None,
        baseline_flag: str = "",
        key: str = "",
    ) -> Graded:
        """The grade of a value. Limits and baseline are in the value's unit; unit '' where only ratios count, or for a ratio such as INR.

        key: which measure it is, where a term has several (systolic, diastolic). Graded.reason: why there is none, or what was supposed.
        ValueError: a number that is not finite or is negative, or a flag that is none of FLAGS.
        """
        if baseline_flag not in FLAGS:
            raise ValueError(f"baseline flag {baseline_flag!r}, expected one of {', '.join(FLAGS[:-1])}")
        for number in (value, lln, uln, baseline):
            if number is not None and not (number.is_finite() and number >= _NONE_AT_ALL):
                raise ValueError(f"{number}: expected a finite number, zero or more")
        name, high, scale, factor = self._found(term, key, unit)
        if isinstance(scale, str):
            return self._none(name, scale)
        wrong = lln is not None and uln is not None and lln > uln
        if wrong:
            lln = uln = None  # one of them is wrong, and nothing says which
        limits = {
            "lln": None if lln is None else _EXACT.multiply(lln, factor),
            "uln": None if uln is None else _EXACT.multiply(uln, factor),
            "baseline": None if baseline is None else _EXACT.multiply(baseline, factor),
        }
        given = _Given(_EXACT.multiply(value, factor), limits, _flag(scale, baseline_flag, limits), high)
        found = self._judged(name, scale, given)
        return _without_limits(found) if wrong else found

    def _find(self, term: str, key: str, unit: str) -> tuple[str, bool, Scale | str, Decimal]:
        """The term's own name, whether high is worse, the scale for this unit (or why there is none), the factor to it."""
        found = self.term(term)
        if found is None:
            reason = said("{term} is not a term that CTCAE {version} grades by a number", term=repr(term), version=self.version)
            return term, True, reason, _ONE
        if key not in found.scales and (key or len(found.scales) > 1):
            return found.name, True, said("say which was measured: {either}", either=" or ".join(found.scales)), _ONE
        scale, factor = _fit(found.scales[key or next(iter(found.scales))], unit)
        return found.name, found.direction == "high", scale, factor

    def _judged(self, name: str, scale: Scale, given: _Given) -> Graded:
        undecided = False
        for criterion in scale.criteria:
            met = _met(criterion, given)
            if met and criterion.grade is None:
                return self._none(name, criterion.note)
            if met:
                return Graded(name, self.version, criterion.grade, _supposed(criterion, scale, given, undecided=undecided))
            undecided = undecided or met is None
        if undecided:
            return self._none(name, said(UNDECIDED, what=_lacking(scale, given)))
        return Graded(name, self.version, 0)

    def _none(self, name: str, reason: str) -> Graded:
        return Graded(name, self.version, None, reason)

    def grade_measured(self, term: str, now: Measured, baseline: Measured | None = None, *, key: str = "") -> Graded:
        """The grade of a kept measure, against a dated pre-treatment one, whose own limits say whether it was normal.

        A baseline in a unit that cannot be brought to this one's exactly is left out, as if it were not known.
        """
        factor = None if baseline is None else _ONE if baseline.unit == now.unit else units.factor(baseline.unit, now.unit)
        if baseline is None or factor is None:
            return self.grade(term, now.value, now.unit, lln=now.lln, uln=now.uln, key=key)
        before = _EXACT.multiply(baseline.value, factor)
        flag = _flagged(baseline.value, baseline.lln, baseline.uln)
        return self.grade(term, now.value, now.unit, lln=now.lln, uln=now.uln, baseline=before, baseline_flag=flag, key=key)


def _without_limits(found: Graded) -> Graded:
    """A grade given by what is left says that the limits were not looked at; where there is none, its reason names them already."""
    return found if found.grade is None else replace(found, reason="; ".join(filter(None, (found.reason, said(TURNED)))))


def _flagged(value: Decimal, lln: Decimal | None, uln: Decimal | None) -> str:
    if uln is not None and value > uln:
        return "high"
    if lln is not None and value < lln:
        return "low"
    return "normal" if uln is not None else ""


def _fit(scales: tuple[Scale, ...], unit: str) -> tuple[Scale | str, Decimal]:
    """The scale for a unit, or why there is none; and the factor that brings a value to it."""
    first = scales[0]
    if first.criteria[0].frame == "none":
        return first, _ONE
    if not first.unit:
        strange = unit.strip() and units.read(unit) is None
        return (said("unknown unit {unit}", unit=repr(unit)) if strange else first), _ONE
    if not unit.strip():
        return (first if first.unit == "ratio" else said("unit is missing; expected {either}", either=_either(scales))), _ONE
    if units.read(unit) is None:
        return said("unknown unit {unit}; expected {either}", unit=repr(unit), either=_either(scales)), _ONE
    alike = [(scale, factor) for scale in scales if (factor := units.factor(unit, scale.unit)) is not None]
    if not alike:
        return said("{unit} measures something else; expected {either}", unit=unit, either=_either(scales)), _ONE
    return next(((scale, factor) for scale, factor in alike if factor == 1), alike[0])


def _either(scales: tuple[Scale, ...]) -> str:
    return " or ".join(scale.unit for scale in scales)


def _flag(scale: Scale, flag: str, limits: Mapping[str, Decimal | None]) -> str:
    """The baseline's flag, as given; when it is not, what the text allows to suppose, or what baseline and limits say themselves."""
    conditions = scale.conditions
    if flag or not conditions:
        return flag
    baseline, lln, uln = limits["baseline"], limits["lln"], limits["uln"]
    if "not_low_or_unknown" in conditions:
        return "low" if baseline is not None and lln is not None and baseline < lln else "normal"
    if "not_high_or_unknown" in conditions:
        return "normal"
    return "" if baseline is None or uln is None else _flagged(baseline, lln, uln)


def _met(criterion: Criterion, given: _Given) -> bool | None:
    """Is a criterion met? None: something it needs is not known."""
    allowed = _allowed(criterion.baseline, given.flag)
    if allowed is False or (allowed is None and criterion.baseline == "high" and _within(given)):
        return False
    crossed = _crossed(criterion, given)
    if crossed is False:
        return False
    if criterion.beyond is not None and not _past(given, criterion.beyond, at=False):
        return False
    return None if allowed is None else crossed


def _within(given: _Given) -> bool:
    """Not above ULN: then it is not above an abnormal baseline either, whatever that was."""
    uln = given.limits["uln"]
    return uln is not None and not _past(given, uln, at=False)


def _allowed(condition: str, flag: str) -> bool | None:
    if not condition:
        return True
    if not flag:
        return None
    if condition in ("high", "low"):
        return flag == condition
    return flag != ("high" if condition.startswith("not_high") else "low")


def _crossed(criterion: Criterion, given: _Given) -> bool | None:
    frame, bound = criterion.frame, criterion.bound
    if frame == "none":
        return True
    if frame == "absolute":
        return _past(given, bound, at=criterion.at)
    if frame == "over_both":
        return _over_both(given, at=criterion.at)
    limit = given.limits[_NEEDS[frame][0]]
    if limit is None or (frame in _RATIOS and limit == _NONE_AT_ALL):
        return None  # a multiple of zero says nothing
    if frame in _RATIOS:
        limit = _EXACT.multiply(bound, limit)
    elif frame in ("over_uln", "over_baseline"):
        limit = _EXACT.add(limit, bound)
    return _past(given, limit, at=criterion.at)


def _over_both(given: _Given, *, at: bool) -> bool | None:
    known = [limit for limit in (given.limits["uln"], given.limits["baseline"]) if limit is not None]
    if not all(_past(given, limit, at=at) for limit in known):
        return False
    return True if len(known) == 2 else None


def _past(given: _Given, limit: Decimal, *, at: bool) -> bool:
    if given.value == limit:
        return at
    return (given.value > limit) is given.high


def _lacking(scale: Scale, given: _Given) -> str:
    """What was missing, in the order of the file's columns."""
    open_ones = [criterion for criterion in scale.criteria if _met(criterion, given) is None]
    lacking = {name for criterion in open_ones for name in _NEEDS.get(criterion.frame, ()) if not given.limits[name]}
    flag = {"baseline_flag"} if any(criterion.baseline and not given.flag for criterion in open_ones) else set()
    words = [name for name in (*given.limits, "baseline_flag") if name in lacking | flag]
    return " and ".join(words)


def _supposed(criterion: Criterion, scale: Scale, given: _Given, *, undecided: bool) -> str:
    """What a grade rests on besides what is known: the worst of symptoms, or a frame that could not be looked at."""
    worst = [said("the worst is supposed: without symptoms, grade {grade}", grade=criterion.otherwise)] if criterion.otherwise else []
    least = [said("at least this grade: {what} missing, zero or contradictory", what=_lacking(scale, given))] if undecided else []
    return "; ".join(worst + least)


# --- Reading the tables -------------------------------------------------------------------------------------------------------------


def read(*texts: str) -> LabTable:
    """The table of one CTCAE version from the text of its CSV files. ValueError names the term and what is wrong with it."""
    rows = [row for text in texts for row in csv.DictReader(text.splitlines())]
    versions = {row["ctcae_version"] for row in rows}
    if len(versions) != 1:
        raise ValueError(f"one CTCAE version to a table, found {sorted(versions)}")
    return LabTable(versions.pop(), terms_of(rows), {row["note"]: row["note_fr"] for row in rows if not row["grade"]})
