"""People around a patient: declared, changed, removed, each with its line in the audit trail (FR-32, HZ-36)."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.errors import FieldErrors, NotFound
from app.people import respondents
from app.people.models import Patient
from app.people.perimeter import actor_of
from app.people.respondents import NewRespondent, Reach
from tests.factories import World, a_patient

LUCIE = NewRespondent("  Lucie   Hoarau ", "fille", "06 39 98 00 02", True, "fr")


@pytest.fixture
def marie(session: Session, world: World, clock: HandClock) -> Patient:
    return a_patient(session, world, now=clock.now())


def declared(session: Session, world: World, marie: Patient, clock: HandClock, new: NewRespondent = LUCIE) -> int:
    return respondents.declare(session, marie, new, by=actor_of(world.claire), now=clock.now(), allow_fiction=True).id


def trail(session: Session) -> list[tuple[str, str]]:
    rows = session.scalars(select(AuditRow).where(AuditRow.action.like("respondent.%") | AuditRow.action.like("patient.%")))
    return [(row.action, row.actor) for row in rows if row.action != "patient.enrolled"]


def test_a_relative_is_declared_with_who_did_it(session: Session, world: World, marie: Patient, clock: HandClock) -> None:
    declared(session, world, marie, clock)
    (lucie,) = marie.respondents
    assert (lucie.name, lucie.relation, lucie.phone, lucie.told_of_silence, lucie.language, lucie.answers) == (
        "Lucie Hoarau",
        "fille",
        "+33639980002",
        True,
        "fr",
        False,
    )
    assert trail(session) == [("respondent.declared", f"staff:{world.claire.id}")]


@pytest.mark.parametrize(
    ("new", "field"),
    [
        (NewRespondent("", "fille"), "name"),
        (NewRespondent("Lucie", ""), "relation"),
        (NewRespondent("Lucie", "fille", "12"), "phone"),
        (NewRespondent("Lucie", "fille", "", True), "phone"),
        (NewRespondent("Lucie", "fille", "", False, "xx"), "language"),
        (NewRespondent("L" * 201, "fille"), "name"),
        (NewRespondent("Lucie", "fille\x00"), "relation"),
    ],
)
def test_what_is_missing_is_said_and_nothing_saved(
    session: Session, world: World, marie: Patient, clock: HandClock, new: NewRespondent, field: str
) -> None:
    with pytest.raises(FieldErrors) as refused:
        declared(session, world, marie, clock, new)
    assert list(refused.value.fields) == [field]
    assert marie.respondents == []


def test_a_changed_number_is_no_longer_verified(session: Session, world: World, marie: Patient, clock: HandClock) -> None:
    number = declared(session, world, marie, clock)
    row = respondents.get(session, marie, number)
    row.phone_verified_at = clock.now()
    by = actor_of(world.claire)
    same = NewRespondent("Lucie Hoarau", "fille aînée", "+33639980002", True, "fr")
    respondents.change(session, marie, number, same, by=by, now=clock.now(), allow_fiction=True)
    assert row.phone_verified_at == clock.now()
    other = NewRespondent("Lucie Hoarau", "fille aînée", "+33639980003", True, "fr")
    respondents.change(session, marie, number, other, by=by, now=clock.now(), allow_fiction=True)
    assert (row.phone, row.phone_verified_at) == ("+33639980003", None)


def test_one_answers_at_a_time_and_the_patient_when_that_one_leaves(
    session: Session, world: World, marie: Patient, clock: HandClock
) -> None:
    lucie = declared(session, world, marie, clock)
    paul = declared(session, world, marie, clock, NewRespondent("Paul", "voisin"))
    by = actor_of(world.claire)
    respondents.answered_by(session, marie, lucie, by=by, now=clock.now())
    respondents.answered_by(session, marie, paul, by=by, now=clock.now())
    assert marie.answered_by == "respondent"
    assert [(one.name, one.answers) for one in marie.respondents] == [("Lucie Hoarau", False), ("Paul", True)]

    respondents.remove(session, marie, paul, by=by, now=clock.now())
    assert marie.answered_by == "patient"
    assert [one.name for one in marie.respondents] == ["Lucie Hoarau"]
    assert respondents.speaker(session, f"respondent:{paul}").name == "Paul"
    with pytest.raises(NotFound):
        respondents.get(session, marie, paul)


def test_nobody_touches_the_relative_of_another_patient(session: Session, world: World, marie: Patient, clock: HandClock) -> None:
    jean = a_patient(session, world, now=clock.now(), family_name="Payet", phone="+33639980004")
    lucie = declared(session, world, marie, clock)
    by = actor_of(world.claire)
    for act in (
        lambda: respondents.change(session, jean, lucie, LUCIE, by=by, now=clock.now(), allow_fiction=True),
        lambda: respondents.remove(session, jean, lucie, by=by, now=clock.now()),
        lambda: respondents.answered_by(session, jean, lucie, by=by, now=clock.now()),
    ):
        with pytest.raises(NotFound):
            act()


def test_how_to_reach_is_kept_whole_and_written_down(session: Session, world: World, marie: Patient, clock: HandClock) -> None:
    by = actor_of(world.claire)
    new = Reach("en", ("fr", "en"), " créole  réunionnais ", ("call", "sms", "relative"), 15)
    assert respondents.reach(session, marie, new, by=by, now=clock.now()) is True
    assert (marie.language, marie.also_reads, marie.interpreter, marie.channels, marie.check_in_hour) == (
        "en",
        ["fr"],
        "créole réunionnais",
        ["call", "sms", "relative"],
        15,
    )
    assert respondents.reach(session, marie, new, by=by, now=clock.now()) is False
    assert [action for action, _ in trail(session)] == ["patient.reach"]


@pytest.mark.parametrize(
    ("new", "field"),
    [
        (Reach("xx"), "language"),
        (Reach("fr", ("xx",)), "also_reads"),
        (Reach("fr", (), "c" * 41), "interpreter"),
        (Reach("fr", (), "", ("sms", "sms", "call")), "channels"),
        (Reach("fr", check_in_hour=20), "check_in_hour"),
    ],
)
def test_a_way_of_reaching_that_cannot_be_is_refused(
    session: Session, world: World, marie: Patient, clock: HandClock, new: Reach, field: str
) -> None:
    with pytest.raises(FieldErrors) as refused:
        respondents.reach(session, marie, new, by=actor_of(world.claire), now=clock.now())
    assert list(refused.value.fields) == [field]


def test_who_may_speak_begins_with_who_answers(session: Session, world: World, marie: Patient, clock: HandClock) -> None:
    lucie = declared(session, world, marie, clock)
    assert [str(one) for one in respondents.may_speak(marie)] == [f"patient:{marie.id}", f"respondent:{lucie}"]
    respondents.answered_by(session, marie, lucie, by=actor_of(world.claire), now=clock.now())
    assert [str(one) for one in respondents.may_speak(marie)] == [f"respondent:{lucie}", f"patient:{marie.id}"]
