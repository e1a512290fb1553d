"""The demonstration's telephones: answer as any patient, watch what was understood, watch the list. Absent where the demo is off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins import script
from app.checkins.models import AnswerRow, AssessmentRow, CheckIn
from app.checkins.rhythm import agenda
from app.core.errors import NotFound, Refusal
from app.demo import hospital, telephones
from app.demo.telephones import Telephone
from app.insight import worklist
from app.messaging import codes
from app.messaging.models import Message
from app.people.models import Patient, Service
from app.web.deps import Id, Reads, SignedIn, TheTools, Writes, watching
from app.web.formats import Formats
from app.web.render import Page, StaffPage, language_of
from app.web.ward.saying import Saying
from triage import explain
from triage.protocol import Protocol
from triage.terms import Assessment, Escalate, Kind, Level

TURNING = "turning."
"""How the stamp of a page begins that was opened while the clock turned."""

SHOWN = 4
"""How many of the last texts are explained beside the telephone."""

READY = {
    "fr": ("2 1 0", "0 0 0", "37,2", "38,9", "jarive pa a respirer", "STOP"),
    "en": ("2 1 0", "0 0 0", "37.2", "38.9", "cant catch my breath", "STOP"),
}
SAFETY = {Escalate.URGENT: Level.URGENT, Escalate.NURSE: Level.HIGH, Escalate.NO: Level.NONE}


def demo_on(tools: TheTools) -> None:
    """Raises NotFound outside the demonstration: no page may write as a patient anywhere else (HZ-41)."""
    if not tools.settings.is_demo:
        raise NotFound


router = APIRouter(dependencies=[Depends(demo_on)], include_in_schema=False)


@dataclass(frozen=True)
class Heard:
    """One text and what became of it. ``safety``: the least a person is told whatever the protocol says.

    ``symptoms``: what was told without a question. ``replies``: what was written back, word for word, and whether it left.
    """

    message: Message
    kind: str
    values: Sequence[tuple[str, str]]
    symptoms: str
    replies: Sequence[tuple[Message, str]]
    reason: str
    dangers: str
    safety: Level
    assessment: Assessment | None = None


@dataclass(frozen=True)
class Bench:
    """Everything the page shows of one telephone and of the list beside it. wall: the hours that this telephone shows."""

    phone: Telephone
    texts: Sequence[Message]
    bodies: Mapping[int, str]
    heard: Sequence[Heard]
    rows: Sequence[worklist.Row]
    saying: Saying
    wall: Formats
    next_check_in: CheckIn | None
    stamp: str
    turning: telephones.Turning | None = None
    calls: Sequence[telephones.Ringing] = ()
    ready: Sequence[str] = field(default=READY["fr"])

    @property
    def patient(self) -> Patient:
        """Whom its holder writes about."""
        return self.phone.patient


@router.get("/phones")
def phones(page: StaffPage, session: Reads, patient: str = "") -> Response:
    """The page, on one patient's telephone: the one asked for, else the first of the list that needs somebody."""
    page.viewer.require("see_alerts")
    if page.is_fragment:  # another telephone was chosen in the list: its own address
        return page.go(f"/phones?patient={patient}")
    found = telephones.telephones(session)
    chosen = _chosen(page, session, found, patient)
    bench = _bench(page, session, chosen) if chosen else None
    return page.page("phones/phones.html", telephones=found, bench=bench)


@router.get("/phones/bench")
def refreshed(
    request: Request, tools: TheTools, who: Annotated[SignedIn, Depends(watching)], session: Reads, patient: str, stamp: str = ""
) -> Response:
    """The same, asked by the page itself every two seconds: 204 when nothing changed, or on the page that waits for the clock it turns.

    A page opened meanwhile is told how far the clock has come. It does not keep the session awake.
    """
    page = Page(request, tools, who, language_of(request, who), tools.clock.now())
    page.viewer.require("see_alerts")
    if telephones.turning() and not stamp.startswith(TURNING):
        return Response(status_code=204)
    bench = _bench(page, session, _phone(session, patient))
    if bench.stamp == stamp:
        return Response(status_code=204)
    return page.page("phones/bench.html", bench=bench)


