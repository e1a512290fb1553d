"""One turn of the dialogue: words came, at most one text answers them. What every kind of reply shares.

A text is answered by a text. On a page (the form, or a nurse who fills it while telephoning) the answer is shown there and not sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.alerts import tasks
from app.alerts.models import Alert, Task
from app.checkins import answers, links, script, ways
from app.checkins.models import CheckIn
from app.core.audit import Actor
from app.messaging import outbox, pages
from app.messaging.models import FormLink, Message, Out
from app.messaging.outbox import Purpose
from app.people import care_team
from app.people.models import FollowUp, Patient, Respondent, Service
from app.treatment.models import Course
from notifications.messages import Moment
from triage.protocol import Protocol
from triage.questions import Question
from triage.terms import Asked

CALL_WITHIN = timedelta(hours=2)
"""Service hours within which a call that was asked for is made (house rule, 2026-11-22)."""


NOTHING = Asked()


SENT = {"stop_ok", "stop_closed", "wrong_nr"}
"""Texts that leave even after an opt-out."""


@dataclass
class Turn:
    """A text of a known person being understood. checkin, protocol: the conversation it belongs to, if one is open. said: our answer.

    asked_by: who asked by telephone. shown, advice: on a page, key and values of what it shows, for ``wording.render``. alert: the one that
    this turn has raised or met.
    """

    session: Session
    message: Message
    patient: Patient
    service: Service
    by: Actor
    now: datetime
    course: Course | None = None
    checkin: CheckIn | None = None
    protocol: Protocol | None = None
    asked: Asked = NOTHING
    said: Message | None = None
    asked_by: Actor | None = None
    shown: tuple[str, dict[str, object]] | None = None
    advice: tuple[str, dict[str, object]] | None = None
    alert: Alert | None = None

    @property
    def source(self) -> str:
        """Where it was said: sms, form or call."""
        return self.message.carrier if self.on_page else "sms"

    @property
    def on_page(self) -> bool:
        """On a page the questions follow each other by themselves, and what is said is shown."""
        return self.message.carrier in pages.CARRIERS

    @property
    def language(self) -> str:
        """The language of this conversation: the first that whoever answers reads and all its questions exist in.

        Without any, the service's: it serves to build words that then do not leave (outbox), or that a page or an alert shows.
        """
        return self.read_in or self.service.language

    @property
    def read_in(self) -> str:
        """The same, "" for none: a text that needs words of the check-in then does not leave."""
        asked = script.all_questions(self.checkin, self.protocol) if self.checkin is not None and self.protocol is not None else ()
        return script.language_for(self.patient, asked, self.message.address)

    @property
    def may_ask(self) -> bool:
        """May a question follow by text? A freeze, an end or an opt-out stops questions; a page asks its own."""
        return self.may_write and not self.on_page

    @property
    def may_write(self) -> bool:
        """A freeze, an end or an opt-out stops questions and advice by text; nothing else."""
        return self.patient.follow_up == FollowUp.ACTIVE and self.patient.opted_out_at is None

    def say(
        self,
        key: str,
        purpose: Purpose,
        values: dict[str, object] | None = None,
        *,
        alert: Alert | None = None,
        after: timedelta = timedelta(0),
        link: FormLink | None = None,
    ) -> Message | None:
        """Answer with one text; None when this turn already has its answer, or the patient asked for no more texts."""
        if self.said is not None:
            return None
        if self.on_page:
            self.shown = key, outbox.standard(key, self.service, self.now) | (values or {})
            self.said = pages.show(
                self.session,
                key=key,
                purpose=purpose,
                dedup_key=f"turn:{self.message.id}",
                patient=self.patient,
                values=values,
                reply_to=self.message,
                checkin_id=self.checkin.id if self.checkin else None,
                alert_id=alert.id if alert else None,
                now=self.now,
            )
            return self.said
        if self.patient.opted_out_at is not None and key not in SENT:
            return None
        self._count(key)
        if ways.names(key) and ways.no_words_because(self.session, self.patient):
            if key not in ways.NEUTRAL:
                return self.promised_again() or self.send_link()
            key = ways.NEUTRAL[key]
            values = {name: value for name, value in (values or {}).items() if name not in ("noted", "day")}
        if not outbox.language_of(key, purpose, self.service, self.patient, self.message.address, self.read_in):
            self._unsaid(alert)
            return None
        self.said = outbox.queue(
            self.session,
            key=key,
            purpose=purpose,
            dedup_key=f"turn:{self.message.id}",
            patient=self.patient,
            service=self.service,
            values=values,
            language=self.read_in,
            reply_to=self.message,
            not_before=self.now + after if after else None,
            checkin_id=self.checkin.id if self.checkin else None,
            alert_id=alert.id if alert else None,
            link=link,
            now=self.now,
        )
        return self.said

    def _count(self, key: str) -> None:
        """Every text that asks counts, also one the patient wished to have again; only what we ask by ourselves is held to five."""
        if self.checkin is not None and ways.asks(key):
            self.checkin.texts_sent += 1

    def _unsaid(self, alert: Alert | None) -> None:
        """There is no text in a language they read (HZ-36): a person answers, unless this text has brought one already."""
        of_this_text = select(Task.id).where(Task.message_id == self.message.id).limit(1)
        if alert is None and self.message.alert_id is None and self.session.scalar(of_this_text) is None:
            self.for_a_person("no_language")

    def send_link(self, *, figures: bool = False) -> Message | None:
        """Answer with a link: to the check-in that is under way, or else to say that something is wrong."""
        if self.said is not None or self.patient.opted_out_at is not None:
            return None
        under_way = self.checkin if self.checkin is not None and self.checkin.closed_at is None else None
        respondent = self.session.get(Respondent, self.by.id) if self.by.kind == "respondent" else None
        link = links.give(self.session, self.patient, under_way, now=self.now, respondent=respondent)
        key = ways.link_key(self.session, self.patient, figures=figures) if under_way else "link_anytime"
        return self.say(key, Purpose.ADMINISTRATIVE, link=link)

    def keep(self, question: Question, value: str | None, *, note: str = "") -> None:
        """One answer of this turn. Raises ValueError for one that is not plausible."""
        assert self.checkin is not None
        answers.put(
            self.session,
            self.checkin,
            question,
            value,
            by=self.by,
            now=self.now,
            message=self.message,
            source=self.source,
            note=note,
            asked_by=self.asked_by,
        )

    def acknowledge(self) -> None:
        """A person will read this; when, depends on the opening hours. On the telephone a nurse has heard it: nobody "will read" it."""
        if care_team.is_open(self.service, self.now):
            self.say("noted_plain" if self.source == pages.CALL else "received", Purpose.ADMINISTRATIVE)
        else:
            self.say("closed", Purpose.ADMINISTRATIVE, {"opening": self.opening()})

    def promise_call(self, by_when: datetime, alert: Alert | None = None) -> None:
        """A nurse calls before the hour the rota gives; when the service is closed none is promised before it opens."""
        if care_team.is_open(self.service, self.now) and by_when > self.now:
            self.say("call_promised", Purpose.CONFIRMATION, {"when": moment(by_when, self.now, self.patient)}, alert=alert)
        else:
            self.say("call_closed", Purpose.CONFIRMATION, {"opening": self.opening()}, alert=alert)

    def promised_again(self) -> Message | None:
        """A call that was promised and not made yet is named once more; None when there is none."""
        waiting = (Task.patient_id == self.patient.id, Task.kind == "call_back", Task.closed_at.is_(None), Task.due_at > self.now)
        due = self.session.scalar(select(Task.due_at).where(*waiting).order_by(Task.due_at).limit(1))
        if due is not None:
            self.promise_call(due)
        return self.said if due is not None else None

    def opening(self) -> Moment:
        """When the service opens next, on the patient's wall."""
        return moment(care_team.next_opening(self.service, self.now), self.now, self.patient)

    def task(self, kind: str, *, why: str = "", due_within: timedelta | None = None, **detail: Any) -> Task:
        """The one task of this text: a person must read it, or do what it asks."""
        return tasks.make(
            self.session,
            service_id=self.service.id,
            patient_id=self.patient.id,
            kind=kind,
            key=f"{kind}:{self.message.id}",
            detail={"said_by": str(self.by), **({"why": why} if why else {}), **detail},
            message_id=self.message.id,
            due_at=care_team.add_service_time(self.service, self.now, due_within) if due_within else None,
            now=self.now,
        )

    def for_a_person(self, why: str) -> None:
        """Not understood, or not for a program to understand: a nurse reads the words. Several texts wait in one open task."""
        mine = (Task.patient_id == self.patient.id, Task.kind == "to_read", Task.closed_at.is_(None))
        if not also_in(self.session, self.message, *mine):
            self.task("to_read", why=why)


def also_in(session: Session, message: Message, *same: ColumnElement[bool]) -> bool:
    """Put one more text in the open task for the same sender; False when none is open: a closed one would not be read."""
    task = session.scalar(select(Task).where(*same).order_by(Task.id).limit(1).with_for_update())
    if task is None:
        return False
    if message.id != task.message_id and message.id not in task.detail.get("also", ()):
        task.detail = {**task.detail, "also": [*task.detail.get("also", ()), message.id]}
    return True


def moment(at: datetime, now: datetime, patient: Patient) -> Moment:
    """An hour to promise, on the patient's wall."""
    zone = ZoneInfo(patient.timezone)
    return Moment(at.astimezone(zone), now.astimezone(zone))


def could_leave(message: Message) -> bool:
    """Is this text on its way? A text without number or wording is listed, and the patient is NOT told."""
    return message.state not in (Out.FAILED, Out.EXPIRED, Out.UNDELIVERED)
