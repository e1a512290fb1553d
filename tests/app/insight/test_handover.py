"""What a shift leaves to the next: read, signed, taken, and said when it was not. Claire works the day, Luc the evening."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.alerts import answering, asking, handling, tasks
from app.alerts.handling import Reason
from app.alerts.models import Alert, DoctorAnswer
from app.care.contact_models import CityTask
from app.care.models import Enrolment, PlannedCall
from app.core.audit import AuditRow
from app.core.db import Database
from app.core.errors import Conflict, NotFound, Refusal
from app.insight import gone, handover, leaving
from app.insight.handover import Lapse
from app.insight.models import Handover, HandoverNote, HandoverState, Part
from app.people import absences, care_team, services
from app.people.circle_models import Professional
from app.people.models import Patient, Role, Service, Staff
from app.people.perimeter import actor_of, viewer_of
from app.people.rota_models import StandIn
from app.protocols import shelf
from app.treatment import courses, orders
from tests.factories import PASSWORD, World, a_course, a_patient, sign_protocols
from triage.terms import Level

TEN = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
"""Wednesday 10:00 in Paris."""

HOUR = timedelta(hours=1)


def works(session: Session, who: Staff, begins: datetime, hours: int) -> None:
    care_team.put_on_shift(session, who, kind="ward", starts_at=begins, ends_at=begins + hours * HOUR)


def sees(session: Session, world: World, at: datetime, since: datetime | None = None) -> leaving.Left:
    service = session.get_one(Service, world.service.id)
    return leaving.read(session, service, viewer=viewer_of(world.claire), since=since or handover.since_last(session, service, at), now=at)


def signs(session: Session, world: World, who: Staff, at: datetime, body: str = "as read") -> Handover:
    service = session.get_one(Service, world.service.id)
    since = handover.since_last(session, service, at)
    notes = handover.drafts(session, service.id)
    return handover.give(session, service, since=since, body=body, language="fr", notes=notes, by=viewer_of(who), now=at)


def left_undone(session: Session, world: World, at: datetime) -> list[tuple[str, datetime, list[str]]]:
    found: list[Lapse] = handover.lapses(session, session.get_one(Service, world.service.id), at)
    return [(one.kind, one.since, [person.name for person in one.people]) for one in found]


def raised(session: Session, world: World, who: Patient, level: Level, at: datetime) -> Alert:
    service = session.get_one(Service, world.service.id)
    found = handling.consider(session, service=service, patient=who, reason=Reason("assessment", level, {"why": []}), now=at)
    assert found is not None
    return found


def patient(session: Session, world: World, name: str, digits: int) -> Patient:
    return a_patient(session, world, now=TEN, family_name=name, given_names="Anne", phone=f"+3363998{digits:04d}")


def test_a_quiet_ward_says_that_nothing_is_open(session: Session, world: World) -> None:
    left = sees(session, world, TEN)
    assert (left.open, left.promised, left.changed, left.patients) == ([], [], [], [])
    assert left.since == datetime(2026, 11, 16, 23, 0, tzinfo=UTC), "no shift is known: yesterday's midnight in Paris"
    assert left_undone(session, world, TEN) == [], "no rota, no shift that should have signed"


def test_since_the_previous_shift_then_since_the_last_handover(session: Session, world: World) -> None:
    works(session, world.claire, TEN - 26 * HOUR, 9)  # Tuesday 08:00 to 17:00
    works(session, world.luc, TEN - 2 * HOUR, 9)  # Wednesday 08:00 to 17:00, still running
    assert sees(session, world, TEN).since == TEN - 26 * HOUR
    signs(session, world, world.luc, TEN)
    assert sees(session, world, TEN + HOUR).since == TEN


def test_what_is_open_bears_its_owner_and_its_hour_the_gravest_first(session: Session, world: World) -> None:
    """FR-23, HZ-28: each thing once, with whoever has it."""
    marie, jean = patient(session, world, "Hoarau", 1), patient(session, world, "Payet", 2)
    raised(session, world, marie, Level.MODERATE, TEN)
    high = raised(session, world, jean, Level.HIGH, TEN)
    handling.take(session, high.id, by=viewer_of(world.claire), now=TEN)
    tasks.make(session, service_id=world.service.id, kind="to_read", key="read", patient_id=marie.id, due_at=TEN + HOUR, now=TEN)
    asking.ask(session, jean, question="Arrêter deux jours ?", level="high", by=viewer_of(world.claire), now=TEN)
    session.flush()
    found = [(line.kind, line.name, line.owner, line.gone) for line in sees(session, world, TEN + HOUR).open]
    assert found == [
        ("request", "PAYET Anne", "Dr Aurore Lebon", ""),
        ("alert", "PAYET Anne", "Claire Payet", ""),
        ("alert", "HOARAU Anne", "", ""),
        ("task", "HOARAU Anne", "", ""),
    ]


def test_what_was_promised_stands_apart_with_its_hour(session: Session, world: World) -> None:
    marie, jean = patient(session, world, "Hoarau", 1), patient(session, world, "Payet", 2)
    alert = raised(session, world, marie, Level.MODERATE, TEN)
    handling.take(session, alert.id, by=viewer_of(world.claire), now=TEN)
    handling.wait(session, alert.id, by=viewer_of(world.claire), now=TEN, until=TEN + 4 * HOUR)
    tasks.make(
        session,
        service_id=world.service.id,
        kind="call_back",
        key="ring",
        patient_id=jean.id,
        due_at=TEN + 2 * HOUR,
        owner_id=world.luc.id,
        now=TEN,
    )
    left = sees(session, world, TEN + HOUR)
    assert [(line.kind, line.name, line.owner, line.by) for line in left.promised] == [
        ("call_back", "PAYET Anne", "Luc Morel", TEN + 2 * HOUR),
        ("waits", "HOARAU Anne", "Claire Payet", TEN + 4 * HOUR),
    ]
    assert left.open == [], "said once"


def test_a_doctors_answer_is_a_promise_until_the_patient_knows_it(session: Session, world: World) -> None:
    """A doctor whose week on call is over is still the one who was asked: the request climbs by itself."""
    marie = patient(session, world, "Hoarau", 1)
    care_team.put_on_shift(session, world.lebon, kind="on_call", starts_at=TEN - 96 * HOUR, ends_at=TEN - 2 * HOUR)
    request = asking.ask(session, marie, question="Continuer ?", level="high", by=viewer_of(world.claire), now=TEN)
    assert [(line.kind, line.owner, line.gone) for line in sees(session, world, TEN).open] == [("request", "Dr Aurore Lebon", "")]
    decision = answering.Decision(answer=DoctorAnswer.SEE_TODAY)
    answering.decide(session, request, decision, by=viewer_of(world.lebon), now=TEN + HOUR)
    left = sees(session, world, TEN + HOUR, since=TEN + HOUR / 2)
    assert ([line.kind for line in left.open], [(line.kind, line.owner) for line in left.promised]) == ([], [("to_tell", "Claire Payet")])
    answering.tell(session, request.id, by=viewer_of(world.luc), now=TEN + 2 * HOUR, reached=True, words="Vient à 15 h.")
    left = sees(session, world, TEN + 2 * HOUR, since=TEN + HOUR / 2)
    assert ([*left.open, *left.promised], [(line.kind, line.owner) for line in left.changed]) == ([], [("told", "Luc Morel")])


def test_an_alert_of_somebody_who_left_or_went_home_is_named(session: Session, world: World) -> None:
    """HZ-27, HZ-29: a name on the list is not a pair of eyes."""
    marie, jean = patient(session, world, "Hoarau", 1), patient(session, world, "Payet", 2)
    works(session, world.claire, TEN - 2 * HOUR, 3)
    for who, nurse in ((marie, world.claire), (jean, world.luc)):
        handling.take(session, raised(session, world, who, Level.HIGH, TEN).id, by=viewer_of(nurse), now=TEN)
    session.get_one(Staff, world.luc.id).active = False
    session.flush()
    before = {line.name: (line.owner, line.gone) for line in sees(session, world, TEN + HOUR / 2).open}
    assert before == {"HOARAU Anne": ("Claire Payet", ""), "PAYET Anne": ("Luc Morel", gone.LEFT)}
    after = {line.name: (line.gone, line.ended) for line in sees(session, world, TEN + 2 * HOUR).open}
    assert after == {"HOARAU Anne": (gone.SHIFT_OVER, TEN + HOUR), "PAYET Anne": (gone.LEFT, None)}


def test_what_changed_says_by_whom_and_with_which_outcome(session: Session, world: World) -> None:
    shelf.seed(session, TEN)
    sign_protocols(session, world, now=TEN)
    marie = patient(session, world, "Hoarau", 1)
    course = a_course(session, world, marie, now=TEN - 24 * HOUR)
    before = raised(session, world, marie, Level.MODERATE, TEN)
    handling.take(session, before.id, by=viewer_of(world.claire), now=TEN + HOUR)
    handling.close(session, before.id, by=viewer_of(world.claire), now=TEN + 2 * HOUR, outcome="advice", words="Boire.")
    absences.record(session, marie, "hospital_stay", from_day=date(2026, 11, 18), by=actor_of(world.claire), now=TEN + 3 * HOUR)
    doctor = actor_of(world.lebon)
    courses.hold(session, course, marie, from_day=date(2026, 11, 18), until_day=None, reason="Diarrhée", by=doctor, now=TEN + 4 * HOUR)
    orders.change_dose(
        session, course, marie, from_day=date(2026, 11, 25), dose_mg=Decimal(1000), reason="Diarrhée", by=doctor, now=TEN + 5 * HOUR
    )
    left = sees(session, world, TEN + 6 * HOUR, since=TEN + HOUR / 2)
    assert [line.kind for line in left.changed] == ["story", "absence_recorded", "course_held", "course_dose_changed"]
    assert [(event.kind, event.actor_name) for event in left.changed[0].steps] == [("taken", "Claire Payet"), ("closed", "Claire Payet")]
    assert left.changed[0].steps[1].detail["outcome"] == "advice"
    assert sees(session, world, TEN + 6 * HOUR, since=TEN + 6 * HOUR).changed == [], "what the last handover told is not told again"


def test_an_act_that_was_undone_is_not_told(session: Session, world: World) -> None:
    alert = raised(session, world, patient(session, world, "Hoarau", 1), Level.MODERATE, TEN)
    handling.take(session, alert.id, by=viewer_of(world.claire), now=TEN + HOUR)
    handling.undo(session, alert.id, by=viewer_of(world.claire), now=TEN + HOUR + timedelta(seconds=5))
    assert sees(session, world, TEN + 2 * HOUR, since=TEN + HOUR / 2).changed == []


def test_calls_and_city_tasks_are_open_from_their_hour_on(session: Session, world: World) -> None:
    """COA-2, COA-6: today's call, a missed one of any day, and what the city has not answered; tomorrow's call is not."""
    marie = patient(session, world, "Hoarau", 1)
    following = Enrolment(
        service_id=world.service.id, patient_id=marie.id, programme="coach", version_on=TEN.date(), proposed_at=TEN, proposed_by="staff:1"
    )
    pharmacist = Professional(service_id=world.service.id, trade="pharmacist", name="Mme Técher", created_at=TEN, created_by="staff:1")
    session.add_all([following, pharmacist])
    session.flush()
    for number, (state, due) in enumerate(
        (("planned", TEN + 2 * HOUR), ("missed", TEN - 72 * HOUR), ("planned", TEN + 24 * HOUR), ("done", TEN - HOUR))
    ):
        session.add(
            PlannedCall(
                service_id=world.service.id,
                patient_id=marie.id,
                enrolment_id=following.id,
                programme="coach",
                phase="start",
                number=number,
                state=state,
                due_at=due,
                original_day=due.date(),
                planned_at=TEN - 96 * HOUR,
            )
        )
    for what, due in (("Livrer un pilulier", TEN - HOUR), ("Rappeler", TEN + HOUR)):
        session.add(
            CityTask(
                service_id=world.service.id,
                patient_id=marie.id,
                professional_id=pharmacist.id,
                what=what,
                way="phone",
                due_at=due,
                asked_by_id=world.claire.id,
                asked_at=TEN - 48 * HOUR,
            )
        )
    session.flush()
    found = [(line.kind, line.by) for line in sees(session, world, TEN).open]
    assert found == [("call_missed", TEN - 72 * HOUR), ("city", TEN - HOUR), ("call_planned", TEN + 2 * HOUR)]


def test_another_service_sees_and_signs_nothing_of_it(session: Session, world: World) -> None:
    """The perimeter is kept: Zoé nurses next door."""
    marie = patient(session, world, "Hoarau", 1)
    raised(session, world, marie, Level.HIGH, TEN)
    other = services.open_service(
        session,
        world.hospital,
        name="Hématologie",
        sms_name="Hemato",
        phone="0199001235",
        number="+33199001235",
        timezone="Europe/Paris",
        by=actor_of(world.alma),
        now=TEN,
    )
    zoe = services.engage(
        session,
        world.hospital,
        login="zoe",
        name="Zoé Lauret",
        role=Role.NURSE,
        password=PASSWORD,
        service=other,
        by=actor_of(world.alma),
        now=TEN,
    )
    assert leaving.read(session, other, viewer=viewer_of(zoe), since=TEN - HOUR, now=TEN).lines == []
    given = signs(session, world, world.claire, TEN)
    with pytest.raises(NotFound):
        handover.take(session, given.id, by=viewer_of(zoe), now=TEN)
    with pytest.raises(NotFound):
        signs(session, world, zoe, TEN)
    with pytest.raises(NotFound):
        handover.keep_notes(session, {f"patient:{marie.id}": "?"}, by=viewer_of(zoe), now=TEN)


def test_where_shifts_overlap_both_sign(session: Session, world: World) -> None:
    """Claire leaves at 14:00, Luc is there from 13:45: her signature waits for his at once."""
    works(session, world.claire, TEN - 2 * HOUR, 6)
    works(session, world.luc, TEN + 3.75 * HOUR, 8)
    at = TEN + 3.8 * HOUR
    given = signs(session, world, world.claire, at)
    assert (given.together, given.state) == (True, HandoverState.GIVEN)
    assert left_undone(session, world, at) == [("unread", at, ["Luc Morel"])]
    handover.take(session, given.id, words="Vu.", by=viewer_of(world.luc), now=at + HOUR / 4)
    taker = handover.signature(given, Part.TAKES)
    assert taker is not None and (given.state, taker.staff_name, taker.words) == (HandoverState.TAKEN, "Luc Morel", "Vu.")
    assert left_undone(session, world, at + HOUR) == []
    trail = session.scalars(select(AuditRow.action).where(AuditRow.action.startswith("handover.")).order_by(AuditRow.id)).all()
    assert trail == ["handover.given", "handover.taken"]


def test_where_they_do_not_the_evening_signs_and_the_morning_reads(session: Session, world: World) -> None:
    works(session, world.luc, TEN + HOUR, 7)  # 11:00 to 18:00
    works(session, world.claire, TEN + 22 * HOUR, 9)  # Thursday 08:00 to 17:00
    evening, morning = TEN + 7.5 * HOUR, TEN + 22 * HOUR
    given = signs(session, world, world.luc, evening)
    assert not given.together
    assert left_undone(session, world, evening + 3 * HOUR) == [], "the night owes nothing: nobody is there to read"
    assert left_undone(session, world, morning + HOUR) == [("unread", morning, ["Claire Payet"])]
    with pytest.raises(Refusal, match="You gave this handover"):
        handover.take(session, given.id, by=viewer_of(world.luc), now=morning)
    handover.take(session, given.id, by=viewer_of(world.claire), now=morning + HOUR)
    assert left_undone(session, world, morning + 2 * HOUR) == []
    with pytest.raises(Conflict, match="Claire Payet took this handover"):
        handover.take(session, given.id, by=viewer_of(world.ines), now=morning + 2 * HOUR)


def test_a_shift_that_nobody_signed_for_is_said_until_somebody_does(session: Session, world: World) -> None:
    """HZ-29: Tuesday's shift was Claire's, and Luc stood in for her."""
    works(session, world.claire, TEN - 26 * HOUR, 9)
    works(session, world.claire, TEN - 2 * HOUR, 9)
    ended = TEN - 17 * HOUR
    session.add(
        StandIn(
            service_id=world.service.id,
            absent_id=world.claire.id,
            by_id=world.luc.id,
            starts_at=TEN - 48 * HOUR,
            ends_at=TEN - 12 * HOUR,
            written_by="staff:1",
            written_at=TEN - 48 * HOUR,
            removed_at=None,
        )
    )
    session.flush()
    assert left_undone(session, world, ended - HOUR) == []
    assert left_undone(session, world, TEN) == [("unsigned", ended, ["Luc Morel"])]
    signs(session, world, world.luc, TEN)
    assert [kind for kind, _, _ in left_undone(session, world, TEN)] == ["unread"]
    later = TEN + 10 * HOUR
    assert left_undone(session, world, later)[0] == ("unsigned", TEN + 7 * HOUR, ["Claire Payet"]), "signed too early for this end"


def test_drafts_are_kept_as_written_and_signed_with_the_handover(session: Session, world: World) -> None:
    marie = patient(session, world, "Hoarau", 1)
    mine, hers = f"patient:{marie.id}", viewer_of(world.claire)
    handover.keep_notes(session, {"all": "  Imprimante en panne.\n", mine: "Sa fille rappelle"}, by=hers, now=TEN)
    handover.keep_notes(session, {mine: "Le médecin de ville sait."}, by=viewer_of(world.luc), now=TEN)
    handover.keep_notes(session, {mine: "Sa fille rappelle à 15 h"}, by=hers, now=TEN + HOUR)
    kept = [(note.key, note.words, note.by_name) for note in handover.drafts(session, world.service.id)]
    assert kept == [
        ("all", "  Imprimante en panne.\n", "Claire Payet"),
        (mine, "Sa fille rappelle à 15 h", "Claire Payet"),
        (mine, "Le médecin de ville sait.", "Luc Morel"),
    ]
    handover.keep_notes(session, {"all": " "}, by=hers, now=TEN + HOUR)
    given = signs(session, world, world.claire, TEN + 2 * HOUR)
    assert handover.drafts(session, world.service.id) == []
    assert session.scalar(select(func.count()).where(HandoverNote.handover_id == given.id)) == 2
    with pytest.raises(Refusal, match="at most 2000"):
        handover.keep_notes(session, {"all": "x" * 2001}, by=hers, now=TEN)


def test_secretaries_and_doctors_sign_nothing(session: Session, world: World) -> None:
    given = signs(session, world, world.claire, TEN)
    for who in (world.paul, world.noe, world.lebon):
        with pytest.raises(Refusal, match="Your role does not allow this"):
            signs(session, world, who, TEN + HOUR)
        with pytest.raises(Refusal, match="Your role does not allow this"):
            handover.take(session, given.id, by=viewer_of(who), now=TEN + HOUR)


def test_of_two_who_sign_at_once_one_is_first_and_the_other_is_told(database: Database, world: World) -> None:
    """HZ-28: both read the same page, both press."""
    with database.reading() as session:
        since = handover.since_last(session, session.get_one(Service, world.service.id), TEN)
    both = Barrier(2)

    def presses(who: Staff) -> str:
        both.wait()
        try:
            with database.transaction() as session:
                service = session.get_one(Service, world.service.id)
                handover.give(session, service, since=since, body=who.name, language="fr", by=viewer_of(who), now=TEN)
        except Conflict as told:
            return str(told.values["name"])
        return "signed"

    with ThreadPoolExecutor(2) as people:
        said = dict(zip((world.claire.name, world.luc.name), people.map(presses, (world.claire, world.luc)), strict=True))
    with database.reading() as session:
        [row] = session.scalars(select(Handover)).all()
    assert said.pop(row.body) == "signed"
    assert list(said.values()) == [row.body], "told by name who was first"


def test_the_database_lets_only_one_of_an_instant_stand(session: Session, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes looked before either had written."""
    signs(session, world, world.claire, TEN)
    service = session.get_one(Service, world.service.id)
    since = session.scalars(select(Handover.since)).one()
    monkeypatch.setattr(handover, "since_last", lambda *_: since)
    with pytest.raises(Conflict, match="Claire Payet signed the handover"):
        handover.give(session, service, since=since, body="Luc's", language="fr", by=viewer_of(world.luc), now=TEN)
    assert session.scalar(select(func.count()).select_from(Handover)) == 1


