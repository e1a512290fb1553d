"""What a patient asks for or tells in a word: stop, start, help, a call, later, a language; wrong number, death, hospital, tablets gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from app.alerts.models import Task
from app.checkins import answers, script, ways
from app.checkins.judging import closing
from app.checkins.models import CheckInState
from app.checkins.rhythm import agenda, freezing, opening, planning, resuming
from app.checkins.texts import dialogue, linking, unprompted
from app.checkins.turns import CALL_WITHIN, Turn, moment
from app.core import audit
from app.messaging.outbox import Purpose
from app.people import absences, care_team, patients
from notifications import wording
from triage.terms import Reading

TODAY = timedelta(hours=4)
"""Service hours within which a nurse calls somebody whose texts have ended (SEC-17: the same day)."""


ONE_DAY = timedelta(hours=24)
TEXTS = "stop_texts"
"""The reader's word for: it is the texts that should end."""


# --- Commands -----------------------------------------------------------------------------------------------------------------------


def command(turn: Turn, reading: Reading) -> None:
    """One of the words the texts themselves offer. An unknown one goes to a person."""
    name, _, language = reading.value.partition("LANG_")
    if language:
        change_language(turn, language.lower())
    elif name == "CALL_ME":
        call_me(turn, reading)
    elif name in COMMANDS:
        COMMANDS[name](turn)
    else:
        turn.for_a_person("unknown_command")
        turn.acknowledge()


def stop(turn: Turn) -> None:
    """No more texts, at once, and a nurse is told, because monitoring ends (HZ-26).

    The STOP of a relative who gets no texts does not silence the patient's telephone: a person settles it.
    """
    if turn.by.kind == "respondent" and not any(r.id == turn.by.id and r.answers for r in turn.patient.respondents):
        turn.task("opted_out", why="said_by_relative", due_within=TODAY)
        turn.acknowledge()
        return
    is_new = patients.opt_out(turn.session, turn.patient, by=turn.by, now=turn.now, reason="said by text")
    planning.replan_patient(turn.session, turn.patient, now=turn.now)
    if not is_new:
        return
    call = turn.task("opted_out", due_within=TODAY)
    if (turn.message.reading or {}).get("opt_out") == "STOP":
        return  # the carrier has answered, and refuses our texts
    if care_team.is_open(turn.service, turn.now):
        turn.say("stop_ok", Purpose.ADMINISTRATIVE, {"when": moment(call.due_at, turn.now, turn.patient)})
    else:
        turn.say("stop_closed", Purpose.ADMINISTRATIVE, {"opening": turn.opening()})


def start(turn: Turn) -> None:
    """Texts may leave again, a nurse is told, and what STOP cut short goes on where it was; the plan is made anew (U22).

    The answer is the question that was open, else the hour of the next ones.
    """
    returned = patients.opt_in(turn.session, turn.patient, by=turn.by, now=turn.now)
    if returned:
        planning.replan_patient(turn.session, turn.patient, now=turn.now)
        _came_back(turn)
        resuming.resume(turn)
    if turn.asked.keys and turn.protocol is not None and turn.may_ask:
        key, values = script.question_text(turn.asked, turn.protocol, turn.language)
        turn.say(key, Purpose.CONFIRMATION, values)
    elif returned:
        _next_questions(turn)
    else:
        turn.say("help", Purpose.ADMINISTRATIVE)


def _came_back(turn: Turn) -> None:
    """The call that STOP asked for, if nobody has made it, says that the patient is back; otherwise a nurse reads it (FR-25, HZ-26)."""
    asked = (Task.patient_id == turn.patient.id, Task.kind == "opted_out", Task.closed_at.is_(None))
    call = turn.session.scalar(select(Task).where(*asked).order_by(Task.id.desc()).limit(1).with_for_update())
    if call is None:
        turn.for_a_person("opted_in")
    else:
        call.detail = {**call.detail, "why": "came_back", "came_back": turn.message.id}


