"""FR-15: opening hours, holidays, shifts. Expected instants are written by hand in UTC; Paris is UTC+1 in winter, +2 in summer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.core.clock import HandClock
from app.core.errors import Refusal
from app.people import care_team, services
from app.people.models import Service, Staff
from app.people.perimeter import actor_of
from tests.factories import World


def _service(**changes: Any) -> Service:
    """Open Monday to Friday, 08:00 to 18:00, in Paris."""
    values: dict[str, Any] = {"timezone": "Europe/Paris", "hours": services.WEEKDAYS_8_TO_18, "country": "FR", "holidays_region": ""}
    return Service(**{**values, **changes})


PARIS = _service()
REUNION = _service(timezone="Indian/Reunion", country="RE")
REUNION_BY_REGION = _service(timezone="Indian/Reunion", holidays_region="974")
ALL_HOURS = _service(hours={str(day): [["00:00", "23:59"]] for day in range(7)})
NEVER = _service(hours={})


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("service", "at", "expected"),
    [
        (PARIS, "2026-11-18T06:59", False),  # Wednesday, 07:59 in Paris
        (PARIS, "2026-11-18T07:00", True),
        (PARIS, "2026-11-18T16:59", True),
        (PARIS, "2026-11-18T17:00", False),
        (PARIS, "2026-07-15T06:00", True),  # 08:00 in summer
        (PARIS, "2026-11-21T10:00", False),  # Saturday
        (PARIS, "2026-11-11T10:00", False),  # Armistice
        (PARIS, "2026-12-20T10:00", False),  # a Sunday
        (PARIS, "2027-12-20T10:00", True),  # Monday 20 December 2027
        (REUNION, "2027-12-20T10:00", False),  # abolition of slavery, La Réunion only
        (REUNION_BY_REGION, "2027-12-20T10:00", False),
        (REUNION, "2026-11-18T04:00", True),  # 08:00 at UTC+4
        (REUNION, "2026-11-18T14:00", False),
        (NEVER, "2026-11-18T10:00", False),
    ],
)
def test_is_open(service: Service, at: str, expected: bool) -> None:
    assert care_team.is_open(service, _utc(at)) is expected


@pytest.mark.parametrize(
    ("service", "at", "expected"),
    [
        (PARIS, "2026-11-18T09:00", "2026-11-18T09:00"),
        (PARIS, "2026-11-18T03:00", "2026-11-18T07:00"),
        (PARIS, "2026-11-20T17:05", "2026-11-23T07:00"),  # Friday 18:05 → Monday 08:00
        (PARIS, "2026-11-10T20:00", "2026-11-12T07:00"),  # over 11 November
        (PARIS, "2026-10-23T20:00", "2026-10-26T07:00"),  # over the end of summer time
        (PARIS, "2027-03-26T20:00", "2027-03-30T06:00"),  # over the beginning of summer time and Easter Monday
        (REUNION, "2027-12-17T20:00", "2027-12-21T04:00"),
        (NEVER, "2026-11-18T09:00", "2026-11-19T09:00"),
    ],
)
def test_next_opening(service: Service, at: str, expected: str) -> None:
    assert care_team.next_opening(service, _utc(at)) == _utc(expected)


@pytest.mark.parametrize(
    ("service", "start", "length", "expected"),
    [
        (PARIS, "2026-11-18T09:00", timedelta(hours=4), "2026-11-18T13:00"),
        (PARIS, "2026-11-18T15:00", timedelta(hours=4), "2026-11-19T09:00"),  # two hours on Wednesday, two on Thursday
        (PARIS, "2026-11-20T16:00", timedelta(hours=4), "2026-11-23T10:00"),  # one hour on Friday, three on Monday
        (PARIS, "2026-11-21T10:00", timedelta(hours=1), "2026-11-23T08:00"),
        (PARIS, "2026-11-18T07:00", timedelta(hours=10), "2026-11-18T17:00"),  # exactly one day
        (PARIS, "2026-11-10T16:00", timedelta(hours=2), "2026-11-12T08:00"),  # the holiday counts for nothing
        (_service(hours={"2": [["08:00", "12:00"], ["14:00", "18:00"]]}), "2026-11-18T10:00", timedelta(hours=2), "2026-11-18T14:00"),
        (ALL_HOURS, "2026-10-24T23:00", timedelta(hours=2), "2026-10-25T01:00"),  # the 25 hours of 25 October
        (ALL_HOURS, "2027-03-28T00:00", timedelta(hours=2), "2027-03-28T02:00"),  # the 23 hours of 28 March
        (NEVER, "2026-11-18T09:00", timedelta(hours=4), "2026-11-18T13:00"),  # never open: clock time, too early rather than never
    ],
)
def test_add_service_time(service: Service, start: str, length: timedelta, expected: str) -> None:
    assert care_team.add_service_time(service, _utc(start), length) == _utc(expected)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 10, 25), 25), (date(2027, 3, 28), 23), (date(2026, 11, 18), 24)])
def test_a_span_is_as_long_as_the_day_really_is(day: date, hours: int) -> None:
    [(begins, ends)] = care_team.spans_of(ALL_HOURS, day)
    assert ends - begins == timedelta(hours=hours) - timedelta(minutes=1)


class TestShifts:
    """Who is there: Claire on the ward, Luc on call."""

    def _shift(self, session: Session, staff: Staff, kind: str, start: str, end: str) -> None:
        care_team.put_on_shift(session, staff, kind=kind, starts_at=_utc(start), ends_at=_utc(end))

    def _there(self, session: Session, world: World, at: str, kind: str) -> list[str]:
        return [staff.login for staff in care_team.on_duty(session, world.service.id, _utc(at), kind)]

    def test_on_duty_from_the_first_instant_until_before_the_last(self, session: Session, world: World) -> None:
        self._shift(session, world.claire, "ward", "2026-11-18T07:00", "2026-11-18T17:00")
        self._shift(session, world.luc, "on_call", "2026-11-18T17:00", "2026-11-19T07:00")
        assert self._there(session, world, "2026-11-18T07:00", "ward") == ["claire"]
        assert self._there(session, world, "2026-11-18T17:00", "ward") == []
        assert self._there(session, world, "2026-11-18T17:00", "on_call") == ["luc"]

    def test_overlapping_shifts_name_a_person_once(self, session: Session, world: World) -> None:
        self._shift(session, world.claire, "ward", "2026-11-18T07:00", "2026-11-18T13:00")
        self._shift(session, world.claire, "ward", "2026-11-18T12:00", "2026-11-18T17:00")
        assert self._there(session, world, "2026-11-18T12:30", "ward") == ["claire"]

    def test_a_disabled_account_on_the_rota_is_nobody(self, session: Session, world: World, clock: HandClock) -> None:
        """HZ-29."""
        self._shift(session, world.luc, "on_call", "2026-11-18T17:00", "2026-11-19T07:00")
        services.disable(session, "luc", by=actor_of(world.alma), now=clock.now())
        session.expire_all()
        assert self._there(session, world, "2026-11-18T20:00", "on_call") == []
        assert not care_team.covered(session, world.service, _utc("2026-11-18T20:00"))

    def test_a_shift_that_ends_before_it_begins_is_refused(self, session: Session, world: World) -> None:
        with pytest.raises(Refusal, match="ends before it begins"):
            self._shift(session, world.claire, "ward", "2026-11-18T17:00", "2026-11-18T07:00")

    def test_somebody_who_works_in_no_service_is_not_put_on_a_rota(self, session: Session, world: World) -> None:
        with pytest.raises(Refusal, match="Alma Dubreuil works in no service"):
            self._shift(session, world.alma, "on_call", "2026-11-18T17:00", "2026-11-19T07:00")

    @pytest.mark.parametrize(
        ("at", "shifts", "expected"),
        [
            ("2026-11-18T13:00", [], True),  # 14:00, closes at 18:00: four hours to the minute
            ("2026-11-18T13:01", [], False),
            ("2026-11-18T06:00", [], False),  # the service opens in an hour: nobody reads before
            ("2026-11-18T15:00", [("2026-11-18T17:00", "2026-11-19T07:00")], True),  # the ward until 18:00, then the person on call
            ("2026-11-18T15:00", [("2026-11-18T17:30", "2026-11-19T07:00")], False),  # half an hour with nobody
            ("2026-11-18T20:00", [("2026-11-18T17:00", "2026-11-19T07:00")], True),
            ("2026-11-18T20:00", [("2026-11-18T17:00", "2026-11-18T21:00"), ("2026-11-18T23:00", "2026-11-19T07:00")], False),  # a hole
            ("2026-11-18T20:00", [("2026-11-18T17:00", "2026-11-18T21:00"), ("2026-11-18T21:00", "2026-11-19T07:00")], True),
            ("2026-11-18T20:00", [("2026-11-18T17:00", "2026-11-18T23:59")], False),  # one minute short
            ("2026-11-21T10:00", [("2026-11-20T17:00", "2026-11-23T07:00")], True),  # on call all Saturday
        ],
    )
    def test_a_question_leaves_only_if_somebody_can_read_the_answer(
        self, session: Session, world: World, at: str, shifts: list[tuple[str, str]], expected: bool
    ) -> None:
        """Point 5: four staffed hours follow, or the ladder covers the gap."""
        for start, end in shifts:
            self._shift(session, world.luc, "on_call", start, end)
        assert care_team.covered(session, world.service, _utc(at)) is expected
