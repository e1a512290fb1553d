"""What stands in a row beside alerts and tasks, the order as a table, filters that hide no red, and what happened since one left."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.alerts import handling, tasks
from app.alerts import heard as told_by_telephone
from app.alerts.handling import Reason
from app.alerts.models import Alert, DoctorRequest
from app.care.models import Enrolment, PlannedCall
from app.core.clock import HandClock
from app.core.errors import Refusal
from app.insight import filtering, leaving, measures, returning, worklist
from app.insight.filtering import Filter
from app.insight.gone import SHIFT_OVER, Gone
from app.insight.models import ListMemory
from app.people import care_team
from app.people.models import Patient, Service, Staff
from app.people.perimeter import Viewer, viewer_of
from app.people.rota_models import StandIn
from tests.app.insight.test_worklist import heard, judged
from tests.factories import World, a_patient
from tests.support.wards import haematology
from triage.terms import Level

NOON = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
"""Wednesday, 12:00 in Paris."""


@pytest.fixture
def claire(world: World) -> Viewer:
    return viewer_of(world.claire)


def patient(session: Session, world: World, name: str) -> Patient:
    digits = 1000 + sum(ord(letter) for letter in name)
    return a_patient(session, world, now=NOON - timedelta(days=20), family_name=name, given_names="Anne", phone=f"+3363998{digits:04d}")


def alert(session: Session, world: World, who: Patient, level: Level, *, at: datetime = NOON) -> Alert:
    service = session.get_one(Service, world.service.id)
    raised = handling.consider(session, service=service, patient=who, reason=Reason("assessment", level, {"rules": ["x"]}), now=at)
    assert raised is not None
    return raised


def enrolled(session: Session, world: World, who: Patient, programme: str = "coach") -> Enrolment:
    row = Enrolment(
        service_id=world.service.id,
        patient_id=who.id,
        programme=programme,
        version_on=date(2026, 11, 1),
        state="open",
        proposed_at=NOON,
        proposed_by="staff:1",
    )
    session.add(row)
    session.flush()
    return row


def call(session: Session, world: World, who: Patient, due: datetime, **other: Any) -> PlannedCall:
    row = PlannedCall(
        service_id=world.service.id,
        patient_id=who.id,
        enrolment_id=enrolled(session, world, who).id,
        programme="coach",
        phase="weekly",
        number=1,
        due_at=due,
        original_day=due.date(),
        planned_at=NOON - timedelta(days=9),
        **other,
    )
    session.add(row)
    session.flush()
    return row


def request(session: Session, world: World, who: Patient, state: str, level: Level = Level.HIGH) -> DoctorRequest:
    row = DoctorRequest(
        service_id=world.service.id,
        patient_id=who.id,
        doctor_id=world.lebon.id,
        asked_by_id=world.claire.id,
        asked_at=NOON,
        level=level.word,
        question="Réduire ?",
        state=state,
        raised_at=NOON,
        respond_by=NOON + timedelta(hours=4),
        ladder=[],
    )
    session.add(row)
    session.flush()
    return row


def names(session: Session, viewer: Viewer, now: datetime = NOON) -> list[str]:
    return [row.patient.family_name if row.patient else row.number for row in worklist.rows(session, viewer=viewer, now=now)]


def test_the_order_as_a_table(session: Session, world: World, claire: Viewer) -> None:
    """Written by hand: level; pressing by time left, moderate rows and calls whose hour has come too; worst; sum; days silent."""
    table: list[tuple[str, Level | None, timedelta, dict[str, int | None]]] = [
        ("Urgent", Level.URGENT, timedelta(minutes=1), {}),
        ("HighLate", Level.HIGH, timedelta(hours=5), {}),
        ("HighPressing", Level.HIGH, timedelta(hours=3, minutes=10), {}),
        ("HighFour", Level.HIGH, timedelta(minutes=5), {"nausea": 4}),
        ("HighSum", Level.HIGH, timedelta(minutes=5), {"nausea": 3, "fatigue": 2}),
        ("HighThree", Level.HIGH, timedelta(minutes=5), {"nausea": 3}),
        ("ModeratePressing", Level.MODERATE, timedelta(hours=22), {}),  # 8 of its 10 service hours: yesterday 14:00 to today noon
        ("ModerateFour", Level.MODERATE, timedelta(minutes=5), {"nausea": 4}),
        ("CallCome", None, timedelta(minutes=20), {}),
        ("CallLater", None, timedelta(hours=-3), {}),
    ]
    for name, level, before, scores in reversed(table):
        who = patient(session, world, name)
        if level is not None:
            alert(session, world, who, level, at=NOON - before)
        else:
            call(session, world, who, NOON - before)
        if scores:
            judged(session, who, dict(scores), now=NOON - timedelta(minutes=6))
    assert names(session, claire) == [name for name, *_ in table]
    places = worklist.places(session, viewer=claire, now=NOON)
    assert [row.key for row in worklist.rows(session, viewer=claire, now=NOON)] == [place.key for place in places], "one order for both"


def test_calls_of_today_late_and_missed_ones_stand_in_the_row(session: Session, world: World, claire: Viewer) -> None:
    """From its local day on; paused, done and tomorrow's are not there. A missed one is nobody's, so everybody sees it."""
    dijoux, hoarau, payet, robert = (patient(session, world, name) for name in ("Dijoux", "Hoarau", "Payet", "Robert"))
    alert(session, world, dijoux, Level.HIGH)
    call(session, world, dijoux, NOON + timedelta(hours=5), owner_id=world.luc.id)
    call(session, world, hoarau, NOON - timedelta(days=3), state="missed")
    call(session, world, payet, datetime(2026, 11, 18, 23, 0, tzinfo=UTC))  # midnight in Paris: tomorrow's
    call(session, world, robert, NOON, state="paused")
    rows = worklist.rows(session, viewer=claire, now=NOON)
    assert [(row.patient.family_name if row.patient else "", len(row.calls)) for row in rows] == [("Dijoux", 1), ("Hoarau", 1)]
    assert rows[0].level is Level.HIGH and rows[1].pressing
    assert worklist.rows(session, viewer=viewer_of(world.luc), now=NOON) == rows


def test_an_absent_nurses_calls_are_her_stand_ins_in_the_list_and_its_filter(session: Session, world: World, claire: Viewer) -> None:
    """Luc stands in for Claire until three o'clock: of her two calls of the day the first is his, and a late one too."""
    for name, due in (("Dijoux", NOON + timedelta(hours=1)), ("Hoarau", NOON + timedelta(hours=5)), ("Payet", NOON - timedelta(hours=20))):
        call(session, world, patient(session, world, name), due, owner_id=world.claire.id)
    span = {"starts_at": NOON - timedelta(hours=4), "ends_at": NOON + timedelta(hours=3)}
    away = StandIn(
        service_id=world.service.id, absent_id=world.claire.id, by_id=world.luc.id, written_by="staff:1", written_at=NOON, **span
    )
    session.add(away)
    session.flush()

    def of(viewer: Viewer) -> list[str]:
        places = worklist.places(session, viewer=viewer, now=NOON)
        part = filtering.part(session, places, Filter(owner="me"), viewer=viewer, now=NOON)
        shown = worklist.rows(session, viewer=viewer, now=NOON, of=part.shown)
        return sorted(row.patient.family_name for row in shown if row.patient)

    assert (of(viewer_of(world.luc)), of(claire)) == (["Dijoux", "Payet"], ["Hoarau"])
    session.get_one(Staff, world.luc.id).active = False  # a closed account stands in for nobody
    session.flush()
    assert of(claire) == ["Dijoux", "Hoarau", "Payet"]


