"""Calls, out and in: the form is whole before a close, one outcome is said, nothing typed is lost, the doctor reads what changed."""

from __future__ import annotations

import ast
import inspect
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care import closing, contacts, enrolments, forms
from app.care.contact_models import Contact, ContactState
from app.care.models import CallState, Enrolment
from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.errors import Conflict, FieldErrors, NotFound, Refusal
from app.people.models import Patient
from app.people.perimeter import Viewer, actor_of, viewer_of
from app.treatment import grades, measures, medicines
from app.web import words
from tests.app.care.calling import call, close, say
from tests.app.care.conftest import Follow, planned
from tests.factories import World, a_course, a_patient

NOON = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)


@pytest.fixture
def marie(session: Session, world: World, clock: HandClock) -> Patient:
    return a_patient(session, world, now=clock.now())


@pytest.fixture
def followed(marie: Patient, follow: Follow, session: Session, world: World, clock: HandClock) -> Enrolment:
    """Marie takes capecitabine, and is followed in COACH by Claire."""
    a_course(session, world, marie, now=clock.now())
    return follow(marie, "coach", clock.now())


@pytest.fixture
def begun(session: Session, world: World, clock: HandClock, marie: Patient, followed: Enrolment) -> Contact:
    """Claire is on the telephone with Marie since 10:00, for the first planned call."""
    return call(session, marie, world.claire, clock.now(), planned_call_id=planned(session, followed)[0].id)


def _refused(session: Session, contact: Contact, world: World, now: datetime, **more: Any) -> set[str]:
    with pytest.raises(FieldErrors) as refused:
        close(session, contact, world.claire, now, **more)
    session.refresh(contact)
    assert contact.state == ContactState.DRAFT
    return set(refused.value.fields)


# --- Before the call ----------------------------------------------------------------------------------------------------------------


def test_coa_1_no_call_before_the_adhesion_visit_but_whoever_telephones_is_answered(
    session: Session, world: World, clock: HandClock, marie: Patient
) -> None:
    enrolments.propose(session, marie, "coach", by=viewer_of(world.claire), now=clock.now())
    with pytest.raises(Refusal, match="record the visit face to face first"):
        call(session, marie, world.claire, clock.now())
    incoming = call(session, marie, world.claire, clock.now(), direction="incoming", caller="patient", reason="Fièvre")
    assert incoming.state == ContactState.DRAFT


def test_a_secretary_makes_no_call_and_a_colleague_of_another_service_sees_none(
    session: Session, world: World, clock: HandClock, marie: Patient
) -> None:
    with pytest.raises(Refusal, match="Your role"):
        call(session, marie, world.paul, clock.now())
    with pytest.raises(Refusal, match="Your role"):
        call(session, marie, world.alma, clock.now())


# --- The form -----------------------------------------------------------------------------------------------------------------------


BLOCKS = ("weight", "autonomy", "basic_needs", "symptoms")


@pytest.mark.parametrize("missing", BLOCKS)
def test_coa_3_a_call_is_not_closed_with_an_empty_block(
    session: Session, world: World, clock: HandClock, begun: Contact, missing: str
) -> None:
    """COA-3: weight, autonomy, basic needs, toxicity: an answer, or "not asked" with a reason."""
    now = clock.forward(minutes=10)
    nothing: tuple[Any, ...] = (None, "", [], {"not_asked": "  "})
    for empty in nothing:
        assert _refused(session, begun, world, now, form=say(**{missing: empty})) == {missing}
    closed = close(session, begun, world.claire, now, form=say(**{missing: {"not_asked": "Elle partait à l'hôpital."}}))
    assert closed.contact.state == ContactState.CLOSED
    assert closed.contact.form[missing] == {"not_asked": "Elle partait à l'hôpital."}


def test_ato_3_an_oral_call_asks_adherence_side_effects_and_new_medicines(
    session: Session, world: World, clock: HandClock, begun: Contact
) -> None:
    """ATO-3."""
    now = clock.forward(minutes=10)
    assert _refused(session, begun, world, now, form=say(intakes=None, symptoms=None, new_medicines=None)) == {
        "intakes",
        "symptoms",
        "new_medicines",
    }
    assert _refused(session, begun, world, now, form=say(new_medicines="yes")) == {"new_medicines_which"}


