"""The end of a conversation: one text says what was understood, and who calls when somebody must."""

from __future__ import annotations

from app.checkins import answers
from app.checkins.judging import closing, promising
from app.checkins.judging.assessing import Judged
from app.checkins.turns import Turn
from app.messaging.outbox import Purpose
from triage import calendar
from triage.terms import Level

RANGE = "range_kept_higher"
"""Note of the reader: of two numbers the higher one was kept, and the echo says so."""

ECHOES = ("confirm", "confirm_g2", "confirm_closed", "range_echo", "late")


def is_late(turn: Turn) -> bool:
    """Does this text answer about an earlier day?"""
    assert turn.checkin is not None
    return calendar.local_day(turn.now, turn.patient.timezone) > turn.checkin.day


def confirm(turn: Turn, judged: Judged) -> None:
    """Echo what was understood, as the text that fits it, then the advice there may be."""
    assert turn.checkin is not None
    rows = answers.current(turn.session, turn.checkin.id)
    ranged = [key for key, row in rows.items() if row.note == RANGE]
    mild = "range_echo" if ranged else "late" if not turn.on_page and is_late(turn) else "confirm"
    if echo(turn, judged, mild) and ranged:
        turn.checkin.asking = ranged[-1:]  # the text offers to answer again
    closing.advise(turn, judged)


def echo(turn: Turn, judged: Judged, mild: str) -> bool:
    """One text: what was noted with the hour of a call, or, where nobody need call, as ``mild`` says it; True when it was that one.

    The call is promised before the deadline the rota gives, and only while the service is open. Nothing noted: a person reads it.
    """
    assert turn.checkin is not None
    noted = promising.noted(turn)
    if not noted:
        turn.acknowledge()
        return False
    if judged.level >= Level.MODERATE:
        key, values = promising.echo(turn, judged, noted, turn.now)
        turn.say(key, Purpose.CONFIRMATION, values, alert=judged.alert)
        return False
    turn.say(mild, Purpose.CONFIRMATION, {"noted": noted, **({"day": turn.checkin.day} if mild == "late" else {})})
    return True