def test_a_name_whose_shift_is_over_is_to_be_taken_back_unless_it_is_there_at_the_hour_of_the_call(
    session: Session, world: World, claire: Viewer
) -> None:
    """HZ-27: Luc went home at eleven and comes again at three: his alert and late call are nobody's, his call of four o'clock is his."""
    for begins, ends in ((-4, -1), (3, 7)):
        at = {"starts_at": NOON + timedelta(hours=begins), "ends_at": NOON + timedelta(hours=ends)}
        care_team.put_on_shift(session, world.luc, kind="ward", **at)
    taken, late, later, asked = (patient(session, world, name) for name in ("Taken", "Late", "Later", "Asked"))
    handling.take(session, alert(session, world, taken, Level.HIGH).id, by=viewer_of(world.luc), now=NOON)
    call(session, world, late, NOON - timedelta(hours=2), owner_id=world.luc.id, state="late")
    call(session, world, later, NOON + timedelta(hours=4), owner_id=world.luc.id)
    request(session, world, asked, "asked").asked_by_id = world.luc.id
    session.flush()
    over = Gone(SHIFT_OVER, NOON - timedelta(hours=1), NOON + timedelta(hours=3))
    rows = worklist.rows(session, viewer=claire, now=NOON)
    assert {row.patient.family_name: row.gone for row in rows if row.patient} == {"Taken": over, "Late": over, "Later": None, "Asked": None}
    places = worklist.places(session, viewer=claire, now=NOON)
    part = filtering.part(session, places, Filter(owner="nobody"), viewer=claire, now=NOON)
    assert {place.patient_id for place in part.shown} == {taken.id, late.id}
    left = leaving.read(session, session.get_one(Service, world.service.id), viewer=claire, since=NOON, now=NOON)
    assert {line.patient_id: line.gone for line in left.open if line.kind != "request"} == {
        taken.id: SHIFT_OVER,
        late.id: SHIFT_OVER,
        later.id: "",
    }


