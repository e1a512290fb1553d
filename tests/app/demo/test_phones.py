"""The telephones page: answer as a patient, see what was understood, turn the clock. Absent outside the demonstration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select

from app.alerts.models import Alert
from app.checkins.models import CheckIn, CheckInState
from app.checkins.texts import verifying
from app.core.clock import Clock, HandClock
from app.core.errors import Refusal
from app.core.settings import Settings
from app.demo import hospital, telephones
from app.demo.dice import Dice
from app.demo.patients import Patients
from app.main import create_app
from app.messaging import codes
from app.messaging.models import Message
from app.people.models import Patient, Respondent, Role, Service, Staff
from app.people.perimeter import actor_of
from tests.app.demo.small import OPENING, PEOPLE, Ward, a_ward, demo_settings, metronome
from tests.support import stories

MARIE, MARGARET = (replace(person, began=7, bent="steady") for person in PEOPLE[:2])
"""Both were asked on days 3 and 5 of their cycle; at the opening, day 8, the next questions come on day 9."""


@pytest.fixture(params=["sqlite_server", "postgres"])
def ward(request: pytest.FixtureRequest) -> Iterator[Ward]:
    """Marie and Margaret, enrolled and not asked anything yet; the clock shows their first check-in's morning."""
    with a_ward(request.getfixturevalue(request.param)) as ward:

        def enrolled() -> None:
            for _, enrol in Patients(ward.database, ward.service_id, Dice(1), people=[MARIE, MARGARET]).arrivals(OPENING):
                enrol(ward.clock.at)
            ward.beat(ward.clock.at)

        stories.of(ward.database).live("Marie and Margaret", enrolled)
        ward.clock.at = OPENING - timedelta(days=5, hours=3)
        yield ward


@pytest.fixture
def claire(ward: Ward) -> Iterator[TestClient]:
    """Claire, nurse of the fictional ward, at her screen."""
    yield from _signed_in(ward, "claire")


def _signed_in(ward: Ward, login: str) -> Iterator[TestClient]:
    app = create_app(demo_settings(ward.database), ward.database, ward.clock)
    app.state.metronome = metronome(ward.database)
    with TestClient(app, follow_redirects=False) as client:
        assert client.post("/sign-in", data={"login": login, "password": hospital.PASSWORD}).status_code == 303
        yield client


def _read(answer: Response) -> str:
    """The page as a person reads it: no entity, plain spaces."""
    return unescape(answer.text).replace("\u00a0", " ").replace("\u202f", " ")


def _asked(ward: Ward) -> datetime:
    """The first questions leave."""
    with ward.database.reading() as session:
        at = session.scalars(select(CheckIn.due_at).order_by(CheckIn.due_at)).first()
    assert at is not None
    ward.beat(at)
    return at


def test_outside_the_demonstration_there_is_no_such_page(ward: Ward) -> None:
    """HZ-41: nobody may write as a patient anywhere else, signed in or not."""
    settings = Settings(environment="test", database_url=demo_settings(ward.database).database_url, second_factor=False)
    with TestClient(create_app(settings, ward.database, ward.clock), follow_redirects=False) as client:
        client.post("/sign-in", data={"login": "claire", "password": hospital.PASSWORD})
        assert client.get("/").status_code == 200
        assert client.get("/phones").status_code == 404
        assert client.post("/phones/1/reply", data={"body": "2 1 0"}).status_code == 404
        assert client.post("/phones/clock", data={"to": "hour", "patient": "1"}).status_code == 404
        assert "/phones" not in client.get("/").text
    with ward.database.reading() as session:
        assert session.scalars(select(Message).where(Message.direction == "in")).all() == []


def test_a_stranger_is_asked_to_sign_in_and_the_administrator_opens_no_telephone(ward: Ward) -> None:
    with TestClient(create_app(demo_settings(ward.database), ward.database, ward.clock), follow_redirects=False) as client:
        assert client.get("/phones").headers["location"].startswith("/sign-in")
    alma = next(_signed_in(ward, "alma"))
    assert alma.get("/phones").status_code == 403


def test_the_telephone_shows_what_arrived_and_says_that_nothing_is_real(claire: TestClient) -> None:
    page = _read(claire.get("/phones?patient=1"))
    assert "Démonstration : aucun vrai SMS ne part." in page
    assert "Grand Large : bonjour." in page
    assert "jarive pa a respirer" in page
    claire.post("/language", data={"language": "en", "back": "/phones"})
    assert "Demonstration: no real SMS leaves." in _read(claire.get("/phones?patient=2"))


def test_an_answer_typed_on_the_telephone_is_kept_understood_and_shown(ward: Ward, claire: TestClient) -> None:
    _asked(ward)
    page = _read(claire.post("/phones/1/reply", data={"body": "2 1 0"}, headers={"HX-Request": "true"}))
    with ward.database.reading() as session:
        text = session.scalars(select(Message).where(Message.direction == "in")).one()
        assert (text.body, text.carrier, text.address, text.patient_id) == ("2 1 0", "simulator", "+33639980001", 1)
    assert "Réponse" in page
    assert "diarrhée <b>moyen (2)</b>" in page
    assert "mains et pieds douloureux <b>non (0)</b>" in page
    assert "Élevé" in page


