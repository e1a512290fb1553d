"""A handover in words: the same lines on the screen that is read and in the text that is signed and kept.

Hours bear their day: the text is read on another one. How long is left stands apart: it changes by itself while somebody reads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from app.alerts.models import AlertEvent
from app.core.audit import AuditRow
from app.insight.gone import Gone
from app.insight.leaving import Left, Line
from app.insight.models import HandoverNote
from app.people import absences
from app.web.patient import callers
from app.web.render import Page
from app.web.ward.saying import Saying
from triage.terms import Level

DAYS = ("from", "until", "on", "to")
ALARMS = ("not_told", "unreadable")
"""What a patient was told, or was not, that nobody must read past."""


@dataclass(frozen=True)
class Said:
    """One line in words. parts: what does not change while it is read; left: how long remains. note: its patient's note stands here."""

    line: Line
    who: str
    parts: tuple[str, ...]
    left: str = ""
    note: bool = False

    @property
    def is_orphan(self) -> bool:
        """Does it belong to somebody who does not see to it any more?"""
        return bool(self.line.gone) and self.line.by is not None


@dataclass(frozen=True)
class Section:
    """A heading, its lines, or the sentence that there are none."""

    key: str
    title: str
    lines: Sequence[Said]
    nothing: str


def sections(page: Page, left: Left) -> list[Section]:
    """What is open, what was promised, what changed; a patient's note stands at the first line that names them."""
    words, noted, found = _Words(page), set[int](), []
    for key, lines in (("open", left.open), ("promised", left.promised), ("changed", left.changed)):
        told = []
        for line in lines:
            first = line.patient_id is not None and line.patient_id not in noted
            noted.add(line.patient_id or 0)
            told.append(replace(words.said(line), note=first))
        found.append(Section(key, page.say(f"handover.{key}"), told, page.say(f"handover.no_{key}")))
    return found


def seal(found: Sequence[Section]) -> str:
    """A short text that changes whenever a line does: who signs has read these lines and no others."""
    told = "\n".join("|".join((said.who, *said.parts)) for section in found for said in section.lines)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def body(page: Page, left: Left, found: Sequence[Section], notes: Sequence[HandoverNote], names: dict[int, str]) -> str:
    """The text that is signed: a head with who and since when, the notes, then every line."""
    say, f = page.say, page.formats
    service = page.who.service_name if page.who else ""
    head = say("handover.head", service=service, who=page.viewer.actor.name, when=f.stamp(page.now), since=f.stamp(left.since))
    told = [head]
    if notes:
        told += ["", say("handover.notes").upper()]
        told += [f"- {_about(page, note, names)} · {note.by_name} : {note.words}" for note in notes]
    for section in found:
        told += ["", section.title.upper()]
        told += [f"- {plain(page, said)}" for said in section.lines] or [section.nothing]
    return "\n".join(told)


def plain(page: Page, said: Said) -> str:
    """One line of the kept text; a level by its word."""
    level = page.say(f"level.{said.line.level.word}") if said.line.level > Level.INFO else ""
    return " · ".join(part for part in (level, said.who, *said.parts, said.left) if part)


def _about(page: Page, note: HandoverNote, names: dict[int, str]) -> str:
    return names.get(note.patient_id or 0, "?") if note.patient_id is not None else page.say("handover.for_all")


