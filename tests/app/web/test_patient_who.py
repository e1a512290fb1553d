"""Who answers on the form: asked by relation alone, kept with every answer, asked about the patient (HZ-10, FR-32)."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.checkins.models import AnswerRow
from app.core.db import Database
from app.messaging.models import FormVisit
from app.people import respondents
from app.people.models import Patient, Respondent
from app.people.perimeter import actor_of
from app.protocols import words as lists
from app.web import words
from app.web.form import pages
from tests.app.web.form import CALM, Browser, Ward
from triage import replies
from triage.terms import Asked


def declare(database: Database, ward: Ward, *relatives: tuple[str, str]) -> list[int]:
    with database.transaction() as session:
        rows = [Respondent(patient_id=ward.marie.id, name=name, relation=relation, phone="") for name, relation in relatives]
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


def told_by(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(FormVisit.said_by).order_by(FormVisit.id)))


def test_a_brother_nobody_declared_is_never_written_down_as_the_daughter(
    ward: Ward, phone: Browser, database: Database, claire: TestClient
) -> None:
    """HZ-10: Luc knows the birthday and holds the telephone. He is asked who he is first; until he says, he is nobody declared."""
    declare(database, ward, ("Anaïs Hoarau", "fille, personne de confiance"))
    phone.enter(ward.token(), who="relative")
    assert phone.place == "who"
    assert "Qui êtes-vous pour la personne suivie ?" in phone.text
    assert "Fille" in phone.text and "Quelqu'un d'autre" in phone.text
    assert not any(word in phone.page.text for word in ("Anaïs", "Hoarau", "Marie", "confiance"))
    phone.post(r="99999")
    assert phone.place == "who"
    assert told_by(database) == [f"relative:{ward.marie.id}"]
    phone.post(r="other")
    assert phone.asked == "diarrhea"
    phone.fill(fatigue="3").post(send="yes")
    assert "C'est envoyé" in phone.text
    assert told_by(database) == [f"relative:{ward.marie.id}"]
    (alert,) = ward.chain.alerts()
    for address in (f"/alerts/{alert.id}", f"/patients/{ward.marie.id}"):
        assert "un proche, non déclaré" in claire.get(address).text, address


def test_a_daughter_says_which_one_and_the_answers_say_so(ward: Ward, phone: Browser, database: Database) -> None:
    """FR-32, SEC-09: two daughters are told apart by an initial. Whoever the link was sent to stands first; who has left is not asked."""
    _, second, third = declare(database, ward, ("Anaïs Hoarau", "fille"), ("Lucie Hoarau", "Fille"), ("Paul Grondin", "voisin"))
    with database.transaction() as session:
        marie = session.get_one(Patient, ward.marie.id)
        respondents.remove(session, marie, third, by=actor_of(ward.chain.world.ines), now=ward.chain.clock.now())
        lucie = session.get_one(Respondent, second)
    phone.enter(ward.token(lucie), who="relative")
    assert phone.text.index("Fille (L.)") < phone.text.index("Fille (A.)")
    assert "Voisin" not in phone.text
    phone.post(r=str(third))
    assert phone.place == "who"
    phone.post(r=str(second))
    assert "Répondez à la place de votre proche." in phone.text
    phone.post(value="1")
    assert told_by(database) == [f"respondent:{second}"]
    phone.get(phone.path.rsplit("/", 1)[0] + "/who").post(r="other")
    phone.post(value="1")
    with database.reading() as session:
        rows = session.execute(select(AnswerRow.key, AnswerRow.said_by).order_by(AnswerRow.id)).all()
    assert [tuple(row) for row in rows] == [("diarrhea", f"respondent:{second}"), ("mouth_sores", f"relative:{ward.marie.id}")]


def test_a_relative_is_asked_about_the_patient_and_the_patient_about_herself(ward: Ward, phone: Browser, database: Database) -> None:
    """Nobody is declared: no further question. "Your temperature" would be the daughter's."""
    phone.enter(ward.token(), who="relative")
    pages = []
    while phone.asked:
        pages.append(phone.text)
        phone.post(value=CALM[phone.asked])
    assert len(pages) == 8
    asked = " ".join(pages)
    assert "Quelle est sa température maintenant ?" in asked
    assert "Pas de thermomètre" in asked
    assert "Mal dans la poitrine, ou le souffle court au repos ?" in asked
    assert not any(word in asked for word in ("votre température", "avez-vous", "Avez-vous", "Je n'ai pas"))
    phone.get(phone.path.replace("/review", "/wrong"))
    assert "Cochez ce qui ne va pas" in phone.text
    assert "Vomit tout, rien ne reste" in phone.text
    phone.post(sign="breath", send="yes")
    assert "Ne laissez pas votre proche seul." in phone.text
    assert ward.chain.last_heard().body == "Du mal à respirer"
    root = phone.enter(ward.token()).path.rsplit("/", 1)[0]
    phone.get(f"{root}/4")
    assert "Quelle est votre température maintenant ?" in phone.text


@pytest.mark.parametrize("table", ["form", "form.relative"])
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    ("sign", "heard"),
    [
        ("fever", {"fever", "chills"}),
        ("breath", {"dyspnea"}),
        ("chest", {"chest_pain"}),
        ("vomiting", {"persistent_vomiting"}),
        ("diarrhea", {"diarrhea"}),
        ("bleeding", {"bleeding"}),
    ],
)
def test_each_line_that_may_be_ticked_is_read_as_what_it_says(table: str, language: str, sign: str, heard: set[str]) -> None:
    """HZ-24: ticked lines are read like words, so the reader must know each of them in both languages, whoever ticks."""
    key = f"{table}.wrong.{sign}"
    line = words.say(language, key if words.has(language, key) else f"form.wrong.{sign}")
    read = replies.read(line, Asked(), language, lists.words())
    assert heard & {*read.dangers, *(part.partition(":")[0] for part in read.value.split("+"))}, (line, read)


def test_no_line_that_may_be_ticked_is_left_out_of_the_test_above() -> None:
    assert set(pages.SIGNS) == {"fever", "breath", "chest", "vomiting", "diarrhea", "bleeding"}