def test_danger_is_named_and_the_list_beside_shows_it(ward: Ward, claire: TestClient) -> None:
    page = _read(claire.post("/phones/1/reply", data={"body": "jarive pa a respirer"}, headers={"HX-Request": "true"}))
    assert "essoufflement" in page
    assert "Alerte aussitôt." in page
    assert '<q lang="fr">Appelez le 15' in _understood(page)
    assert page.count("HOARAU Marie") == 2  # over the telephone, and in the list
    with ward.database.reading() as session:
        assert [(alert.level, alert.kind) for alert in session.scalars(select(Alert))] == [("urgent", "danger")]


def _understood(page: str) -> str:
    """The column beside the telephone."""
    return page[page.index('id="meaning-title"') : page.index('id="queue-title"')]


@pytest.mark.parametrize(
    ("before", "words", "there", "not_there"),
    [
        ([], "12", ["Pas compris avec certitude", "votre message sera lu alors"], ["reposée", "Rien n'est parti"]),
        (["2 1 0"], "merci", ["Politesse", "Rien n'est parti."], ["reposée"]),
        (["bof"], "2 1 0", ["Pas compris avec certitude", "Pardon, je n'ai pas compris. 3 chiffres"], ["Rien n'est parti"]),
        (["0 0 0"], "bouche 2", ["Correction", "bouche douloureuse <b>moyen (2)</b>", "votre température maintenant"], ["reposée"]),
        ([], "AIDE", ["AIDE : demande le mode d'emploi.", "En réponse"], ["envoyé", "Rien n'est parti"]),
        (["0 0 0"], "j'ai mal au ventre", ["Symptôme signalé", "mal au ventre", "Noté pour l'infirmière"], ["reposée", "Rien n'est parti"]),
    ],
    ids=["no question open", "thanks", "asked again", "told again", "help", "a symptom"],
)
def test_what_is_said_to_have_left_is_the_text_that_left(
    ward: Ward, claire: TestClient, before: list[str], words: str, there: list[str], not_there: list[str]
) -> None:
    """The page said "asked again" where no question was open: now the reply's own words stand there, or that there was none."""
    if before:
        _asked(ward)
    for typed in before:
        claire.post("/phones/1/reply", data={"body": typed})
        ward.clock.forward(minutes=4)
    meaning = _understood(_read(claire.post("/phones/1/reply", data={"body": words}, headers={"HX-Request": "true"})))
    assert [part for part in there if part not in meaning] == []
    assert [part for part in not_there if part in meaning] == []


def test_a_telephone_shows_the_hours_of_where_it_is(ward: Ward, claire: TestClient) -> None:
    """HZ-11: a question of nine o'clock in Nouméa is no text of eleven at night, as the hours of the nurse's screen said."""
    at = _asked(ward)
    with ward.database.transaction() as session:
        session.get_one(Patient, 1).timezone = "Pacific/Noumea"
    page = _read(claire.get("/phones?patient=1"))
    screen = page[page.index('class="handset"') : page.index('class="typing"')]
    assert screen.count(f">{at.astimezone(ZoneInfo('Pacific/Noumea')):%-H h %M}<") == 2  # its clock, and the question
    assert f">{at.astimezone(ZoneInfo('Europe/Paris')):%-H h %M}<" not in screen


def test_nothing_typed_is_nothing_sent(ward: Ward, claire: TestClient) -> None:
    assert claire.post("/phones/1/reply", data={"body": "   "}).status_code == 303
    with ward.database.reading() as session:
        assert session.scalars(select(Message).where(Message.direction == "in")).all() == []


def test_a_telephone_nobody_has_is_not_found(claire: TestClient) -> None:
    assert claire.get("/phones?patient=99").status_code == 404
    assert claire.post("/phones/99/reply", data={"body": "2"}).status_code == 404


def test_each_telephone_shows_its_own_texts_alone(ward: Ward, claire: TestClient) -> None:
    """Marie has no telephone and her daughter answers; a number to come is a telephone of its own, until its code is back."""
    with ward.database.transaction() as session:
        marie, margaret = session.get_one(Patient, 1), session.get_one(Patient, 2)
        daughter = Respondent(patient_id=1, name="Lise Hoarau", relation="fille", phone="+33639980003", answers=True)
        session.add(daughter)
        marie.phone, marie.answered_by = "", "respondent"
        ines = actor_of(session.scalars(select(Staff).where(Staff.role == Role.COORDINATOR)).first())
        check = verifying.change(
            session, margaret, "+33639980004", reason="nouveau forfait", shared=False, by=ines, now=ward.clock.at, allow_fiction=True
        )
        session.flush()
        code, own = codes.code_of(check), margaret.phone
    page = _read(claire.get("/phones?patient=1"))
    assert "Lise Hoarau, fille" in page and "Grand Large : bonjour." not in page
    assert "Grand Large: hello." in (own_texts := _read(claire.get("/phones?patient=2"))) and code not in own_texts
    claire.post("/phones/1/reply", data={"body": "elle tousse un peu"})
    claire.post("/phones/2-new/reply", data={"body": code})
    with ward.database.reading() as session:
        wrote = session.execute(select(Message.address, Message.patient_id).where(Message.direction == "in").order_by(Message.id)).all()
        assert [tuple(row) for row in wrote] == [("+33639980003", 1), ("+33639980004", 2)]
        assert session.get_one(Patient, 2).phone == "+33639980004" != own
    assert code in _read(claire.get("/phones?patient=2-new")), "now Margaret's own telephone"
    assert claire.get("/phones?patient=1-99").status_code == 404


