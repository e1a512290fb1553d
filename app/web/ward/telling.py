"""The story of an alert in the reader's words: why it is open, what was done, what its patient was told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import zip_longest
from typing import Any, NamedTuple

from app.alerts.models import Alert, AlertEvent
from app.alerts.raising import level_of
from app.core.audit import AuditRow
from app.insight.quotes import SILENT
from app.insight.worklist import REASONS
from app.messaging.models import Message
from app.people import numbers
from app.people.models import Patient
from app.web.ward.naming import Naming
from app.web.ward.seen import Seen
from triage.terms import ALARMING, Level, Step

CLIMBING = ("stepped", "rang")
"""What happens by itself while an alert climbs: nothing was said and nobody acted between two of them."""


def gravity(detail: Mapping[str, Any]) -> tuple[Level, bool, bool]:
    """What a reason is ranked by: its level; something said before nothing said (a silence hides no diarrhoea); a danger by its name."""
    return level_of(detail), detail.get("kind") not in SILENT, bool(detail.get("dangers"))


def valued(detail: Mapping[str, Any]) -> set[str]:
    """The measures whose values a reason bears first: two grave ones of one patient are two things to act on."""
    first = [detail["result"]] if "result" in detail else next(iter(detail.get("values") or ()), ())
    return {str(one["kind"]) for one in first}


def _valued(text: str, values: Sequence[str]) -> str:
    return f"{text} ({', '.join(values)})" if values else text


class Raised(NamedTuple):
    """Something that raised an alert: the event, the level of that reason, which may be milder than the alert's, and its words."""

    event: AlertEvent
    level: Level
    why: str


class Telling(Naming):
    """Puts an alert's events in words for one page."""

    def why(self, detail: Mapping[str, Any]) -> list[str]:
        """What an alert's event says of its reason: the danger signs, then the sentences of the rules, then its kind."""
        codes = [str(code) for code in detail.get("dangers", ())]
        named = [code for code in codes if code != ALARMING]
        found = [self.page.say("alert.signs", what=self.dangers(named))] if named else []
        found += [self.page.say("alert.by_weight")] if ALARMING in codes else []
        found += [self.result(detail["result"])] if "result" in detail else []
        return [*found, *dict.fromkeys(_valued(*rule) for rule in self._rules(detail))] or [self.kind(str(detail.get("kind", "")))]

    def _rules(self, detail: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str]]]:
        """The sentence of each rule, the graver first, with the measures it saw: a grave potassium without its value is asked for again."""
        said, values = detail.get("why") or [], detail.get("values") or ()
        sentences = [said] if isinstance(said, (Mapping, str)) else said
        for sentence, seen in zip_longest(sentences, values[: len(sentences)], fillvalue=()):
            text = sentence.get(self.page.language, "") if isinstance(sentence, Mapping) else str(sentence)
            if text:
                yield text, [Seen(self.page).value(one) for one in seen]

    def result(self, one: Mapping[str, Any]) -> str:
        """A value of the laboratory with its unit, its hour and its grade."""
        f = self.page.formats
        what, value = self.measure(one["kind"]), f"{f.number(one['value'])} {self.page.unit(one['unit'])}"
        at = f.taken(datetime.fromisoformat(one["taken_at"]), one.get("zone") or f.zone)
        return self.page.say("results.graded_value", what=what, value=value, at=at, grade=one["grade"], version=one["version"])

    def reasons(self, events: Sequence[AlertEvent], steps: Sequence[Step]) -> list[Raised]:
        """What raised the alert, the graver first, then the latest, whatever was answered since; what these steps say is not said twice."""
        told = {step.why[self.page.language]: self.seen(step) for step in steps}
        heard = sorted((one for one in reversed(events) if one.kind in REASONS), key=lambda one: -level_of(one.detail))
        shown: set[str] = set()
        found = []
        for event in heard:
            rules = [rule for rule in self._rules(event.detail) if rule[0] in told]
            again = {_valued(text, values) for text, values in rules if all(one in told[text] for one in values)}
            fresh = [sentence for sentence in dict.fromkeys(self.why(event.detail)) if sentence not in shown | again]
            shown.update(fresh)
            found += [Raised(event, level_of(event.detail), " ".join(fresh))] if fresh and level_of(event.detail) else []
        return found

    def kind(self, kind: str) -> str:
        """Why there is an alert, in a few words."""
        return self.page.say(f"alert.kind.{kind}") if kind else self.page.say("alert.kind.assessment")

    def story(self, events: Sequence[AlertEvent]) -> list[tuple[AlertEvent, int, datetime]]:
        """The events, latest first; the same rung with the same people again and again, until something else happens, is one line.

        It is the first of them, with how often and the last hour: twenty lines of one rung hide what was done between.
        """
        found: list[tuple[AlertEvent, int, datetime]] = []
        climbed: dict[str, int] = {}
        for event in events:
            if event.kind not in CLIMBING:
                climbed.clear()
            rung = repr([event.detail.get(name) for name in ("notify", "reached", "ways")]) if event.kind == "stepped" else ""
            if rung in climbed:
                first, times, _ = found[climbed[rung]]
                found[climbed[rung]] = (first, times + 1, event.at)
            else:
                if rung:
                    climbed[rung] = len(found)
                found.append((event, 1, event.at))
        return found[::-1]

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

    def told(self, alert: Alert, message: Message | None, patient: Patient | None) -> str:
        """What the patient, or the relative whose telephone it went to, was told, and whether it arrived."""
        at = message.settled_at or message.sent_at or message.created_at if message else None
        when = self.page.formats.at(at) if at else ""
        relative = numbers.held_by(patient, message.address) if patient and message else None
        if relative is not None and alert.told == "delivered":
            return self.page.say("alert.told.delivered_to", name=relative.name, when=when)
        return self.page.say(f"alert.told.{alert.told}", when=when)
