"""A doctor's answer, on their page or by telephone to a nurse; then the patient is told by voice, and whoever told says so.

Only the request is written here. What an answer changes in the treatment and the plan is app.checkins.rhythm.ordered, in one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.alerts import admission, asked, asking, heard, since_answer
from app.alerts.models import FOR_THE_DOCTOR, DoctorAnswer, DoctorRequest, RequestState
from app.core.errors import Refusal
from app.people import members
from app.people.models import Patient, Role, Service, Staff
from app.people.perimeter import Viewer
from triage.terms import Level

SAID_WITHIN = timedelta(hours=24)
"""A word told by telephone is written down within this time (house rule, 2026-11-23)."""

CALLED_IN = (DoctorAnswer.SEE_TODAY, DoctorAnswer.ADMIT)
"""The patient must come: told within 30 minutes of the clock, whatever was asked (house rule, 2026-11-23)."""


@dataclass(frozen=True)
class Decision:
    """One of the six answers with what belongs to it.

    from_day: None is today. until_day: of a hold, its last day without tablets; None: until somebody resumes. dose_mg: of one intake,
    strengths: of its tablets, in mg. resume: continue, although the treatment is held. medicine: "" is the treatment's own.
    hold: admit, and no tablets until somebody resumes. at, place: see today and admit, the hour on their wall and where; "" is not said.
    """

    answer: DoctorAnswer
    words: str = ""
    from_day: date | None = None
    until_day: date | None = None
    dose_mg: Decimal | None = None
    strengths: tuple[Decimal, ...] = ()
    medicine: str = ""
    resume: bool = False
    hold: bool = False
    at: time | None = None
    place: str = ""

    @property
    def gives_tablets(self) -> bool:
        """Does it say how many tablets to take? Then only a doctor's own hand makes it hold."""
        return self.answer is DoctorAnswer.REDUCE_TO or self.resume

    def kept(self) -> dict[str, Any]:
        """As a row keeps it; the words and the answer have columns of their own."""
        said = {
            "from_day": self.from_day and self.from_day.isoformat(),
            "until_day": self.until_day and self.until_day.isoformat(),
            "dose_mg": self.dose_mg is not None and str(self.dose_mg),
            "strengths": [str(one) for one in self.strengths],
            "medicine": self.medicine,
            "resume": self.resume,
            "hold": self.hold,
            "at": self.at and f"{self.at:%H:%M}",
            "place": self.place.strip(),
        }
        return {name: value for name, value in said.items() if value}


def decision_of(kept: dict[str, Any]) -> Decision:
    """What was kept of a word told by telephone, as it will be carried out."""
    return Decision(
        answer=DoctorAnswer(kept["answer"]),
        words=kept.get("words", ""),
        from_day=date.fromisoformat(kept["from_day"]) if kept.get("from_day") else None,
        until_day=date.fromisoformat(kept["until_day"]) if kept.get("until_day") else None,
        dose_mg=Decimal(kept["dose_mg"]) if kept.get("dose_mg") else None,
        strengths=tuple(Decimal(one) for one in kept.get("strengths", ())),
        medicine=kept.get("medicine", ""),
        resume=bool(kept.get("resume")),
        hold=bool(kept.get("hold")),
        at=time.fromisoformat(kept["at"]) if kept.get("at") else None,
        place=kept.get("place", ""),
    )


def check(decision: Decision) -> None:
    """Raises Refusal for a stop without its reason; the treatment refuses the rest."""
    if decision.answer is DoctorAnswer.STOP and not decision.words.strip():
        raise Refusal("Write why the treatment stops.", field="words", status=422)
    if decision.answer is DoctorAnswer.REDUCE_TO and decision.dose_mg is None:
        raise Refusal("Write the dose of one intake in mg, from 0.1 to 10000.", field="dose_mg", status=422)


def decide(session: Session, request: DoctorRequest, decision: Decision, *, by: Viewer, now: datetime) -> None:
    """A doctor answers. Raises Refusal 403 for anybody else, Conflict when a colleague was first."""
    by.require("answer_requests")
    if by.actor.kind != "staff":
        raise Refusal("A doctor answers in person: say who.", field="by", status=422)
    check(decision)
    _answered(session, request, decision, by=by, doctor_id=by.actor.id, now=now, confirmed_at=now, spoken={}, spoken_to_id=None)


