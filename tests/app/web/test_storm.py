"""Cyclone mode on the screen of a ward in La Réunion: the coordinator's form, the banner of every page, the sheet of whom to call."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.db import Database
from app.people import storms
from app.people.models import Respondent, Service
from app.people.perimeter import viewer_of
from app.people.rota_models import Storm
from tests.app.web.conftest import SignIn
from tests.app.web.ward import Morning, the_morning
from tests.factories import World, a_patient

AVA = "Cyclone Ava, alerte rouge"
UNTIL = "Mode cyclone jusqu'au ven. 20 nov., 13 h 00 : Cyclone Ava, alerte rouge"


@pytest.fixture
def morning(database: Database, world: World, clock: HandClock) -> Morning:
    """Wednesday 13:00 in Saint-Denis: Marie cannot breathe, Jean is tired; Anne Boyer is well, her son Luc has a telephone."""
    found = the_morning(database, world, clock)
    with database.transaction() as session:
        service = session.get_one(Service, world.service.id)
        service.country, service.timezone = "RE", "Indian/Reunion"
        anne = a_patient(session, world, now=clock.now(), family_name="Boyer", given_names="Anne", phone="+33639980190")
        session.add(Respondent(patient_id=anne.id, name="Luc Boyer", relation="son fils", phone="+33639980191"))
    return found


def text(page: str) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", page).split())).replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.usefixtures("morning")
def test_it_is_begun_stands_on_every_page_of_the_service_and_is_ended(
    sign_in: SignIn, database: Database, world: World, clock: HandClock
) -> None:
    ines, luc, alma = (sign_in(one) for one in (world.ines, world.luc, world.alma))
    wrong = ines.post("/rota/storm", data={"hours": "48", "reason": " "})
    assert (wrong.status_code, "Écrivez pourquoi" in wrong.text) == (422, True)
    assert '<option value="48" selected>' in wrong.text
    wrong = ines.post("/rota/storm", data={"hours": "", "reason": AVA})
    assert (wrong.status_code, "Choisissez 24, 48 ou 72 heures." in text(wrong.text)) == (422, True)
    assert f'value="{AVA}"' in wrong.text, "what was typed comes back"
    assert "Mode cyclone jusqu" not in text(luc.get("/").text)
    assert ines.post("/rota/storm", data={"hours": "48", "reason": AVA}).headers["location"] == "/rota?said=storm_begun#storm"
    for address in ("/", "/rota", "/patients", "/nowhere"):
        page = luc.get(address).text
        assert re.search(r'<p class="storm-on" role="status">', page), address
        assert UNTIL in text(page), address
    assert "Mode cyclone jusqu" not in text(alma.get("/staff").text), "she works in no service"
    with database.reading() as session:
        row = session.scalars(select(Storm)).one()
    assert luc.post("/rota/storm", data={"hours": "72", "reason": "x"}).status_code == 403
    assert luc.post(f"/rota/storm/{row.id}/end").status_code == 403
    assert ines.post(f"/rota/storm/{row.id}/end").headers["location"] == "/rota?said=storm_ended#storm"
    assert "Mode cyclone jusqu" not in text(luc.get("/").text)
    assert ines.post(f"/rota/storm/{row.id}/end").status_code == 404


def test_the_sheet_names_whom_to_call_and_its_opening_is_recorded(
    sign_in: SignIn, database: Database, world: World, clock: HandClock, morning: Morning
) -> None:
    luc = sign_in(world.luc)
    assert "Le mode cyclone n'est pas en cours." in text(luc.get("/rota/storm").text), "it is printed before, too"
    with database.transaction() as session:
        storms.begin(session, hours=48, reason=AVA, by=viewer_of(world.ines), now=clock.now())
    page = text(luc.get("/rota/storm").text)
    assert UNTIL in page
    places = [page.index(name) for name in ("HOARAU Marie", "PAYET Jean", "BOYER Anne")]
    assert places == sorted(places), "open alerts first, though Boyer comes before in the alphabet"
    anne = page[places[2] :]
    assert "née le 14/03/1955" in anne
    assert "+33 6 39 98 01 90 +33 6 39 98 01 91 Luc Boyer, son fils" in anne
    assert "Capécitabine" in page[places[0] : places[1]]
    assert "Urgent" in page[places[0] : places[1]]
    assert re.search(r"avant mer\. 18 nov\., 13 h \d\d", page[places[0] : places[1]]), "an hour: on paper nothing counts down"
    with database.reading() as session:
        mine = (AuditRow.action == "chart.opened", AuditRow.reason == "storm", AuditRow.actor == f"staff:{world.luc.id}")
        opened = list(session.scalars(select(AuditRow.patient_id).where(*mine)))
    assert len(opened) == len(set(opened)) == 3, "each chart once a visit"
    assert {morning.marie.id, morning.jean.id} < set(opened)
    clock.forward(hours=48)
    assert UNTIL not in text(sign_in(world.claire).get("/rota").text), "over at its hour, with nothing that ticks"
    assert sign_in(world.alma).get("/rota/storm").status_code == 403


def test_it_is_said_in_english_too(sign_in: SignIn, database: Database, world: World, clock: HandClock) -> None:
    with database.transaction() as session:
        storms.begin(session, hours=72, reason="Cyclone Ava", by=viewer_of(world.ines), now=clock.now() - timedelta(hours=1))
    ines = sign_in(world.ines)
    ines.post("/language", data={"language": "en", "back": "/rota"})
    page = text(ines.get("/rota").text)
    assert re.search(r"Cyclone mode until .+: Cyclone Ava", page)
    refused = ines.post("/rota/storm", data={"hours": "24", "reason": "x"})
    assert (refused.status_code, "already runs longer" in refused.text) == (422, True)
