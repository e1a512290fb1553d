"""Every due check-in ends within 72 hours: answered, reached, reason recorded, or an owned overdue call (FR-04, HZ-05, HZ-25)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from app.alerts import handling
from app.alerts.models import Task
from app.checkins.models import CheckIn
from app.checkins.rhythm import endings, freezing
from app.core.audit import AuditRow
from app.core.errors import Refusal
from app.insight import watch
from app.people import care_team
from app.people.models import Patient, Service, Staff
from app.people.perimeter import actor_of, viewer_of
from tests.support.chain import MARIE, Chain

WEDNESDAY, THURSDAY, FRIDAY, SATURDAY = (date(2026, 11, day) for day in (25, 26, 27, 28))


def paris(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)


def end_of(chain: Chain, marie: Patient, day: date = WEDNESDAY) -> tuple[str, str]:
    row = chain.checkin(marie, day)
    return row.ended_as, row.silence_reason


def only_wednesday(chain: Chain) -> None:
    """The later check-ins are left out, so that nothing is asked or heard after Wednesday's; planning takes up no row once opened."""
    with chain.database.transaction() as session:
        gone = {"state": "cancelled", "opened_at": chain.clock.now(), "closed_at": chain.clock.now()}
        session.execute(update(CheckIn).where(CheckIn.day > WEDNESDAY).values(**gone))


def overdue_calls(chain: Chain) -> list[Task]:
    with chain.read() as session:
        return list(session.scalars(select(Task).where(Task.kind == "overdue_call").order_by(Task.id)))


def call(chain: Chain, who: Staff, *, reached: bool, whom: str = "patient") -> None:
    (alert,) = chain.alerts()
    with chain.database.transaction() as session:
        by, now = viewer_of(session.get_one(Staff, who.id)), chain.clock.now()
        handling.take(session, alert.id, by=by, now=now)
        handling.call_logged(session, alert.id, by=by, now=now, reached=reached, whom=whom)


def explain(chain: Chain, reason: str, note: str = "") -> None:
    with chain.database.transaction() as session:
        patient = session.scalars(select(Patient)).one()
        endings.explain(session, patient, reason=reason, note=note, by=actor_of(chain.world.claire), now=chain.clock.now())


# --- The four ends ------------------------------------------------------------------------------------------------------------------


def test_answered(chain: Chain, marie: Patient) -> None:
    chain.until(paris(WEDNESDAY, 10))
    chain.says(MARIE, "0 0 0")
    chain.wait(minutes=1)
    assert end_of(chain, marie) == ("answered", "")


def test_a_danger_in_answer_is_an_answer(chain: Chain, marie: Patient) -> None:
    chain.until(paris(WEDNESDAY, 10))
    chain.says(MARIE, "je saigne beaucoup")
    chain.wait(minutes=1)
    assert end_of(chain, marie) == ("answered", "")


@pytest.mark.parametrize("whom", ["patient", "relative"])
def test_reached_by_a_person(chain: Chain, marie: Patient, whom: str) -> None:
    chain.until(paris(THURSDAY, 10))
    call(chain, chain.world.claire, reached=True, whom=whom)
    chain.wait(minutes=1)

    assert end_of(chain, marie) == ("reached", "")
    assert chain.checkin(marie, WEDNESDAY).ended_as_by == f"staff:{chain.world.claire.id}"
    with chain.read() as session:
        assert session.scalars(select(Patient.reachability)).one() == "reachable"


@pytest.mark.parametrize("whom", ["patient", "doctor"])
def test_a_call_in_vain_or_to_somebody_else_is_no_end(chain: Chain, marie: Patient, whom: str) -> None:
    chain.until(paris(THURSDAY, 10))
    call(chain, chain.world.claire, reached=whom == "doctor", whom=whom)
    chain.wait(minutes=1)
    assert end_of(chain, marie) == ("", "")


@pytest.mark.parametrize("reason", endings.ASKED)
def test_the_reason_of_a_silence_is_kept_with_who_and_when(chain: Chain, marie: Patient, reason: str) -> None:
    chain.until(paris(THURSDAY, 10))
    explain(chain, reason, "téléphone tombé dans l'eau")

    row = chain.checkin(marie, WEDNESDAY)
    assert (row.ended_as, row.silence_reason, row.silence_note) == ("reason", reason, "téléphone tombé dans l'eau")
    assert (row.ended_as_by, row.ended_as_at) == (f"staff:{chain.world.claire.id}", chain.clock.now())
    with chain.read() as session:
        trail = session.scalars(select(AuditRow).where(AuditRow.action == "checkin.ended")).one()
    assert (trail.subject, trail.actor_name, trail.change["after"]["word"]) == (f"checkin:{row.id}", "Claire Payet", reason)


