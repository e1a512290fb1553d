"""What the house rules read: the files of the repository, and the syntax trees of its code."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("app", "triage", "notifications", "migrations")


@cache
def _files() -> tuple[Path, ...]:
    """Every file of the repository, new ones included, without what tools, editors and machines leave beside it."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):  # an archive of the sources has no git: there is nothing beside them yet
        listed = [path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if not {".venv", "var", "__pycache__"} & set(path.parts)]
    return tuple(path for path in sorted(ROOT / file for file in listed if file) if path.is_file())


def walk(folder: Path = ROOT) -> Iterator[Path]:
    """The files of the repository below a folder."""
    return (path for path in _files() if path.is_relative_to(folder))


def name(path: Path) -> str:
    """The path as people write it."""
    return path.relative_to(ROOT).as_posix()


@cache
def code(*rooms: str) -> dict[str, ast.Module]:
    """The syntax tree of each Python file of these rooms, all rooms unless told."""
    files = [path for room in rooms or ROOMS for path in walk(ROOT / room) if path.suffix == ".py"]
    return {name(path): ast.parse(path.read_text(encoding="utf-8")) for path in files}


@cache
def texts() -> dict[str, str]:
    """Every file of the repository that is text."""
    found = {}
    for path in walk():
        try:
            found[name(path)] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Every call in a tree."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def dotted(node: ast.AST) -> str:
    """ "a.b.c" of an expression made of names, "" for anything else at its root."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""
