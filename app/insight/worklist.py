"""The nurse's ordered list: one row per patient, or per unknown number, with everything that is open for them. Plain SQL, no pandas.

``places`` orders everything from narrow reads; ``rows`` builds whole rows, of all of them or of a part. One order for both: placing.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertEvent, DoctorRequest, Task
from app.care.contact_models import CityTask, Contact, ContactState
from app.care.models import PlannedCall
from app.checkins.models import AnswerRow
from app.insight import placing
from app.insight.facts import REASONS, Facts
from app.insight.gone import Gone
from app.insight.open_items import named_in, task_key
from app.insight.placing import PRESSING, Place
from app.messaging.models import Message
from app.people.models import Absence, Patient, Service
from app.people.perimeter import Viewer
from triage.terms import Level

__all__ = ["PRESSING", "REASONS", "Place", "Row", "counts", "named_in", "places", "row", "rows", "stamp", "task_key"]


@dataclass(frozen=True)
class Row:
    """One line: its place in the order, and what is shown of it.

    gone: why its owner does not see to it any more.
    drafts: sheets of calls begun and not closed, whoever began them.
    people: names of those whom its requests and calls concern, and who began its drafts.
    handed_by: who gave its alert to its owner, who has done nothing yet.
    reasons: details of the events that raised its alert, latest first. is_shared: it came from a telephone of several patients; among:
    those of them the viewer may see. again: when another text last reported what is open once more. away: why the patient is not at home
    or not asked, as noted; a death too. shown_at: when the form showed the safety text of the alert, whatever became of the same by SMS.
    """

    place: Place
    alert: Alert | None = None
    patient: Patient | None = None
    owner: str = ""
    gone: Gone | None = None
    tasks: tuple[Task, ...] = ()
    calls: tuple[PlannedCall, ...] = ()
    requests: tuple[DoctorRequest, ...] = ()
    city: tuple[CityTask, ...] = ()
    drafts: tuple[Contact, ...] = ()
    people: Mapping[int, str] = field(default_factory=dict)
    handed_by: str = ""
    reasons: tuple[dict[str, Any], ...] = ()
    words: str = ""
    figures: tuple[AnswerRow, ...] = ()
    """What the words answered, where they are figures alone."""
    also: tuple[str, ...] = ()
    """Codes of the dangers that other words of the same alert told."""
    is_shared: bool = False
    among: tuple[Patient, ...] = ()
    again: datetime | None = None
    away: tuple[Absence, ...] = ()
    shown_at: datetime | None = None
    since: frozenset[int] = frozenset()
    """Requests after whose answer something grave came."""

    @property
    def key(self) -> str:
        """Which row it is: "patient:12", or "number:+33…" for a sender nobody knows."""
        return self.place.key

    @property
    def level(self) -> Level:
        """Of the gravest item open in it: an alert, or an answer that the patient waits to be told; INFO when neither is."""
        return self.place.level

    @property
    def due_at(self) -> datetime:
        """When a person must have acted on that same item, or until when it waits."""
        return self.place.due_at

    @property
    def pressing(self) -> bool:
        """Is anything in it past 75 % of its limit?"""
        return self.place.pressing

    @property
    def is_hurried(self) -> bool:
        """Is the item whose hour it shows?"""
        return self.place.lead in self.place.hurried

    @property
    def silent_days(self) -> int | None:
        """Whole days since the last text received."""
        return self.place.silent_days

    @property
    def worst(self) -> int | None:
        """The highest score of the last judged check-in."""
        return self.place.worst

    @property
    def total(self) -> int:
        """The sum of the known scores."""
        return self.place.total

    @property
    def number(self) -> str:
        """The number nobody knows, "" for a patient's row."""
        return self.key.removeprefix("number:") if self.key.startswith("number:") else ""

    @property
    def stamp(self) -> str:
        """Changes with everything open in the row; a panel beside the list compares it with its own to know that it is old."""
        tasks = ".".join(str(task.id) for task in sorted(self.tasks, key=lambda one: one.id))
        others: list[PlannedCall | DoctorRequest | CityTask] = [*self.calls, *self.requests, *self.city]
        beside = ".".join(f"{one.id}:{one.stamp}" for one in others)
        first = f"{self.alert.id}-{self.alert.stamp}" if self.alert else ""
        return f"{first}-{tasks}-{beside}"

    @property
    def loudest(self) -> list[tuple[str, int]]:
        """The high scores of an alert that answers raised, the highest first: 3 or 4; from 2 up when a 2 may be what raised it."""
        if self.alert is None or self.alert.kind != "assessment":
            return []
        least = 3 if self.level is Level.URGENT else 2
        known = [(key, score) for key, score in self.place.scores.items() if score is not None and score >= least]
        return sorted(known, key=lambda one: -one[1])


