"""The nurse's ordered list: one row per patient, or per unknown number, with everything that is open for them. Plain SQL, no pandas.

Order (house rules, section 7 of the plan; A3): level; then what is past 75 % of its limit, least time left first; then worst score,
sum of scores, days without an answer. The order never hides a row and never lowers a level.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.alerts.models import Alert, AlertEvent, AlertState, Task
from app.checkins.models import AssessmentRow
from app.insight import quotes
from app.messaging import pages
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.people import absences, care_team
from app.people.models import Absence, Patient, Service, Staff
from app.people.perimeter import Viewer, visible_to
from triage.terms import Level

PRESSING = 0.75
"""Share of its limit after which an item comes first within its level."""

REASONS = ("raised", "risen", "merged", "reopened")
"""Events that say why an alert is open."""


@dataclass(frozen=True)
class Row:
    """One line. ``key``: "patient:12", or "number:+33…" for a sender nobody knows. ``level`` INFO: only tasks are open.

    reasons: details of the events that raised it, latest first. due_at: when a person must have acted, or until when it waits: the
    earliest of what is open.
    is_shared: it came from a telephone of several patients; among: those of them the viewer may see.
    worst, total: of the last judged check-in; None when nothing was ever judged. silent_days: whole days since the last text received.
    again: when another text last reported what is open once more. away: why the patient is not at home or not asked, as noted; a death too.
    shown_at: when the form showed the safety text of the alert, whatever became of the same text by SMS.
    """

    key: str
    level: Level
    due_at: datetime
    pressing: bool
    alert: Alert | None = None
    patient: Patient | None = None
    number: str = ""
    owner: str = ""
    tasks: tuple[Task, ...] = ()
    reasons: tuple[dict[str, Any], ...] = ()
    words: str = ""
    is_shared: bool = False
    among: tuple[Patient, ...] = ()
    scores: Mapping[str, int | None] = field(default_factory=dict)
    silent_days: int | None = None
    again: datetime | None = None
    away: tuple[Absence, ...] = ()
    shown_at: datetime | None = None

    @property
    def worst(self) -> int | None:
        """The highest score of the last judged check-in; unknown ones are left out, they are not zero."""
        return max((score for score in self.scores.values() if score is not None), default=None)

    @property
    def total(self) -> int:
        """The sum of the known scores."""
        return sum(score for score in self.scores.values() if score is not None)

    @property
    def loudest(self) -> list[tuple[str, int]]:
        """The high scores of an alert that answers raised, the highest first: 3 or 4; from 2 up when a 2 may be what raised it."""
        if self.alert is None or self.alert.kind != "assessment":
            return []
        least = 3 if self.level is Level.URGENT else 2
        known = [(key, score) for key, score in self.scores.items() if score is not None and score >= least]
        return sorted(known, key=lambda one: -one[1])

    @property
    def order(self) -> tuple[object, ...]:
        """What the list is sorted by."""
        left = self.due_at.timestamp() if self.pressing else 0.0
        worst = -1 if self.worst is None else self.worst
        return (-self.level, not self.pressing, left, -worst, -self.total, -(self.silent_days or 0), self.due_at, self.key)


def rows(session: Session, *, viewer: Viewer, now: datetime, key: str = "") -> list[Row]:
    """The whole list of the viewer's service in order, or the one row of ``key``; empty for whoever sees no alert."""
    service = session.get(Service, viewer.service_id) if viewer.service_id is not None and viewer.may("see_alerts") else None
    if service is None:
        return []
    alerts = _alerts(session, viewer, key)
    tasks = _tasks(session, viewer, key)
    patients = _patients(session, viewer, {*(a.patient_id for a in alerts.values()), *(t.patient_id for ts in tasks.values() for t in ts)})
    facts = _Facts(session, viewer, alerts.values(), [task for some in tasks.values() for task in some], patients)
    found = [_row(service, name, alerts.get(name), tasks.get(name, []), patients, facts, now) for name in {**alerts, **tasks}]
    return sorted(found, key=lambda row: row.order)


def row(session: Session, key: str, *, viewer: Viewer, now: datetime) -> Row | None:
    """Everything open for one patient or number; None when nothing is."""
    return next(iter(rows(session, viewer=viewer, now=now, key=key)), None)


def counts(found: Iterable[Row]) -> dict[Level, int]:
    """Rows per level, the tasks under INFO; what the top of the page says."""
    per_level = dict.fromkeys((Level.URGENT, Level.HIGH, Level.MODERATE, Level.INFO), 0)
    for one in found:
        per_level[one.level] += 1
    return per_level


