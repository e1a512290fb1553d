"""Tasks asked of the professionals of the city, with a delay: answered, declined, lost, or overdue and back on the nurses' list (COA-6).

The nurses' list reads ``CityTask.state == TaskState.OVERDUE``; ``overdue`` gives them with their patient and professional. What a task is
stays here: the text that leaves says that there is one, with a reference, and which number to call; or a letter is printed.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.care import letters
from app.care.contact_models import OPEN_TASKS, TASK_MOVES, CityTask, Contact, TaskState
from app.core import audit
from app.core.audit import SYSTEM, Actor
from app.core.errors import FieldErrors, NotFound, Refusal, Said
from app.messaging import outbox
from app.people import directory, patients
from app.people.circle_models import Professional
from app.people.models import Patient, Service
from app.people.perimeter import Viewer, visible_to
from app.people.telephones import is_landline
from notifications.messages import Channel

LONGEST_WHAT = 1000
CHANNELS = {"sms": Channel.SMS, "email": Channel.EMAIL}
WAYS = ("phone", *CHANNELS, "letter")
"""phone: the nurse says it herself. sms, email: words without content ask them to call. letter: one is written, to be printed."""
ANSWERS = (TaskState.ACCEPTED, TaskState.DONE, TaskState.DECLINED, TaskState.LOST)
NEED_WORDS = (TaskState.DECLINED, TaskState.LOST)


def get(session: Session, task_id: int, *, viewer: Viewer) -> CityTask:
    """The task, if it is in the viewer's service. Raises NotFound."""
    mine = viewer.service_id if viewer.may("open_chart") else None
    row = session.scalar(select(CityTask).where(CityTask.id == task_id, CityTask.service_id == mine))
    if row is None:
        raise NotFound("This task")
    return row


def of_patient(session: Session, patient_id: int) -> list[CityTask]:
    """Every task about this patient, open ones first, then the latest."""
    rows = session.scalars(select(CityTask).where(CityTask.patient_id == patient_id).order_by(CityTask.id.desc()))
    return sorted(rows, key=lambda row: row.state not in OPEN_TASKS)


def overdue(session: Session, *, viewer: Viewer) -> list[tuple[CityTask, Patient, Professional]]:
    """What the city has not answered in time, the oldest delay first: for the nurses' list."""
    rows = select(CityTask, Patient, Professional).join(Patient, Patient.id == CityTask.patient_id)
    rows = rows.join(Professional, Professional.id == CityTask.professional_id).where(
        CityTask.state == TaskState.OVERDUE, visible_to(viewer)
    )
    return [(task, patient, who) for task, patient, who in session.execute(rows.order_by(CityTask.due_at, CityTask.id))]


def reference(task: CityTask) -> str:
    """How the task is named outside: it says nothing of anybody."""
    return f"T{task.id}"


def ask(
    session: Session,
    patient: Patient,
    *,
    professional_id: int,
    what: str,
    due_at: datetime,
    way: str,
    contact_id: int | None = None,
    by: Viewer,
    now: datetime,
) -> CityTask:
    """Ask something of a professional around the patient, to be answered by ``due_at``. contact_id: the call it was decided on.

    Raises Refusal when the patient has not agreed that they are told: nothing leaves; FieldErrors beside what is missing or impossible.
    """
    by.require("keep_circle")
    patients.get(session, patient.id, viewer=by)
    professional = directory.get(session, professional_id, viewer=by)
    _check(professional, what.strip(), due_at, way, now)
    _agreed(session, patient, professional)
    if contact_id is not None and getattr(session.get(Contact, contact_id), "patient_id", None) != patient.id:
        raise NotFound("This call")
    row = CityTask(
        service_id=patient.service_id,
        patient_id=patient.id,
        professional_id=professional.id,
        contact_id=contact_id,
        what=what.strip(),
        way=way,
        due_at=due_at,
        asked_by_id=by.actor.id,
        asked_at=now,
    )
    session.add(row)
    session.flush()
    if way in CHANNELS:
        row.message_id = _tell(session, row, professional, now)
    elif way == "letter":
        letters.write(session, patient, "request", professional.id, row, by=by, now=now)
    session.flush()
    _note(session, row, "city_task.asked", by=by.actor, now=now, after={"professional": professional.id, "way": way})
    return row


