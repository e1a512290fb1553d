"""What the team does with alerts and tasks: takes, calls, notes, decides, closes. At human pace, in working hours, urgent ones first.

Each act is a function of the hour that returns the acts that follow from it. A craft that refuses (somebody else was there first, the
shift ended) ends the chain; the ladder brings the alert back, and it is planned anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import admission, arrival, handling, tasks
from app.alerts.models import Alert, AlertState, Outcome, Task
from app.checkins.rhythm import agenda
from app.core.db import Database
from app.core.errors import Refusal
from app.demo import notes
from app.demo.asking import Asking
from app.demo.dice import Dice
from app.people import care_team
from app.people.models import Patient, Service, Staff
from app.people.perimeter import Viewer, viewer_of
from app.treatment import courses, measures
from triage.terms import Level

MINUTE = timedelta(minutes=1)
PACE = {Level.URGENT: 7, Level.HIGH: 45, Level.MODERATE: 150}
"""Median minutes until somebody takes an alert: urgent by the clock, the others while the service is open. Our own assumption."""

STAYS = timedelta(minutes=40)
"""Nobody whose shift ends sooner takes an alert they could not bring to its end."""
LEFT = {
    Level.URGENT: (timedelta(minutes=25), 1.0),
    Level.HIGH: (timedelta(hours=14), 0.5),
    Level.MODERATE: (timedelta(hours=26), 0.7),
    Level.INFO: (timedelta(hours=20), 0.6),
}
"""What waits on the opening morning: raised this shortly before, this share is still nobody's; INFO stands for tasks."""
MORNING = {Level.URGENT: 11, Level.HIGH: 9, Level.MODERATE: 6}
"""Minutes before the opening at which somebody takes the alert of this level that has waited longest."""

Act = Callable[[datetime], "list[Planned]"]
Planned = tuple[datetime, Act]


