"""Everything the page of a request shows, read once; and what a nurse's form to ask is filled with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import answering, asking, correcting, lately, raising, replacing, since_answer, stopped
from app.alerts.lately import Close
from app.alerts.models import FOR_THE_DOCTOR, Alert, AlertState, DoctorRequest, RequestEvent, RequestState
from app.alerts.stopped import Stopped
from app.checkins.rhythm import corrected
from app.insight.open_items import Item
from app.messaging.models import Message
from app.people import absences, patients
from app.people.models import Absence, Patient, Staff
from app.treatment import measures
from app.treatment.models import IntakeReport, Measure
from app.web.doctor import changes, danger, since, whom
from app.web.doctor.changes import Change
from app.web.doctor.since import Against
from app.web.patient import chart_data
from app.web.patient.chart_data import Contact, Heard, Treatment
from app.web.render import Page
from app.web.ward import panel
from app.web.ward.saying import Saying
from app.web.ward.telling import Raised
from triage import calendar, explain
from triage.calendar import Span
from triage.terms import Assessment, Step

LAST_TEXTS, LAST_LABS = 6, 6
FRESH_LABS = timedelta(days=30)
"""A laboratory value older than a cycle says little of today; the chart has them all."""


@dataclass(frozen=True)
class Patience:
    """What is known of the patient when a decision is asked: the same on the doctor's page and in the form a nurse asks with."""

    patient: Patient
    saying: Saying
    treatment: Treatment | None
    changes: Sequence[Change]
    assessment: Assessment | None
    temperature: Measure | None
    doses: IntakeReport | None
    labs: Sequence[Measure]
    words: Sequence[Message]
    closes: Sequence[Close] = ()
    alert: Alert | None = None

    @property
    def reasons(self) -> list[Raised]:
        """What else raised its alert: a graver value of an hour ago, judged apart, is not hidden by the one after it."""
        return self.saying.reasons(list(self.alert.events), self.fired) if self.alert else []

    @property
    def fired(self) -> list[Step]:
        """The rules that fired, the gravest first."""
        steps = self.assessment.steps if self.assessment else ()
        return sorted((step for step in steps if step.fired and not step.error), key=lambda step: -step.level)


@dataclass(frozen=True)
class Shown:
    """One request as one reader sees it: what a doctor or a nurse may do with it now. level: as on the doctor's home. held: the days
    without tablets, but for the answer that would be corrected: to continue is then to resume. may_hold: is there a treatment that is
    not held until further notice already, or only by the answer that is corrected? stopped: the treatment, by another answer or by hand.

    alert: the open alert of its patient, with its own hour.

    danger: the open alert of a danger or of a grave value, danger_why: its words; is_spoken_to: was the patient, since. To continue takes a
    tick as long as it is open. stay: in hospital, still open: nothing is asked of whoever goes on at home. replaced: untold
    answers whose place this one took; replaced_by: the one that took its own, as its story keeps it; untold: others about the patient.
    against: what stands against an answer still to be told; tick: whoever tells it then ticks that they read it.
    """

    request: DoctorRequest
    level: str
    about: Patience
    names: Mapping[int, str]
    doctors: Sequence[Staff]
    contacts: Sequence[Contact]
    events: Sequence[RequestEvent]
    held: Span | None
    stopped: Stopped | None
    may_hold: bool
    may_answer: bool
    may_ask: bool
    may_tell: bool
    to_confirm: bool
    alert: Item | None = None
    danger: Alert | None = None
    danger_why: str = ""
    is_spoken_to: bool = False
    stay: Absence | None = None
    may_correct: bool = False
    corrections: Sequence[Mapping[str, Any]] = ()
    replaced: Sequence[DoctorRequest] = ()
    replaced_by: RequestEvent | None = None
    untold: Sequence[DoctorRequest] = ()
    against: Sequence[Against] = ()
    tick: bool = False
    changed: str = ""
    proposed: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def spoken(self) -> Mapping[str, object]:
        """An order of tablets told by telephone that waits for its doctor; empty when none does."""
        return self.request.spoken if self.request.state in FOR_THE_DOCTOR else {}


def about(page: Page, session: Session, patient: Patient, *, alert: Alert | None = None) -> Patience:
    """The patient as of now; of an alert, by the answers it was raised with."""
    now = page.now
    heard = chart_data.last_heard(session, patient, alert.assessment_id if alert else None)
    treatment = chart_data.treatment_of(session, patient, now)
    latest = measures.latest(session, patient.id, before=now).values()
    labs = [one for one in latest if one.kind not in ("temperature", "weight") and now - one.taken_at <= FRESH_LABS]
    since = now - changes.RECENT
    said = select(Message).where(
        Message.patient_id == patient.id, Message.direction == "in", Message.body != "", Message.created_at >= since
    )
    return Patience(
        patient=patient,
        saying=Saying(
            page, chart_data.protocol_of(session, heard.assessment.version_id if heard else None), heard.measures if heard else {}
        ),
        treatment=treatment,
        changes=changes.of_scores(session, patient, now),
        assessment=_assessment(heard),
        temperature=chart_data.last_temperature(session, patient, now),
        doses=chart_data.last_doses(session, treatment, now),
        labs=sorted(labs, key=lambda one: one.taken_at, reverse=True)[:LAST_LABS],
        words=changes.words_of(session, alert, session.scalars(said.order_by(Message.id.desc()).limit(LAST_TEXTS))),
        closes=lately.closes(session, service_id=patient.service_id, subject=f"patient:{patient.id}", now=now),
        alert=alert,
    )


