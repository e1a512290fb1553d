"""What the engine would conclude if what is being typed were kept: the same judgement, and nothing is kept, raised or sent.

For the nurse who types while the patient is on the line: a danger says at once what to say and to do, before the field is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins import answers, differing, script
from app.checkins.judging import assessing, context
from app.checkins.judging.context import Supposed
from app.checkins.models import AnswerRow, CheckIn, CheckInState
from app.core.audit import Actor
from app.messaging import pages
from app.people import respondents
from app.people.models import Patient
from app.protocols import versions, words
from app.treatment import courses, days, intakes
from triage import calendar, questions, replies
from triage.protocol import Protocol
from triage.terms import Answer, Assessment, Kind

NOT_KEPT = 2**31 - 1
"""The number of a check-in that nobody opened yet: later than every other one of its day, and no row's."""
OWN = "unprompted"
"""The day's own check-in, which a call opens at its first answer where nothing was planned."""


@dataclass(frozen=True)
class Preview:
    """The conclusion, the rules it was made with, and the answers it stands on, kept and typed. dangers: of the words typed."""

    assessment: Assessment
    protocol: Protocol
    said: Mapping[str, Answer]
    dangers: tuple[str, ...] = ()


def preview(
    session: Session,
    patient: Patient,
    checkin: CheckIn | None,
    typed: Mapping[str, str | None],
    *,
    by: Actor,
    now: datetime,
    told: str = "",
) -> Preview | None:
    """Judge a check-in as if ``by`` had given these answers now. checkin None: the day's own. A session that only looks is enough.

    typed: the codebook's forms; None: "I cannot say". told: free words, which are searched for danger alone: what else they say is read
    when they are kept. None when no treatment or no protocol says what to judge by. Raises ValueError for a value that is not plausible.
    """
    found = _as_begun(session, patient, checkin, now)
    if found is None:
        return None
    begun, protocol = found
    standing = answers.standing(session, begun.id)
    supposed = _suppose(session, patient, begun, protocol, standing, typed, by, now)
    heard = replies.scan(told, patient.language, words.words(), script.in_words(protocol)) if told.strip() else ()
    supposed = Supposed(supposed.measures, supposed.reports, (*supposed.dangers, *heard))
    said = answers.values({key: rows[0] for key, rows in standing.items()}, protocol)
    said = {key: answer for key, answer in said.items() if key in protocol.questions}
    over = begun.closed_at is not None and begun.why != "danger"  # as when an answer is kept on its page
    seen = context.build(session, begun, protocol, now=now, closing=over, supposed=supposed)
    said, assessment = assessing.gravest(protocol, standing, said, seen)
    return Preview(assessment, protocol, said, tuple(heard))


def _as_begun(session: Session, patient: Patient, checkin: CheckIn | None, now: datetime) -> tuple[CheckIn, Protocol] | None:
    """The check-in as its first answer would open it, with the rules it would follow."""
    if checkin is not None and checkin.state != CheckInState.PLANNED:
        return checkin, script.protocol_of(session, checkin)
    course = courses.get(session, checkin.course_id) if checkin else courses.running(session, patient.id)
    if course is None:
        return None
    today = calendar.local_day(now, patient.timezone)
    own = select(CheckIn).where(CheckIn.course_id == course.id, CheckIn.day == today, CheckIn.kind == OWN)
    known = checkin or session.scalars(own).one_or_none()
    if known is not None and known.version_id is not None:
        return known, script.protocol_of(session, known)
    version = script.version_for(session, course, patient, today)
    if version is None:
        return None
    if known is None:
        facts = days.day_of(course, today)
        known = CheckIn(
            id=NOT_KEPT,
            patient_id=patient.id,
            course_id=course.id,
            day=today,
            kind=OWN,
            cycle=facts.cycle or 1,
            cycle_day=facts.cycle_day or 1,
        )
    return known, versions.load(version)


def _suppose(
    session: Session,
    patient: Patient,
    checkin: CheckIn,
    protocol: Protocol,
    standing: dict[str, list[AnswerRow]],
    typed: Mapping[str, str | None],
    by: Actor,
    now: datetime,
) -> Supposed:
    """Lay what is typed over what stands, as keeping it would, and say what it adds beside itself. ``standing`` is changed, no row is."""
    measured, reports, dangers = [], [], []
    for key, value in typed.items():
        question = script.question_of(key, protocol)
        rows = standing.get(key, [])
        if question is None or any(row.said_by == str(by) and row.value == value for row in rows):
            continue
        if value is not None:
            questions.read_value(question, value)
        row = AnswerRow(key=key, kind=question.kind.value, value=value, source=pages.CALL, said_by=str(by))
        both = [*sorted((one for one in rows if one.said_by != str(by)), key=lambda one: one.id), row]
        chosen = differing.gravest(question, both)[-1]
        standing[key] = [chosen, *(one for one in both if one is not chosen)]
        measure = answers.measure_of(patient, question, row, by=by, now=now)
        measured += [measure] if measure is not None else []
        if question.kind is Kind.INTAKE and chosen.value is not None and chosen not in rows[:1]:
            who = by if chosen is row else respondents.speaker(session, chosen.said_by)
            course = courses.get(session, checkin.course_id)
            reports += [intakes.read(course, value=chosen.value, on=checkin.day, source=pages.CALL, by=who, now=now, checkin_id=checkin.id)]
        dangers += ["chills"] if key == script.FEELS_HOT and value == "yes" else []
    return Supposed(tuple(measured), tuple(reports), tuple(dangers))
