"""What stands in the places of a letter: the chart, the treatment as prescribed, the protocol in force. Nothing is invented.

A place that nobody can fill says so in words ("none noted"); an opening or hand-over letter without treatment is not written at all.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, get_day_names
from sqlalchemy.orm import Session

from app.care import forms, sheets
from app.care.contact_models import Contact, ContactOutcome
from app.people.models import Patient, Staff
from app.protocols import looks, versions
from app.protocols.models import ProtocolVersion
from app.treatment import courses, days, grades
from app.treatment.models import Course, HoldKind
from triage import calendar
from triage.conditions import GRADED
from triage.protocol import Protocol, Rule
from triage.terms import Kind, Level

FOLDER = Path(__file__).parent / "letters"
STANDS = timedelta(days=28)
"""A grade older than this is history, not an open problem (house rule, 2026-11-23: one cycle)."""
EVERYBODY = "floor"
"""The layer that holds whatever the treatment: its reasons stand on one line, after those of the treatment."""
AT_HOME = "home"
"""What the patient watches; the letter says what is done elsewhere."""


@cache
def words(language: str, folder: Path = FOLDER) -> Mapping[str, str]:
    """The words of one language, read once."""
    found: dict[str, str] = tomllib.loads((folder / language / "words.toml").read_text(encoding="utf-8"))
    return found


@dataclass(frozen=True)
class Treated:
    """The running treatment and the protocol that holds for it today; either may be missing."""

    course: Course | None
    protocol: Protocol | None


def treated(session: Session, patient: Patient, now: datetime, course_id: int | None = None) -> Treated:
    """The treatment of this follow-up, or the running one, with its protocol: the pinned version, else the one in force today."""
    course = session.get(Course, course_id) if course_id else courses.running(session, patient.id)
    if course is None:
        return Treated(None, None)
    today = calendar.local_day(now, patient.timezone)
    pinned = session.get(ProtocolVersion, course.pinned_version_id) if course.pinned_version_id else None
    row = pinned or versions.in_force(session, course.protocol_slug, today, patient.service_id)
    return Treated(course, versions.load(row) if row else None)


def day(on: date, language: str) -> str:
    """A date as a letter writes it."""
    return format_date(on, format="long", locale=language)


def moment(at: datetime, zone: str, language: str) -> tuple[str, str]:
    """Its local day and hour, as a letter writes them."""
    local = at.astimezone(ZoneInfo(zone))
    return day(local.date(), language), format_time(local, format="short", locale=language)


# --- The treatment ------------------------------------------------------------------------------------------------------------------


def treatment(found: Treated, today: date, language: str) -> str:
    """A line for each medicine as prescribed: dose of today, its days, since when, held or stopped."""
    course = found.course
    if course is None:
        return words(language)["unwritten"]
    say, lines = words(language), []
    for medicine in days.medicines_of(course):
        since = say["since"].format(day=day(medicine.first_intake, language))
        told = (_dose(medicine, today, language), _days(medicine, language), since, _state(course, medicine, today, language))
        lines.append(say["medicine"].format(name=medicine.agent.capitalize(), told=", ".join(part for part in told if part)))
    return "\n".join(lines)


def _dose(medicine: days.Medicine, today: date, language: str) -> str:
    return words(language)["dose"].format(mg=f"{days.dose_on(medicine, today).mg.normalize():f}", times=medicine.times_per_day)


def _days(medicine: days.Medicine, language: str) -> str:
    say, pattern = words(language), days.pattern_of(medicine)
    if pattern.blocks:
        spans = ", ".join(say["from_to"].format(first=first, last=last) for first, last in pattern.blocks)
        told = say["blocks"].format(days=spans, length=pattern.cycle_days)
    elif pattern.days_off:
        told = say["days_on_off"].format(on=pattern.days_on, off=pattern.days_off)
    else:
        told = say["continuous"] if pattern.weekday is None and pattern.every == 1 else ""
    if pattern.weekday is not None:
        named = get_day_names("wide", locale=language)[pattern.weekday - 1]
        told = ", ".join(part for part in (told, say["weekday"].format(day=named)) if part)
    if pattern.every > 1:
        told = ", ".join(part for part in (told, say["every"].format(n=pattern.every)) if part)
    return told


def _state(course: Course, medicine: days.Medicine, today: date, language: str) -> str:
    say = words(language)
    ended = days.stopped_on(medicine)
    if ended is not None and ended <= today:
        return say["stopped"].format(day=day(ended, language))
    for hold in course.holds if medicine is course else ():
        if hold.kind == HoldKind.ORDERED and hold.from_day <= today and (hold.until_day is None or hold.until_day >= today):
            name = "held" if hold.until_day is None else "held_until"
            until = day(hold.until_day, language) if hold.until_day else ""
            return say[name].format(day=day(hold.from_day, language), until=until)
    return ""


# --- The protocol -------------------------------------------------------------------------------------------------------------------


def expected(found: Treated, language: str) -> str:
    """The effects its check-ins ask about: those that are scored, each once."""
    if found.protocol is None:
        return words(language)["unwritten"]
    asked = dict.fromkeys(key for beat in found.protocol.rhythm for key in beat.ask)
    questions = (found.protocol.questions[key] for key in asked)
    named = (one.name.get(language) or one.label.get(language, "") for one in questions if one.kind is Kind.SEVERITY)
    return ", ".join(dict.fromkeys(name for name in named if name)) or words(language)["none"]


def alarm(found: Treated, language: str) -> str:
    """The reason of each urgent rule that somebody at home can see, as the protocol words it: its own first, its class's, then everybody's.

    What needs a laboratory value or another medicine to be known is left to the service.
    """
    if found.protocol is None:
        return words(language)["unwritten"]
    urgent = [rule for rule in found.protocol.rules if rule.level is Level.URGENT and rule.red_flag and _seen_at_home(rule)]
    own = f"{found.protocol.slug}@"
    said: dict[str, bool] = {}
    for rule in sorted(urgent, key=lambda rule: not rule.layer.startswith(own)):
        said.setdefault(rule.why[language].rstrip(". "), rule.layer.startswith(EVERYBODY))
    lines = [one for one, shared in said.items() if not shared]
    lines += [words(language)["and"].join(one for one, shared in said.items() if shared)]
    return "\n".join(f"- {line}" for line in lines if line) or words(language)["none"]


def _seen_at_home(rule: Rule) -> bool:
    hidden = {*looks.MEASURED, *GRADED, "exposed_to"}
    return all(not hidden & spec.keys() for spec in rule.shape.specs())


def watched(found: Treated, language: str) -> str:
    """What the label asks to be done at the laboratory or in consultation, and when."""
    if found.protocol is None:
        return words(language)["unwritten"]
    items = [one for one in found.protocol.monitoring if one.where != AT_HOME]
    told = (words(language)["watched"].format(item=getattr(one.item, language), when=getattr(one.when, language)) for one in items)
    return words(language)["and"].join(told) or words(language)["none"]


def missed(found: Treated, language: str) -> str:
    """What the label says of a missed dose."""
    said = found.protocol.missed_dose.get(language, "") if found.protocol else ""
    return said or words(language)["unwritten"]


def named(found: Treated, language: str) -> str:
    """Which protocol, of which day."""
    if found.protocol is None:
        return words(language)["nobody"]
    title = found.protocol.title.get(language) or found.protocol.slug
    return f"{title} ({day(found.protocol.effective_from, language)})"


# --- What was found -----------------------------------------------------------------------------------------------------------------


def effect(term: str, found: Treated, language: str) -> str:
    """A CTCAE term in the reader's words, when the protocol has them; the term itself otherwise."""
    protocol = found.protocol
    if protocol is None:
        return term
    keys = {key for key, symptom in protocol.symptoms.items() if symptom.ctcae_term == term}
    names = (one.name.get(language) or one.label.get(language, "") for one in protocol.questions.values() if one.symptom in keys)
    return next((name for name in names if name), term)


