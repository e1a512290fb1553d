"""FR-10: warned before the end, stopped at it with notice to staff and patient, begun again at once by a renewal."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.alerts import tasks
from app.alerts.models import Alert, Task
from app.checkins.models import CheckIn
from app.checkins.rhythm import freezing, watched
from app.core.errors import Refusal
from app.insight import placing
from app.messaging.models import Message
from app.people import absences, patients, watching
from app.people.models import Patient, Service
from app.people.perimeter import actor_of, viewer_of
from app.people.watching import NewWatching
from app.people.watching_models import Watching
from app.worker import TICKS
from tests.support.chain import MARIE, Chain
from triage.terms import Level

MONDAY = date(2026, 11, 23)
DAY = timedelta(days=1)
NEAR, OVER = "finissent", "c'est la fin de vos questions"


def paris(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)


def prescribe(chain: Chain, patient: Patient, until: date, first: date | None = None) -> Watching:
    doctor, now = chain.world.lebon, chain.clock.now()
    new = NewWatching(doctor.id, "outside_list", first or now.date(), until, Decimal("62.5"))
    with chain.database.transaction() as session:
        return watched.record(session, session.get_one(Patient, patient.id), new, by=actor_of(chain.world.ines), now=now)


def at(chain: Chain, day: date, hour: int = 9) -> None:
    """The worker ticks the evening before and then, and the postman goes his round: weeks of ticks between would show nothing more."""
    chain.clock.at = max(chain.clock.now(), paris(day, hour) - timedelta(hours=12))
    chain.worker.run_once()
    chain.clock.at = paris(day, hour)
    chain.worker.run_once()
    chain.send()


def open_tasks(chain: Chain) -> list[str]:
    return [kind for kind in chain.tasks() if kind.startswith("watching")]


def made(chain: Chain, kind: str) -> list[Task]:
    with chain.read() as session:
        return list(session.scalars(select(Task).where(Task.kind == kind).order_by(Task.id)))


def told(chain: Chain, words: str) -> list[str]:
    return [text for text in chain.received() if words in text]


def state(chain: Chain, patient: Patient) -> tuple[str, str]:
    with chain.read() as session:
        one = session.get_one(Patient, patient.id)
        return one.follow_up, one.follow_up_kind


def planned(chain: Chain) -> list[date]:
    with chain.read() as session:
        return list(session.scalars(select(CheckIn.day).where(CheckIn.state == "planned").order_by(CheckIn.day)))


def questions(chain: Chain) -> int:
    with chain.read() as session:
        return len(session.scalars(select(Message.id).where(Message.purpose.in_(("question", "reminder")))).all())


def test_thirty_days_before_the_end_one_task_and_seven_days_before_another(chain: Chain, marie: Patient) -> None:
    """FR-10: ends on 25 December. Nothing on 24 November, a task on the 25th, the second and the patient's text on 18 December."""
    until = date(2026, 12, 25)
    prescribe(chain, marie, until)
    at(chain, until - 31 * DAY)
    assert open_tasks(chain) == []
    at(chain, until - 30 * DAY)
    assert open_tasks(chain) == ["watching_soon"]
    at(chain, until - 8 * DAY)
    assert (open_tasks(chain), told(chain, NEAR)) == (["watching_soon"], [])
    at(chain, until - 7 * DAY)
    assert open_tasks(chain) == ["watching_near"], "the first is answered by the second"
    at(chain, until)
    assert len(made(chain, "watching_soon")) == len(made(chain, "watching_near")) == 1
    assert told(chain, NEAR) == [
        "Suivi Baie : vos questions par SMS finissent le 25/12 20 h. L'équipe voit la suite avec vous. "
        "Notre numéro reste le 0199001234. En cas de danger : 15."
    ]
    assert state(chain, marie) == ("active", "")


def test_one_that_a_nurse_has_seen_to_is_not_asked_again_before_the_seventh_day(chain: Chain, marie: Patient) -> None:
    """FR-10: closed with a note, it stays closed for three weeks."""
    prescribe(chain, marie, MONDAY + 20 * DAY)
    chain.wait(minutes=5)
    with chain.database.transaction() as session:
        task = session.scalars(select(Task).where(Task.kind == "watching_soon")).one()
        tasks.close(session, task.id, by=viewer_of(chain.world.claire), now=chain.clock.now(), words="ordonnance demandée au Dr Lebon")
    at(chain, MONDAY + 12 * DAY)
    assert open_tasks(chain) == []
    at(chain, MONDAY + 13 * DAY)
    assert open_tasks(chain) == ["watching_near"]


