"""The six digits that prove who holds a telephone: made from a check's seed with the installation's secret, like the address of a form.

A dump of the database holds the seed, a text in the outbox six asterisks: neither says the code, nor can it be tried out without the
secret (a fingerprint of six digits could: there are a million).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime

from sqlalchemy.orm import Session

from app.messaging import links, pages
from app.messaging.models import Message
from app.people import numbers
from app.people.models import NumberCheck

DIGITS = 6
MASK = "*" * DIGITS
"""Stands in the stored text where the code will be."""

_ALONE = re.compile(r"\W*(?:code\W*)?(\d{3})[ .-]?(\d{3})\W*", re.IGNORECASE)


def code_of(check: NumberCheck) -> str:
    """The code of a check: never stored, never logged. RuntimeError before the key of the links is set."""
    digest = hashlib.sha256(links.token_from(f"code {check.seed}").encode()).digest()
    return str(int.from_bytes(digest) % 10**DIGITS).zfill(DIGITS)


def is_right(check: NumberCheck, code: str) -> bool:
    """Is this its code? Compared in constant time."""
    return hmac.compare_digest(code_of(check).encode(), code.encode())


def alone(text: str) -> str:
    """The six digits of a text that says nothing else ("482 915", "code: 482915."); "" for any other text."""
    found = _ALONE.fullmatch(text.strip())
    return "".join(found.groups()) if found else ""


def matching(session: Session, message: Message, *, now: datetime) -> NumberCheck | None:
    """The check whose very code this text is, sent back by the telephone it was sent to; None for any other text."""
    code = alone(message.body) if message.carrier not in pages.CARRIERS else ""
    out = numbers.live_at(session, message.service_id, message.address, now=now) if code else ()
    return next((check for check in out if is_right(check, code)), None)


def outlived(session: Session, message: Message) -> NumberCheck | None:
    """The check whose code this text was, newest first, whether it is out or over: a code that comes days late is still no symptom."""
    code = alone(message.body) if message.carrier not in pages.CARRIERS else ""
    sent = numbers.sent_to(session, message.service_id, message.address) if code else ()
    return next((check for check in sent if is_right(check, code)), None)


def replaced(session: Session, service_id: int, number: str, code: str, *, now: datetime) -> NumberCheck | None:
    """The check of the last days whose code this was, really sent to this number and out no more: old is not wrong. It proves nothing."""
    out = {check.id for check in numbers.live_at(session, service_id, number, now=now)}
    sent = [check for check in numbers.sent_to(session, service_id, number) if now - check.asked_at <= numbers.RECALLED]
    return next((check for check in sent if check.id not in out and is_right(check, code)), None) if code else None


def body_of(session: Session, message: Message) -> str:
    """What really leaves for the telephone: the stored text with its token and its code in the place of the asterisks."""
    body = links.body_of(session, message)
    if message.check_id is None:
        return body
    return body.replace(MASK, code_of(session.get_one(NumberCheck, message.check_id)))