IMPOSSIBLE: tuple[tuple[str, Any], ...] = (
    ("weight", "615"),
    ("weight", "environ 60"),
    ("weight", True),
    ("temperature", 50),
    ("autonomy", "ps9"),
    ("basic_needs", "fine"),
    ("basic_needs", [{}]),
    ("identity_checked", "oui"),
    ("identity_checked", {"not_asked": "pressée"}),
    ("next_refill", "demain"),
    ("measures", {"systolic": "13"}),
    ("measures", {"humeur": "3"}),
    ("own_words", 3),
    ("symptoms", "beaucoup"),
)


@pytest.mark.parametrize(("key", "value"), IMPOSSIBLE)
def test_an_impossible_answer_is_said_beside_its_question(
    session: Session, world: World, clock: HandClock, begun: Contact, key: str, value: Any
) -> None:
    assert _refused(session, begun, world, clock.forward(minutes=10), form=say(**{key: value})) == {key}


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"term": "Diarrhea"}, "Diarrhea has no grade"),
        ({"term": "Diarrhea", "grade": ""}, "Diarrhea has no grade"),
        ({"term": "Diarrhea", "grade": 7}, "Diarrhea has no grade"),
        ({"term": " ", "grade": 1}, "Name each side effect"),
        ({"term": "Diarrhea", "grade": 1, "since": "hier"}, "write the day it began"),
        ({"term": "Diarrhea", "grade": 1, "version": "4.03"}, "CTCAE version"),
    ],
)
def test_ama_3_every_reported_symptom_ends_with_a_grade_or_not_gradable(
    session: Session, world: World, clock: HandClock, begun: Contact, told: dict[str, Any], says: str
) -> None:
    """AMA-3."""
    now = clock.forward(minutes=10)
    with pytest.raises(FieldErrors) as refused:
        close(session, begun, world.claire, now, form=say(symptoms=[told]))
    assert says in refused.value.fields["symptoms"]
    both = [{"term": "diarrhea", "grade": "2", "since": "2026-11-16"}, {"term": "Nausea", "grade": "not_gradable"}]
    closed = close(session, begun, world.claire, now, form=say(symptoms=both))
    [given] = closed.grades
    assert (given.term, given.grade, given.ctcae_version, given.onset_day) == ("Diarrhea", 2, "5.0", date(2026, 11, 16))
    assert given.given_by == f"staff:{world.claire.id}"


def test_what_a_question_of_the_protocol_put_into_the_chart_is_not_written_again(
    session: Session, world: World, clock: HandClock, begun: Contact, marie: Patient
) -> None:
    """One weight is one row; another value said later in the same call is another row, and both stay."""
    at = clock.forward(minutes=2)
    claire = actor_of(world.claire)
    measures.record(session, marie, kind="weight", value="61,4", unit="kg", taken_at=at, source="call", by=claire, now=at)
    closed = close(session, begun, world.claire, clock.forward(minutes=7), form=say(weight="61,40", temperature=38.1))
    assert [(row.kind, str(row.value.normalize())) for row in closed.measures] == [("temperature", "38.1")]
    assert [row.kind for row in measures.until(session, marie.id, clock.now())] == ["temperature", "weight"]


def test_what_is_measured_and_taken_on_a_call_is_in_the_chart(
    session: Session, world: World, clock: HandClock, begun: Contact, marie: Patient
) -> None:
    """Weight, temperature, blood pressure are measures with their source; a zero says that an earlier effect is over."""
    began, now = clock.now(), clock.forward(minutes=9)
    form = say(weight="61,4", temperature=38.1, measures={"systolic": "131", "diastolic": "84", "pulse": ""}, new_medicines="yes")
    form |= {"new_medicines_which": "Fluindione, une tisane de millepertuis", "symptoms": [{"term": "Nausea", "grade": 1}]}
    closed = close(session, begun, world.claire, now, form=form, medicines=["coumarin"])
    kept = {row.kind: (str(row.value.normalize()), row.unit, row.source, row.taken_at) for row in measures.until(session, marie.id, now)}
    assert kept == {
        "weight": ("61.4", "kg", "call", began),
        "temperature": ("38.1", "Cel", "call", began),
        "systolic": ("131", "mm[Hg]", "call", began),
        "diastolic": ("84", "mm[Hg]", "call", began),
    }
    assert {row.kind for row in closed.measures} == set(kept)
    assert [(one.code, one.first_on) for one in medicines.of_patient(session, marie.id)] == [("coumarin", date(2026, 11, 18))]
    clock.forward(days=1)
    again = call(session, marie, world.claire, clock.now())
    over = [{"term": "Nausea", "grade": 0}, {"term": "Fatigue", "grade": 0}]
    second = close(session, again, world.claire, clock.forward(minutes=5), form=say(symptoms=over), medicines=["coumarin"])
    assert ([one.term for one in second.grades], second.medicines) == (["Nausea"], ())
    assert [(one.term, one.grade) for one in grades.standing(session, marie.id)] == [("Nausea", 0), ("Nausea", 1)]


