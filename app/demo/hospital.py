"""The fictional hospital: its people at work, and ``ensure``, which makes it once and has its past lived.

Everything goes through the crafts of the house. Nothing here writes a row of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import holes
from app.core import clock as clocks
from app.core.audit import SYSTEM
from app.core.clock import Clock, ClockOffset, HandClock
from app.core.db import Database
from app.core.errors import Refusal
from app.core.settings import Settings
from app.demo.simulate import Life, Metronome, last_act
from app.demo.ward import Person
from app.people import care_team, enrolling, rota, services
from app.people.enrolling import NewPatient
from app.people.models import Hospital, Role, Service, Staff
from app.people.perimeter import actor_of, viewer_of
from app.protocols import shelf
from triage.protocol import parse

PAST = timedelta(weeks=10)
AHEAD = timedelta(weeks=20)
"""How far the rota is written beyond the opening: a demonstration left open for a season still has somebody on call."""
AWAY = (timedelta(hours=6), timedelta(days=8))
"""The ward lives on over a night or a week without anybody at the screens. A shorter break is somebody's own; a longer one is left as
it is, because living it would take longer than a start may."""
OPENS_AT = time(10)
SERVICE_NUMBER = "+33639980000"
SEED = 2026
PASSWORD = "une-nuit-calme"  # noqa: S105 - printed on the sign-in page of a ward that does not exist

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Colleague:
    """One person at work. phone: only for those who carry the on-call telephone; nurses have the list on their screen."""

    login: str
    name: str
    role: Role
    phone: str = ""


TEAM = (
    Colleague("claire", "Claire Dumont", Role.NURSE),
    Colleague("luc", "Luc Marchetti", Role.NURSE),
    Colleague("aissa", "Aïssa Diarra", Role.NURSE),
    Colleague("solene", "Solène Kerbrat", Role.NURSE),
    Colleague("lebon", "Dr Aurore Lebon", Role.ONCOLOGIST, "+33639989001"),
    Colleague("vidal", "Dr Thomas Vidal", Role.ONCOLOGIST, "+33639989002"),
    Colleague("ines", "Inès Caron", Role.COORDINATOR, "+33639989003"),
    Colleague("hugo", "Hugo Lacaze", Role.PHARMACIST),
    Colleague("paul", "Paul Rivoire", Role.SECRETARY),
    Colleague("alma", "Alma Dubreuil", Role.ADMINISTRATOR),
)


@dataclass(frozen=True)
class SignIn:
    """One of the accounts printed at the start."""

    role: str
    login: str
    password: str
    name: str


SIGN_INS = tuple(SignIn(str(c.role), c.login, PASSWORD, c.name) for c in TEAM if c.login in ("claire", "lebon", "ines"))


def ensure(
    database: Database,
    settings: Settings,
    clock: Clock,
    progress: Progress | None = None,
    *,
    metronome: Metronome,
    opening: datetime | None = None,
    past: timedelta = PAST,
    people: Sequence[Person] | None = None,
) -> bool:
    """Make the ward once and live its past; True when there was something to do, False when it was already whole.

    A past that was cut short (Ctrl-C) is lived on from where it stopped; so are the days nobody had the demonstration open, if they
    are few (``AWAY``). Raises Refusal outside the demonstration's environment (HZ-41) or in a database that holds a service which is
    not fictional. ``opening``, ``past``, ``people``: a smaller ward, for tests.
    """
    with database.transaction() as session:
        refuse_real_patients(session, settings)
        is_open = session.get(ClockOffset, 1) is not None
        service = session.scalar(select(Service).where(Service.is_demo))
        if service is None:
            service = found(session, opening or next_opening(clocks.wall()), past)
        begins = session.get_one(Hospital, service.hospital_id).created_at
        reached = last_act(session, service.id) or begins
    clock.forget()
    until = clock.now() if is_open else begins + past
    if is_open and not AWAY[0] <= until - reached <= AWAY[1]:
        return False
    hurried = database.in_a_hurry()
    try:
        whole = people is None
        life = Life(hurried, service.id, HandClock(reached), metronome, seed=SEED, opening=until, people=people, followed=whole)
        life.live(until, progress or (lambda _done, _words: None))
    finally:
        hurried.dispose()
    if not is_open:
        with database.transaction() as session:
            if people is None:
                _newcomer(session, service.id, until)
            holes.check(session, service.id, until)
            clocks.turn(session, to=until)
        clock.forget()
    return True


def _newcomer(session: Session, service_id: int, now: datetime) -> None:
    """Enrolled this morning, the prescription to follow: somebody for whom a treatment can still be started, also by a program."""
    service = session.get_one(Service, service_id)
    staff = {person.login: person for person in session.scalars(select(Staff).where(Staff.service_id == service_id))}
    new = NewPatient(
        family_name="Lagourgue",
        given_names="Jeanne",
        birth_date=date(1961, 4, 9),
        sex="female",
        phone="+33639980090",
        oncologist_id=staff["lebon"].id,
        consent_follow_up=True,
        consent_sms_words=True,
        consent_sheet="2026-09",
        phone_verified=True,
    )
    enrolling.enrol(session, service, new, by=actor_of(staff["ines"]), now=now, allow_fiction=True)


def refuse_real_patients(session: Session, settings: Settings) -> None:
    """Fiction and patients never share a house (HZ-41). Raises Refusal with what to do."""
    if not settings.is_demo:
        raise Refusal("The fictional ward lives in the demonstration only. Set VIGIE_ENVIRONMENT=demo, or enrol real patients.")
    real = session.scalar(select(Service.name).where(Service.is_demo.is_(False)).limit(1))
    if real is not None:
        raise Refusal("This database holds a real service, {name}. The demonstration needs a database of its own.", name=real)


def next_opening(now: datetime) -> datetime:
    """10:00 in Paris today when it is a working day there, otherwise on the next one. UTC."""
    paris = Service(timezone="Europe/Paris", hours=services.WEEKDAYS_8_TO_18, country="FR", holidays_region="")
    day = now.astimezone(ZoneInfo("Europe/Paris")).date()
    while not care_team.spans_of(paris, day):
        day += timedelta(days=1)
    return datetime.combine(day, OPENS_AT, ZoneInfo("Europe/Paris")).astimezone(UTC)


def found(session: Session, opening: datetime, past: timedelta) -> Service:
    """The hospital, its service and its team, at the first hour of the past."""
    begins = opening - past
    shelf.seed(session, begins)
    hospital = services.found_hospital(session, "Hôpital du Grand Large", now=begins)
    service = services.open_service(
        session,
        hospital,
        name="Oncologie, traitements à domicile",
        sms_name="Grand Large",
        phone="0199001010",
        number=SERVICE_NUMBER,
        timezone="Europe/Paris",
        is_demo=True,
        by=SYSTEM,
        now=begins,
    )
    _date_protocols_back(session, service, begins)
    team = [_engage(session, hospital, service, colleague, begins) for colleague in TEAM]
    _write_rota(session, service, team, begins, opening + AHEAD)
    _leave_work(session, service, team, opening, now=begins)
    return service


def _date_protocols_back(session: Session, service: Service, begins: datetime) -> None:
    """The ward's own copies of the library, in force from its first day: its fictional past began before the library was written."""
    shelved = shelf.stock()
    layers = dict(_dated(name, shelved.layers[name], begins) for name in sorted(shelved.layers))  # the latest of each slug stays
    followed = [path for path, protocol in sorted(shelf.compiled().items()) if not protocol.draft]
    latest = {path.parent: shelved.documents[path] for path in followed}
    for text in latest.values():
        _, dated = _dated("", text, begins)
        shelf.place(session, parse(dated, layers), dated, layers, service_id=service.id, by=SYSTEM, now=begins)


