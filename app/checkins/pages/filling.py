"""One door for answers given on a page: the form behind a link (source "form"), or a nurse who asks by telephone (source "call").

The same questions as by text, stored and judged one by one as they come, by the same crafts: the same answers give the same judgement,
the same alert, the same advice and the same promised hour (house, walk a). What a page shows is returned; a safety text is sent as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins import answers, script, turn_taking
from app.checkins.judging import assessing, closing
from app.checkins.models import CheckIn, CheckInState
from app.checkins.pages import page_turns
from app.checkins.pages.page_turns import Filled
from app.checkins.texts import conversation, dangers, dialogue, echoing, five_texts, hearing, unprompted
from app.checkins.texts.senders import Sender
from app.checkins.turns import Turn
from app.core.audit import Actor
from app.core.errors import Refusal
from app.messaging import pages
from app.messaging.models import Message
from app.people import patients
from app.people.models import Patient, Reachability
from app.treatment import courses
from triage import questions
from triage.questions import Question
from triage.terms import Answer, Asked, Heard, Kind, Reading

SAME_WORDS = timedelta(minutes=10)
"""The same words again within this time are one sending: a page sent twice, a network that was lost on the way back."""
CANNOT = {Kind.TEMPERATURE: "no thermometer", Kind.WEIGHT: "no scales"}


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


def safety_left(session: Session, checkin: CheckIn) -> list[Question]:
    """What is never left out and nobody has answered, in the order it is asked; the sign that is felt stands for a thermometer."""
    asks, said = questions_of(session, checkin), said_of(session, checkin)
    kept = {question.key for question in five_texts.never_left_out(asks)} | {script.FEELS_HOT}
    return [q for q in asks if q.key in kept and q.key not in said and not questions.skipped(q, said)]


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
    turn = page_turns.begin(session, checkin, by=by, source=source, now=now, asked_by=asked_by)
    assert turn.protocol is not None
    question = script.question_of(key, turn.protocol)
    if question is None or key == script.STOP_WHICH:
        raise Refusal("This question is not part of the check-in. Nothing was changed.", status=422, field=key)
    if question.kind is Kind.FREE_TEXT and value is not None and value.strip():
        return words(session, turn.patient, value, by=by, source=source, now=now, checkin=checkin, asked_by=asked_by)
    mine = answers.own(session, checkin.id, by).get(key)
    if mine is not None and mine.value == value:
        return page_turns.again(turn)
    _refuse_if_over(turn)
    _plausible(question, value)
    turn.asked = Asked(question.kind, (key,))
    patients.reached(session, turn.patient, Reachability.REACHABLE, now=now)
    _take(turn, question, value)
    return page_turns.filled(turn)


def _take(turn: Turn, question: Question, value: str | None) -> None:
    assert turn.checkin is not None and turn.protocol is not None
    is_hot = question.key == script.FEELS_HOT and value == "yes"
    if is_hot:
        _feels_hot(turn)
    if value is None:
        turn.keep(question, None, note=CANNOT.get(question.kind, "cannot say"))
        dialogue.forward(turn)
    else:
        dialogue.answered(turn, Reading(Heard.ANSWER, value))
    if is_hot:
        closing.close(turn.session, turn.checkin, turn.protocol, now=turn.now, why="danger")  # a person takes over, as by text


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
        return page_turns.told_again(session, before, checkin or open_own(session, patient, by=by, now=now))
    message = pages.keep(session, patient, text, carrier=source, address=page_turns.number_of(session, patient, by), now=now)
    message.checkin_id = checkin.id if checkin else None
    message.reading = {"said_by": str(by), **({"asked_by": str(asked_by)} if asked_by else {})}
    session.flush()
    _, turn = conversation.hear_out(session, message, now)
    if turn is None:
        return page_turns.told_again(session, message, checkin or open_own(session, patient, by=by, now=now))
    if checkin is not None:
        _settle_words(turn, checkin)
    turn.checkin = turn.checkin or checkin or open_own(session, patient, by=by, now=now)
    return page_turns.filled(turn)


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
    turn = page_turns.begin(session, checkin, by=by, source=source, now=now, asked_by=asked_by)
    assert turn.protocol is not None
    if checkin.closed_at is not None and page_turns.shown(turn) is not None:
        return page_turns.again(turn)
    if source == pages.FORM and is_over(checkin, now):
        raise Refusal("The time for these questions is over. What was answered has been kept and read.")
    if not answers.current(session, checkin.id):
        raise Refusal("Nothing was answered yet. Answer at least one question.", status=422)
    if checkin.kind == unprompted.KIND:
        unprompted.conclude(turn)
        return page_turns.filled(turn)
    judged = assessing.assess(session, checkin, now=now, closing=True)
    turn.alert = judged.alert
    if not dialogue.tell_danger(turn, judged):
        checkin.asking = []
        closing.close(session, checkin, turn.protocol, now=now)
        echoing.confirm(turn, judged)
    return page_turns.filled(turn)


def open_own(session: Session, patient: Patient, *, by: Actor, now: datetime) -> CheckIn:
    """Something is wrong: the day's own check-in, opened if it was not. Raises Refusal when nothing says what to judge it by."""
    turn_taking.hold(session, patient.id)
    course = courses.running(session, patient.id)
    checkin = unprompted.of_today(session, patient, course, now=now) if course else None
    if checkin is None:
        raise Refusal(
            "No treatment is followed here today. Telephone the service; in an emergency call {sos}.", sos=patient.service.emergency
        )
    return checkin


def is_over(checkin: CheckIn, now: datetime) -> bool:
    """Has the check-in ended, or its window, whether or not somebody has closed it yet?"""
    return checkin.closed_at is not None or (checkin.silent_at is not None and now >= checkin.silent_at)


def may_correct(checkin: CheckIn, now: datetime) -> bool:
    """Is an answer still taken on its page, though the check-in has ended? A day like a late text, two hours once all was answered."""
    still = hearing.CORRECTED_WITHIN if checkin.state == CheckInState.DONE else hearing.LATE
    return checkin.closed_at is not None and now - checkin.closed_at <= still and checkin.state != CheckInState.CANCELLED


def _refuse_if_over(turn: Turn) -> None:
    """A page still open when the window closed loses nothing: kept for a day like a late text, two hours once all was answered."""
    checkin = turn.checkin
    assert checkin is not None
    if turn.source == pages.CALL or checkin.closed_at is None or checkin.kind == unprompted.KIND:
        return
    if not may_correct(checkin, turn.now):
        raise Refusal("The time for these questions is over. What was answered has been kept and read.")
