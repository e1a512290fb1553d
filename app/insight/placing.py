"""The order of the list, the same for the screen, the interface and the tests (house rules, section 7 of the plan; A3).

Level; among urgent ones what nobody sees to, nearest its limit first; then what is past 75 % of its limit, least time left first, and
with it, from its start, whether help that was sent arrived: 30 minutes are all it has; then worst score, sum of scores, days without an
answer. The order never hides a row and never lowers a level.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, bindparam, func, select
from sqlalchemy.orm import Session

from app.checkins.models import AssessmentRow
from app.insight import open_items
from app.insight.gone import Absent
from app.insight.open_items import Item
from app.messaging import pages
from app.messaging.models import Message
from app.people import care_team
from app.people.models import Patient, Service
from app.people.perimeter import Viewer
from triage.terms import Level

PRESSING = 0.75
"""Share of its limit after which an item comes first within its level (house rule, 2026-11-22)."""

Scores = Mapping[str, int | None]
KEPT = func.coalesce(AssessmentRow.scores, AssessmentRow.result["scores"])


@dataclass(frozen=True)
class Place:
    """Where a row stands. ``key``: "patient:12", or "number:+33…" for a sender nobody knows. ``level`` INFO: no alert is open.

    lead: the open item whose level and hour the row shows. hurried: those of the items that press. worst, total: of
    the last judged check-in; worst None when nothing was ever judged. silent_days: whole days since the last text received. alone: an
    urgent alert in it is nobody's, or its owner does not see to it any more.
    """

    key: str
    patient_id: int | None
    lead: Item
    hurried: tuple[Item, ...]
    items: tuple[Item, ...]
    scores: Scores = field(default_factory=dict)
    silent_days: int | None = None
    alone: bool = False

    @property
    def level(self) -> Level:
        """Of the gravest item."""
        return self.lead.level

    @property
    def due_at(self) -> datetime:
        """When a person must have acted on that item, or until when it waits."""
        return self.lead.due_at

    @property
    def count(self) -> int:
        """How many things are open in the row: each is one line of the handover."""
        return len(self.items)

    @property
    def pressing(self) -> bool:
        """Is anything in the row past 75 % of its limit, or pressing from its start?"""
        return bool(self.hurried)

    @property
    def worst(self) -> int | None:
        """The highest score; unknown ones are left out, they are not zero."""
        return max((score for score in self.scores.values() if score is not None), default=None)

    @property
    def total(self) -> int:
        """The sum of the known scores."""
        return sum(score for score in self.scores.values() if score is not None)

    @property
    def _danger(self) -> tuple[bool, float]:
        """Among the urgent rows: one with an alert that nobody sees to first, then the nearest limit; the same for every other row."""
        return not self.alone, min((item.due_at.timestamp() for item in self.items if _is_grave(item)), default=0.0)

    @property
    def order(self) -> tuple[object, ...]:
        """What the list is sorted by."""
        left = min((item.due_at.timestamp() for item in self.hurried), default=0.0)
        worst = -1 if self.worst is None else self.worst
        return (-self.level, *self._danger, not self.pressing, left, -worst, -self.total, -(self.silent_days or 0), self.due_at, self.key)


def of_viewer(session: Session, service: Service, viewer: Viewer, now: datetime, key: str = "") -> list[Place]:
    """Every row of the viewer's list in order, or the one row of ``key``."""
    found = open_items.of_viewer(session, viewer, now, key)
    clock = _ServiceTime(service)
    people = {items[0].patient_id for items in found.values() if items[0].patient_id is not None}
    known = _known(session, people)
    scores = {patient_id: one.scores or {} for patient_id, one in known.items()}
    raised_on = _raised_on(session, [item.assessment_id for items in found.values() for item in items], scores)
    absent = Absent(session, {item.owner_id for items in found.values() for item in items if _is_grave(item)}, service.id, now)
    places = []
    for name, items in found.items():
        patient_id = items[0].patient_id
        hurried = [item for item in items if _hurries(clock, item, now)]
        last = scores.get(patient_id or 0, {})
        if not any(score is not None for score in last.values()):
            last = raised_on.get(items[0].assessment_id or 0, last)  # a check-in left without any since does not take them away
        silent = (now - known[patient_id].heard_at).days if patient_id in known else None
        alone = any(_is_grave(item) and item.kind == "alert" and _is_alone(absent, item) for item in items)
        places.append(Place(name, patient_id, lead(items), tuple(hurried), tuple(items), last, silent, alone))
    return sorted(places, key=lambda place: place.order)


