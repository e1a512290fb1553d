"""Answers kept one row per key and person. A correction adds a row and marks the old one; nothing is overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import raising
from app.alerts.models import Alert, AlertState
from app.checkins import differing, script
from app.checkins.models import AnswerRow, CheckIn
from app.core.audit import Actor
from app.messaging.models import Message
from app.people import respondents
from app.people.models import Patient
from app.treatment import courses, intakes, measures
from app.treatment.models import Measure
from notifications import wording
from notifications.messages import Label, Noted
from triage import questions
from triage.protocol import Protocol
from triage.questions import MOST_ANSWERS, NO_FEVER, Question
from triage.terms import Answer, Kind, Value

MEASURED = {Kind.TEMPERATURE: ("temperature", "Cel"), Kind.WEIGHT: ("weight", "kg")}
"""Answers that are measures too, with their unit."""

ECHO_UNITS = 170
"""Room for the echo beside the longest promise of a call, in two segments (306 units)."""

_SAID: Mapping[str, tuple[str, str]] = {"off_day": ("off_day", "yes"), "stopped": ("tablets", "not_taken")}
"""A part of what was said of the doses → the words of the echo, of notifications/texts/<language>/language.toml."""


def current(session: Session, checkin_id: int) -> dict[str, AnswerRow]:
    """The answers that are judged, by key, oldest first: of several people's, the gravest."""
    return {key: rows[0] for key, rows in standing(session, checkin_id).items()}


def standing(session: Session, checkin_id: int) -> dict[str, list[AnswerRow]]:
    """Every person's last answer, by key: first the one that is judged, then those that stand beside it."""
    rows = select(AnswerRow).where(AnswerRow.checkin_id == checkin_id, AnswerRow.replaced_at.is_(None)).order_by(AnswerRow.id)
    found: dict[str, list[AnswerRow]] = {}
    for row in session.scalars(rows):
        found.setdefault(row.key, []).insert(len(found.get(row.key, ())) if row.beside else 0, row)
    return found


def own(session: Session, checkin_id: int, by: Actor) -> dict[str, AnswerRow]:
    """What this person said, judged or not."""
    return {key: row for key, rows in standing(session, checkin_id).items() for row in rows if row.said_by == str(by)}


def values(rows: Mapping[str, AnswerRow], protocol: Protocol) -> dict[str, Answer]:
    """The same as the engine reads them. What no longer fits its question is unknown, never something else."""
    return {key: Answer(key, read(row, protocol.questions.get(key))) for key, row in rows.items()}


def read(row: AnswerRow, question: Question | None) -> Value | None:
    """One stored value; None when it was not understood, or cannot be read back."""
    if row.value is None:
        return None
    try:
        return questions.read_value(question or Question(row.key, Kind(row.kind)), row.value)
    except ValueError:
        return None


def put(
    session: Session,
    checkin: CheckIn,
    question: Question,
    value: str | None,
    *,
    by: Actor,
    now: datetime,
    message: Message | None = None,
    source: str = "sms",
    note: str = "",
    asked_by: Actor | None = None,
) -> AnswerRow:
    """Keep one answer. value: the codebook's form, None for asked and not understood. Raises ValueError for one that is not plausible.

    It replaces this person's own earlier answer, never somebody else's: where two people differ, both stand and the graver is judged.
    """
    if value is not None:
        questions.read_value(question, value)
    rows = standing(session, checkin.id).get(question.key, [])
    judged = rows[0] if rows else None
    for before in rows:
        if before.said_by == str(by):
            before.replaced_at = now
            _tell_correction(session, checkin, question, before.value, value, by=by, now=now)
    row = AnswerRow(
        checkin_id=checkin.id,
        key=question.key,
        kind=question.kind.value,
        value=value,
        note=note,
        message_id=message.id if message else None,
        source=source,
        said_by=str(by),
        asked_by=str(asked_by) if asked_by else "",
        beside=False,
        at=now,
    )
    session.add(row)
    session.flush()
    both = sorted([one for one in rows if one.replaced_at is None] + [row], key=lambda one: one.id)
    chosen = differing.settle(question, both)
    differing.note(session, checkin, question, both, now=now)
    _enter_in_chart(session, checkin, question, row, chosen if chosen is not judged else None, by=by, now=now)
    return row