# --- The outcome --------------------------------------------------------------------------------------------------------------------


def test_ama_4_three_exclusive_outcomes_each_whole(
    session: Session, world: World, clock: HandClock, begun: Contact, marie: Patient
) -> None:
    """AMA-4, FR-23: level 1 cites a protocol of the list, level 2 names the doctor and the time, one of the three."""
    now = clock.forward(minutes=10)
    doctor = {"doctor_id": world.lebon.id, "doctor_at": now - timedelta(minutes=3)}
    wrong: tuple[tuple[dict[str, Any], set[str]], ...] = (
        ({"outcome": ""}, {"outcome"}),
        ({"outcome": "level_3"}, {"outcome"}),
        ({"outcome": "level_1"}, {"protocol_ref"}),
        ({"outcome": "level_1", "protocol_ref": "halve-the-dose"}, {"protocol_ref"}),
        ({"outcome": "level_1", "protocol_ref": "diarrhoea", **doctor}, {"doctor_id"}),
        ({"outcome": "level_2"}, {"doctor_id", "doctor_at"}),
        ({"outcome": "level_2", **doctor, "doctor_id": world.luc.id}, {"doctor_id"}),
        ({"outcome": "level_2", **doctor, "doctor_at": now + timedelta(minutes=1)}, {"doctor_at"}),
        ({"outcome": "level_2", **doctor, "protocol_ref": "diarrhoea"}, {"protocol_ref"}),
        ({"outcome": "none", "protocol_ref": "diarrhoea"}, {"protocol_ref"}),
        ({"outcome": "none", "doctor_order": "Pause"}, {"doctor_id"}),
    )
    for said, fields in wrong:
        assert _refused(session, begun, world, now, **said) == fields, said
    row = close(session, begun, world.claire, now, outcome="level_1", protocol_ref="diarrhoea").contact
    assert (row.outcome, row.protocol_ref, row.doctor_id) == ("level_1", "diarrhoea", None)
    second = call(session, marie, world.claire, now)
    row = close(session, second, world.claire, now, outcome="level_2", **doctor, doctor_order="Pause jusqu'à lundi").contact
    assert (row.doctor_id, row.doctor_at, row.doctor_order) == (world.lebon.id, now - timedelta(minutes=3), "Pause jusqu'à lundi")


def test_ama_6_a_call_is_timed_and_its_length_is_put_right_with_a_trace(
    session: Session, world: World, clock: HandClock, begun: Contact
) -> None:
    """AMA-6."""
    claire = viewer_of(world.claire)
    with pytest.raises(Refusal, match="not closed"):
        contacts.retime(session, begun.id, seconds=600, why="pause", by=claire, now=clock.now())
    row = close(session, begun, world.claire, clock.forward(minutes=47)).contact
    assert (row.seconds, row.measured) == (2820, None)
    with pytest.raises(FieldErrors) as refused:
        contacts.retime(session, row.id, seconds=0, why=" ", by=claire, now=clock.now())
    assert set(refused.value.fields) == {"seconds", "why"}
    contacts.retime(session, row.id, seconds=660, why="Une urgence au milieu", by=claire, now=clock.now())
    contacts.retime(session, row.id, seconds=600, why="Encore", by=viewer_of(world.ines), now=clock.now())
    session.refresh(row)
    assert (row.seconds, row.measured) == (600, 2820)
    assert [(edit["before"], edit["after"], edit["name"], edit["why"]) for edit in row.edits] == [
        (2820, 660, "Claire Payet", "Une urgence au milieu"),
        (660, 600, "Inès Caron", "Encore"),
    ]
    trail = session.scalars(select(AuditRow).where(AuditRow.action == "contact.retimed").order_by(AuditRow.seq)).all()
    assert [(one.change["before"], one.change["after"]) for one in trail] == [(2820, 660), (660, 600)]


# --- Planned and incoming -----------------------------------------------------------------------------------------------------------


