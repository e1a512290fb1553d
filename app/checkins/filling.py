"""One door for answers given on a page: the form behind a link (source "form"), or a nurse who asks by telephone (source "call").

The same questions as by text, stored and judged one by one as they come, by the same crafts: the same answers give the same judgement,
the same alert, the same advice and the same promised hour (house, walk a). What a page shows is returned; a safety text is sent as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Alert
from app.checkins import answers, assessing, closing, conversation, dangers, dialogue, hearing, script, turn_taking, unprompted
from app.checkins.models import CheckIn, CheckInState
from app.checkins.senders import Sender
from app.checkins.turns import Turn
from app.core.audit import Actor
from app.core.errors import Refusal
from app.messaging import outbox, pages
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.people import patients
from app.people.models import Patient, Reachability, Respondent, Service
from app.treatment import courses
from triage import questions
from triage.questions import Question
from triage.terms import Answer, Asked, Heard, Kind, Reading

Said = tuple[str, dict[str, object]]
"""Key of a text and its values, ready for ``wording.render``."""

OWN_LIFE = timedelta(hours=24)
"""When a check-in somebody opened unasked, and left, ends by itself."""
SAME_WORDS = timedelta(minutes=10)
"""The same words again within this time are one sending: a page sent twice, a network that was lost on the way back."""
CANNOT = {Kind.TEMPERATURE: "no thermometer", Kind.WEIGHT: "no scales"}


@dataclass(frozen=True)
class Filled:
    """What came of it. said: what the page shows (echo, promise, safety); None while questions go on. text: the same, worded.

    When it was said before (a page sent twice), ``said`` holds its key and only the service's own values: show ``text``. advice: the
    self-care text that goes with it. urgent: a danger; ``said`` is the safety text, which was sent as well.
    """

    said: Said | None
    alert: Alert | None
    urgent: bool
    checkin: CheckIn
    text: str = ""
    advice: Said | None = None


# --- Questions ----------------------------------------------------------------------------------------------------------------------


def questions_of(session: Session, checkin: CheckIn) -> tuple[Question, ...]:
    """The very questions the texts ask, one by one; after a temperature nobody could take, whether the patient feels hot.

    None for a check-in the patient opened unasked: it is told in words. ValueError for one that was never opened.
    """
    protocol = script.protocol_of(session, checkin)
    rows = answers.current(session, checkin.id)
    found: list[Question] = []
    for question in script.all_questions(checkin, protocol):
        found.append(question)
        row = rows.get(question.key)
        if question.kind is Kind.TEMPERATURE and (script.FEELS_HOT in rows or (row is not None and row.note == CANNOT[question.kind])):
            found.append(Question(script.FEELS_HOT, Kind.YES_NO))
    return tuple(found)


def next_question(session: Session, checkin: CheckIn) -> Question | None:
    """The first one without an answer: resuming goes on there. Details of what the patient does not have are left out, as by text."""
    said = said_of(session, checkin)
    return next((q for q in questions_of(session, checkin) if q.key not in said and not questions.skipped(q, said)), None)


def said_of(session: Session, checkin: CheckIn) -> Mapping[str, Answer]:
    """What was answered so far, whichever way."""
    return answers.values(answers.current(session, checkin.id), script.protocol_of(session, checkin))


# --- Answers ------------------------------------------------------------------------------------------------------------------------


def answer(
    session: Session,
    checkin: CheckIn,
    key: str,
    value: str | None,
    *,
    by: Actor,
    source: str,
    now: datetime,
    asked_by: Actor | None = None,
) -> Filled:
    """Store one answer and judge it, at once. value: the codebook's form; None: "I cannot say". The same twice changes nothing.

    Raises Refusal for a question that is not asked, a value that is not plausible, or a form that is over. An answer that comes after the
    window is still kept and judged for a day, like a late text; another one is a correction, and the old row stays.
    """
    turn = _turn(session, checkin, by=by, source=source, now=now, asked_by=asked_by)
    assert turn.protocol is not None
    question = script.question_of(key, turn.protocol)
    if question is None or key == script.STOP_WHICH:
        raise Refusal("This question is not part of the check-in. Nothing was changed.", status=422, field=key)
    if question.kind is Kind.FREE_TEXT and value is not None and value.strip():
        return words(session, turn.patient, value, by=by, source=source, now=now, checkin=checkin, asked_by=asked_by)
    mine = answers.own(session, checkin.id, by).get(key)
    if mine is not None and mine.value == value:
        return _again(turn)
    _refuse_if_over(turn)
    _plausible(question, value)
    turn.asked = Asked(question.kind, (key,))
    patients.reached(session, turn.patient, Reachability.REACHABLE, now=now)
    if key == script.FEELS_HOT and value == "yes":
        _feels_hot(turn)
    if value is None:
        turn.keep(question, None, note=CANNOT.get(question.kind, "cannot say"))
        dialogue.forward(turn)
    else:
        dialogue.answered(turn, Reading(Heard.ANSWER, value))
    return _filled(turn)


def _plausible(question: Question, value: str | None) -> None:
    if value is None:
        return
    try:
        questions.read_value(question, value)
    except ValueError:
        raise Refusal("This answer is not possible here. Check it and answer again.", status=422, field=question.key) from None


def _feels_hot(turn: Turn) -> None:
    """Shivering without a thermometer: a danger, told like the same word in a text."""
    reading = turn.message.reading or {}
    turn.message.reading = {**reading, "dangers": sorted({*reading.get("dangers", ()), "chills"})}
    turn.session.flush()
    turn.alert, turn.said = dangers.hear(
        turn.session, Sender(turn.service, turn.patient, turn.by), turn.message, turn.message.reading["dangers"], now=turn.now
    )


def words(
    session: Session,
    patient: Patient,
    text: str,
    *,
    by: Actor,
    source: str,
    now: datetime,
    checkin: CheckIn | None = None,
    asked_by: Actor | None = None,
) -> Filled:
    """Free words: kept first, scanned for danger, then read like a text. Never refused. Without ``checkin``: said unasked.

    When the reading fails the words wait for the worker like a text, and their danger has been dealt with.
    """
    turn_taking.hold(session, patient.id)
    if (before := _said_before(session, patient, text, source, checkin, now)) is not None:
        return _told_again(session, before, checkin or open_own(session, patient, by=by, now=now))
    message = pages.keep(session, patient, text, carrier=source, address=_number(session, patient, by), now=now)
    message.checkin_id = checkin.id if checkin else None
    message.reading = {"said_by": str(by), **({"asked_by": str(asked_by)} if asked_by else {})}
    session.flush()
    _, turn = conversation.hear_out(session, message, now)
    if turn is None:
        return _told_again(session, message, checkin or open_own(session, patient, by=by, now=now))
    if checkin is not None:
        _settle_words(turn, checkin)
    turn.checkin = turn.checkin or checkin or open_own(session, patient, by=by, now=now)
    return _filled(turn)


def _settle_words(turn: Turn, checkin: CheckIn) -> None:
    """Words that are no answer to the question they were written under (a wish, a thank-you): it was asked, and is not asked again."""
    protocol = script.protocol_of(turn.session, checkin)
    key = script.in_words(protocol).keys[0]
    asked = {question.key for question in script.all_questions(checkin, protocol)}
    question = script.question_of(key, protocol)
    if question is None or key not in asked or key in answers.current(turn.session, checkin.id):
        return
    turn.checkin, turn.protocol = checkin, protocol
    turn.keep(question, None, note="in words")
    dialogue.stand_by(turn)


def _said_before(session: Session, patient: Patient, text: str, source: str, checkin: CheckIn | None, now: datetime) -> Message | None:
    """The row of the same words sent a moment ago."""
    same = (
        Message.patient_id == patient.id,
        Message.direction == "in",
        Message.carrier == source,
        Message.body == text,
        Message.created_at > now - SAME_WORDS,
    )
    found = session.scalars(select(Message).where(*same).order_by(Message.id.desc())).first()
    return found if found is not None and (checkin is None or found.checkin_id == checkin.id) else None


# --- The end ------------------------------------------------------------------------------------------------------------------------


def finish(session: Session, checkin: CheckIn, *, by: Actor, source: str, now: datetime, asked_by: Actor | None = None) -> Filled:
    """Close the check-in: judged as it stands, echoed, a call promised as by text; its links end. Twice is once.

    Raises Refusal when nothing was answered, or when the time of the form is over: what was answered has been kept and judged.
    """
    turn = _turn(session, checkin, by=by, source=source, now=now, asked_by=asked_by)
    assert turn.protocol is not None
    if checkin.closed_at is not None and _shown(turn) is not None:
        return _again(turn)
    if source == pages.FORM and is_over(checkin, now):
        raise Refusal("The time for these questions is over. What was answered has been kept and read.")
    if not answers.current(session, checkin.id):
        raise Refusal("Nothing was answered yet. Answer at least one question.", status=422)
    if checkin.kind == unprompted.KIND:
        unprompted.conclude(turn)
        return _filled(turn)
    judged = assessing.assess(session, checkin, now=now, closing=True)
    turn.alert = judged.alert
    if not dialogue.tell_danger(turn, judged):
        checkin.asking = []
        closing.close(session, checkin, turn.protocol, now=now)
        dialogue.confirm(turn, judged)
    return _filled(turn)


def open_own(session: Session, patient: Patient, *, by: Actor, now: datetime) -> CheckIn:
    """Something is wrong: the day's own check-in, opened if it was not. Raises Refusal when nothing says what to judge it by."""
    turn_taking.hold(session, patient.id)
    course = courses.running(session, patient.id)
    checkin = unprompted.of_today(session, patient, course, now=now) if course else None
    if checkin is None:
        raise Refusal(
            "No treatment is followed here today. Telephone the service; in an emergency call {sos}.", sos=patient.service.emergency
        )
    if checkin.closed_at is None and checkin.silent_at is None:
        checkin.silent_at = now + OWN_LIFE
    session.flush()
    return checkin


