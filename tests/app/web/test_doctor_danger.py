"""A doctor's home while patients are in danger or orders wait: they come first, in the words and hours of the list."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts import answering, asked, asking, handling, tasks
from app.alerts.answering import Decision
from app.alerts.models import DoctorAnswer, Task
from app.alerts.reasons import Reason
from app.checkins.judging import measured
from app.checkins.rhythm import ordered
from app.core.audit import SYSTEM
from app.core.clock import HandClock
from app.core.db import Database
from app.people import care_team, services
from app.people.models import Patient, Role, Staff
from app.people.perimeter import viewer_of
from app.protocols import shelf
from app.treatment import measures
from app.web.ward.naming import DECIDED
from tests.app.web.conftest import SignIn
from tests.factories import PASSWORD, World, a_course, a_patient
from triage.terms import Level

TEN = datetime.fromisoformat("2026-11-25T10:00:00+01:00")


@pytest.fixture
def marie(database: Database, world: World, clock: HandClock, signed: None) -> Patient:
    """Wednesday 10:00; Dr Lebon is her oncologist; nothing is open."""
    clock.at = TEN
    with database.transaction() as session:
        shelf.seed(session, TEN)
        marie = a_patient(session, world, now=TEN - timedelta(days=2))
        a_course(session, world, marie, now=TEN, first_intake=TEN.date())
        return marie


@pytest.fixture
def vidal(database: Database, world: World) -> Staff:
    """Another doctor of the service, who is nobody's oncologist."""
    with database.transaction() as session:
        who = {"login": "vidal", "name": "Dr Tom Vidal", "role": Role.ONCOLOGIST, "password": PASSWORD}
        return services.engage(session, world.hospital, service=world.service, by=SYSTEM, now=TEN, **who)


def _danger(database: Database, world: World, who: Patient, level: Level = Level.URGENT, at: datetime = TEN) -> int:
    with database.transaction() as session:
        reason = Reason(kind="danger", level=level, detail={"dangers": ["dyspnea"]})
        alert = handling.consider(session, service=world.service, patient=who, reason=reason, now=at)
        assert alert is not None
        return alert.id


def _ask(database: Database, world: World, who: Patient, *, level: str = "moderate") -> int:
    with database.transaction() as session:
        return asking.ask(session, who, by=viewer_of(world.claire), now=TEN, question="Poursuivre ?", level=level).id


def _home(client: TestClient, address: str = "/doctor") -> str:
    return html.unescape(client.get(address).text).replace("\u202f", " ").replace("\xa0", " ").split("<main")[1]


def test_a_danger_has_the_first_line_without_any_request(database: Database, sign_in: SignIn, world: World, marie: Patient) -> None:
    """Nobody asked anything: her danger stands first, with the words, the hour and the holder of the list."""
    alert = _danger(database, world, marie)
    _ask(database, world, marie)
    home = _home(sign_in(world.lebon))
    first = home.split("<li>")[1]
    assert f'href="/alerts/{alert}"' in first and "level-urgent" in first and "HOARAU Marie" in first
    assert "essoufflement" in first and "reste 30 min" in first and "à prendre" in first
    assert home.index("1 de vos patients en danger") < home.index("1 demande pour vous")


def test_a_danger_that_waits_too_long_says_by_how_much(
    database: Database, sign_in: SignIn, world: World, marie: Patient, clock: HandClock
) -> None:
    _danger(database, world, marie)
    clock.forward(minutes=45)
    assert '<span class="left late">dépassé de 15 min</span>' in _home(sign_in(world.lebon)).split("<li>")[1]


def test_an_order_not_carried_out_is_late_in_the_words_of_the_list(
    database: Database, sign_in: SignIn, world: World, marie: Patient, clock: HandClock
) -> None:
    """Admitted at 10:00, to be told before 10:30. At 10:10 it stands below; at 11:00 above the requests, half an hour late."""
    number = _ask(database, world, marie)
    with database.transaction() as session:
        ordered.answer(session, number, Decision(DoctorAnswer.ADMIT), by=viewer_of(world.lebon), now=TEN)
    clock.forward(minutes=10)
    lebon = sign_in(world.lebon)
    assert "réponse que le patient ne connaît pas encore" in _home(lebon) and "pas dite à temps" not in _home(lebon)
    clock.forward(minutes=50)
    _ask(database, world, marie)
    home = _home(lebon)
    assert home.index("1 réponse pas dite à temps") < home.index("1 demande pour vous")
    assert "dépassé de 30 min" in home and "Dr Aurore Lebon : hospitaliser · prévenir le patient" in home and "level-urgent" in home
    assert "ne connaît pas encore" not in home


