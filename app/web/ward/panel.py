"""Everything the alert panel shows, read once: what was said, why it fired, what the patient was told, whom to call, who has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.alerts import handling, lately, tasks
from app.alerts.lately import Close
from app.alerts.models import Alert, AlertEvent, AlertState, Outcome, Task
from app.alerts.replies import Offer
from app.checkins.models import AnswerRow, CheckIn
from app.checkins.rhythm import endings
from app.core.audit import AuditRow
from app.core.errors import NotFound
from app.insight import worklist
from app.insight.teams import Presence
from app.insight.worklist import Row
from app.messaging.models import Message
from app.people import absences, patients
from app.people.models import Absence, Patient, Service, Staff
from app.treatment import grades
from app.treatment.models import ClinicianGrade, IntakeReport, Measure
from app.web.patient import chart_data
from app.web.patient.chart_data import Contact, Heard, Treatment
from app.web.patient.speakers import Speakers
from app.web.render import Page
from app.web.ward import owning, sharing, texts
from app.web.ward.saying import Saying
from app.web.ward.sharing import Holder
from triage import explain
from triage.terms import Assessment, Level, Step

SAME_VISIT = timedelta(minutes=30)
"""A chart opened again by the same person within this time is the same visit: one line in the audit trail, not one per refresh."""

FEW_GRADES = 3


@dataclass(frozen=True)
class Panel:
    """One patient, or one unknown number, with everything open for them."""

    key: str
    saying: Saying
    row: Row | None
    alert: Alert | None
    tasks: Sequence[Task]
    patient: Patient | None
    number: str
    owner: str
    mine: bool
    may_act: bool
    events: Sequence[AlertEvent] = ()
    treatment: Treatment | None = None
    heard: Heard | None = None
    scored: Heard | None = None
    assessment: Assessment | None = None
    doses: IntakeReport | None = None
    temperature: Measure | None = None
    told_message: Message | None = None
    advice: Message | None = None
    clinician: Sequence[ClinicianGrade] = ()
    texts: Sequence[Message] = ()
    quotes: Sequence[Message] = ()
    contacts: Sequence[Contact] = ()
    colleagues: Sequence[Presence] = ()
    waits: Sequence[datetime] = ()
    silences: Sequence[CheckIn] = ()
    silence_words: Sequence[str] = endings.ASKED
    speakers: Speakers | None = None
    away: Sequence[Absence] = ()
    death_undone: AuditRow | None = None
    on_form: Message | None = None
    is_shared: bool = False
    holders: Sequence[Holder] = ()
    wait_last: datetime | None = None
    offers: Sequence[Offer] = ()
    undoable: bool = False
    closed_lately: Sequence[Close] = ()
    asks_silence: bool = False
    must_speak: bool = False
    help_needed: bool = False
    help_left: Sequence[str] = ()
    decided: AlertEvent | None = None
    outcomes: Sequence[Outcome] = ()

    @property
    def proposed(self) -> list[tuple[str, int]]:
        """CTCAE terms with the grade that the scores and the laboratory propose, the highest first; a clinician confirms it or not."""
        protocol, scored = self.saying.protocol, self.scored
        found: dict[str, int] = {one.term: one.grade for one in (self.assessment.grades if self.assessment else ()) if one.grade}
        for key, score in (scored.known if scored and protocol else {}).items():
            question = protocol.questions.get(key) if protocol else None
            shape = protocol.symptoms.get(question.symptom) if protocol and question else None
            if shape and shape.ctcae_term and score:
                found.setdefault(shape.ctcae_term, score)
        return sorted(found.items(), key=lambda one: (-one[1], one[0]))

    def confirmed(self, term: str) -> ClinicianGrade | None:
        """A clinician's grade of this term given since the judgement that proposes one."""
        since = self.heard.at if self.heard else None
        return next((one for one in self.clinician if one.term == term and (since is None or one.at >= since)), None)

    @property
    def today(self) -> date:
        """The patient's own day."""
        return chart_data.local_day(self.patient, self.saying.page.now) if self.patient else self.saying.page.now.date()

    @property
    def stamp(self) -> str:
        """Changes with everything the panel shows; the screen compares it with the list's to know that it is old."""
        return self.row.stamp if self.row else f"{self.alert.id}-{self.alert.stamp}--" if self.alert else ""

    @property
    def level(self) -> Level:
        """The alert's level; without an alert its row's, INFO when nothing is open."""
        return Level.of(self.alert.level) if self.alert else self.row.level if self.row else Level.INFO

    @property
    def is_open(self) -> bool:
        """Is there an alert that is not closed?"""
        return self.alert is not None and self.alert.state != AlertState.CLOSED

    def is_of_another_day(self, row: AnswerRow, heard: Heard) -> bool:
        """Was this answer given on another day than its check-in's? A late temperature says nothing of that day without its hour."""
        return self.patient is not None and chart_data.local_day(self.patient, row.at) != heard.day

    @property
    def elsewhere(self) -> Heard | None:
        """The check-in that raised the alert, when the scores shown are another's: what it said without a score, what it left to ask."""
        heard = self.heard
        same = heard and self.scored and heard.assessment.checkin_id == self.scored.assessment.checkin_id
        return heard if heard and heard.answers and not same else None

    @property
    def told_us(self) -> list[AlertEvent]:
        """Dangers told to somebody of the team, on the telephone or in a question to a doctor, in the words written down; latest first."""
        return [one for one in reversed(self.events) if one.kind in worklist.REASONS and one.detail.get("said")][:2]

    @property
    def death(self) -> Absence | None:
        """The death that a person noted: nobody calls the patient."""
        return absences.death(self.away)

    def steps(self, kind: str) -> list[Step]:
        """Rules that fired ("fired"), could not be judged ("error"), nearly fired ("near"), or wait for an answer ("waits")."""
        found = self.assessment.steps if self.assessment else ()
        if kind == "error":
            return [step for step in found if step.error]
        if kind == "fired":
            return sorted((step for step in found if step.fired and not step.error), key=lambda step: -step.level)
        rest = [step for step in found if not step.fired and not step.error]
        return [step for step in rest if (step.near if kind == "near" else bool(step.waits_for) and not step.near)]