def is_over(checkin: CheckIn, now: datetime) -> bool:
    """Has the check-in ended, or its window, whether or not somebody has closed it yet?"""
    return checkin.closed_at is not None or (checkin.silent_at is not None and now >= checkin.silent_at)


def _refuse_if_over(turn: Turn) -> None:
    """A page still open when the window closed loses nothing: kept for a day like a late text, two hours once all was answered."""
    checkin = turn.checkin
    assert checkin is not None
    if turn.source == pages.CALL or checkin.closed_at is None or checkin.kind == unprompted.KIND:
        return
    still = hearing.CORRECTED_WITHIN if checkin.state == CheckInState.DONE else hearing.LATE
    if turn.now - checkin.closed_at > still or checkin.state == CheckInState.CANCELLED:
        raise Refusal("The time for these questions is over. What was answered has been kept and read.")


# --- Turns --------------------------------------------------------------------------------------------------------------------------


def _turn(session: Session, checkin: CheckIn, *, by: Actor, source: str, now: datetime, asked_by: Actor | None) -> Turn:
    """One act at a time about a patient. All that one person says on one page of a check-in hangs on one row, kept at its first answer."""
    if source not in pages.CARRIERS:
        raise ValueError(f"{source!r} is no page: form or call")
    turn_taking.hold(session, checkin.patient_id)
    session.refresh(checkin)
    patient = session.get_one(Patient, checkin.patient_id)
    number = _number(session, patient, by)
    paper = pages.keep(session, patient, "", carrier=source, address=number, now=now, once=f"{checkin.id}:{by}")
    paper.checkin_id = checkin.id
    turn = Turn(session, paper, patient, patient.service, by, now, courses.running(session, patient.id), asked_by=asked_by)
    turn.checkin, turn.protocol = checkin, script.protocol_of(session, checkin)
    return turn