def stamp(session: Session, service_id: int) -> str:
    """A short text that changes whenever the list may have changed: what the streams watch, one cheap query a second.

    Alerts by their events and stamps, tasks made and closed, messages received or whose delivery became known.
    """
    alerts = select(func.count(), func.sum(Alert.stamp), func.max(Alert.id)).where(Alert.service_id == service_id)
    events = select(func.max(AlertEvent.id)).join(Alert, Alert.id == AlertEvent.alert_id).where(Alert.service_id == service_id)
    tasks = select(func.count(), func.count(Task.closed_at), func.max(Task.id)).where(Task.service_id == service_id)
    heard = select(func.max(Message.id)).where(Message.service_id == service_id)
    parts = [*session.execute(alerts).one(), session.scalar(events), *session.execute(tasks).one(), session.scalar(heard)]
    return "-".join(str(part or 0) for part in parts)


def task_key(task: Task, address: str) -> str:
    """The row a task stands in: its patient's, or the number's it came from, or its own."""
    if task.patient_id is not None:
        return f"patient:{task.patient_id}"
    return f"number:{address}" if address else f"task:{task.id}"


def named_in(details: Iterable[Mapping[str, Any]]) -> list[int]:
    """The patients a text of a shared telephone may be about, as what it raised or made names them; each once, in that order."""
    named = [patient_id for detail in details for patient_id in detail.get("among") or ()]
    return list(dict.fromkeys(one for one in named if isinstance(one, int)))


def _mine(model: type[Alert] | type[Task], viewer: Viewer) -> list[ColumnElement[bool]]:
    """Rows of the viewer's service whose patient they may see; those without a patient belong to the service."""
    seen = select(Patient.id).where(visible_to(viewer))
    return [model.service_id == viewer.service_id, or_(model.patient_id.is_(None), model.patient_id.in_(seen))]


def _alerts(session: Session, viewer: Viewer, key: str) -> dict[str, Alert]:
    query = select(Alert).where(*_mine(Alert, viewer), Alert.state != AlertState.CLOSED)
    return {alert.subject: alert for alert in session.scalars(query.where(Alert.subject == key) if key else query)}


def _tasks(session: Session, viewer: Viewer, key: str) -> dict[str, list[Task]]:
    query = select(Task, Message.address).outerjoin(Message, Message.id == Task.message_id)
    found: dict[str, list[Task]] = defaultdict(list)
    for task, address in session.execute(query.where(*_mine(Task, viewer), Task.closed_at.is_(None)).order_by(Task.due_at, Task.id)):
        name = task_key(task, address or "")
        if not key or name == key:
            found[name].append(task)
    return found


def _patients(session: Session, viewer: Viewer, ids: set[int | None]) -> dict[int, Patient]:
    found = session.scalars(select(Patient).where(Patient.id.in_({one for one in ids if one}), visible_to(viewer)))
    return {patient.id: patient for patient in found}


class _Facts:
    """What the rows say beside alert and tasks, read for all rows at once."""

    def __init__(self, session: Session, viewer: Viewer, alerts: Iterable[Alert], tasks: list[Task], patients: dict[int, Patient]) -> None:
        alerts = list(alerts)
        self.reasons: dict[int, list[dict[str, Any]]] = defaultdict(list)
        self.again: dict[int, datetime] = {}
        self.away = absences.standing_of(session, patients)
        why = select(AlertEvent).where(AlertEvent.alert_id.in_([alert.id for alert in alerts]), AlertEvent.kind.in_(REASONS))
        for event in session.scalars(why.order_by(AlertEvent.id.desc())):
            self.reasons[event.alert_id].append(event.detail)
            if event.kind == "merged" and not event.detail.get("together"):
                self.again.setdefault(event.alert_id, event.at)
        details = [*(detail for some in self.reasons.values() for detail in some), *(task.detail for task in tasks)]
        self.sharing = _patients(session, viewer, set(named_in(details)))
        self.owners = dict(
            session.execute(
                select(Staff.id, Staff.name).where(Staff.id.in_({*(a.owner_id for a in alerts), *(t.owner_id for t in tasks)} - {None}))
            ).all()
        )
        self.scores = self._last_scores(session, patients)
        raised_by = select(AssessmentRow.id, AssessmentRow.result["scores"]).where(
            AssessmentRow.id.in_([alert.assessment_id for alert in alerts if alert.assessment_id is not None])
        )
        self.raised_on: dict[int, dict[str, int | None]] = {row_id: scores or {} for row_id, scores in session.execute(raised_by)}
        self.heard = self._last_texts(session, patients)
        said = {detail.get("message_id") for details in self.reasons.values() for detail in details}
        self.named = quotes.named(session, said | {task.message_id for task in tasks})
        self.judged = quotes.judged(session, alerts)
        self.shown = self._shown_on_form(session, alerts)

    @staticmethod
    def _shown_on_form(session: Session, alerts: Iterable[Alert]) -> dict[int | None, datetime]:
        said = aliased(Message)
        mine = (Message.alert_id.in_([alert.id for alert in alerts]), Message.purpose == Purpose.SAFETY, Message.body != "")
        on_form = select(Message.alert_id, func.max(Message.created_at)).join(said, said.id == Message.reply_to_id)
        return dict(session.execute(on_form.where(*mine, said.carrier == pages.FORM).group_by(Message.alert_id)).all())

    @staticmethod
    def _last_scores(session: Session, patients: dict[int, Patient]) -> dict[int, dict[str, int | None]]:
        last = select(func.max(AssessmentRow.id)).where(AssessmentRow.patient_id.in_(patients)).group_by(AssessmentRow.patient_id)
        found = session.execute(select(AssessmentRow.patient_id, AssessmentRow.result["scores"]).where(AssessmentRow.id.in_(last)))
        return {patient_id: scores or {} for patient_id, scores in found}

    def scores_of(self, patient_id: int | None, alert: Alert | None) -> dict[str, int | None]:
        """The last scores; a check-in left without any since does not take those away that raised the alert."""
        last = self.scores.get(patient_id or 0, {})
        known = any(score is not None for score in last.values())
        return last if known or alert is None else self.raised_on.get(alert.assessment_id or 0, last)

    @staticmethod
    def _last_texts(session: Session, patients: dict[int, Patient]) -> dict[int, datetime]:
        mine = (Message.patient_id.in_(patients), Message.direction == "in", pages.worded())
        last = select(func.max(Message.id)).where(*mine).group_by(Message.patient_id)
        found = session.execute(select(Message.patient_id, Message.created_at).where(Message.id.in_(last)))
        return {patient_id: at for patient_id, at in found if patient_id is not None}

    def quote(self, alert: Alert | None, tasks: list[Task]) -> str:
        """The words the row shows: those that raised it, of its check-in, or of its task; never those of another day."""
        details = self.reasons.get(alert.id, ()) if alert else ()
        named = [self.named.get(one or 0) for one in (*(detail.get("message_id") for detail in details), *(t.message_id for t in tasks))]
        judged = self.judged.get(alert.id, []) if alert else []
        return next((message.body for message in (*named, *judged) if message is not None), "")