def of_alert(page: Page, session: Session, alert_id: int) -> Panel:
    """The panel of an alert, open or closed. Raises NotFound outside the perimeter."""
    alert = handling.get(session, alert_id, viewer=page.viewer)
    return _build(page, session, alert.subject, alert)


def of_task(page: Page, session: Session, task_id: int) -> Panel:
    """The panel of a task: its patient's, or its number's. Raises NotFound outside the perimeter."""
    task = tasks.get(session, task_id, viewer=page.viewer)
    message = session.get(Message, task.message_id) if task.message_id else None
    key = worklist.task_key(task, message.address if message else "")
    return _build(page, session, key, None)


def of_key(page: Page, session: Session, key: str) -> Panel | None:
    """The panel of a row of the list; None when nothing is open there any more."""
    row = worklist.row(session, key, viewer=page.viewer, now=page.now)
    return _build(page, session, key, row.alert) if row else None


def _build(page: Page, session: Session, key: str, alert: Alert | None) -> Panel:
    row = worklist.row(session, key, viewer=page.viewer, now=page.now)
    alert = alert or (row.alert if row else None)
    patient_id = int(key.removeprefix("patient:")) if key.startswith("patient:") else None
    patient = patients.get(session, patient_id, viewer=page.viewer) if patient_id else None
    if patient is None and not page.viewer.may("see_alerts"):
        raise NotFound("This alert")
    number = key.removeprefix("number:") if key.startswith("number:") else ""
    who = page.who
    owner = session.get(Staff, alert.owner_id) if alert and alert.owner_id else None
    heard = chart_data.last_heard(session, patient, alert.assessment_id if alert else None) if patient else None
    treatment = chart_data.treatment_of(session, patient, page.now) if patient else None
    shown = texts.last(session, page, patient, number)
    away = absences.standing(session, patient.id) if patient else []
    events = list(alert.events) if alert else []
    among = worklist.named_in([*(one.detail for one in events), *(one.detail for one in (row.tasks if row else ()))]) if not patient else []
    return Panel(
        key=key,
        saying=Saying(
            page, chart_data.protocol_of(session, heard.assessment.version_id if heard else None), heard.measures if heard else {}
        ),
        row=row,
        alert=alert,
        tasks=row.tasks if row else (),
        patient=patient,
        number=number,
        owner=owner.name if owner else "",
        mine=bool(owner and who and owner.id == who.staff_id),
        may_act=page.viewer.may("act_on_alerts"),
        events=events,
        treatment=treatment,
        heard=heard,
        scored=_scored(session, patient, heard, alert, page.now),
        assessment=_assessment(heard),
        doses=chart_data.last_doses(session, treatment, page.now),
        temperature=chart_data.last_temperature(session, patient, page.now) if patient else None,
        told_message=session.get(Message, alert.told_message_id) if alert and alert.told_message_id else None,
        advice=texts.advice(session, heard),
        clinician=grades.standing(session, patient.id)[:FEW_GRADES] if patient else (),
        texts=shown,
        quotes=texts.quoted(session, alert, row),
        contacts=chart_data.contacts_of(session, patient, page.now)
        if patient
        else chart_data.caller(session, page.viewer.service_id, number),
        colleagues=owning.colleagues(page, session),
        waits=owning.waits(session, alert, page.now) if alert else (),
        wait_last=handling.latest_wait(session.get_one(Service, alert.service_id), page.now) if alert else None,
        **owning.of_owner(page, session, alert, patient) if alert or row else {},
        silences=endings.unexplained(session, patient.id, page.now) if patient else (),
        speakers=Speakers(page, session, patient) if patient else None,
        away=away,
        death_undone=absences.death_undone(session, patient.id, since=_began(alert, row)) if patient else None,
        asks_silence=alert is not None and owning.is_of_silence(alert),
        closed_lately=_closed_lately(page, session, key, alert),
        on_form=texts.on_form(session, alert) if alert else None,
        is_shared=bool(among),
        holders=sharing.holders_of(page, session, among, number),
    )


