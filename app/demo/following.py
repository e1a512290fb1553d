"""The nurses' programmes as the demonstration lives them: people are met face to face, files validated, calls made at their hour.

Who follows what stands in programmes.csv. ``days``: working days from that of the opening; ``hours``: agreed with the patient, local.
``left``: what waits for the people at the screens: today (nobody rang this morning), before (nor the working day before), validation.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care import contacts, enrolments, programmes
from app.care.contact_models import ContactOutcome, Direction
from app.care.models import OPEN_CALLS, Enrolment, PlannedCall
from app.checkins.judging import measured
from app.core.db import Database
from app.core.errors import Refusal
from app.demo.dice import Dice
from app.demo.team import Planned
from app.demo.ward import HERE
from app.people import care_team
from app.people.models import Patient, Role, Service, Staff
from app.people.perimeter import Viewer, viewer_of

BEGINS_AT = time(8, 5)
"""When the first nurse looks at the calls of the day."""
LEFT = {"today": timedelta(hours=12), "before": timedelta(days=4)}
"""Calls due this shortly before the opening are left undone."""
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Follower:
    """One line of programmes.csv."""

    family: str
    given: str
    programme: str
    days: tuple[int, ...]
    hours: tuple[str, ...]
    left: str


@cache
def followers() -> tuple[Follower, ...]:
    """Everybody in a programme, in the order of the file."""
    with (HERE / "programmes.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Follower(
                row["family"],
                row["given"],
                row["programme"],
                tuple(int(day) for day in row["days"].split()),
                tuple(row["hours"].split()),
                row["left"],
            )
            for row in csv.DictReader(file)
        )


class Following:
    """Each morning: whoever came since is proposed a programme, and the calls of the day are planned at their hour."""

    def __init__(self, database: Database, service_id: int, dice: Dice, opening: datetime) -> None:
        self._database, self._service_id, self._dice, self._opening = database, service_id, dice, opening

    def planned(self, start: datetime) -> list[Planned]:
        """The first morning."""
        return [(self._next_morning(start), self._morning)]

    def _next_morning(self, after: datetime) -> datetime:
        with self._database.reading() as session:
            service = session.get_one(Service, self._service_id)
        zone = ZoneInfo(service.timezone)
        day = after.astimezone(zone).date()
        while True:
            at = datetime.combine(day, BEGINS_AT, zone).astimezone(UTC)
            if at > after and care_team.spans_of(service, day):
                return at
            day += timedelta(days=1)

    def _morning(self, now: datetime) -> list[Planned]:
        found: list[Planned] = [(self._next_morning(now), self._morning)]
        with self._database.transaction() as session:
            for follower in followers():
                self._propose(session, follower, now)
            due = (PlannedCall.state.in_(OPEN_CALLS), PlannedCall.due_at < now + timedelta(hours=14))
            mine = select(PlannedCall).where(PlannedCall.service_id == self._service_id, *due)
            for call in session.scalars(mine.order_by(PlannedCall.due_at, PlannedCall.id)):
                if not self._left(session, call):
                    wait = self._dice.between(0, 25, "rings", call.id) * MINUTE
                    found.append((max(call.due_at, now) + wait, partial(self._ring, call.id, 1)))
        return found

    # --- entering ----------------------------------------------------------------------------------------------------------------------

    def _propose(self, session: Session, who: Follower, now: datetime) -> None:
        patient = self._patient(session, who)
        if patient is None or enrolments.of_patient(session, patient.id):
            return
        nurse, stand_in = self._pair(session, who)
        row = enrolments.propose(session, patient, who.programme, by=viewer_of(nurse), now=now, slots=self._slots(who))
        enrolments.adhesion(session, row.id, nurse_id=nurse.id, stand_in_id=stand_in.id, met_at=now, by=viewer_of(nurse), now=now)
        if programmes.of(row).opening.doctor_validates and who.left != "validation":
            enrolments.validate(session, row.id, by=viewer_of(patient.oncologist), now=now)

    def _patient(self, session: Session, who: Follower) -> Patient | None:
        named = (Patient.family_name == who.family, Patient.given_names == who.given)
        return session.scalar(select(Patient).where(Patient.service_id == self._service_id, *named))

    def _pair(self, session: Session, who: Follower) -> tuple[Staff, Staff]:
        """The nurses in turn; the next one stands in."""
        mine = (Staff.service_id == self._service_id, Staff.role == Role.NURSE)
        nurses = list(session.scalars(select(Staff).where(*mine).order_by(Staff.id)))
        place = followers().index(who) % len(nurses)
        return nurses[place], nurses[(place + 1) % len(nurses)]

    def _slots(self, who: Follower) -> list[tuple[int | None, str]]:
        opening = self._opening.astimezone(ZoneInfo("Europe/Paris")).weekday()
        days: Sequence[int | None] = [(opening + offset) % 5 for offset in who.days] or [None]
        return list(zip(days, who.hours, strict=True))

    # --- calling -----------------------------------------------------------------------------------------------------------------------

    def _left(self, session: Session, call: PlannedCall) -> bool:
        """Does it wait for the people who open the demonstration?"""
        patient = session.get_one(Patient, call.patient_id)
        who = next((one for one in followers() if (one.family, one.given) == (patient.family_name, patient.given_names)), None)
        before = LEFT.get(who.left) if who else None
        return before is not None and call.due_at > self._opening - before

    def _ring(self, call_id: int, attempt: int, now: datetime) -> list[Planned]:
        with self._database.transaction() as session:
            call = session.get_one(PlannedCall, call_id)
            if call.state not in OPEN_CALLS or self._left(session, call):
                return []
            by, patient = self._caller(session, call, now), session.get_one(Patient, call.patient_id)
            try:
                contact = contacts.open_call(session, patient, direction=Direction.OUTGOING, planned_call_id=call_id, by=by, now=now)
            except Refusal:
                return []
            if contact.planned_call_id != call_id:
                return []  # still speaking with this patient about another one: seen again tomorrow morning
            contact_id = contact.id
        if self._dice.happens(0.08, "answers the telephone", call_id, attempt, now.date()):
            return [(now + MINUTE, partial(self._nobody, contact_id, call_id, attempt, by))]
        return [(now + self._dice.around(9, 0.4, "speaks", call_id) * MINUTE, partial(self._close, contact_id, by))]

    def _caller(self, session: Session, call: PlannedCall, now: datetime) -> Viewer:
        """The named nurse when she is there, else the stand-in, else whoever is."""
        enrolment = session.get_one(Enrolment, call.enrolment_id)
        there = care_team.on_duty(session, self._service_id, now, "ward")
        wanted = [person for number in (enrolment.nurse_id, enrolment.stand_in_id) for person in there if person.id == number]
        return viewer_of((wanted or there or [session.get_one(Staff, enrolment.nurse_id)])[0])

    def _nobody(self, contact_id: int, call_id: int, attempt: int, by: Viewer, now: datetime) -> list[Planned]:
        """Once more within the hour; then it is late, and seen the next morning."""
        with self._database.transaction() as session:
            contacts.not_reached(session, contact_id, by=by, now=now)
        return [(now + 40 * MINUTE, partial(self._ring, call_id, 2))] if attempt == 1 else []

    def _close(self, contact_id: int, by: Viewer, now: datetime) -> list[Planned]:
        """What was heard, in one of three outcomes; the shares are those of AMA's published series."""
        with self._database.transaction() as session:
            contact = contacts.get(session, contact_id, viewer=by)
            patient, form = session.get_one(Patient, contact.patient_id), contacts.form_of(contact)
            act = self._dice.happens(0.27, "act", contact_id)
            told = self._heard(patient, contact_id, act)
            said: dict[str, Any] = {"outcome": ContactOutcome.NONE}
            if act and self._dice.happens(0.06, "doctor", contact_id):
                said = {"outcome": ContactOutcome.LEVEL_2, "doctor_id": patient.oncologist_id, "doctor_at": now, "doctor_order": ORDER}
            elif act:
                said = {
                    "outcome": ContactOutcome.LEVEL_1,
                    "protocol_ref": self._dice.pick(form.nurse_protocols, "protocol", contact_id).key,
                }
            given = {key: value for key, value in told.items() if key in form.keys}
            closed = contacts.close(session, contact_id, form=given, by=by, now=now, **said)
            for one in closed.measures:
                measured.judge(session, patient, one, now=now)
        return []

    def _heard(self, patient: Patient, contact_id: int, act: bool) -> dict[str, Any]:
        dice, key = self._dice, f"{patient.family_name} {patient.given_names}"
        weight = dice.between(52, 88, key, "weight") + dice.between(-1.2, 1.2, "weight", contact_id)
        grade = 1 + int(dice.happens(0.3, "grade", contact_id))
        return {
            "identity_checked": True,
            "answers": "patient",
            "intakes": "missed" if dice.happens(0.12, "missed", contact_id) else "all",
            "new_medicines": "no",
            "weight": f"{weight:.1f}",
            "autonomy": f"ps{int(dice.happens(0.5, key, 'autonomy')) + int(act and dice.happens(0.3, 'weaker', contact_id))}",
            "basic_needs": ["eating"] if act and dice.happens(0.4, "eats", contact_id) else ["fine"],
            "symptoms": [{"term": dice.pick(TERMS, "term", contact_id), "grade": grade}] if act else "none",
            "pain": int(dice.between(0, 3, "pain", contact_id)),
            "mood": "low" if dice.happens(0.15, "mood", contact_id) else "good",
            "own_words": dice.pick(WORDS[act], "words", contact_id),
        }


ORDER = "Revoir au prochain bilan."
TERMS = ("Fatigue", "Nausea", "Diarrhea", "Anorexia", "Mucositis oral")
WORDS = {
    False: ("Rien de particulier cette semaine.", "Ça va, je prends mes cachets.", "Je me repose, je sors un peu.", ""),
    True: ("Je suis plus fatigué que la semaine passée.", "J'ai du mal à manger.", "Les mains tirent un peu.", "Le ventre est dérangé."),
}
