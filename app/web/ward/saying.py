"""Alerts, tasks and their stories in the reader's words: whole sentences from templates, never glued fragments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from app.alerts.models import Alert, AlertEvent, AlertState, DoctorRequest, Task
from app.care.contact_models import CityTask
from app.care.models import PlannedCall
from app.core.audit import AuditRow
from app.insight.open_items import Item
from app.insight.quotes import SILENT
from app.insight.worklist import REASONS, Row
from app.messaging import pages
from app.messaging.models import Message
from app.people import absences, numbers, pauses
from app.people.models import Absence, Patient
from app.protocols import looks, scales
from app.treatment.models import IntakeReport
from app.web.doctor import wording
from app.web.render import Page
from triage import calendar
from triage.protocol import Protocol
from triage.terms import ALARMING, DANGERS, Level, Step


def _in_vain(event: AlertEvent) -> bool:
    return event.kind == "stepped" and not event.detail.get("reached")


One = TypeVar("One", PlannedCall, DoctorRequest, CityTask, Task)


def _only(found: Sequence[One], number: int) -> tuple[One, ...]:
    return tuple(one for one in found if one.id == number)


def level_of(detail: Mapping[str, Any]) -> Level:
    """The level of the reason that an event tells, which may be milder than its alert's."""
    parts = str(detail.get("signature", "")).split("|")
    return Level.of(parts[1]) if len(parts) > 1 else Level.NONE


def gravity(detail: Mapping[str, Any]) -> tuple[Level, bool, bool]:
    """What a reason is ranked by: its level; something said before nothing said (a silence hides no diarrhoea); a danger by its name."""
    return level_of(detail), detail.get("kind") not in SILENT, bool(detail.get("dangers"))