def test_an_urgent_handed_to_somebody_not_there_needs_a_word_and_stands_with_what_nobody_took(
    session: Session, world: World, claire: Viewer
) -> None:
    """HZ-27: Claire hands hers to Luc, who comes tomorrow for the first time. It stands above the one she keeps, due sooner."""
    care_team.put_on_shift(session, world.claire, kind="ward", starts_at=NOON - timedelta(hours=1), ends_at=NOON + timedelta(hours=4))
    comes = NOON + timedelta(hours=21)
    care_team.put_on_shift(session, world.luc, kind="ward", starts_at=comes, ends_at=comes + timedelta(hours=8))
    early, given = (patient(session, world, name) for name in ("Early", "Given"))
    for who, at in ((early, NOON - timedelta(minutes=10)), (given, NOON)):
        handling.take(session, alert(session, world, who, Level.URGENT, at=at).id, by=claire, now=NOON)
    (raised,) = (one for one in handling.open_alerts(session, viewer=claire) if one.patient_id == given.id)

    def order() -> list[tuple[str, Gone | None]]:
        return [(row.patient.family_name, row.gone) for row in worklist.rows(session, viewer=claire, now=NOON) if row.patient]

    assert order() == [("Early", None), ("Given", None)]
    with pytest.raises(Refusal, match="Luc Morel is not at work now") as refused:
        handling.hand_over(session, raised.id, to_staff_id=world.luc.id, by=claire, now=NOON)
    assert (refused.value.field, raised.owner_id) == ("absent_known", world.claire.id)
    handling.hand_over(session, raised.id, to_staff_id=world.luc.id, by=claire, now=NOON, absent_known=True)
    assert order() == [("Given", Gone(SHIFT_OVER, None, comes)), ("Early", None)]
    handling.hand_over(session, raised.id, to_staff_id=world.claire.id, by=claire, now=NOON)
    assert order() == [("Early", None), ("Given", None)], "whoever takes it over is there"