def _next_questions(turn: Turn) -> None:
    """When they come, as the plan knows it. Nothing is planned, or nobody asks by text: whoever reads that the patient is back says it."""
    coming = agenda.next_planned(turn.session, turn.patient.id)
    hour = opening.expected(turn.session, coming, now=turn.now) if coming is not None else None
    if hour is None or ways.of(turn.session, turn.patient)[0] == ways.CALL:
        turn.acknowledge()
    else:
        turn.say("start_ok", Purpose.ADMINISTRATIVE, {"next": moment(hour, turn.now, turn.patient)})


def say_help(turn: Turn) -> None:
    """What one can reply."""
    turn.say("help", Purpose.ADMINISTRATIVE)


def call_me(turn: Turn, reading: Reading) -> None:
    """A call was asked for: it has an owner-to-be and an hour. A symptom told beside it is judged, and may bring the call forward."""
    turn.task("call_back", due_within=CALL_WITHIN)
    due = care_team.add_service_time(turn.service, turn.now, CALL_WITHIN)
    alert = unprompted.beside_wish(turn, reading.symptoms) if reading.symptoms or reading.told else None
    turn.promise_call(min(due, alert.respond_by) if alert and alert.respond_by > turn.now else due, alert)


def later(turn: Turn) -> None:
    """The question stays open, with its one reminder."""
    if turn.checkin is None:
        turn.say("help", Purpose.ADMINISTRATIVE)
    else:
        turn.say("later_ok", Purpose.ADMINISTRATIVE)


def change_language(turn: Turn, language: str) -> None:
    """Every text from now on in the language asked for; the open question again in that language."""
    if language not in wording.LANGUAGES:
        turn.for_a_person("language")
        turn.acknowledge()
        return
    _speak(turn, language)
    if turn.asked.keys and turn.protocol is not None and turn.may_ask:
        key, values = script.question_text(turn.asked, turn.protocol, language)
        turn.say(key, Purpose.CONFIRMATION, values)
    else:
        turn.say("language_ok", Purpose.ADMINISTRATIVE)


def language_in_passing(turn: Turn, notes: tuple[str, ...]) -> None:
    """A language asked for beside an answer: what follows the answer is already in it."""
    for note in notes:
        language = note.removeprefix("LANG_").lower()
        if note.startswith("LANG_") and language in wording.LANGUAGES and language != turn.patient.language:
            _speak(turn, language)


def _speak(turn: Turn, language: str) -> None:
    before, turn.patient.language = turn.patient.language, language
    audit.record(
        turn.session,
        actor=turn.by,
        action="patient.language_changed",
        subject=f"patient:{turn.patient.id}",
        service_id=turn.patient.service_id,
        patient_id=turn.patient.id,
        before=before,
        after=language,
        now=turn.now,
    )


COMMANDS: dict[str, Callable[[Turn], None]] = {
    "STOP": stop,
    "START": start,
    "HELP": say_help,
    "LATER": later,
    "LINK": linking.send_link,
    "SMS": linking.in_words,
}


# --- Texts to end, or tablets? ------------------------------------------------------------------------------------------------------


def ask_which(turn: Turn, why: str) -> None:
    """ "Arrêté" alone may mean the tablets: asked, not obeyed; a nurse is told whichever it is."""
    turn.for_a_person(why)
    if turn.checkin is None or turn.protocol is None or not turn.may_ask:
        turn.acknowledge()
        return
    turn.checkin.asking = [script.STOP_WHICH]
    if turn.checkin.silent_at is None and turn.checkin.closed_at is None:
        turn.checkin.silent_at = turn.now + ONE_DAY
    if turn.checkin.state == CheckInState.SILENT:
        turn.checkin.state = CheckInState.PARTIAL
    plain = ways.no_words_because(turn.session, turn.patient)  # tablets may not be named there
    turn.say("stop_which_plain" if plain else "stop_which", Purpose.CONFIRMATION)


