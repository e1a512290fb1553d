"""Boxes handed out for each cycle, and now and then a count of what is left: the ward's pharmacists, through the crafts of the screens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.audit import Actor
from app.core.db import Database
from app.demo.dice import Dice
from app.demo.team import Planned
from app.demo.ward import Person
from app.people.models import Patient, Role, Staff
from app.people.perimeter import actor_of
from app.treatment import courses, days, supplies
from app.treatment.models import Course

STRENGTHS = {"capecitabine": Decimal(500), "ibrutinib": Decimal(140), "sunitinib": Decimal("12.5")}
"""mg of the tablets these people are given."""

WRONG_BY = {"forgetting": 4, "overtaking": -3, "fading": 5}
"""Intakes more (or fewer) left in the box than should be, by what becomes of a person."""

DAY = timedelta(days=1)


class Pharmacy:
    """What the pharmacists do for everybody while the past is lived."""

    def __init__(self, database: Database, service_id: int, dice: Dice, people: Sequence[Person]) -> None:
        self._database, self._service_id, self._dice, self._people = database, service_id, dice, people

    def planned(self, opening: datetime, now: datetime, until: datetime) -> list[Planned]:
        """A box at the start of each cycle, a day or two late for those who forget; a count in the last week for one in two."""
        acts: list[Planned] = []
        for person in self._people:
            first, cycle = opening - person.began * DAY, person.treatment.days_on + person.treatment.days_off
            for start in range(0, person.began + 1, cycle):
                late = self._dice.between(1, 4, person.key, "box", start) if start and person.bent in WRONG_BY else 0
                acts.append((first + (start + late) * DAY, partial(self._box, person)))
            if self._dice.happens(0.5, person.key, "counted") or person.bent in WRONG_BY:
                acts.append((opening - self._dice.between(1, 5, person.key, "count") * DAY, partial(self._count, person)))
        return [(at, act) for at, act in acts if now < at <= until]

    def _box(self, person: Person, now: datetime) -> list[Planned]:
        """One cycle's tablets, from the town's pharmacy or the hospital's."""
        with self._database.transaction() as session:
            patient, course, by = self._found(session, person)
            strength = STRENGTHS.get(person.agent)
            if patient is None or course is None or strength is None:
                return []
            tablets = int(course.dose_mg / strength) * course.times_per_day * course.days_on
            place = "hospital" if self._dice.happens(0.3, person.key, "pharmacy") else "town"
            supplies.dispense(
                session, course, patient, on_day=now.date(), strength_mg=strength, tablets=tablets, place=place, by=by, now=now
            )
        return []

    def _count(self, person: Person, now: datetime) -> list[Planned]:
        """What is left yesterday evening: what should be, or not quite."""
        with self._database.transaction() as session:
            patient, course, by = self._found(session, person)
            strength, on_day = STRENGTHS.get(person.agent), now.date() - DAY
            due = days.expected(course, course.first_intake, on_day) if course else None
            if patient is None or course is None or strength is None or due is None:
                return []
            handed = sum(row.tablets for row in supplies.dispensings(session, course, until=on_day))
            left = handed - int(due.mg / strength) + WRONG_BY.get(person.bent, 0) * int(course.dose_mg / strength)
            if left >= 0:
                supplies.count(
                    session, course, patient, on_day=on_day, tablets={strength: left}, returned={}, source="pharmacist", by=by, now=now
                )
        return []

    def _found(self, session: Session, person: Person) -> tuple[Patient | None, Course | None, Actor]:
        mine = select(Patient).where(Patient.phone == person.phone, Patient.given_names == person.given)
        patient = session.scalar(mine.where(Patient.family_name == person.family))
        staff = list(session.scalars(select(Staff).where(Staff.service_id == self._service_id).order_by(Staff.id)))
        who = next((one for one in staff if one.role == Role.PHARMACIST), staff[0])
        return patient, courses.running(session, patient.id) if patient else None, actor_of(who)
