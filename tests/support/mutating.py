"""mutmut, with what a project of tables and caches needs: `python -m tests.support.mutating run [mutants…]`.

Mutants run in forks of a process that has already read the whole library and compiled every protocol: a fork which kept those would
never run the mutated code again, and a mistake in reading a file would pass unseen. So each fork forgets what was remembered, and for
code that runs only while modules are imported, it imports them again.
A mutant that nobody notices costs every test that reaches it: tables are sampled, the quick tests go first, and exhaustive ones, which
take seconds, are left out beyond a budget. Fewer tests can only let more mutants live, never fewer.
"""

from __future__ import annotations

import json
import os
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import mutmut.__main__ as mutmut
import pytest
from mutmut.runners.harness import PytestRunner
from mutmut.state import state
from mutmut.workers import isolation

ROWS = 24
"""Rows of one parametrised test that a mutant meets, spread over the table."""
BUDGET_S = 3.0
"""Seconds of tests, as measured when all of them ran, that one mutant meets."""
KEEP_WORDS = ("app.protocols.words", "tests.triage.replies.lists")
COMPILE_WORDS = ("triage.replies.words.", "triage.replies.lexicon.", "triage.replies.patterns.")
IMPORTED = Path("mutants/imported.json")
"""Functions that no test calls itself: they run while modules are imported."""


def of_the_project() -> list[str]:
    return [name for name in sys.modules if name.partition(".")[0] in ("app", "triage", "tests")]


def forget() -> None:
    """Empty every cache of the project; the lists of words, which take seconds to compile, only for code that compiles them."""
    compiling = mutated().startswith(COMPILE_WORDS)
    for name in of_the_project():
        if name in KEEP_WORDS and not compiling:
            continue
        for thing in list(vars(sys.modules[name]).values()):
            if hasattr(thing, "cache_clear"):
                thing.cache_clear()


def fewer(tests: Iterable[str], seconds: Mapping[str, float], rows: int = ROWS) -> list[str]:
    """The rows and the tests a mutant meets, the quickest first."""
    tables: dict[str, list[str]] = defaultdict(list)
    for test in sorted(tests):
        tables[test.partition("[")[0]].append(test)
    kept = [row for table in tables.values() for row in table[:: max(1, len(table) // rows)]]
    spent, chosen = 0.0, list[str]()
    for test in sorted(kept, key=lambda test: seconds.get(test, 0)):
        spent += seconds.get(test, 0)
        if chosen and spent > BUDGET_S:
            break
        chosen.append(test)
    return chosen


def mutated() -> str:
    """The function under test, by its mangled name; "" outside a mutant."""
    name, found, _ = os.environ.get("MUTANT_UNDER_TEST", "").partition("__mutmut_")
    return name if found else ""


def _imported() -> list[str]:
    return [str(name) for name in json.loads(IMPORTED.read_text(encoding="utf-8"))] if IMPORTED.exists() else []


class Runner(PytestRunner):
    """pytest as mutants meet it."""

    def run_tests(self, *, mutant_name: str | None, tests: Iterable[str]) -> int:
        seconds, rows = state().duration_by_test, ROWS
        forget()
        if mutated() in _imported():
            room = mutated().split(".")[1]
            tests, rows = [test for test in seconds if room in test.partition("::")[0]] or list(seconds), 2
            for name in of_the_project():
                del sys.modules[name]
        return super().run_tests(mutant_name=mutant_name, tests=fewer(tests, seconds, rows))

    def run_stats(self, *, tests: Iterable[str]) -> int:
        code = super().run_stats(tests=tests)
        reached = state().tests_by_mangled_function_name
        known = {name for name in _imported() if not reached[name]} | {name for name in EachReadsItself.hits if not reached[name]}
        for name in known:
            reached[name].add(next(iter(state().duration_by_test)))
        IMPORTED.write_text(json.dumps(sorted(known)), encoding="utf-8")
        return code

    def execute_pytest(self, params: list[str], **kwargs: Any) -> int:
        if "plugins" in kwargs:
            kwargs["plugins"] = [*kwargs["plugins"], EachReadsItself()]
        return super().execute_pytest(params, **kwargs)


class EachReadsItself:
    """While mutmut learns which test reaches what, each test function reads its files itself; what imports reach stands apart."""

    hits: set[str] = set()  # noqa: RUF012  # one for all runs

    def __init__(self) -> None:
        self.last = ""

    def pytest_collection_finish(self) -> None:
        self.hits.update(state()._stats)
        state()._stats.clear()

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        name = item.nodeid.partition("[")[0]
        if name != self.last:
            self.last = name
            forget()


def one_in(number: int) -> None:
    """Run only one mutant of so many, always the same ones: an estimate in a fraction of the time."""
    every = mutmut.collect_source_file_mutation_data

    def some(*, mutant_names: tuple[str, ...] | list[str]) -> Any:
        mutants, files = every(mutant_names=mutant_names)
        return [found for found in mutants if zlib.crc32(found[1].encode()) % number == 0], files

    mutmut.collect_source_file_mutation_data = some


if __name__ == "__main__":
    one_in(int(os.environ.get("MUTANTS_ONE_IN", "1")))
    isolation.PytestRunner = Runner  # type: ignore[attr-defined]  # our runner for theirs
    mutmut.cli()