def _closed_lately(page: Page, session: Session, key: str, alert: Alert | None) -> Sequence[Close]:
    """What was closed about them in the last day, before this alert; of a panel of tasks alone, at all."""
    if page.viewer.service_id is None:
        return ()
    found = lately.closes(session, service_id=page.viewer.service_id, subject=key, now=page.now, besides=alert.id if alert else None)
    return [one for one in found if alert is None or alert.closed_at is None or one.at <= alert.closed_at]


def _began(alert: Alert | None, row: Row | None) -> datetime | None:
    return min([*([alert.opened_at] if alert else ()), *(task.created_at for task in (row.tasks if row else ()))], default=None)


def _assessment(heard: Heard | None) -> Assessment | None:
    """The stored conclusion; None when its stored form cannot be read: the raw words and the chart stay."""
    if heard is None:
        return None
    try:
        return explain.from_dict(heard.assessment.result)
    except (KeyError, TypeError, ValueError):
        return None


def _scored(session: Session, patient: Patient | None, heard: Heard | None, alert: Alert | None, now: datetime) -> Heard | None:
    """The scores to show: the last while the alert is open, so that what was corrected is; of a closed one those it was judged by."""
    if (
        alert is not None
        and alert.state == AlertState.CLOSED
        and heard is not None
        and heard.known
        and heard.assessment.checkin_id is not None
    ):
        return heard
    return chart_data.last_scored(session, patient, now) if patient else None


def opened(page: Page, patient: Patient, where: str) -> None:
    """Write that this person opened this chart, once per visit (SEC-27). Call it from pages that only read."""
    who = page.who
    if who is None:
        return
    since = page.now - SAME_VISIT
    same = select(AuditRow.id).where(
        AuditRow.patient_id == patient.id,
        AuditRow.action == "chart.opened",
        AuditRow.actor == str(who.viewer.actor),
        AuditRow.acted_at > since,
        or_(AuditRow.reason == where, AuditRow.reason == "chart"),
    )
    with page.tools.database.reading() as session:
        if session.scalar(same.limit(1)) is not None:
            return
    with page.tools.database.transaction() as session:
        patients.chart_opened(session, patient, by=who.viewer.actor, now=page.now, where=where)
