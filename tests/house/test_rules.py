"""The rules of the house that imports cannot tell, read in the source. A sentence of each failure says what would go wrong."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.house.tree import ROOMS, ROOT, calls, code, dotted, name, texts, walk

CLOCK, DOOR = "app/core/clock.py", "app/core/db.py"
WALL = {
    *(f"{cls}.{act}" for cls in ("datetime", "date", "datetime.datetime", "datetime.date") for act in ("now", "today", "utcnow")),
    *(f"time.{act}" for act in ("time", "time_ns", "localtime", "gmtime", "ctime")),
    "func.now",
    "func.current_timestamp",
}
"""Readings of the wall clock. time.monotonic measures a wait and is allowed."""


def _reads_the_wall(tree: ast.Module) -> Iterator[int]:
    for call in calls(tree):
        if dotted(call.func) in WALL:
            yield call.lineno
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "time" and {alias.name for alias in node.names} - {"monotonic", "sleep"}:
            yield node.lineno


def test_the_time_is_read_in_one_file() -> None:
    """Anywhere else, the demonstration's clock and the tests' would not be followed, and a patient would be asked at a wrong hour."""
    found = [f"{file}:{line}" for file, tree in code().items() if file != CLOCK for line in _reads_the_wall(tree)]
    assert found == []
    assert list(_reads_the_wall(code()[CLOCK])), "the rule no longer sees the one reading there is"


def _commits(tree: ast.Module) -> list[int]:
    return [call.lineno for call in calls(tree) if isinstance(call.func, ast.Attribute) and call.func.attr == "commit"]


def test_one_door_commits() -> None:
    """A craft that commits would leave half an act behind when what follows fails."""
    found = [f"{file}:{line}" for file, tree in code("app", "triage", "notifications").items() if file != DOOR for line in _commits(tree)]
    assert found == []
    assert _commits(code()[DOOR]), "the rule no longer sees the one commit there is"


STANDARD = (
    "collections csv dataclasses datetime decimal enum functools hashlib itertools json math operator re tomllib types typing unicodedata"
)
PURE = {"__future__", "triage", *STANDARD.split(" ")}
BESIDES = {"pydantic": ("triage/protocol",), "zoneinfo": ("triage/calendar",), "rapidfuzz": ("triage/replies",)}
"""Allowed in these places of triage alone."""
WORLD = {"open", "print", "input", "eval", "exec", "compile", "__import__", "breakpoint"}


def _imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.lineno, (node.module or "").split(".")[0]


def test_triage_is_arithmetic_on_values() -> None:
    """A decision that touches the world cannot be played again on the same inputs."""
    found = []
    for file, tree in code("triage").items():
        for line, module in _imported(tree):
            if module not in PURE and not file.startswith(BESIDES.get(module, ("nowhere",))):
                found.append(f"{file}:{line} imports {module}")
        for call in calls(tree):
            last = call.func.attr if isinstance(call.func, ast.Attribute) else dotted(call.func)
            if dotted(call.func) in WORLD or last in ("now", "today", "utcnow", "read_text", "write_text"):
                found.append(f"{file}:{call.lineno} calls {last}")
    assert found == []


def _crafts(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, ast.FunctionDef) and not any(dotted(mark) == "property" for mark in part.decorator_list):
                    yield f"{node.name}.{part.name}"


def test_models_hold_tables_and_states_only() -> None:
    """Verbs live in the files of their craft, where a reader looks for them."""
    models = {file: tree for file, tree in code("app").items() if file.endswith("/models.py")}
    assert {file: list(_crafts(tree)) for file, tree in models.items()} == {file: [] for file in models}


LONGEST_FILE, LONGEST_FUNCTION = 450, 60
MEASURED = (".py", ".js", ".html", ".css")


def test_files_and_functions_can_be_read_in_one_go() -> None:
    """Aim for 300 and 40. A longer file is a room asking to be cut in two."""
    long = []
    for path in (path for room in (*ROOMS, "tests") for path in walk(ROOT / room)):
        file = name(path)
        if path.suffix in MEASURED and "/vendor/" not in file and not file.startswith("migrations/versions/"):
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > LONGEST_FILE:
                long.append(f"{file} has {lines} lines")
    for file, tree in code().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not file.startswith("migrations/versions/"):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    long.append(f"{file}:{node.lineno} {node.name} has {lines} lines")
    assert long == []


WITHOUT_A_READER = {
    "app/people/perimeter.py": "the function itself",
    "app/people/patients.py": "who holds a number: asked before anybody is known",
    "app/people/enrolling.py": "the other holders of a number that becomes shared: no patient leaves the function",
    "app/people/numbers.py": "codes that are out for a number: whoever sends one back is not known yet",
    "app/people/regions.py": "how many numbers a shorter list of countries would leave out: a count, no patient leaves the function",
    "app/checkins/texts/senders.py": "whose number wrote: an incoming text has no reader",
    "app/checkins/rhythm/planning.py": "a protocol changed: the machine plans a whole service again",
    "app/demo/asking.py": "the fictional ward asks its own doctors",
    "app/demo/following.py": "the fictional ward follows its own people",
    "app/demo/patients.py": "the fictional ward enrols its own people",
    "app/demo/telephones.py": "the fictional ward's telephones",
    "app/web/api/examples.py": "numbers for the examples of the demonstration's OpenAPI document",
    "app/web/patient/enrolment.py": "the sheet version last given in the service: no patient leaves the function",
}
"""Queries on the patients of a service that answer to nobody's eyes, each with its reason."""


def _patients_by_hand(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and "Patient.service_id" in [dotted(side) for side in (node.left, *node.comparators)]:
            yield node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "filter_by":
            yield from (word.value.lineno for word in node.keywords if word.arg == "service_id")


def test_who_may_see_whom_is_asked_of_one_function() -> None:
    """A perimeter written by hand is the one that is forgotten when a role or a second service comes."""
    by_hand = {file: list(_patients_by_hand(tree)) for file, tree in code("app").items()}
    assert {file for file, lines in by_hand.items() if lines} == set(WITHOUT_A_READER)


@pytest.mark.parametrize("forbidden", ["pytest.mark." + "skip", "pytest." + "skip(", "mark." + "xfail", "pytest." + "importorskip"])
def test_no_test_is_left_aside(forbidden: str) -> None:
    """A test that does not run protects nobody. Browser tests without a Chromium are said aloud, and fail in CI."""
    assert [file for file, text in texts().items() if file.startswith("tests/") and forbidden in text] == []
