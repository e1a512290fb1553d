"""Real doors (house, section 7): what the demonstration does with the crafts is, row for row, what people do at the screens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts.models import AlertEvent
from app.checkins.models import CheckIn
from app.demo import hospital, prescribing
from app.demo.dice import Dice
from app.demo.patients import Patients, write
from app.demo.team import Team
from app.main import create_app
from app.messaging import codes
from app.people.models import NumberCheck, Staff
from notifications.messages import Inbound
from tests.app.demo.small import OPENING, PEOPLE, Ward, a_ward, demo_settings, rows
from triage import calendar

BETTY = replace(PEOPLE[1], began=6, agent="capecitabine")
"""Margaret Whitfield, enrolled eight days ago, first intake six days ago, asked on days 3 and 5."""
DICE = Dice(21)
"""With these draws the team calls, hears, and closes without ordering a pause nor noting a measure, which have forms of their own."""
ONLY_AT_A_SCREEN = {"chart.opened", "signin.succeeded"}
"""Acts that only a person at a screen does."""


@pytest.fixture(params=["sqlite_server", "postgres"])
def two_wards(request: pytest.FixtureRequest) -> Iterator[tuple[Ward, Ward]]:
    server = request.getfixturevalue(request.param)
    with a_ward(server) as played, a_ward(server) as worked:
        yield played, worked


def test_the_demonstration_writes_the_rows_that_the_screens_write(two_wards: tuple[Ward, Ward]) -> None:
    """One patient enrolled, asked, answering, in danger, called, closed: once by the demonstration, once at the screens."""
    played, worked = two_wards
    enrolled_at, asked_at = _plays(played)
    _works(worked, played, enrolled_at, asked_at)
    by_the_demo, at_the_screens = _compared(played), _compared(worked)
    assert {table for table, found in by_the_demo.items() if found} > {"patient", "course", "checkin", "message", "answer", "alert"}
    for table, found in by_the_demo.items():
        assert at_the_screens[table] == found, table


def _plays(ward: Ward) -> tuple[datetime, datetime]:
    """The demonstration's own functions. Returns when she was enrolled and when she was first asked."""
    ((enrolled_at, enrol),) = Patients(ward.database, ward.service_id, DICE, people=[BETTY]).arrivals(OPENING)
    ward.clock.at = enrolled_at
    enrol(enrolled_at)
    ward.beat(enrolled_at)
    with ward.database.reading() as session:
        asked_at = session.scalars(select(CheckIn.due_at).order_by(CheckIn.due_at)).first()
    assert asked_at is not None
    ward.beat(asked_at)
    for minute, body in SAID:
        at = asked_at + timedelta(minutes=minute)
        write(ward.database, Inbound("simulator", f"played-{minute}", BETTY.phone, hospital.SERVICE_NUMBER, body), now=at)
        ward.beat(at)
    team = Team(ward.database, ward.service_id, DICE, OPENING)
    todo = [(asked_at + timedelta(minutes=12), lambda now: team.take(1, now))]
    while todo:
        at, act = todo.pop(0)
        todo += act(at)
    return enrolled_at, asked_at


SAID = ((3, "1 0 0"), (4, "37.1"), (6, "cant catch my breath"))


def _works(ward: Ward, played: Ward, enrolled_at: datetime, asked_at: datetime) -> None:
    """The same, at the same hours, by people at their screens and by the telephones page."""
    app = create_app(demo_settings(ward.database), ward.database, ward.clock)
    with ExitStack() as open_screens:

        def screen(login: str) -> TestClient:
            client = open_screens.enter_context(TestClient(app, follow_redirects=False))
            assert client.post("/sign-in", data={"login": login, "password": hospital.PASSWORD}).status_code == 303
            return client

        ward.clock.at = enrolled_at
        assert screen("ines").post("/enrol", data=_form(ward, enrolled_at)).status_code == 303
        with ward.database.reading() as session:
            code = codes.code_of(session.scalars(select(NumberCheck)).one())
        assert screen("ines").post("/patients/1/number/code", data={"code": code}).status_code == 303
        ward.beat(enrolled_at)
        ward.beat(asked_at)
        for minute, body in SAID:
            ward.clock.at = asked_at + timedelta(minutes=minute)
            assert screen("claire").post("/phones/1/reply", data={"body": body}).status_code == 303
            ward.beat(ward.clock.at)
        _treats(ward, played, screen)


def _treats(ward: Ward, played: Ward, screen: Callable[[str], TestClient]) -> None:
    """What the played team did with the alert, by the same people, through the forms of its page."""
    with played.database.reading() as session:
        logins = {f"staff:{staff.id}": staff.login for staff in session.scalars(select(Staff))}
        done = session.scalars(select(AlertEvent).where(AlertEvent.kind.in_(("taken", "called", "closed"))).order_by(AlertEvent.id)).all()
    assert [event.kind for event in done][0 :: len(done) - 1] == ["taken", "closed"]
    for event in done:
        ward.clock.at = event.at
        client, said = screen(logins[event.actor]), event.detail
        form = {
            "taken": {},
            "called": {"whom": said.get("whom"), "reached": "yes" if said.get("reached") else "no", "note": said.get("note")},
            "closed": {"outcome": said.get("outcome"), "note": said.get("note")},
        }[event.kind]
        where = {"taken": "take", "called": "call", "closed": "close"}[event.kind]
        assert client.post(f"/alerts/{event.alert_id}/{where}", data=form).status_code in (200, 303)


def _form(ward: Ward, enrolled_at: datetime) -> dict[str, str]:
    """What Inès types."""
    watch = prescribing.prescribed(BETTY, 0, DICE, today=calendar.local_day(enrolled_at, BETTY.zone), opening=OPENING)
    with ward.database.reading() as session:
        doctors = session.scalars(select(Staff.id).where(Staff.role == "oncologist").order_by(Staff.id)).all()
    first_intake = (OPENING - timedelta(days=BETTY.began)).date()
    return {
        "family_name": BETTY.family,
        "given_names": BETTY.given,
        "birth_date": BETTY.born.isoformat(),
        "sex": BETTY.sex,
        "language": BETTY.language,
        "timezone": BETTY.zone,
        "phone": BETTY.phone,
        "oncologist_id": str(doctors[int(DICE.chance(BETTY.key, "doctor") * 2)]),
        "answered_by": "patient",
        "consent_follow_up": "yes",
        "consent_sms_words": "yes",
        "consent_sheet": "2026-09",
        "check_in_hour": str(BETTY.hour),
        "protocol_slug": "capecitabine-14-7",
        "agent": "capecitabine",
        "dose_mg": str(BETTY.dose_mg),
        "times_per_day": "2",
        "days_on": "14",
        "days_off": "7",
        "first_intake": first_intake.isoformat(),
        "cycle": "1",
        "first_text": "yes",
        "watching_activity": watch.activity,
        "watching_from_day": str(watch.from_day),
        "watching_until_day": str(watch.until_day),
        "watching_weight_kg": str(watch.weight_kg),
    }


def _compared(ward: Ward) -> dict[str, list[dict[str, Any]]]:
    found = rows(ward.database.engine)
    found["audit"] = [
        {key: value for key, value in row.items() if key not in ("id", "seq")}
        for row in found["audit"]
        if row["action"] not in ONLY_AT_A_SCREEN
    ]
    return {table: kept for table, kept in found.items() if table != "audit_head"}