def test_closing_ends_the_planned_call_and_what_was_agreed_is_planned(
    session: Session, world: World, clock: HandClock, begun: Contact, followed: Enrolment
) -> None:
    first, second = planned(session, followed)[:2]
    friday = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
    now = clock.forward(minutes=10)
    assert _refused(session, begun, world, now, next_contact_at=now) == {"next_contact_at"}
    closed = close(session, begun, world.claire, now, next_contact_at=friday)
    session.refresh(first)
    assert (first.state, first.contact_id, first.done_at) == (CallState.DONE, begun.id, now)
    assert closed.next_call is not None
    assert (closed.next_call.due_at, closed.next_call.state, closed.next_call.owner_id) == (friday, CallState.PLANNED, world.claire.id)
    again = call(session, session.get_one(Patient, followed.patient_id), world.claire, now)
    later = second.due_at + timedelta(hours=2)
    assert close(session, again, world.claire, now, next_contact_at=later).next_call is second
    assert (second.due_at, second.moved_why) == (later, "hand")


def test_coa_4_an_incoming_contact_is_recorded_apart_and_never_counts_as_a_planned_call(
    session: Session, world: World, clock: HandClock, marie: Patient, followed: Enrolment
) -> None:
    """COA-4: caller, reason, duration and outcome; no weight is asked of a pharmacist."""
    first = planned(session, followed)[0]
    row = call(
        session,
        marie,
        world.luc,
        clock.now(),
        direction="incoming",
        caller="pharmacist",
        caller_name="Pharmacie du Port",
        planned_call_id=first.id,
    )
    assert row.planned_call_id is None
    with pytest.raises(FieldErrors) as refused:
        close(session, row, world.luc, clock.forward(minutes=4), form={})
    assert set(refused.value.fields) == {"reason"}
    row.reason = "Ordonnance illisible"
    row = close(session, row, world.luc, clock.now(), form={"intakes": "all"}).contact
    session.refresh(first)
    assert (first.state, first.contact_id) == (CallState.PLANNED, None)
    assert (row.direction, row.caller, row.reason, row.seconds, row.outcome) == (
        "incoming",
        "pharmacist",
        "Ordonnance illisible",
        240,
        "none",
    )
    assert row.enrolment_id == followed.id


def test_nobody_answers_and_the_planned_call_stays_to_be_made(
    session: Session, world: World, clock: HandClock, begun: Contact, followed: Enrolment
) -> None:
    row = contacts.not_reached(session, begun.id, words="Messagerie", by=viewer_of(world.claire), now=clock.forward(minutes=1))
    assert (row.state, row.reached, row.seconds, row.words) == (ContactState.CLOSED, False, 60, "Messagerie")
    assert planned(session, followed)[0].state == CallState.PLANNED
    assert contacts.for_doctor(session, world.lebon.id, viewer=viewer_of(world.lebon)) == []


# --- Drafts -------------------------------------------------------------------------------------------------------------------------


def test_a_draft_survives_and_is_resumed_by_whoever_began_it(
    session: Session, world: World, clock: HandClock, begun: Contact, marie: Patient
) -> None:
    """Half-way drafts keep what was typed, even what the close would refuse."""
    claire = viewer_of(world.claire)
    contacts.save(session, begun.id, {"weight": "6", "own_words": "J'ai mal partout"}, by=claire, now=clock.forward(minutes=2), stamp=1)
    clock.forward(hours=3)
    session.expire_all()
    resumed = call(session, marie, world.claire, clock.now())
    assert (resumed.id, resumed.form, resumed.started_at) == (
        begun.id,
        {"weight": "6", "own_words": "J'ai mal partout"},
        clock.now() - timedelta(hours=3, minutes=2),
    )
    assert [(contact.id, patient.id) for contact, patient in contacts.drafts(session, viewer=claire)] == [(begun.id, marie.id)]
    luc = viewer_of(world.luc)
    assert (contacts.drafts(session, viewer=luc), contacts.forgotten(session, viewer=luc, now=clock.now())) == ([], [])
    assert [contact.id for contact, _ in contacts.forgotten(session, viewer=luc, now=clock.forward(hours=9))] == [begun.id]
    with pytest.raises(FieldErrors, match="Nothing was saved"):
        contacts.save(session, begun.id, {"horoscope": "Bélier"}, by=claire, now=clock.now())


