"""A text of a known person, understood: each kind of reading has its own answer, and what has none goes to a person."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import arrival, handling
from app.alerts.handling import Reason
from app.checkins import script
from app.checkins.judging import assessing, closing, context
from app.checkins.models import AnswerRow, AssessmentRow, CheckInState
from app.checkins.texts import amending, belated, corrections, dangers, dialogue, keywords, passing, requests, retold, unprompted
from app.checkins.texts.hearing import Listened
from app.checkins.texts.senders import Sender
from app.checkins.turns import CALL_WITHIN, NOTHING, Turn
from app.messaging import inbox, pages
from app.messaging.models import Message
from app.people import absences, care_team, patients, respondents
from app.people.models import FollowUp, Reachability
from app.protocols import words
from app.treatment import courses
from triage import replies
from triage.terms import Escalate, Heard, Kind, Level, Reading

WITH_DANGER = (Heard.ANSWER, Heard.PARTIAL, Heard.COMMAND, Heard.ADMIN)
"""Readings that are acted on even when the same text holds a danger; the danger's own text has left already."""
TODAY_WORDS = frozenset({"jour", "today"})
"""What the late echo offers: the answers were about today."""


def understand(session: Session, sender: Sender, message: Message, heard: Listened, told: Message | None, *, now: datetime) -> Turn:
    """Read one text and do what it asks. ``told``: the safety text this text has already been answered with."""
    patient = sender.patient
    assert patient is not None
    reading = keywords.of(replies.read(heard.text, heard.asked, patient.language, words.words()), message, patient, sender.service)
    turn = Turn(session, message, patient, sender.service, sender.by, now, courses.running(session, patient.id), said=told)
    turn.checkin, turn.protocol, turn.asked = heard.checkin, heard.protocol, heard.asked
    if asked_by := (message.reading or {}).get("asked_by"):
        turn.asked_by = respondents.speaker(session, str(asked_by))
    amendment = amending.find(turn, reading, heard.text)
    if amendment is not None:
        reading, turn.checkin, turn.protocol, turn.asked = amendment.reading, amendment.checkin, amendment.protocol, amendment.asked
    else:
        reading = retold.recognise(turn, corrections.recognise(turn, reading, heard.text), heard.text)
    late = belated.find(turn, reading, heard.text) if amendment is None else None
    if late is not None and late.reading is not None:
        reading, turn.checkin, turn.protocol, turn.asked = late.reading, late.checkin, late.protocol, late.asked
    _file(turn, reading, heard)
    if _is_of_itself(turn, reading):
        arrival.wrote(session, patient.id, message.body.strip(), at=message.created_at)
    patients.reached(session, patient, Reachability.REACHABLE, now=now)
    _missed_dangers(turn, reading, heard)
    if message.media and message.body.strip():
        requests.media(turn)
    if patient.opted_out_at is not None and reading.value != "START":
        if reading.heard is not Heard.COURTESY:
            turn.for_a_person(
                "noted_dead" if _noted_dead(turn) else "opted_out"
            )  # read by a nurse; nothing but a safety text may answer by text
            if turn.on_page:
                turn.acknowledge()
    elif reading == keywords.STOP:
        requests.command(turn, reading)  # whatever the follow-up: texts end at once
    elif patient.follow_up == FollowUp.ENDED:
        turn.for_a_person("noted_dead" if _noted_dead(turn) else "follow_up_ended")
        turn.acknowledge()
    elif amendment is not None:
        if not amending.amend(turn, amendment) and amendment.corrects:
            corrections.ask_again(turn, amendment.asked.keys)  # it was not read as it was meant
        requests.in_passing(turn, reading.notes)
        _floored(turn, reading)
    elif late is not None and late.reading is not None:
        belated.keep(turn, late)
        requests.in_passing(turn, reading.notes)
        _floored(turn, reading)
    elif not _about_today(turn):
        if late is not None:
            turn.for_a_person("late_answer")  # it may answer the check-in before: nobody but a person can tell
        _answer(turn, reading)
        _floored(turn, reading)
    if turn.checkin is not None:
        message.checkin_id = turn.checkin.id
    session.flush()
    return turn


def _is_of_itself(turn: Turn, reading: Reading) -> bool:
    """Words that answer no question of ours and tell nothing to do, by text or on a page: somebody for whom help is on its way may write
    them. An "ok" while a question is open is for that question."""
    answers_us = reading.heard in (Heard.ANSWER, Heard.PARTIAL, Heard.CORRECTION, Heard.COMMAND, Heard.ASK_AGAIN)
    about_a_question = bool(turn.asked.keys) and (answers_us or reading.heard is Heard.COURTESY)
    return turn.source != pages.CALL and bool(turn.message.body.strip()) and not about_a_question


