"""Which texts are somebody's own words: a code sent back, a command, a thank you never stand where a nurse reads what was complained of."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Alert
from app.checkins.models import AnswerRow, AssessmentRow
from app.messaging import codes
from app.messaging.models import Message

SAYS_NOTHING = ("number_code", "command", "courtesy")
"""What a text was heard as when it tells nothing of the patient; with a danger in it, it is words all the same."""

BARE = 2
"""A command of so many words is the keyword alone ("APPEL SVP"); in more, whoever wishes a call says for whom and why."""

ANSWERS = ("answer", "partial")
"""Six scores sent together look like a code."""

FREE = ("", "free_text", "none")
"""Kinds of question whose answer is words: nothing stands beside it as a score; '' when it is not known what was asked."""

SILENT = ("silence", "undelivered")
"""An alert of these kinds was raised because nothing came: no text is its reason."""


def are_words(message: Message) -> bool:
    """Does this received text say something a nurse should read as the patient's words?"""
    heard = message.reading or {}
    if message.direction != "in" or not message.body:
        return False
    if heard.get("dangers") or heard.get("heard") in ANSWERS:
        return True
    if heard.get("heard") == "command" and len(message.body.split()) > BARE:
        return True
    return heard.get("heard") not in SAYS_NOTHING and not codes.alone(message.body)


MARK = re.compile(r"(?i)[a-z]?[0-9]+([.,][0-9]+)?|[a-z]{1,2}")
"""One word of a reply that says nothing without its question."""


def only_marks(message: Message) -> bool:
    """Is it a reply of figures or of a letter ("0 0", "A0 B2", "nn") that was read as answers, and no danger?"""
    heard = message.reading or {}
    return heard.get("heard") == "answer" and not heard.get("dangers") and bare(message)


def bare(message: Message) -> bool:
    """Is it made of figures and letters alone, whatever it was read as?"""
    return all(MARK.fullmatch(word) for word in message.body.split())


def only_answers(message: Message) -> bool:
    """Is it a reply whose answer says all of it ("nope", "0 partout", "non merci")? Never with a danger, or a word of one, in it."""
    heard = message.reading or {}
    if only_marks(message):
        return True
    if heard.get("heard") != "answer" or heard.get("dangers") or any(str(note).startswith("watch_") for note in heard.get("notes", ())):
        return False
    free = (heard.get("asked") or {}).get("kind", "") in FREE
    return len(message.body.split()) <= BARE and (not free or heard.get("value") == "none")


def figures(session: Session, messages: Iterable[Message]) -> dict[int, list[AnswerRow]]:
    """Of the replies that are figures alone, what they answered, by text; one that answered nothing we kept is not in it."""
    ids = [one.id for one in messages if only_marks(one)]
    found: dict[int, list[AnswerRow]] = {}
    for row in session.scalars(select(AnswerRow).where(AnswerRow.message_id.in_(ids)).order_by(AnswerRow.id)) if ids else ():
        found.setdefault(row.message_id or 0, []).append(row)
    return found


def _telling(message: Message) -> tuple[int, int]:
    """What a check-in was judged by stands before "ok" and before its figures, then the latest: sort by it."""
    heard = message.reading or {}
    if only_marks(message):
        return 2, -message.id
    if heard.get("dangers") or heard.get("heard") in ANSWERS:
        return 0, -message.id
    return (1 if len(message.body.split()) > BARE else 3), -message.id


def named(session: Session, ids: Iterable[object]) -> dict[int, Message]:
    """The words among messages that events or tasks name."""
    mine = select(Message).where(Message.id.in_({one for one in ids if isinstance(one, int)}))
    return {row.id: row for row in session.scalars(mine) if are_words(row)}


def judged(session: Session, alerts: Iterable[Alert]) -> dict[int, list[Message]]:
    """The words of the check-in each alert was raised by, by alert: those read as answers first, then the latest."""
    by_row = {alert.assessment_id: alert.id for alert in alerts if alert.assessment_id is not None and alert.kind not in SILENT}
    rows = session.execute(
        select(AssessmentRow.id, Message)
        .join(Message, Message.checkin_id == AssessmentRow.checkin_id)
        .where(AssessmentRow.id.in_(by_row), Message.patient_id == AssessmentRow.patient_id, Message.direction == "in")
        .order_by(Message.id.desc())
    )
    found: dict[int, list[Message]] = {}
    for assessment_id, message in rows:
        if are_words(message):
            found.setdefault(by_row[assessment_id], []).append(message)
    return {alert_id: sorted(messages, key=_telling) for alert_id, messages in found.items()}
