"""A refused document: which field, what stood there, why; one readable line each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError

_REASONS = {
    "missing": "is missing",
    "extra_forbidden": "is not a field here; check the spelling",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "has letters that are not allowed in a name",
    "bool_type": "expected true or false, without quotes",
    "int_type": "expected a whole number, without quotes",
    "decimal_type": "expected a number, without quotes",
    "is_instance_of": "expected a number, without quotes",
    "string_type": "expected a text in quotes",
    "date_type": "expected a date such as 2026-11-22, without quotes",
    "time_type": "expected an hour such as 20:00:00, without quotes",
}


@dataclass(frozen=True)
class Problem:
    """One reason why a document is refused."""

    field: str
    value: object
    reason: str

    def __str__(self) -> str:
        shown = "" if self.value in (None, "") or isinstance(self.value, dict | list) else f" = {self.value!s}"
        return f"{self.field}{shown}: {self.reason}"


class ProtocolError(ValueError):
    """The document cannot be used. ``problems`` lists every reason found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def from_shape(error: ValidationError, raw: object) -> ProtocolError:
    """pydantic's report → readable problems; rules and proposals are named by their id rather than by their number."""
    return ProtocolError(Problem(_path(e["loc"], raw), _value(e), _reason(e["type"], e["msg"])) for e in error.errors())


def _value(error: object) -> object:
    return error["input"] if isinstance(error, dict) and error["type"] != "missing" else None


def _reason(kind: str, message: str) -> str:
    return _REASONS.get(kind, message.removeprefix("Value error, "))


def _path(loc: tuple[int | str, ...], raw: object) -> str:
    parts: list[str] = []
    at: object = raw
    for step in loc:
        if isinstance(step, int):
            at = at[step] if isinstance(at, list) and step < len(at) else None
            name = at.get("id") if isinstance(at, dict) else None
            parts[-1] += f"[{name or step + 1}]"
        else:
            at = at.get(step) if isinstance(at, dict) else None
            if step != "[key]":
                parts.append(step)
    return ".".join(parts) or "document"
