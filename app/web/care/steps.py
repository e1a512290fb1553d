"""Rules that fired, the highest first, of a judgement that is kept or only shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from triage import explain
from triage.terms import Step


def fired(result: Mapping[str, Any]) -> list[Step]:
    """Of a kept judgement; none when the stored form cannot be read."""
    try:
        steps = explain.from_dict(result).steps
    except (KeyError, TypeError, ValueError):
        return []
    return highest(step for step in steps if not step.error)


def highest(steps: Iterable[Step]) -> list[Step]:
    """Those that fired, the highest first."""
    return sorted((step for step in steps if step.fired), key=lambda step: -step.level)
