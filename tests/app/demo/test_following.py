"""The demonstration's calls: made through the doors of the screens, and the opening morning has something to show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import select

from app.care import calls
from app.care.contact_models import Contact
from app.care.models import Enrolment, EnrolmentState, PlannedCall
from app.demo import ward
from app.demo.following import followers
from app.demo.simulate import Life
from app.people.models import Patient
from tests.app.demo.small import OPENING, a_ward, metronome

NAMES = ("Gérard", "Maxime", "Hélène")


def test_everybody_of_the_file_lives_in_the_ward_and_each_programme_has_somebody() -> None:
    people = {(person.family, person.given): person for person in ward.people()}
    assert {(one.family, one.given) for one in followers()} <= set(people)
    assert {one.programme for one in followers()} == {"coach", "ama", "ama-oral"}
    assert {people[one.family, one.given].agent for one in followers() if one.programme != "coach"} == {"ibrutinib"}


def test_calls_are_made_at_their_hour_one_is_late_and_one_is_missed(sqlite_server: Any) -> None:
    """Ten days until Wednesday 10:00: Hélène was called at 9:00, nobody rang Gérard at 8:30, nor Maxime on Tuesday at 15:00."""
    people = [replace(person, began=8, bent="steady") for person in ward.people() if person.given in NAMES]
    with a_ward(sqlite_server) as here:
        life = Life(here.database, here.service_id, here.clock, metronome(here.database), seed=2026, opening=OPENING, people=people)
        life.live(OPENING)
        with here.database.reading() as session:
            ids = {patient.given_names: patient.id for patient in session.scalars(select(Patient))}
            assert {row.state for row in session.scalars(select(Enrolment))} == {EnrolmentState.OPEN}
            first = {name: calls.open_of(session, ids[name])[0] for name in NAMES}
            assert {name: call.state for name, call in first.items()} == {"Gérard": "late", "Maxime": "missed", "Hélène": "planned"}
            made = list(session.scalars(select(PlannedCall).where(PlannedCall.state == "done")))
            contacts = {contact.id: contact for contact in session.scalars(select(Contact))}
            assert ids["Hélène"] in {call.patient_id for call in made}
            assert all(contacts[call.contact_id or 0].planned_call_id == call.id for call in made)
            assert all(contact.outcome and contact.form["weight"] for contact in contacts.values() if contact.reached)
