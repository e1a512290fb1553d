"""What the rows of the list say beside their place in it, read for all the rows asked for at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from app.alerts import since_answer
from app.alerts.models import Alert, AlertEvent, AlertState, DoctorRequest, RequestState, Task
from app.care.contact_models import CityTask, Contact, ContactState, TaskState
from app.care.models import OPEN_CALLS, PlannedCall
from app.checkins.models import AnswerRow
from app.insight import quotes
from app.insight.gone import Absent, Gone
from app.insight.open_items import abandoned, named_in
from app.insight.placing import Place
from app.messaging import pages
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.people import absences
from app.people.models import Patient, Staff
from app.people.perimeter import Viewer, visible_to
from triage.terms import ALARMING, Level

REASONS = ("raised", "risen", "merged", "reopened")
"""Events that say why an alert is open."""


class Quote(NamedTuple):
    """The words a row shows, what they answered where they are figures alone, and the dangers that were told besides."""

    words: str
    figures: tuple[AnswerRow, ...] = ()
    also: tuple[str, ...] = ()


class Facts:
    """Alerts, tasks, patients, owners, reasons, words: by the key of the row, or by the number of what they belong to.

    handed_by: who gave a taken alert to its owner, until its owner does something with it.
    """

    def __init__(self, session: Session, viewer: Viewer, places: Sequence[Place], now: datetime) -> None:
        self._names = {(item.kind, item.id): place.key for place in places for item in place.items}
        self.alerts = self._read_alerts(session)
        self.tasks: dict[str, list[Task]] = self._read(session, "task", Task, Task.closed_at.is_(None), order=Task.due_at)
        self.calls = self._read(session, "call", PlannedCall, PlannedCall.state.in_(OPEN_CALLS), order=PlannedCall.due_at)
        waiting = DoctorRequest.state.in_((RequestState.ASKED, RequestState.SEEN, RequestState.ANSWERED))
        self.requests = self._read(session, "request", DoctorRequest, waiting, order=DoctorRequest.respond_by)
        self.since = frozenset(one.id for some in self.requests.values() for one in some if since_answer.news(session, one))
        self.city = self._read(session, "city", CityTask, CityTask.state == TaskState.OVERDUE, order=CityTask.due_at)
        alerts, tasks = list(self.alerts.values()), [task for some in self.tasks.values() for task in some]
        self.patients = _patients(session, viewer, {place.patient_id for place in places})
        self.away = absences.standing_of(session, self.patients)
        self.reasons: dict[int, list[dict[str, Any]]] = defaultdict(list)
        self.again: dict[int, datetime] = {}
        self.handed_by: dict[int, str] = {}
        self._read_reasons(session, alerts)
        details = [*(detail for some in self.reasons.values() for detail in some), *(task.detail for task in tasks)]
        self.sharing = _patients(session, viewer, set(named_in(details)))
        self.drafts = _drafts(session, self.patients)
        owners: set[int | None] = {one.by_id for some in self.drafts.values() for one in some}
        owners |= {item.owner_id for place in places for item in place.items} - {None}
        owners |= {one.doctor_id for some in self.requests.values() for one in some}
        owners |= {one.answered_by_id for some in self.requests.values() for one in some} - {None}
        self.owners = dict(session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(owners))).all()) if owners else {}
        self._absent = Absent(session, self.owners, viewer.service_id or 0, now)
        said = {detail.get("message_id") for some in self.reasons.values() for detail in some}
        self.named = quotes.named(session, said | {task.message_id for task in tasks})
        self.judged = quotes.judged(session, alerts)
        self.figures = quotes.figures(session, [*self.named.values(), *(one for some in self.judged.values() for one in some)])
        self.shown = _shown_on_form(session, alerts)

    def _ids(self, kind: str) -> list[int]:
        return [number for one, number in self._names if one == kind]

    def _read_alerts(self, session: Session) -> dict[str, Alert]:
        still = select(Alert).where(Alert.id.in_(self._ids("alert")), Alert.state != AlertState.CLOSED)
        return {self._names["alert", alert.id]: alert for alert in session.scalars(still)}

    def _read(self, session: Session, kind: str, model: Any, still: ColumnElement[bool], *, order: Any) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = defaultdict(list)
        ids = self._ids(kind)
        rows = session.scalars(select(model).where(model.id.in_(ids), still).order_by(order, model.id)) if ids else ()
        for one in rows:
            found[self._names[kind, one.id]].append(one)
        return found

    def _read_reasons(self, session: Session, alerts: Sequence[Alert]) -> None:
        why = select(AlertEvent).where(
            AlertEvent.alert_id.in_([alert.id for alert in alerts]), AlertEvent.kind.in_((*REASONS, "handed_over"))
        )
        owned = {alert.id: alert.owner_id for alert in alerts if alert.state == AlertState.TAKEN}
        for event in session.scalars(why.order_by(AlertEvent.id.desc())):
            if event.kind == "handed_over":
                if event.detail.get("to_id") == owned.get(event.alert_id, 0) and event.actor != f"staff:{event.detail.get('to_id')}":
                    self.handed_by.setdefault(event.alert_id, event.actor_name)
                continue
            self.reasons[event.alert_id].append(event.detail)
            if event.kind == "merged" and not event.detail.get("together"):
                self.again.setdefault(event.alert_id, event.at)

    def held(self, place: Place) -> tuple[str, Gone | None]:
        """Who has the row, and why they do not see to it any more: its alert's owner; where no alert is open, who has what it shows.

        That nobody has to check whether help arrived must not hide behind the name of whoever makes tomorrow's call.
        """
        item = place.items[0]
        if item.kind != "alert":
            named = (one for one in place.items if one.owner_id in self.owners)
            item = place.lead if place.lead.level > Level.INFO else next(named, item)
        return self.owners.get(item.owner_id or 0, ""), abandoned(self._absent, item)

    def quote(self, alert: Alert | None, tasks: Sequence[Task]) -> Quote:
        """The words the row shows: those that raised it, of its check-in, or of its task; never those of another day."""
        details = self.reasons.get(alert.id, ()) if alert else ()
        told = [str(detail.get("said") or "") or self.named.get(detail.get("message_id") or 0) for detail in details]
        judged = self.judged.get(alert.id, []) if alert else []
        said = next((one for one in (*told, *(self.named.get(task.message_id or 0) for task in tasks), *judged) if one), None)
        heard = next((detail.get("dangers") or () for detail, one in zip(details, told, strict=True) if one), ())
        every = dict.fromkeys(str(code) for detail in details for code in detail.get("dangers") or ())
        also = tuple(code for code in every if code != ALARMING and code not in heard)
        if said is None or isinstance(said, str):
            return Quote(said or "", (), also)
        return Quote(said.body, tuple(self.figures.get(said.id, ())), also)


def _patients(session: Session, viewer: Viewer, ids: set[int | None] | set[int]) -> dict[int, Patient]:
    found = session.scalars(select(Patient).where(Patient.id.in_({one for one in ids if one}), visible_to(viewer)))
    return {patient.id: patient for patient in found}


def _drafts(session: Session, patients: Iterable[int]) -> dict[int, list[Contact]]:
    """Sheets of calls begun and not closed, by patient, oldest first."""
    found: dict[int, list[Contact]] = defaultdict(list)
    left = select(Contact).where(Contact.patient_id.in_(list(patients)), Contact.state == ContactState.DRAFT)
    for one in session.scalars(left.order_by(Contact.started_at, Contact.id)):
        found[one.patient_id].append(one)
    return found


def _shown_on_form(session: Session, alerts: Iterable[Alert]) -> dict[int | None, datetime]:
    said = aliased(Message)
    mine = (Message.alert_id.in_([alert.id for alert in alerts]), Message.purpose == Purpose.SAFETY, Message.body != "")
    on_form = select(Message.alert_id, func.max(Message.created_at)).join(said, said.id == Message.reply_to_id)
    return dict(session.execute(on_form.where(*mine, said.carrier == pages.FORM).group_by(Message.alert_id)).all())
