"""Everything the engine may know besides the answers: day of cycle, earlier check-ins, baseline, measures, what the reader saw.

It is kept whole with each assessment, as plain JSON, so that the same judgement can be made again years later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.checkins import answers, script
from app.checkins.judging import charted, dealt
from app.checkins.models import AnswerRow, AssessmentRow, CheckIn, CheckInState
from app.messaging.models import Message
from app.people.models import Patient
from app.treatment import courses, days, intakes, measures
from app.treatment.models import Course, IntakeReport, Measure
from triage.protocol import Protocol
from triage.terms import Answer, Context, Escalate, Heard, Kind, Level, Past, Value

REMEMBERED = 30
"""Earlier check-ins the engine is shown, most recent first: more than any rule of the library looks back."""

FLOORED = (Heard.ANSWER, Heard.PARTIAL, Heard.SYMPTOM, Heard.DANGER, Heard.CORRECTION)
"""Readings whose floor the engine hears; the others (a command, a request) make a task of their own."""

FLOORS = (Escalate.NO, Escalate.NURSE, Escalate.URGENT)


@dataclass(frozen=True)
class Supposed:
    """What answers that are not kept would add beside themselves: to the chart, to the doses told, to the dangers heard."""

    measures: tuple[Measure, ...] = ()
    reports: tuple[IntakeReport, ...] = ()
    dangers: tuple[str, ...] = ()


def build(
    session: Session, checkin: CheckIn, protocol: Protocol, *, now: datetime, closing: bool, supposed: Supposed | None = None
) -> Context:
    """The context of one check-in, as known now. supposed: as it would be known if what is being typed were kept."""
    more = supposed or Supposed()
    patient = session.get_one(Patient, checkin.patient_id)
    course = courses.get(session, checkin.course_id)
    day = days.day_of(course, checkin.day)
    dangers, escalate = heard(session, checkin)
    dangers = tuple(dict.fromkeys((*dangers, *more.dangers)))
    answered = supposed is not None or bool(answers.current(session, checkin.id)) or told_danger(session, checkin)
    past = _past(session, checkin, protocol)
    known, before, baseline = charted.measures_of(session, patient, course, protocol, now=now, supposed=more.measures)
    return Context(
        asked_on=checkin.day,
        cycle=day.cycle,
        cycle_day=day.cycle_day,
        on_day=day.on_day,
        past=past,
        baseline=_baseline(session, course, past, protocol, more.measures),
        measures=known,
        dangers=dangers,
        escalate=escalate,
        silences=0 if answered or dangers else silences_before(session, checkin) + closing,
        closing=closing,
        due=tuple(q.key for q in script.all_questions(checkin, protocol) if q.key in protocol.questions),
        measures_before=before,
        measures_baseline=baseline,
        treatment_day=days.treatment_day(course, checkin.day),
        exposures=charted.exposures(session, patient, course, on=checkin.day),
        adherence=intakes.adherence_percent(session, course, checkin.day, more.reports),
    )


def heard(session: Session, checkin: CheckIn) -> tuple[tuple[str, ...], Escalate]:
    """Danger codes and floor of every text of this conversation. They stay, even when the answer that carried them is corrected.

    Until a person has closed the alert that told them: what is said after it is judged on what is said after it (``dealt``).
    """
    kept = [message for message in _inbound(session, checkin) if message.reading]
    alerts = dealt.closed(session, checkin) if kept else []
    readings = [message.reading or {} for message in kept if not dealt.words(session, message, alerts)]
    dangers = dict.fromkeys(str(code) for reading in readings for code in reading.get("dangers", ()))
    floors = [Escalate(reading.get("escalate", "no")) for reading in readings if reading.get("heard") in FLOORED]
    return tuple(dangers), max(floors, key=FLOORS.index, default=Escalate.NO)


def told_danger(session: Session, checkin: CheckIn) -> bool:
    """Was a danger told in this conversation, dealt with or not? Then it was no silence."""
    return any((message.reading or {}).get("dangers") for message in _inbound(session, checkin))


def _inbound(session: Session, checkin: CheckIn) -> Iterable[Message]:
    mine = (Message.checkin_id == checkin.id, Message.direction == "in")
    return session.scalars(select(Message).where(*mine).order_by(Message.id))


def silences_before(session: Session, checkin: CheckIn) -> int:
    """How many planned check-ins just before this one stayed without any answer, in a row."""
    before = select(CheckIn).where(
        CheckIn.course_id == checkin.course_id,
        CheckIn.kind != "unprompted",
        CheckIn.opened_at.is_not(None),
        CheckIn.id != checkin.id,
        CheckIn.day <= checkin.day,
    )
    count = 0
    for row in session.scalars(before.order_by(CheckIn.day.desc(), CheckIn.id.desc()).limit(REMEMBERED)):
        if row.state != CheckInState.SILENT:
            break
        count += 1
    return count


def _past(session: Session, checkin: CheckIn, protocol: Protocol) -> tuple[Past, ...]:
    earlier = or_(CheckIn.day < checkin.day, and_(CheckIn.day == checkin.day, CheckIn.id < checkin.id))
    mine = select(CheckIn).where(CheckIn.patient_id == checkin.patient_id, CheckIn.answers.any(), earlier)
    rows = list(session.scalars(mine.order_by(CheckIn.day.desc(), CheckIn.id.desc()).limit(REMEMBERED)))
    ids = [row.id for row in rows]
    said: dict[int, dict[str, Value | None]] = {}
    standing = select(AnswerRow).where(AnswerRow.checkin_id.in_(ids), AnswerRow.replaced_at.is_(None), AnswerRow.beside.is_(False))
    for answer in session.scalars(standing.order_by(AnswerRow.id)):
        said.setdefault(answer.checkin_id, {})[answer.key] = answers.read(answer, protocol.questions.get(answer.key))
    levels: dict[int | None, Level] = {}
    for checkin_id, word in session.execute(
        select(AssessmentRow.checkin_id, AssessmentRow.level).where(AssessmentRow.checkin_id.in_(ids)).order_by(AssessmentRow.id)
    ):
        levels[checkin_id] = Level.of(word)
    return tuple(Past(row.day, said.get(row.id, {}), levels.get(row.id, Level.NONE)) for row in rows)


def _baseline(
    session: Session, course: Course, past: Iterable[Past], protocol: Protocol, supposed: Iterable[Measure] = ()
) -> dict[str, Value]:
    """What was said or weighed before the first intake; absent means unknown."""
    found: dict[str, Value] = {}
    for earlier in past:  # the most recent before treatment wins
        if earlier.asked_on < course.first_intake:
            found |= {key: value for key, value in earlier.values.items() if value is not None and key not in found}
    weight = next((q.key for q in protocol.questions.values() if q.kind is Kind.WEIGHT), None)
    if weight and weight not in found:
        patient = session.get_one(Patient, course.patient_id)
        began = charted.began_at(course, protocol, patient)
        measured = measures.latest(session, patient.id, before=began).get("weight")
        measured = next((one for one in supposed if one.kind == "weight" and one.taken_at <= began), measured)
        if measured is not None:
            found[weight] = measured.value
    return found


# --- Kept and read back -------------------------------------------------------------------------------------------------------------


def to_json(said: Mapping[str, Answer], context: Context) -> dict[str, Any]:
    """The inputs of one judgement as plain JSON; ``from_json`` gives them back exactly."""
    return {
        "answers": {key: _plain(answer.value) for key, answer in said.items()},
        "asked_on": context.asked_on.isoformat(),
        "cycle": context.cycle,
        "cycle_day": context.cycle_day,
        "on_day": context.on_day,
        "past": [{"on": p.asked_on.isoformat(), "values": _plains(p.values), "level": p.level.word} for p in context.past],
        "baseline": _plains(context.baseline),
        "measures": charted.plains(context.measures),
        "dangers": list(context.dangers),
        "escalate": context.escalate.value,
        "silences": context.silences,
        "closing": context.closing,
        "due": None if context.due is None else list(context.due),
        "measures_before": {kind: [charted.plain(one) for one in found] for kind, found in context.measures_before.items()},
        "measures_baseline": charted.plains(context.measures_baseline),
        "treatment_day": context.treatment_day,
        "exposures": {name: charted.plain_exposure(one) for name, one in context.exposures.items()},
        "adherence": None if context.adherence is None else str(context.adherence),
    }


def from_json(kept: Mapping[str, Any]) -> tuple[dict[str, Answer], Context]:
    """Answers and context of a stored judgement. KeyError, TypeError or ValueError when the row is damaged.

    What the first rows did not keep yet is unknown, as it was to the engine that judged them.
    """
    said = {key: Answer(key, _value(value)) for key, value in kept["answers"].items()}
    past = (Past(date.fromisoformat(p["on"]), _values(p["values"]), Level.of(p["level"])) for p in kept["past"])
    return said, Context(
        asked_on=date.fromisoformat(kept["asked_on"]),
        cycle=kept["cycle"],
        cycle_day=kept["cycle_day"],
        on_day=kept["on_day"],
        past=tuple(past),
        baseline={key: value for key, value in _values(kept["baseline"]).items() if value is not None},
        measures=charted.reads(kept["measures"]),
        dangers=tuple(kept["dangers"]),
        escalate=Escalate(kept["escalate"]),
        silences=kept["silences"],
        closing=kept["closing"],
        due=None if kept["due"] is None else tuple(kept["due"]),
        measures_before={kind: tuple(charted.read(one) for one in found) for kind, found in kept.get("measures_before", {}).items()},
        measures_baseline=charted.reads(kept.get("measures_baseline", {})),
        treatment_day=kept.get("treatment_day"),
        exposures={name: charted.read_exposure(one) for name, one in kept.get("exposures", {}).items()},
        adherence=None if kept.get("adherence") is None else Decimal(kept["adherence"]),
    )


def _plain(value: Value | None) -> Any:
    return {"number": str(value)} if isinstance(value, Decimal) else value


def _value(kept: Any) -> Value | None:
    return Decimal(kept["number"]) if isinstance(kept, dict) else kept


def _plains(values: Mapping[str, Value | None]) -> dict[str, Any]:
    return {key: _plain(value) for key, value in values.items()}


def _values(kept: Mapping[str, Any]) -> dict[str, Value | None]:
    return {key: _value(value) for key, value in kept.items()}
