"""Visit, stay, death, end of follow-up, wrong number: each with its rule, its trace and its way back (HZ-35, HZ-26, SEC-17)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins.models import CheckIn
from app.checkins.rhythm import freezing
from app.core.audit import AuditRow
from app.core.errors import FieldErrors, Refusal
from app.messaging import outbox
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.people import absences
from app.people.models import Absence, Patient
from app.people.perimeter import actor_of
from tests.support.chain import MARIE, Chain

MONDAY, WEDNESDAY, THURSDAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 25), date(2026, 11, 26), date(2026, 11, 27)
NEXT_TUESDAY = date(2026, 12, 1)


def paris(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)


def with_patient(chain: Chain, act: Callable[[Session, Patient], Any]) -> Any:
    with chain.database.transaction() as session:
        return act(session, session.scalars(select(Patient)).one())


def record(chain: Chain, kind: str, from_day: date, until_day: date | None = None, reason: str = "vu avec la famille") -> int:
    by, now = actor_of(chain.world.claire), chain.clock.now()
    return int(
        with_patient(
            chain, lambda s, p: freezing.record(s, p, kind, from_day=from_day, until_day=until_day, reason=reason, by=by, now=now)
        ).id
    )


def undo(chain: Chain, absence_id: int, reason: str = "erreur de dossier") -> None:
    by, now = actor_of(chain.world.ines), chain.clock.now()
    with_patient(chain, lambda s, p: freezing.undo(s, p, absence_id, by=by, now=now, reason=reason))


def state(chain: Chain) -> tuple[str, str, str]:
    with chain.read() as session:
        one = session.scalars(select(Patient)).one()
        return one.follow_up, one.follow_up_kind, one.reachability


def planned(chain: Chain) -> list[date]:
    with chain.read() as session:
        rows = select(CheckIn.day).where(CheckIn.state == "planned", CheckIn.kind == "regular").order_by(CheckIn.day)
        return list(session.scalars(rows))


def trace(chain: Chain) -> list[tuple[str, str]]:
    with chain.read() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action.like("absence.%")).order_by(AuditRow.seq))
        return [(row.action, row.actor_name) for row in rows]


# --- Visit --------------------------------------------------------------------------------------------------------------------------


def test_nothing_is_asked_on_the_day_of_a_visit(chain: Chain, marie: Patient) -> None:
    """Wednesday's check-in is left out with its reason; Friday's is the protocol's next."""
    record(chain, "visit", WEDNESDAY)
    chain.until(paris(WEDNESDAY, 18))

    assert chain.received() == []
    row = chain.checkin(marie, WEDNESDAY)
    assert (row.state, row.why) == ("cancelled", "seen at the service that day")
    assert planned(chain)[0] == FRIDAY
    assert state(chain)[0] == "active"


def test_a_visit_moved_gives_the_check_in_back(chain: Chain, marie: Patient) -> None:
    undo(chain, record(chain, "visit", WEDNESDAY))
    chain.until(paris(WEDNESDAY, 10))

    assert len(chain.received()) == 1
    assert trace(chain) == [("absence.recorded", "Claire Payet"), ("absence.undone", "Inès Caron")]


def test_a_visit_told_on_the_day_ends_the_unanswered_conversation(chain: Chain, marie: Patient) -> None:
    chain.until(paris(WEDNESDAY, 10))
    record(chain, "visit", WEDNESDAY)
    chain.until(paris(FRIDAY, 9))

    assert chain.checkin(marie, WEDNESDAY).state == "cancelled"
    assert chain.alerts() == []
    assert len(chain.received()) == 1


def test_a_visit_on_the_first_day_of_a_round_leaves_the_question_to_the_visit(chain: Chain, marie: Patient) -> None:
    """Nobody asks by text whether the round was started: a person does, or the cycle would never advance (HZ-19)."""
    fourteenth = date(2026, 12, 14)
    record(chain, "visit", fourteenth)
    with chain.database.transaction() as session:
        for row in session.scalars(select(CheckIn).where(CheckIn.kind == "regular")):
            session.delete(row)
    chain.clock.at = paris(fourteenth, 8)
    chain.worker.run_once()

    assert chain.tasks() == ["cycle_not_started"]