def test_an_answer_to_be_told_has_its_level_and_a_question_waits_for_the_doctor(session: Session, world: World, claire: Viewer) -> None:
    asked, answered = patient(session, world, "Asked"), patient(session, world, "Answered")
    request(session, world, asked, "asked", Level.URGENT)
    request(session, world, answered, "answered")
    told = patient(session, world, "Told")
    request(session, world, told, "told")
    first, second = worklist.rows(session, viewer=claire, now=NOON + timedelta(hours=5))
    assert (first.patient and first.patient.family_name, first.level, first.pressing) == ("Answered", Level.HIGH, True)
    assert (second.patient and second.patient.family_name, second.level, second.pressing) == ("Asked", Level.INFO, False)
    assert second.people[world.lebon.id] == "Dr Aurore Lebon"


def test_a_question_does_not_hurry_or_hide_the_row_it_stands_in(session: Session, world: World, claire: Viewer) -> None:
    """HZ-23: whatever stands in a row, its gravest decides where the row stands."""
    who = patient(session, world, "Payet")
    request(session, world, who, "asked")
    call(session, world, who, NOON - timedelta(hours=1), state="late")
    tasks.make(session, service_id=world.service.id, patient_id=who.id, kind="refill", key="r", now=NOON)
    raised = alert(session, world, who, Level.URGENT)
    (row,) = worklist.rows(session, viewer=claire, now=NOON)
    assert (row.level, row.alert and row.alert.id) == (Level.URGENT, raised.id)
    assert (len(row.tasks), len(row.calls), len(row.requests)) == (1, 1, 1)
    assert worklist.row(session, row.key, viewer=claire, now=NOON) == row


def test_a_filter_keeps_the_order_and_tells_the_urgent_it_leaves_out(session: Session, world: World, claire: Viewer) -> None:
    """HZ-23."""
    red, mine, lucs, followed = (patient(session, world, name) for name in ("Red", "Mine", "Lucs", "Followed"))
    alert(session, world, red, Level.URGENT)
    for who, owner in ((mine, world.claire), (lucs, world.luc)):
        handling.take(session, alert(session, world, who, Level.HIGH).id, by=viewer_of(owner), now=NOON)
    enrolled(session, world, followed)
    alert(session, world, followed, Level.MODERATE)
    places = worklist.places(session, viewer=claire, now=NOON)

    def kept(**wanted: str) -> tuple[list[int | None], int, list[int | None]]:
        part = filtering.part(session, places, Filter(**wanted), viewer=claire, now=NOON)
        return [place.patient_id for place in part.shown], part.total, [place.patient_id for place in part.urgent_outside]

    assert kept() == ([red.id, mine.id, lucs.id, followed.id], 4, [])
    assert kept(owner="me") == ([mine.id], 4, [red.id])
    assert kept(owner="nobody") == ([red.id, followed.id], 4, [])
    assert kept(owner=str(world.luc.id)) == ([lucs.id], 4, [red.id])
    assert kept(programme="coach") == ([followed.id], 4, [red.id])
    assert filtering.programmes(session, claire) == ["coach"]


def test_since_you_left_counts_what_came_and_what_others_closed(session: Session, world: World, claire: Viewer, clock: HandClock) -> None:
    returning.looked(session, claire, NOON)
    assert returning.since(session, returning.memory_of(session, claire), viewer=claire) is None
    came, hers = patient(session, world, "Came"), patient(session, world, "Hers")
    alert(session, world, came, Level.URGENT, at=NOON + timedelta(minutes=10))
    for who, by in ((patient(session, world, "Closed"), world.luc), (hers, world.claire)):
        raised = alert(session, world, who, Level.HIGH, at=NOON + timedelta(minutes=5))
        handling.take(session, raised.id, by=viewer_of(by), now=NOON + timedelta(minutes=6))
        handling.close(session, raised.id, by=viewer_of(by), now=NOON + timedelta(minutes=7), outcome="advice")
    returning.looked(session, claire, NOON + timedelta(minutes=20))
    assert returning.since(session, returning.memory_of(session, claire), viewer=claire) is None, "twenty minutes are no absence"
    back = NOON + timedelta(hours=2)
    returning.looked(session, claire, back)
    alert(session, world, patient(session, world, "Later"), Level.HIGH, at=back)
    seen = returning.since(session, returning.memory_of(session, claire), viewer=claire)
    assert seen is not None and (seen.left_at, seen.came_count, seen.closed_count) == (NOON + timedelta(minutes=20), 1, 0)
    session.get_one(ListMemory, (world.claire.id, world.service.id)).left_at = NOON
    seen = returning.since(session, returning.memory_of(session, claire), viewer=claire)
    assert seen is not None and (seen.came_count, [one.who for one in seen.closed]) == (4, ["Luc Morel"])
    returning.read(session, claire)
    assert returning.since(session, returning.memory_of(session, claire), viewer=claire) is None


