"""Cyclone mode in a service of La Réunion: whom the team means while it runs, its one end, its words; and whom to call before."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import handling, paging
from app.alerts.reasons import Reason
from app.care.models import Enrolment, PlannedCall
from app.core.audit import SYSTEM, AuditRow
from app.core.errors import FieldErrors, NotFound, Refusal
from app.insight import before_storm
from app.people import absences, care_team, rota, services, storms
from app.people.models import FollowUp, Patient, Role, Service, Staff
from app.people.perimeter import Viewer, viewer_of
from app.people.rota import Span
from app.people.rota_models import Storm
from tests.factories import PASSWORD, World, a_patient
from tests.support.wards import haematology
from triage.terms import Level

NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
"""Wednesday, 13:00 in Saint-Denis."""
HOUR = timedelta(hours=1)


@pytest.fixture
def ward(session: Session, world: World) -> Service:
    """In La Réunion: Claire on the ward this afternoon, Dr Lebon on call, everybody else at home."""
    service = session.get_one(Service, world.service.id)
    service.country, service.timezone = "RE", "Indian/Reunion"
    care_team.put_on_shift(session, world.claire, kind="ward", starts_at=NOW - 5 * HOUR, ends_at=NOW + 99 * HOUR)
    care_team.put_on_shift(session, world.lebon, kind="on_call", starts_at=NOW - 5 * HOUR, ends_at=NOW + 99 * HOUR)
    return service


@pytest.fixture
def ines(world: World) -> Viewer:
    return viewer_of(world.ines)


def meant(session: Session, ward: Service, at: datetime = NOW, notify: str = "team") -> list[str]:
    return [one.name for one in paging.meant_by(session, ward, notify, at)]


def begin(session: Session, by: Viewer, hours: int | None = 48, reason: str = "Cyclone Ava, alerte rouge", at: datetime = NOW) -> Storm:
    return storms.begin(session, hours=hours, reason=reason, by=by, now=at)


def test_the_team_is_everybody_of_it_until_the_hour_and_as_before_from_that_hour_on(
    session: Session, world: World, ward: Service, ines: Viewer
) -> None:
    assert meant(session, ward) == ["Claire Payet"]
    assert begin(session, ines).until_at == NOW + 48 * HOUR
    assert meant(session, ward) == ["Claire Payet", "Luc Morel", "Inès Caron"], "each once, the secretary and doctors not"
    assert meant(session, ward, NOW + 48 * HOUR - timedelta(seconds=1)) == ["Claire Payet", "Luc Morel", "Inès Caron"]
    assert meant(session, ward, NOW + 48 * HOUR) == ["Claire Payet"], "nothing has to tick"
    assert meant(session, ward, notify="on_call") == ["Dr Aurore Lebon"], "other rungs mean whom they meant"


def test_nobody_the_rung_reached_without_it_is_left_out(session: Session, world: World, ward: Service, ines: Viewer) -> None:
    """A doctor is on the ward, Inès stands in for Claire, who is at home; Luc's account is closed."""
    care_team.put_on_shift(session, world.lebon, kind="ward", starts_at=NOW - HOUR, ends_at=NOW + 9 * HOUR)
    rota.stand_in(session, absent_id=world.claire.id, by_id=world.ines.id, span=Span(NOW, NOW + 9 * HOUR), by=ines, now=NOW)
    services.disable(session, "luc", by=SYSTEM, now=NOW)
    before = meant(session, ward, NOW + HOUR)
    begin(session, ines)
    during = meant(session, ward, NOW + HOUR)
    assert before == ["Dr Aurore Lebon", "Inès Caron"]
    assert during == ["Dr Aurore Lebon", "Inès Caron", "Claire Payet"]


def test_an_empty_ward_reaches_the_team_and_another_service_sees_nothing(
    session: Session, world: World, ward: Service, ines: Viewer
) -> None:
    hospital, other = world.hospital, haematology(session, world, now=NOW)
    anais = services.engage(
        session, hospital, login="anais", name="Anaïs Fontaine", role=Role.NURSE, password=PASSWORD, service=other, by=SYSTEM, now=NOW
    )
    begin(session, ines)
    assert meant(session, ward, NOW - HOUR) == ["Claire Payet"], "not before it began"
    assert storms.running(session, other.id, NOW) is None
    assert anais.name not in meant(session, ward)
    assert meant(session, other) == []


