"""What a patient says without being asked opens its own check-in of the day, so that it is judged and drawn like any other."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Alert
from app.checkins import answers, script
from app.checkins.judging import assessing, closing
from app.checkins.models import CheckIn, CheckInState
from app.checkins.rhythm import planning
from app.checkins.texts import dialogue
from app.checkins.turns import Turn
from app.people.models import Patient
from app.treatment import days
from app.treatment.models import Course
from triage import calendar, questions
from triage.calendar import Planned
from triage.terms import Kind

KIND = "unprompted"

OWN_LIFE = timedelta(hours=24)
"""When a check-in that somebody opened unasked, and left, ends by itself (house rule, 2026-11-22)."""


def open_today(turn: Turn) -> None:
    """The day's own check-in for what nobody asked; the turn goes on in it. Nothing when there is no treatment or no protocol."""
    checkin = of_today(turn.session, turn.patient, turn.course, now=turn.now) if turn.course else None
    if checkin is None:
        return
    turn.checkin, turn.protocol = checkin, script.protocol_of(turn.session, checkin)
    turn.message.checkin_id = checkin.id
    turn.session.flush()


def of_today(session: Session, patient: Patient, course: Course, *, now: datetime) -> CheckIn | None:
    """The day's own check-in, opened now if it was not. None when no protocol holds."""
    today = calendar.local_day(now, patient.timezone)
    version = script.version_for(session, course, patient, today)
    if version is None:
        return None
    facts = days.day_of(course, today)
    planning.insert(session, course, patient, Planned(today, facts.cycle or 1, facts.cycle_day or 1, KIND), now)
    mine = (CheckIn.course_id == course.id, CheckIn.day == today, CheckIn.kind == KIND)
    checkin = session.scalars(select(CheckIn).where(*mine)).one()
    if checkin.state == CheckInState.PLANNED:
        checkin.state, checkin.opened_at, checkin.version_id = CheckInState.OPEN, now, version.id
        checkin.silent_at = now + OWN_LIFE  # whatever becomes of the turn, nothing stays open without an end
    session.flush()
    return checkin


def keep_symptoms(turn: Turn, codes: str) -> None:
    """Keep what was told: a number where a question of the protocol counts that symptom, the codes as free text in any case."""
    if turn.checkin is None or turn.protocol is None:
        return
    said = answers.current(turn.session, turn.checkin.id)
    counted = {q.symptom: q for q in turn.protocol.questions.values() if q.kind is Kind.COUNT and q.symptom}
    for code in codes.split("+"):
        symptom, _, number = code.partition(":")
        question = counted.get(symptom)
        if question is not None and number and question.key not in said and _fits(question, number):
            turn.keep(question, number, note="told unasked")
    free = next((q for q in turn.protocol.questions.values() if q.kind is Kind.FREE_TEXT), questions.Question("free_text", Kind.FREE_TEXT))
    turn.keep(free, codes[:120], note="told unasked")


def is_danger(turn: Turn, codes: str) -> bool:
    """Keep what was told while a question is open, and judge it now: eight stools do not wait for the next answer. True: it was urgent."""
    keep_symptoms(turn, codes)
    if turn.checkin is None or turn.protocol is None:
        return False
    return dialogue.tell_danger(turn, assessing.assess(turn.session, turn.checkin, now=turn.now))


def _fits(question: questions.Question, number: str) -> bool:
    try:
        return isinstance(questions.read_value(question, number), Decimal)
    except ValueError:
        return False


def conclude(turn: Turn) -> None:
    """Judge it now. A call is promised when its level asks for one; otherwise the patient knows who reads it, and when."""
    if turn.checkin is None or turn.protocol is None:
        turn.acknowledge()
        return
    alert = _judged(turn)
    if alert is not None:
        turn.promise_call(alert.respond_by, alert)
    else:
        turn.acknowledge()


def beside_wish(turn: Turn, codes: str) -> Alert | None:
    """What is told beside a wish to be called is judged as if told alone; the wish itself never is. The alert met, if any."""
    if codes and turn.checkin is None:
        open_today(turn)
    if turn.checkin is None or turn.protocol is None:
        return None  # the words are read by whoever makes the call
    if codes:
        keep_symptoms(turn, codes)
    return _judged(turn)


def _judged(turn: Turn) -> Alert | None:
    """A danger is told at once; what nobody asked ends here, a conversation under way goes on."""
    assert turn.checkin is not None and turn.protocol is not None
    judged = assessing.assess(turn.session, turn.checkin, now=turn.now)
    if not dialogue.tell_danger(turn, judged) and turn.checkin.kind == KIND:
        closing.close(turn.session, turn.checkin, turn.protocol, now=turn.now)
    return judged.alert