@router.post("/phones/{patient}/reply")
def reply(page: StaffPage, patient: str, body: Annotated[str, Form(max_length=1600)] = "") -> Response:
    """What was typed on this telephone, in by the same door as a carrier's text."""
    page.viewer.require("see_alerts")
    with page.tools.database.reading() as session:
        phone = _phone(session, patient)
        number = session.get_one(Service, phone.patient.service_id).number
    if body.strip():
        telephones.reply(page.tools.database, phone, number, body, now=page.now)
    return _shown_again(page, patient)


@router.post("/phones/calls/{message_id}/{what}")
def answer(page: StaffPage, session: Writes, message_id: Id, what: str) -> Response:
    """A professional's telephone that rings: the key is pressed, or nobody picks up."""
    page.viewer.require("see_alerts")
    telephones.pick_up(session, message_id, service_id=page.viewer.service_id, is_taken=what == "key", now=page.now)
    return page.go("/phones")


@router.post("/phones/clock")
def turn(request: Request, page: StaffPage, to: Annotated[str, Form()], patient: Annotated[str, Form()]) -> Response:
    """Turn the demonstration's clock forward: to the next hour, the next morning, or this patient's next check-in."""
    page.viewer.require("see_alerts")
    tools = page.tools
    with tools.database.reading() as session:
        chosen = _phone(session, patient)
        service = session.get_one(Service, chosen.patient.service_id)
        target, absent = _target(session, to, chosen.patient, service, page.now), chosen.number
    metronome = getattr(request.app.state, "metronome", None)
    telephones.jump(tools.database, service.id, metronome, now=page.now, to=target, absent=absent, seed=hospital.SEED)
    tools.clock.forget()
    return _shown_again(page, patient)


def _target(session: Session, to: str, patient: Patient, service: Service, now: datetime) -> datetime:
    if to == "hour":
        return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if to == "morning":
        return telephones.next_morning(service, now)
    coming = agenda.next_planned(session, patient.id)
    if to != "check_in" or coming is None:
        raise Refusal("Nothing is planned for this patient. Choose another time.", status=422)
    return max(coming.due_at, now + timedelta(seconds=1))


def _shown_again(page: Page, key: str) -> Response:
    if not page.is_fragment:
        return page.go(f"/phones?patient={key}")
    fresh = Page(page.request, page.tools, page.who, page.language, page.tools.clock.now())
    with page.tools.database.reading() as session:
        return fresh.page("phones/bench.html", bench=_bench(fresh, session, _phone(session, key)))


# --- What is shown ------------------------------------------------------------------------------------------------------------------


def _phone(session: Session, key: str) -> Telephone:
    """The telephone of an address. The one to come becomes the patient's own once its code is back: then it is shown as that."""
    patient_id = key.removesuffix("-new")
    found = {one.key: one for one in telephones.telephones(session)}
    if key not in found and patient_id not in found:
        raise NotFound("This patient")
    return found.get(key) or found[patient_id]


def _chosen(page: Page, session: Session, found: Sequence[Telephone], asked: str) -> Telephone | None:
    if asked:
        return _phone(session, asked)
    waiting = [row.patient.id for row in worklist.rows(session, viewer=page.viewer, now=page.now) if row.patient]
    first = {one.patient.id: one for one in reversed(found)}
    return next((first[one] for one in waiting if one in first), found[0] if found else None)