def test_an_answer_that_news_stand_against_is_never_folded_and_dangers_stand_by_their_hour(
    database: Database, sign_in: SignIn, world: World, marie: Patient, vidal: Staff, clock: HandClock
) -> None:
    """Dr Vidal answered of six of Dr Lebon's patients; then the last of them is in danger: her answer, of six, is to be read first.

    The danger of Mrs Aube, taken, is older than Marie's, which nobody has: she stands first, at 10:40 by ten minutes overdue.
    """
    with database.transaction() as session:
        named = enumerate(("Aube", "Breval", "Coste", "Doria", "Fabre"))
        others = [a_patient(session, world, family_name=name, phone=f"+3363998002{nth}", now=TEN) for nth, name in named]
    for who in (*others, marie):
        number = _ask(database, world, who)
        with database.transaction() as session:
            ordered.answer(session, number, Decision(DoctorAnswer.CONTINUE), by=viewer_of(vidal), now=TEN)
    doctor = sign_in(vidal)
    assert "à relire" not in _home(doctor)
    aube = _danger(database, world, others[0])
    with database.transaction() as session:
        handling.take(session, aube, by=viewer_of(world.luc), now=TEN)
    clock.forward(minutes=20)
    _danger(database, world, marie, at=TEN + timedelta(minutes=20))
    home = _home(doctor)
    listed = home.split("1 réponse à relire avant qu'elle soit dite : du nouveau depuis")[1].split("</ul>")[0]
    assert f'href="/requests/{number}"' in listed and "HOARAU Marie" in listed and "Du nouveau depuis cette réponse" in listed
    assert home.count("HOARAU Marie") == 1 and "5 réponses que les patients ne connaissent pas encore" in home
    clock.forward(minutes=20)
    lebon = _home(sign_in(world.lebon))
    first, second = lebon.split("en danger</h2>")[1].split("<li>")[1:3]
    assert "AUBE Marie" in first and "dépassé de 10 min" in first and "HOARAU Marie" in second and "reste 10 min" in second
    assert lebon.index("en danger</h2>") < lebon.index("1 réponse à relire")


def test_another_doctor_sees_them_once_on_call_or_standing_in(
    database: Database, sign_in: SignIn, world: World, marie: Patient, vidal: Staff, clock: HandClock
) -> None:
    """Dr Vidal, nobody's oncologist, is shown nothing at 10:00; on call from 11:00, Marie's danger."""
    _danger(database, world, marie)
    assert "en danger" not in _home(sign_in(vidal))
    with database.transaction() as session:
        begins = TEN + timedelta(hours=1)
        care_team.put_on_shift(session, vidal, kind="on_call", starts_at=begins, ends_at=begins + timedelta(hours=8))
    clock.forward(minutes=61)
    assert "1 patient du service en danger" in _home(sign_in(vidal)), "on call: everybody's"


