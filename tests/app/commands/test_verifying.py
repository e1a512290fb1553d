"""vigie verify and vigie explain: the first bad row is named, a judgement is told in words (point 11, SEC-26, FR-08)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text

from app.checkins.models import AssessmentRow
from app.checkins.rhythm import agenda
from app.checkins.texts import conversation
from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.db import Database
from app.messaging import inbox
from app.protocols import shelf
from notifications.messages import Inbound
from tests.app.commands.conftest import Run
from tests.factories import World, a_course, a_patient

MARIE = "+33639980001"


@pytest.fixture
def clock() -> HandClock:
    """Wednesday 25 November 2026, 10:00 in Paris: the library's protocols are in force."""
    return HandClock(datetime(2026, 11, 25, 9, 0, tzinfo=UTC))


@pytest.fixture
def judged(house_key: None, database: Database, world: World, clock: HandClock) -> AssessmentRow:
    """Marie answered 38,9 to today's questions."""
    with database.transaction() as session:
        shelf.seed(session, clock.now())
        marie = a_patient(session, world, now=clock.now())
        course = a_course(session, world, marie, now=clock.now())
        agenda.first_now(session, course, now=clock.now(), check_in=True)
        said = Inbound(carrier="simulator", carrier_id="sim-1", address=MARIE, number="+33199001234", body="38,9 de fièvre")
        message, _ = inbox.keep(session, said, now=clock.now())
    assert conversation.process(database, message.id, now=clock.now())
    with database.reading() as session:
        return session.scalars(select(AssessmentRow).order_by(AssessmentRow.id.desc()).limit(1)).one()


def alter(database: Database, statement: str) -> None:
    """Like somebody who owns the database: the triggers are taken away first."""
    with database.engine.begin() as connection:
        for table in ("audit", "assessment"):
            if database.is_sqlite:
                names = connection.execute(text(f"SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'"))
                for name in list(names.scalars()):
                    connection.execute(text(f"DROP TRIGGER {name}"))
            else:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        connection.execute(text(statement))


def test_a_whole_trail_is_said_whole(on_database: Run, judged: AssessmentRow, database: Database) -> None:
    with database.reading() as session:
        rows = len(session.scalars(select(AuditRow.id)).all())
    said = on_database("verify", "audit")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"{rows} rows in ")
    assert json.loads(on_database("verify", "audit", "--json").out)["whole"] is True


def test_the_first_altered_row_is_named_and_the_exit_code_is_1(on_database: Run, judged: AssessmentRow, database: Database) -> None:
    alter(database, "UPDATE audit SET actor_name = 'Personne' WHERE action = 'patient.enrolled'")
    said = on_database("verify", "audit")
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "patient.enrolled" in said.err
    assert "was altered" in said.err


def test_judgements_are_made_again_and_found_the_same(on_database: Run, judged: AssessmentRow) -> None:
    said = on_database("verify", "assessments")
    assert (said.code, said.err) == (0, "")
    assert "judged again: all the same" in said.out


def test_a_judgement_that_was_altered_is_named(on_database: Run, judged: AssessmentRow, database: Database) -> None:
    alter(database, f"UPDATE assessment SET level = 'none' WHERE id = {judged.id}")
    said = on_database("verify", "assessments")
    assert (said.code, f" {judged.id}" in said.err) == (1, True)


def test_a_judgement_is_explained_in_words_and_its_opening_is_recorded(on_database: Run, judged: AssessmentRow, database: Database) -> None:
    french = on_database("explain", judged.id)
    assert (french.code, "Niveau : urgent." in french.out, "Vu : fièvre" in french.out) == (0, True, True)
    english = on_database("explain", judged.id, "--lang", "en")
    assert "fever" in english.out
    assert french.out != english.out
    whole = json.loads(on_database("explain", judged.id, "--json").out)
    assert (whole["id"], whole["level"], whole["fingerprint"]) == (judged.id, "urgent", judged.fingerprint)
    with database.reading() as session:
        opened = session.scalars(select(AuditRow).where(AuditRow.action == "chart.opened")).all()
    assert [row.reason for row in opened] == [f"explain {judged.id}"] * 3
    assert opened[0].actor_name.startswith("command line (")


def test_a_judgement_that_does_not_exist_is_refused(on_database: Run, judged: AssessmentRow) -> None:
    said = on_database("explain", judged.id + 1)
    assert (said.code, f"Assessment {judged.id + 1} does not exist" in said.err) == (1, True)