def test_the_page_asks_for_itself_again_only_when_something_changed(ward: Ward, claire: TestClient) -> None:
    page = claire.get("/phones?patient=1").text
    again = page.split('hx-get="/phones/bench?patient=1&amp;stamp=')[1].split('"')[0]
    assert claire.get(f"/phones/bench?patient=1&stamp={again}").status_code == 204
    claire.post("/phones/1/reply", data={"body": "merci"})
    assert claire.get(f"/phones/bench?patient=1&stamp={again}").status_code == 200


def test_the_clock_jumps_to_the_next_check_in_and_the_question_is_there(ward: Ward, claire: TestClient) -> None:
    with ward.database.reading() as session:
        due = session.scalars(select(CheckIn.due_at).where(CheckIn.patient_id == 1).order_by(CheckIn.due_at)).first()
    page = _read(claire.post("/phones/clock", data={"to": "check_in", "patient": "1"}, headers={"HX-Request": "true"}))
    assert Clock(ward.database).now() - due < timedelta(minutes=1)
    assert "A diarrhée, B bouche douloureuse, C mains et pieds" in page


def test_while_the_clock_jumps_the_others_live_on_and_the_team_waits(ward: Ward) -> None:
    """Marie's telephone is in the visitor's hand: she stays silent. Margaret answers. No alert is taken by anybody."""
    to = ward.clock.at + timedelta(days=1)
    telephones.jump(
        ward.database, ward.service_id, metronome(ward.database), now=ward.clock.at, to=to, absent="+33639980001", seed=hospital.SEED
    )
    with ward.database.reading() as session:
        wrote = set(session.scalars(select(Message.patient_id).where(Message.direction == "in")))
        assert wrote == {2}
        asked = {checkin.patient_id: checkin.state for checkin in session.scalars(select(CheckIn).where(CheckIn.opened_at.is_not(None)))}
        assert asked == {1: CheckInState.OPEN, 2: CheckInState.DONE}
        assert set(session.scalars(select(Alert.owner_id))) <= {None}


def test_a_page_opened_while_the_clock_turns_says_how_far_it_has_come(ward: Ward, claire: TestClient) -> None:
    """Whoever left the page and came back sees the hour reached, no second jump, and the whole page once it has arrived."""
    seen: list[str] = []
    lived = metronome(ward.database)

    def looked_at(hand: HandClock) -> None:
        lived(hand)
        if len(seen) < 2:
            seen.append(_read(claire.get("/phones?patient=1")))
            assert claire.get("/phones/bench?patient=1&stamp=before").status_code == 204  # the page that waits for its own jump

    now, to = ward.clock.at, ward.clock.at + timedelta(hours=6)
    telephones.jump(ward.database, ward.service_id, looked_at, now=now, to=to, absent="+33639980001", seed=hospital.SEED)
    assert len(seen) == 2
    for page in seen:
        assert "Le temps passe, même si vous quittez cette page. Atteint : " in page
        assert "Arrivée : " in page and "Heure suivante" not in page
    mark = re.findall(r"stamp=(turning[^\"]+)", seen[0])
    after = _read(claire.get(f"/phones/bench?patient=1&stamp={mark[0]}"))
    assert "Heure suivante" in after and "Atteint" not in after


def test_the_clock_never_goes_back_nor_too_far(ward: Ward) -> None:
    for days in (-1, 0, 60):
        with pytest.raises(Refusal, match="only goes forward"):
            to = ward.clock.at + timedelta(days=days)
            telephones.jump(ward.database, ward.service_id, None, now=ward.clock.at, to=to, absent="", seed=1)


def test_without_a_metronome_at_hand_the_clock_turns_and_the_worker_follows(ward: Ward) -> None:
    to = ward.clock.at + timedelta(hours=1)
    telephones.jump(ward.database, ward.service_id, None, now=ward.clock.at, to=to, absent="", seed=1)
    assert abs(Clock(ward.database).now() - to) < timedelta(minutes=1)


def test_the_next_morning_is_today_when_it_is_still_to_come(ward: Ward) -> None:
    with ward.database.reading() as session:
        service = session.scalars(select(Service)).one()
        at_six, at_noon = OPENING - timedelta(hours=4), OPENING + timedelta(hours=2)
        assert telephones.next_morning(service, at_six) == OPENING - timedelta(hours=1)
        assert telephones.next_morning(service, at_noon) == OPENING + timedelta(hours=23)
