"""Absences, the pause and the reason of a silence on the screens: roles, what is kept when refused (FR-04, HZ-25, HZ-35)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.checkins.models import CheckIn
from app.core.clock import HandClock
from app.people import pauses
from app.people.models import Absence, Patient
from app.people.perimeter import actor_of
from tests.app.web.conftest import SignIn
from tests.app.web.test_nurse import said
from tests.factories import World
from tests.support.chain import MARIE, Chain

MONDAY, THURSDAY_TEN = date(2026, 11, 23), datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
SATURDAY_TEN = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


@pytest.fixture
def marie(chain: Chain) -> Patient:
    return chain.follow()


def patient(chain: Chain) -> Patient:
    with chain.read() as session:
        return session.scalars(select(Patient)).one()


def rows(chain: Chain) -> list[Absence]:
    with chain.read() as session:
        return list(session.scalars(select(Absence).order_by(Absence.id)))


def test_a_stay_is_recorded_shown_and_ended(claire: TestClient, chain: Chain, marie: Patient) -> None:
    path = f"/patients/{marie.id}"
    answer = claire.post(f"{path}/absences/record", data={"kind": "hospital_stay", "from_day": "2026-11-23", "reason": "chirurgie"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?noted=record#noted")
    told = said(claire.get(answer.headers["location"]))
    assert "C'est noté : Séjour à l'hôpital" in told, "one press in the panel leads here: who pressed reads that it is done"
    assert "C'est noté" not in said(claire.get(path)) and 'id="noted"' not in claire.get(f"{path}?noted=nonsense").text
    shown = claire.get(path).text
    assert "Séjour à l&#39;hôpital" in shown
    assert "chirurgie" in shown
    assert "Claire Payet a noté" in shown
    assert patient(chain).follow_up == "frozen"

    assert claire.post(f"{path}/absences/last_day", data={"id": "1", "until_day": "2026-11-24"}).status_code == 303
    asked = claire.post(f"{path}/absences/undo", data={"id": "1"})
    assert (asked.status_code, asked.headers["location"], patient(chain).follow_up) == (303, f"{path}/stays/1", "frozen")


def a_stay(claire: TestClient, marie: Patient) -> str:
    claire.post(f"/patients/{marie.id}/absences/record", data={"kind": "hospital_stay", "from_day": "2026-11-23", "reason": "chirurgie"})
    return f"/patients/{marie.id}/stays/1"


def test_ending_a_stay_asks_how_why_and_who_says_so(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """Nothing ends on a slip; what was typed comes back; what follows is told."""
    path = a_stay(claire, marie)
    assert "Ce séjour est-il fini" in claire.get(path).text
    refused = claire.post(path, data={"how": "home", "reason": "", "said_by": "sa fille"})
    assert refused.status_code == 422
    assert 'value="sa fille"' in refused.text and 'value="home" checked' in refused.text
    assert "le dossier doit dire pourquoi" in refused.text
    assert patient(chain).follow_up == "frozen"

    chain.wait(days=2)
    assert claire.post(path, data={"how": "home", "reason": "sortie", "said_by": "sa fille"}).status_code == 303
    row = rows(chain)[0]
    assert (patient(chain).follow_up, row.until_day, row.begun_at is not None) == ("active", date(2026, 11, 25), True)
    page = claire.get(f"/patients/{marie.id}").text
    assert "Les questions reprennent" in page and "Rouvrir ce séjour" in page
    assert "sortie (sa fille)" in claire.get(f"/patients/{marie.id}/timeline?kind=follow_up").text


def test_a_stay_written_by_mistake_never_was(claire: TestClient, chain: Chain, marie: Patient) -> None:
    path = a_stay(claire, marie)
    claire.post(path, data={"how": "mistake", "reason": "autre Marie", "said_by": "le service"})
    assert (patient(chain).follow_up, rows(chain)[0].begun_at) == ("active", None)
    assert "annulé par Claire Payet" in claire.get(f"/patients/{marie.id}/absences").text


@pytest.mark.parametrize("how", ["home", "mistake"])
def test_an_ended_stay_stands_again_with_a_reason(claire: TestClient, chain: Chain, marie: Patient, how: str) -> None:
    path = a_stay(claire, marie)
    claire.post(path, data={"how": how, "reason": "sortie", "said_by": "sa fille"})
    assert "<h1>Rouvrir ce séjour" in claire.get(path).text
    assert claire.post(path, data={"again": "yes", "reason": ""}).status_code == 422
    assert patient(chain).follow_up == "active"
    assert claire.post(path, data={"again": "yes", "reason": "erreur de ligne"}).status_code == 303
    row = rows(chain)[0]
    assert (patient(chain).follow_up, row.ended_at, row.until_day, row.begun_at is not None) == ("frozen", None, None, True)
    chain.wait(days=1)
    assert patient(chain).follow_up == "frozen", "it is not over again at the next tick"
    told = claire.get(f"/patients/{marie.id}/timeline?kind=follow_up").text
    assert "Claire Payet a rouvert" in told and "erreur de ligne" in told


def test_what_is_refused_comes_back_with_its_sentences_and_everything_typed(claire: TestClient, chain: Chain, marie: Patient) -> None:
    answer = claire.post(f"/patients/{marie.id}/absences/record", data={"kind": "end", "from_day": "", "reason": ""})
    assert answer.status_code == 422
    assert "Écrivez la date." in answer.text
    assert "le dossier doit dire pourquoi" in answer.text
    assert '<option value="end" selected>' in answer.text
    assert rows(chain) == []


def test_a_death_is_taken_back_by_a_nurse_or_the_coordinator_with_a_reason(
    claire: TestClient, sign_in: SignIn, world: World, chain: Chain, marie: Patient
) -> None:
    path = f"/patients/{marie.id}/absences"
    doctor, ines = sign_in(world.lebon), sign_in(world.ines)
    death = {"kind": "death", "from_day": "2026-11-22"}
    asked = doctor.post(f"{path}/record", data=death)
    assert (asked.status_code, patient(chain).follow_up, rows(chain)) == (200, "active", [])
    assert "Plus aucun message ne part, et les relevés prévus sont annulés." in asked.text
    assert 'name="from_day" value="2026-11-22"' in asked.text
    assert 'name="sure" value="yes"' in asked.text
    assert doctor.post(f"{path}/record", data={**death, "sure": "yes"}).status_code == 303
    assert patient(chain).follow_up == "ended"
    chart = claire.get(f"/patients/{marie.id}").text
    assert "Annuler ce décès" in chart
    assert f"/patients/{marie.id}/call" not in chart  # nobody telephones her
    assert "tel:+33639980001" not in chart
    noted = str(rows(chain)[0].id)
    assert doctor.post(f"{path}/undo", data={"id": noted, "reason": "erreur"}).status_code == 403
    assert ines.post(f"{path}/undo", data={"id": noted, "reason": ""}).status_code == 422
    assert patient(chain).follow_up == "ended"
    assert ines.post(f"{path}/undo", data={"id": noted, "reason": "erreur de dossier"}).status_code == 303
    assert patient(chain).follow_up == "active"
    page = claire.get(f"/patients/{marie.id}").text
    assert f"/patients/{marie.id}/call" in page and "tel:+33639980001" in page
    assert "erreur de dossier" in page
    assert "Décès\u00a0: annulé par" in page
    assert "absence terminée" not in page


def test_today_s_questions_that_a_mistaken_death_cut_short_are_asked_again(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """HZ-35, HZ-25: nobody is left unasked because of another person's death."""
    chain.until(datetime(2026, 11, 25, 9, 0, tzinfo=UTC))
    path = f"/patients/{marie.id}/absences"
    assert chain.checkin(marie, date(2026, 11, 25)).state == "open"
    claire.post(f"{path}/record", data={"kind": "death", "from_day": "2026-11-25", "sure": "yes"})
    assert "ne revient pas" not in claire.get(path).text
    claire.post(f"{path}/undo", data={"id": str(rows(chain)[0].id), "reason": "autre personne"})
    assert chain.checkin(marie, date(2026, 11, 25)).state == "open"
    assert "ne revient pas" not in claire.get(path).text


