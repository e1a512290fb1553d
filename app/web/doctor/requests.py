"""The page of a request: the doctor answers there, the nurse writes down a call, tells the patient, withdraws it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.alerts import answering, asking, since_answer
from app.alerts.answering import Decision
from app.alerts.models import DoctorAnswer, RequestState
from app.checkins.rhythm import corrected, ordered
from app.core.errors import Refusal
from app.treatment import days as days_of
from app.web.coordinator import Typed
from app.web.deps import Id, Reads, Writes
from app.web.doctor import changes, danger, forms, since, view, whom, wording
from app.web.doctor.view import Shown
from app.web.patient.chart_data import Treatment
from app.web.render import Page, StaffPage
from triage import calendar

router = APIRouter()

QUICK_HOLDS = (3, 7)
"""Days of a hold that take one press, today being the first of them; any other day is typed (house rule, 2026-11-23)."""


@router.get("/requests/{request_id}")
def request_page(page: StaffPage, session: Reads, request_id: Id) -> Response:
    """The question, what is known, and what this reader may do. A doctor who opens it has seen it."""
    page.viewer.require("see_alerts")
    shown = view.shown(page, session, request_id)
    view.opened(page, shown.about.patient)
    if shown.may_answer and shown.request.state == RequestState.ASKED:
        with page.tools.database.transaction() as own:
            asking.seen(own, request_id, by=page.viewer, now=page.now)
    return _page(page, shown)


def _page(page: Page, shown: Shown, status: int = 200) -> Response:
    today = calendar.local_day(page.now, shown.about.patient.timezone)
    treatment = shown.about.treatment
    return page.page(
        "doctor/request.html",
        status,
        shown=shown,
        today=today.isoformat(),
        clock=f"{page.formats.local(page.now):%H:%M}",
        story=wording.story,
        closed=lambda one: changes.closed(page, one),
        order=lambda chosen, detail: wording.answer(page, chosen, detail),
        stopped_at=lambda one: since.stopped_at(page, one),
        quick=[(days, today + timedelta(days=days - 1)) for days in QUICK_HOLDS],
        medicines=[one for one in days_of.medicines_of(treatment.course) if one.stopped_on is None] if treatment else [],
        strengths=_strengths(page, treatment),
    )


def _strengths(page: Page, treatment: Treatment | None) -> dict[str, str]:
    """The tablets this patient has of each medicine, in mg: a new dose is made of these, and no other medicine's stand there."""
    doses = treatment.doses.items() if treatment else ()
    return {agent: " ; ".join(page.formats.number(strength) for strength, _ in dose.tablets) for agent, dose in doses if dose.tablets}


def _acted(page: Page, session: Session, request_id: int, typed: dict[str, str], act: Callable[[], object], after: str) -> Response:
    """Do it and go on; what cannot stand is asked again on the same page, with everything typed still there."""
    try:
        act()
    except Refusal as refusal:
        errors = page.field_errors(refusal)
        if not errors:
            raise
        session.rollback()
        shown = view.shown(page, session, request_id, values=typed, errors=errors)
        return _page(page, shown, 422)
    return page.go(after)


def _decided(page: Page, session: Session, request_id: int, typed: dict[str, str]) -> Decision:
    request = asking.get(session, request_id, viewer=page.viewer)
    return forms.confirmed(forms.decision(typed), typed, in_danger=bool(danger.standing(session, request.patient_id)))


@router.post("/requests/{request_id}/answer")
def answer(page: StaffPage, session: Writes, request_id: Id, typed: Typed) -> Response:
    """One of the six answers, carried out in the same breath; then the next request."""
    page.viewer.require("answer_requests")

    def act() -> None:
        ordered.answer(session, request_id, _decided(page, session, request_id, typed), by=page.viewer, now=page.now)

    return _acted(page, session, request_id, typed, act, f"/doctor?answered={request_id}")


@router.post("/requests/{request_id}/correct")
def correct(page: StaffPage, session: Writes, request_id: Id, typed: Typed) -> Response:
    """An answer given by a slip: another takes its place, with the reason, and the patient is told again."""
    page.viewer.require("answer_requests")

    def act() -> None:
        chosen, reason = _decided(page, session, request_id, typed), typed.get("reason", "")
        corrected.correct(session, request_id, chosen, reason=reason, by=page.viewer, now=page.now)

    return _acted(page, session, request_id, typed, act, f"/doctor?answered={request_id}")


