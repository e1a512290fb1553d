"""Learn what words weigh from the tables of examples, and write `triage/library/words/weights.csv`: `python -m tests.support.weigh_words`.

Every table of `tests/triage/replies` teaches, except those named `blind_*`, which measure. The limits are set on texts judged by weights
that have not seen them: the tables are split into parts, and each part is judged by what the others teach.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import log
from pathlib import Path

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from app.protocols.words import FOLDER, words
from triage.replies.cutting import cut
from triage.replies.scanning import features_of, signs_in, without_idioms
from triage.replies.weighing import NOW, START, SURE, TODAY
from triage.replies.words import SAME_DAY
from triage.terms import Asked

TABLES = Path(__file__).parents[1] / "triage" / "replies"
SEEN_TWICE = 2
PARTS = 5
SOFTNESS = 20.0
"""Inverse strength of the pull towards zero (C of the regression); 10 and 50 measured the same on texts not seen."""
CHECKED_COUNT = 4
"""A text written or checked for the lists counts as so many: what is plain must stay plain."""
LIGHT = 0.05
"""Points too small to change anything are left out."""
EVERYDAY_NOW, EVERYDAY_TODAY = 0.006, 0.08
"""Shares of the everyday texts of the tables that may be urgent without any sign, and read today.

The everyday tables hold many traps; of natural private texts about half as many pass (see triage/README-replies.md).
"""


@dataclass(frozen=True)
class Example:
    """One text of the tables: what it is made of; a danger (which), everyday chat, with a sign; `checked`: by hand, for the lists."""

    known: frozenset[str]
    danger: bool
    codes: tuple[str, ...]
    everyday: bool
    sign: bool
    checked: bool


def examples() -> list[Example]:
    """Every text of the tables once, in an order that does not depend on the files."""
    texts: dict[str, tuple[bool, str, bool, bool]] = {}
    for path in sorted(TABLES.rglob("*.csv")):
        if not path.name.startswith("blind_"):
            for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines()):
                everyday = "ordinary" in path.name
                danger = not everyday and (row["must_escalate"] == "urgent" if "must_escalate" in row else bool(row.get("danger")))
                texts.setdefault(
                    row["reply_text"],
                    (
                        danger,
                        row.get("danger") or row.get("danger_class") or "",
                        everyday,
                        not path.name.startswith(("learnt_", "written_")),
                    ),
                )
    ordered = sorted(texts.items(), key=lambda entry: sha256(entry[0].encode()).digest())
    return [_example(text, *told) for text, told in ordered if text]


def _example(text: str, danger: bool, code: str, everyday: bool, checked: bool) -> Example:
    known = words()
    folded = without_idioms(cut(text, known.grammar), known.idioms)
    signs = signs_in(folded, known, Asked())
    codes = tuple(code.split("+")) if danger and code else tuple(signs.places) if danger else ()
    return Example(frozenset(features_of(folded, signs, known)), danger, codes, everyday, bool(set(signs.places) - SAME_DAY), checked)


def learnt(some: Sequence[Example]) -> dict[str, float]:
    """Points of each feature that tells these dangers from these others; both sides count as much together."""
    seen = Counter(feature for example in some for feature in example.known)
    table = DictVectorizer()
    rows = normalize(table.fit_transform([{f: 1.0 for f in example.known if seen[f] >= SEEN_TWICE} for example in some]))
    counts = [CHECKED_COUNT if example.checked else 1 for example in some]
    model = LogisticRegression(C=SOFTNESS, class_weight="balanced", max_iter=2000)
    model.fit(rows, [example.danger for example in some], sample_weight=counts)
    points = zip(table.get_feature_names_out(), model.coef_[0], strict=True)
    return {START: float(model.intercept_[0])} | {str(feature): float(w) for feature, w in points if abs(w) >= LIGHT}


def summed(points: Mapping[str, float], known: frozenset[str]) -> float:
    found = [points[f] for f in known if f in points]
    return points[START] + (sum(found) / len(found) ** 0.5 if found else 0.0)


def limits(every: Sequence[Example]) -> dict[str, float]:
    """The three limits, on texts judged by weights that have not seen them."""
    sums: dict[int, float] = {}
    for part in range(PARTS):
        points = learnt([e for n, e in enumerate(every) if n % PARTS != part])
        sums |= {n: summed(points, e.known) for n, e in enumerate(every) if n % PARTS == part}
    everyday = sorted((sums[n] for n, e in enumerate(every) if e.everyday), reverse=True)
    unsigned = sorted((sums[n] for n, e in enumerate(every) if e.everyday and not e.sign), reverse=True)
    found = {NOW: unsigned[int(len(everyday) * EVERYDAY_NOW)], TODAY: everyday[int(len(everyday) * EVERYDAY_TODAY)]}
    report(every, sums, found)
    return found


def report(every: Sequence[Example], sums: Mapping[int, float], at: Mapping[str, float]) -> None:
    """What the limits do on the texts they were set on."""
    for name, wanted in (("dangers", "danger"), ("everyday", "everyday"), ("near misses", "")):
        rows = [(sums[n], e.sign) for n, e in enumerate(every) if (getattr(e, wanted) if wanted else not (e.danger or e.everyday))]
        now = np.mean([total >= (SURE / 1000 if sign else at[NOW]) for total, sign in rows])
        today = np.mean([sign or total >= at[TODAY] for total, sign in rows])
        signs = np.mean([sign for _, sign in rows])
        sys.stdout.write(f"{name}: {len(rows)} texts, urgent {now:.3%} (by signs alone {signs:.3%}), urgent or today {today:.3%}\n")


def dangers_of(every: Sequence[Example]) -> dict[str, str]:
    """The danger each feature is met with most, beside how common that danger is."""
    all_codes = Counter(code for e in every for code in e.codes)
    met: dict[str, Counter[str]] = defaultdict(Counter)
    for e in every:
        for feature in e.known:
            met[feature].update(e.codes)
    share = {code: count / all_codes.total() for code, count in all_codes.items()}
    return {feature: max(counts, key=lambda c: counts[c] * log(1 + counts[c] / share[c])) for feature, counts in met.items() if counts}


def lines(points: Mapping[str, float], codes: Mapping[str, str]) -> Iterator[tuple[str, int, str]]:
    """The file, heaviest first."""
    for feature, weight in sorted(points.items(), key=lambda entry: (-entry[1], entry[0])):
        yield feature, round(weight * 1000), codes.get(feature, "") if weight > 0 and not feature.startswith("(") else ""


def main() -> int:
    """Write the file; says what was reached."""
    every = examples()
    points = learnt(every) | limits(every)
    with (FOLDER / "weights.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("feature", "points", "danger"))
        table.writerows(lines(points, dangers_of(every)))
    sys.stdout.write(f"{len(every)} texts, {len(points)} rows\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
