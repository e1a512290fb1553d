"""A file of results: read whole before anything is written, each bad row with its reason, and the same file twice adds nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core import audit
from app.core.errors import Conflict, FieldErrors, NotFound, Refusal, Said
from app.people import patients
from app.people.models import Patient, Service
from app.people.perimeter import Viewer
from app.protocols import scales
from app.treatment import measures
from app.treatment.import_models import FileState, ResultFile
from app.treatment.models import Measure

LARGEST, MOST_ROWS = 1_000_000, 1000
"""Bytes and rows of a file: a day's results of a ward, kept and judged in under a minute (house rule, 2026-11-23)."""

NEEDED = ("kind", "value", "unit", "taken_at", "source")
WHOSE = ("patient", "birth_date")
"""In a file of several patients two things must agree, the number of the file and the birth date: one wrong digit names somebody else
(house rule, 2026-11-23)."""
COLUMNS = (*WHOSE, *NEEDED, "lln", "uln")

DAYS = ("%Y-%m-%d", "%d/%m/%Y")
HOURS = ("%H:%M", "%H:%M:%S")


@dataclass(frozen=True)
class Aside:
    """A row that cannot stand: its line in the file, its cells as they came, and every reason."""

    line: int
    cells: Sequence[str]
    why: Sequence[str]


@dataclass(frozen=True)
class Trial:
    """What a file would do: the values to keep with their patients, those that are kept already, and those that cannot stand."""

    new: Sequence[tuple[int, Patient, Measure]]
    known: Sequence[tuple[int, Patient, Measure]]
    aside: Sequence[Aside]

    @property
    def by_patient(self) -> dict[int, list[Measure]]:
        """The values to keep, of one patient after the other."""
        found: dict[int, list[Measure]] = {}
        for _, patient, row in self.new:
            found.setdefault(patient.id, []).append(row)
        return found


def bring(
    session: Session, service: Service, content: bytes, *, name: str, patient: Patient | None, viewer: Viewer, now: datetime
) -> ResultFile:
    """Keep a file to look at it. No measure is written. Raises Refusal when it is no table of results at all."""
    if len(content) > LARGEST:
        raise Refusal("This file is larger than {n} bytes. Nothing was read; cut it in two.", status=413, field="file", n=LARGEST)
    text = _decoded(content)
    _table(text, needs=NEEDED if patient else (*WHOSE, *NEEDED))
    row = ResultFile(
        service_id=service.id,
        patient_id=patient.id if patient else None,
        name=" ".join(name.split())[:120],
        text=text,
        tried_by=str(viewer.actor),
        tried_by_name=viewer.actor.name,
        tried_at=now,
    )
    session.add(row)
    session.flush()
    return row


def get(session: Session, number: int, *, viewer: Viewer) -> ResultFile:
    """A file of the viewer's service. Raises NotFound."""
    row = session.get(ResultFile, number)
    if row is None or viewer.service_id is None or row.service_id != viewer.service_id:
        raise NotFound("This file")
    return row


def of_service(session: Session, viewer: Viewer, *, limit: int = 20) -> list[ResultFile]:
    """The last files that were brought, latest first."""
    mine = select(ResultFile).where(ResultFile.service_id == viewer.service_id)
    return list(session.scalars(mine.order_by(ResultFile.id.desc()).limit(limit)))


def try_out(session: Session, file: ResultFile, *, viewer: Viewer, now: datetime) -> Trial:
    """What would be kept, what is known, what cannot stand and why. Nothing is written."""
    its_own = session.get(Patient, file.patient_id) if file.patient_id else None
    new: list[tuple[int, Patient, Measure]] = []
    known: list[tuple[int, Patient, Measure]] = []
    aside: list[Aside] = []
    seen: set[tuple[object, ...]] = set()
    for line, cells, values in _rows(file.text):
        try:
            patient = its_own or _named(session, values, viewer)
            row = _measure(patient, values, its_own, viewer, now)
        except Refusal as refusal:
            aside.append(Aside(line, cells, _reasons(refusal)))
            continue
        same = (row.patient_id, row.kind, row.taken_at, row.value, row.source)
        (known if same in seen or measures.is_known(session, row) else new).append((line, patient, row))
        seen.add(same)
    return Trial(new, known, aside)