# --- Stays --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["hospital_stay", "home_hospital"])
def test_a_stay_freezes_from_its_first_to_its_last_day(chain: Chain, marie: Patient, kind: str) -> None:
    """Tuesday to Thursday, both included: Wednesday is not asked, Friday is."""
    record(chain, kind, date(2026, 11, 24), date(2026, 11, 26))
    assert state(chain) == ("active", "", "reachable")
    chain.until(paris(date(2026, 11, 24), 1))
    assert state(chain) == ("frozen", kind, "frozen")
    chain.until(paris(date(2026, 11, 26), 23))
    assert state(chain) == ("frozen", kind, "frozen")
    chain.until(paris(FRIDAY, 10))

    assert state(chain) == ("active", "", "reachable")
    assert len(chain.received()) == 1
    assert chain.checkin(marie, WEDNESDAY).state == "cancelled"
    assert [action for action, _ in trace(chain)] == ["absence.recorded", "absence.over"]


def test_a_stay_without_an_end_is_told_to_a_person_each_week(chain: Chain, marie: Patient) -> None:
    """A freeze that nobody ends is a patient nobody follows."""
    record(chain, "hospital_stay", MONDAY)
    chain.until(paris(date(2026, 11, 30), 9))
    assert chain.tasks() == []
    chain.until(paris(date(2026, 11, 30), 11))
    assert chain.tasks() == ["absence_open"]
    chain.until(paris(date(2026, 12, 8), 11))
    assert chain.tasks() == ["absence_open"]
    undo(chain, 1, "")
    assert state(chain) == ("active", "", "reachable")
    assert planned(chain) != []


def test_the_end_of_a_stay_may_become_known(chain: Chain, marie: Patient) -> None:
    number = record(chain, "hospital_stay", MONDAY)
    by, now = actor_of(chain.world.claire), chain.clock.now()
    with_patient(chain, lambda s, p: freezing.last_day(s, p, number, until_day=WEDNESDAY, by=by, now=now))
    chain.until(paris(FRIDAY, 10))

    assert state(chain) == ("active", "", "reachable")
    assert len(chain.received()) == 1


def test_a_stay_told_afterwards_is_a_trace_only(chain: Chain, marie: Patient) -> None:
    record(chain, "hospital_stay", date(2026, 11, 16), date(2026, 11, 19))
    assert state(chain) == ("active", "", "reachable")
    assert trace(chain) == [("absence.recorded", "Claire Payet")]


def test_of_two_stays_the_longer_holds(chain: Chain, marie: Patient) -> None:
    """Hospital until Wednesday, then hospital at home until next Tuesday: texts begin again on Wednesday of next week."""
    record(chain, "hospital_stay", MONDAY, WEDNESDAY)
    record(chain, "home_hospital", MONDAY, NEXT_TUESDAY)
    chain.until(paris(FRIDAY, 12))
    assert state(chain) == ("frozen", "home_hospital", "frozen")
    chain.until(paris(date(2026, 12, 2), 12))
    assert state(chain)[0] == "active"


# --- Death, end, wrong number -------------------------------------------------------------------------------------------------------


def test_after_a_death_nothing_leaves_any_more(chain: Chain, marie: Patient) -> None:
    """HZ-35: neither what is planned, nor what is queued, nor what anything would queue later; a danger alone is still answered."""
    chain.until(paris(WEDNESDAY, 10))
    before = len(chain.received())
    with_patient(chain, lambda s, p: _waiting_texts(s, p, chain.clock.now()))
    record(chain, "death", WEDNESDAY)
    with_patient(chain, lambda s, p: _waiting_texts(s, p, chain.clock.now(), "late"))
    chain.until(paris(date(2026, 12, 3), 10))
    assert chain.says(MARIE, "Merci pour tout") == []
    assert chain.says(MARIE, "0 0 0") == []

    assert len(chain.received()) == before
    assert state(chain) == ("ended", "death", "frozen")
    assert chain.alerts() == []
    assert len(chain.says(MARIE, "il est tombé et il saigne beaucoup")) == 1


def _waiting_texts(session: Session, patient: Patient, now: datetime, mark: str = "") -> None:
    for purpose, key in ((Purpose.ADVICE, "care_nausea"), (Purpose.REMINDER, "reminder"), (Purpose.ADMINISTRATIVE, "help")):
        later = now + timedelta(hours=3)
        outbox.queue(session, key=key, purpose=purpose, dedup_key=f"{mark}{key}", patient=patient, not_before=later, now=now)


def test_a_death_written_by_mistake_is_taken_back(chain: Chain, marie: Patient) -> None:
    number = record(chain, "death", MONDAY)
    assert planned(chain) == []
    with pytest.raises(Refusal, match="Write the reason"):
        undo(chain, number, " ")
    undo(chain, number)

    assert state(chain) == ("active", "", "reachable")
    assert planned(chain)[0] == WEDNESDAY
    chain.until(paris(WEDNESDAY, 10))
    assert len(chain.received()) == 1


