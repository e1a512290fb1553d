"""Tasks to professionals of the city: nothing leaves without consent, nothing that leaves says what or whom, and a silence comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care import city, letters
from app.care.contact_models import CityTask, Letter, LetterState, TaskState
from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.errors import FieldErrors, NotFound, Refusal
from app.messaging import outbox
from app.messaging.models import Message, Out
from app.people import directory
from app.people.circle_models import CircleMember
from app.people.directory import NewProfessional
from app.people.models import Patient
from app.people.perimeter import Viewer, viewer_of
from app.worker import TICKS
from tests.app.care.circle import GP, HOME_NURSE, around
from tests.factories import World, a_patient


@pytest.fixture
def marie(session: Session, world: World, clock: HandClock) -> Patient:
    return a_patient(session, world, now=clock.now())


@pytest.fixture
def nadia(session: Session, world: World, clock: HandClock, marie: Patient) -> CircleMember:
    """The home nurse, whom Marie agreed to."""
    return around(session, marie, HOME_NURSE, world.claire, clock.now())


def _ask(session: Session, world: World, clock: HandClock, marie: Patient, member: CircleMember, **more: Any) -> CityTask:
    values = {"what": "Surveiller la bouche, deux fois par semaine", "due_at": clock.now() + timedelta(days=2), "way": "sms", **more}
    return city.ask(session, marie, professional_id=member.professional_id, **values, by=viewer_of(world.claire), now=clock.now())


def test_coa_6_a_task_without_answer_turns_overdue_on_the_nurses_list(
    session: Session, world: World, clock: HandClock, marie: Patient, nadia: CircleMember
) -> None:
    """COA-6: after its delay, and only then; an answer that comes late still closes it; the metronome looks each minute."""
    claire = viewer_of(world.claire)
    silent = _ask(session, world, clock, marie, nadia)
    accepted = _ask(session, world, clock, marie, nadia, way="phone")
    done = _ask(session, world, clock, marie, nadia, way="phone")
    city.answer(session, accepted.id, state="accepted", by=claire, now=clock.now())
    city.answer(session, done.id, state="done", words="Vu mardi, bouche propre", by=claire, now=clock.now())
    assert city.overdue_due(session, clock.forward(hours=47)) == []
    now = clock.forward(hours=1)
    assert city.overdue_due(session, now) == [silent.id, accepted.id]
    city.answer(session, accepted.id, state="done", by=claire, now=now)
    for number in (silent.id, accepted.id):  # the second was answered between the look and the step
        city.mark_overdue(session, number, now)
    assert [(task.id, patient.id, who.name) for task, patient, who in city.overdue(session, viewer=claire)] == [
        (silent.id, marie.id, "Nadia Fontaine")
    ]
    assert city.overdue(session, viewer=Viewer(claire.actor, claire.role, world.service.id + 1)) == []
    assert (silent.state, silent.overdue_at, accepted.state) == (TaskState.OVERDUE, now, TaskState.DONE)
    city.answer(session, silent.id, state="declined", words="En congé jusqu'à lundi", by=claire, now=now)
    assert city.overdue(session, viewer=claire) == []
    with pytest.raises(Refusal, match="already declined"):
        city.answer(session, silent.id, state="done", by=claire, now=now)
    assert "city_overdue" in {tick.name for tick in TICKS}


def test_what_leaves_says_that_there_is_something_and_whom_to_call(
    session: Session, world: World, clock: HandClock, marie: Patient, nadia: CircleMember
) -> None:
    """A text and an e-mail are the same words without content; the task's own words stay here."""
    by_text, by_mail = (_ask(session, world, clock, marie, nadia, way=way) for way in ("sms", "email"))
    sent = [session.get_one(Message, task.message_id) for task in (by_text, by_mail)]
    assert [row.body for row in sent] == [
        f"Suivi Baie : une demande pour vous, réf. T{task.id}. Appelez le 0199001234." for task in (by_text, by_mail)
    ]
    assert [(row.state, row.channel, row.patient_id) for row in sent] == [(Out.QUEUED, "sms", None), (Out.QUEUED, "email", None)]
    assert [row.address for row in sent] == ["+33639980073", f"professional:{nadia.professional_id}"]
    assert outbox.mailbox(session, sent[1]) == "nadia.fontaine@example.org"
    trail = session.scalars(select(AuditRow).where(AuditRow.action == "city_task.asked")).all()
    assert all("bouche" not in str(row.change) for row in trail)


def test_nothing_leaves_without_the_patient_s_agreement(
    session: Session, world: World, clock: HandClock, marie: Patient, nadia: CircleMember
) -> None:
    claire = viewer_of(world.claire)
    gp = around(session, marie, GP, world.claire, clock.now(), granted=None)
    with pytest.raises(Refusal, match="Nobody asked the patient whether Dr Paule Técher"):
        _ask(session, world, clock, marie, gp)
    directory.consent(session, marie, nadia.id, granted=False, by=claire, now=clock.now())
    with pytest.raises(Refusal, match="refused that Nadia Fontaine is told"):
        _ask(session, world, clock, marie, nadia, way="phone")
    directory.remove(session, marie, nadia.id, by=claire, now=clock.now())
    with pytest.raises(Refusal, match="not around this patient"):
        _ask(session, world, clock, marie, nadia)
    assert session.scalars(select(CityTask)).all() == []
    assert session.scalars(select(Message)).all() == []


