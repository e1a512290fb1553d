"""The sheet the patient takes home, one page, in a language they read, from the service's own hours and holidays (FR-14)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_location
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins import script
from app.people import care_team, reading
from app.people.models import Consent, Patient, Service
from app.protocols import said, versions
from app.treatment import courses
from app.web import words
from notifications.languages import languages
from notifications.values import PLACEHOLDERS
from triage import calendar
from triage.terms import Kind

HOLIDAYS = 4
"""How many of the next public holidays are written: about a season, and the sheet is given again at each change of treatment."""
NOT_LISTED = frozenset({Kind.FREE_TEXT, Kind.CYCLE_START, Kind.YES_NO, Kind.INTAKE})
"""Kinds that are no symptom: signs asked about apart, tablets (said in a sentence of their own), free words."""


@dataclass(frozen=True)
class Sheet:
    """What one page says. hours: day and its spans, on the patient's wall. place: whose clock that is. followed: symptoms, in words.

    is_read: False when the patient reads no language of ours: the page is then for whoever explains it to them.
    """

    language: str
    is_read: bool
    followed: tuple[str, ...]
    at: str
    hours: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    holidays: tuple[str, ...]
    place: str
    emergency: str
    version: str

    def say(self, key: str, **values: object) -> str:
        """A sentence of the sheet, in its language."""
        return words.say(self.language, f"sheet.{key}", **values)


def of(session: Session, patient: Patient, now: datetime) -> Sheet:
    """The sheet as it would be given now."""
    service, reads = patient.service, reading.languages_of(patient)
    language = words.for_patient("sheet", reads, service.language)
    zone = _zone(service, patient, now)
    given = select(Consent.sheet_version).where(Consent.patient_id == patient.id).order_by(Consent.id.desc()).limit(1)
    return Sheet(
        language=language,
        is_read=language in reads,
        followed=_followed(session, patient, language, calendar.local_day(now, patient.timezone)),
        at=_hour(time(patient.check_in_hour), language),
        hours=tuple((_day(day, language), _spans(service, day, zone, now, language)) for day in range(7)),
        holidays=tuple(
            f"{_day(day.weekday(), language)} {day:%d/%m}" for day in care_team.next_holidays(service, _today(service, now), HOLIDAYS)
        ),
        place=get_timezone_location(zone.key, locale=languages()[language].like, return_city=True),
        emergency=PLACEHOLDERS["sos_or_112"].say(service.emergency, language),
        version=session.scalar(given) or "",
    )


def _followed(session: Session, patient: Patient, language: str, today: date) -> tuple[str, ...]:
    """Names of what the protocol in force asks on any day; () when nobody knows which protocol holds."""
    course = courses.running(session, patient.id)
    row = script.version_for(session, course, patient, today) if course else None
    if row is None:
        return ()
    protocol = versions.load(row)
    asked = dict.fromkeys(key for beat in protocol.rhythm for key in beat.ask)
    questions = [protocol.questions[key] for key in asked]
    names = [said.name(q, language) for q in questions if q.kind not in NOT_LISTED]
    return tuple(dict.fromkeys(name for name in names if name))


def _zone(service: Service, patient: Patient, now: datetime) -> ZoneInfo:
    """The patient's wall; the service's where an opening hour would fall on another day there."""
    theirs, ours = ZoneInfo(patient.timezone), ZoneInfo(service.timezone)
    for day in range(7):
        for edge in (at for span in _instants(service, day, now) for at in span):
            if edge.astimezone(theirs).date() != edge.astimezone(ours).date():
                return ours
    return theirs


def _instants(service: Service, weekday: int, now: datetime) -> list[tuple[datetime, datetime]]:
    """The opening spans of the next such weekday, holiday or not."""
    today = _today(service, now)
    day = today + timedelta(days=(weekday - today.weekday()) % 7)
    zone = ZoneInfo(service.timezone)
    spans = service.hours.get(str(weekday), [])
    return [(_at(day, opens, zone), _at(day, closes, zone)) for opens, closes in spans]


def _at(day: date, local: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.fromisoformat(local), zone)


def _spans(service: Service, weekday: int, zone: ZoneInfo, now: datetime, language: str) -> tuple[tuple[str, str], ...]:
    spans = [[_hour(at.astimezone(zone).time(), language) for at in span] for span in _instants(service, weekday, now)]
    return tuple((start, end) for start, end in spans)


def _today(service: Service, now: datetime) -> date:
    return now.astimezone(ZoneInfo(service.timezone)).date()


def _day(weekday: int, language: str) -> str:
    return languages()[language].days[weekday]


def _hour(at: time, language: str) -> str:
    return PLACEHOLDERS["hour"].say(at, language)
