"""The rows of the list, their tasks and clocks in the reader's words: whole sentences from templates, never glued fragments.

The story of an alert is told in telling.py, names and answers in naming.py; all are reached from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from app.alerts import admission, arrival, since_answer
from app.alerts.models import AlertState, DoctorRequest, Task
from app.alerts.raising import level_of
from app.care.contact_models import CityTask, Contact
from app.care.models import CallState, PlannedCall
from app.insight.gone import Gone
from app.insight.open_items import Item
from app.insight.worklist import Row
from app.people import absences, pauses
from app.people.models import Absence
from app.web.doctor import wording
from app.web.patient import callers
from app.web.ward.telling import Telling, gravity, valued
from triage import calendar
from triage.terms import Level

__all__ = ["Saying", "gravity", "level_of"]

One = TypeVar("One", PlannedCall, DoctorRequest, CityTask, Task)


def _only(found: Sequence[One], number: int) -> tuple[One, ...]:
    return tuple(one for one in found if one.id == number)


class Saying(Telling):
    """Puts rows in words for one page. ``protocol``: names the questions; without it a key is shown by its own word."""

    def headline(self, row: Row) -> str:
        """The one line of the list: of the item that makes its place, why the alert is open, or what is to be done."""
        return self.item(row, row.place.lead) or next(iter(self._others(row)), "")

    def item(self, row: Row, item: Item) -> str:
        """One open thing of a row in a few words; "" for what was closed meanwhile."""
        if item.kind == "alert":
            if row.alert is None:
                return ""
            return self.gravest(row.reasons) if row.reasons else self.kind(row.alert.kind)
        part = replace(
            row,
            calls=_only(row.calls, item.id if item.kind == "call" else 0),
            requests=_only(row.requests, item.id if item.kind == "request" else 0),
            city=_only(row.city, item.id if item.kind == "city" else 0),
            tasks=_only(row.tasks, item.id if item.kind == "task" else 0),
        )
        return next(iter([*self.beside(part), *(self.task(task, row.away) for task in part.tasks)]), "")

    def gravest(self, details: Sequence[Mapping[str, Any]]) -> str:
        """Why an alert is open, in one line: the gravest reason, and every other danger or grave value that was told, each once."""
        worst = max(details, key=gravity, default={})
        codes = dict.fromkeys(str(code) for detail in details for code in detail.get("dangers") or ())
        said, named = [self.why({**worst, "dangers": list(codes)} if worst.get("dangers") else worst)[0]], set(valued(worst))
        for detail in details:
            if level_of(detail) is Level.URGENT and not named.issuperset(kinds := valued(detail)):
                said, named = [*said, self.why(detail)[0]], named | kinds
        return " · ".join(said)

    def _others(self, row: Row) -> list[str]:
        """What is open in a row beside the item that makes its place, each with its own hour; a planned call says its own already."""
        found = []
        for one in row.place.items:
            said = self.item(row, one) if one != row.place.lead else ""
            if said and one.kind not in ("call", "city"):
                said = self.page.say("list.with_clock", what=said, left=self.clock(one))
            found += [self._whose(row, one, said)] * bool(said)
        return found

    def _whose(self, row: Row, item: Item, said: str) -> str:
        """With its owner's name where that is not whom the row names: of two people for one patient, each knows who calls for what."""
        name = row.people.get(item.owner_id or 0, "") if item.kind in ("alert", "task", "call") else ""
        if not name or name == row.owner:
            return said
        mine = self.page.who is not None and item.owner_id == self.page.who.staff_id
        return self.page.say("list.with_owner", what=said, who=self.page.say("list.mine") if mine else name)

    def quoted(self, row: Row) -> str:
        """The words a row shows; figures as what they answered."""
        return self.figures(row.figures) if row.figures else row.words

    def tags(self, row: Row) -> list[str]:
        """What must be known before calling, and what else is open."""
        say, patient = self.page.say, row.patient
        found = [say("list.again", when=self.page.formats.at(row.again))] if row.again else []
        found += [self.gone(row.owner, row.gone)] if row.gone and row.owner and not self._is_mine(row) else []
        running = {draft.id for call in row.calls if (draft := self._begun(row, call))}
        found += [self._draft(row, one) for one in row.drafts if one.id not in running]
        found += [self.wrote(told[-1]) for task in row.tasks if (told := task.detail.get(arrival.WROTE))]
        found += [self.not_yet(told[-1]) for task in row.tasks if (told := task.detail.get(admission.NOT_YET))]
        found += [self.away(one, row.requests, row.tasks) for one in row.away]
        found += [self._nobody(row)] if row.number else []
        if patient is not None and patient.answered_by == "respondent":
            found.append(say("list.relative_answers"))
        if patient is not None and patient.language != self.page.spoken:
            key = f"language.{patient.language}"
            found.append(say(key) if self.page.has(key) else patient.language)
        if patient is not None and pauses.holds(patient, calendar.local_day(self.page.now, patient.timezone)):
            day = self.page.formats.day(patient.silence_paused_until) if patient.silence_paused_until else ""
            found.append(say("absence.paused_until", day=day, why=patient.silence_pause_reason))
        return list(dict.fromkeys([*found, *self._others(row)]))

    def wrote(self, one: Mapping[str, str]) -> str:
        """What came by text while it is checked that help arrived, with its hour."""
        return self.page.say("task.wrote", when=self.page.formats.at(datetime.fromisoformat(one["at"])), words=one["words"])

    def not_yet(self, one: Mapping[str, str]) -> str:
        """That somebody told to come to hospital had not, as whoever asked wrote it."""
        when = self.page.formats.at(datetime.fromisoformat(one["at"]))
        return self.page.say("task.not_yet", when=when, who=one["who"], words=one["words"])

    def beside(self, row: Row) -> list[str]:
        """Calls planned, answers waited for or to be told, what the city has not done: each in a few words."""
        say, f = self.page.say, self.page.formats
        begun = [(one, self._begun(row, one)) for one in row.calls]
        found = [self._draft(row, draft) if draft else say(f"list.call.{one.state}", when=f.when(one.due_at)) for one, draft in begun]
        for one in row.requests:
            graver = Level.of(one.level) < row.level
            doctor = row.people.get(one.answered_by_id or one.doctor_id, "")
            found.append(wording.in_list(self.page, one, doctor, graver=graver, news=one.id in row.since))
        return found + [say("list.city")] * bool(row.city)

    @staticmethod
    def _begun(row: Row, call: PlannedCall) -> Contact | None:
        """The sheet begun for a planned call, which is said in its place; one missed since, the next day, is told for itself."""
        mine = (one for one in row.drafts if one.planned_call_id == call.id)
        return next(mine, None) if call.state != CallState.MISSED else None

    def _draft(self, row: Row, one: Contact) -> str:
        return self.page.say("list.draft", when=self.page.formats.at(one.started_at), name=row.people.get(one.by_id, "?"))

    def gone(self, name: str, gone: Gone) -> str:
        """Why the owner of something does not see to it any more; the handover says it in the same words."""
        f = self.page.formats
        when, comes = f.stamp(gone.ended) if gone.ended else "", f.at(gone.comes) if gone.comes else ""
        key = gone.why if not comes else f"{gone.why}_comes" if when else "not_yet"
        return self.page.say(f"handover.owner.{key}", name=name, when=when, comes=comes)

    def is_call(self, row: Row) -> bool:
        """Is it a call of somebody unknown, who gave no number?"""
        return callers.is_call(row.key, row.tasks)

    def _nobody(self, row: Row) -> str:
        """Why a row bears a number instead of a name: nobody has it, or several people do, and who."""
        if not row.is_shared:
            return self.page.say("list.unknown_number")
        return self.page.say("list.shared_number", names=", ".join(one.full_name for one in row.among))

    def why_of(self, task: Task, away: Sequence[Absence]) -> str:
        """Why there is a task: a death that has been taken back since is no longer noted."""
        why = str(task.detail.get("why", ""))
        return "death_undone" if why == "noted_dead" and absences.death(away) is None else why

    def task(self, task: Task, away: Sequence[Absence] = ()) -> str:
        """What a task asks for."""
        planned = task.key.startswith("ask_by_telephone:")  # nobody asked for this call: it is how the questions are asked
        first = f"task.first.{'asked_by_telephone' if planned else self.why_of(task, away)}"
        return self.page.say(first if self.page.has(first) else f"task.{task.kind}", **self._named(task))

    def _named(self, task: Task) -> dict[str, str]:
        """A result; the hours and the person that a task about the rota names; the last day of a prescription that ends."""
        if "result" in task.detail:
            return {"what": self.result(task.detail["result"])}
        if task.kind.startswith("watching_") and "until" in task.detail:
            return {"until": self.page.formats.day(date.fromisoformat(task.detail["until"]))}
        named = {"begins": task.detail.get("from"), "until": task.detail.get("until")} if task.kind.startswith("rota_") else {}
        hours = {name: self.page.formats.when(datetime.fromisoformat(str(at))) for name, at in named.items() if at}
        return {**hours, "name": str(task.detail.get("name", ""))} if named else {}

    def away(self, one: Absence, requests: Iterable[DoctorRequest] = (), checks: Iterable[Task] = ()) -> str:
        """Where the patient is, or that they are dead, with the days; of a stay that one of these orders and nobody told, or whose arrival
        one of these tasks checks, that."""
        if since_answer.waits_to_be_admitted(requests, one.id):
            return self.page.say("treatment.stay_untold")
        if admission.waits(checks, one.id):
            return self.page.say("treatment.stay_told")
        say, day = self.page.say, self.page.formats.day
        if one.kind not in absences.STAYS:
            span = say("absence.on", day=day(one.from_day))
        elif one.until_day is None:
            span = say("absence.from_open", first=day(one.from_day))
        else:
            span = say("absence.from_until", first=day(one.from_day), last=day(one.until_day))
        return say("absence.stands", what=say(f"absence.kind.{one.kind}"), span=span)

    def left(self, row: Row) -> str:
        """The clock of the item that makes the row's place; in the list as in the panel."""
        return self.clock(row.place.lead)

    def clock_of(self, row: Row | None, kind: str, number: int) -> str:
        """The same for one thing of a row by its kind and number; "" where it is not open."""
        return next((self.clock(one) for one in (row.place.items if row else ()) if (one.kind, one.id) == (kind, number)), "")

    def clock(self, item: Item) -> str:
        """How long is left for one open thing, until when it waits, or by how much its limit has passed."""
        f, now = self.page.formats, self.page.now
        if item.kind == "alert" and item.waits:
            return self.page.say("list.waits_until", when=f.at(item.due_at))
        if timedelta(0) <= now - item.due_at < timedelta(minutes=1):
            return self.page.say("list.due_now")
        if item.due_at < now:
            return self.page.say("list.late", span=f.span(now - item.due_at))
        if f.days_from_now(item.due_at) == 0:
            return self.page.say("list.left", span=f.span(item.due_at - now))
        return self.page.say("list.before", when=f.when(item.due_at))

    def holder(self, row: Row) -> str:
        """Who has it; of somebody who is not there any more, that it is to be taken back: who that was stands in the tags."""
        if self._is_new(row):
            return self.page.say("list.to_take")
        if self._is_mine(row):
            return self.page.say("list.handed", name=row.handed_by) if row.handed_by else self.page.say("list.mine")
        if row.gone is not None:
            return self.page.say("list.take_back")
        return row.owner or self.page.say("list.to_do")

    def is_theirs(self, row: Row) -> bool:
        """Does a colleague who is there see to it? Nobody else's next one, then."""
        return bool(row.owner) and row.gone is None and row.owner != self.page.viewer.actor.name and not self._is_new(row)

    @staticmethod
    def _is_new(row: Row) -> bool:
        return row.alert is not None and row.alert.state == AlertState.NEW

    def _is_mine(self, row: Row) -> bool:
        return self.page.who is not None and row.alert is not None and row.alert.owner_id == self.page.who.staff_id
