"""An answer to the check-in before: its question was still open when the next one began, and the text fits that one and not the new."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from app.checkins import answers, script
from app.checkins.judging import assessing, closing
from app.checkins.models import CheckIn, CheckInState
from app.checkins.rhythm import cycles
from app.checkins.texts import amending, dialogue, echoing, shown
from app.checkins.texts.hearing import LATE
from app.checkins.turns import Turn
from app.protocols import words
from triage import replies
from triage.protocol import Protocol
from triage.terms import Asked, Heard, Kind, Reading


@dataclass(frozen=True)
class Belated:
    """The earlier check-in, the question it had open, and the text read as its answer; None where it cannot be told."""

    checkin: CheckIn
    protocol: Protocol
    asked: Asked
    reading: Reading | None


def find(turn: Turn, reading: Reading, text: str) -> Belated | None:
    """What the text may answer instead of the open question, when it is no answer to that one. None: nothing else was open."""
    if turn.on_page or turn.checkin is None or reading.heard is not Heard.ASK_AGAIN or reading.value in amending.NOT_VALUES:
        return None
    checkin = _before(turn, turn.checkin)
    if checkin is None:
        return None
    protocol = script.protocol_of(turn.session, checkin)
    asked = script.next_group(checkin, protocol, answers.values(answers.current(turn.session, checkin.id), protocol))
    if asked is None or asked.kind is Kind.FREE_TEXT:
        return None
    again = replies.read(text, asked, turn.language, words.words())
    fits = again.heard is Heard.ANSWER and again.value != "stopped" and amending.plausible(again, asked, protocol)
    return Belated(checkin, protocol, asked, again if fits else None)


def _before(turn: Turn, running: CheckIn) -> CheckIn | None:
    """The check-in just before the one that is asked, left half-way less than a day ago."""
    earlier = select(CheckIn).where(
        CheckIn.patient_id == turn.patient.id, CheckIn.id != running.id, CheckIn.kind == "regular", CheckIn.opened_at < running.opened_at
    )
    found = turn.session.scalars(earlier.order_by(CheckIn.opened_at.desc(), CheckIn.id.desc()).limit(1)).first()
    if (
        found is None
        or not shown.by_text(turn.session, found, turn.message.address)
        or found.state not in (CheckInState.OPEN, CheckInState.PARTIAL, CheckInState.SILENT)
    ):
        return None
    return found if found.closed_at is None or turn.now - found.closed_at <= LATE else None


def keep(turn: Turn, late: Belated) -> None:
    """Stored for its own question and day, judged there; the text that follows names the day. The newer question stays open."""
    assert late.reading is not None
    note = echoing.RANGE if echoing.RANGE in late.reading.notes else "late"
    for key, value in zip(late.asked.keys, late.reading.values or (late.reading.value,), strict=True):
        question = script.question_of(key, late.protocol)
        if question is not None and value is not None:
            turn.keep(question, value, note=note)
            if question.kind is Kind.CYCLE_START:
                cycles.heard(turn, value)
    judged = assessing.assess(turn.session, late.checkin, now=turn.now, closing=True)
    if dialogue.tell_danger(turn, judged):
        return
    closing.close(turn.session, late.checkin, late.protocol, now=turn.now)
    echoing.echo(turn, judged, "late")
