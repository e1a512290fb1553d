"""The whole chain under a clock turned by hand: people who write from simulated telephones, the real crafts, the real worker."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertState, Task
from app.checkins.models import AnswerRow, AssessmentRow, CheckIn
from app.checkins.rhythm import agenda
from app.checkins.texts import conversation
from app.core.clock import HandClock
from app.core.db import Database
from app.core.settings import Settings
from app.messaging import inbox
from app.messaging.models import Message
from app.people import care_team
from app.people.models import Patient, Staff
from app.protocols import shelf
from app.treatment.models import Course
from app.worker import Worker
from notifications.messages import Channel
from notifications.transports.simulator import Simulator
from tests.factories import World, a_course, a_patient
from tests.support import stories

MARIE = "+33639980001"


@dataclass(repr=False)
class Chain:
    """Marie is followed from Monday; whoever writes is answered at once, and the worker ticks when the clock is turned."""

    database: Database
    clock: HandClock
    world: World
    phones: Simulator = field(default_factory=Simulator)

    def __post_init__(self) -> None:
        self.worker = Worker(Settings(environment="test"), self.database, self.clock, {Channel.SMS: self.phones})
        self._story = stories.of(self.database)
        self._story.live(f"library at {self.clock.now()}", self._seed)

    def _seed(self) -> None:
        with self.database.transaction() as session:
            shelf.seed(session, self.clock.now())

    def follow(self, *, course: dict[str, object] | None = None, told: bool = True, **patient: object) -> Patient:
        """Enrol somebody, start their treatment today unless told otherwise, and plan.

        told: the line about emergencies was said before the story begins, as it is when the first texts leave at enrolment.
        """
        step = f"follow at {self.clock.now()}: {course}, {told}, {sorted(patient.items())}"
        return self._story.live(step, lambda: self._follow(course or {}, told, patient))

    def _follow(self, course: dict[str, object], told: bool, patient: dict[str, object]) -> Patient:
        with self.database.transaction() as session:
            person = a_patient(session, self.world, now=self.clock.now(), **patient)
            taken = a_course(session, self.world, person, now=self.clock.now(), **course)
            agenda.plan(session, taken, now=self.clock.now())
            if told:
                session.add(self._line(person, taken))
        return person

    def _line(self, person: Patient, taken: Course) -> Message:
        return Message(
            service_id=person.service_id,
            patient_id=person.id,
            direction="out",
            state="delivered",
            address="",
            number="",
            body="",
            key="not_emergency",
            purpose="administrative",
            dedup_key=f"line:{taken.id}:1",
            created_at=self.clock.now(),
        )

    def on_call(self, who: Staff, days: int = 60) -> None:
        """Somebody is on call day and night."""
        with self.database.transaction() as session:
            care_team.put_on_shift(
                session,
                who,
                kind="on_call",
                starts_at=self.clock.now() - timedelta(days=1),
                ends_at=self.clock.now() + timedelta(days=days),
            )

    def says(self, number: str, words: str, *, media: int = 0) -> list[str]:
        """Somebody writes; what their telephone receives in answer, at once."""
        step = f"at {self.clock.now()} {number} says {words!r} with {media} pictures"
        return self._story.live(step, lambda: self._says(number, words, media), self.phones)

    def _says(self, number: str, words: str, media: int) -> list[str]:
        before = len(self.phones.texts(number))
        message_id = self.keep(number, words, media=media)
        conversation.process(self.database, message_id, now=self.clock.now())
        self.send()
        return self.phones.texts(number)[before:]

    def keep(self, number: str, words: str, *, media: int = 0) -> int:
        """A text arrives and is kept, not yet understood."""
        with self.database.transaction() as session:
            inbound = self.phones.reply(number, words, to=self.world.service.number, media=media)
            return inbox.keep(session, inbound, now=self.clock.now())[0].id

    def send(self) -> None:
        """The postman's round."""
        self.worker.postman.round()

    def wait(self, **delta: float) -> None:
        """Time passes in one go, then the worker ticks once."""
        self._tick_at(self.clock.now() + timedelta(**delta))

    def until(self, hour: datetime) -> None:
        """The worker ticks every six hours until then, and then; days that another test lived before are not lived again."""
        hours = [self.clock.now()]
        while hours[-1] < hour:
            hours.append(min(hour, hours[-1] + timedelta(hours=6)))
        self._tick_at(*hours[1:])

    def _tick_at(self, *hours: datetime) -> None:
        self._story.ticks(list(hours), self.clock, self.phones, self._tick)

    def _tick(self) -> None:
        self.worker.run_once()

    def received(self, number: str = MARIE) -> list[str]:
        """Everything a telephone received."""
        return self.phones.texts(number)

    # --- What is in the file --------------------------------------------------------------------------------------------------------

    def read(self) -> AbstractContextManager[Session]:
        """A session to look with."""
        return self.database.reading()

    def checkin(self, patient: Patient, day: date, kind: str = "regular") -> CheckIn:
        with self.read() as session:
            mine = (CheckIn.patient_id == patient.id, CheckIn.day == day, CheckIn.kind == kind)
            return session.scalars(select(CheckIn).where(*mine)).one()

    def answers(self, checkin: CheckIn) -> dict[str, str | None]:
        with self.read() as session:
            rows = (
                select(AnswerRow)
                .where(AnswerRow.checkin_id == checkin.id, AnswerRow.replaced_at.is_(None), AnswerRow.beside.is_(False))
                .order_by(AnswerRow.id)
            )
            return {row.key: row.value for row in session.scalars(rows)}

    def judgements(self, checkin: CheckIn) -> list[AssessmentRow]:
        with self.read() as session:
            return list(session.scalars(select(AssessmentRow).where(AssessmentRow.checkin_id == checkin.id).order_by(AssessmentRow.id)))

    def alerts(self) -> list[Alert]:
        with self.read() as session:
            return list(session.scalars(select(Alert).where(Alert.state != AlertState.CLOSED).order_by(Alert.id)))

    def tasks(self) -> list[str]:
        with self.read() as session:
            return list(session.scalars(select(Task.kind).where(Task.closed_at.is_(None)).order_by(Task.id)))

    def texts_to(self, number: str) -> list[Message]:
        """Every text that left for a number, in the order it was received."""
        with self.read() as session:
            sent = (Message.direction == "out", Message.address == number, Message.state == "delivered")
            return list(session.scalars(select(Message).where(*sent).order_by(Message.sent_at, Message.id)))

    def message(self, message_id: int) -> Message:
        with self.read() as session:
            return session.get_one(Message, message_id)

    def last_heard(self) -> Message:
        with self.read() as session:
            return session.scalars(select(Message).where(Message.direction == "in").order_by(Message.id.desc()).limit(1)).one()

    def course(self, patient: Patient) -> Course:
        with self.read() as session:
            course = session.scalars(select(Course).where(Course.patient_id == patient.id).order_by(Course.id.desc())).first()
            assert course is not None
            assert course.cycles is not None
            return course
