"""Two patients on one telephone, as the ward sees them: nobody is guessed, and nobody has to be looked for (SEC-16, HZ-10)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts.models import Alert
from app.checkins import conversation
from app.core.clock import HandClock
from app.core.db import Database
from app.messaging.models import Message
from app.people.models import Patient, Staff
from tests.app.web.test_nurse import said
from tests.app.web.ward import text
from tests.factories import World, a_course, a_patient

HOUSE = "+33639980001"


@pytest.fixture
def children(database: Database, world: World, clock: HandClock) -> tuple[Patient, Patient]:
    """Léo, 6, at home, and Odile, 9: one telephone, their mother's; Odile's father has one of his own."""
    now = clock.now() - timedelta(days=10)
    with database.transaction() as session:
        session.get_one(Staff, world.lebon.id).phone = "+33199001234"
        leo = a_patient(session, world, now=now, family_name="Payet", given_names="Léo", birth_date=date(2020, 5, 4), phone=HOUSE)
        odile = a_patient(
            session,
            world,
            now=now,
            family_name="Payet",
            given_names="Odile",
            birth_date=date(2017, 2, 9),
            phone=HOUSE,
            shared_phone=True,
            respondent_name="Paul",
            respondent_relation="père",
            respondent_phone="+33639980004",
        )
        a_course(session, world, leo, now=now)
        return leo, odile


def writes(database: Database, world: World, clock: HandClock, words: str) -> Message:
    """A text of the shared telephone, through the one door."""
    with database.transaction() as session:
        message = text(session, world, None, words, at=clock.now(), address=HOUSE, state="unread")
    assert conversation.process(database, message.id, now=clock.now())
    return message


def test_an_urgent_text_of_a_shared_telephone_names_everybody_it_may_be_about(
    claire: TestClient, children: tuple[Patient, Patient], database: Database, world: World, clock: HandClock
) -> None:
    """HZ-10: each with age, treatment, where, the way to the file, and whom to call."""
    leo, odile = children
    writes(database, world, clock, "il n'arrive plus a respirer")
    with database.reading() as session:
        alert = session.scalars(select(Alert)).one()
    page = claire.get(f"/alerts/{alert.id}")
    words = said(page)
    assert "téléphone partagé" in words
    assert "Aucun patient actif" not in words
    assert "Numéro inconnu" not in words
    assert "PAYET Léo , 6 ans · Suivi actif Capécitabine" in words
    assert "PAYET Odile , 9 ans" in words
    assert f'href="/patients/{leo.id}"' in page.text
    assert f'href="/patients/{odile.id}"' in page.text
    assert 'href="tel:+33639980004"' in page.text  # Odile's father
    assert words.count("oncologue") == 2
    assert "Téléphone partagé : PAYET Léo, PAYET Odile" in said(claire.get("/"))