def test_questions_leave_until_the_last_day_and_none_after(chain: Chain, marie: Patient) -> None:
    """FR-10: the watching ends on the day of the fourth check-in; the day after the plan is empty, and stays so for weeks."""
    until = planned(chain)[3]
    prescribe(chain, marie, until)
    chain.until(paris(until, 18))
    asked = questions(chain)
    assert chain.checkin(marie, until).opened_at is not None, "the questions of the last day have left"
    assert asked >= 4
    assert planned(chain) != []
    at(chain, until + DAY)
    assert planned(chain) == []
    assert state(chain, marie) == ("frozen", "watching_over")
    at(chain, until + 28 * DAY)
    assert questions(chain) == asked
    assert [row for row in planned(chain) if row > until] == []


def test_the_end_is_told_once_to_the_patient_by_day(chain: Chain, marie: Patient) -> None:
    """FR-10: the freeze begins at midnight, the text leaves after eight."""
    until = date(2026, 12, 2)
    prescribe(chain, marie, until)
    at(chain, until, 18)
    chain.clock.at = paris(until + DAY, 0, 30)
    chain.worker.run_once()
    chain.send()
    assert (state(chain, marie)[0], told(chain, OVER)) == ("frozen", [])
    chain.wait(hours=8)
    chain.send()
    at(chain, until + 9 * DAY)
    assert told(chain, OVER) == [
        "Suivi Baie : c'est la fin de vos questions par SMS. Un souci ? Appelez-nous, notre numéro reste le 0199001234. "
        "En cas de danger : 15."
    ]


def test_the_team_keeps_a_high_task_until_a_renewal(chain: Chain, marie: Patient) -> None:
    """FR-10: it stands among high alerts, no note closes it, and the plan begins again in the same breath as the renewal."""
    until = date(2026, 12, 2)
    prescribe(chain, marie, until)
    at(chain, until + DAY)
    assert open_tasks(chain) == ["watching_over"]
    claire, now = viewer_of(chain.world.claire), chain.clock.now()
    with chain.database.transaction() as session:
        service = session.get_one(Service, chain.world.service.id)
        [place] = [one for one in placing.of_viewer(session, service, claire, now) if one.patient_id == marie.id]
        assert place.level is Level.HIGH
        task = session.scalars(select(Task).where(Task.kind == "watching_over")).one()
        with pytest.raises(Refusal, match="Renew the prescription"):
            tasks.close(session, task.id, by=claire, now=now, words="vu")
    at(chain, until + 12 * DAY)
    assert open_tasks(chain) == ["watching_over"], "and no weekly reminder of a freeze without an end beside it"
    assert chain.tasks().count("absence_open") == 0
    prescribe(chain, marie, until + 300 * DAY)
    assert open_tasks(chain) == []
    assert state(chain, marie) == ("active", "")
    assert planned(chain), "without waiting for the worker"
    at(chain, until + 20 * DAY)
    assert len(told(chain, OVER)) == 1


def test_nobody_ends_the_freeze_without_a_prescription(chain: Chain, marie: Patient) -> None:
    """FR-10: sends stop unless renewed; the way back of other absences is not one here."""
    until = MONDAY + DAY
    prescribe(chain, marie, until)
    at(chain, until + DAY)
    with chain.database.transaction() as session:
        row = absences.watching_over(session, marie.id)
        assert row is not None
        person = session.get_one(Patient, marie.id)
        with pytest.raises(Refusal, match="renew"):
            freezing.undo(session, person, row.id, by=actor_of(chain.world.claire), now=chain.clock.now(), reason="essai")


def test_an_end_by_a_person_ends_the_task_and_a_renewal_in_time_tells_nobody(chain: Chain, marie: Patient) -> None:
    """FR-10: whoever ends the follow-up has answered; taken back, the question is asked again."""
    until = MONDAY + 2 * DAY
    prescribe(chain, marie, until)
    at(chain, until + DAY)
    claire = actor_of(chain.world.claire)
    with chain.database.transaction() as session:
        person = session.get_one(Patient, marie.id)
        ended = freezing.record(
            session, person, absences.END, from_day=until + DAY, reason="fin du suivi", by=claire, now=chain.clock.now()
        )
    chain.wait(minutes=10)
    assert open_tasks(chain) == []
    with chain.database.transaction() as session:
        person = session.get_one(Patient, marie.id)
        freezing.undo(session, person, ended.id, by=claire, now=chain.clock.now(), reason="erreur de dossier")
    chain.wait(minutes=10)
    assert (open_tasks(chain), state(chain, marie)) == (["watching_over"], ("frozen", "watching_over"))


def test_renewed_in_time_nothing_stops(chain: Chain, marie: Patient) -> None:
    """FR-10: the renewal begins the day after; tasks end, no text says the end."""
    until = MONDAY + 20 * DAY
    prescribe(chain, marie, until)
    chain.wait(minutes=5)
    assert open_tasks(chain) == ["watching_soon"]
    prescribe(chain, marie, until + 365 * DAY, first=until + DAY)
    assert open_tasks(chain) == []
    at(chain, until + 3 * DAY)
    assert (open_tasks(chain), told(chain, NEAR), told(chain, OVER)) == ([], [], [])
    assert state(chain, marie) == ("active", "")


