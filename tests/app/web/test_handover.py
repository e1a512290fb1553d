"""The page of the handover: what is read is what is signed, two who press at once, the kept text, the reader who signs nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts import handling
from app.alerts.reasons import Reason
from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.db import Database
from app.people import care_team
from app.people.models import Service, Staff
from app.people.perimeter import viewer_of
from tests.app.web.conftest import SignIn
from tests.app.web.test_nurse import said
from tests.app.web.ward import Morning, the_morning
from tests.factories import World
from triage.terms import Level

HOUR = timedelta(hours=1)


@pytest.fixture
def morning(database: Database, world: World, clock: HandClock) -> Morning:
    """Wednesday 10:00: Marie cannot breathe and was not told, Jean is tired, a stranger wrote."""
    return the_morning(database, world, clock)


def works(database: Database, who: Staff, clock: HandClock, begins: float, ends: float) -> None:
    with database.transaction() as session:
        now = clock.now()
        care_team.put_on_shift(session, who, kind="ward", starts_at=now + begins * HOUR, ends_at=now + ends * HOUR)


def form(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(since|seal)" value="([^"]*)"', page))


def plain(page: str) -> str:
    """French typography aside."""
    return page.replace("\u00a0", " ").replace("\u202f", " ")


def read(client: TestClient) -> str:
    answer = client.get("/handover")
    assert answer.status_code == 200, answer.text
    return plain(answer.text)


def sign(client: TestClient, page: str, **notes: str) -> Any:
    return client.post("/handover", data={**form(page), **{f"note:{key.replace('_', ':')}": words for key, words in notes.items()}})


def kept(client: TestClient, address: str) -> str:
    found = re.search(r'<pre class="handover-text"[^>]*>(.*?)</pre>', plain(client.get(address).text), re.DOTALL)
    assert found
    return found.group(1)


def test_an_evening_signs_and_the_morning_reads(
    database: Database, world: World, clock: HandClock, morning: Morning, sign_in: SignIn
) -> None:
    """FR-23: the text is kept as it was read; whatever comes after stands in the next one."""
    works(database, world.claire, clock, -2, 0.5)
    works(database, world.luc, clock, 22, 30)
    claire = sign_in(world.claire)
    with database.transaction() as session:
        handling.take(session, morning.tiredness.id, by=viewer_of(world.claire), now=clock.now())
    page = read(claire)
    assert "PATIENT NON PRÉVENU" in page, "an alarm is no detail"
    assert "personne ne l&#39;a" in page
    assert "Personne ne prend la suite tout de suite" in page
    answer = sign(claire, page, all="Imprimante en panne.", **{f"patient_{morning.jean.id}": "Sa fille rappelle."})
    assert answer.status_code == 303
    address = answer.headers["location"]
    text = kept(claire, address)
    assert "PASSATION, Oncologie médicale. Signée par Claire Payet" in text
    assert "- Pour tous · Claire Payet : Imprimante en panne." in text
    assert "- PAYET Jean · Claire Payet : Sa fille rappelle." in text
    assert re.search(r"- Urgent · HOARAU Marie · PATIENT NON PRÉVENU\..* · personne ne l&#39;a · avant mer\. 18 nov\.", text)
    assert re.search(r"- Élevé · PAYET Jean · .* · Claire Payet · avant mer\. 18 nov\.", text)

    clock.forward(hours=22.5)
    luc = sign_in(world.luc)
    waits = read(luc)
    assert "À lire : passation de Claire Payet" in waits
    assert re.search(r"Passation de Claire Payet non lue depuis jeu\. 19 nov\., 8 h 00 : Luc Morel\.", waits)
    assert luc.post(f"{address}/take", data={"words": "Vu, j'appelle Marie."}).status_code == 303
    assert kept(luc, address) == text, "what each signed does not change"
    after = luc.get(address).text
    assert "Lue et signée par Luc Morel" in after
    assert "Vu, j&#39;appelle Marie." in after
    again = read(luc)
    assert "non lue depuis" not in again
    assert "Ce que cette équipe laisse à la suivante, depuis mer. 18 nov., 10" in again
    with database.reading() as session:
        opened = session.execute(select(AuditRow.actor_name, AuditRow.patient_id).where(AuditRow.action == "chart.opened"))
        assert {tuple(row) for row in opened} == {
            (who, patient) for who in ("Claire Payet", "Luc Morel") for patient in (morning.marie.id, morning.jean.id)
        }


def test_what_changed_while_it_was_read_is_read_first(
    database: Database, world: World, clock: HandClock, morning: Morning, sign_in: SignIn
) -> None:
    """HZ-28: nobody signs a line that was not on the page; what was typed is kept."""
    claire = sign_in(world.claire)
    page = read(claire)
    with database.transaction() as session:
        handling.take(session, morning.danger.id, by=viewer_of(world.luc), now=clock.now())
    answer = sign(claire, page, all="Rien d'autre.")
    assert answer.status_code == 409
    assert "Des lignes ont changé pendant votre lecture" in answer.text
    assert "Rien d&#39;autre." in answer.text
    assert "Luc Morel" in answer.text
    assert sign(claire, plain(answer.text)).status_code == 303
    assert claire.post("/handover", data={"note:all": "sans page"}).status_code == 409


def test_every_danger_of_a_patient_is_named_and_the_number_of_lines_is_that_of_the_list(
    database: Database, world: World, clock: HandClock, morning: Morning, sign_in: SignIn
) -> None:
    """Marie cannot breathe, and then her chest hurts: whoever signs names both; a word told again is named once."""
    claire = sign_in(world.claire)
    for minutes, codes in ((3, ["chest_pain", "dyspnea"]), (1, ["dyspnea"])):
        with database.transaction() as session:
            reason = Reason("danger", Level.URGENT, {"dangers": codes})
            service = session.get_one(Service, world.service.id)
            handling.consider(session, service=service, patient=morning.marie, reason=reason, now=clock.forward(minutes=minutes))
    page = read(claire)
    assert "Lignes de la file : 3, une par patient ou numéro. Choses ouvertes : 3, une par ligne ici" in page
    assert "Fin de la file : 3 lignes. Choses ouvertes : 3" in said(claire.get("/list"))
    text = kept(claire, sign(claire, page).headers["location"])
    opened, changed = text.split("CE QUI A CHANGÉ")
    assert opened.count("essoufflement, douleur dans la poitrine") == 1 and opened.count("essoufflement") == 1
    assert changed.count("Signalé à nouveau : ") == 1 and "douleur dans la poitrine" in changed


def test_of_two_reasons_as_grave_the_handover_says_the_one_of_the_list(
    database: Database, world: World, clock: HandClock, morning: Morning, sign_in: SignIn
) -> None:
    """The later one, on both pages: the same alert must not seem two."""
    claire = sign_in(world.claire)
    for minutes, why in ((3, "Prises oubliées."), (1, "Moins de neuf prises sur dix.")):
        with database.transaction() as session:
            service, now = session.get_one(Service, world.service.id), clock.forward(minutes=minutes)
            reason = Reason("assessment", Level.URGENT, {"rules": [why], "why": [{"fr": why, "en": why}]})
            handling.consider(session, service=service, patient=morning.jean, reason=reason, now=now)
    opened = kept(claire, sign(claire, read(claire)).headers["location"]).split("CE QUI A CHANGÉ")[0]
    for page in (opened, said(claire.get("/list"))):
        assert "Moins de neuf prises sur dix." in page and "Prises oubliées." not in page


def test_two_who_sign_at_once(database: Database, world: World, clock: HandClock, morning: Morning, sign_in: SignIn) -> None:
    claire, luc = sign_in(world.claire), sign_in(world.luc)
    hers, his = read(claire), read(luc)
    assert sign(claire, hers).status_code == 303
    second = sign(luc, his, all="Le mien.")
    assert second.status_code == 409
    assert "Claire Payet a signé la passation" in second.text
    assert "Le mien." in second.text, "notes half written are never lost"
    assert second.text.count("pas encore") == 1, "one handover stands"


def test_shifts_that_overlap_are_signed_by_both_and_never_by_one(
    database: Database, world: World, clock: HandClock, morning: Morning, sign_in: SignIn
) -> None:
    works(database, world.claire, clock, -2, 1)
    works(database, world.luc, clock, 0, 8)
    claire, luc = sign_in(world.claire), sign_in(world.luc)
    page = read(claire)
    assert "Des collègues restent" in page
    address = sign(claire, page).headers["location"]
    assert "La seconde signature manque." in claire.get(address).text
    assert "<form action=" + f'"{address}/take"' not in claire.get(address).text
    assert claire.post(f"{address}/take").status_code == 409
    assert "À signer aussi : passation de Claire Payet" in read(luc)
    assert luc.post(f"{address}/take").status_code == 303
    assert "Signée aussi par Luc Morel" in luc.get(address).text


def test_a_leavers_alert_is_named_and_the_shift_that_did_not_sign(
    database: Database, world: World, clock: HandClock, morning: Morning, sign_in: SignIn
) -> None:
    """HZ-27, HZ-29."""
    works(database, world.claire, clock, -26, -17)
    with database.transaction() as session:
        handling.take(session, morning.tiredness.id, by=viewer_of(world.luc), now=clock.now())
        session.get_one(Staff, world.luc.id).active = False
    page = read(sign_in(world.claire))
    assert "Luc Morel n&#39;est plus dans le service : à reprendre" in page
    listed = sign_in(world.claire).get("/list?owner=nobody")
    assert " held" not in listed.text, "it looks and rings as what nobody has"
    assert "Luc Morel n'est plus dans le service : à reprendre" in said(sign_in(world.claire).get(f"/alerts/{morning.tiredness.id}"))
    row = said(listed).split("PAYET Jean")[1]
    assert "à reprendre" in row.split("Luc Morel")[0] and "Luc Morel n'est plus dans le service : à reprendre" in row, "as the handover"
    assert re.search(r"Passation non signée depuis mar\. 17 nov\., 17 h 00 : Claire Payet\.", page)


def test_a_secretary_reads_and_signs_nothing_and_nothing_open_says_so(world: World, sign_in: SignIn) -> None:
    paul = sign_in(world.paul)
    page = read(paul)
    for sentence in ("Rien d&#39;ouvert.", "Aucune promesse en cours.", "Rien n&#39;a changé.", "Votre rôle lit cette page"):
        assert sentence in page
    assert "Signer la passation" not in page
    assert paul.post("/handover", data=form(page)).status_code == 403
    assert paul.post("/handover/notes", data={"note:all": "?"}).status_code == 403
    assert sign_in(world.alma).get("/handover").status_code == 403


def test_drafts_stay_as_written_until_somebody_signs(world: World, morning: Morning, sign_in: SignIn) -> None:
    claire, luc = sign_in(world.claire), sign_in(world.luc)
    assert claire.post("/handover/notes", data={"note:all": "Tiroir 3, clé chez Inès"}).headers["location"] == "/handover?said=kept"
    assert ">Tiroir 3, clé chez Inès</textarea>" in claire.get("/handover?said=kept").text
    seen = read(luc)
    assert "Tiroir 3, clé chez Inès" in seen
    assert "Tiroir 3, clé chez Inès</textarea>" not in seen, "one's own words are one's own to change"
    address = sign(luc, seen).headers["location"]
    assert "- Pour tous · Claire Payet : Tiroir 3, clé chez Inès" in kept(luc, address)
    assert "Tiroir 3" not in read(claire)


def test_the_page_speaks_english_too(database: Database, world: World, morning: Morning, sign_in: SignIn) -> None:
    with database.transaction() as session:
        session.get_one(Staff, world.claire.id).language = "en"
    page = read(sign_in(world.claire))
    assert "What is open" in page
    assert "nobody has it" in page
    assert "PATIENT NOT TOLD" in page


def test_fridays_handover_does_not_read_as_mondays(
    database: Database, world: World, clock: HandClock, morning: Morning, sign_in: SignIn
) -> None:
    """Three days lie between: the pages name the day, both teams, and how much has happened since."""
    works(database, world.claire, clock, 46, 55)  # Friday 8 to 17 h
    works(database, world.luc, clock, 118, 127)  # Monday 8 to 17 h
    works(database, world.claire, clock, 142, 151)  # Tuesday
    clock.forward(hours=54.5)
    claire = sign_in(world.claire)
    page = said(claire.get("/handover"))
    assert "Sur place Claire Payet" in page and "Équipe suivante Luc Morel, à partir de lun. 23 nov., 8 h 00" in page
    address = sign(claire, read(claire)).headers["location"]
    assert "Signée ven. 20 nov., 16 h 30, il y a" not in said(claire.get(address)), "it is Friday's own page"
    with database.transaction() as session:
        handling.take(session, morning.danger.id, by=viewer_of(world.luc), now=clock.forward(hours=30))
    clock.forward(hours=34.6)
    luc = sign_in(world.luc)
    page = said(luc.get("/handover"))
    assert "Sur place Luc Morel" in page and "Équipe d'avant Claire Payet, partie ven. 20 nov., 17 h 00" in page
    assert "Équipe suivante Claire Payet, à partir de mar. 24 nov., 8 h 00" in page
    assert "Depuis ven. 20 nov., 16 h 30 : 2 j. 1 changement depuis" in page
    page = said(luc.get(address))
    assert "Signée ven. 20 nov., 16 h 30, il y a 2 j : elle ne dit pas ce qui est arrivé depuis. 1 changement depuis" in page
    assert "Sur place Luc Morel" in said(luc.get("/"))
    assert sign(luc, read(luc)).status_code == 303
    assert "changement depuis" not in said(luc.get(address)), "a later one has followed it"


def test_who_left_on_friday_reads_on_monday_that_it_was_friday(
    database: Database, world: World, clock: HandClock, morning: Morning, sign_in: SignIn
) -> None:
    """More came than is named: the list says how many more, and where they stand."""
    clock.forward(hours=54.5)
    sign_in(world.claire).get("/")
    with database.transaction() as session:
        service = session.get_one(Service, world.service.id)
        for number in range(11):
            reason = Reason("unread", Level.HIGH, {})
            handling.consider(
                session, service=service, patient=None, subject=f"number:+336399870{number:02}", reason=reason, now=clock.forward(minutes=5)
            )
    clock.forward(hours=63.5)
    page = said(sign_in(world.claire).get("/"))
    assert re.search(r"Depuis votre départ, ven\. 20 nov\. 16 h 30, il y a 2 j : 11 arrivées, 0 close par d'autres", page)
    assert "3 autres : voir la passation" in page