def open_problems(session: Session, patient: Patient, found: Treated, now: datetime, language: str) -> str:
    """Effects whose last grade is above zero and not older than a cycle, the worst first."""
    last: dict[str, tuple[int, date]] = {}
    for one in grades.standing(session, patient.id):
        if one.at > now - STANDS:
            last.setdefault(one.term, (one.grade, calendar.local_day(one.at, patient.timezone)))
    standing = sorted(((grade, term, on) for term, (grade, on) in last.items() if grade > 0), key=lambda row: -row[0])
    told = (
        words(language)["grade"].format(name=effect(term, found, language), grade=grade, day=day(on, language))
        for grade, term, on in standing
    )
    return "\n".join(f"- {one}" for one in told) or words(language)["none"]


def reported(contact: Contact, found: Treated, language: str) -> str:
    """What the patient described on this call, with its grade."""
    say = words(language)
    told = [
        say["not_gradable" if one.grade is None else "reported"].format(name=effect(one.term, found, language), grade=one.grade)
        for one in sorted(forms.symptoms(sheets.form_of(contact), contact.form), key=lambda one: -(one.grade or 0))
        if one.grade != 0
    ]
    return "\n".join(f"- {one}" for one in told) or say["none"]


def decision(session: Session, contact: Contact, zone: str, language: str) -> str:
    """How the call ended: the doctor's order with who and when, the nurse's protocol, or nothing."""
    say = words(language)
    if contact.outcome == ContactOutcome.LEVEL_2 and contact.doctor_at is not None:
        doctor = session.get(Staff, contact.doctor_id) if contact.doctor_id else None
        on, hour = moment(contact.doctor_at, zone, language)
        order = contact.doctor_order.rstrip(". ") or say["no_order"]
        return say["doctor"].format(name=doctor.name if doctor else say["nobody"], day=on, hour=hour, order=order)
    if contact.outcome == ContactOutcome.LEVEL_1:
        listed = {one.key: one.title.said(language) for one in sheets.form_of(contact).nurse_protocols}
        return say["nurse"].format(protocol=listed.get(contact.protocol_ref, contact.protocol_ref))
    return say["nothing"]