def test_a_danger_is_heard_and_a_message_reaches_a_nurse_after_the_end(chain: Chain, marie: Patient) -> None:
    """FR-10, HZ-01: sends stop; ears do not."""
    until = MONDAY + DAY
    prescribe(chain, marie, until)
    at(chain, until + DAY, 10)
    said = chain.says(MARIE, "je n'arrive plus à respirer")
    assert any("15" in text for text in said)
    [alert] = chain.alerts()
    assert alert.level == "urgent"
    before = len(chain.tasks())
    chain.says(MARIE, "est-ce que je peux partir en vacances en mars")
    with chain.read() as session:
        heard = session.scalars(select(Message).where(Message.direction == "in").order_by(Message.id)).all()[-1]
        followed = session.scalars(select(Alert).where(Alert.state != "closed")).all()
    assert len(chain.tasks()) > before or followed, f"nobody would read {heard.body!r}"


def test_without_any_prescription_the_watching_goes_on_and_one_task_says_so(chain: Chain, marie: Patient) -> None:
    """FR-10: never stopped silently. Asked after a week, once, in portions of ten a day for a whole service."""
    assert "watching_missing" in {tick.name for tick in TICKS}
    at(chain, MONDAY + 6 * DAY, 9)
    with chain.database.transaction() as session:
        assert watched.missing_due(session, chain.clock.now()) == []
    at(chain, MONDAY + 7 * DAY, 12)
    with chain.database.transaction() as session:
        assert watched.missing_due(session, chain.clock.now()) == [marie.id]
        watched.tell_missing(session, marie.id, chain.clock.now())
        assert watched.missing_due(session, chain.clock.now()) == []
    assert open_tasks(chain) == ["watching_missing"]
    assert state(chain, marie) == ("active", "")
    assert planned(chain)
    prescribe(chain, marie, MONDAY + 300 * DAY)
    assert open_tasks(chain) == []


def test_a_whole_service_without_prescriptions_is_told_in_portions(chain: Chain) -> None:
    """FR-10: twelve people followed before prescriptions were written here: ten tasks today, two tomorrow."""
    for number in range(12):
        chain.follow(phone=f"+33639980{number:03}", family_name=f"Nom{'abcdefghijkl'[number]}", given_names="Ada")
    chain.clock.at = paris(MONDAY + 8 * DAY, 10)
    for expected in (10, 2, 0):
        with chain.database.transaction() as session:
            found = watched.missing_due(session, chain.clock.now())
            for patient_id in found:
                watched.tell_missing(session, patient_id, chain.clock.now())
            assert len(found) == expected
            assert watched.missing_due(session, chain.clock.now()) == []
        chain.clock.forward(days=1)


def test_whoever_wants_no_texts_gets_none_and_the_team_is_told(chain: Chain, marie: Patient) -> None:
    """FR-10, SEC-17: the notice is for a telephone that takes it; the task says the rest."""
    until = MONDAY + 9 * DAY
    prescribe(chain, marie, until)
    with chain.database.transaction() as session:
        person = session.get_one(Patient, marie.id)
        patients.opt_out(session, person, by=actor_of(chain.world.claire), now=chain.clock.now(), reason="demande")
    at(chain, until + DAY)
    assert (told(chain, NEAR), told(chain, OVER), open_tasks(chain)) == ([], [], ["watching_over"])


def test_a_stay_that_ends_after_the_watching_does_not_begin_it_again(chain: Chain, marie: Patient) -> None:
    """FR-10: two reasons to be silent; one of them ends. The text waits for the return."""
    until, claire = MONDAY + 9 * DAY, actor_of(chain.world.claire)
    prescribe(chain, marie, until)
    with chain.database.transaction() as session:
        person = session.get_one(Patient, marie.id)
        freezing.record(
            session, person, "hospital_stay", from_day=MONDAY, until_day=until + 5 * DAY, reason="", by=claire, now=chain.clock.now()
        )
    at(chain, until + 2 * DAY)
    assert told(chain, OVER) == []
    at(chain, until + 7 * DAY)
    assert state(chain, marie) == ("frozen", "watching_over")
    assert len(told(chain, OVER)) == 1


def test_struck_through_by_mistake_it_stops_nothing_any_more(chain: Chain, marie: Patient) -> None:
    """FR-10: the only one ended too early, by a slip; struck through, none is left, and the watching goes on at once."""
    short = prescribe(chain, marie, MONDAY + DAY)
    at(chain, MONDAY + 3 * DAY)
    assert state(chain, marie) == ("frozen", "watching_over")
    with chain.database.transaction() as session:
        person = session.get_one(Patient, marie.id)
        watched.strike(session, person, short.id, reason="mauvaise date", by=actor_of(chain.world.ines), now=chain.clock.now())
        assert watching.of_everyone(session) == {}
    assert (state(chain, marie), open_tasks(chain)) == (("active", ""), [])
    assert planned(chain)
