"""Protocols looked at before anybody signs: what a pharmacist would object to, what changed, what nobody has verified yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from app.commands.accounts import Json
from app.commands.console import REFUSED, BadInput, say, say_json
from app.commands.protocols import LIBRARY_ROOT, find, text_of
from app.protocols import shelf
from triage import checks, differences
from triage.protocol import Protocol, ProtocolError, parse

File = Annotated[str, typer.Argument(help="A protocol file, or a slug of the library.")]
Language = Annotated[str, typer.Option("--language", help="en or fr.")]


def check(
    protocol: Annotated[str, typer.Argument(help="A protocol file, or a slug; without one, the whole library.")] = "",
    language: Language = "en",
    as_json: Json = False,
) -> None:
    """What a kind pharmacist would say: gaps, limits in the wrong order, missing sources. Exit 1 when something must be mended."""
    if language not in ("en", "fr"):
        raise BadInput(f"--language {language}: expected en or fr")
    found = [finding for path, text in _documents(protocol) for finding in _findings(path, text, language)]
    grave = [finding for finding in found if finding["grave"]]
    if as_json:
        say_json(found)
    else:
        for finding in found:
            mark = "TO MEND " if finding["grave"] else "remark  "
            say(f"{mark} {finding['path']}: {finding['where']}: {finding['says']}")
        say(f"{len(grave)} to mend, {len(found) - len(grave)} remarks." if found else "Nothing to object.")
    if grave:
        raise typer.Exit(REFUSED)


def _documents(name: str) -> Iterator[tuple[Path, str]]:
    if not name:
        yield from sorted(shelf.stock().documents.items())
    elif Path(name).suffix == ".toml":
        yield Path(name), text_of(Path(name))
    else:
        yield find(name)


def _findings(path: Path, text: str, language: str) -> Iterator[dict[str, Any]]:
    shown = str(path.relative_to(LIBRARY_ROOT)) if path.is_relative_to(LIBRARY_ROOT) else str(path)
    try:
        protocol = parse(text, shelf.layers())
    except ProtocolError as error:
        for problem in error.problems:
            says = str(problem).removeprefix(f"{problem.field}").lstrip(": ")
            yield {"path": shown, "where": problem.field, "says": says, "grave": True}
        return
    for remark in checks.remarks(protocol):
        yield {"path": shown, "where": remark.where, "says": getattr(remark, language), "grave": remark.grave}


def diff(before: File, after: File, as_json: Json = False) -> None:
    """What changed from one protocol to another, thing by thing."""
    changed = differences.between(_parsed(before), _parsed(after))
    if as_json:
        say_json([{"where": d.where, "what": d.what, "before": d.before, "after": d.after} for d in changed])
        return
    for one in changed:
        say(f"{one.what:<8} {one.where}")
        for sign, value in (("-", one.before), ("+", one.after)):
            if value is not None:
                say(f"    {sign} {value}")
    say(f"{len(changed)} differences." if changed else "No difference: the two decide the same.")


def unverified(
    protocol: Annotated[str, typer.Argument(help="A protocol file, or a slug; without one, the whole library.")] = "",
    as_json: Json = False,
) -> None:
    """Every value that nobody has found in its source yet: the list of the pharmacist who will sign."""
    rows = [row for path, text in _documents(protocol) for row in _doubts(_read(path, text))]
    if as_json:
        say_json(rows)
        return
    for row in rows:
        value = f" = {row['value']}" if row["value"] else ""
        note = f" ({row['note']})" if row["note"] else ""
        say(f"{row['protocol']}: {row['what']}{value}: {row['source']}{note}")
    say(f"{len(rows)} values to verify." if rows else "Every value is verified.")


def _doubts(protocol: Protocol) -> Iterator[dict[str, str]]:
    stamp = f"{protocol.slug}@{protocol.effective_from}"
    rules = {rule.id: rule for rule in protocol.rules}
    for what in protocol.unverified:
        kind, _, name = what.partition(".")
        row = {"protocol": stamp, "what": what, "value": "", "source": "", "note": ""}
        if kind == "thresholds":
            limit = protocol.thresholds[name]
            row |= {"value": f"{limit.at} {limit.unit}", "source": protocol.sources[limit.source].words, "note": limit.note}
        elif kind == "rules" and name in rules:
            row |= {"value": rules[name].why["en"], "source": rules[name].source, "note": rules[name].shape.note}
        elif kind == "proposals":
            row |= {"value": protocol.proposals[name]["en"]}
        yield row


def _parsed(name: str) -> Protocol:
    return _read(*next(iter(_documents(name))))


def _read(path: object, text: str) -> Protocol:
    try:
        return parse(text, shelf.layers())
    except ProtocolError as error:
        raise BadInput(f"{path}: {error}") from error
