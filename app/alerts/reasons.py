"""Why an alert is raised, how long a person has, and which ladder it climbs when no protocol says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.people import care_team
from app.people.models import Service
from triage.terms import Level

DEADLINES = {Level.URGENT: timedelta(minutes=30), Level.HIGH: timedelta(hours=4), Level.MODERATE: timedelta(hours=10)}
"""Time to act when no protocol decided: urgent in clock time (eSMART/ASyMS red answers in 30 min, BMJ 2021;374:n1647, from the
published summary), high within 4 service hours, moderate within one working day of 10 service hours (house rule, 2026-11-22)."""

LADDERS: dict[Level, list[dict[str, Any]]] = {
    Level.URGENT: [
        {"after_minutes": 0, "notify": "team"},
        {"after_minutes": 5, "notify": "on_call"},
        {"after_minutes": 10, "notify": "prescriber"},
        {"after_minutes": 15, "notify": "head"},
    ],
    Level.HIGH: [
        {"after_minutes": 0, "notify": "team"},
        {"after_minutes": 120, "notify": "team"},
        {"after_minutes": 240, "notify": "head"},
    ],
    Level.MODERATE: [{"after_minutes": 0, "notify": "team"}, {"after_minutes": 600, "notify": "head"}],
}
"""Rungs climbed until a person takes the alert (design of the alert chain, 2026-11-22). Minutes count like the deadline's."""

HELD = {Level.URGENT: timedelta(minutes=30), Level.HIGH: timedelta(hours=4), Level.MODERATE: timedelta(hours=10)}
"""How long an owner may hold an alert without an outcome before it goes back to the team (HZ-27)."""

REPEAT = {Level.URGENT: timedelta(minutes=5), Level.HIGH: timedelta(hours=2), Level.MODERATE: timedelta(hours=10)}
"""The last rung repeats at this pace until a person takes the alert: a ladder never ends in nothing (HZ-03)."""


@dataclass(frozen=True)
class Reason:
    """Why. kind: assessment, silence, danger, unread, unjudged, undelivered, unknown_number, help_unchecked.

    detail: JSON that screens put in words. ladder and respond_within are copied from the protocol level in force; the defaults serve when
    no protocol decided.
    """

    kind: str
    level: Level
    detail: dict[str, Any]
    ladder: list[dict[str, Any]] | None = None
    respond_within: timedelta | None = None
    assessment_id: int | None = None

    @property
    def rungs(self) -> list[dict[str, Any]]:
        """The ladder, never empty."""
        return self.ladder or LADDERS[self.level]

    @property
    def signature(self) -> str:
        """Two reasons with the same signature say the same thing: the second adds no line to the story."""
        rules = sorted(str(rule) for rule in self.detail.get("rules", ()))
        dangers = sorted(str(code) for code in self.detail.get("dangers", ()))
        said = self.detail.get("message_id") if self.kind != "assessment" else None
        return "|".join([self.kind, self.level.word, *rules, *dangers, str(said or "")])


def deadline(service: Service, level: Level, start: datetime, length: timedelta) -> datetime:
    """Urgent deadlines run in clock time, the others in service hours."""
    return start + length if level is Level.URGENT else care_team.add_service_time(service, start, length)


def respond_by(service: Service, reason: Reason, now: datetime) -> datetime:
    """When an owner must have acted."""
    return deadline(service, reason.level, now, reason.respond_within or DEADLINES[reason.level])


def first_step(service: Service, reason: Reason, now: datetime) -> datetime:
    """When the first rung is due; never None, so that nothing raised can be forgotten."""
    return deadline(service, reason.level, now, timedelta(minutes=reason.rungs[0]["after_minutes"]))
