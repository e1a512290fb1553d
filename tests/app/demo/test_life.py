"""Days lived: by the crafts that people's actions go through, the same from the same seed, and whole even when cut short."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import select

from app.alerts import arrival
from app.alerts.models import Alert, AlertEvent, AlertState, Outcome, Task
from app.checkins.judging import assessing
from app.checkins.models import AssessmentRow, CheckIn, CheckInState
from app.core import audit
from app.core.audit import AuditRow
from app.core.db import Database
from app.insight import watch
from app.messaging.models import Message
from app.people.models import Patient
from app.treatment.models import Course
from tests.app.demo.small import OPENING, live, rows
from tests.support.databases import Sqlite


def test_everybody_arrived_through_the_front_door(lived: Database) -> None:
    with lived.reading() as session:
        names = [patient.full_name for patient in session.scalars(select(Patient).order_by(Patient.search_name))]
        assert names == ["DELMAS Odile", "HOARAU Marie", "MARCHAND Claude", "WHITFIELD Margaret"]
        acts = Counter(session.scalars(select(AuditRow.action)))
        assert (acts["patient.enrolled"], acts["course.started"]) == (4, 4)
        assert [course.created_by for course in session.scalars(select(Course))] == ["staff:7"] * 4
        assert session.scalars(select(Message.key).where(Message.key == "welcome_link")).all() == ["welcome_link"] * 4


def test_the_trail_is_whole_and_every_judgement_recomputes(lived: Database) -> None:
    """FR-08, SEC-26: nothing was slipped in beside the crafts."""
    with lived.reading() as session:
        assert list(audit.verify(session)) == []
        assert session.scalars(select(AssessmentRow.id)).all() != []
        assert list(assessing.mismatches(session)) == []


def test_every_question_has_an_answer_or_a_silence_or_time_left(lived: Database) -> None:
    with lived.reading() as session:
        asked = session.scalars(select(CheckIn).where(CheckIn.opened_at.is_not(None))).all()
        assert {CheckInState.DONE, CheckInState.SILENT} <= {CheckInState(checkin.state) for checkin in asked}
        for checkin in asked:
            judged = session.scalars(select(AssessmentRow.level).where(AssessmentRow.checkin_id == checkin.id)).all()
            if checkin.state in (CheckInState.OPEN, CheckInState.PARTIAL) and checkin.closed_at is None:
                assert checkin.silent_at is not None
                assert checkin.silent_at > OPENING
            elif checkin.state != CheckInState.CANCELLED:
                assert judged != [], f"check-in {checkin.id} ended {checkin.state} without a judgement"


def test_what_is_closed_was_taken_by_a_person_and_says_how_it_ended(lived: Database) -> None:
    with lived.reading() as session:
        closed = session.scalars(select(Alert).where(Alert.state == AlertState.CLOSED)).all()
        assert closed != []
        for alert in closed:
            story = session.scalars(select(AlertEvent.kind).where(AlertEvent.alert_id == alert.id).order_by(AlertEvent.id)).all()
            assert story[0] == "raised"
            assert story[-1] == "closed"
            assert "taken" in story
            assert alert.outcome in set(Outcome)
            assert alert.closed_by_id is not None
            assert not (alert.level == "urgent" and alert.outcome == Outcome.NOT_REACHED)


def test_claude_wrote_stop_and_a_nurse_was_told(lived: Database) -> None:
    """SEC-17: texts end at once, and a task is made because monitoring ends."""
    with lived.reading() as session:
        claude = session.scalars(select(Patient).where(Patient.given_names == "Claude")).one()
        assert claude.opted_out_at is not None
        assert session.scalars(select(Task.kind).where(Task.patient_id == claude.id)).all().count("opted_out") == 1
        later = select(Message).where(Message.patient_id == claude.id, Message.direction == "out", Message.created_at > claude.opted_out_at)
        assert [text.key for text in session.scalars(later)] == ["stop_ok"][: len(session.scalars(later).all())]


def test_marie_worsened_and_somebody_was_called(lived: Database) -> None:
    with lived.reading() as session:
        marie = session.scalars(select(Patient).where(Patient.given_names == "Marie")).one()
        levels = session.scalars(select(Alert.level).where(Alert.patient_id == marie.id)).all()
        assert set(levels) & {"high", "urgent"}


def test_nothing_is_late_stuck_or_forgotten_at_the_opening(lived: Database) -> None:
    with lived.reading() as session:
        assert [finding.sentence for finding in watch.sweep(session, OPENING)] == []


def test_nothing_happened_after_the_opening_and_no_real_carrier_was_used(lived: Database) -> None:
    """HZ-41: simulated telephones only."""
    with lived.reading() as session:
        texts = session.scalars(select(Message)).all()
        assert {text.carrier for text in texts} <= {"simulator", ""}
        assert max(text.created_at for text in texts) <= OPENING
        assert max(session.scalars(select(AuditRow.acted_at))) <= OPENING


def test_the_same_seed_lives_the_same_days_to_the_last_row(lived_sqlite: Database, sqlite_server: Sqlite) -> None:
    with sqlite_server.copy() as url:
        again = Database(url)
        live(again)
        assert rows(again.engine) == rows(lived_sqlite.engine)
        again.dispose()


def test_both_engines_live_the_same_story(lived_sqlite: Database, lived_postgresql: Database) -> None:
    assert _story(lived_sqlite) == _story(lived_postgresql)


def _story(database: Database) -> list[tuple[object, ...]]:
    with database.reading() as session:
        said = session.execute(select(Message.created_at, Message.direction, Message.body, Message.state).order_by(Message.id)).all()
        raised = session.execute(select(Alert.opened_at, Alert.level, Alert.state, Alert.outcome).order_by(Alert.id)).all()
        return [*map(tuple, said), *map(tuple, raised)]


def test_a_life_cut_short_goes_on_and_ends_whole(sqlite_server: Sqlite) -> None:
    """Ctrl-C in the middle of the first start costs nothing but the time already spent."""

    class Interrupted(Exception):
        pass

    def cut(done: float, _words: str) -> None:
        if done > 0.5:
            raise Interrupted

    with sqlite_server.copy() as url:
        database = Database(url)
        with pytest.raises(Interrupted):
            live(database, cut)
        assert live(database) is True
        assert live(database) is False
        with database.reading() as session:
            assert len(session.scalars(select(Patient.id)).all()) == 4
            assert list(audit.verify(session)) == []
            assert [finding.sentence for finding in watch.sweep(session, OPENING)] == []
        database.dispose()


def test_whoever_sent_help_asks_within_the_half_hour_whether_it_arrived(lived: Database) -> None:
    """A fictional ambulance that nobody asks after would open a ward of urgent alerts."""
    with lived.reading() as session:
        asked = session.scalars(select(Task).where(Task.kind == arrival.KIND)).all()
        assert asked != []
        assert [task.id for task in asked if (task.closed_at or OPENING) > task.due_at] == []
        assert session.scalars(select(Alert).where(Alert.kind == arrival.UNCHECKED)).all() == []