def test_it_is_prolonged_by_beginning_again_and_ended_early_with_one_running_at_a_time(
    session: Session, world: World, ward: Service, ines: Viewer
) -> None:
    first = begin(session, ines, 72)
    later = NOW + 24 * HOUR
    with pytest.raises(Refusal, match="already runs longer"):
        begin(session, ines, 48, at=later)
    second = begin(session, ines, 72, "Alerte violette", at=later)
    assert (first.ended_at, first.ended_by) == (later, str(ines.actor))
    assert storms.running(session, ward.id, later) is second
    assert (second.until_at, second.reason) == (NOW + 96 * HOUR, "Alerte violette")
    with pytest.raises(NotFound):
        storms.end(session, first.id, by=ines, now=later)
    storms.end(session, second.id, by=ines, now=later + HOUR)
    assert storms.running(session, ward.id, later + HOUR) is None
    with pytest.raises(NotFound):
        storms.end(session, second.id, by=ines, now=later + HOUR)
    told = session.execute(select(AuditRow.action, AuditRow.reason).where(AuditRow.action.startswith("storm.")).order_by(AuditRow.id))
    assert [tuple(row) for row in told] == [
        ("storm.begun", "Cyclone Ava, alerte rouge"),
        ("storm.prolonged", "Alerte violette"),
        ("storm.ended", "Alerte violette"),
    ]


@pytest.mark.parametrize(
    ("hours", "reason", "fields"),
    [
        (None, "  ", {"hours", "reason"}),
        (96, "Cyclone", {"hours"}),
        (0, "Cyclone", {"hours"}),
        (24, "x" * 201, {"reason"}),
    ],
)
def test_what_cannot_stand_is_said_beside_its_field_and_nothing_begins(
    session: Session, ward: Service, ines: Viewer, hours: int | None, reason: str, fields: set[str]
) -> None:
    with pytest.raises(FieldErrors) as refused:
        begin(session, ines, hours, reason)
    assert set(refused.value.fields) == fields
    assert session.scalars(select(Storm)).all() == []


def test_only_the_coordinator_begins_and_ends_it(session: Session, world: World, ward: Service, ines: Viewer) -> None:
    row = begin(session, ines)
    for staff in (world.claire, world.lebon, world.paul):
        with pytest.raises(Refusal, match="Your role"):
            begin(session, viewer_of(staff), 72, at=NOW + HOUR)
        with pytest.raises(Refusal, match="Your role"):
            storms.end(session, row.id, by=viewer_of(staff), now=NOW + HOUR)


def followed(session: Session, world: World, name: str, n: int) -> Patient:
    phone = f"+3363998010{n}"
    return a_patient(session, world, now=NOW - 99 * HOUR, family_name=name, given_names="Anne", phone=phone, timezone="Indian/Reunion")


def call(session: Session, patient: Patient, due: datetime) -> None:
    values = {"service_id": patient.service_id, "patient_id": patient.id, "programme": "coach"}
    row = Enrolment(**values, version_on=date(2026, 11, 1), state="open", proposed_at=NOW, proposed_by="staff:1")
    session.add(row)
    session.flush()
    session.add(PlannedCall(**values, enrolment_id=row.id, phase="weekly", number=1, due_at=due, original_day=due.date(), planned_at=NOW))


def test_whom_to_call_before_open_alerts_then_calls_then_everybody_by_name(session: Session, world: World, ward: Service) -> None:
    """Zitte has the urgent alert, Yvon a moderate one; Xavier is called tomorrow, Wong in four days; Adam is in hospital, Bob's follow-up
    is over; a number nobody knows wrote of a danger."""
    names = ("Zitte", "Yvon", "Xavier", "Wong", "Adam", "Bob")
    zitte, yvon, xavier, wong, adam, bob = (followed(session, world, name, n) for n, name in enumerate(names))
    for patient, level in ((yvon, Level.MODERATE), (zitte, Level.URGENT)):
        handling.consider(session, service=ward, patient=patient, reason=Reason("assessment", level, {"rules": ["x"]}), now=NOW)
    strange = Reason("danger", Level.URGENT, {"dangers": ["fever"], "message_id": 99})
    handling.consider(session, service=ward, patient=None, subject="number:+33639980177", reason=strange, now=NOW + HOUR)
    call(session, xavier, NOW + 24 * HOUR)
    call(session, wong, NOW + 96 * HOUR)
    adam.follow_up, adam.follow_up_kind = FollowUp.FROZEN, absences.HOSPITAL
    bob.follow_up = FollowUp.ENDED
    session.flush()
    found = before_storm.lines(session, viewer=viewer_of(world.claire), now=NOW + HOUR, until=NOW + 72 * HOUR)
    assert [line.patient.family_name if line.patient else line.row and line.row.number for line in found] == [
        *("Zitte", "+33639980177", "Yvon", "Xavier", "Adam", "Wong"),
    ]
    assert [[one.due_at for one in line.calls] for line in found if line.calls] == [[NOW + 24 * HOUR]]
    assert before_storm.lines(session, viewer=viewer_of(world.alma), now=NOW, until=NOW) == []
    other = Staff(id=0, service_id=haematology(session, world, now=NOW).id, name="Anaïs", role=Role.NURSE, language="fr")
    assert before_storm.lines(session, viewer=viewer_of(other), now=NOW, until=NOW) == []
