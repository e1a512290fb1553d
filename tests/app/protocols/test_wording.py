"""A service that holds the PRO-CTCAE licence loads official wording from a FHIR R4 Questionnaire. The sentences here are invented."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.audit import SYSTEM, AuditRow
from app.core.clock import HandClock
from app.people import services
from app.protocols import questionnaire, scales, wording
from app.protocols.questionnaire import NotAQuestionnaire
from tests.factories import World
from triage.conditions import Composite
from triage.protocol import Protocol

Item = dict[str, Any]


def an_item(link: str, text: str, options: int = 5, **more: object) -> Item:
    """A question with so many responses, named after its place."""
    said = [{"valueCoding": {"code": str(n), "display": f"réponse {n}"}} for n in range(options)]
    return {"linkId": link, "text": text, "type": "choice", "answerOption": said, **more}


def a_file(*items: Item, **more: object) -> str:
    document = {"resourceType": "Questionnaire", "title": "Formulaire inventé", "version": "1.0", "language": "fr-FR", "item": list(items)}
    return json.dumps({**document, **more}, ensure_ascii=False)


SORES = an_item("PROCTCAE_3A_SCL", "Les  loups de la bouche ont-ils hurlé ?"), an_item("PROCTCAE_3B_SCL", "Ont-ils gêné le concert ?")
RASH = an_item("24A", "La lune a-t-elle des taches ?", options=2)


def _read(text: str) -> questionnaire.Questionnaire:
    return questionnaire.read(text, scales.instrument(), language="fr")


def test_items_are_found_by_linkid_or_code_inside_groups() -> None:
    group = {"linkId": "g", "type": "group", "text": "Semaine", "item": [*SORES, {"linkId": "d", "type": "display", "text": "Merci"}]}
    coded = an_item("q7", "Une question codée ?", code=[{"system": "urn:x", "code": "PRO-CTCAE-16A"}])
    read = _read(a_file(group, coded, RASH, an_item("age", "Quel âge ?")))
    assert [(s.item_no, s.letter, s.text) for s in read.sentences] == [
        (3, "a", "Les loups de la bouche ont-ils hurlé ?"),
        (3, "b", "Ont-ils gêné le concert ?"),
        (16, "a", "Une question codée ?"),
        (24, "a", "La lune a-t-elle des taches ?"),
    ]
    assert read.sentences[0].options == ("réponse 0", "réponse 1", "réponse 2", "réponse 3", "réponse 4")
    assert (read.source, read.left_out) == ("Formulaire inventé 1.0", ("age",))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not JSON"),
        ("[]", "resourceType"),
        ('{"resourceType": "Patient"}', "resourceType"),
        (a_file(*SORES, language="en"), "language is en, not fr"),
        (a_file(), "no item is a question"),
        (a_file(an_item("age", "Quel âge ?")), "no item is a question"),
        (a_file(SORES[0]), "term 3 lacks its question B"),
        (a_file(*SORES, SORES[1]), "question 3B is there twice"),
        (a_file(an_item("81A", "Hors liste ?")), "no question 81A"),
        (a_file(an_item("16B", "Un deuxième ?")), "no question 16B"),
        (a_file(an_item("16A", " ")), "text is empty"),
        (a_file(an_item("16A", "x" * 1001)), "longer than 1000"),
        (a_file(an_item("16A", "Combien ?", options=3)), "3 responses, expected 5"),
        (a_file(an_item("16A", "Combien ?", code=[{"code": "15A"}])), "name different questions"),
        (a_file(an_item("16A", "Combien ?", code="16A")), "code is not a list"),
        (a_file(an_item("16A", "Combien ?", answerOption={})), "16A"),
        (a_file(an_item("16A", "Combien ?", answerOption=[{"valueCoding": {"code": "0"}}] * 5)), "a response has no words"),
        (a_file(item={"linkId": "x"}), "not a list"),
        (a_file(item=["x"]), "not an object"),
    ],
)
def test_what_is_not_whole_is_refused_with_its_item(text: str, told: str) -> None:
    if told == "16A":
        assert _read(text).sentences[0].options == ()
        return
    with pytest.raises(NotAQuestionnaire, match=told):
        _read(text)


def test_a_nest_without_end_is_refused() -> None:
    item: Item = {"linkId": "g", "type": "group", "item": []}
    for _ in range(30):
        item = {"linkId": "g", "type": "group", "item": [item]}
    with pytest.raises(NotAQuestionnaire, match="nested too deep"):
        _read(a_file(item))


@pytest.mark.parametrize("options", [5, 6, 7])
def test_responses_that_are_not_scored_may_stand_among_the_others(options: int) -> None:
    """ "Not sexually active" and "Prefer not to answer" are responses too."""
    assert len(_read(a_file(an_item("68A", "Une question privée ?", options=options))).sentences[0].options) == options


def test_wording_belongs_to_one_service_and_language(session: Session, world: World, clock: HandClock) -> None:
    """The licence is that of the service: its neighbour never reads a sentence."""
    now = clock.now()
    other = services.open_service(
        session,
        world.hospital,
        name="Hématologie",
        sms_name="Suivi H",
        phone="0199001299",
        number="+33199001299",
        timezone="Europe/Paris",
        by=SYSTEM,
        now=now,
    )
    wording.load(session, world.service.id, a_file(*SORES, RASH), language="fr", by=SYSTEM, now=now)
    assert [(row.language, row.item_no, row.letter) for row in wording.loaded(session, world.service.id)] == [
        ("fr", 3, "a"),
        ("fr", 3, "b"),
        ("fr", 24, "a"),
    ]
    assert wording.loaded(session, other.id) == []


def test_a_later_file_takes_the_place_of_the_first(session: Session, world: World, clock: HandClock) -> None:
    wording.load(session, world.service.id, a_file(*SORES, RASH), language="fr", by=SYSTEM, now=clock.now())
    wording.load(session, world.service.id, a_file(RASH, language="en"), language="en", by=SYSTEM, now=clock.now())
    wording.load(session, world.service.id, a_file(*SORES, version="2.0"), language="fr", by=SYSTEM, now=clock.now())
    found = wording.loaded(session, world.service.id)
    assert [(row.language, row.item_no, row.source) for row in found] == [
        ("en", 24, "Formulaire inventé 1.0"),
        ("fr", 3, "Formulaire inventé 2.0"),
        ("fr", 3, "Formulaire inventé 2.0"),
    ]
    trail = list(session.scalars(select(AuditRow).where(AuditRow.action == "wording.loaded").order_by(AuditRow.id)))
    assert [row.change["after"]["questions"] for row in trail] == [3, 1, 2]
    assert trail[2].change["before"] == {"questions": 3}


def test_a_bad_file_changes_nothing(session: Session, world: World, clock: HandClock) -> None:
    wording.load(session, world.service.id, a_file(*SORES), language="fr", by=SYSTEM, now=clock.now())
    with pytest.raises(NotAQuestionnaire):
        wording.load(session, world.service.id, a_file(SORES[0]), language="fr", by=SYSTEM, now=clock.now())
    assert len(wording.loaded(session, world.service.id)) == 2


def test_a_protocol_s_questions_find_their_official_sentence(session: Session, world: World, clock: HandClock) -> None:
    """By the composites that the protocol declares; a question of our own has none."""
    wording.load(session, world.service.id, a_file(*SORES), language="fr", by=SYSTEM, now=clock.now())
    name = {"fr": "aphtes", "en": "mouth sores"}
    mucositis = Composite("mucositis", 3, name, ("mouth_sores", "mouth_sores_hinder"), sum)
    nausea = Composite("nausea", 9, {"fr": "nausées", "en": "nausea"}, ("nausea_often", "nausea"), sum)
    protocol = cast(Protocol, SimpleNamespace(composites={"mucositis": mucositis, "nausea": nausea}))
    found = wording.of_questions(session, protocol, world.service.id, "fr")
    assert {key: row.text for key, row in found.items()} == {
        "mouth_sores": "Les loups de la bouche ont-ils hurlé ?",
        "mouth_sores_hinder": "Ont-ils gêné le concert ?",
    }
    assert wording.of_questions(session, protocol, world.service.id, "en") == {}