def test_two_nurses_on_one_call_and_two_screens_of_one_nurse(
    session: Session, world: World, clock: HandClock, begun: Contact, marie: Patient
) -> None:
    """The second is told who and since when; nothing is overwritten; a shift that ends hands its draft on."""
    claire, luc = viewer_of(world.claire), viewer_of(world.luc)
    clock.forward(minutes=5)
    with pytest.raises(Conflict, match="Claire Payet began this call 0:05:00"):
        call(session, marie, world.luc, clock.now(), planned_call_id=begun.planned_call_id)
    with pytest.raises(Conflict, match="Claire Payet began"):
        contacts.save(session, begun.id, {"weight": "70"}, by=luc, now=clock.now())
    shown = begun.stamp
    contacts.save(session, begun.id, {"weight": "62"}, by=claire, now=clock.now(), stamp=shown)
    with pytest.raises(Conflict, match="another screen"):
        contacts.save(session, begun.id, {"weight": "26"}, by=claire, now=clock.forward(minutes=1), stamp=shown)
    with pytest.raises(Conflict, match="another screen"):
        close(session, begun, world.claire, clock.now(), stamp=shown)
    contacts.take_over(session, begun.id, by=luc, now=clock.now())
    with pytest.raises(Conflict, match="Luc Morel began"):
        contacts.save(session, begun.id, {}, by=claire, now=clock.now())
    assert begun.form == {"weight": "62"}
    close(session, begun, world.luc, clock.forward(minutes=1))
    for act in (lambda: contacts.take_over(session, begun.id, by=claire, now=clock.now()), lambda: close(session, begun, world.luc, NOON)):
        with pytest.raises(Conflict, match="Luc Morel closed this call"):
            act()


def test_a_call_of_another_service_is_not_found(session: Session, world: World, clock: HandClock, begun: Contact) -> None:
    stranger = Viewer(viewer_of(world.claire).actor, viewer_of(world.claire).role, world.service.id + 1)
    with pytest.raises(NotFound):
        contacts.save(session, begun.id, {}, by=stranger, now=clock.now())


# --- The doctor ---------------------------------------------------------------------------------------------------------------------


def test_ama_5_the_form_is_before_the_doctor_at_once_and_shows_what_changed_first(
    session: Session, world: World, clock: HandClock, marie: Patient, follow: Follow
) -> None:
    """AMA-5: there in the transaction of the close, changes since the previous call first, until the doctor has read it."""
    lebon = viewer_of(world.lebon)
    follow(marie, "ama", clock.now(), anchor_day=date(2026, 11, 17))
    first = close(
        session,
        call(session, marie, world.claire, clock.now()),
        world.claire,
        clock.forward(minutes=10),
        form=say(weight=62.5, symptoms=[{"term": "Nausea", "grade": 1}, {"term": "Fatigue", "grade": 2}]),
    ).contact
    [told] = contacts.for_doctor(session, world.lebon.id, viewer=lebon)
    assert (told.contact.id, told.patient.id, told.previous) == (first.id, marie.id, None)
    with pytest.raises(Refusal, match="A doctor reads"):
        contacts.read_by_doctor(session, first.id, by=viewer_of(world.claire), now=clock.now())
    contacts.read_by_doctor(session, first.id, by=lebon, now=clock.now())
    assert contacts.for_doctor(session, world.lebon.id, viewer=lebon) == []
    clock.forward(days=3)
    second = close(
        session,
        call(session, marie, world.claire, clock.now()),
        world.claire,
        clock.forward(minutes=10),
        form=say(weight="62,5", autonomy="ps2", symptoms=[{"term": "Diarrhea", "grade": 3}, {"term": "Nausea", "grade": 1}]),
        outcome="level_2",
        doctor_id=world.lebon.id,
        doctor_at=clock.now(),
    ).contact
    [told] = contacts.for_doctor(session, world.lebon.id, viewer=lebon)
    assert (told.contact.id, told.previous) == (second.id, first)
    lines = [(line.term or line.field.key, line.before, line.after) for line in told.lines if line.changed]
    assert lines == [("autonomy", "ps1", "ps2"), ("Diarrhea", None, 3), ("Fatigue", 2, None)]
    assert [line.changed for line in told.lines] == sorted((line.changed for line in told.lines), reverse=True)
    assert ("Nausea", 1, 1) in [(line.term, line.before, line.after) for line in told.lines]
    assert contacts.for_doctor(session, world.lebon.id, viewer=viewer_of(world.alma)) == []


def test_every_sentence_beside_an_answer_has_its_french() -> None:
    """They are returned, not raised: the reading of the screens' words does not see them."""
    found: set[str] = set()
    for module in (forms, closing):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Return | ast.Dict | ast.DictComp) or (isinstance(node, ast.Call) and ast.unparse(node.func) == "Said"):
                found |= {
                    str(one.value)
                    for one in ast.walk(node)
                    if isinstance(one, ast.Constant) and str(one.value).endswith(".") and " " in str(one.value)
                }
    assert len(found) > 20
    assert sorted(found - set(words.refusals())) == []
