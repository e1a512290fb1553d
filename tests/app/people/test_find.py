"""Point 10: search by name or last digits; who may see whom is one function."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.core.audit import SYSTEM
from app.core.clock import HandClock
from app.core.errors import NotFound, Refusal
from app.people import patients, services
from app.people.models import Patient, Role, Staff
from app.people.perimeter import ABILITIES, Viewer, actor_of, viewer_of
from tests.factories import PASSWORD, World, a_patient


@pytest.fixture
def ward(session: Session, world: World, clock: HandClock) -> list[Patient]:
    """Marie Hoarau 0001, Zoé d'Éspérance (born Grondin) 0102, Jean-Marc Hoareau 1001."""
    now = clock.now()
    return [
        a_patient(session, world, now=now),
        a_patient(session, world, now=now, family_name="D'Éspérance", given_names="Zoé", birth_name="Grondin", phone="+33639980102"),
        a_patient(session, world, now=now, family_name="Hoareau", given_names="Jean-Marc", sex="male", phone="+33639981001"),
    ]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("hoarau", ["Marie"]),
        ("HOARE", ["Jean-Marc"]),
        ("marc hoar", ["Jean-Marc"]),
        ("esperance", ["Zoé"]),
        ("zoe grondin", ["Zoé"]),
        ("0001", ["Marie"]),
        ("001", ["Marie", "Jean-Marc"]),
        ("06 39 98 01 02", ["Zoé"]),
        ("+33639980102", ["Zoé"]),
        ("0033639980102", ["Zoé"]),
        ("hoar 001", ["Marie", "Jean-Marc"]),
        ("marie 1001", []),
        ("01", []),
        ("", []),
        ("%", []),
        ("nobody", []),
    ],
)
def test_by_parts_of_names_or_last_digits(session: Session, world: World, ward: list[Patient], words: str, found: list[str]) -> None:
    assert [p.given_names for p in patients.search(session, words, viewer=viewer_of(world.claire))] == found


def _elsewhere(session: Session, world: World, clock: HandClock) -> Staff:
    """Hugo, nurse of the haematology of the same hospital."""
    other = services.open_service(
        session,
        world.hospital,
        name="Hématologie",
        sms_name="Suivi Hema",
        phone="0199005678",
        number="+33199005678",
        timezone="Europe/Paris",
        by=SYSTEM,
        now=clock.now(),
    )
    return services.engage(
        session,
        world.hospital,
        login="hugo",
        name="Hugo Lauret",
        role=Role.NURSE,
        password=PASSWORD,
        service=other,
        by=SYSTEM,
        now=clock.now(),
    )


def test_another_service_finds_nobody_and_a_guess_tells_nothing(
    session: Session, world: World, clock: HandClock, ward: list[Patient]
) -> None:
    hugo = viewer_of(_elsewhere(session, world, clock))
    assert patients.search(session, "hoarau", viewer=hugo) == []
    with pytest.raises(NotFound) as absent:
        patients.get(session, 999, viewer=hugo)
    with pytest.raises(NotFound) as hidden:
        patients.get(session, ward[0].id, viewer=hugo)
    assert str(absent.value) == str(hidden.value) == "This patient does not exist, or is not in your service."


def test_the_administrator_opens_no_chart(session: Session, world: World, ward: list[Patient]) -> None:
    alma = viewer_of(world.alma)
    assert patients.search(session, "hoarau", viewer=alma) == []
    with pytest.raises(NotFound):
        patients.get(session, ward[0].id, viewer=alma)


def test_an_outside_professional_with_a_service_still_sees_nobody(session: Session, world: World, ward: list[Patient]) -> None:
    outside = Viewer(actor_of(world.claire), Role.OUTSIDE, world.service.id)
    assert patients.search(session, "hoarau", viewer=outside) == []


READS = ("see_alerts", "open_chart", "read_protocols")
REACHES = ("record_absence", "pause_silence")
DOCTORS = ("grade_toxicity", "decide_exceptions", "sign_protocols", "answer_requests", "validate_programme")
FOLLOWS = ("act_on_alerts", "enrol", "ask_doctor", "make_calls")
"""What everybody who treats alerts does for a patient followed at home; a program in the name of one of them too."""
KEEPS = ("record_measure", "keep_documents", "keep_circle")
WARD = (*READS, *REACHES, *FOLLOWS, *KEEPS, "take_back_end", "sign_handover", "test_road")


@pytest.mark.parametrize(
    ("role", "abilities"),
    [
        (Role.SECRETARY, {*READS}),
        (Role.NURSE, {*WARD, "grade_toxicity"}),
        (Role.COORDINATOR, {*WARD, "change_course", "manage_service"}),
        (Role.ONCOLOGIST, {*READS, *REACHES, *FOLLOWS, *KEEPS, *DOCTORS, "change_course"}),
        (Role.PHARMACIST, {*READS, *KEEPS, "sign_protocols"}),
        (Role.OUTSIDE, set()),
        (Role.ADMINISTRATOR, {"manage_staff"}),
        (Role.SERVICE, {*READS, *FOLLOWS, "record_absence", "record_measure", "change_course", "grade_toxicity", "answer_requests"}),
    ],
)
def test_what_each_role_may_do(world: World, role: Role, abilities: set[str]) -> None:
    """The roles' table, written out by hand: the secretary closes no alert, the administrator opens no chart."""
    viewer = Viewer(actor_of(world.paul), role, world.service.id)
    assert {ability for ability in ABILITIES if viewer.may(ability)} == abilities
    for ability in ABILITIES.keys() - abilities:
        with pytest.raises(Refusal, match="Your role does not allow this"):
            viewer.require(ability)