def _bench(page: Page, session: Session, phone: Telephone) -> Bench:
    patient, texts = phone.patient, telephones.seen(session, phone)
    said = [text for text in reversed(texts) if text.direction == "in" and text.patient_id in (patient.id, None)][:SHOWN]
    rows = worklist.rows(session, viewer=page.viewer, now=page.now)
    last, turning = texts[-1].id if texts else 0, telephones.turning()
    stamp = f"{worklist.stamp(session, patient.service_id)}.{len(texts)}.{last}.{page.now:%d%H%M}"
    return Bench(
        phone=phone,
        texts=texts,
        bodies={text.id: codes.body_of(session, text) if text.direction == "out" else text.body for text in texts},
        heard=[_heard(page, session, text) for text in said],
        rows=rows,
        saying=Saying(page),
        wall=replace(page.formats, zone=patient.timezone),
        next_check_in=agenda.next_planned(session, patient.id),
        stamp=f"{TURNING}{turning.hand.at:%d%H%M}" if turning else stamp,
        turning=turning,
        calls=telephones.ringing(session, patient.service_id, page.now),
        ready=READY[patient.language if patient.language in READY else "fr"],
    )


def _heard(page: Page, session: Session, message: Message) -> Heard:
    reading: dict[str, Any] = message.reading or {}
    checkin = session.get(CheckIn, message.checkin_id) if message.checkin_id else None
    protocol = script.protocol_of(session, checkin) if checkin and checkin.version_id else None
    saying = Saying(page, protocol)
    dangers = [str(code) for code in reading.get("dangers", ())]
    escalate = Escalate.URGENT if dangers and reading.get("escalate") is None else Escalate(reading.get("escalate") or "no")
    return Heard(
        message=message,
        kind=str(reading.get("heard") or ("danger" if dangers else message.state)),
        values=_values(reading, protocol, saying) + _beside(session, message, reading, saying),
        symptoms=_symptoms(reading, saying),
        replies=_replies(session, message),
        reason=str(reading.get("value") or ""),
        dangers=saying.dangers(dangers),
        safety=SAFETY[escalate],
        assessment=_judged(session, message),
    )


def _values(reading: dict[str, Any], protocol: Protocol | None, saying: Saying) -> list[tuple[str, str]]:
    """Each question that was open and what it was taken to say."""
    asked = reading.get("asked") or {}
    keys, values = [str(key) for key in asked.get("keys", ())], reading.get("values") or [reading.get("value")]
    if reading.get("heard") not in ("answer", "partial") or len(keys) != len(values):
        return []
    kinds = {key: question.kind.value for key in keys if protocol and (question := protocol.questions.get(key))}
    return [(saying.name(key), saying.answer(kinds.get(key, ""), value)) for key, value in zip(keys, values, strict=True)]


def _beside(session: Session, message: Message, reading: dict[str, Any], saying: Saying) -> list[tuple[str, str]]:
    """What this text changed of other questions than the open one: what was corrected, or told in passing."""
    shown = (reading.get("asked") or {}).get("keys", ()) if reading.get("heard") in ("answer", "partial") else ()
    kept = (AnswerRow.message_id == message.id, AnswerRow.value.is_not(None), AnswerRow.kind != Kind.FREE_TEXT.value)
    rows = session.scalars(select(AnswerRow).where(*kept).order_by(AnswerRow.id))
    return [(saying.name(row.key), saying.answer(row.kind, row.value)) for row in rows if row.key not in shown]


def _symptoms(reading: dict[str, Any], saying: Saying) -> str:
    return saying.symptoms(str(reading.get("value") or "")) if reading.get("heard") == "symptom" else ""


def _replies(session: Session, message: Message) -> list[tuple[Message, str]]:
    """The texts that answer this one, oldest first: their own words decide what is said of them."""
    mine = select(Message).where(Message.direction == "out", Message.reply_to_id == message.id).order_by(Message.id)
    return [(text, codes.body_of(session, text)) for text in session.scalars(mine)]


def _judged(session: Session, message: Message) -> Assessment | None:
    """The judgement this text led to, if it led to one."""
    if message.checkin_id is None or message.read_at is None:
        return None
    made = select(AssessmentRow).where(AssessmentRow.checkin_id == message.checkin_id, AssessmentRow.at == message.read_at)
    row = session.scalar(made.order_by(AssessmentRow.id.desc()).limit(1))
    return explain.from_dict(row.result) if row else None
