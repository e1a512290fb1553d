"""What the nurse reads on the list, the panel and the patient's page is true: who said it, what state it is in, who is away or dead."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.checkins.models import AnswerRow, CheckIn
from app.core.audit import SYSTEM
from app.core.clock import HandClock
from app.core.db import Database
from app.people import absences, respondents
from app.people.models import Patient
from app.people.respondents import NewRespondent
from app.protocols import looks
from app.web import words
from tests.app.web.test_nurse import said
from tests.app.web.ward import Morning, a_morning, text
from tests.factories import World


@pytest.fixture
def morning(database: Database, world: World, clock: HandClock) -> Morning:
    with database.transaction() as session:
        return a_morning(session, world, now=clock.now())


def away(database: Database, who: Patient, kind: str, clock: HandClock, *, until: int | None = None) -> None:
    """``who`` is away from today, until so many days from now."""
    with database.transaction() as session:
        patient, today = session.get_one(Patient, who.id), clock.now().date()
        last = today + timedelta(days=until) if until is not None else None
        absences.record(session, patient, kind, from_day=today, until_day=last, reason="dit par Paul", by=SYSTEM, now=clock.now())


def test_scores_are_said_by_whoever_said_them(claire: TestClient, database: Database, morning: Morning) -> None:
    """FR-32: somebody on the form who is no declared relative is not the patient, nor "?"."""
    page = said(claire.get(f"/alerts/{morning.tiredness.id}"))
    assert "Scores 0 à 4 dits par le patient. À confirmer par un professionnel." in page
    with database.transaction() as session:
        last = session.scalars(select(CheckIn).where(CheckIn.patient_id == morning.jean.id).order_by(CheckIn.id.desc())).first()
        assert last is not None
        for row in session.scalars(select(AnswerRow).where(AnswerRow.checkin_id == last.id)):
            row.said_by = f"relative:{morning.jean.id}"
    page = said(claire.get(f"/alerts/{morning.tiredness.id}"))
    assert "Scores 0 à 4 dits par un proche, non déclaré. À confirmer par un professionnel." in page
    assert "dits par le patient" not in page


def test_a_text_has_one_state(claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock) -> None:
    with database.transaction() as session:
        jean = session.get_one(Patient, morning.jean.id)
        text(session, world, jean, "Suivi Baie : vos questions", at=clock.now(), direction="out", state="expired")
    page = said(claire.get(f"/patients/{morning.jean.id}"))
    assert "Suivi Baie : vos questions périmé" in page
    assert "envoyé, périmé" not in page


def test_no_medicine_of_the_list_is_a_code() -> None:
    for language in words.LANGUAGES:
        assert [code for code in looks.known_medicines() if not words.has(language, f"particulars.code.{code}")] == []


def test_a_silence_alerts_only_when_questions_leave(claire: TestClient, database: Database, morning: Morning, clock: HandClock) -> None:
    page = f"/patients/{morning.jean.id}"
    assert "Un silence alerte." in said(claire.get(page))
    away(database, morning.jean, "hospital_stay", clock)
    assert "Un silence alerte." not in said(claire.get(page))
    assert "Aucune question ne part." in said(claire.get(page))


def test_a_number_that_the_relative_answers_bears_the_relative_s_name(
    claire: TestClient, database: Database, morning: Morning, clock: HandClock
) -> None:
    with database.transaction() as session:
        jean = session.get_one(Patient, morning.jean.id)
        anne = respondents.declare(session, jean, NewRespondent("Anne Payet", "mère"), by=SYSTEM, now=clock.now(), allow_fiction=True)
        respondents.answered_by(session, jean, anne.id, by=SYSTEM, now=clock.now())
    page = said(claire.get(f"/alerts/{morning.tiredness.id}"))
    assert "+33 6 39 98 00 02 Anne Payet, mère" in page
    assert "+33 6 39 98 00 02 le patient" not in page
    joined = said(claire.get(f"/patients/{morning.jean.id}/reach"))
    assert "répond : Anne Payet (mère) · +33 6 39 98 00 02" in joined
    assert "PAYET Jean, pour son propre compte · +33" not in joined