def write_down(
    session: Session, request: DoctorRequest, decision: Decision, *, doctor_id: int | None, said_at: datetime, by: Viewer, now: datetime
) -> bool:
    """A nurse writes what a doctor said by telephone. True when it holds at once, the doctor's confirmation to come.

    What says how many tablets to take holds only once the doctor has confirmed it: it waits in ``spoken`` and the request goes on climbing.
    """
    by.require("ask_doctor")
    if by.actor.kind != "staff":
        raise Refusal("A doctor is asked by a person: say who asks.", field="by", status=422)
    check(decision)
    doctor = session.get(Staff, doctor_id) if doctor_id is not None else None
    if doctor is None or not members.works_in(session, doctor, request.service_id) or doctor.role != Role.ONCOLOGIST:
        raise Refusal("Say which doctor of this service said it.", field="doctor", status=422)
    if not now - SAID_WITHIN <= said_at <= now:
        raise Refusal("Write the hour at which the doctor said it, within the last 24 hours.", field="said_at", status=422)
    spoken = {
        **decision.kept(),
        "answer": str(decision.answer),
        "words": decision.words.strip(),
        "said_at": said_at.isoformat(),
        "doctor_id": doctor.id,
        "doctor": doctor.name,
    }
    if decision.gives_tablets:
        mine = update(DoctorRequest).where(DoctorRequest.id == request.id, DoctorRequest.state.in_(FOR_THE_DOCTOR))
        kept = {"spoken": spoken, "spoken_to_id": by.actor.id, "doctor_id": doctor.id, "stamp": DoctorRequest.stamp + 1}
        done = session.execute(mine.values(**kept))
        session.refresh(request)
        if done.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
            raise asking.taken(session, request, now)
        asking.note(session, request, "spoken", by=by.actor, now=now, detail=spoken)
        asking.record(session, request, "request.spoken", by=by.actor, now=now, after=spoken)
        hear(session, request, decision, by=by, now=now)
        return False
    _answered(session, request, decision, by=by, doctor_id=doctor.id, now=now, confirmed_at=None, spoken=spoken, spoken_to_id=by.actor.id)
    return True


def how_soon(session: Session, request: DoctorRequest, decision: Decision) -> Level:
    """How soon the patient is told: what changes their day like something high; what calls them in, or is decided beside an open urgent
    alert, like something urgent: a tablet swallowed twice a day does not wait two hours beside few neutrophils."""
    asked_as = Level.of(request.level)
    if decision.answer is DoctorAnswer.CONTINUE and not decision.resume:
        return asked_as
    is_urgent = decision.answer in CALLED_IN or heard.urgent(session, request.patient_id) is not None
    return max(asked_as, Level.URGENT if is_urgent else Level.HIGH)


def _answered(
    session: Session,
    request: DoctorRequest,
    decision: Decision,
    *,
    by: Viewer,
    doctor_id: int | None,
    now: datetime,
    confirmed_at: datetime | None,
    spoken: dict[str, Any],
    spoken_to_id: int | None,
) -> None:
    """The claim, the nurses' ladder, the story."""
    level = how_soon(session, request, decision)
    service = session.get_one(Service, request.service_id)
    values = {
        "answer": str(decision.answer),
        "answer_detail": decision.kept(),
        "answer_words": decision.words.strip(),
        "answered_by_id": doctor_id,
        "answered_at": now,
        "confirmed_at": confirmed_at,
        "spoken": spoken or request.spoken,
        "spoken_to_id": spoken_to_id or request.spoken_to_id,
        "level": level.word,
        "raised_at": now,
        **asked.climb_to_the_nurses(service, level, now),
    }
    if not asking.claim(session, request, RequestState.ANSWERED, **values):
        raise asking.taken(session, request, now)
    doctor = session.get_one(Staff, doctor_id)
    detail = {
        **decision.kept(),
        "answer": str(decision.answer),
        "note": decision.words.strip(),
        "doctor": doctor.name,
        "by_telephone": confirmed_at is None,
    }
    asking.note(session, request, "answered", by=by.actor, now=now, detail=detail)
    asking.record(session, request, "request.answered", by=by.actor, now=now, after=detail)
    asking.back_to_the_asker(session, request, "doctor_answered", by=by.actor, now=now, detail=detail)
    hear(session, request, decision, by=by, now=now)