def keep(session: Session, file: ResultFile, patient_id: int, rows: Sequence[Measure], *, viewer: Viewer, now: datetime) -> list[Measure]:
    """Keep one patient's rows in a transaction of their own: a long file never stops the ward. What is known by now is left out.

    Interrupted, the file stays tried: trying it again adds the rest. Raises NotFound for a patient the viewer may not see.
    """
    session.execute(select(Service.id).where(Service.id == file.service_id).with_for_update())  # two files at once would both be new
    patient = patients.get(session, patient_id, viewer=viewer)
    return [measures.keep(session, patient, row, by=viewer.actor, now=now) for row in rows if not measures.is_known(session, row)]


def settle(session: Session, file: ResultFile, trial: Trial, written: int, *, viewer: Viewer, now: datetime) -> None:
    """Once every row that can stand is kept: the others stand aside with their reasons. Raises Conflict when it is settled already."""
    _settle(session, file, FileState.WRITTEN, viewer, now)
    file.written, file.known, file.text = written, len(trial.known) + len(trial.new) - written, ""
    file.aside = [{"line": one.line, "cells": list(one.cells), "why": [_told(said) for said in one.why]} for one in trial.aside]
    _note(session, file, "results.written", viewer, now)


def drop(session: Session, file: ResultFile, *, viewer: Viewer, now: datetime) -> None:
    """Look no further: nothing of it is kept. Raises Conflict when the file is settled already."""
    _settle(session, file, FileState.DROPPED, viewer, now)
    file.text = ""
    _note(session, file, "results.dropped", viewer, now)


def set_aside(file: ResultFile) -> list[Aside]:
    """The rows of a written file that could not stand, as they were told that day."""
    return [
        Aside(
            one["line"],
            one["cells"],
            [Said(said["sentence"], **said["values"]) if said["values"] else said["sentence"] for said in one["why"]],
        )
        for one in file.aside
    ]


def _settle(session: Session, file: ResultFile, to: FileState, viewer: Viewer, now: datetime) -> None:
    mine = update(ResultFile).where(ResultFile.id == file.id, ResultFile.state == FileState.TRIED)
    done = session.execute(mine.values(state=to, settled_at=now, settled_by_name=viewer.actor.name))
    if done.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        raise Conflict("This file was settled by somebody else. Nothing was written twice; look at what was kept.")
    session.refresh(file)


def _note(session: Session, file: ResultFile, action: str, viewer: Viewer, now: datetime) -> None:
    audit.record(
        session,
        actor=viewer.actor,
        action=action,
        subject=f"result_file:{file.id}",
        service_id=file.service_id,
        patient_id=file.patient_id,
        after={"written": file.written, "known": file.known, "aside": len(file.aside)},
        now=now,
    )


# --- Reading ------------------------------------------------------------------------------------------------------------------------


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")  # what a spreadsheet of an office saves


