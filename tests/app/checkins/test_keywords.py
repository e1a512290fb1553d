"""SEC-17, SEC-18, HZ-26, U22 to U28: words that are commands, by country; what the carrier did; what is asked about and never obeyed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from app.alerts.models import Task
from app.checkins.texts import conversation
from app.messaging import inbox
from app.people.models import Patient, Service
from notifications import policy, wording
from notifications.messages import Inbound
from tests.support.chain import MARIE, Chain

ARRETE = [
    "arrêté",
    "arrété",
    "arrèté",
    "arreté",
    "arrete",
    "ARRETE",
    "ARRÊTÉ",
    "Arrêtée",
    "arrêter",
    "arreter",
    "arrêtez",
    "ARRETT",
    "arrets",
    "fin",
]


@pytest.mark.parametrize("word", ARRETE)
def test_every_accent_of_arrete_is_asked_about(chain: Chain, marie: Patient, word: str) -> None:
    assert chain.says(MARIE, word) == [
        "Que voulez-vous dire ? 1 je ne veux plus de SMS. 2 je ne prends plus mes comprimés. Répondez 1 ou 2."
    ]
    assert chain.tasks() == ["to_read"]


@pytest.mark.parametrize(
    "word", ["stop", "STOP!", "Stop.", "arrêt", "ARRET", "désabonner", "unsubscribe", "stop all", "revoke", "opt out", "optout"]
)
def test_words_that_end_the_texts(chain: Chain, marie: Patient, word: str) -> None:
    """Alone, in any case and accent; one task of the same day."""
    assert chain.says(MARIE, word)[0].startswith("C'est fait : plus de SMS.")
    assert chain.says(MARIE, word) == []
    with chain.read() as session:
        task = session.scalars(select(Task).where(Task.kind == "opted_out")).one()
    assert task.due_at.date() == chain.clock.now().date()


@pytest.mark.parametrize(
    ("country", "word", "kind"),
    [
        ("FR", "arrêt", "stop"),
        ("RE", "arrêt", "stop"),
        ("GB", "arrêt", ""),
        ("FR", "arrêté", "ask"),
        ("GB", "arrêté", ""),
        ("GB", "STOP", "stop"),
        ("US", "revoke", "stop"),
        ("US", "yes", "start"),
        ("FR", "yes", ""),
        ("GB", "yes", ""),
        ("CA", "yes", "start"),
        ("FR", "reprendre", "start"),
        ("FR", "aide", "help"),
        ("FR", "aidez-moi", ""),
        ("FR", "stop 12345", ""),
        ("FR", "we must stop this", ""),
        ("FR", "enfin", ""),
    ],
)
def test_a_word_is_a_command_in_its_country(country: str, word: str, kind: str) -> None:
    assert policy.keyword(word, country) == kind


def test_no_natural_answer_is_a_command_of_any_country() -> None:
    """SEC-18: one table for the reader and for the lint of questions."""
    for template in wording.catalogue().values():
        assert policy.opt_out_answers(template.answers) == []
        for country in ("FR", "RE", "GB", "US", "CA"):
            assert not [answer for answer in template.answers if policy.keyword(answer, country) in ("stop", "ask", "help")]


def test_yes_is_an_answer_until_somebody_has_stopped(chain: Chain) -> None:
    """The United States: YES takes a STOP back, and otherwise answers."""
    with chain.database.transaction() as session:
        session.get_one(Service, chain.world.service.id).country = "US"
    chain.follow(language="en")
    chain.says(MARIE, "yes")
    assert "to_read" in chain.tasks()
    assert chain.says(MARIE, "STOP")[0].startswith("Done: no more texts.")
    assert chain.says(MARIE, "YES")[0].startswith("Suivi Baie: your texts start again. Next questions: ")


def obeyed(chain: Chain, words: str, what: str) -> list[str]:
    """The carrier did this by itself; what Marie receives from us."""
    before = len(chain.received())
    with chain.database.transaction() as session:
        inbound: Inbound = chain.phones.reply(MARIE, words, to=chain.world.service.number)
        message_id = inbox.keep(session, replace(inbound, opt_out=what), now=chain.clock.now())[0].id
    conversation.process(chain.database, message_id, now=chain.clock.now())
    chain.send()
    return chain.received()[before:]


def test_what_the_carrier_did_is_a_fact_whatever_the_word_meant(chain: Chain, marie: Patient) -> None:
    """It took "arrête" for STOP and refuses our texts: nothing is asked into the void; it takes it back: so do we."""
    assert obeyed(chain, "arrête", "STOP") == []
    assert chain.tasks() == ["opted_out"]
    assert len(obeyed(chain, "ok go", "START")) == 1
    with chain.read() as session:
        assert session.get_one(Patient, marie.id).opted_out_at is None


def test_a_danger_is_no_command(chain: Chain, marie: Patient) -> None:
    assert chain.says(MARIE, "stop je saigne beaucoup")[0].startswith("Appelez le 15")
    assert obeyed(chain, "je saigne beaucoup", "STOP")[0].startswith("Appelez le 15")


def test_stop_from_a_shared_telephone_ends_the_texts_of_each(chain: Chain) -> None:
    """Nobody knows whose it was: both are asked by a nurse, and nothing is written to somebody who wants nothing."""
    chain.follow(shared_phone=True)
    chain.follow(shared_phone=True, family_name="Hoarau", given_names="Jean", sex="male")
    assert chain.says(MARIE, "STOP") == []
    assert chain.says(MARIE, "STOP") == []
    assert chain.tasks().count("opted_out") == 2
    with chain.read() as session:
        assert all(patient.opted_out_at for patient in session.scalars(select(Patient)))


def test_stop_after_the_end_of_follow_up_is_obeyed(chain: Chain, marie: Patient) -> None:
    with chain.database.transaction() as session:
        session.get_one(Patient, marie.id).follow_up = "ended"
    chain.says(MARIE, "STOP")
    with chain.read() as session:
        assert session.get_one(Patient, marie.id).opted_out_at is not None