class Team:
    """The people at work, as the demonstration plays them."""

    def __init__(self, database: Database, service_id: int, dice: Dice, opening: datetime) -> None:
        self._database, self._service_id, self._dice, self._opening = database, service_id, dice, opening
        self._asking = Asking(database, service_id)
        self._planned: set[tuple[int, datetime]] = set()

    def sees(self, session: Session, alerts: Iterable[Alert], tasks: Iterable[Task]) -> list[Planned]:
        """Who will take what, and when. An alert planned once is planned again only when it comes back to the team, or rises."""
        plans: list[Planned] = []
        for alert in alerts:
            if (alert.id, alert.raised_at) not in self._planned:
                self._planned.add((alert.id, alert.raised_at))
                plans.append((self._when_taken(session, alert), partial(self.take, alert.id)))
        plans += [(self._when_done(session, task), partial(self.do_task, task.id)) for task in tasks]
        return plans

    def _when_taken(self, session: Session, alert: Alert) -> datetime:
        level = Level.of(alert.level)
        wait = MINUTE * self._dice.around(PACE[level], 0.6, "taken", alert.id, alert.stamp)
        if self._left(level, alert.raised_at, "left", alert.id):
            return self._opening + wait
        if level is Level.URGENT:
            return alert.raised_at + wait
        return care_team.add_service_time(session.get_one(Service, self._service_id), alert.raised_at, wait)

    def _when_done(self, session: Session, task: Task) -> datetime:
        if task.kind == arrival.KIND:  # an ambulance that was sent is asked after at once, at any hour, whoever is there
            return task.created_at + MINUTE * self._dice.around(15, 0.4, "asks after", task.id)
        if task.kind == admission.KIND:  # nobody who was told to come to hospital waits for the next working day to be looked for
            return task.created_at + MINUTE * self._dice.around(120, 0.2, "arrived", task.id)
        wait = MINUTE * self._dice.around(100, 0.7, "task", task.id)
        if self._left(Level.INFO, task.created_at, "task left", task.id):
            return self._opening + wait
        return care_team.add_service_time(session.get_one(Service, self._service_id), task.created_at, wait)

    def _left(self, level: Level, since: datetime, *names: object) -> bool:
        """Does it wait for the people who open the demonstration?"""
        before, share = LEFT.get(level, (timedelta(0), 0.0))
        return since > self._opening - before and self._dice.happens(share, *names)

    def morning(self, now: datetime) -> list[Planned]:
        """The last minutes before the opening: who has just taken what, so that the list shows people at work. Nothing is closed."""
        acts = [(self._opening - MINUTE * before, partial(self._takes_oldest, level)) for level, before in MORNING.items()]
        acts += [(self._opening - before, partial(self._asks, act)) for before, act in self._asking.acts()]
        with self._database.reading() as session:
            acts += [(self._asking.settle_at(session, now), partial(self._asks, self._asking.settled))]
        return [(at, act) for at, act in acts if at > now]

    def _asks(self, act: Callable[[datetime], None], now: datetime) -> list[Planned]:
        """What is asked of the doctor, and answered, before the opening."""
        act(now)
        return []

    def _takes_oldest(self, level: Level, now: datetime) -> list[Planned]:
        """Take it and ring once; the only urgent one is left to be seen."""
        with self._database.transaction() as session:
            free = select(Alert).where(Alert.service_id == self._service_id, Alert.state == AlertState.NEW, Alert.level == level.word)
            waiting = list(session.scalars(free.order_by(Alert.opened_at, Alert.id)))
            person = self._present(session, now, level.word, "morning")
            if person is None or len(waiting) < (2 if level is Level.URGENT else 1):
                return []
            handling.take(session, waiting[0].id, by=viewer_of(person), now=now)
            return [(now + 2 * MINUTE, partial(self._rings, waiting[0].id, person.id))]

    def _rings(self, alert_id: int, staff_id: int, now: datetime) -> list[Planned]:
        with self._database.transaction() as session:
            words = notes.call(self._dice, "assessment", reached=False, names=(alert_id,))
            by = self._viewer(session, staff_id)
            self._allowed(lambda: handling.call_logged(session, alert_id, by=by, now=now, reached=False, whom="patient", words=words))
        return []

    # --- one alert ----------------------------------------------------------------------------------------------------------------

    def take(self, alert_id: int, now: datetime) -> list[Planned]:
        """Somebody present takes it; an urgent one at night, the doctor on call."""
        with self._database.transaction() as session:
            alert = session.get_one(Alert, alert_id)
            person = self._present(session, now, alert_id)
            if person is None or alert.state != AlertState.NEW:
                return []
            handling.take(session, alert_id, by=viewer_of(person), now=now)
        wait = self._dice.around(3, 0.5, "dials", alert_id)
        return [(now + MINUTE * wait, partial(self._call, alert_id, person.id, 1))]

    def _present(self, session: Session, now: datetime, *names: object) -> Staff | None:
        """Somebody of the ward who stays long enough to see it through, else whoever is on call."""
        people = care_team.on_duty(session, self._service_id, now + STAYS, "ward") if self._is_open(session, now) else []
        people = people or care_team.on_duty(session, self._service_id, now, "on_call")
        return self._dice.pick(people, "who", *names) if people else None

    def _is_open(self, session: Session, now: datetime) -> bool:
        return care_team.is_open(session.get_one(Service, self._service_id), now)

    def _call(self, alert_id: int, staff_id: int, attempt: int, now: datetime) -> list[Planned]:
        dice, names = self._dice, (alert_id, attempt)
        with self._database.transaction() as session:
            alert, by = session.get_one(Alert, alert_id), self._viewer(session, staff_id)
            if alert.owner_id != staff_id:
                return []
            if alert.patient_id is None:
                return [(now + MINUTE, partial(self._close, alert_id, staff_id, True))]
            reached = dice.happens(0.8 if alert.kind != "silence" else 0.7, "reached", *names) or attempt == 3
            whom = "patient" if attempt < 3 else "relative"
            words = notes.call(dice, alert.kind, reached=reached, names=names)
            if not self._allowed(lambda: handling.call_logged(session, alert_id, by=by, now=now, reached=reached, whom=whom, words=words)):
                return []
            if reached and dice.happens(0.4, "measured", *names):
                self._measure(session, alert, by, now)
            urgent = alert.level == Level.URGENT.word
        if reached:
            return [(now + MINUTE * dice.around(6, 0.5, "talks", *names), partial(self._close, alert_id, staff_id, True))]
        if attempt < 3:
            again = MINUTE * (dice.around(2, 0.3, "again", *names) if urgent else dice.around(35, 0.4, "again", *names))
            return [(now + again, partial(self._call, alert_id, staff_id, attempt + 1))]
        return [(now + MINUTE * 2, partial(self._close, alert_id, staff_id, False))]

    def _measure(self, session: Session, alert: Alert, by: Viewer, now: datetime) -> None:
        patient = session.get_one(Patient, alert.patient_id)
        value = f"{self._dice.between(36.4, 37.6, 'told temperature', alert.id):.1f}"
        measures.record(session, patient, kind="temperature", value=value, unit="Cel", taken_at=now, source="call", by=by.actor, now=now)

    def _close(self, alert_id: int, staff_id: int, reached: bool, now: datetime) -> list[Planned]:
        with self._database.transaction() as session:
            alert, by = session.get_one(Alert, alert_id), self._viewer(session, staff_id)
            if alert.owner_id != staff_id:
                return []
            outcome, words = notes.outcome(self._dice, alert.kind, Level.of(alert.level), reached=reached, names=(alert_id,))
            if outcome is Outcome.DOCTOR_DECISION:
                words = self._doctor_decides(session, alert, now) or words
            self._allowed(lambda: handling.close(session, alert_id, by=by, now=now, outcome=outcome, words=words))
        return []

    def _doctor_decides(self, session: Session, alert: Alert, now: datetime) -> str:
        """The oncologist orders some days without tablets; "" when there is nothing to hold."""
        if alert.patient_id is None:
            return ""
        patient = session.get_one(Patient, alert.patient_id)
        course = courses.running(session, patient.id)
        if course is None or any(hold.until_day is None or hold.until_day >= now.date() for hold in course.holds):
            return ""
        days = int(self._dice.between(3, 8, "held", alert.id))
        courses.hold(
            session,
            course,
            patient,
            from_day=now.date(),
            until_day=now.date() + timedelta(days=days - 1),
            reason=notes.HOLD_REASON,
            by=viewer_of(patient.oncologist).actor,
            now=now,
        )
        agenda.plan(session, course, now=now)
        return notes.held(patient.oncologist.name, days)

    # --- one task -----------------------------------------------------------------------------------------------------------------

    def do_task(self, task_id: int, now: datetime) -> list[Planned]:
        """Somebody present does it and writes what was done."""
        with self._database.transaction() as session:
            person = self._present(session, now, "task", task_id)
            task = session.get_one(Task, task_id)
            if person is not None and task.closed_at is None:
                words = notes.done(self._dice, task.kind, task_id)
                if task.kind == "cycle_not_started" and self._cycle_confirmed(session, task, viewer_of(person), now):
                    words = notes.CYCLE_CONFIRMED
                self._ends(session, task, words, viewer_of(person), now)
        return []

    @staticmethod
    def _ends(session: Session, task: Task, words: str, by: Viewer, now: datetime) -> None:
        """With its note; a question with its yes."""
        if task.kind == admission.KIND:
            admission.answer(session, task.id, seen="yes", words=words, by=by, now=now)
        else:
            tasks.close(session, task.id, by=by, now=now, words=words)

    def _cycle_confirmed(self, session: Session, task: Task, by: Viewer, now: datetime) -> bool:
        """The nurse calls and hears that the tablets were started after all; without it the cycle would never advance."""
        patient = session.get_one(Patient, task.patient_id)
        course = courses.running(session, patient.id)
        if course is None or "cycle" not in task.detail:
            return False
        confirm = partial(agenda.confirm_cycle, session, course, patient, number=int(task.detail["cycle"]), by=by.actor, now=now)
        return self._allowed(partial(confirm, started_on=now.date()))

    def _viewer(self, session: Session, staff_id: int) -> Viewer:
        return viewer_of(session.get_one(Staff, staff_id))

    @staticmethod
    def _allowed(act: Callable[[], object]) -> bool:
        try:
            act()
        except Refusal:
            return False
        return True