def test_each_list_was_left_at_its_own_hour(session: Session, world: World, claire: Viewer) -> None:
    """Claire works in haematology too: an hour there is an hour away from oncology, and its filter is its own."""
    hema = haematology(session, world, now=NOON)
    there = replace(claire, service_id=hema.id)
    returning.remember(session, claire, {"owner": "me"}, NOON)
    returning.remember(session, there, {"programme": "ama"}, NOON + timedelta(hours=1))
    alert(session, world, patient(session, world, "Came"), Level.URGENT, at=NOON + timedelta(minutes=40))
    returning.looked(session, there, NOON + timedelta(minutes=70))
    assert returning.since(session, returning.memory_of(session, there), viewer=there) is None, "ten minutes are no absence"
    returning.looked(session, claire, NOON + timedelta(minutes=71))
    memory = returning.memory_of(session, claire)
    seen = returning.since(session, memory, viewer=claire)
    assert seen is not None and memory is not None and (seen.left_at, seen.came_count, memory.filters) == (NOON, 1, {"owner": "me"})


def test_the_measures_of_the_day(session: Session, world: World, claire: Viewer) -> None:
    """Load: 12 a nurse on a ward shift, the doctor on call counts for nothing. Acted: 2 of 3 closed; one of 31 days ago is not."""
    for staff, kind in ((world.claire, "ward"), (world.luc, "ward"), (world.luc, "ward"), (world.lebon, "on_call")):
        care_team.put_on_shift(session, staff, kind=kind, starts_at=NOON - timedelta(hours=2), ends_at=NOON + timedelta(hours=2))
    care_team.put_on_shift(
        session, world.claire, kind="ward", starts_at=NOON + timedelta(days=1), ends_at=NOON + timedelta(days=1, hours=4)
    )
    ends = (("A", "advice", 1), ("B", "sent_to_emergency", 2), ("C", "no_action", 3), ("D", "advice", 31))
    for name, outcome, days in ends:
        at = NOON - timedelta(days=days)
        raised = alert(session, world, patient(session, world, name), Level.HIGH, at=at)
        handling.take(session, raised.id, by=claire, now=at)
        handling.close(session, raised.id, by=claire, now=at, outcome=outcome)
    waiting = alert(session, world, patient(session, world, "W"), Level.HIGH)
    handling.take(session, waiting.id, by=claire, now=NOON)
    handling.wait(session, waiting.id, by=claire, now=NOON, until=NOON + timedelta(hours=1))
    found = measures.of_day(session, worklist.places(session, viewer=claire, now=NOON), viewer=claire, now=NOON)
    assert (found.waiting, found.opened, found.nurses, found.capacity) == (1, 1, 2, 24)
    assert (found.acted, found.closed, found.share) == (2, 3, 67)