def test_opening_is_reading_the_chart_of_everybody_named_once_a_visit(session: Session, world: World) -> None:
    """SEC-27."""
    marie, jean = patient(session, world, "Hoarau", 1), patient(session, world, "Payet", 2)
    for at in (TEN, TEN + timedelta(minutes=10), TEN + HOUR):
        handover.opened(session, [marie.id, jean.id], by=viewer_of(world.claire), now=at)
    rows = session.execute(select(AuditRow.patient_id, AuditRow.acted_at).where(AuditRow.action == "chart.opened").order_by(AuditRow.id))
    assert [tuple(row) for row in rows] == [(marie.id, TEN), (jean.id, TEN), (marie.id, TEN + HOUR), (jean.id, TEN + HOUR)]


def test_whether_help_arrived_stands_before_what_is_moderate(session: Session, world: World) -> None:
    """The handover has the order of the list: a task with a level is not the last of the page."""
    farida = a_patient(session, world, now=TEN, family_name="BENALI")
    jean = a_patient(session, world, now=TEN, family_name="PAYET", phone="+33639981234")
    service = session.get_one(Service, world.service.id)
    handling.consider(session, service=service, patient=jean, reason=Reason("assessment", Level.MODERATE, {"rules": ["x"]}), now=TEN)
    tasks.make(session, service_id=service.id, kind="help_arrived", key="help:1", patient_id=farida.id, now=TEN, due_at=TEN + HOUR)
    left = sees(session, world, TEN)
    assert [(line.name, line.level) for line in left.open] == [("BENALI Marie", Level.HIGH), ("PAYET Marie", Level.MODERATE)]
