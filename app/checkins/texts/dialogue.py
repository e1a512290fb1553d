"""The answers of a check-in as they come: stored, judged at once, followed by one text: the next question, an echo, or what to do now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import or_, select, update

from app.alerts.handling import Reason
from app.checkins import answers, script, ways
from app.checkins.judging import assessing, closing, promising
from app.checkins.judging.assessing import Judged
from app.checkins.models import CheckInState
from app.checkins.rhythm import cycles
from app.checkins.texts import dangers, echoing, five_texts
from app.checkins.turns import Turn
from app.messaging.models import Message, Out
from app.messaging.outbox import Purpose
from notifications.messages import Missing
from triage import questions
from triage.terms import Asked, Kind, Level, Reading

SECOND_HALF = timedelta(seconds=20)
"""How long an incomplete reply waits for its second half before the rest is asked for."""


def answered(turn: Turn, reading: Reading) -> None:
    """An answer, whole or in part, to the open question. A value that is not plausible is asked again, never changed."""
    assert turn.checkin is not None and turn.protocol is not None
    overtaken(turn)
    values = reading.values or (reading.value,)
    if len(values) != len(turn.asked.keys) or not _store(turn, values, reading.notes):
        misread(turn, "implausible")
        return
    turn.checkin.misread = 0
    standing = answers.current(turn.session, turn.checkin.id)
    missing = tuple(key for key, value in zip(turn.asked.keys, values, strict=True) if value is None and key not in standing)
    if missing:
        _ask_missing(turn, missing)
    else:
        forward(turn)


def _store(turn: Turn, values: Sequence[str | None], notes: Sequence[str]) -> bool:
    assert turn.checkin is not None and turn.protocol is not None
    pairs = [(script.question_of(key, turn.protocol), value) for key, value in zip(turn.asked.keys, values, strict=True)]
    for question, value in pairs:
        try:
            if question is None:
                return False
            if value is not None:
                questions.read_value(question, value)
        except ValueError:
            return False
    note = echoing.RANGE if echoing.RANGE in notes else "late" if echoing.is_late(turn) else ""
    for question, value in pairs:
        if question is not None and value is not None:
            turn.keep(question, value, note=note)
            if question.kind is Kind.CYCLE_START:
                cycles.heard(turn, value)
    return any(value is not None for value in values)


def _ask_missing(turn: Turn, missing: tuple[str, ...]) -> None:
    """Ask for what is missing, never for all again. What came is judged at once: a danger does not wait for the second half."""
    assert turn.checkin is not None and turn.protocol is not None
    _move(turn, CheckInState.PARTIAL)
    turn.checkin.asking = list(missing)
    turn.asked = Asked(Kind.MULTI if len(missing) > 1 else Kind.SEVERITY, missing)
    judged = assessing.assess(turn.session, turn.checkin, now=turn.now)
    if tell_danger(turn, judged):
        return
    if turn.may_ask and not five_texts.has_room(turn, turn.asked):
        _give_up(turn, "partial")
        return
    if len(missing) > 1:  # letters begin again at A, so that a lettered reply fills the right ones
        key, values = script.question_text(turn.asked, turn.protocol, turn.language)
    else:
        label = script.labels(turn.asked, turn.protocol, turn.language)[0]
        key, values = "reask_part", {"missing": (Missing(_letter(turn, missing[0]), label),)}
    if turn.may_ask:
        turn.say(key, Purpose.CONFIRMATION, values, after=SECOND_HALF)
    promising.if_left(turn, judged)


def _letter(turn: Turn, key: str) -> int:
    assert turn.checkin is not None and turn.protocol is not None
    groups = questions.groups(script.all_questions(turn.checkin, turn.protocol))
    return next((group.keys.index(key) for group in groups if key in group.keys), 0)


def overtaken(turn: Turn) -> None:
    """The patient has written meanwhile: a question still waiting to leave would be asked twice, an echo would say what no longer holds."""
    assert turn.checkin is not None
    waiting = (
        Message.checkin_id == turn.checkin.id,
        Message.direction == "out",
        Message.state == Out.QUEUED,
        Message.purpose.in_((Purpose.CONFIRMATION, Purpose.QUESTION)),
        or_(Message.key.like("reask_%"), Message.key.like("q_%"), Message.key.in_(echoing.ECHOES)),
    )
    asked = turn.session.scalars(select(Message.key).where(*waiting)).all()
    turn.checkin.texts_sent -= len([key for key in asked if ways.asks(key)])
    ended = {"state": Out.EXPIRED, "error_code": "withdrawn", "error": "the patient has written meanwhile", "handled": True}
    turn.session.execute(update(Message).where(*waiting).values(**ended, settled_at=turn.now))
    promising.withdraw(turn.session, turn.checkin.id, turn.now)


# --- Forward ------------------------------------------------------------------------------------------------------------------------


def forward(turn: Turn) -> None:
    """Judge what is known; then a safety text, the next question, or the end of the conversation with its echo."""
    assert turn.checkin is not None and turn.protocol is not None
    if turn.on_page:
        stand_by(turn)
        return
    following = five_texts.following(turn)
    judged = assessing.assess(turn.session, turn.checkin, now=turn.now, closing=following is None)
    if tell_danger(turn, judged):
        return
    if following is None or not turn.may_ask:
        five_texts.hand_over(turn)
        closing.close(turn.session, turn.checkin, turn.protocol, now=turn.now)
        echoing.confirm(turn, judged)
        return
    _move(turn, CheckInState.PARTIAL)
    turn.checkin.asking = list(following.keys)
    key, values = script.question_text(following, turn.protocol, turn.language)
    turn.say(key, Purpose.QUESTION, values)
    promising.if_left(turn, judged)


def stand_by(turn: Turn) -> None:
    """On a page: judged at once, and a danger told; the page asks the next question, and says when it is over.

    What is open is kept as for texts, so that a conversation begun on a page may go on by text. A late answer opens nothing again.
    """
    assert turn.checkin is not None and turn.protocol is not None
    said = answers.values(answers.current(turn.session, turn.checkin.id), turn.protocol)
    following = script.next_group(turn.checkin, turn.protocol, said)
    over = turn.checkin.closed_at is not None
    waits = over and turn.checkin.why != "danger"  # after a danger a person asks what is left: nothing of it was left open by the patient
    judged = assessing.assess(turn.session, turn.checkin, now=turn.now, closing=waits)
    turn.alert = judged.alert
    if tell_danger(turn, judged):
        return
    _move(turn, CheckInState.PARTIAL)
    left = following.keys if following else ()
    turn.checkin.asking = [key for key in turn.checkin.asking if key not in said] if over else list(left)
    turn.session.flush()
    promising.if_left(turn, judged)


def tell_danger(turn: Turn, judged: Judged) -> bool:
    """An urgent judgement: the safety text leaves and the questions stop, for a person takes over. True when it was urgent."""
    assert turn.checkin is not None and turn.protocol is not None
    assessment = judged.assessment
    if assessment is None or judged.level is not Level.URGENT or judged.alert is None:
        return False
    closing.close(turn.session, turn.checkin, turn.protocol, now=turn.now, why="danger")
    turn.alert = judged.alert
    if turn.said is None:
        reason = Reason(kind="assessment", level=Level.URGENT, detail={}, respond_within=assessment.respond_within)
        key = assessment.advice if assessment.advice in dangers.SAFETY else "urgent"
        turn.said = dangers.tell(turn.session, turn.service, turn.patient, turn.message, key, judged.alert, reason, now=turn.now)
    return True


def misread(turn: Turn, why: str) -> None:
    """Not understood: asked once more; the second time in a row a person reads it, and no third question leaves."""
    assert turn.checkin is not None and turn.protocol is not None
    if turn.on_page:  # written in words, where nothing was asked that words could miss
        turn.for_a_person(why)
        stand_by(turn)
        turn.acknowledge()
        return
    turn.checkin.misread += 1
    if turn.checkin.misread == 1 and turn.may_ask and not five_texts.has_room(turn, turn.asked):
        _give_up(turn, why)
        return
    if turn.checkin.misread == 1 and turn.may_ask:
        heard = "noted" if why == "symptom" else "unclear"
        key, values = script.again_text(turn.asked, turn.protocol, turn.language, heard=heard)
        turn.say(key, Purpose.CONFIRMATION, values)
        return
    _not_understood(turn, why)
    assessing.assess(turn.session, turn.checkin, now=turn.now, closing=True)
    closing.close(turn.session, turn.checkin, turn.protocol, now=turn.now, why="not understood")
    turn.say("reask_2", Purpose.CONFIRMATION)


def _not_understood(turn: Turn, why: str) -> None:
    """What was asked stays unknown, and a person reads the words."""
    assert turn.checkin is not None and turn.protocol is not None
    standing = answers.current(turn.session, turn.checkin.id)
    for key in turn.asked.keys:
        question = turn.protocol.questions.get(key)
        if question is not None and key not in standing:
            turn.keep(question, None, note=f"not understood: {why}")
    turn.for_a_person(why)


def _give_up(turn: Turn, why: str) -> None:
    """No text is left to ask this again: a nurse has it as not answered, and what is never left out is still asked."""
    assert turn.checkin is not None
    _not_understood(turn, why)
    turn.checkin.misread = 0
    forward(turn)


def cannot_say(turn: Turn, why: str) -> None:
    """Understood: the patient has no way to know (no scales). It stays unknown, and the conversation goes on."""
    assert turn.checkin is not None and turn.protocol is not None
    for key in turn.asked.keys:
        question = turn.protocol.questions[key]
        turn.keep(question, None, note=why)
    turn.checkin.misread = 0
    forward(turn)


def no_thermometer(turn: Turn) -> None:
    """The temperature stays unknown; the sign that can be felt is asked instead."""
    assert turn.checkin is not None and turn.protocol is not None
    if turn.may_ask and not five_texts.has_room(turn, turn.asked):
        _give_up(turn, "no_thermometer")
        return
    if not turn.may_ask:
        cannot_say(turn, "no thermometer")
        return
    for key in turn.asked.keys:
        question = turn.protocol.questions[key]
        turn.keep(question, None, note="no thermometer")
    turn.checkin.misread = 0
    assessing.assess(turn.session, turn.checkin, now=turn.now)
    _move(turn, CheckInState.PARTIAL)
    turn.checkin.asking = [script.FEELS_HOT]
    turn.say("no_thermometer", Purpose.QUESTION)


def stopped_tablets(turn: Turn) -> None:
    """The patient says that the tablets are no longer taken: an answer to the doses question, whether it was asked or not."""
    assert turn.checkin is not None and turn.protocol is not None
    intake = next((q for q in turn.protocol.questions.values() if q.kind is Kind.INTAKE), None)
    if intake is None:
        turn.for_a_person("treatment_stopped")
        turn.acknowledge()
        return
    turn.keep(intake, "stopped")
    turn.checkin.misread = 0
    forward(turn)


def _move(turn: Turn, to: CheckInState) -> None:
    assert turn.checkin is not None
    if turn.checkin.state != CheckInState.DONE:
        closing.move(turn.checkin, to)