def answer(session: Session, task_id: int, *, state: str, words: str = "", by: Viewer, now: datetime) -> CityTask:
    """What they said: accepted, done, declined or lost (nobody there will answer); the last two need words. Raises Refusal.

    Accepted leaves its delay running: it turns overdue like one that nobody answered. A colleague's answer to the same task stands.
    """
    by.require("keep_circle")
    get(session, task_id, viewer=by)
    row = session.scalars(select(CityTask).where(CityTask.id == task_id).with_for_update().execution_options(populate_existing=True)).one()
    if state not in ANSWERS:
        raise Refusal("Choose what they answered.", field="state", status=422)
    if state in NEED_WORDS and not words.strip():
        raise Refusal("Write what they said: the next nurse asks somebody else.", field="words", status=422)
    if len(words.strip()) > LONGEST_WHAT:
        raise FieldErrors({"words": Said("Write at most {n} characters.", n=LONGEST_WHAT)})
    if TaskState(state) not in TASK_MOVES[TaskState(row.state)]:
        raise Refusal("This task is already {state}. Nothing was changed; ask again as a new task.", state=row.state)
    before, row.state, row.stamp = row.state, state, row.stamp + 1
    row.answer, row.answered_at, row.answered_by = words.strip(), now, str(by.actor)
    session.flush()
    _note(session, row, "city_task.answered", by=by.actor, now=now, before=before, after=state)
    return row


# --- The worker's step --------------------------------------------------------------------------------------------------------------


def overdue_due(session: Session, now: datetime) -> list[int]:
    """Tasks asked or accepted whose delay has passed."""
    waiting = (CityTask.state.in_((TaskState.ASKED, TaskState.ACCEPTED)), CityTask.due_at <= now)
    return list(session.scalars(select(CityTask.id).where(*waiting).order_by(CityTask.due_at, CityTask.id)))


def mark_overdue(session: Session, task_id: int, now: datetime) -> None:
    """No end in time: it is on the nurses' list from now on (COA-6). An answer that came meanwhile stands."""
    waiting = (CityTask.id == task_id, CityTask.state.in_((TaskState.ASKED, TaskState.ACCEPTED)), CityTask.due_at <= now)
    changed = session.execute(update(CityTask).where(*waiting).values(state=TaskState.OVERDUE, overdue_at=now, stamp=CityTask.stamp + 1))
    if changed.rowcount == 1:  # type: ignore[attr-defined]  # an UPDATE always has one
        row = session.get_one(CityTask, task_id, populate_existing=True)
        _note(session, row, "city_task.overdue", by=SYSTEM, now=now)


# --- What leaves --------------------------------------------------------------------------------------------------------------------


def _agreed(session: Session, patient: Patient, professional: Professional) -> None:
    """Raises Refusal unless the patient's last word on this recipient is yes."""
    match directory.why_not(session, patient.id, professional.id):
        case "refused":
            raise Refusal(
                "The patient refused that {name} is told. Nothing left, and no task was made: ask somebody else, or the patient again.",
                name=professional.name,
            )
        case "no_consent":
            raise Refusal(
                "Nobody asked the patient whether {name} may be told. Nothing left: ask first, and note the answer.", name=professional.name
            )
        case "removed":
            raise Refusal("{name} is not around this patient any more. Nothing left: choose somebody else.", name=professional.name)


def _tell(session: Session, row: CityTask, professional: Professional, now: datetime) -> int:
    """Queue the text without content; it may wait for its reader as long as the task does."""
    return outbox.queue_city(
        session,
        service=session.get_one(Service, row.service_id),
        professional=professional,
        key="city_task",
        values={"ref": reference(row)},
        dedup_key=f"city_task:{row.id}",
        expires_at=row.due_at,
        channel=CHANNELS[row.way],
        now=now,
    ).id


def _check(professional: Professional, what: str, due_at: datetime, way: str, now: datetime) -> None:
    problems: dict[str, str] = {}
    if not what:
        problems["what"] = "Write what is asked."
    elif len(what) > LONGEST_WHAT:
        problems["what"] = Said("Write at most {n} characters.", n=LONGEST_WHAT)
    if due_at <= now:
        problems["due_at"] = "This time is past. Choose a later one."
    if way not in WAYS:
        problems["way"] = "Choose how they are told."
    elif way == "sms" and (not professional.phone or is_landline(professional.phone)):
        problems["way"] = "There is no mobile number to write to: telephone, or write a letter."
    elif way == "email" and not professional.email:
        problems["way"] = "There is no e-mail address: telephone, or write a letter."
    if problems:
        raise FieldErrors(problems)


def _note(session: Session, row: CityTask, action: str, *, by: Actor, now: datetime, before: object = None, after: object = None) -> None:
    audit.record(
        session,
        actor=by,
        action=action,
        subject=f"city_task:{row.id}",
        service_id=row.service_id,
        patient_id=row.patient_id,
        before=before,
        after=after,
        now=now,
    )