def test_a_grave_value_to_read_stands_under_the_dangers_of_its_own_doctor(
    database: Database, sign_in: SignIn, world: World, marie: Patient, vidal: Staff, clock: HandClock
) -> None:
    """Potassium 6.9 is grade 3 (CTCAE v5.0), no alert: its task is on the home of her doctor, and of another one only while on call."""
    _danger(database, world, marie)
    _ask(database, world, marie)
    with database.transaction() as session:
        person, by = session.get_one(Patient, marie.id), viewer_of(world.claire).actor
        sent = {"kind": "potassium", "value": "6,9", "unit": "mmol/L", "taken_at": TEN - timedelta(hours=1), "source": "labo"}
        row = measures.record(session, person, by=by, now=TEN, **sent)
        measured.judge(session, person, row, now=TEN)
        number = session.scalars(select(Task.id).where(Task.kind == "result_to_read")).one()
        tasks.make(session, service_id=world.service.id, kind="help_arrived", key="help", patient_id=marie.id, now=TEN)
    lebon = sign_in(world.lebon)
    home = _home(lebon)
    assert home.index("en danger</h2>") < home.index("1 résultat à lire de vos patients") < home.index("1 demande pour vous")
    line = home.split(f'href="/tasks/{number}"')[1].split("</li>")[0]
    assert "level-high" in line and "HOARAU Marie" in line and "Potassium 6,9 mmol/L" in line and "reste 4 h" in line
    assert home.count('href="/tasks/') == 1 and lebon.get(f"/tasks/{number}").status_code == 200, "no other task among them"
    assert "résultat" not in _home(sign_in(vidal))
    with database.transaction() as session:
        care_team.put_on_shift(session, vidal, kind="on_call", starts_at=TEN, ends_at=TEN + timedelta(hours=8))
    clock.forward(minutes=1)
    assert "1 résultat à lire du service" in _home(sign_in(vidal))


def test_the_hour_of_an_answer_is_not_the_hour_of_a_danger(
    database: Database, sign_in: SignIn, world: World, marie: Patient, clock: HandClock
) -> None:
    """A question for the next working day, a danger of thirty minutes: each hour says whose it is, on the home and on the page."""
    number = _ask(database, world, marie)
    _danger(database, world, marie)
    clock.forward(minutes=10)
    lebon, claire = sign_in(world.lebon), sign_in(world.claire)

    def head(client: TestClient) -> str:
        return re.sub("<[^>]+>", "", html.unescape(client.get(f"/requests/{number}").text).split("</h1>")[1].split("</p>")[0])

    card = re.sub("<[^>]+>", "", _home(lebon).split(f'href="/requests/{number}"')[1].split("</li>")[0])
    for text, whose in ((card, "votre réponse"), (head(lebon), "votre réponse"), (head(claire), "réponse du médecin")):
        said = text.replace("\u202f", " ").replace("\xa0", " ")
        assert "Alerte ouverte : reste 20 min" in said and re.search(f"{whose} : reste (23 h|1 j)", said), said
    lebon.post(f"/requests/{number}/answer", data={"answer": "hold_until", "until": "2026-11-27"})
    said = re.sub("<[^>]+>", "", _home(lebon))
    assert "Alerte ouverte : reste 20 min" in said and re.search("à dire au patient : (reste|avant) ", said)


def test_a_request_has_one_level_on_the_home_and_on_its_page(database: Database, sign_in: SignIn, world: World, marie: Patient) -> None:
    """Asked for today, of a patient in danger now: urgent in both places, and nowhere "modéré"."""
    _danger(database, world, marie)
    number = _ask(database, world, marie)
    lebon = sign_in(world.lebon)
    card = _home(lebon).split(f'href="/requests/{number}"')[1].split("</li>")[0]
    assert "level-urgent" in card and "level-moderate" not in card and "jour ouvré" not in card
    head = html.unescape(lebon.get(f"/requests/{number}").text).split("<h1>")[1].split("</p>")[0]
    assert "level-urgent" in head and "level-moderate" not in head


def test_what_was_sent_is_said_with_its_day_and_who_will_tell(database: Database, sign_in: SignIn, world: World, marie: Patient) -> None:
    """Her alert is nobody's: the team will tell. Luc takes it: Luc will. Corrected before anybody told: nobody tells "again"."""
    alert, number = _danger(database, world, marie), _ask(database, world, marie)
    lebon = sign_in(world.lebon)
    sent = lebon.post(f"/requests/{number}/answer", data={"answer": "hold_until", "until": "2026-11-27"}).headers["location"]
    said = _home(lebon, sent).split("</p>")[0]
    assert "Réponse envoyée : suspendre jusqu'au ven. 27 nov., HOARAU Marie." in said and "personne ne l'a encore pris" in said
    with database.transaction() as session:
        handling.take(session, alert, by=viewer_of(world.luc), now=TEN)
    assert f"{world.luc.name} le dira au patient." in _home(lebon, sent).split("</p>")[0]
    data = {"answer": "hold_until", "until": "2026-11-28", "reason": "Mauvais jour."}
    sent = lebon.post(f"/requests/{number}/correct", data=data).headers["location"]
    said = _home(lebon, sent).split("</p>")[0]
    assert "Réponse corrigée : suspendre jusqu'au sam. 28 nov., HOARAU Marie." in said
    assert f"{world.luc.name} le dira au patient." in said and "redira" not in said


