"""How well the tests of triage would notice a mistake: each mutant is the code with one thing wrong, and must make a test fail.

`python -m tests.support.mutation` runs every mutant of triage/ (over an hour on two cores; what was done is kept and gone on with), prints
one line per file, and fails under the bar. `python -m tests.support.mutation triage.engine triage.advice` runs and reports these alone.
MUTANTS_ONE_IN=8 runs one mutant of eight, always the same: an estimate, in a fraction of the time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

BAR = 85
"""Mutants killed per hundred (REL-13)."""

MUTANTS = Path("mutants")
KILLED = {1, 3, 36, 24, -24, 152, 255, 37}
"""Exit codes of a mutant that a test noticed; a mutant that never ends is noticed too."""
SURVIVED = {0}


def run(modules: Iterable[str]) -> None:
    """Every mutant of these modules, or of all. mutmut keeps its results under mutants/ and goes on where it was left."""
    names = [f"{module}.*" for module in modules]
    subprocess.run([sys.executable, "-m", "tests.support.mutating", "run", *names], check=False)


def counted(modules: Iterable[str]) -> Iterator[tuple[str, Counter[str]]]:
    """(module, how many mutants were killed, survived, never reached by a test, not run yet)."""
    wanted = tuple(modules)
    for meta in sorted((MUTANTS / "triage").rglob("*.py.meta")):
        module = ".".join(meta.relative_to(MUTANTS).with_suffix("").with_suffix("").parts).removesuffix(".__init__")
        if wanted and not any(module == name or module.startswith(f"{name}.") for name in wanted):
            continue
        codes = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"].values()
        yield module, Counter(_outcome(code) for code in codes)


def _outcome(code: int | None) -> str:
    if code is None:
        return "waiting"
    return "killed" if code in KILLED else "survived" if code in SURVIVED else "unreached"


def main(modules: list[str]) -> int:
    """0 when enough mutants were killed and none is waiting, 1 otherwise."""
    run(modules)
    total: Counter[str] = Counter()
    lines = [f"{'module':<44}{'mutants':>8}{'killed':>8}{'survived':>9}{'unreached':>10}{'waiting':>8}{'score':>7}"]
    for module, found in counted(modules):
        if found:
            lines.append(_line(module, found))
            total += found
    lines.append(_line("all of them" if not modules else "together", total))
    sys.stdout.write("\n".join(lines) + "\n")
    whole = not total["waiting"] or int(os.environ.get("MUTANTS_ONE_IN", "1")) > 1
    return 0 if total and whole and _score(total) >= BAR else 1


def _score(found: Counter[str]) -> float:
    return 100 * found["killed"] / max(found.total() - found["waiting"], 1)


def _line(name: str, found: Counter[str]) -> str:
    counts = (found.total(), found["killed"], found["survived"], found["unreached"], found["waiting"])
    widths = (8, 8, 9, 10, 8)
    return f"{name:<44}" + "".join(f"{count:>{width}}" for count, width in zip(counts, widths, strict=True)) + f"{_score(found):>6.1f}%"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