def test_an_alert_handed_over_says_by_whom_until_its_owner_acts(session: Session, world: World, claire: Viewer) -> None:
    raised = alert(session, world, patient(session, world, "Payet"), Level.HIGH)
    handling.take(session, raised.id, by=claire, now=NOON)
    handling.hand_over(session, raised.id, to_staff_id=world.luc.id, by=claire, now=NOON)
    assert [row.handed_by for row in worklist.rows(session, viewer=claire, now=NOON)] == ["Claire Payet"]
    handling.call_logged(session, raised.id, by=viewer_of(world.luc), now=NOON, reached=True, whom="patient")
    assert [row.handed_by for row in worklist.rows(session, viewer=claire, now=NOON)] == [""]


def test_an_ok_to_another_question_never_stands_beside_whether_help_arrived(session: Session, world: World, claire: Viewer) -> None:
    """HZ-02: an ambulance was sent to Farida; her "ok" answers the tablets of yesterday."""
    farida = patient(session, world, "BENALI")
    said = heard(session, world, farida, "ok", now=NOON - timedelta(hours=2))
    for kind, message_id, due in (("read_message", said.id, NOON), ("help_arrived", None, NOON + timedelta(minutes=30))):
        tasks.make(
            session,
            service_id=world.service.id,
            kind=kind,
            key=f"{kind}:1",
            patient_id=farida.id,
            message_id=message_id,
            due_at=due,
            now=NOON,
        )
    (row,) = worklist.rows(session, viewer=claire, now=NOON)
    assert (row.place.lead.kind, row.level, row.words) == ("task", Level.HIGH, "")


def test_that_nobody_checks_whether_help_arrived_never_hides_behind_the_name_of_whoever_calls_later(
    session: Session, world: World, claire: Viewer
) -> None:
    """HZ-28: the planned call of the day is Claire's, the check is nobody's."""
    farida = patient(session, world, "BENALI")
    call(session, world, farida, NOON + timedelta(hours=2), owner_id=world.claire.id)
    due = NOON + timedelta(minutes=30)
    tasks.make(session, service_id=world.service.id, kind="help_arrived", key="help:2", patient_id=farida.id, due_at=due, now=NOON)
    (row,) = worklist.rows(session, viewer=claire, now=NOON)
    assert (row.place.lead.kind, row.owner) == ("task", "")


def test_whether_help_arrived_presses_from_its_start(session: Session, world: World, claire: Viewer) -> None:
    """29 minutes are left to check it: it stands above an alert as grave with two hours and a score, and below one that is due."""
    names = {"Late": timedelta(hours=4), "Worse": timedelta(hours=2)}
    for name, ago in names.items():
        worse = patient(session, world, name)
        alert(session, world, worse, Level.HIGH, at=NOON - ago)
        judged(session, worse, {"diarrhea": 3}, now=NOON - ago)
    sent = patient(session, world, "BENALI")
    at = {"now": NOON - timedelta(minutes=1), "due_at": NOON + timedelta(minutes=29)}
    tasks.make(session, service_id=world.service.id, kind="help_arrived", key="help:3", patient_id=sent.id, **at)
    rows = worklist.rows(session, viewer=claire, now=NOON)
    assert [(row.patient.family_name, row.pressing) for row in rows if row.patient] == [("Late", True), ("BENALI", True), ("Worse", False)]


def test_the_latest_danger_stands_in_the_row_in_the_words_it_was_told_in(session: Session, world: World, claire: Viewer) -> None:
    """On Sunday she wrote; on Monday her daughter telephones, and it is the fever that somebody must read first."""
    annick = patient(session, world, "VASSEUR")
    wrote = heard(session, world, annick, "mains rouges et qui pelent", now=NOON - timedelta(hours=20))
    service = session.get_one(Service, world.service.id)
    first = Reason("danger", Level.URGENT, {"dangers": ["skin"], "message_id": wrote.id})
    handling.consider(session, service=service, patient=annick, reason=first, now=NOON - timedelta(hours=20))
    told_by_telephone.alarm(session, annick, "39 de fièvre et des frissons", ["fever"], by=claire, now=NOON, contact_id=7)
    (row,) = worklist.rows(session, viewer=claire, now=NOON)
    assert row.words == "39 de fièvre et des frissons"
