"""Two patients on one telephone, as the ward sees them: nobody is guessed, and nobody has to be looked for (SEC-16, HZ-10)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts.models import Alert
from app.checkins.texts import conversation
from app.core.audit import AuditRow
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
        leo = a_patient(
            session,
            world,
            now=now,
            family_name="Payet",
            given_names="Léo",
            birth_date=date(2020, 5, 4),
            phone=HOUSE,
            respondent_name="Paul",
            respondent_relation="père",
        )
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
    with database.reading() as session:
        return session.get_one(Message, message.id)


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


def test_a_text_of_a_shared_telephone_stands_on_each_page_until_a_nurse_says_whose_it_is(
    claire: TestClient, children: tuple[Patient, Patient], database: Database, world: World, clock: HandClock
) -> None:
    """SEC-16: shown to nobody's loss, also after the number changed; attached by a person, with its alert, and written down."""
    leo, odile = children
    message = writes(database, world, clock, "il n'arrive plus a respirer")
    with database.transaction() as session:
        session.get_one(Patient, odile.id).phone = "+33639980005"
    for child in children:
        page = claire.get(f"/patients/{child.id}")
        assert "Téléphone partagé, de qui ?" in said(page)
        assert "il n'arrive plus a respirer" in said(page)
        assert f'href="/alerts/{message.alert_id}"' in page.text

    done = claire.post(f"/patients/{odile.id}/messages/{message.id}")
    assert (done.status_code, done.headers["location"]) == (303, f"/patients/{odile.id}")
    page = said(claire.get(f"/patients/{odile.id}"))
    assert "de qui ?" not in page
    assert "il n'arrive plus a respirer" in page
    assert "de qui ?" not in said(claire.get(f"/patients/{leo.id}"))
    with database.reading() as session:
        alert = session.scalars(select(Alert)).one()
        assert (alert.patient_id, alert.subject, alert.state) == (odile.id, f"patient:{odile.id}", "new")
        trail = session.scalars(select(AuditRow).where(AuditRow.action.in_(("message.attached", "alert.attached"))).order_by(AuditRow.id))
        assert [(row.action, row.patient_id, row.actor) for row in trail] == [
            ("message.attached", odile.id, f"staff:{world.claire.id}"),
            ("alert.attached", odile.id, f"staff:{world.claire.id}"),
        ]
    assert "l'a attribuée à PAYET Odile" in said(claire.get(f"/alerts/{alert.id}"))
    again = claire.post(f"/patients/{leo.id}/messages/{message.id}")
    assert again.status_code == 409
    assert "Quelqu'un a déjà dit de qui est ce message." in said(again)


def test_of_two_dangers_from_one_telephone_each_child_gets_an_alert_of_their_own(
    claire: TestClient, children: tuple[Patient, Patient], database: Database, world: World, clock: HandClock
) -> None:
    """HZ-10: attaching one text never takes the other's danger off the list."""
    leo, odile = children
    first = writes(database, world, clock, "il n'arrive plus a respirer")
    clock.forward(minutes=2)
    second = writes(database, world, clock, "elle aussi elle n'arrive plus a respirer")
    claire.post(f"/patients/{leo.id}/messages/{first.id}")
    with database.reading() as session:
        subjects = [(one.subject, one.level, one.state) for one in session.scalars(select(Alert).order_by(Alert.id))]
    assert subjects == [(f"number:{HOUSE}", "urgent", "new"), (f"patient:{leo.id}", "urgent", "new")]
    claire.post(f"/patients/{odile.id}/messages/{second.id}")
    with database.reading() as session:
        subjects = [one.subject for one in session.scalars(select(Alert).order_by(Alert.id))]
    assert subjects == [f"patient:{odile.id}", f"patient:{leo.id}"]


def test_a_text_is_attached_only_to_somebody_who_had_that_telephone_and_by_whoever_may(
    claire: TestClient, children: tuple[Patient, Patient], database: Database, world: World, clock: HandClock
) -> None:
    """SEC-24: another patient of the service is not offered, and cannot be forced."""
    message = writes(database, world, clock, "bonjour")
    with database.transaction() as session:
        other = a_patient(session, world, now=clock.now(), phone="+33639980007")
    assert claire.post(f"/patients/{other.id}/messages/{message.id}").status_code == 404
    assert "de qui ?" not in said(claire.get(f"/patients/{other.id}"))