def test_today_s_questions_whose_hour_passed_under_an_absence_are_told_as_lost(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """HZ-25: cancelled before they ever left, they are not asked after their hour: the nurse is told, and decides whether to call."""
    chain.until(datetime(2026, 11, 25, 8, 30, tzinfo=UTC))
    path = f"/patients/{marie.id}/absences"
    claire.post(f"{path}/record", data={"kind": "wrong_number", "from_day": "2026-11-25", "reason": "un inconnu répond"})
    assert "ne revient pas" not in claire.get(path).text
    chain.until(datetime(2026, 11, 25, 9, 30, tzinfo=UTC))
    claire.post(f"{path}/undo", data={"id": str(rows(chain)[0].id), "reason": "c'était elle"})
    assert chain.checkin(marie, date(2026, 11, 25)).state == "cancelled"
    assert "Le relevé du mer. 25 nov. a été annulé et ne revient pas. Appelez si besoin." in claire.get(path).text


def test_a_text_from_somebody_noted_dead_is_a_task_that_says_so_first(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """HZ-35."""
    claire.post(f"/patients/{marie.id}/absences/record", data={"kind": "death", "from_day": "2026-11-23", "sure": "yes"})
    chain.says(MARIE, "bonjour, je vais bien")
    page = claire.get("/list").text
    assert "Message d&#39;une personne notée décédée" in page
    assert page.index("notée décédée") < page.index("je vais bien")


@pytest.mark.parametrize("who", ["paul", "noe"])
def test_the_secretary_and_the_pharmacist_read_only(sign_in: SignIn, world: World, chain: Chain, marie: Patient, who: str) -> None:
    browser = sign_in(getattr(world, who))
    for act in ("record", "undo", "last_day", "pause", "ring"):
        assert browser.post(f"/patients/{marie.id}/absences/{act}", data={}).status_code == 403
    shown = browser.get(f"/patients/{marie.id}/absences")
    assert shown.status_code == 200
    assert "absences/record" not in shown.text


@pytest.mark.parametrize("who", ["claire", "ines", "lebon"])
def test_a_pause_is_made_seen_everywhere_and_ended(sign_in: SignIn, world: World, chain: Chain, marie: Patient, who: str) -> None:
    """FR-04: with a reason and an end, by nurse, coordinator or oncologist; visible wherever the patient is."""
    browser, path = sign_in(getattr(world, who)), f"/patients/{marie.id}"
    assert browser.post(f"{path}/absences/pause", data={"until": "2026-12-22", "reason": "voyage"}).status_code == 422
    assert browser.post(f"{path}/absences/pause", data={"until": "2026-12-21", "reason": ""}).status_code == 422
    assert browser.post(f"{path}/absences/pause", data={"until": "2026-12-21", "reason": "voyage"}).status_code == 303
    chain.says(MARIE, "je suis enceinte")

    for address in (path, "/patients", "/", "/list", f"{path}/absences"):
        shown = browser.get(address).text
        assert re.search("(silence en pause|Silence sans alerte) jusqu&#39;au lun. 21 déc.[^<]*(<[^>]*>[^<]*){0,2}voyage", shown), address
        if address.startswith(path):
            assert re.search(f"voyage</p><p[^>]*>noté par {getattr(world, who).name}, ", shown), address
    assert "silence en pause jusqu" in browser.get(f"/alerts/{chain.alerts()[0].id}").text
    assert browser.post(f"{path}/absences/ring", data={}).status_code == 303
    assert '<span class="tag">silence en pause' not in browser.get(path).text


def test_the_reason_of_a_silence_is_asked_when_its_alert_is_closed(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """HZ-25: asked, needed, kept with who said it; "not reached" alone needs none, and ends nothing."""
    chain.until(THURSDAY_TEN)
    (alert,) = chain.alerts()
    claire.post(f"/alerts/{alert.id}/take")
    page = claire.get(f"/alerts/{alert.id}").text
    assert 'value="telephone_broken"' in page
    assert re.search(r"Relevé du mer\. 25 nov\.\s: questions [^·]* · rappel [^·]* · à appeler depuis", page), "who was told when"
    refused = claire.post(f"/alerts/{alert.id}/close", data={"outcome": "advice"})
    assert refused.status_code == 422
    assert chain.alerts() != []
    closed = claire.post(f"/alerts/{alert.id}/close", data={"outcome": "advice", "silence_reason": "telephone_broken"})
    assert closed.status_code == 303
    row = chain.checkin(marie, date(2026, 11, 25))
    assert (row.ended_as, row.silence_reason, row.ended_as_by) == ("reason", "telephone_broken", f"staff:{chain.world.claire.id}")
    assert "Téléphone en panne" in claire.get(f"/patients/{marie.id}").text


def test_not_reached_ends_nothing_and_the_overdue_call_asks_again(claire: TestClient, chain: Chain, marie: Patient) -> None:
    with chain.database.transaction() as session:
        for row in session.scalars(select(CheckIn).where(CheckIn.day > date(2026, 11, 25))):
            row.state, row.opened_at, row.closed_at = "cancelled", chain.clock.now(), chain.clock.now()
    chain.until(THURSDAY_TEN)
    (alert,) = chain.alerts()
    claire.post(f"/alerts/{alert.id}/take")
    claire.post(f"/alerts/{alert.id}/call", data={"whom": "patient", "reached": "no"})
    assert claire.post(f"/alerts/{alert.id}/close", data={"outcome": "not_reached"}).status_code == 303
    chain.until(SATURDAY_TEN)
    assert chain.tasks() == ["overdue_call"]
    assert "Inès Caron" in claire.get("/list").text

    page = claire.get("/tasks/1")
    assert "Sans nouvelles depuis 72 h" in page.text
    assert claire.post("/tasks/1/close", data={"note": "appelé"}).status_code == 422
    assert chain.tasks() == ["overdue_call"]
    assert claire.post("/tasks/1/close", data={"note": "appelé, va bien", "silence_reason": "forgot"}).status_code == 303
    assert chain.tasks() == []
    row = chain.checkin(marie, date(2026, 11, 25))
    assert (row.ended_as, row.silence_reason, row.silence_note) == ("reason", "forgot", "appelé, va bien")


def test_explaining_at_the_alert_ends_the_overdue_call_too(claire: TestClient, chain: Chain, marie: Patient) -> None:
    with chain.database.transaction() as session:
        for row in session.scalars(select(CheckIn).where(CheckIn.day > date(2026, 11, 25))):
            row.state, row.opened_at, row.closed_at = "cancelled", chain.clock.now(), chain.clock.now()
    chain.until(SATURDAY_TEN)
    (alert,) = chain.alerts()
    assert chain.tasks() == ["overdue_call"]
    claire.post(f"/alerts/{alert.id}/take")
    claire.post(f"/alerts/{alert.id}/close", data={"outcome": "no_action", "silence_reason": "too_ill"})
    assert (chain.alerts(), chain.tasks()) == ([], [])


def test_the_story_says_which_ways_were_tried(claire: TestClient, chain: Chain) -> None:
    from notifications.messages import State
    from notifications.transports.simulator import ends

    marie = chain.follow()
    chain.phones.faults[MARIE] = ends(State.UNDELIVERED, "30003")
    chain.until(datetime(2026, 11, 25, 9, 1, tzinfo=UTC))
    assert "non remis : appel demandé" in claire.get(f"/patients/{marie.id}").text.replace("\u00a0", " ")


def test_a_date_written_by_hand_in_the_database_pauses_nothing(chain: Chain, marie: Patient) -> None:
    """FR-04: no column switches the alert off for ever: a date beyond four weeks is not a pause."""
    with chain.database.transaction() as session:
        one = session.scalars(select(Patient)).one()
        one.silence_paused_until, one.silence_pause_reason = date(2099, 1, 1), "toujours"
        assert not pauses.holds(one, MONDAY)
    chain.until(THURSDAY_TEN)
    assert [alert.kind for alert in chain.alerts()] == ["silence"]
    assert actor_of(chain.world.claire).kind == "staff"