def _tell_correction(
    session: Session, checkin: CheckIn, question: Question, before: str | None, after: str | None, *, by: Actor, now: datetime
) -> None:
    """The open alert's story says what was corrected: otherwise a 3 that raised it stands beside a 1 and nobody knows why."""
    if question.kind is Kind.FREE_TEXT or before is None or before == after:
        return
    alert = session.scalar(select(Alert).where(Alert.patient_id == checkin.patient_id, Alert.state != AlertState.CLOSED))
    if alert is not None:
        detail = {"key": question.key, "answer": question.kind.value, "before": before, "after": after}
        raising.note(session, alert, "corrected", by=by, now=now, detail=detail)


def _enter_in_chart(
    session: Session, checkin: CheckIn, question: Question, row: AnswerRow, chosen: AnswerRow | None, *, by: Actor, now: datetime
) -> None:
    """A temperature, a weight, doses taken are facts of the treatment too. chosen: the answer judged from now on, if it changed.

    A measure is kept whoever read it; of two reports of doses only the judged one counts.
    """
    patient = session.get_one(Patient, checkin.patient_id)
    if question.kind is Kind.INTAKE and chosen is not None and chosen.value is not None:
        course = courses.get(session, checkin.course_id)
        who = by if chosen is row else respondents.speaker(session, chosen.said_by)
        intakes.report(
            session, course, patient, value=chosen.value, on=checkin.day, source=chosen.source, by=who, now=now, checkin_id=checkin.id
        )
    measure = measure_of(patient, question, row, by=by, now=now)
    if measure is not None:
        measures.keep(session, patient, measure, by=by, now=now)


def measure_of(patient: Patient, question: Question, row: AnswerRow, *, by: Actor, now: datetime) -> Measure | None:
    """The measure that an answer is, not kept yet; None for an answer that is none. Raises FieldErrors for one that cannot be."""
    kind, unit = MEASURED.get(question.kind, ("", ""))
    if not kind or row.value is None or row.value == NO_FEVER:
        return None
    return measures.read(patient, kind=kind, value=row.value, unit=unit, taken_at=now, source=row.source, by=by, now=now)


# --- The echo -----------------------------------------------------------------------------------------------------------------------


def echo(rows: Mapping[str, AnswerRow], keys: Iterable[str], protocol: Protocol, language: str) -> tuple[Noted, ...]:
    """What was understood, in the order asked, ready for a text. Free text is not echoed: a person reads it.

    When it would not fit in one, the zeros are left out: what was said to be there is what a slip must be seen in.
    """
    said: list[Noted] = []
    for key in keys:
        question = script.question_of(key, protocol)
        if question is not None and key in rows and question.kind is not Kind.FREE_TEXT:
            said += _noted(question, read(rows[key], question), language)
    if _fits(said):
        return tuple(said)
    there = [noted for noted in said if noted.value != 0]
    while not _fits(there):
        there.pop()
    return tuple(there)


def _fits(said: list[Noted]) -> bool:
    units = sum(len(n.label.text) + len(n.value.text if isinstance(n.value, Label) else str(n.value)) + 3 for n in said)
    return len(said) <= MOST_ANSWERS and units <= ECHO_UNITS


def _noted(question: Question, value: Value | None, language: str) -> list[Noted]:
    if question.kind is Kind.INTAKE and isinstance(value, str):
        return _intakes(value, language)
    if question.kind is Kind.CYCLE_START:
        return [Noted(_word(language, "round"), _word(language, str(value)) if value else None)]
    return [Noted(script.label(question, language), _value(value, question.kind, language))]


def _value(value: Value | None, kind: Kind, language: str) -> int | Decimal | Label | None:
    if isinstance(value, bool):
        return _word(language, "yes" if value else "no")
    if isinstance(value, Decimal):
        return int(value) if kind in questions.WHOLE else value
    return _word(language, "no_fever") if value == NO_FEVER else None


def _intakes(value: str, language: str) -> list[Noted]:
    said = questions.intake_of(value)
    noted = [Noted(_word(language, name), getattr(said, name)) for name in ("missed", "extra") if getattr(said, name)]
    noted += [Noted(_word(language, name), _word(language, how)) for part, (name, how) in _SAID.items() if getattr(said, part)]
    return noted or [Noted(_word(language, "doses"), _word(language, "all_taken"))]


def _word(language: str, word: str) -> Label:
    return Label(wording.echo(language, word))
