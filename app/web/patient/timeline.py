"""Everything said, done and decided about one patient in one line of time, by kind, a page at a time down to the oldest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertEvent, DoctorRequest
from app.care.contact_models import Contact, ContactState, Letter, LetterState
from app.core.audit import AuditRow
from app.messaging import inbox
from app.messaging.models import Message
from app.people import patients
from app.people.document_models import Document
from app.people.models import Patient
from app.web.deps import Id, Reads
from app.web.patient import chart_data
from app.web.render import StaffPage
from app.web.ward.panel import opened
from app.web.ward.saying import Saying

router = APIRouter()

PAGE = 40
FIRST = 16
"""Lines of a page of the story, and of its beginning on the patient's page."""

TOLD_OF_ALERTS = ("raised", "risen", "closed", "reopened")


@dataclass(frozen=True)
class Moment:
    """One line: ``what`` happened, as its room keeps it. kind: a word of ``KINDS``."""

    at: datetime
    kind: str
    what: Message | AlertEvent | Contact | DoctorRequest | Letter | AuditRow | Document

    @property
    def shape(self) -> str:
        """Which of them it is, by its table."""
        return str(self.what.__tablename__)


@router.get("/patients/{patient_id}/timeline")
def show(page: StaffPage, session: Reads, patient_id: Id, kind: str = "", sheet: int = 1) -> Response:
    """The whole story, or one kind of it; the oldest is on the last page."""
    page.viewer.require("open_chart")
    patient = patients.get(session, patient_id, viewer=page.viewer)
    opened(page, patient, "timeline")
    kind = kind if kind in KINDS else ""
    sheet = min(max(sheet, 1), 1000)
    heard = chart_data.last_heard(session, patient)
    found, is_more = story(session, patient, kind=kind, sheet=sheet)
    return page.page(
        "timeline.html",
        patient=patient,
        saying=Saying(page, chart_data.protocol_of(session, heard.assessment.version_id if heard else None)),
        timeline=found,
        is_more=is_more,
        kind=kind,
        names=chart_data.staff_names(session, patient.service_id),
        kinds=tuple(KINDS),
        sheet=sheet,
    )


def story(session: Session, patient: Patient, *, kind: str = "", sheet: int = 1, size: int = PAGE) -> tuple[list[Moment], bool]:
    """One page, latest first, and whether an older one follows. Each source is read as deep as the page needs: none is cut for ever."""
    depth = sheet * size + 1
    sources = [KINDS[kind]] if kind else list(KINDS.values())
    found = [moment for source in sources for moment in source(session, patient.id, depth)]
    found.sort(key=lambda moment: (moment.at, moment.kind, moment.what.id), reverse=True)
    return found[(sheet - 1) * size : sheet * size], len(found) > sheet * size


def _texts(session: Session, patient_id: int, limit: int) -> list[Moment]:
    return [Moment(text.created_at, "texts", text) for text in inbox.story(session, patient_id, limit=limit)]


def _calls(session: Session, patient_id: int, limit: int) -> list[Moment]:
    """Calls noted on an alert, and call sheets that were closed."""
    mine = (Contact.patient_id == patient_id, Contact.state == ContactState.CLOSED)
    sheets = session.scalars(select(Contact).where(*mine).order_by(Contact.started_at.desc(), Contact.id.desc()).limit(limit))
    noted = [Moment(event.at, "calls", event) for event in _events(session, patient_id, ("called",), limit)]
    return [*noted, *(Moment(one.started_at, "calls", one) for one in sheets)]


def _alerts(session: Session, patient_id: int, limit: int) -> list[Moment]:
    """What was taken back within ten seconds did not happen: on paper, a close undone would say that an ambulance left."""
    taken_back = {event.detail.get("event_id") for event in _events(session, patient_id, ("undone",), limit)}
    told = _events(session, patient_id, TOLD_OF_ALERTS, limit + len(taken_back))
    return [Moment(event.at, "alerts", event) for event in told if event.id not in taken_back]


def _events(session: Session, patient_id: int, kinds: Sequence[str], limit: int) -> Sequence[AlertEvent]:
    mine = select(AlertEvent).join(Alert, Alert.id == AlertEvent.alert_id).where(Alert.patient_id == patient_id, AlertEvent.kind.in_(kinds))
    return session.scalars(mine.order_by(AlertEvent.at.desc(), AlertEvent.id.desc()).limit(limit)).all()


def _requests(session: Session, patient_id: int, limit: int) -> list[Moment]:
    mine = select(DoctorRequest).where(DoctorRequest.patient_id == patient_id)
    return [Moment(one.asked_at, "requests", one) for one in session.scalars(mine.order_by(DoctorRequest.id.desc()).limit(limit))]


def _papers(session: Session, patient_id: int, limit: int) -> list[Moment]:
    """Letters that left, documents that were attached."""
    sent = select(Letter).where(Letter.patient_id == patient_id, Letter.state == LetterState.SENT)
    letters = session.scalars(sent.order_by(Letter.at.desc(), Letter.id.desc()).limit(limit))
    attached = select(Document).where(Document.patient_id == patient_id).order_by(Document.attached_at.desc(), Document.id.desc())
    documents = [Moment(one.attached_at, "papers", one) for one in session.scalars(attached.limit(limit))]
    return [*documents, *(Moment(one.at or one.written_at, "papers", one) for one in letters)]


def _follow_up(session: Session, patient_id: int, limit: int) -> list[Moment]:
    """Ways tried, ends of check-ins, absences, pauses."""
    told = or_(*(AuditRow.action.like(f"{kind}.%") for kind in ("checkin", "absence", "silence")))
    mine = select(AuditRow).where(AuditRow.patient_id == patient_id, told)
    rows = session.scalars(mine.order_by(AuditRow.acted_at.desc(), AuditRow.id.desc()).limit(limit))
    return [Moment(row.acted_at, "follow_up", row) for row in rows]


KINDS: dict[str, Callable[[Session, int, int], list[Moment]]] = {
    "texts": _texts,
    "calls": _calls,
    "alerts": _alerts,
    "requests": _requests,
    "papers": _papers,
    "follow_up": _follow_up,
}
"""What may be asked for apart, in the order of the filter."""
