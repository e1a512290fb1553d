"""A file of answers judged by a protocol, as the service would judge them: CSV in, one line per check-in out, the traces on demand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from app.commands import protocols, tables
from app.commands.console import BadInput
from app.commands.tables import BadRow, Row
from app.protocols import looks, scales
from app.protocols.words import words
from triage import explain, replay, replies
from triage.calendar import Span
from triage.conditions import on_measures
from triage.grading import units
from triage.protocol import Protocol
from triage.questions import NUMBERS
from triage.replay import CheckIn, History, Judged, Said, Taken
from triage.terms import Asked, Kind, Measured, Reading

WANTED = ("patient", "checkin", "asked_on", "key", "value", "unit")
OPTIONAL = ("lln", "uln")
COURSE = ("patient", "agent", "first_intake", "days_on", "days_off", "hold_from", "hold_until")
ADDED = ("level", "respond_within", "rules_fired", "scores", "grades", "reason", "composites")
"""scores 0-4 (what was said), composites 0-3 (PRO-CTCAE) and grades 0-5 (CTCAE, with its version) are three columns."""
BASELINE = "baseline"
LONGEST_CYCLE = 3650
"""Days on or off, ten years: more is a slip, and no calendar counts on from it."""
LONGEST_NAME = 100
"""Characters of a trace's file name that come from the patient and the check-in: file systems refuse names over 255."""
FAHRENHEIT = units.read("[degF]")


def assess(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="CSV with patient, checkin, asked_on, key, value, unit; - for standard input.")
    ],
    protocol: Annotated[str, typer.Option("--protocol", help="A protocol file, or a slug of the library.")],
    out: Annotated[Path, typer.Option("--out", help="Where the CSV goes; - for standard output.")],
    courses: Annotated[Path | None, typer.Option("--courses", help="CSV with the courses and holds of the patients.")] = None,
    traces: Annotated[Path | None, typer.Option("--traces", help="Folder for one JSON trace per check-in.")] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave bad rows out and list them on standard error.")] = False,
) -> None:
    """Judge check-ins: one row per check-in with level, respond_within, rules_fired, scores, grades and reason.

    IN: patient, checkin, asked_on, key, value, unit, and lln, uln if wished. Rows of the check-in "baseline" are from before treatment.
    """
    rules = protocols.named(protocol)
    table = tables.read(source, WANTED, OPTIONAL)
    rows = [row for _, row in tables.sound(table, partial(_check, rules), skip_bad=skip_bad)]
    taken = {} if courses is None else _courses(courses, skip_bad)
    judged = {
        (history.patient, one.check_in.name): one
        for history in _histories(rules, rows, taken)
        for one in replay.judge(rules, history, _reader())
    }
    lines = {(row["patient"], row["checkin"]): row for row in reversed(rows) if row["checkin"] != BASELINE}
    ordered = [(key, row) for key, row in reversed(lines.items())]
    if traces is not None:
        _keep(traces, judged)
    header = ["patient", "checkin", "asked_on"]
    tables.write(out, header, ADDED, [{name: row[name] for name in header} | _line(rules, judged[key]) for key, row in ordered])


def _reader() -> Callable[[str], Reading]:
    lists = words()
    return lambda text: replies.read(text, Asked(Kind.FREE_TEXT), "", lists)


# --- Rows ---------------------------------------------------------------------------------------------------------------------------


def _check(protocol: Protocol, row: Row) -> None:
    """BadRow for a row that nobody can use: no name, no date, a key that is nowhere, a number that is not one."""
    for column in ("patient", "checkin", "key"):
        if not row[column].strip():
            raise BadRow(f"{column} is empty")
    tables.day(row, "asked_on")
    tables.normal(row)
    key, text = row["key"].strip(), row["value"].strip()
    question = protocol.questions.get(key)
    if question is None and scales.measures().key_of(key) is None:
        seen = f"vigie protocols show {protocol.slug} --json"
        raise BadRow(f"key {tables.shown(key)} is neither a question of this protocol nor a measure; see: {seen}")
    if (question is None or question.kind in NUMBERS) and _numeric(text):
        tables.number(row | {"value": text.replace(",", ".")}, "value")


def _numeric(text: str) -> bool:
    """Does it look like a number, be it infinite or not one? Words are the engine's to judge."""
    return re.fullmatch(r"[+-]?(?:[\d.,]+(?:e[+-]?\d+)?|nan|inf|infinity)", text.casefold()) is not None


def _said(protocol: Protocol, row: Row) -> Said:
    key, text, unit = row["key"].strip(), row["value"].strip(), row["unit"].strip()
    question = protocol.questions.get(key)
    if question is None:
        return _measured(row, scales.measures().key_of(key) or key, text, unit)
    if question.kind not in NUMBERS or not _numeric(text):
        return Said(key, text)
    return Said(key, _in_unit(row | {"value": text.replace(",", ".")}, question.unit, unit))


def _measured(row: Row, key: str, text: str, unit: str) -> Said:
    """In the unit as given: grading and rules read every unit they know, and say so of one they do not. No unit: the usual one."""
    if not _numeric(text):
        return Said(key, text, measure=True)
    number = tables.number(row | {"value": text.replace(",", ".")}, "value")
    assert number is not None  # it looked like a number, and was one when the rows were checked
    lln, uln = tables.normal(row)
    return Said(
        key, text, Measured(number, unit or scales.measures().by_key[key].unit, tables.day(row, "asked_on"), lln, uln), measure=True
    )