def _row(
    service: Service, name: str, alert: Alert | None, tasks: list[Task], patients: dict[int, Patient], facts: _Facts, now: datetime
) -> Row:
    patient_id = alert.patient_id if alert else tasks[0].patient_id
    reasons = facts.reasons.get(alert.id, []) if alert else []
    among = named_in([*reasons, *(task.detail for task in tasks)]) if patient_id is None else []
    patient = patients.get(patient_id or 0)
    if alert is not None:
        level, began, due = Level.of(alert.level), alert.raised_at, alert.respond_by
    else:
        level, began, due = Level.INFO, tasks[0].created_at, tasks[0].due_at
    waits = alert is not None and alert.state == AlertState.WAITING
    if waits and alert is not None and alert.next_step_at is not None:
        due = alert.next_step_at
    due = min([due, *(task.due_at for task in tasks)])  # a call promised for 13 h stands in the row, not the alert's tomorrow
    heard = facts.heard.get(patient_id or 0) or (patient.created_at if patient else None)
    return Row(
        key=name,
        level=level,
        due_at=due,
        pressing=not waits and _share(service, level, began, due, now) >= PRESSING,
        alert=alert,
        patient=patient,
        number=name.removeprefix("number:") if name.startswith("number:") else "",
        owner=facts.owners.get(alert.owner_id or 0, "") if alert else _task_owner(tasks, facts),
        tasks=tuple(tasks),
        reasons=tuple(reasons),
        words=facts.quote(alert, tasks),
        is_shared=bool(among),
        shown_at=facts.shown.get(alert.id) if alert else None,
        among=tuple(facts.sharing[one] for one in among if one in facts.sharing),
        scores=facts.scores_of(patient_id, alert),
        silent_days=(now - heard).days if heard else None,
        again=facts.again.get(alert.id) if alert else None,
        away=tuple(facts.away.get(patient_id or 0, ())),
    )


def _task_owner(tasks: list[Task], facts: _Facts) -> str:
    """Whose the first owned task is: an overdue call has been given to somebody."""
    return next((facts.owners[task.owner_id] for task in tasks if task.owner_id in facts.owners), "")


def _share(service: Service, level: Level, began: datetime, due: datetime, now: datetime) -> float:
    """How much of the limit has passed, 0 to 1 and over; urgent in clock time, the others in service hours."""
    if now >= due:
        return 1.0
    if level is Level.URGENT:
        return (now - began) / (due - began)
    whole = _service_time(service, began, due)
    return _service_time(service, began, now) / whole if whole else 0.0


def _service_time(service: Service, start: datetime, end: datetime) -> timedelta:
    """Opening time between two instants; looked for over two weeks."""
    zone = ZoneInfo(service.timezone)
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    total = timedelta(0)
    for offset in range(min((last - day).days, care_team.HORIZON_DAYS) + 1):
        for opens, closes in care_team.spans_of(service, day + timedelta(days=offset)):
            total += max(timedelta(0), min(closes, end) - max(opens, start))
    return total
