"""What changed, as a doctor reads it: the words of the danger, then each symptom from before to now with its days, the worse first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.alerts.lately import Close
from app.alerts.models import Alert
from app.checkins.models import AssessmentRow, CheckIn
from app.insight import quotes, worklist
from app.messaging.models import Message
from app.people.models import Patient
from app.web.patient import chart_data
from app.web.render import Page
from app.web.words import LANGUAGES

if TYPE_CHECKING:
    from app.web.doctor.view import Patience

LOOKED_BACK = timedelta(days=28)
"""A score older than a cycle is not what was before; the chart has it (house rule, 2026-11-23)."""
RECENT = timedelta(days=14)
"""What was last said longer ago than this says nothing of now."""
FEW_WORDS = 3


@dataclass(frozen=True)
class Change:
    """One symptom: its last known score with the day, and the last known one of an earlier check-in; None: nobody said.

    baseline: the score before treatment, None when it is unknown. Missing is never zero.
    """

    key: str
    now: int
    day: date
    before: int | None = None
    before_day: date | None = None
    baseline: int | None = None

    @property
    def by(self) -> int | None:
        """How many steps worse; negative: better."""
        return None if self.before is None else self.now - self.before

    @property
    def since_baseline(self) -> int | None:
        """The same since before treatment."""
        return None if self.baseline is None else self.now - self.baseline

    @property
    def tells(self) -> bool:
        """Is it there, or was it?"""
        return bool(self.now or self.by or self.since_baseline)

    @property
    def order(self) -> tuple[int, int, str]:
        """The worse first: by how much it rose, then how strong it is."""
        return (-max(self.by or 0, self.since_baseline or 0, 0), -self.now, self.key)


def of_scores(session: Session, patient: Patient, now: datetime) -> list[Change]:
    """Every symptom told within two weeks. Looked for one by one: an answer left out, or a word sent since, hides no rise."""
    last = select(func.max(AssessmentRow.id)).where(AssessmentRow.patient_id == patient.id, AssessmentRow.checkin_id.is_not(None))
    found = (
        select(AssessmentRow, CheckIn.day)
        .join(CheckIn, CheckIn.id == AssessmentRow.checkin_id)
        .where(AssessmentRow.id.in_(last.group_by(AssessmentRow.checkin_id)), AssessmentRow.at >= now - LOOKED_BACK)
        .order_by(CheckIn.day.desc(), AssessmentRow.id.desc())
    )
    told: dict[str, list[tuple[int, date]]] = {}
    baseline: Mapping[str, int] = {}
    for row, day in session.execute(found):
        baseline = baseline or chart_data.baseline_of(row)
        for key, score in chart_data.scores_of(row).items():
            if score is not None:
                told.setdefault(key, []).append((score, day))
    oldest = (now - RECENT).date()
    changes = [_change(key, scores, baseline.get(key)) for key, scores in told.items() if scores[0][1] >= oldest]
    return sorted((one for one in changes if one.tells), key=lambda one: one.order)


def _change(key: str, scores: Sequence[tuple[int, date]], baseline: int | None) -> Change:
    (now, day), *earlier = scores
    before, before_day = earlier[0] if earlier else (None, None)
    return Change(key, now, day, before, before_day, baseline)


def words_of(session: Session, alert: Alert | None, recent: Iterable[Message]) -> list[Message]:
    """The patient's own words: those that raised the alert, a danger first, then the latest; else the latest that say something."""
    events = [event for event in alert.events if event.kind in worklist.REASONS] if alert else []
    found = quotes.named(session, [event.detail.get("message_id") for event in events])
    if alert is not None and not found:
        found = {message.id: message for message in quotes.judged(session, [alert]).get(alert.id, ())}
    texts = [message for message in recent if quotes.are_words(message)]
    found |= {message.id: message for message in texts if not _asked_again(message, texts)}
    return sorted((one for one in found.values() if not quotes.only_answers(one)), key=lambda one: (not is_danger(one), -one.id))[
        :FEW_WORDS
    ]


def _asked_again(message: Message, texts: Iterable[Message]) -> bool:
    """Is it a figure nobody understood, after which a text was read as an answer? Its question was asked again. Never with a danger."""
    since = (one for one in texts if one.id > message.id and (one.reading or {}).get("heard") == "answer")
    return quotes.bare(message) and not is_danger(message) and any(since)


def is_danger(message: Message) -> bool:
    """Was a danger sign heard in it?"""
    return bool((message.reading or {}).get("dangers"))


def closed(page: Page, one: Close) -> str:
    """An alert that was closed within a day: when the patient was reached, by whom and how it ended, in which words."""
    say, at = page.say, page.formats.stamp
    found = [say("alert.closed_lately", outcome=say(f"outcome.{one.outcome}"), who=one.who, when=at(one.at))]
    found += [say("doctor.reached", when=at(one.reached_at))] if one.reached_at else []
    return " ".join([*found, *([say("doctor.in_words", words=one.words)] if one.words else [])])


def lines(page: Page, known: Patience) -> list[str]:
    """The form to ask, filled: one line for each alert closed lately, text, symptom, report of tablets, temperature."""
    say, f, saying = page.say, page.formats, replace(known.saying, page=page)
    found = [closed(page, one) for one in known.closes]
    for text in known.words:
        key = "doctor.danger_words" if is_danger(text) else "doctor.last_words"
        found.append(say(key, words=saying.words(text), when=f.stamp(text.created_at)))
    found += [_symptom(page, saying.name(one.key), one) for one in known.changes]
    if known.doses is not None:
        found.append(say("doctor.tablets", what=saying.doses(known.doses), day=f.day(known.doses.to_day)))
    if known.temperature is not None:
        found.append(say("doctor.measured", value=f.temperature(known.temperature.value), when=f.stamp(known.temperature.taken_at)))
    return found


def _symptom(page: Page, name: str, one: Change) -> str:
    say, f = page.say, page.formats
    days = {"day": f.day(one.day), "before_day": f.day(one.before_day) if one.before_day else ""}
    first = say(
        "doctor.symptom" if one.by is None else "doctor.moved", name=name, now=one.now, before=one.before, change=_signed(one.by), **days
    )
    return f"{first}, {say('doctor.since_baseline', change=_signed(one.since_baseline))}" if one.since_baseline else first


def _signed(change: int | None) -> str:
    return f"{change:+d}" if change else "="


def proposals(page: Page, known: Patience) -> list[str]:
    """What the label proposes, one line each."""
    return [proposal[page.language] for proposal in (known.assessment.proposals if known.assessment else ())]


def read_by(page: Page, known: Patience, written: str) -> str:
    """What a nurse sent, in the reader's language where the words are ours; what she wrote herself stays as she wrote it."""
    ours: dict[str, str] = {}
    for language in LANGUAGES:
        other = replace(page, language=language)
        for filled in (lines, proposals):
            ours |= {_plain(theirs): mine for theirs, mine in zip(filled(other, known), filled(page, known), strict=True)}
    return "\n".join(ours.get(_plain(line), line) for line in written.splitlines())


def _plain(line: str) -> str:
    """Without what a browser or a hand changes of spaces."""
    return " ".join(line.split())