@dataclass(frozen=True)
class _Words:
    """Puts lines in words for one page."""

    page: Page

    @property
    def saying(self) -> Saying:
        return Saying(self.page)

    def said(self, line: Line) -> Said:
        """Who, what, whose, by when."""
        steps = tuple(self._step(event) for event in line.steps) if line.kind == "story" else (self._what(line),)
        parts = (*steps, self._owner(line), self._when(line))
        return Said(line, self._who(line), tuple(part for part in parts if part), self._left(line))

    def _who(self, line: Line) -> str:
        if line.patient_id is None and callers.is_call(line.key, [line.row] if line.kind == "task" else ()):
            return self.page.say("list.unknown_caller")
        if line.name or not line.key.startswith("number:"):
            return line.name
        return self.page.formats.phone(line.key.removeprefix("number:"))

    def _what(self, line: Line) -> str:
        say = self.page.say
        if line.kind in ("alert", "waits"):
            why = self.saying.gravest([event.detail for event in reversed(line.steps)])  # the latest of the gravest, as on the list
            told = f"{say(f'story.told.{line.row.told}')}." if line.row.told in ALARMS else ""
            heard = self._heard(line, [event.detail for event in line.steps])
            return " ".join(part for part in (told, why, self._scores(line), heard) if part)
        if line.kind in ("task", "call_back"):
            return " ".join(part for part in (self.saying.task(line.row), self._heard(line, [line.row.detail])) if part)
        if line.kind == "request":
            return say("handover.line.request", question=line.row.question)
        if line.kind in ("to_tell", "told"):
            return say(
                f"handover.line.{line.kind}", who=line.owner, answer=say(f"handover.answer.{line.row.answer}"), words=line.row.answer_words
            ).rstrip()
        if line.kind == "city":
            return say("handover.line.city", what=line.row.what)
        if line.kind == "silent":
            return say("handover.line.silent", day=self.page.formats.day(line.row.day))
        return self._trail(line) if isinstance(line.row, AuditRow) else say(f"handover.line.{line.kind}")

    def _heard(self, line: Line, details: Sequence[Mapping[str, Any]]) -> str:
        """The words of a call nobody knows: with no name, they say whose it may be."""
        said = dict.fromkeys(str(one["heard"]) for one in details if one.get("heard")) if line.patient_id is None else {}
        return " ".join(self.page.say("handover.line.heard", words=one) for one in said)

    def _scores(self, line: Line) -> str:
        """The high scores behind an alert, the highest first: 3 or 4; from 2 up when a 2 may be what raised it."""
        least = 3 if line.level is Level.URGENT else 2
        high = sorted(((score, key) for key, score in line.detail.items() if score is not None and score >= least), reverse=True)
        return f"({', '.join(f'{self.saying.name(key)} {score}' for score, key in high)})" if high else ""

    def _step(self, event: AlertEvent) -> str:
        """When, and what: of why it was raised the first reason, as in the list; the others are in the alert."""
        said = self.saying.event(event)
        if event.kind in ("raised", "risen"):
            level = self.page.say(f"level.{event.level}")
            said = self.page.say(f"story.{event.kind}", level=level, why=self.saying.why(event.detail)[0])
        return f"{self.page.formats.stamp(event.at)}, {said}"

    def _trail(self, line: Line) -> str:
        """A stay, a death, a change of treatment: what, which days, by whom, why."""
        say, f, detail = self.page.say, self.page.formats, line.detail
        kind = f"absence.kind.{detail.get('kind')}"
        what = say(
            f"handover.line.{line.kind}",
            what=say(kind) if self.page.has(kind) else "",
            span=self._days(detail),
            dose=f.number(str(detail.get("dose_mg", "0"))),
            medicine=self.saying.medicine(str(detail.get("of") or detail.get("agent") or "")),
            who=line.row.actor_name,
        )
        reason = self.saying.stored(line.row.reason) if line.row.reason else ""
        return f"{f.stamp(line.at)}, {what}{f' ({reason})' if reason else ''}"

    def _days(self, detail: Mapping[str, Any]) -> str:
        """From a day to a day, from a day on, or on a day."""
        day = {name: self.page.formats.day(date.fromisoformat(str(on))) for name, on in detail.items() if name in DAYS and on}
        if "from" in day and "until" in day:
            return self.page.say("handover.span", first=day["from"], last=day["until"])
        if "from" in day and detail.get("kind") not in (absences.DEATH, absences.END, absences.VISIT):
            return self.page.say("handover.from", first=day["from"])
        return self.page.say("handover.on", day=next(iter(day.values()), "?"))

    def _owner(self, line: Line) -> str:
        say = self.page.say
        if line.by is None or line.kind == "visit":
            return ""
        if not line.owner:
            return say("handover.owner.nobody")
        if line.gone:
            return self.saying.gone(line.owner, Gone(line.gone, line.ended, line.comes))
        return line.owner

    def _when(self, line: Line) -> str:
        if line.by is None:
            return ""
        key = line.kind if line.kind in ("waits", "call_back", "to_tell", "agreed", "visit") else "before"
        key = "call_back" if line.kind == "promised" else key
        key = "at" if line.kind.startswith("call_") and line.kind != "call_back" else key
        return self.page.say(f"handover.when.{key}", when=self.page.formats.stamp(line.by))

    def _left(self, line: Line) -> str:
        """How long remains, or by how much the hour has passed; nothing for what only happened."""
        if line.by is None:
            return ""
        now: datetime = self.page.now
        key = "left" if line.by >= now else "late"
        return self.page.say(f"handover.when.{key}", span=self.page.formats.span(line.by - now))