@router.post("/requests/{request_id}/confirm")
def confirm(page: StaffPage, session: Writes, request_id: Id, typed: Typed) -> Response:
    """The doctor confirms what a nurse wrote down, having read what came since."""
    page.viewer.require("answer_requests")

    def act() -> None:
        request = asking.get(session, request_id, viewer=page.viewer)
        if typed.get("sure") != "yes" and since_answer.takes_a_tick(session, request, page.now):
            raise Refusal("Something stands against this answer: read the top of the page, then tick its line.", field="sure", status=422)
        said = answering.decision_of({**request.spoken, "answer": request.answer or request.spoken["answer"]}) if request.spoken else None
        if said is not None and said.answer is DoctorAnswer.CONTINUE:
            forms.confirmed(said, typed, in_danger=bool(danger.standing(session, request.patient_id)))
        ordered.confirm(session, request_id, by=page.viewer, now=page.now)

    return _acted(page, session, request_id, typed, act, f"/doctor?answered={request_id}")


@router.post("/requests/{request_id}/telephone")
def by_telephone(page: StaffPage, session: Writes, request_id: Id, typed: Typed) -> Response:
    """A nurse writes what a doctor said: who, when, what."""
    page.viewer.require("ask_doctor")

    def act() -> None:
        zone = page.formats.zone
        at = forms.said_at(typed, page.now, zone)
        doctor_id = forms.number(typed.get("doctor", ""))
        said = forms.by_telephone(typed)
        ordered.answer_by_telephone(session, request_id, said, doctor_id=doctor_id, said_at=at, by=page.viewer, now=page.now)

    return _acted(page, session, request_id, typed, act, f"/requests/{request_id}")


@router.post("/requests/{request_id}/tell")
def tell(page: StaffPage, session: Writes, request_id: Id, typed: Typed) -> Response:
    """The nurse called: told, or in vain."""

    def act() -> None:
        if typed.get("reached") not in ("yes", "no"):
            raise Refusal("Say whether somebody answered.", status=422, field="reached")
        words, whom, reached = typed.get("words", ""), typed.get("whom", "patient"), typed["reached"] == "yes"
        sure = typed.get("sure") == "yes"
        answering.tell(session, request_id, by=page.viewer, now=page.now, reached=reached, whom=whom, words=words, sure=sure)

    return _acted(page, session, request_id, typed, act, f"/requests/{request_id}")


@router.post("/requests/{request_id}/withdraw")
def withdraw(page: StaffPage, session: Writes, request_id: Id, typed: Typed) -> Response:
    """No answer is needed any more."""

    def act() -> None:
        asking.withdraw(session, request_id, by=page.viewer, now=page.now, reason=typed.get("reason", ""))

    return _acted(page, session, request_id, typed, act, f"/requests/{request_id}")


# --- Asking -------------------------------------------------------------------------------------------------------------------------


@router.get("/patients/{patient_id}/ask")
def ask_form(page: StaffPage, session: Reads, patient_id: Id, alert: str = "", contact: str = "") -> Response:
    """The form, filled with what changed and what the label proposes."""
    page.viewer.require("ask_doctor")
    patient, raised = view.of_patient(page, session, patient_id, forms.number(alert))
    view.opened(page, patient)
    values = view.blank(page, session, patient, raised) | {"contact": str(forms.number(contact) or "")}
    return _form(page, session, patient_id, values, {})


def _form(page: Page, session: Session, patient_id: int, values: dict[str, str], errors: dict[str, str]) -> Response:
    patient, _ = view.of_patient(page, session, patient_id, None)
    return page.page(
        "doctor/ask.html",
        422 if errors else 200,
        patient=patient,
        values=values,
        errors=errors,
        doctors=whom.offered(page, session, patient),
        levels=[level.word for level in asking.LEVELS],
        dead=view.is_dead(session, patient),
    )


@router.post("/patients/{patient_id}/ask")
def ask(page: StaffPage, session: Writes, patient_id: Id, typed: Typed) -> Response:
    """Ask; the asker sees the request, and when its answer is due."""
    page.viewer.require("ask_doctor")
    patient, raised = view.of_patient(page, session, patient_id, forms.number(typed.get("alert", "")))
    try:
        request = asking.ask(
            session,
            patient,
            by=page.viewer,
            now=page.now,
            question=typed.get("question", ""),
            level=typed.get("level", ""),
            changed=typed.get("changed", ""),
            proposed=typed.get("proposed", ""),
            doctor_id=forms.number(typed.get("doctor", "")),
            alert_id=forms.number(typed.get("alert", "")),
            contact_id=forms.number(typed.get("contact", "")),
            filled=view.blank(page, session, patient, raised)["changed"].splitlines(),
        )
    except Refusal as refusal:
        errors = page.field_errors(refusal)
        if not errors:
            raise
        session.rollback()
        return _form(page, session, patient_id, dict(typed), errors)
    return page.go(f"/requests/{request.id}")