def _in_unit(row: Row, wanted: str, unit: str) -> str:
    """The number in the unit of the question; a number in a unit nobody knows stands beside it, for a person to look at."""
    number = tables.number(row, "value")
    assert number is not None  # it looked like a number, and was one when the rows were checked
    if unit and wanted and (known := scales.measures().by_key.get(row["key"].strip())) is not None:
        converted = _celsius(number) if units.read(unit) == FAHRENHEIT and wanted == "°C" else known.converted(number, unit)
        if converted is None:
            return f"{number:f} {unit}"
        number = converted
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _celsius(fahrenheit: Decimal) -> Decimal:
    """A thousandth of a degree is kept; 100.4 °F is 38 °C exactly."""
    return round((fahrenheit - 32) * 5 / 9, 3)


def _courses(source: Path, skip_bad: bool) -> dict[str, tuple[Taken, ...]]:
    """By patient, one entry per agent; several rows of one agent are its several holds."""
    found: dict[tuple[str, str], Taken] = {}

    def keep(row: Row) -> None:
        for column in ("patient", "agent"):
            if not row[column].strip():
                raise BadRow(f"{column} is empty")
        key = (row["patient"], row["agent"].strip())
        days = [tables.number(row, column) for column in ("days_on", "days_off")]
        if any(number is not None and (number != int(number) or number > LONGEST_CYCLE) for number in days):
            raise BadRow(f"days_on and days_off, expected whole numbers, at most {LONGEST_CYCLE}")
        on, off = (None if number is None else int(number) for number in days)
        holds = _hold(row)
        before = found.get(key)
        found[key] = Taken(key[1], tables.day(row, "first_intake"), on or None, off, (*(before.holds if before else ()), *holds))

    tables.sound(tables.read(source, COURSE), keep, skip_bad=skip_bad)
    return {patient: tuple(t for (who, _), t in found.items() if who == patient) for patient, _ in found}


def _hold(row: Row) -> tuple[Span, ...]:
    if not row["hold_from"].strip():
        return ()
    ends = tables.day(row, "hold_until") if row["hold_until"].strip() else None
    if ends is not None and ends < (begins := tables.day(row, "hold_from")):
        raise BadRow(f"hold_until {ends} is before hold_from {begins}")
    return (Span(tables.day(row, "hold_from"), ends),)


def _histories(protocol: Protocol, rows: Iterable[Row], taken: dict[str, tuple[Taken, ...]]) -> list[History]:
    grouped: dict[str, dict[tuple[str, date], list[Said]]] = {}
    for row in rows:
        visit = (row["checkin"], tables.day(row, "asked_on"))
        grouped.setdefault(row["patient"], {}).setdefault(visit, []).append(_said(protocol, row))
    found = []
    for patient, visits in grouped.items():
        every = [CheckIn(name, on, tuple(said)) for (name, on), said in visits.items()]
        names = [check_in.name for check_in in every if check_in.name != BASELINE]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise BadInput(f"patient {patient}, check-in {doubled[0]}: asked on two dates, expected one asked_on. Nothing was written")
        asked = tuple(check_in for check_in in every if check_in.name != BASELINE)
        before = tuple(check_in for check_in in every if check_in.name == BASELINE)
        found.append(History(patient, asked, before, taken.get(patient, ())))
    return found


# --- Lines --------------------------------------------------------------------------------------------------------------------------


def _line(protocol: Protocol, judged: Judged) -> Row:
    found, plan = judged.assessment, protocol.levels.get(judged.level)
    graded = [(g.term, g.version, g.grade) for g in found.grades if g.grade is not None]
    reasons = [*judged.notes, *(f"{g.term}: {g.reason}" for g in found.grades if g.reason), *_not_judged(protocol, judged)]
    if found.undecided:
        reasons.append(f"unknown answers leave open: {', '.join(found.undecided)}")
    if judged.silent:
        reasons.append("no answer at all")
    return {
        "level": judged.level.word,
        "respond_within": explain.delay(plan.respond_within, "en") if plan else "",
        "rules_fired": ";".join(step.rule for step in found.steps if step.fired),
        "scores": ";".join(f"{key}={score}" for key, score in found.scores.items() if score is not None),
        "grades": ";".join(f"{term}={grade} (CTCAE {version})" for term, version, grade in graded),
        "reason": "; ".join(reasons),
        "composites": ";".join(f"{name}={value}" for name, value in found.composites.items() if value is not None),
    }


def _not_judged(protocol: Protocol, judged: Judged) -> Iterator[str]:
    """Each value a rule could not compare, with the rules; each that nothing here looks at: neither is a value that was found good."""
    waiting: dict[str, list[str]] = {}
    for step in judged.assessment.steps:
        for part in step.inputs.get("en", "").split("; "):
            if part.endswith(on_measures.NO_LIMIT):
                waiting.setdefault(part, []).append(step.rule)
    yield from (f"{part} ({', '.join(rules)})" for part, rules in waiting.items())
    read = {key for rule in protocol.rules for _, kinds in looks.measured(protocol, rule) for key in kinds}
    for one in judged.check_in.said:
        if one.measured is not None and one.key not in read:
            yield f"{one.key} {one.measured.value:f} {one.measured.unit}: not judged, no rule of this protocol looks at it"


def _keep(folder: Path, judged: dict[tuple[str, str], Judged]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, ((patient, name), one) in enumerate(judged.items(), 1):
            stem = re.sub(r"[^A-Za-z0-9._-]+", "_", f"{number:05}-{patient}-{name}")[:LONGEST_NAME]
            trace = {"patient": patient, "checkin": name, "asked_on": str(one.check_in.asked_on)} | explain.to_dict(one.assessment)
            (folder / f"{stem}.json").write_text(json.dumps(trace, ensure_ascii=False, indent=2), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"--traces {folder} cannot be written: {error}") from error