def hear(session: Session, request: DoctorRequest, decision: Decision, *, by: Viewer, now: datetime) -> None:
    """A danger in the words of an answer is told like one in a question: what only the doctor wrote must not wait to be read."""
    patient = session.get_one(Patient, request.patient_id)
    if signs := heard.of_an_order(patient, decision.words, by.language):
        heard.of_ours(session, patient, decision.words.strip(), signs, by=by, now=now, request_id=request.id)
        asking.note(session, request, "danger", by=by.actor, now=now, detail={"dangers": sorted(signs)})


def confirm(session: Session, request: DoctorRequest, *, by: Viewer, now: datetime) -> None:
    """The doctor confirms what a nurse wrote down and what holds already. Raises Refusal when it is another doctor's word, or none."""
    by.require("answer_requests")
    if request.spoken_to_id is None or request.state not in (RequestState.ANSWERED, RequestState.TOLD, RequestState.REPLACED):
        raise Refusal("Nothing told by telephone waits to be confirmed here.")
    if request.answered_by_id != by.actor.id:
        doctor = session.get_one(Staff, request.answered_by_id)
        raise Refusal("{name} said it: only the doctor who said it confirms it.", status=403, name=doctor.name)
    waiting = update(DoctorRequest).where(DoctorRequest.id == request.id, DoctorRequest.confirmed_at.is_(None))
    done = session.execute(waiting.values(confirmed_at=now, stamp=DoctorRequest.stamp + 1))
    session.refresh(request)
    if done.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        return
    asking.note(session, request, "confirmed", by=by.actor, now=now)
    asking.record(session, request, "request.confirmed", by=by.actor, now=now)


def tell(
    session: Session,
    request_id: int,
    *,
    by: Viewer,
    now: datetime,
    reached: bool,
    whom: str = "patient",
    words: str = "",
    sure: bool = False,
) -> DoctorRequest:
    """A nurse called to say the answer. Reached: done, with whom and with which words. In vain: the attempt is kept, and it climbs on.

    sure: it is said although something came since, or another order forbids its tablets. Raises Refusal when nothing is to be told, or
    without sure where it is needed; Conflict when a colleague told it first.
    """
    by.require("act_on_alerts")
    if by.actor.kind != "staff":
        raise Refusal("A patient is told by a person: say who.", field="by", status=422)
    request = asking.get(session, request_id, viewer=by)
    if request.state != RequestState.ANSWERED:
        raise asking.taken(session, request, now)
    detail = {"whom": whom.strip() or "patient", "note": words.strip(), "answer": request.answer}
    if not reached:
        asking.note(session, request, "tried", by=by.actor, now=now, detail=detail)
        request.stamp += 1
        session.flush()
        return request
    if not words.strip():
        raise Refusal("Write what was said to the patient: the next nurse reads it.", field="words", status=422)
    if not sure and since_answer.takes_a_tick(session, request, now):
        raise Refusal("Something stands against this answer: read the top of the page, then tick its line.", field="sure", status=422)
    if not asking.claim(session, request, RequestState.TOLD, told_by_id=by.actor.id, told_at=now, next_step_at=None):
        raise asking.taken(session, request, now)
    asking.note(session, request, "told", by=by.actor, now=now, detail=detail)
    asking.record(session, request, "request.told", by=by.actor, now=now, after={"whom": detail["whom"]}, reason=words.strip())
    asking.back_to_the_asker(session, request, "doctor_told", by=by.actor, now=now, detail=detail)
    admission.ask(session, request, by=by.actor, now=now)
    return request


def tried(session: Session, request: DoctorRequest) -> int:
    """How many times somebody called in vain to say the answer."""
    return sum(1 for event in request.events if event.kind == "tried")


def doctors(session: Session, service_id: int) -> list[Staff]:
    """Who may be asked in a service."""
    there = (members.belongs(service_id), Staff.role == Role.ONCOLOGIST, Staff.active)
    return list(session.scalars(select(Staff).where(*there).order_by(Staff.name)))