def _dated(name: str, text: str, begins: datetime) -> tuple[str, str]:
    """The name and the text of a document as if it had been written on the first day."""
    first = begins.date().isoformat()
    text = re.sub(r"(?m)^effective_from = \S+$", f"effective_from = {first}", text, count=1)
    stamp = r"@\d{4}-\d\d-\d\d"
    return re.sub(f"{stamp}$", f"@{first}", name), re.sub(f'{stamp}(?=")', f"@{first}", text)


def _engage(session: Session, hospital: Hospital, service: Service, colleague: Colleague, now: datetime) -> Staff:
    return services.engage(
        session,
        hospital,
        login=colleague.login,
        name=colleague.name,
        role=colleague.role,
        password=PASSWORD,
        service=None if colleague.role is Role.ADMINISTRATOR else service,
        phone=colleague.phone,
        by=SYSTEM,
        now=now,
    )


def _write_rota(session: Session, service: Service, team: list[Staff], begins: datetime, ends: datetime) -> None:
    """Three nurses of four each open day, one of them late; one oncologist on call each week, Monday to Monday."""
    nurses = [person for person in team if person.role == Role.NURSE]
    doctors = [person for person in team if person.role == Role.ONCOLOGIST]
    zone = ZoneInfo(service.timezone)
    first = begins.astimezone(zone).date()
    first -= timedelta(days=first.weekday())
    for week in range((ends.date() - first).days // 7 + 1):
        monday = first + timedelta(weeks=week)
        care_team.put_on_shift(
            session,
            doctors[week % len(doctors)],
            kind="on_call",
            starts_at=_local(monday, 8, zone),
            ends_at=_local(monday + timedelta(weeks=1), 8, zone),
        )
        for weekday in range(5):
            day = monday + timedelta(days=weekday)
            if not care_team.spans_of(service, day):
                continue
            present = [nurse for place, nurse in enumerate(nurses) if place != (week + weekday) % len(nurses)]
            for nurse, (starts, stops) in zip(present, ((8, 16), (8, 17), (10, 18)), strict=True):
                care_team.put_on_shift(session, nurse, kind="ward", starts_at=_local(day, starts, zone), ends_at=_local(day, stops, zone))


def _leave_work(session: Session, service: Service, team: list[Staff], opening: datetime, *, now: datetime) -> None:
    """What a coordinator finds on the first morning: an evening of the week without anybody on call, and a nurse replaced tomorrow."""
    zone, ines = ZoneInfo(service.timezone), viewer_of(next(person for person in team if person.login == "ines"))
    evening = opening.astimezone(zone).date() + timedelta(days=3)
    begins, ends = _local(evening, 18, zone), _local(evening, 22, zone)
    week = next(shift for shift in rota.shifts(session, service.id, rota.Span(begins, ends)) if shift.kind == "on_call")
    staff, until = session.get_one(Staff, week.staff_id), week.ends_at
    rota.change_shift(
        session, week.id, staff_id=staff.id, kind="on_call", span=rota.Span(week.starts_at, begins.astimezone(UTC)), by=ines, now=now
    )
    care_team.put_on_shift(session, staff, kind="on_call", starts_at=ends, ends_at=until)
    day = opening.astimezone(zone).date() + timedelta(days=1)
    while not care_team.spans_of(service, day):
        day += timedelta(days=1)
    span = rota.Span(_local(day, 7, zone).astimezone(UTC), _local(day, 20, zone).astimezone(UTC))
    written = [shift.staff_id for shift in rota.shifts(session, service.id, span) if shift.kind == "ward"]
    free = next(person for person in team if person.role == Role.NURSE and person.id not in written)
    rota.stand_in(session, absent_id=written[0], by_id=free.id, span=span, by=ines, now=now)


def _local(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), zone)