def test_a_task_by_letter_waits_to_be_printed(
    session: Session, world: World, clock: HandClock, marie: Patient, nadia: CircleMember
) -> None:
    task = _ask(session, world, clock, marie, nadia, way="letter")
    [letter] = session.scalars(select(Letter)).all()
    assert (letter.kind, letter.state, task.message_id) == ("request", LetterState.DRAFT, None)
    assert "Surveiller la bouche, deux fois par semaine" in letter.body
    assert "avant le 20 novembre 2026, par téléphone au 0199001234" in letter.body
    assert [one.id for one, _ in letters.waiting(session, viewer=viewer_of(world.luc))] == [letter.id]


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("what", {"what": "  "}),
        ("what", {"what": "x" * 1001}),
        ("due_at", {"due_at": None}),
        ("way", {"way": "pigeon"}),
    ],
)
def test_what_is_missing_is_said_beside_its_field(
    session: Session, world: World, clock: HandClock, marie: Patient, nadia: CircleMember, field: str, more: dict[str, Any]
) -> None:
    if more.get("due_at", "") is None:
        more = {"due_at": clock.now()}
    with pytest.raises(FieldErrors) as refused:
        _ask(session, world, clock, marie, nadia, **more)
    assert set(refused.value.fields) == {field}


def test_a_way_that_reaches_nobody_is_refused(session: Session, world: World, clock: HandClock, marie: Patient) -> None:
    fixed = NewProfessional("supplier", "Air Santé", phone="+33199001239")
    member = around(session, marie, fixed, world.claire, clock.now())
    for way in ("sms", "email"):
        with pytest.raises(FieldErrors):
            _ask(session, world, clock, marie, member, way=way)
    assert _ask(session, world, clock, marie, member, way="phone").message_id is None
    with pytest.raises(Refusal, match="Write what they said"):
        city.answer(session, 1, state="lost", by=viewer_of(world.claire), now=clock.now())
    with pytest.raises(NotFound):
        city.answer(session, 10**6, state="done", by=viewer_of(world.claire), now=clock.now())
    with pytest.raises(Refusal, match="Your role"):
        city.answer(session, 1, state="done", by=viewer_of(world.paul), now=clock.now())


# --- The directory ------------------------------------------------------------------------------------------------------------------


def test_a_professional_is_known_once_and_consent_is_a_story(
    session: Session, world: World, clock: HandClock, marie: Patient, nadia: CircleMember
) -> None:
    claire = viewer_of(world.claire)
    jean = a_patient(session, world, now=clock.now(), family_name="Payet", phone="+33639980002")
    [found] = directory.search(session, "fontaine", viewer=claire)
    again = directory.add(session, jean, found.id, by=claire, now=clock.now())
    assert directory.add(session, jean, found.id, by=claire, now=clock.now()).id == again.id
    assert (directory.said(nadia), directory.said(again)) == ("granted", "")
    for granted in (False, True, False):
        directory.consent(session, marie, nadia.id, granted=granted, by=viewer_of(world.ines), now=clock.forward(minutes=1))
    assert [(one.granted, one.recorded_by_name) for one in nadia.consents] == [
        (True, "Claire Payet"),
        (False, "Inès Caron"),
        (True, "Inès Caron"),
        (False, "Inès Caron"),
    ]
    changed = NewProfessional("home_nurse", "Nadia Fontaine", phone="+33639980079")
    directory.change(session, found.id, changed, by=claire, now=clock.now(), allow_fiction=True)
    assert [member.professional.phone for member in directory.around(session, jean.id)] == ["+33639980079"]
    with pytest.raises(NotFound):
        directory.consent(session, jean, nadia.id, granted=True, by=claire, now=clock.now())
    assert directory.search(session, "fontaine", viewer=Viewer(claire.actor, claire.role, world.service.id + 1)) == []


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("trade", {"trade": "astrologer"}),
        ("name", {"name": " "}),
        ("name", {"name": "x" * 201}),
        ("email", {"email": "nadia"}),
        ("rpps", {"rpps": "123"}),
        ("phone", {"phone": "12"}),
        ("language", {"language": "xx"}),
    ],
)
def test_a_slip_about_a_professional_is_said_beside_its_field(
    session: Session, world: World, clock: HandClock, field: str, change: dict[str, str]
) -> None:
    with pytest.raises(FieldErrors) as refused:
        directory.declare(
            session,
            NewProfessional(**{"trade": "gp", "name": "Dr Técher", **change}),
            by=viewer_of(world.claire),
            now=clock.now(),
            allow_fiction=True,
        )
    assert set(refused.value.fields) == {field}
