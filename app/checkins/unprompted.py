"""What a patient says without being asked opens its own check-in of the day, so that it is judged and drawn like any other."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select

from app.checkins import answers, assessing, closing, dialogue, planning, script
from app.checkins.models import CheckIn, CheckInState
from app.checkins.turns import Turn
from app.treatment import days
from triage import calendar, questions
from triage.calendar import Planned
from triage.terms import Kind

KIND = "unprompted"


def open_today(turn: Turn) -> None:
    """The day's own check-in for what nobody asked; the turn goes on in it. Nothing when there is no treatment or no protocol."""
    if turn.course is None:
        return
    today = calendar.local_day(turn.now, turn.patient.timezone)
    version = script.version_for(turn.session, turn.course, turn.patient, today)
    if version is None:
        return
    facts = days.day_of(turn.course, today)
    planning.insert(turn.session, turn.course, turn.patient, Planned(today, facts.cycle or 1, facts.cycle_day or 1, KIND), turn.now)
    mine = (CheckIn.course_id == turn.course.id, CheckIn.day == today, CheckIn.kind == KIND)
    checkin = turn.session.scalars(select(CheckIn).where(*mine)).one()
    if checkin.state == CheckInState.PLANNED:
        checkin.state, checkin.opened_at, checkin.version_id = CheckInState.OPEN, turn.now, version.id
    turn.checkin, turn.protocol = checkin, script.protocol_of(turn.session, checkin)
    turn.message.checkin_id = checkin.id
    turn.session.flush()


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
            answers.put(turn.session, turn.checkin, question, number, by=turn.by, now=turn.now, message=turn.message, note="told unasked")
    free = next((q for q in turn.protocol.questions.values() if q.kind is Kind.FREE_TEXT), questions.Question("free_text", Kind.FREE_TEXT))
    answers.put(turn.session, turn.checkin, free, codes[:120], by=turn.by, now=turn.now, message=turn.message, note="told unasked")


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
    judged = assessing.assess(turn.session, turn.checkin, now=turn.now)
    if dialogue.tell_danger(turn, judged):
        return
    closing.close(turn.session, turn.checkin, turn.protocol, now=turn.now)
    if judged.alert is not None:
        turn.promise_call(judged.alert.respond_by, judged.alert)
    else:
        turn.acknowledge()