def test_a_reason_learnt_on_the_telephone_says_both(chain: Chain, marie: Patient) -> None:
    chain.until(paris(THURSDAY, 10))
    call(chain, chain.world.claire, reached=True)
    explain(chain, "too_ill")
    assert end_of(chain, marie) == ("reached", "too_ill")


def test_other_says_nothing_without_words(chain: Chain, marie: Patient) -> None:
    chain.until(paris(THURSDAY, 10))
    for reason, field in (("other", "silence_note"), ("", "silence_reason"), ("paused", "silence_reason")):
        with pytest.raises(Refusal) as refused:
            explain(chain, reason)
        assert refused.value.field == field
    assert end_of(chain, marie) == ("", "")


def test_an_owned_overdue_call_after_72_hours(chain: Chain, marie: Patient) -> None:
    """Wednesday 10:00 to Saturday 10:00: the coordinator's when nobody is on shift, due two opening hours later: Monday 10:00."""
    only_wednesday(chain)
    chain.until(paris(SATURDAY, 9, 59))
    assert overdue_calls(chain) == []
    chain.wait(minutes=1)

    (task,) = overdue_calls(chain)
    assert task.owner_id == chain.world.ines.id
    assert task.due_at == paris(date(2026, 11, 30), 10)
    assert end_of(chain, marie) == ("overdue_call", "")
    chain.wait(hours=6)
    assert len(overdue_calls(chain)) == 1


def test_the_call_belongs_to_whoever_has_the_alert(chain: Chain, marie: Patient) -> None:
    only_wednesday(chain)
    chain.until(paris(SATURDAY, 9))
    (alert,) = chain.alerts()
    with chain.database.transaction() as session:
        handling.take(session, alert.id, by=viewer_of(session.get_one(Staff, chain.world.lebon.id)), now=chain.clock.now())
    chain.wait(hours=1)
    assert [task.owner_id for task in overdue_calls(chain)] == [chain.world.lebon.id]


def test_else_to_the_nurse_of_the_shift(chain: Chain, marie: Patient) -> None:
    with chain.database.transaction() as session:
        luc = session.get_one(Staff, chain.world.luc.id)
        care_team.put_on_shift(session, luc, kind="ward", starts_at=paris(SATURDAY, 8), ends_at=paris(SATURDAY, 18))
    only_wednesday(chain)
    chain.until(paris(SATURDAY, 10))
    assert [task.owner_id for task in overdue_calls(chain)] == [chain.world.luc.id]


def test_an_answer_after_all_ends_it_as_answered_and_the_call_says_so(chain: Chain, marie: Patient) -> None:
    only_wednesday(chain)
    chain.until(paris(THURSDAY, 9))
    with chain.database.transaction() as session:
        session.execute(update(CheckIn).where(CheckIn.day == WEDNESDAY).values(silent_at=paris(date(2026, 11, 30), 10)))
    chain.until(paris(SATURDAY, 10))
    assert end_of(chain, marie) == ("overdue_call", "")
    chain.says(MARIE, "1 0 0")
    chain.wait(minutes=1)

    assert end_of(chain, marie) == ("answered", "")
    assert [task.detail["why"] for task in overdue_calls(chain)] == ["answered_since"]


# --- Ends that the file itself knows ------------------------------------------------------------------------------------------------


def test_whoever_answers_the_next_one_is_not_lost(chain: Chain, marie: Patient) -> None:
    chain.until(paris(FRIDAY, 10))
    chain.says(MARIE, "0 0 0")
    chain.wait(minutes=1)

    assert end_of(chain, marie) == ("reason", "heard_since")
    assert end_of(chain, marie, FRIDAY) == ("answered", "")
    chain.until(paris(SATURDAY, 12))
    assert overdue_calls(chain) == []


@pytest.mark.parametrize(
    ("words", "reason"), [("STOP", "opted_out"), ("je suis hospitalisée depuis hier", "hospital_stay"), ("mauvais numéro", "wrong_number")]
)
def test_what_the_patient_tells_instead_is_the_reason(chain: Chain, marie: Patient, words: str, reason: str) -> None:
    chain.until(paris(WEDNESDAY, 10))
    chain.says(MARIE, words)
    chain.wait(minutes=1)
    assert end_of(chain, marie) == ("reason", reason)


def test_a_visit_is_the_reason(chain: Chain, marie: Patient) -> None:
    with chain.database.transaction() as session:
        patient = session.scalars(select(Patient)).one()
        freezing.record(session, patient, "visit", from_day=WEDNESDAY, by=actor_of(chain.world.claire), now=chain.clock.now())
    chain.until(paris(WEDNESDAY, 11))
    assert end_of(chain, marie) == ("reason", "visit_day")