def _number(session: Session, patient: Patient, by: Actor) -> str:
    """Where a safety text goes: to whoever answers, when that relative has a telephone; else where all texts go."""
    relative = session.get(Respondent, by.id) if by.kind == "respondent" else None
    return (relative.phone if relative else "") or outbox.address_of(patient)


def _filled(turn: Turn) -> Filled:
    assert turn.checkin is not None
    turn.session.flush()
    text = turn.said
    if text is None or text.purpose == Purpose.SAFETY:
        said = _said(turn.session, text) if text else None
        return Filled(said, turn.alert, text is not None, turn.checkin, text.body if text else "", turn.advice)
    return Filled(turn.shown, turn.alert, False, turn.checkin, text.body, turn.advice)


def _shown(turn: Turn) -> Message | None:
    """What was last shown or sent as an end of this page: the echo, or the safety text."""
    return next((text for text in _answers_to(turn.session, turn.message) if text.purpose != Purpose.ADVICE), None)


def _again(turn: Turn) -> Filled:
    """The same once more: a page sent twice, or opened again after the network was lost."""
    assert turn.checkin is not None
    return _told_again(turn.session, turn.message, turn.checkin)


def _told_again(session: Session, message: Message, checkin: CheckIn) -> Filled:
    texts = _answers_to(session, message)
    text = next((one for one in texts if one.purpose != Purpose.ADVICE), None)
    advice = next((_said(session, one) for one in texts if one.purpose == Purpose.ADVICE), None)
    if text is None:
        return Filled(None, None, False, checkin)
    alert = session.get(Alert, text.alert_id) if text.alert_id else None
    return Filled(_said(session, text), alert, text.purpose == Purpose.SAFETY, checkin, text.body, advice)


def _answers_to(session: Session, message: Message) -> list[Message]:
    """What was answered to words or to a page, newest first."""
    mine = (Message.reply_to_id == message.id, Message.direction == "out")
    return list(session.scalars(select(Message).where(*mine).order_by(Message.id.desc())))


def _said(session: Session, text: Message) -> Said:
    """A stored text as key and values; of the values only the service's own and a safety text's are stored."""
    standard = outbox.standard(text.key, session.get_one(Service, text.service_id), text.created_at)
    return text.key, standard | dict((text.reading or {}).get("values", {}))