def which_said(turn: Turn, reading: Reading) -> None:
    """The texts: an opt-out. The tablets: stopped by the patient, which the protocol judges. Where they were not named, "2" is a call."""
    if reading.value == TEXTS:
        stop(turn)
    elif turn.message.body.strip(" .!") == "2" and ways.no_words_because(turn.session, turn.patient):
        _something_else(turn)
    else:
        tablets_stopped(turn)


def _something_else(turn: Turn) -> None:
    """What it is, a nurse asks by telephone; the check-in goes on where it was."""
    if turn.checkin is not None and turn.protocol is not None:
        said = answers.values(answers.current(turn.session, turn.checkin.id), turn.protocol)
        left = script.next_group(turn.checkin, turn.protocol, said)
        turn.checkin.asking = list(left.keys) if left else []
        if turn.checkin.kind == unprompted.KIND:
            closing.close(turn.session, turn.checkin, turn.protocol, now=turn.now)
    if turn.promised_again() is None:
        turn.task("call_back", due_within=CALL_WITHIN)
        turn.promise_call(care_team.add_service_time(turn.service, turn.now, CALL_WITHIN))


def tablets_stopped(turn: Turn) -> None:
    """Said in answer to a question or out of the blue."""
    if turn.checkin is None:
        unprompted.open_today(turn)
    if turn.checkin is None:
        turn.for_a_person("treatment_stopped")
        turn.acknowledge()
    else:
        dialogue.stopped_tablets(turn)


def in_passing(turn: Turn, notes: tuple[str, ...]) -> None:
    """What was told beside an answer: the answer counts, and a person does the rest."""
    if "callback" in notes:
        turn.task("call_back", due_within=CALL_WITHIN)
    if "refill" in notes:
        turn.task("refill", due_within=CALL_WITHIN)
    if "hospitalised" in notes:
        _freeze(turn, absences.HOSPITAL)
        turn.task("hospitalised")
    if "optout_intent" in notes:
        turn.for_a_person("optout_intent")
    if "stopped" in notes:
        turn.for_a_person("treatment_stopped")


# --- News that are not symptoms -----------------------------------------------------------------------------------------------------


def news(turn: Turn, reading: Reading) -> None:
    """Wrong number, death, hospital, no tablets left, a picture: each to a person, some stop the texts at once."""
    known = NEWS.get(reading.value)
    if known is None:
        turn.for_a_person(reading.value)
        turn.acknowledge()
    else:
        known(turn)


def _wrong_number(turn: Turn) -> None:
    # Health content must stop at once: somebody else may hold this telephone.
    _freeze(turn, absences.WRONG_NUMBER)
    turn.task("wrong_number")
    turn.say("wrong_nr", Purpose.ADMINISTRATIVE)


def _deceased(turn: Turn) -> None:
    # No automatic answer to this: a person calls.
    _freeze(turn, absences.DEATH)
    turn.task("deceased")


def _hospitalised(turn: Turn) -> None:
    _freeze(turn, absences.HOSPITAL)
    turn.task("hospitalised")
    turn.acknowledge()


def _refill(turn: Turn) -> None:
    turn.task("refill", due_within=CALL_WITHIN)
    turn.promise_call(care_team.add_service_time(turn.service, turn.now, CALL_WITHIN))


def media(turn: Turn) -> None:
    """A picture: nobody here reads it; a nurse calls."""
    turn.task("media", due_within=CALL_WITHIN)
    turn.say("photo", Purpose.ADMINISTRATIVE)


def _freeze(turn: Turn, kind: str) -> None:
    freezing.told(turn.session, turn.patient, kind, by=turn.by, now=turn.now)


NEWS: dict[str, Callable[[Turn], None]] = {
    "wrong_number": _wrong_number,
    "deceased": _deceased,
    "hospitalised": _hospitalised,
    "refill": _refill,
    "media": media,
}