def test_a_visit_moved_back_leaves_no_end_behind(chain: Chain, marie: Patient) -> None:
    """A row planned again is due again: an end written earlier would let it fall out."""
    chain.until(paris(WEDNESDAY, 9))
    by = actor_of(chain.world.claire)
    with chain.database.transaction() as session:
        patient = session.scalars(select(Patient)).one()
        visit = freezing.record(session, patient, "visit", from_day=WEDNESDAY, by=by, now=chain.clock.now())
    chain.until(paris(WEDNESDAY, 11))
    with chain.database.transaction() as session:
        patient = session.scalars(select(Patient)).one()
        patient.check_in_hour = 14
        freezing.undo(session, patient, visit.id, by=by, now=chain.clock.now())
    chain.until(paris(WEDNESDAY, 14))

    assert chain.checkin(marie, WEDNESDAY).state == "open"
    assert end_of(chain, marie) == ("", "")


# --- What could make it fall out ----------------------------------------------------------------------------------------------------


def test_a_worker_that_was_down_for_four_days(chain: Chain, marie: Patient) -> None:
    """HZ-05: the first round after it marks what was never sent, and somebody owns the call."""
    only_wednesday(chain)
    chain.clock.at = paris(date(2026, 11, 29), 12)
    chain.worker.run_once()

    assert chain.checkin(marie, WEDNESDAY).state == "expired"
    assert end_of(chain, marie) == ("overdue_call", "")
    assert len(overdue_calls(chain)) == 1


def test_a_service_closed_over_a_long_weekend(chain: Chain, marie: Patient) -> None:
    """Closed from Wednesday to Sunday: the check-in waits for a staffed hour that never comes in time."""
    with chain.database.transaction() as session:
        session.get_one(Service, chain.world.service.id).hours = {"0": [["08:00", "18:00"]]}
    chain.until(paris(SATURDAY, 12))
    assert chain.received() == []
    assert end_of(chain, marie) == ("overdue_call", "")


def test_one_opened_late_is_still_counted_from_its_own_hour(chain: Chain, marie: Patient) -> None:
    """Closed until Friday: opened 46 hours late, unanswered, still open on Saturday: the call is made all the same."""
    only_wednesday(chain)
    with chain.database.transaction() as session:
        session.get_one(Service, chain.world.service.id).hours = {"4": [["08:00", "18:00"]], "0": [["08:00", "18:00"]]}
    chain.until(paris(FRIDAY, 8))
    assert chain.checkin(marie, WEDNESDAY).opened_at == paris(FRIDAY, 8)
    chain.until(paris(SATURDAY, 10))
    assert end_of(chain, marie) == ("overdue_call", "")


# --- The watchman -------------------------------------------------------------------------------------------------------------------


def found(chain: Chain) -> list[str]:
    with chain.read() as session:
        return [finding.kind for finding in watch.sweep(session, chain.clock.now())]


def test_the_watchman_names_a_check_in_without_an_end(chain: Chain, marie: Patient) -> None:
    only_wednesday(chain)
    chain.until(paris(SATURDAY, 9))
    chain.clock.at = paris(SATURDAY, 10, 4)
    assert "no_ending" not in found(chain)
    chain.clock.at = paris(SATURDAY, 10, 5)
    assert "no_ending" in found(chain)
    chain.worker.run_once()
    assert "no_ending" not in found(chain)


def test_the_watchman_names_a_call_whose_owner_has_left(chain: Chain, marie: Patient) -> None:
    only_wednesday(chain)
    chain.until(paris(SATURDAY, 10))
    assert "unowned_call" not in found(chain)
    with chain.database.transaction() as session:
        session.get_one(Staff, chain.world.ines.id).active = False
    assert "unowned_call" in found(chain)


def test_nothing_unprompted_is_due(chain: Chain, marie: Patient) -> None:
    chain.says(MARIE, "j'ai des plaies dans la bouche")
    only_wednesday(chain)
    chain.clock.forward(hours=80)
    with chain.read() as session:
        unprompted = session.scalars(select(CheckIn).where(CheckIn.kind == "unprompted")).all()
        late = endings.overdue(session, chain.clock.now())
    assert len(unprompted) == 1
    assert not {row.id for row in unprompted} & set(late)
    assert timedelta(hours=72) == endings.WITHIN


@pytest.mark.parametrize("words", ["arrêté", "2", "je ne sais pas", "mal au ventre depuis hier", "ERREUR", "?", "123456"])
@pytest.mark.parametrize("verified", [True, False])
def test_what_somebody_writes_unasked_leaves_nothing_open_without_an_end(chain: Chain, words: str, *, verified: bool) -> None:
    """REL-07: whether or not a question can be sent back, the check-in their words opened ends within a day."""
    chain.follow(phone_verified=verified)
    chain.says(MARIE, words)
    with chain.read() as session:
        assert "no_end" not in [finding.kind for finding in watch.sweep(session, chain.clock.now())]

    chain.until(chain.clock.now() + timedelta(hours=25))
    with chain.read() as session:
        mine = session.scalars(select(CheckIn).where(CheckIn.kind == "unprompted"))
        assert [row.state for row in mine if row.closed_at is None] == []
