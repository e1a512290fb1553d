"""Questions, medicines and answers by the names people know them by, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.checkins.models import AnswerRow
from app.messaging import pages
from app.messaging.models import Message
from app.protocols import looks, scales
from app.treatment.models import IntakeReport
from app.web.render import Page
from app.web.ward.seen import Seen
from triage.protocol import Protocol
from triage.terms import DANGERS, Step

DECIDED = re.compile(r"((?:Dr|Pr)\b[^,]+), D[0-9]+")
"""A doctor, by their title, and the request they answered; "fever, D14" is a person's own words and stays."""

SCORED = ("severity_0_4", "multi3_severity_0_4")


@dataclass(frozen=True)
class Naming:
    """Names things for one page. ``protocol``: names the questions; without it a key is shown by its own word.

    measures: those a judgement looked at, by key, as it keeps them. apart: answers of the same day that it did not look at.
    """

    page: Page
    protocol: Protocol | None = None
    measures: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    apart: Sequence[AnswerRow] = ()

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

    def seen(self, step: Step) -> str:
        """What a rule saw, in the reader's words."""
        apart = {self.name(row.key): self._apart(row) for row in self.apart}
        return Seen(self.page, self.measures, apart).said(step.inputs)

    def _apart(self, row: AnswerRow) -> str:
        return self.page.say("alert.judged_apart", answer=self.answer(row.kind, row.value), when=self.page.formats.at(row.at))

    def because(self, step: Step) -> str:
        """Why a rule speaks, in its own words; a day in it as the reader writes days."""
        return Seen(self.page).dates(step.why[self.page.language])

    def composite(self, key: str) -> str:
        """A composite by the protocol's name for it."""
        entry = self.protocol.composites.get(key) if self.protocol else None
        return entry.name[self.page.language] if entry else self.name(key)

    def occurrence(self, proposal: Mapping[str, str]) -> int | None:
        """Which time the label means with this proposal; None for every time."""
        return looks.occurrences(self.protocol).get(proposal[self.page.language]) if self.protocol else None

    def dangers(self, codes: Sequence[str]) -> str:
        """Danger codes in words."""
        side = 0 if self.page.language == "fr" else 1
        return ", ".join(DANGERS[code][side] if code in DANGERS else code for code in codes)

    def medicine(self, agent: str) -> str:
        """A medicine's name as this reader writes it."""
        key = f"medicine.{agent.casefold()}"
        return self.page.say(key) if self.page.has(key) else agent.replace("_", " ").capitalize()

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
        if kind in SCORED and self.page.has(f"form.severity.{value}"):
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

    def figures(self, rows: Iterable[AnswerRow]) -> str:
        """What a reply of figures answered: "fatigue 0, nausées 0" for "0 0", which says nothing without its questions."""
        return ", ".join(f"{self.name(row.key)} {row.value if row.kind in SCORED else self.answer(row.kind, row.value)}" for row in rows)

    def _intake(self, part: str) -> str:
        what, _, number = part.partition(":")
        return self.page.say(f"answer.intake.{what}", int(number) if number.isdigit() else 0)

    def stored(self, sentence: str, at: datetime | None = None) -> str:
        """A reason as the file keeps it, in the reader's language when it is one of ours; what a person wrote stays as it is.

        at: when it was decided, said of a doctor's answer that had no words: its stored form names the doctor and the request.
        """
        if (decided := DECIDED.fullmatch(sentence.strip())) is not None:
            day = self.page.formats.day(at) if at else ""
            return self.page.say("doctor.decided_on" if day else "doctor.decided", doctor=decided[1], day=day)
        key = f"stored.{sentence.strip().replace(' ', '_')}"
        return self.page.say(key) if self.page.has(key) else sentence

    def words(self, text: Message) -> str:
        """What a text says; of answers given on a page or by telephone, where they were given: the answers stand elsewhere."""
        where = {pages.FORM: "message.on_form", pages.CALL: "message.on_call"}.get(text.carrier or "", "message.empty")
        return text.body or self.page.say(where)