def test_a_death_told_by_text_freezes_until_a_person_has_settled_it(chain: Chain, marie: Patient) -> None:
    chain.until(paris(WEDNESDAY, 10))
    assert chain.says(MARIE, "Bonjour, mon mari est décédé hier") == []
    assert state(chain) == ("frozen", "death", "frozen")
    assert chain.tasks() == ["deceased"]

    record(chain, "death", date(2026, 11, 24))
    assert state(chain) == ("ended", "death", "frozen")
    with chain.read() as session:
        open_rows = session.scalars(select(Absence).where(Absence.ended_at.is_(None))).all()
    assert [row.said_by for row in open_rows] == [f"staff:{chain.world.claire.id}"]


def test_an_end_needs_a_reason_and_comes_back_with_one(chain: Chain, marie: Patient) -> None:
    with pytest.raises(FieldErrors):
        record(chain, "end", MONDAY, reason=" ")
    number = record(chain, "end", MONDAY, reason="traitement terminé")
    assert state(chain) == ("ended", "end", "frozen")
    undo(chain, number, "reprise du traitement")
    assert state(chain)[0] == "active"


def test_a_number_given_to_another_meanwhile_is_shared_from_then_on(chain: Chain, marie: Patient) -> None:
    """SEC-16: two people followed have this number now; no text is attached to a guess."""
    number = record(chain, "end", MONDAY, reason="traitement terminé")
    jean = chain.follow(family_name="Payet", given_names="Jean")
    with chain.database.transaction() as session:
        marie_again = session.get_one(Patient, marie.id)
        freezing.undo(session, marie_again, number, by=actor_of(chain.world.ines), now=chain.clock.now(), reason="reprise")
    with chain.read() as session:
        assert {session.get_one(Patient, one.id).shared_phone for one in (marie, jean)} == {True}


def test_a_wrong_number_freezes_and_comes_back(chain: Chain, marie: Patient) -> None:
    chain.until(paris(WEDNESDAY, 10))
    chain.says(MARIE, "Vous vous trompez de numéro")
    assert state(chain) == ("frozen", "wrong_number", "frozen")
    undo(chain, 1, "numéro corrigé")
    assert state(chain) == ("active", "", "reachable")


@pytest.mark.parametrize(
    ("kind", "from_day", "until_day", "field"),
    [
        ("holiday", MONDAY, None, "kind"),
        ("visit", None, None, "from_day"),
        ("visit", date(2026, 11, 20), None, "from_day"),
        ("death", date(2026, 11, 24), None, "from_day"),
        ("hospital_stay", WEDNESDAY, MONDAY, "until_day"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    chain: Chain, marie: Patient, kind: str, from_day: date | None, until_day: date | None, field: str
) -> None:
    by, now = actor_of(chain.world.claire), chain.clock.now()
    with pytest.raises(FieldErrors) as refused, chain.database.transaction() as session:
        patient = session.get_one(Patient, marie.id)
        freezing.record(session, patient, kind, from_day=from_day, until_day=until_day, by=by, now=now)
    assert list(refused.value.fields) == [field]
    with chain.read() as session:
        assert absences.of_patient(session, marie.id) == []


def test_a_freeze_sets_aside_what_waits_and_says_why(chain: Chain, marie: Patient) -> None:
    with_patient(chain, lambda s, p: _waiting_texts(s, p, chain.clock.now()))
    record(chain, "hospital_stay", MONDAY)
    with chain.read() as session:
        waiting = select(Message.key, Message.error_code).where(Message.dedup_key.in_(("care_nausea", "reminder", "help")))
        rows = session.execute(waiting.order_by(Message.id)).all()
    assert rows == [("care_nausea", "withdrawn"), ("reminder", "withdrawn"), ("help", "")]


def test_what_a_death_cut_short_is_asked_again_when_the_death_is_taken_back(chain: Chain, marie: Patient) -> None:
    """Wednesday 10:00 the questions leave, at 11 a death is written on the wrong file, at 12 it is taken back (HZ-35)."""
    chain.until(paris(WEDNESDAY, 10))
    asked = chain.received()[-1]
    chain.until(paris(WEDNESDAY, 11))
    number = record(chain, "death", WEDNESDAY)
    assert chain.checkin(marie, WEDNESDAY).state == "cancelled"
    chain.until(paris(WEDNESDAY, 12))
    undo(chain, number)
    again = chain.checkin(marie, WEDNESDAY)
    assert (again.state, again.silent_at, again.closed_at) == ("open", paris(THURSDAY, 12), None)
    chain.until(paris(WEDNESDAY, 13))
    assert chain.received()[-1] == asked
    chain.says(MARIE, "1 0 0")
    assert chain.answers(chain.checkin(marie, WEDNESDAY))["diarrhea"] == "1"
