"""Everything the alert panel shows, read once: what was said, why it fired, what the patient was told, whom to call, who has it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.alerts import handling, lately, tasks
from app.alerts.lately import Close
from app.alerts.models import Alert, AlertState
from app.checkins.models import AnswerRow, CheckIn
from app.checkins.rhythm import endings
from app.core.audit import AuditRow
from app.core.errors import NotFound
from app.insight import worklist
from app.insight.worklist import Row
from app.messaging.models import Message
from app.people import absences, patients
from app.people.models import Patient, Service, Staff
from app.treatment import grades
from app.web.patient import callers, chart_data
from app.web.patient.chart_data import Heard
from app.web.patient.speakers import Speakers
from app.web.render import Page
from app.web.ward import owning, sharing, texts
from app.web.ward.saying import Saying
from app.web.ward.shown import Panel
from triage import explain
from triage.terms import Assessment

SAME_VISIT = timedelta(minutes=30)
"""A chart opened again by the same person within this time is the same visit: one line in the audit trail, not one per refresh."""

FEW_GRADES = 3


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
    away = absences.standing(session, patient.id) if patient else []
    scored = _scored(session, patient, heard, alert, page.now)
    events = list(alert.events) if alert else []
    details = [*(one.detail for one in events), *(one.detail for one in (row.tasks if row else ()))] if not patient else []
    among = worklist.named_in(details)
    return Panel(
        key=key,
        saying=_saying(page, session, heard),
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
        scored=scored,
        assessment=_assessment(heard),
        doses=chart_data.last_doses(session, treatment, page.now),
        temperature=chart_data.last_temperature(session, patient, page.now) if patient else None,
        told_message=session.get(Message, alert.told_message_id) if alert and alert.told_message_id else None,
        advice=texts.advice(session, heard),
        clinician=grades.standing(session, patient.id)[:FEW_GRADES] if patient else (),
        texts=texts.last(session, page, patient, number),
        **texts.words(session, alert, row),
        contacts=chart_data.contacts_of(session, patient, page.now)
        if patient
        else callers.contacts_of(session, page.viewer.service_id, number, details),
        is_call=patient is None and callers.is_call(key, row.tasks if row else ()),
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


def _saying(page: Page, session: Session, heard: Heard | None) -> Saying:
    protocol = chart_data.protocol_of(session, heard.assessment.version_id if heard else None)
    return Saying(page, protocol, heard.measures if heard else {}, apart(session, heard))


def apart(session: Session, heard: Heard | None) -> Sequence[AnswerRow]:
    """What was answered in other check-ins the day of a judgement that did not look at it: a text of danger is judged alone."""
    if heard is None:
        return ()
    judged = heard.assessment
    others = CheckIn.patient_id == judged.patient_id, CheckIn.day == heard.day, CheckIn.id.is_distinct_from(judged.checkin_id)
    standing = AnswerRow.replaced_at.is_(None), AnswerRow.beside.is_(False)
    return session.scalars(select(AnswerRow).join(CheckIn).where(*others, *standing).order_by(AnswerRow.at, AnswerRow.id)).all()


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