def _held(session: Session, known: Patience, corrects: DoctorRequest | None, now: datetime) -> Span | None:
    """The days without tablets that an answer of now finds; while one is corrected, what it did is taken back first."""
    if corrects is not None:
        return corrected.held_without(session, corrects, known.patient, now)
    treatment = known.treatment
    return Span(treatment.hold.from_day, treatment.hold.until_day) if treatment and treatment.hold else None


def _why(page: Page, saying: Saying, alert: Alert | None) -> str:
    """The dangers of an alert, else the grave value that raised it: nobody ticks a level without knowing of what."""
    if signs := danger.signs_of(alert):
        return saying.dangers(signs)
    told = [event.detail for event in alert.events if event.kind in raising.REPORTS] if alert else []
    return saying.gravest(told).rstrip(".") or page.say("level.urgent")


def _stopped(session: Session, request: DoctorRequest) -> Stopped | None:
    """None too when this answer stopped it: corrected, it runs again."""
    found = stopped.of(session, request.patient_id)
    return None if found is None or found.request_id == request.id else found


def _assessment(heard: Heard | None) -> Assessment | None:
    """The stored conclusion; None when its stored form cannot be read: the words and the chart stay."""
    if heard is None:
        return None
    try:
        return explain.from_dict(heard.assessment.result)
    except (KeyError, TypeError, ValueError):
        return None


def shown(
    page: Page, session: Session, request_id: int, *, values: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None
) -> Shown:
    """The page of a request. Raises NotFound outside the perimeter."""
    viewer = page.viewer
    request = asking.get(session, request_id, viewer=viewer)
    patient = patients.get(session, request.patient_id, viewer=viewer)
    alert = session.get(Alert, request.alert_id) if request.alert_id else None
    known = about(page, session, patient, alert=alert)
    told = request.state in (RequestState.ANSWERED, RequestState.TOLD)
    answered = told or request.state == RequestState.REPLACED
    open_danger = danger.standing(session, patient.id)
    unconfirmed = answered and request.spoken_to_id is not None and request.confirmed_at is None
    return Shown(
        request=request,
        level=danger.level_of(request, danger.worst(session, [patient.id])),
        about=known,
        names=chart_data.staff_names(session, patient.service_id),
        doctors=answering.doctors(session, patient.service_id),
        contacts=chart_data.contacts_of(session, patient, page.now),
        events=list(request.events),
        alert=danger.alert_of(session, viewer, patient.id, page.now),
        held=_held(session, known, request if told else None, page.now),
        stopped=_stopped(session, request),
        may_hold=known.treatment is not None and (told or known.treatment.hold is None or known.treatment.hold.until_day is not None),
        may_answer=viewer.may("answer_requests") and request.state in FOR_THE_DOCTOR,
        may_ask=viewer.may("ask_doctor") and not viewer.may("answer_requests") and request.state in FOR_THE_DOCTOR,
        may_tell=viewer.may("act_on_alerts") and request.state == RequestState.ANSWERED,
        to_confirm=unconfirmed and request.answered_by_id == viewer.actor.id,
        danger=open_danger,
        danger_why=_why(page, known.saying, open_danger),
        is_spoken_to=danger.is_spoken_to(session, open_danger),
        stay=next((one for one in absences.standing(session, patient.id) if one.kind == absences.HOSPITAL), None),
        may_correct=viewer.may("answer_requests") and told and not correcting.stands_under_another(session, request),
        corrections=correcting.corrections(request),
        replaced=replacing.replaced(session, request),
        replaced_by=replacing.taken_over(request),
        untold=() if request.state == RequestState.REPLACED else replacing.untold(session, request),
        against=since.of_answer(page, session, known.saying, request),
        tick=since_answer.takes_a_tick(session, request, page.now),
        changed=changes.read_by(page, known, request.changed),
        proposed=changes.read_by(page, known, request.proposed),
        values=values or {},
        errors=errors or {},
    )


def opened(page: Page, patient: Patient) -> None:
    """A request shows the chart: opening it is written down like opening the chart itself."""
    panel.opened(page, patient, "chart")


def blank(page: Page, session: Session, patient: Patient, alert: Alert | None) -> dict[str, str]:
    """The form to ask, filled: the patient's words and what changed, what the label proposes, how soon, whom."""
    known = about(page, session, patient, alert=alert)
    level = alert.level if alert and alert.level in asking.WORST_FIRST else "moderate"
    return {
        "question": "",
        "changed": "\n".join(changes.lines(page, known)),
        "proposed": "\n".join(changes.proposals(page, known)),
        "level": level,
        "doctor": str(whom.first(page, session, patient, level)),
        "alert": str(alert.id) if alert else "",
        "contact": "",
    }


def of_patient(page: Page, session: Session, patient_id: int, alert_id: int | None) -> tuple[Patient, Alert | None]:
    """The patient a nurse asks about, and their alert when it is asked from one. Raises NotFound outside the perimeter."""
    patient = patients.get(session, patient_id, viewer=page.viewer)
    mine = (Alert.patient_id == patient.id, Alert.service_id == patient.service_id)
    wanted = Alert.id == alert_id if alert_id else Alert.state != AlertState.CLOSED
    return patient, session.scalar(select(Alert).where(*mine, wanted).limit(1))


def today_of(patient: Patient, now: datetime) -> str:
    """The patient's own day, as a field of a form holds it."""
    return calendar.local_day(now, patient.timezone).isoformat()


def is_dead(session: Session, patient: Patient) -> bool:
    """Nobody asks about the treatment of somebody who is noted dead."""
    return absences.death(absences.standing(session, patient.id)) is not None