@dataclass(frozen=True)
class Saying:
    """Puts rows in words for one page. ``protocol``: names the questions; without it a key is shown by its own word."""

    page: Page
    protocol: Protocol | None = None

    def name(self, key: str) -> str:
        """A question by its full name on screens: the protocol's own, else the library's, else its key."""
        question = self.protocol.questions.get(key) if self.protocol else None
        if question is not None:
            return question.name[self.page.language]
        return self.page.say(f"symptom.{key}") if self.page.has(f"symptom.{key}") else key.replace("_", " ")

    def symptoms(self, codes: str) -> str:
        """Symptoms told unasked, "diarrhea:8+nausea": each by its name, with the number that was told."""
        return ", ".join(f"{self.name(code)} {number}".strip() for code, _, number in (part.partition(":") for part in codes.split("+")))

    def names(self, keys: Sequence[str]) -> str:
        """Questions by name, one after the other."""
        return ", ".join(dict.fromkeys(self.name(key) for key in keys))

    def language(self, code: str) -> str:
        """A language by its name; one without a word by its code."""
        return self.page.say(f"language.{code}") if self.page.has(f"language.{code}") else code

    def measure(self, kind: str) -> str:
        """What was measured, by the library's name; another is shown as it was written."""
        known = scales.measures().by_key.get(kind)
        return known.name[self.page.language].capitalize() if known else kind

    def composite(self, key: str) -> str:
        """A composite by the protocol's name for it."""
        entry = self.protocol.composites.get(key) if self.protocol else None
        return entry.name[self.page.language] if entry else self.name(key)

    def occurrence(self, proposal: Mapping[str, str]) -> int | None:
        """Which time the label means with this proposal; None for every time."""
        return looks.occurrences(self.protocol).get(proposal[self.page.language]) if self.protocol else None

    def dangers(self, codes: list[str]) -> str:
        """Danger codes in words."""
        side = 0 if self.page.language == "fr" else 1
        return ", ".join(DANGERS[code][side] if code in DANGERS else code for code in codes)

    def why(self, detail: Mapping[str, Any]) -> list[str]:
        """What an alert's event says of its reason: the danger signs, then the sentences of the rules, then its kind."""
        codes = [str(code) for code in detail.get("dangers", ())]
        named = [code for code in codes if code != ALARMING]
        found = [self.page.say("alert.signs", what=self.dangers(named))] if named else []
        found += [self.page.say("alert.by_weight")] if ALARMING in codes else []
        said = detail.get("why") or []
        for sentence in [said] if isinstance(said, (Mapping, str)) else said:
            text = sentence.get(self.page.language, "") if isinstance(sentence, Mapping) else str(sentence)
            if text and text not in found:
                found.append(text)
        return found or [self.kind(str(detail.get("kind", "")))]

    def reasons(self, events: Sequence[AlertEvent], level: Level, steps: Sequence[Step]) -> list[tuple[AlertEvent, str]]:
        """What raised the alert to where it stands, latest first, whatever was answered since; what these steps say is not said twice."""
        shown = {step.why[self.page.language] for step in steps}
        found: list[tuple[AlertEvent, str]] = []
        for event in reversed([one for one in events if one.kind in REASONS and level_of(one.detail) >= level]):
            fresh = [sentence for sentence in dict.fromkeys(self.why(event.detail)) if sentence not in shown]
            shown.update(fresh)
            found += [(event, " ".join(fresh))] if fresh else []
        return found

    def kind(self, kind: str) -> str:
        """Why there is an alert, in a few words."""
        return self.page.say(f"alert.kind.{kind}") if kind else self.page.say("alert.kind.assessment")

    def headline(self, row: Row) -> str:
        """The one line of the list: of the item that makes its place, why the alert is open, or what is to be done."""
        return self.item(row, row.place.lead) or next(iter(self._others(row)), "")

    def item(self, row: Row, item: Item) -> str:
        """One open thing of a row in a few words; "" for what was closed meanwhile."""
        if item.kind == "alert":
            if row.alert is None:
                return ""
            return self.why(max(row.reasons, key=gravity))[0] if row.reasons else self.kind(row.alert.kind)
        part = replace(
            row,
            calls=_only(row.calls, item.id if item.kind == "call" else 0),
            requests=_only(row.requests, item.id if item.kind == "request" else 0),
            city=_only(row.city, item.id if item.kind == "city" else 0),
            tasks=_only(row.tasks, item.id if item.kind == "task" else 0),
        )
        return next(iter([*self.beside(part), *(self.task(task, row.away) for task in part.tasks)]), "")

    def _others(self, row: Row) -> list[str]:
        """What is open in a row beside the item that makes its place, each with its own hour; a planned call says its own already."""
        found = []
        for one in row.place.items:
            said = self.item(row, one) if one != row.place.lead else ""
            found += [said if one.kind in ("call", "city") else self.page.say("list.with_clock", what=said, left=self.clock(one))] * bool(
                said
            )
        return found

    def tags(self, row: Row) -> list[str]:
        """What must be known before calling, and what else is open."""
        say, patient = self.page.say, row.patient
        found = [say("list.again", when=self.page.formats.at(row.again))] if row.again else []
        found += [self.away(one) for one in row.away]
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

    def beside(self, row: Row) -> list[str]:
        """Calls planned, answers waited for or to be told, what the city has not done: each in a few words."""
        say, f = self.page.say, self.page.formats
        found = [say(f"list.call.{one.state}", when=f.when(one.due_at)) for one in row.calls]
        for one in row.requests:
            found.append(wording.in_list(self.page, one, row.people.get(one.answered_by_id or one.doctor_id, "")))
        return found + [say("list.city")] * bool(row.city)

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
        return self.page.say(first if self.page.has(first) else f"task.{task.kind}", **self._of_rota(task))

    def _of_rota(self, task: Task) -> dict[str, str]:
        """The hours and the person that a task about the rota names; the last day of a prescription that ends."""
        if task.kind.startswith("watching_") and "until" in task.detail:
            return {"until": self.page.formats.day(date.fromisoformat(task.detail["until"]))}
        named = {"begins": task.detail.get("from"), "until": task.detail.get("until")} if task.kind.startswith("rota_") else {}
        hours = {name: self.page.formats.when(datetime.fromisoformat(str(at))) for name, at in named.items() if at}
        return {**hours, "name": str(task.detail.get("name", ""))} if named else {}

    def away(self, one: Absence) -> str:
        """Where the patient is, or that they are dead, with the days."""
        say, day = self.page.say, self.page.formats.day
        if one.kind not in absences.STAYS:
            span = say("absence.on", day=day(one.from_day))
        elif one.until_day is None:
            span = say("absence.from_open", first=day(one.from_day))
        else:
            span = say("absence.from_until", first=day(one.from_day), last=day(one.until_day))
        return say("absence.stands", what=say(f"absence.kind.{one.kind}"), span=span)

    def story(self, events: Sequence[AlertEvent]) -> list[tuple[AlertEvent, int, datetime]]:
        """The events, latest first; the same step in vain again and again is one line: the first of them, how often, and the last hour."""
        found: list[tuple[AlertEvent, int, datetime]] = []
        for event in events:
            last = found[-1][0] if found else None
            if last is not None and _in_vain(last) and _in_vain(event) and last.detail.get("notify") == event.detail.get("notify"):
                found[-1] = (last, found[-1][1] + 1, event.at)
            else:
                found.append((event, 1, event.at))
        return found[::-1]

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
        """Who has it."""
        if row.alert is None:
            return row.owner or self.page.say("list.to_do")
        if row.alert.state == AlertState.NEW:
            return self.page.say("list.to_take")
        mine = self.page.who is not None and row.alert.owner_id == self.page.who.staff_id
        if mine and row.handed_by:
            return self.page.say("list.handed", name=row.handed_by)
        return self.page.say("list.mine") if mine else row.owner

    def words(self, text: Message) -> str:
        """What a text says; of answers given on a page or by telephone, where they were given: the answers stand elsewhere."""
        where = {pages.FORM: "message.on_form", pages.CALL: "message.on_call"}.get(text.carrier or "", "message.empty")
        return text.body or self.page.say(where)

    def told(self, alert: Alert, message: Message | None, patient: Patient | None) -> str:
        """What the patient, or the relative whose telephone it went to, was told, and whether it arrived."""
        at = message.settled_at or message.sent_at or message.created_at if message else None
        when = self.page.formats.at(at) if at else ""
        relative = numbers.held_by(patient, message.address) if patient and message else None
        if relative is not None and alert.told == "delivered":
            return self.page.say("alert.told.delivered_to", name=relative.name, when=when)
        return self.page.say(f"alert.told.{alert.told}", when=when)

    def stored(self, sentence: str) -> str:
        """A reason as the file keeps it, in the reader's language when it is one of ours; what a person wrote stays as it is."""
        key = f"stored.{sentence.strip().replace(' ', '_')}"
        return self.page.say(key) if self.page.has(key) else sentence

    def event(self, event: AlertEvent) -> str:
        """One line of the alert's story."""
        detail, say, f = event.detail, self.page.say, self.page.formats
        if event.kind in ("raised", "risen", "merged"):
            kind = "together" if detail.get("together") else event.kind
            return say(f"story.{kind}", level=say(f"level.{event.level}"), why=" ".join(self.why(detail)))
        if event.kind == "told":
            return say(f"story.told.{detail.get('told', 'none')}")
        if event.kind == "stepped":
            people = [str(name) for name in detail.get("reached", ())]
            rung = say(f"story.rung.{detail.get('notify', 'team')}")
            ways: dict[str, list[str]] = detail.get("ways") or {}
            if any(by != ["text"] for by in ways.values()):
                people = [f"{name} ({', '.join(say(f'story.way.{way}') for way in ways[name])})" for name in people]
                return say("story.stepped_ways", rung=rung, people=", ".join(people))
            return say("story.stepped", rung=rung, people=", ".join(people)) if people else say("story.stepped_nobody", rung=rung)
        if event.kind == "rang":
            return say(f"story.rang.{detail['ended']}", to=str(detail["to"]))
        if event.kind == "called":
            return say("story.called" if detail.get("reached") else "story.called_in_vain", who=event.actor_name, whom=self.whom(detail))
        if event.kind == "corrected":
            before, after = (self.answer(str(detail["answer"]), detail[one]) for one in ("before", "after"))
            return say("story.corrected", name=self.name(str(detail["key"])), before=before, after=after)
        if event.kind == "handed_over" and event.actor == f"staff:{detail.get('to_id')}":
            owner = str(detail.get("from_name") or "")
            return say("story.taken_over" if owner else "story.taken_back", who=event.actor_name, owner=owner)
        if event.kind == "waiting":
            return say("story.waiting", who=event.actor_name, when=f.when(datetime.fromisoformat(detail["until"])))
        if event.kind == "returned":
            return say(f"story.returned.{detail.get('why', 'released')}", who=event.actor_name)
        if event.kind == "closed":
            return say("story.closed", who=event.actor_name, outcome=say(f"outcome.{detail.get('outcome', 'other')}"))
        if event.kind == "decided":
            what = say(f"help.what.{detail['what']}")
            return say("story.decided", who=event.actor_name, decider=detail["decided_by"], what=what)
        if event.kind.startswith("doctor_"):
            answer = say(f"doctor.answer.{detail['answer']}") if detail.get("answer") else ""
            who = str(detail.get("doctor") or event.actor_name)
            return say(f"story.{event.kind}", who=who, to=str(detail.get("to", "")), answer=answer)
        return say(f"story.{event.kind}", who=event.actor_name, to=str(detail.get("to", "")))

    def trace(self, row: AuditRow) -> str:
        """What was done about reaching the patient, or about an absence."""
        kind, _, act = row.action.partition(".")
        detail: dict[str, Any] = row.change.get("after") or {}
        say, f = self.page.say, self.page.formats
        day = f.day(date.fromisoformat(detail["day"])) if "day" in detail else ""
        if row.action == "checkin.way":
            return say(f"absence.way.{detail['way']}", day=day, name=str(detail.get("name", "")))
        if row.action == "checkin.ended":
            word = say(f"absence.silence.{detail.get('word') or 'none'}")
            return say(f"absence.ended.{detail['how']}", day=day, word=word)
        what = say(f"absence.kind.{detail['kind']}") if kind == "absence" else ""
        return say(f"absence.done.{act}", who=row.actor_name, what=what)

    def whom(self, detail: Mapping[str, Any]) -> str:
        """Who was called: a word of the list, or the name as written."""
        key = f"call.whom.{detail.get('whom', '')}"
        return self.page.say(key) if self.page.has(key) else str(detail.get("whom", ""))

    def note(self, event: AlertEvent) -> str:
        """The words a person added to an event."""
        return self.stored(str(event.detail.get("note") or event.detail.get("reason") or ""))

    def medicine(self, agent: str) -> str:
        """A medicine's name as this reader writes it."""
        key = f"medicine.{agent.casefold()}"
        return self.page.say(key) if self.page.has(key) else agent.capitalize()

    def doses(self, report: IntakeReport) -> str:
        """What was said of the tablets of a span of days."""
        say = self.page.say
        if report.stopped:
            return say("answer.intake.stopped")
        if report.missed is None:
            return say("answer.unknown")
        parts = [say("answer.intake.missed", report.missed)] if report.missed else []
        parts += [say("answer.intake.extra", report.extra)] if report.extra else []
        parts += [say("answer.intake.off_day")] if report.off_day else []
        return ", ".join(parts) or say("answer.intake.all")

    def answer(self, kind: str, value: str | None) -> str:
        """A stored answer as people read it; the raw words stay readable beside it."""
        say, f = self.page.say, self.page.formats
        if value is None:
            return say("answer.unknown")
        if kind == "temperature_c" and value != "no_fever":
            return f.temperature(value)
        if kind in ("severity_0_4", "multi3_severity_0_4") and self.page.has(f"form.severity.{value}"):
            return say("answer.severity", word=say(f"form.severity.{value}").lower(), value=value)
        if kind == "weight_kg":
            return say("answer.kg", value=f.number(value))
        if kind == "intake_7d":
            return ", ".join(self._intake(part) for part in value.split("+"))
        if kind in ("count_24h", "pain_0_10"):
            return say(f"answer.{kind}", int(float(value))) if kind == "count_24h" else say("answer.pain", value=f.number(value))
        if self.page.has(key := f"answer.{value}"):
            return say(key)
        return self.symptoms(value) if kind == "free_text" and " " not in value else value

    def _intake(self, part: str) -> str:
        what, _, number = part.partition(":")
        return self.page.say(f"answer.intake.{what}", int(number) if number.isdigit() else 0)
