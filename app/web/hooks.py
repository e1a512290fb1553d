"""The carrier's webhooks: what a patient wrote is committed before the answer leaves; understanding comes after."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, TypeVar

import structlog
from fastapi import APIRouter, BackgroundTasks, Depends, Request, Response
from starlette.exceptions import HTTPException

from app.alerts import by_phone
from app.checkins.texts import conversation
from app.core.errors import Refusal
from app.core.settings import Settings
from app.messaging import carriers, inbox, reports
from app.web.deps import Now, TheTools, Tools, Writes
from notifications import wording
from notifications.transports import twilio_voice
from notifications.transports.twilio_sms import INBOUND_PATH, STATUS_PATH, TwilioSms

LARGEST = 64 * 1024
"""Bytes of a webhook. A text of ten segments is under 5 kB with everything the carrier adds."""

SELF_TEST = "VigieSelfTest"
"""A signed form with this field is answered with its value and stores nothing: how ``vigie doctor`` proves address and signature."""

EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'

router = APIRouter(include_in_schema=False, max_body_size=LARGEST)
log = structlog.get_logger(__name__)

Pairs = list[tuple[str, str]]
T = TypeVar("T")


@lru_cache(maxsize=4)
def twilio(settings: Settings) -> TwilioSms:
    """Twilio's reader for these settings. Without a token every signature is false."""
    return carriers.twilio(settings)


@lru_cache(maxsize=4)
def voice(settings: Settings) -> twilio_voice.TwilioVoice:
    """Twilio's reader of calls for these settings."""
    return carriers.twilio_voice(settings)


def path_of(request: Request) -> str:
    """The path as called, with its query, below the public address; undecoded, because the signature covers it letter for letter."""
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    return raw.decode("latin-1") + (f"?{request.url.query}" if request.url.query else "")


async def genuine(request: Request, tools: TheTools) -> Pairs:
    """Every field of a form the carrier itself signed, in order. Nothing is read, logged or stored of any other (SEC-13): 403."""
    try:
        form = [(name, value) for name, value in (await request.form()).multi_items() if isinstance(value, str)]
    except HTTPException:
        form = []  # not a form: no signature can cover it
    if not twilio(tools.settings).is_genuine(path_of(request), form, request.headers.get("X-Twilio-Signature", "")):
        log.warning("a webhook without the carrier's signature was refused", path=request.url.path)
        raise Refusal("The signature does not match this address and these fields. Nothing was stored.", status=403)
    return form


Form = Annotated[Pairs, Depends(genuine)]


@router.post(INBOUND_PATH)
def inbound(form: Form, session: Writes, tools: TheTools, now: Now, after: BackgroundTasks) -> Response:
    """A text from a telephone: kept once for ever (SEC-14), answered at once, read straight after the answer.

    A number no service owns is kept by the first service: nothing a patient writes is lost for a wrong setting.
    """
    if answer := _self_test(form):
        return answer
    text = _read(lambda: twilio(tools.settings).read_inbound(form))
    message, is_new = inbox.keep(session, text, now=now)
    if is_new:
        after.add_task(understand, tools, message.id)
    return Response(EMPTY, media_type="text/xml")


@router.post(STATUS_PATH)
def status(request: Request, form: Form, session: Writes, tools: TheTools, now: Now) -> Response:
    """News of a text we sent: any order, any number of times; every call is kept, the state only moves forward (SEC-19)."""
    if answer := _self_test(form):
        return answer
    reports.apply(session, _read(lambda: twilio(tools.settings).read_status(path_of(request), form)), now=now)
    return Response(status_code=204)


@router.post(twilio_voice.KEY_PATH)
def key(ref: int, form: Form, session: Writes, tools: TheTools, now: Now, again: bool = False) -> Response:
    """A key pressed during a call of ours: what it did is said back. An old or unknown call is answered politely and takes nothing."""
    pressed = dict(form).get("Digits", "")
    said = by_phone.pressed(session, ref, pressed, again=again, now=now)
    words = wording.render(said.key, said.language, said.values)
    where = voice(tools.settings).key_address(ref) + "?again=1"
    spoken = twilio_voice.ask(words, said.language, where, times=1) if said.ask else twilio_voice.tell(words, said.language)
    return Response(spoken, media_type="text/xml")


@router.post(twilio_voice.STATUS_PATH)
def call_status(ref: int, request: Request, form: Form, session: Writes, tools: TheTools, now: Now) -> Response:
    """News of a call: kept like that of a text, and written on the alert once it has ended."""
    news = _read(lambda: voice(tools.settings).read_status(path_of(request), form))
    if (message := reports.apply(session, news, now=now)) is not None:
        by_phone.ended(session, message, now=now, busy=news.status == "busy")
    return Response(status_code=204)


def understand(tools: Tools, message_id: int) -> None:
    """Read one text now. If this fails it stays unread: the worker reads it within seconds, or raises an alert after five minutes."""
    try:
        conversation.process(tools.database, message_id, now=tools.clock.now())
    except Exception:
        log.exception("a text could not be read; the worker will try again", message_id=message_id)


def _read(read: Callable[[], T]) -> T:
    try:
        return read()
    except ValueError as error:
        raise Refusal("This text cannot be kept: {why}. Nothing was stored.", status=400, why=str(error)) from error


def _self_test(form: Pairs) -> Response | None:
    nonce = dict(form).get(SELF_TEST)
    return Response(nonce, media_type="text/plain") if nonce else None