def _hurries(clock: _ServiceTime, item: Item, now: datetime) -> bool:
    """Is it past 75 % of its limit, or does it press from its start? What waits never does."""
    return not item.waits and (item.hurries or clock.share(item.level, item.began, item.due_at, now) >= PRESSING)


def _is_grave(item: Item) -> bool:
    return item.level is Level.URGENT and not item.waits


def _is_alone(absent: Absent, item: Item) -> bool:
    """A name of somebody who is not there is not a pair of eyes: what was left or handed to them stands with what nobody took."""
    return item.owner_id is None or open_items.abandoned(absent, item) is not None


def lead(items: Sequence[Item]) -> Item:
    """The item that a row, and the panel beside it, show: the gravest; of equals what is ours to do before what waits; an urgent alert due
    sooner than all else; a doctor's answer that the patient waits to be told before the alert that made a nurse ask; then the soonest.

    Level and hour are those of one and the same item: the hour of a late call beside the word of an alert told nobody what was late.
    """

    def order(item: Item) -> tuple[object, ...]:
        answered_first = item.level is not Level.URGENT and item.kind != "request"  # in a danger the clock decides, and the alert of a tie
        return (-item.level, item.waits, answered_first, item.due_at, item.kind == "request")

    return min(items, key=order)


class _Known(NamedTuple):
    """Of one patient: the scores of their last judgement, None without any; their last text, or since when one could have come."""

    scores: Scores | None
    heard_at: datetime


def _known(session: Session, people: Iterable[int]) -> dict[int, _Known]:
    """Each patient's last judgement and last text, found by the end of an index: years of history cost the list nothing."""
    judged = (
        select(AssessmentRow.id).where(AssessmentRow.patient_id == Patient.id).order_by(AssessmentRow.at.desc(), AssessmentRow.id.desc())
    )
    said = (Message.patient_id == Patient.id, Message.direction == "in", pages.worded())
    heard = select(Message.created_at).where(*said).order_by(Message.created_at.desc()).limit(1).correlate(Patient).scalar_subquery()
    last = AssessmentRow.id == judged.limit(1).correlate(Patient).scalar_subquery()
    # As figures in the statement: a thousand placeholders would cost more than the reading.
    ids: BindParameter[list[int]] = bindparam("people", sorted(people), expanding=True, literal_execute=True)
    query = select(Patient.id, KEPT, func.coalesce(heard, Patient.created_at)).outerjoin(AssessmentRow, last).where(Patient.id.in_(ids))
    return {patient_id: _Known(scores, at) for patient_id, scores, at in session.execute(query)}


def _raised_on(session: Session, ids: Iterable[int | None], last: Mapping[int, Scores]) -> dict[int, Scores]:
    """Of the judgements that raised alerts, read only where the patient's last one says nothing."""
    silent = [patient_id for patient_id, scores in last.items() if all(score is None for score in scores.values())]
    wanted = AssessmentRow.id.in_([one for one in ids if one is not None]), AssessmentRow.patient_id.in_(silent)
    found = session.execute(select(AssessmentRow.id, KEPT).where(*wanted)) if silent else ()
    return {row_id: scores or {} for row_id, scores in found}


class _ServiceTime:
    """Time as a service counts it, each day's hours looked up once."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.zone = ZoneInfo(service.timezone)
        self._spans: dict[date, list[tuple[datetime, datetime]]] = {}

    def share(self, level: Level, began: datetime, due: datetime, now: datetime) -> float:
        """How much of the limit has passed, 0 to 1 and over; urgent in clock time, the others in service hours."""
        if now >= due:
            return 1.0
        if level is Level.URGENT:
            return (now - began) / (due - began)
        whole = self.between(began, due)
        return self.between(began, now) / whole if whole else 0.0

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Opening time between two instants; looked for over two weeks."""
        day, last = start.astimezone(self.zone).date(), end.astimezone(self.zone).date()
        total = timedelta(0)
        for offset in range(min((last - day).days, care_team.HORIZON_DAYS) + 1):
            for opens, closes in self._of(day + timedelta(days=offset)):
                total += max(timedelta(0), min(closes, end) - max(opens, start))
        return total

    def _of(self, day: date) -> list[tuple[datetime, datetime]]:
        if day not in self._spans:
            self._spans[day] = care_team.spans_of(self.service, day)
        return self._spans[day]
