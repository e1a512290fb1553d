"""The prescription of the watching as a form or a program gives it, read without guessing (FR-10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.people import watching
from app.people.enrolling import NewPatient
from app.people.models import Service
from app.people.watching import NewWatching
from app.web.patient import prescription
from triage import calendar

PLACE = "watching_"
"""What its fields begin with on the enrolment form, where there are others beside them."""

Fields = Mapping[str, str]


def blank(today: date) -> dict[str, str]:
    """The lines of an enrolment before anybody types: a whole year from today. Without an activity nothing is prescribed."""
    return {f"{PLACE}from_day": today.isoformat(), f"{PLACE}until_day": watching.longest_from(today).isoformat()}


def at_enrolment(typed: Fields, prescriber_id: int | None) -> NewWatching | None:
    """What the enrolment form asks for, prescribed by the referring oncologist; None when it was left aside.

    A weight or conditions without an activity are not left aside in silence: the craft asks for the activity.
    """
    if not any(typed.get(f"{PLACE}{name}", "").strip() for name in ("activity", "weight_kg", "conditions")):
        return None
    return read(typed, prescriber_id, place=PLACE)


def read(typed: Fields, prescriber_id: int | None, *, place: str = "") -> NewWatching:
    """Every field; what cannot be read stays empty, and gets its sentence from the craft."""
    return NewWatching(
        prescriber_id=prescriber_id,
        activity=typed.get(f"{place}activity", ""),
        from_day=prescription.day(typed.get(f"{place}from_day", "")),
        until_day=prescription.day(typed.get(f"{place}until_day", "")),
        weight_kg=prescription.decimal(typed.get(f"{place}weight_kg", "")),
        conditions=typed.get(f"{place}conditions", ""),
    )


def check(session: Session, service: Service, new: NewPatient, asked: NewWatching | None, *, place: str, now: datetime) -> None:
    """Put its sentences among those of the enrolment, each beside its own field. A missing doctor is said once, by the enrolment."""
    if asked is None:
        return
    problems = watching.check(session, service, asked, birth=new.birth_date, today=calendar.local_day(now, service.timezone))
    if asked.prescriber_id == new.oncologist_id:
        problems.pop("prescriber_id", None)
    new.problems |= {f"{place}{name}": said for name, said in problems.items()}
