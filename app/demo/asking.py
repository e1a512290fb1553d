"""Two requests to the doctor on the opening morning: one answered, that its nurse has to tell; one that waits for the doctor.

Those of an earlier opening are settled by the team as soon as the life goes on: a week on, nobody would still wait for an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import answering, asking, handling
from app.alerts.answering import Decision
from app.alerts.models import Alert, AlertState, DoctorAnswer, DoctorRequest
from app.care import contacts
from app.checkins.models import AssessmentRow
from app.checkins.rhythm import ordered
from app.core.db import Database
from app.core.errors import Refusal
from app.people import care_team
from app.people.models import Patient, Role, Service, Staff
from app.people.perimeter import Viewer, viewer_of
from app.treatment import courses
from triage import calendar
from triage.terms import Level

MINUTE = timedelta(minutes=1)
ASKED, ANSWERED, WAITING, READ = 34 * MINUTE, 16 * MINUTE, 21 * MINUTE, 18 * MINUTE
"""How long before the opening."""
SETTLED = 90 * MINUTE
"""Of service time, after an earlier opening: its requests are answered and told."""
UNREAD = timedelta(hours=24)
"""Call forms of this long before the opening are still to be read."""

HELD, STRONG, TOLD = 3, 2, 1
"""Days of the hold; scores from which something is asked about somebody with, and without, an alert."""
QUESTION = "Effet gênant au dernier relevé, confirmé au téléphone. Poursuivre les prises, ou suspendre quelques jours ?"
HOLD = "Suspendre trois jours, réhydrater, rappeler avant la reprise."
GO_ON = "Même dose. En reparler à la consultation."
SAID = "Réponse du médecin dite au patient, répétée par lui."
OTHER = "Effets légers qui durent depuis deux relevés, sans alerte. Faut-il réduire la dose au prochain cycle ?"


class Asking:
    """What a nurse asks and a doctor answers, through the crafts of the screens."""

    def __init__(self, database: Database, service_id: int) -> None:
        self._database, self._service_id = database, service_id

    def acts(self) -> list[tuple[timedelta, Callable[[datetime], None]]]:
        """How long before the opening, and what."""
        return [(ASKED, self.from_an_alert), (WAITING, self.from_a_page), (READ, self.read), (ANSWERED, self.answered)]

    def settle_at(self, session: Session, now: datetime) -> datetime:
        """When what an earlier opening left is settled."""
        return care_team.add_service_time(session.get_one(Service, self._service_id), now, SETTLED)

    def settled(self, now: datetime) -> None:
        """The doctors answer what still waits, and a nurse tells every answer to its patient."""
        with self._database.transaction() as session:
            nurse = self._nurse(session, now)
            if nurse is None:
                return
            for request in asking.open_requests(session, viewer=nurse):
                doctor = viewer_of(session.get_one(Staff, request.doctor_id))
                held = ordered.held(session, session.get_one(Patient, request.patient_id), now) is not None
                ordered.answer(session, request.id, Decision(DoctorAnswer.CONTINUE, GO_ON, resume=held), by=doctor, now=now)
            for request in asking.to_tell(session, viewer=nurse):
                answering.tell(session, request.id, by=nurse, now=now, reached=True, words=SAID, sure=True)

    def from_an_alert(self, now: datetime) -> None:
        """A nurse takes the oldest moderate alert that nobody has, and asks."""
        with self._database.transaction() as session:
            nurse = self._nurse(session, now)
            alert = self._alert(session)
            if nurse is None or alert is None or alert.patient_id is None:
                return
            patient = session.get_one(Patient, alert.patient_id)
            handling.take(session, alert.id, by=nurse, now=now)
            asking.ask(session, patient, by=nurse, now=now, question=QUESTION, level=Level.HIGH.word, alert_id=alert.id)

    def from_a_page(self, now: datetime) -> None:
        """Another nurse asks about somebody without an open alert; nobody has answered yet."""
        with self._database.transaction() as session:
            nurse = self._nurse(session, now)
            quiet = [one for one in self._patients(session) if not self._has_alert(session, one)]
            if nurse is None or not quiet:
                return
            asking.ask(session, quiet[0], by=nurse, now=now, question=OTHER, level=Level.MODERATE.word)

    def answered(self, now: datetime) -> None:
        """The doctor answers the first: held for some days."""
        with self._database.transaction() as session:
            mine = (DoctorRequest.service_id == self._service_id, DoctorRequest.question == QUESTION)
            request = session.scalar(select(DoctorRequest).where(*mine).order_by(DoctorRequest.id.desc()).limit(1))
            if request is None:
                return
            patient = session.get_one(Patient, request.patient_id)
            last = calendar.local_day(now, patient.timezone) + timedelta(days=HELD - 1)
            doctor = viewer_of(patient.oncologist)
            try:
                asking.seen(session, request.id, by=doctor, now=now)
                ordered.answer(session, request.id, Decision(DoctorAnswer.HOLD_UNTIL, HOLD, until_day=last), by=doctor, now=now)
            except Refusal:
                session.rollback()

    def read(self, now: datetime) -> None:
        """The doctors have read the call forms of the days before; those of the last day wait for them."""
        with self._database.transaction() as session:
            doctors = session.scalars(
                select(Staff).where(Staff.service_id == self._service_id, Staff.role == Role.ONCOLOGIST, Staff.active)
            )
            for doctor in map(viewer_of, doctors):
                for one in contacts.for_doctor(session, doctor.actor.id or 0, viewer=doctor):
                    if one.contact.ended_at is not None and one.contact.ended_at < now - UNREAD:
                        contacts.read_by_doctor(session, one.contact.id, by=doctor, now=now)

    def _nurse(self, session: Session, now: datetime) -> Viewer | None:
        there = [one for one in care_team.on_duty(session, self._service_id, now, "ward") if one.role == Role.NURSE]
        return viewer_of(there[0]) if there and care_team.is_open(session.get_one(Service, self._service_id), now) else None

    def _alert(self, session: Session) -> Alert | None:
        """Of somebody who takes tablets and told something strong: there is something to hold, and why."""
        free = (Alert.service_id == self._service_id, Alert.state == AlertState.NEW, Alert.level == Level.MODERATE.word)
        found = session.scalars(select(Alert).where(*free).order_by(Alert.opened_at, Alert.id))
        asked = (one for one in found if one.patient_id and courses.running(session, one.patient_id) is not None)
        return next((one for one in asked if one.patient_id and self._worst(session, one.patient_id) >= STRONG), None)

    def _worst(self, session: Session, patient_id: int) -> int:
        """The worst score of the last answers; 0 when there are none."""
        mine = select(AssessmentRow).where(AssessmentRow.patient_id == patient_id, AssessmentRow.checkin_id.is_not(None))
        last = session.scalar(mine.order_by(AssessmentRow.id.desc()).limit(1))
        scores = (last.result.get("scores") or {}) if last is not None else {}
        return max((score for score in scores.values() if isinstance(score, int)), default=0)

    def _patients(self, session: Session) -> list[Patient]:
        mine = select(Patient).where(Patient.service_id == self._service_id).order_by(Patient.id)
        treated = [one for one in session.scalars(mine) if courses.running(session, one.id) is not None]
        return [one for one in treated if self._worst(session, one.id) >= TOLD]

    def _has_alert(self, session: Session, patient: Patient) -> bool:
        mine = (Alert.patient_id == patient.id, Alert.state != AlertState.CLOSED)
        return session.scalar(select(Alert.id).where(*mine).limit(1)) is not None