def _table(text: str, *, needs: Sequence[str] = ()) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Head and rows with their line. The separator is the one the head is written with."""
    head_line = text.lstrip().partition("\n")[0]
    separator = max(";,\t", key=head_line.count)
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(cell.strip() for cell in row)]
    head = [cell.lower() for cell in rows[0][1]] if rows else []
    missing = [name for name in needs if name not in head]
    if missing:
        raise Refusal("These columns are missing: {names}. Nothing was read.", status=422, field="file", names=", ".join(missing))
    if len(rows) - 1 > MOST_ROWS:
        raise Refusal("This file has more than {n} rows. Nothing was read; cut it in two.", status=413, field="file", n=MOST_ROWS)
    if len(rows) < 2 and needs:
        raise Refusal("This file has no row of results.", status=422, field="file")
    return head, rows[1:]


def _rows(text: str) -> Iterator[tuple[int, list[str], dict[str, str]]]:
    head, rows = _table(text)
    for line, cells in rows:
        whole = len(cells) == len(head)
        yield line, cells, dict(zip(head, cells, strict=True)) if whole else {"": str(len(head))}


def _named(session: Session, values: dict[str, str], viewer: Viewer) -> Patient:
    """The patient of a row: by the number of the file, and only when the birth date agrees."""
    if "" in values:
        raise _torn(values)
    number = values.get("patient", "")
    patient = patients.get(session, int(number), viewer=viewer) if number.isdecimal() and len(number) < 10 else None
    if patient is None:
        raise FieldErrors({"patient": "Write the number of the patient's file."})
    if _day(values.get("birth_date", "")) != patient.birth_date:
        raise FieldErrors({"birth_date": "The birth date is not the one of this patient's file."})
    return patient


def _torn(values: dict[str, str]) -> FieldErrors:
    return FieldErrors({"row": Said("This row does not have the {n} cells of the first line.", n=values[""])})


def _measure(patient: Patient, values: dict[str, str], its_own: Patient | None, viewer: Viewer, now: datetime) -> Measure:
    """A row as a measure. Stricter than a hand: what was measured and its unit must be known, or no grade could ever be given."""
    if "" in values:
        raise _torn(values)
    if its_own is not None and values.get("patient", "") not in ("", str(its_own.id)):
        raise FieldErrors({"patient": "This row names another patient."})
    if its_own is not None and values.get("birth_date", "") and _day(values["birth_date"]) != its_own.birth_date:
        raise FieldErrors({"birth_date": "The birth date is not the one of this patient's file."})
    problems: dict[str, str] = {}
    kind = _kind(values["kind"])
    known = scales.measures().by_key.get(kind)
    if known is None:
        problems["kind"] = Said("{what} is not a measure we know.", what=values["kind"] or "?")
    elif kind not in measures.PLAUSIBLE and known.is_plausible(known.plausible[0], values["unit"]) is None:
        problems["unit"] = Said(
            "{unit} is not a unit of this measure; it is measured in {right}.", unit=values["unit"] or "?", right=known.unit
        )
    taken_at = _instant(values["taken_at"], patient.timezone)
    if taken_at is None:
        problems["taken_at"] = "Write the day and the hour it was taken."
    try:
        written = {name: values.get(name, "") for name in ("value", "unit", "lln", "uln", "source")}
        row = measures.read(patient, kind=kind, taken_at=taken_at or now, by=viewer.actor, now=now, **written)
    except FieldErrors as refusal:
        raise FieldErrors({**refusal.fields, **problems}) from None
    if problems:
        raise FieldErrors(problems)
    return row


def _kind(written: str) -> str:
    """The key, the CTCAE term, or the library's name in any language."""
    known = scales.measures()
    plain = " ".join(written.split()).casefold()
    named = (key for key, one in known.by_key.items() if plain in (name.casefold() for name in one.name.values()))
    return known.key_of(plain) or next(named, plain)


def _day(written: str) -> date | None:
    for form in DAYS:
        try:
            return datetime.strptime(written, form).date()  # noqa: DTZ007  # a birthday has no zone
        except ValueError:
            continue
    return None


def _instant(written: str, zone: str) -> datetime | None:
    """An hour on the patient's wall, or with its own offset. A day alone is no instant: nothing is guessed."""
    for form in (f"{day}{between}{hour}" for day in DAYS for between in (" ", "T") for hour in HOURS):
        try:
            return datetime.strptime(written, form).replace(tzinfo=ZoneInfo(zone))
        except ValueError:
            continue
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _reasons(refusal: Refusal) -> list[str]:
    if isinstance(refusal, FieldErrors):
        return list(refusal.fields.values())
    return [Said(refusal.sentence, **refusal.values)]


def _told(said: str) -> dict[str, object]:
    if isinstance(said, Said):
        return {"sentence": said.sentence, "values": {name: str(value) for name, value in said.values.items()}}
    return {"sentence": said, "values": {}}