def test_a_correction_of_what_was_told_is_told_again(database: Database, sign_in: SignIn, world: World, marie: Patient) -> None:
    number = _ask(database, world, marie)
    lebon = sign_in(world.lebon)
    lebon.post(f"/requests/{number}/answer", data={"answer": "continue"})
    with database.transaction() as session:
        answering.tell(session, number, by=viewer_of(world.claire), now=TEN, reached=True, words="Vous continuez.")
    sent = lebon.post(f"/requests/{number}/correct", data={"answer": "see_today", "reason": "Mauvais patient."}).headers["location"]
    assert "le redira au patient." in _home(lebon, sent).split("</p>")[0]


def test_a_hold_without_words_says_whose_decision_it_is(database: Database, sign_in: SignIn, world: World, marie: Patient) -> None:
    """In the head of the patient, on the request and on the page of the treatment: the doctor and the day, no internal code."""
    number = _ask(database, world, marie)
    lebon = sign_in(world.lebon)
    lebon.post(f"/requests/{number}/answer", data={"answer": "hold_until", "until": "2026-11-27"})
    for address in (f"/patients/{marie.id}", f"/requests/{number}", f"/patients/{marie.id}/treatment"):
        page = _home(lebon, address)
        assert "décision du Dr Aurore Lebon, mer. 25 nov." in page, address
        assert f"D{number}" not in page, address


def test_words_of_a_person_that_look_like_a_code_stay() -> None:
    assert DECIDED.fullmatch("Dr Aurore Lebon, D4") and not DECIDED.fullmatch("fièvre, D14")


def test_the_same_rung_again_and_again_is_one_line_of_the_story(
    database: Database, sign_in: SignIn, world: World, marie: Patient, clock: HandClock
) -> None:
    """Urgent, unanswered for an hour: the head's rung at 10:15, then every five minutes until 11:00, is one line that counts ten."""
    number = _ask(database, world, marie, level="urgent")
    for minutes in range(0, 61, 5):
        with database.transaction() as session:
            asked.step(session, number, TEN + timedelta(minutes=minutes))
    clock.forward(minutes=61)
    page = _home(sign_in(world.lebon), f"/requests/{number}")
    assert page.count("Prévenir la coordination") == 1
    assert re.search(r"Prévenir la coordination : [^<]*· 10 fois, la dernière (aujourd'hui )?à 11 h 00", page)
    assert page.count("Prévenir le médecin demandé") == 1 and "2 fois" in page


def test_the_form_to_ask_says_who_can_answer_and_an_urgent_one_begins_with_whoever_is_on_call(
    database: Database, sign_in: SignIn, world: World, marie: Patient, vidal: Staff
) -> None:
    """Her own doctor, Dr Lebon, comes on Monday; Dr Vidal is on call until 18:00."""
    claire, address = sign_in(world.claire), f"/patients/{marie.id}/ask"

    def choices() -> list[tuple[str, str]]:
        page = html.unescape(claire.get(address).text).replace("\u202f", " ").replace("\xa0", " ")
        return re.findall(r'<option value="\d+"( selected)?>([^<]+)', page.split('<select id="doctor"')[1].split("</select>")[0])

    assert choices() == [(" selected", "Dr Aurore Lebon"), ("", "Dr Tom Vidal")], "no rota says who works"
    with database.transaction() as session:
        for who, kind, begins, ends in ((vidal, "on_call", -2, 8), (world.lebon, "ward", 119, 127)):
            at = {"starts_at": TEN + timedelta(hours=begins), "ends_at": TEN + timedelta(hours=ends)}
            care_team.put_on_shift(session, who, kind=kind, **at)
    on_call, off = "Dr Tom Vidal, d'astreinte jusqu'à 18 h 00", "Dr Aurore Lebon, pas là avant lun. 30 nov. 9 h 00"
    assert choices() == [("", on_call), (" selected", off)]
    _danger(database, world, marie)
    assert choices() == [(" selected", on_call), ("", off)]
