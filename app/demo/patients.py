"""What the fictional patients do: they are enrolled, they hear a text, they answer it, and sometimes write unasked.

Their words enter by the same door as a carrier's: kept and committed first, understood after.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins import script
from app.checkins.models import CheckIn, CheckInState
from app.checkins.rhythm import agenda, watched
from app.checkins.texts import conversation, verifying
from app.core.db import Database
from app.demo import personas, prescribing, telling, ward
from app.demo.bodies import Body
from app.demo.dice import Dice
from app.demo.personas import Wanted
from app.demo.team import Planned
from app.demo.ward import Person
from app.messaging import codes, inbox
from app.messaging.models import Message
from app.people import care_team, enrolling, numbers
from app.people.enrolling import NewPatient
from app.people.models import NumberCheck, Patient, Role, Service, Staff
from app.people.perimeter import actor_of
from app.protocols import said, versions
from app.treatment import courses
from app.treatment.courses import NewCourse
from app.treatment.models import Course
from notifications.messages import Inbound
from notifications.transports.simulator import NAME as CARRIER
from triage import calendar
from triage.terms import Kind

DAY = timedelta(days=1)


class Patients:
    """Everybody of the ward. ``absent``: telephones somebody else holds (a visitor of the telephones page)."""

    def __init__(
        self,
        database: Database,
        service_id: int,
        dice: Dice,
        *,
        people: Sequence[Person] | None = None,
        absent: frozenset[str] = frozenset(),
    ) -> None:
        self._database, self._service_id, self._dice, self._absent = database, service_id, dice, absent
        with database.reading() as session:
            self._number = session.get_one(Service, service_id).number
        self.people = tuple(ward.people() if people is None else people)
        self._bodies = {person.key: Body(person, dice) for person in self.people}
        self._by_key = {person.key: person for person in self.people}

    # --- arriving ----------------------------------------------------------------------------------------------------------------

    def arrivals(self, opening: datetime) -> list[Planned]:
        """The enrolment of everybody who is not in the ward yet, on a working day before their first intake."""
        with self._database.reading() as session:
            here = {(p.family_name, p.given_names) for p in session.scalars(select(Patient).where(Patient.service_id == self._service_id))}
            service = session.get_one(Service, self._service_id)
            missing = [person for person in self.people if (person.family, person.given) not in here]
            return [(self._arrives(service, person, opening), partial(self._enrol, person, opening)) for person in missing]

    def _arrives(self, service: Service, person: Person, opening: datetime) -> datetime:
        zone = ZoneInfo(service.timezone)
        day = (_first_intake(person, opening) - self._dice.between(0.5, 2.5, person.key, "enrolled") * DAY).astimezone(zone).date()
        while not care_team.spans_of(service, day):
            day -= DAY
        hour = timedelta(hours=self._dice.between(9, 16.5, person.key, "enrolled at"))
        return (datetime.combine(day, time(), zone) + hour).astimezone(UTC)

    def _enrol(self, person: Person, opening: datetime, now: datetime) -> list[Planned]:
        """The coordinator enrols from the oncologist's prescription, and the first text leaves before the patient goes."""
        with self._database.transaction() as session:
            service = session.get_one(Service, self._service_id)
            coordinator = _one(session, service, Role.COORDINATOR, 0)
            doctor = _one(session, service, Role.ONCOLOGIST, int(self._dice.chance(person.key, "doctor") * 2))
            patient = enrolling.enrol(session, service, _file(person, doctor.id), by=actor_of(coordinator), now=now, allow_fiction=True)
            today = calendar.local_day(now, person.zone)
            watch = prescribing.prescribed(person, doctor.id, self._dice, today=today, opening=opening)
            watched.record(session, patient, watch, by=actor_of(coordinator), now=now)
            verifying.ask_all(session, patient, by=actor_of(coordinator), now=now)
            slugs = {v.slug for v in versions.available(session, now.date(), service.id)}
            course = courses.start(session, patient, _prescription(person, opening), by=actor_of(coordinator), now=now, slugs=slugs)
            agenda.plan(session, course, now=now)
            agenda.first_now(session, course, now=now)
            patient_id = patient.id
        self._codes_read_out(patient_id, now)
        return []

    def _codes_read_out(self, patient_id: int, now: datetime) -> None:
        """Whoever stands there reads the code from their telephone, and the coordinator types it."""
        with self._database.transaction() as session:
            patient = session.get_one(Patient, patient_id)
            coordinator = actor_of(_one(session, patient.service, Role.COORDINATOR, 0))
            for whose in (None, *patient.respondents):
                check = numbers.live(session, patient, whose, now=now)
                if check is not None:
                    verifying.confirm(session, patient, codes.code_of(check), by=coordinator, now=now, respondent=whose)

    # --- hearing and answering ---------------------------------------------------------------------------------------------------

    def hears(self, session: Session, text: Message) -> list[Planned]:
        """What somebody who just received this text will do about it."""
        if text.check_id is not None:
            return self._sends_code(session, text)
        checkin = session.get(CheckIn, text.checkin_id) if text.checkin_id else None
        if checkin is None or text.address in self._absent or not checkin.asking:
            return []
        person = self._person(session.get_one(Patient, checkin.patient_id))
        if person is None:
            return []
        day, reminded = _day(session, checkin), text.key == "reminder"
        first = reminded or checkin.state == CheckInState.OPEN
        at = (text.sent_at or text.created_at) + personas.delay(person, self._dice, checkin.day, text.key, checkin.texts_sent, first=first)
        if first and personas.withdraws(person, day):
            return [(at, partial(self._write, person, "STOP"))]
        if first and not personas.answers(person, self._dice, day, reminded=reminded):
            return []
        wanted = self._wanted(session, person, checkin)
        if wanted is None:
            return []
        body = personas.words(person, self._dice, wanted, checkin.day, *wanted.labels, again=text.key.startswith("reask"))
        return [(at, partial(self._write, person, body))]

    def _sends_code(self, session: Session, text: Message) -> list[Planned]:
        """A code asked for by text comes back within the hour, from whoever answers texts at all."""
        person = self._person(session.get_one(Patient, text.patient_id)) if text.patient_id else None
        check = session.get_one(NumberCheck, text.check_id)
        if person is None or text.address in self._absent or text.address != person.answering_phone or check.confirmed_at is not None:
            return []
        at = (text.sent_at or text.created_at) + self._dice.between(2, 55, person.key, "code") * timedelta(minutes=1)
        return [(at, partial(self._write, person, codes.code_of(check)))]

    def _wanted(self, session: Session, person: Person, checkin: CheckIn) -> Wanted | None:
        """What the check-in asks now, with the truth of that person's day."""
        protocol = script.protocol_of(session, checkin)
        asked = [question for key in checkin.asking if (question := script.question_of(key, protocol))]
        if not asked:
            return None
        course = session.get_one(Course, checkin.course_id)
        held = next((hold for hold in course.holds if hold.from_day <= checkin.day <= (hold.until_day or checkin.day)), None)
        held_for = (checkin.day - held.from_day).days + 1 if held else 0
        day, body = _day(session, checkin), self._bodies[person.key]
        on_day = checkin.cycle_day is None or checkin.cycle_day <= person.treatment.days_on
        values = tuple(telling.value(q, body, self._dice, day, on_day=on_day, held_for=held_for) for q in asked)
        labels = tuple(said.label(q, person.language) or q.key for q in asked)
        return Wanted(Kind.MULTI if len(asked) > 1 else asked[0].kind, values, labels)

    def _person(self, patient: Patient) -> Person | None:
        return self._by_key.get(f"{patient.family_name} {patient.given_names}")

    # --- writing -----------------------------------------------------------------------------------------------------------------

    def unasked(self, opening: datetime, now: datetime, until: datetime) -> list[Planned]:
        """Texts nobody asked for, from now until then: those of the last mornings, and the odd thanks or plea."""
        said = [
            (opening - timedelta(minutes=text.minutes_before), partial(self._write, person, text.body))
            for text in ward.mornings()
            for person in self.people
            if person.answering_phone == text.phone
        ]
        for person in self.people:
            for week in range(1, person.began // 7):
                if self._dice.happens(0.07, person.key, "unasked", week) and person.answers != "shared":
                    options = personas.UNASKED[person.language]
                    at = _first_intake(person, opening) + (7 * week + self._dice.between(0, 6, person.key, "unasked at", week)) * DAY
                    said.append((at, partial(self._write, person, self._dice.pick(options, person.key, "unasked words", week))))
        return [(at, act) for at, act in said if now < at <= until]

    def _write(self, person: Person, body: str, now: datetime) -> list[Planned]:
        """One text from a telephone: kept, committed, then understood."""
        name = hashlib.blake2b(f"{person.key}|{now.isoformat()}|{body}".encode(), digest_size=12).hexdigest()
        write(self._database, Inbound(CARRIER, f"sim-{name}", person.answering_phone, self._number, body), now=now)
        return []


def write(database: Database, inbound: Inbound, *, now: datetime) -> int:
    """The door every text comes in by, here as at a carrier's webhook: kept and committed, then understood. Returns the message's id."""
    with database.transaction() as session:
        message, _ = inbox.keep(session, inbound, now=now)
        message_id = message.id
    conversation.process(database, message_id, now=now)
    return message_id


def _first_intake(person: Person, opening: datetime) -> datetime:
    return opening - person.began * DAY


def _day(session: Session, checkin: CheckIn) -> int:
    """Days from the first intake to the day asked about, 0 on it."""
    return (checkin.day - session.get_one(Course, checkin.course_id).first_intake).days


def _prescription(person: Person, opening: datetime) -> NewCourse:
    treatment = person.treatment
    return NewCourse(
        agent=person.agent,
        protocol_slug=treatment.protocol,
        dose_mg=person.dose_mg,
        times_per_day=treatment.times_per_day,
        days_on=treatment.days_on,
        days_off=treatment.days_off,
        first_intake=_first_intake(person, opening).date(),
    )


def _one(session: Session, service: Service, role: Role, place: int) -> Staff:
    return list(session.scalars(select(Staff).where(Staff.service_id == service.id, Staff.role == role).order_by(Staff.id)))[place]


def _file(person: Person, oncologist_id: int) -> NewPatient:
    return NewPatient(
        family_name=person.family,
        given_names=person.given,
        birth_date=person.born,
        sex=person.sex,
        phone=person.phone,
        oncologist_id=oncologist_id,
        language=person.language,
        timezone=person.zone,
        shared_phone=person.answers == "shared",
        respondent_name=person.relative,
        respondent_relation=person.relation,
        respondent_phone=person.relative_phone,
        answered_by="respondent" if person.answers == "respondent" else "patient",
        consent_follow_up=True,
        consent_sms_words=True,
        consent_sheet="2026-09",
        phone_verified=False,
        check_in_hour=person.hour,
    )
