"""A programme's file, read and checked. Every refusal names the file, the key, the value and the reason; nothing is guessed."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from typing import Any, TypeVar

from pydantic import ValidationError

from app.care.document import Form, Part, Programme
from app.core.settings import WrongSettings

P = TypeVar("P", bound=Part)


class ProgrammeError(WrongSettings):
    """A file that cannot be used, in one sentence a person can act on; it stops the start like a wrong setting."""


def read(text: str, file: str, forms: dict[str, Form], indicators: frozenset[str]) -> Programme:
    """The programme of this file. Raises ProgrammeError. forms: the shared questions; indicators: the figures that can be worked out."""
    values = _toml(text, file)
    values["form"] = _form(values.get("form"), forms, file)
    programme = _checked(Programme, values, file)
    if unknown := [key for key in programme.indicators if key not in indicators]:
        raise ProgrammeError(
            f"{file}: indicators: {unknown[0]!r}: nobody knows how to work it out; choose among {', '.join(sorted(indicators))}"
        )
    return programme


def read_form(text: str, file: str) -> tuple[str, Form]:
    """A shared form and its name with its date ("contact@2026-11-23"). Raises ProgrammeError."""
    values = _toml(text, file)
    name, day = values.pop("slug", None), values.pop("effective_from", None)
    if not isinstance(name, str) or not isinstance(day, date):
        raise ProgrammeError(f"{file}: slug, effective_from: {name!r}, {day!r}: a form has a name and a date")
    values.pop("sources", None)
    return f"{name}@{day.isoformat()}", _checked(Form, values, file)


def _form(values: Any, forms: dict[str, Form], file: str) -> Any:
    """``stands_on`` names a shared form; ``ask`` keeps some of its questions; ``blocks`` adds questions, or says them in another way.

    ``nurse_protocols`` adds to the shared form's list, or says one in another way.
    """
    if not isinstance(values, dict) or "stands_on" not in values:
        return values
    if values["stands_on"] not in forms:
        raise ProgrammeError(f"{file}: form.stands_on: {values['stands_on']!r}: no such form; known: {', '.join(sorted(forms))}")
    if unknown := set(values) - {"stands_on", "ask", "blocks", "nurse_protocols"}:
        raise ProgrammeError(
            f"{file}: form.{min(unknown)}: {values[min(unknown)]!r}: no such key; known: ask, blocks, nurse_protocols, stands_on"
        )
    shared = forms[values["stands_on"]]
    asked = values.get("ask", shared.keys)
    if missing := [key for key in asked if key not in shared.keys]:
        raise ProgrammeError(f"{file}: form.ask: {missing[0]!r}: the form {values['stands_on']} has no such question")
    own = {block["key"]: block for block in values.get("blocks", []) if isinstance(block, dict) and "key" in block}
    blocks: list[Any] = []
    for block in shared.blocks:
        kept = [one.model_dump(exclude_defaults=True) for one in block.fields if one.key in asked]
        more = own.pop(block.key, {}).get("fields", [])
        said_again = {field.get("key") for field in more}
        fields = [field for field in kept if field["key"] not in said_again] + more
        blocks += [{"key": block.key, "title": block.title.model_dump(), "fields": fields}] if fields else []
    listed = values.get("nurse_protocols", [])
    again = {one.get("key") for one in listed if isinstance(one, dict)}
    kept_protocols = [one.model_dump() for one in shared.nurse_protocols if one.key not in again]
    return {"blocks": [*blocks, *own.values()], "nurse_protocols": [*kept_protocols, *listed]}


def _toml(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        number = int(line.group(1)) if line else 0
        written = text.splitlines()[number - 1] if 0 < number <= len(text.splitlines()) else ""
        raise ProgrammeError(f"{file}: line {number}: {written.strip()!r}: {error}") from error


def _checked(kind: type[P], values: dict[str, Any], file: str) -> P:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        written = f"{first['input']!r:.80}" if not isinstance(first["input"], dict) else "{…}"
        raise ProgrammeError(f"{file}: {where}: {written}: {first['msg'].removeprefix('Value error, ')}") from error
