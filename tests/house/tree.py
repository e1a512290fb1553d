"""What the house rules read: the files of the repository, and the syntax trees of its code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("app", "triage", "notifications", "migrations")
NOT_OURS = {".git", ".venv", "var", "node_modules", "build", "dist"}


def walk(folder: Path = ROOT) -> Iterator[Path]:
    """Every file that belongs to the repository, without what tools and machines leave beside it."""
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name not in NOT_OURS and not path.name.endswith((".egg-info", "_cache", "__pycache__")) and path.name != ".hypothesis":
                yield from walk(path)
        else:
            yield path


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