def _noted_dead(turn: Turn) -> bool:
    """Somebody writes from the telephone of a patient whose death is noted: whoever reads it must know that first."""
    return absences.death(absences.standing(turn.session, turn.patient.id)) is not None


def _file(turn: Turn, reading: Reading, heard: Listened) -> None:
    codes = list(dict.fromkeys([*heard.codes, *reading.dangers]))
    kept: dict[str, Any] = {
        "heard": reading.heard.value,
        "value": reading.value,
        "values": list(reading.values),
        "escalate": reading.escalate.value,
        "dangers": codes,
        "notes": list(reading.notes),
        "asked": {"kind": turn.asked.kind.value, "keys": list(turn.asked.keys)},
    }
    inbox.file(
        turn.message,
        patient_id=turn.patient.id,
        checkin_id=turn.checkin.id if turn.checkin else None,
        alert_id=turn.message.alert_id,
        reading=kept,
    )
    turn.session.flush()


def _missed_dangers(turn: Turn, reading: Reading, heard: Listened) -> None:
    """The reading may see, in the light of the question, what the scan alone did not: never the other way round."""
    more = set(reading.dangers) - set(heard.codes)
    if turn.asked.keys == (script.FEELS_HOT,) and reading.heard is Heard.ANSWER and reading.value == "yes":
        more.add("chills")
    if not more:
        return
    everything = sorted(more | set(heard.codes))
    turn.message.reading = {**(turn.message.reading or {}), "dangers": everything}
    sender = Sender(turn.service, turn.patient, turn.by)
    _, told = dangers.hear(turn.session, sender, turn.message, everything, now=turn.now)
    turn.said = turn.said or told


def _about_today(turn: Turn) -> bool:
    """The answers echoed as yesterday's were about today: noted on each of them, and a nurse knows whose day they tell."""
    if "".join(turn.message.body.casefold().split()).strip(".!") not in TODAY_WORDS:
        return False
    echoed = select(Message.checkin_id).where(
        Message.patient_id == turn.patient.id, Message.key == "late", Message.created_at >= turn.now - timedelta(hours=24)
    )
    checkin_id = turn.session.scalar(echoed.order_by(Message.id.desc()).limit(1))
    if checkin_id is None:
        return False
    standing = select(AnswerRow).where(AnswerRow.checkin_id == checkin_id, AnswerRow.replaced_at.is_(None))
    for row in turn.session.scalars(standing):
        row.note = "about today"
    turn.for_a_person("about_today")  # the text that follows says that a nurse reads it
    turn.acknowledge()
    return True


def _answer(turn: Turn, reading: Reading) -> None:
    if turn.checkin is not None and turn.checkin.state == CheckInState.DONE and reading.heard not in (Heard.ANSWER, Heard.PARTIAL):
        # A conversation that had ended was open again for a correction only: anything else is said unasked.
        turn.checkin.asking, turn.checkin, turn.protocol, turn.asked = [], None, None, NOTHING
    if reading.heard is Heard.CORRECTION and turn.said is not None and corrections.take(turn, reading):
        if turn.checkin is not None and turn.checkin.closed_at is None:
            _danger(turn)
    elif reading.heard is Heard.DANGER or (turn.said is not None and reading.heard not in WITH_DANGER):
        retold.keep(turn, reading)
        _danger(turn)
    else:
        passing.keep(turn, reading)
        retold.keep(turn, reading)
        BY_KIND[reading.heard](turn, reading)


def _floored(turn: Turn, reading: Reading) -> None:
    """The reader's floor reaches a person even when no check-in was judged, or its protocol found nothing."""
    if reading.escalate is Escalate.NO or reading.heard not in context.FLOORED or reading.value == requests.TEXTS:
        return
    level = Level.URGENT if reading.escalate is Escalate.URGENT else Level.HIGH
    codes = (turn.message.reading or {}).get("dangers", [])
    if (codes and dangers.level_of(codes) >= level) or any(level <= Level.of(word) for word in _judged_now(turn)):
        return
    detail: dict[str, Any] = {"message_id": turn.message.id, "rules": ["reader-floor"]}
    handling.consider(
        turn.session, service=turn.service, patient=turn.patient, reason=Reason(kind="danger", level=level, detail=detail), now=turn.now
    )