def places(session: Session, *, viewer: Viewer, now: datetime, key: str = "") -> list[Place]:
    """Where every row of the viewer's list stands, in order; nothing for whoever sees no alert."""
    service = session.get(Service, viewer.service_id) if viewer.service_id is not None and viewer.may("see_alerts") else None
    return placing.of_viewer(session, service, viewer, now, key) if service else []


def rows(session: Session, *, viewer: Viewer, now: datetime, key: str = "", of: Sequence[Place] | None = None) -> list[Row]:
    """The whole list of the viewer's service in order, the one row of ``key``, or those of the places given.

    What somebody closed between the look at the places and this one is left out.
    """
    wanted = places(session, viewer=viewer, now=now, key=key) if of is None else of
    if not wanted:
        return []
    facts = Facts(session, viewer, wanted, now)
    found = (_row(place, facts) for place in wanted)
    return [row for row in found if row.alert is not None or row.tasks or row.calls or row.requests or row.city]


def row(session: Session, key: str, *, viewer: Viewer, now: datetime) -> Row | None:
    """Everything open for one patient or number; None when nothing is."""
    return next(iter(rows(session, viewer=viewer, now=now, key=key)), None)


def counts(found: Iterable[Row] | Iterable[Place]) -> dict[Level, int]:
    """Rows per level, the tasks under INFO; what the top of the page says."""
    per_level = dict.fromkeys((Level.URGENT, Level.HIGH, Level.MODERATE, Level.INFO), 0)
    for one in found:
        per_level[one.level] += 1
    return per_level


def stamp(session: Session, service_id: int) -> str:
    """A short text that changes whenever the list may have changed: what the streams watch, one cheap query a second.

    Alerts by their events and stamps, tasks made and closed, messages received or whose delivery became known; calls and requests by
    their stamps, sheets begun and closed by their number.
    """
    alerts = select(func.count(), func.sum(Alert.stamp), func.max(Alert.id)).where(Alert.service_id == service_id)
    events = select(func.max(AlertEvent.id)).join(Alert, Alert.id == AlertEvent.alert_id).where(Alert.service_id == service_id)
    tasks = select(func.count(), func.count(Task.closed_at), func.max(Task.id)).where(Task.service_id == service_id)
    heard = select(func.max(Message.id)).where(Message.service_id == service_id)
    parts = [*session.execute(alerts).one(), session.scalar(events), *session.execute(tasks).one(), session.scalar(heard)]
    begun = select(func.count(), func.max(Contact.id)).where(Contact.service_id == service_id, Contact.state == ContactState.DRAFT)
    parts += session.execute(begun).one()
    for model in (PlannedCall, DoctorRequest, CityTask):
        parts += session.execute(select(func.sum(model.stamp), func.max(model.id)).where(model.service_id == service_id)).one()
    return "-".join(str(part or 0) for part in parts)


def _row(place: Place, facts: Facts) -> Row:
    alert = facts.alerts.get(place.key)
    tasks = facts.tasks.get(place.key, [])
    reasons = facts.reasons.get(alert.id, []) if alert else []
    among = named_in([*reasons, *(task.detail for task in tasks)]) if place.patient_id is None else []
    owner, gone = facts.held(place)
    quote = facts.quote(alert, [one for one in tasks if place.lead.kind != "task" or one.id == place.lead.id])
    return Row(
        place=place,
        alert=alert,
        patient=facts.patients.get(place.patient_id or 0),
        owner=owner,
        gone=gone,
        tasks=tuple(tasks),
        calls=tuple(facts.calls.get(place.key, ())),
        requests=tuple(facts.requests.get(place.key, ())),
        city=tuple(facts.city.get(place.key, ())),
        drafts=tuple(facts.drafts.get(place.patient_id or 0, ())),
        people=facts.owners,
        handed_by=facts.handed_by.get(alert.id, "") if alert else "",
        reasons=tuple(reasons),
        words=quote.words,
        figures=quote.figures,
        also=quote.also,
        is_shared=bool(among),
        among=tuple(facts.sharing[one] for one in among if one in facts.sharing),
        again=facts.again.get(alert.id) if alert else None,
        away=tuple(facts.away.get(place.patient_id or 0, ())),
        shown_at=facts.shown.get(alert.id) if alert else None,
        since=facts.since,
    )