def _judged_now(turn: Turn) -> list[str]:
    """Levels of the judgements this text has led to."""
    if turn.checkin is None:
        return []
    made = select(AssessmentRow.level).where(AssessmentRow.checkin_id == turn.checkin.id, AssessmentRow.at == turn.now)
    return list(turn.session.scalars(made))


# --- Kinds of reading ---------------------------------------------------------------------------------------------------------------


def _danger(turn: Turn) -> None:
    """A person takes over: the questions stop, what is known is judged with the danger."""
    if turn.checkin is None:
        unprompted.open_today(turn)
    if turn.checkin is None or turn.protocol is None:
        turn.acknowledge()
        return
    codes = (turn.message.reading or {}).get("dangers", [])
    urgent = dangers.level_of(codes) is Level.URGENT
    turn.message.checkin_id = turn.checkin.id
    turn.session.flush()
    judged = assessing.assess(turn.session, turn.checkin, now=turn.now, closing=urgent and turn.checkin.kind != "unprompted")
    if urgent:
        closing.close(turn.session, turn.checkin, turn.protocol, now=turn.now, why="danger")
    elif turn.checkin.kind == "unprompted":
        closing.close(turn.session, turn.checkin, turn.protocol, now=turn.now)
    due = judged.alert.respond_by if judged.alert else care_team.add_service_time(turn.service, turn.now, CALL_WITHIN)
    turn.promise_call(due, judged.alert)


def _value(turn: Turn, reading: Reading) -> None:
    requests.language_in_passing(turn, reading.notes)
    if turn.asked.kind is Kind.STOP_WHICH:
        requests.which_said(turn, reading)
    elif reading.value == "stopped" and turn.asked.kind is not Kind.INTAKE:
        requests.tablets_stopped(turn)
    elif turn.asked.keys:
        if turn.asked.kind is Kind.FREE_TEXT and reading.value != "none":
            turn.for_a_person("free_text")
        dialogue.answered(turn, reading)
    else:
        _nothing_open(turn, reading)
    requests.in_passing(turn, reading.notes)


def _ask_again(turn: Turn, reading: Reading) -> None:
    if reading.value in ("stop_or_stopped", "optout_intent"):
        if turn.checkin is None:
            unprompted.open_today(turn)
        requests.ask_which(turn, reading.value)
    elif not turn.asked.keys:
        _nothing_open(turn, reading)
    elif reading.value == "no_thermometer" and turn.asked.kind is Kind.TEMPERATURE:
        dialogue.no_thermometer(turn)
    elif turn.asked.kind is Kind.WEIGHT and _plainly_no(turn):
        dialogue.cannot_say(turn, "no scales")
    else:
        dialogue.misread(turn, reading.value)


def _plainly_no(turn: Turn) -> bool:
    """Our text offers NO to somebody without scales."""
    return turn.message.body.strip(" .!").casefold() in ("non", "no")


def _symptom(turn: Turn, reading: Reading) -> None:
    """A symptom nobody asked about, or in answer to "anything else?": kept, judged, and read by a person."""
    turn.for_a_person("symptom")
    if turn.asked.kind is Kind.FREE_TEXT:
        dialogue.answered(turn, reading)
    elif turn.asked.keys:
        if not unprompted.is_danger(turn, reading.value):
            dialogue.misread(turn, "symptom")
    else:
        unprompted.open_today(turn)
        unprompted.keep_symptoms(turn, reading.value)
        unprompted.conclude(turn)


def _nothing_open(turn: Turn, reading: Reading) -> None:
    """No question waits for this: a nurse reads it, and the patient is told when."""
    turn.for_a_person("nothing_open")
    waits = turn.checkin is not None and turn.checkin.closed_at is None and bool(turn.checkin.asking) and turn.may_ask
    if waits and _FIGURES.search(turn.message.body):  # of figures without a question nobody can tell what they answer
        if turn.promised_again() is None:
            turn.send_link(figures=True)
    else:
        turn.acknowledge()


_FIGURES = re.compile(r"\d|\b(?:oui|non|yes|no)\b", re.IGNORECASE)


def _courtesy(_turn: Turn, _reading: Reading) -> None:
    """Thanks need no reply."""


BY_KIND: dict[Heard, Callable[[Turn, Reading], None]] = {
    Heard.ANSWER: _value,
    Heard.PARTIAL: _value,
    Heard.ASK_AGAIN: _ask_again,
    Heard.SYMPTOM: _symptom,
    Heard.CORRECTION: retold.correct,
    Heard.COMMAND: requests.command,
    Heard.COURTESY: _courtesy,
    Heard.ADMIN: requests.news,
}
