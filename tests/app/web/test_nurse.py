"""The list, the alert beside it and what a nurse does with it, through the pages as a browser asks for them."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.alerts import tasks
from app.alerts.models import Alert, AlertEvent, Task
from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.db import Database
from app.people import care_team
from app.treatment.models import Course, DoseStep
from tests.app.web.conftest import SignIn
from tests.app.web.ward import Morning, the_morning
from tests.factories import World

HTMX = {"HX-Request": "true"}


@pytest.fixture
def morning(database: Database, world: World, clock: HandClock) -> Morning:
    return the_morning(database, world, clock)


def said(answer: object) -> str:
    """The words of a page, without its marks."""
    text = re.sub(r"<(script|style|title)\b.*?</\1>", " ", answer.text, flags=re.S)  # type: ignore[attr-defined]  # given as object
    plain = unescape(re.sub(r"<[^>]+>", " ", text)).replace("\u202f", " ").replace("\u00a0", " ")
    return re.sub(r"\s+", " ", plain)


def alert_of(database: Database, alert_id: int) -> Alert:
    with database.reading() as session:
        return session.get_one(Alert, alert_id)


def test_the_list_says_who_first_how_long_is_left_and_who_has_it(claire: TestClient, morning: Morning) -> None:
    page = said(claire.get("/"))
    assert "1 urgent" in page and "1 élevé" in page and "1 tâche" in page
    first, second, third = page.index("HOARAU Marie"), page.index("PAYET Jean"), page.index("+33 6 39 98 44 55")
    assert first < second < third
    assert "71 ans" in page and "jarive pa a respirer" in page and "reste 25 min" in page and "à prendre" in page
    assert "NON PRÉVENU" in page


def test_the_urgent_alert_shows_the_words_as_written_and_that_the_patient_was_not_told(claire: TestClient, morning: Morning) -> None:
    """HZ-07: not told is said in capitals, with what to do."""
    page = said(claire.get(f"/alerts/{morning.danger.id}"))
    assert "jarive pa a respirer" in page
    assert "PATIENT NON PRÉVENU. TÉLÉPHONEZ MAINTENANT." in page
    assert "Signe de danger : essoufflement." in page
    assert "+33 6 39 98 00 01 le patient" in page and "Urgences" in page
    assert page.index("+33 6 39 98 00 01") < page.index("15 Urgences")


def test_the_panel_says_what_fired_what_nearly_did_and_what_changed(
    claire: TestClient, database: Database, morning: Morning, clock: HandClock
) -> None:
    page = said(claire.get(f"/alerts/{morning.tiredness.id}"))
    assert "fatigue 3 sur 4 +2" in page and "nausées 1 sur 4 =" in page and "37,0 °C" in page
    assert "2 prises oubliées" in page
    assert "Capécitabine 1500 mg × 2 par jour · cycle 1, jour 11 · jour de prise" in page
    assert "Un symptôme est fort." in page and "Source : Basch et al." in page and "? à vérifier" in page
    assert "Presque déclenchée" in page
    assert "Pour le prescripteur" in page and "Seul le médecin décide de la dose." in page
    assert "Dose déjà réduite" not in page
    with database.transaction() as session:
        course = session.scalars(select(Course).where(Course.patient_id == morning.jean.id)).one()
        step = {
            "course_id": course.id,
            "from_day": clock.now().date(),
            "dose_mg": Decimal(1000),
            "reason": "fatigue",
            "ordered_by": "staff:3",
        }
        session.add(DoseStep(**step, recorded_at=clock.now()))
    page = said(claire.get(f"/alerts/{morning.tiredness.id}"))
    assert "Dose déjà réduite : 1000 mg par prise depuis le mer. 18 nov., au lieu de 1500 mg." in page
    assert "(il y a" not in said(claire.get(f"/patients/{morning.jean.id}")), "of today"
    clock.forward(days=9)
    assert re.search(r"\(il y a 9 jours\), depuis celui d'avant :", said(claire.get(f"/patients/{morning.jean.id}")))


def test_taking_is_seen_at_once_and_the_second_nurse_is_told_who_and_when(
    claire: TestClient, sign_in: SignIn, world: World, morning: Morning, clock: HandClock
) -> None:
    """HZ-28, SEC-40."""
    luc = sign_in(world.luc)
    taken = claire.post(f"/alerts/{morning.danger.id}/take", headers=HTMX)
    assert taken.status_code == 200 and taken.headers["hx-trigger"] == "vigie:changed"
    assert "Vous l'avez depuis" in said(taken)
    clock.forward(seconds=20)
    refused = luc.post(f"/alerts/{morning.danger.id}/take", headers=HTMX)
    assert refused.status_code == 409
    assert said(refused).strip() == "Claire Payet a pris cette alerte il y a 20 s. Ouvrir quand même ? Ouvrir"
    assert (refused.headers["hx-retarget"], refused.headers["hx-trigger"]) == ("#notice", "vigie:changed")
    assert "Claire Payet l'a depuis" in said(luc.get(f"/alerts/{morning.danger.id}"))
    assert "Claire Payet" in said(luc.get("/list"))
    over = luc.post(f"/alerts/{morning.danger.id}/take-over", headers=HTMX)
    assert "Vous l'avez depuis" in said(over)
    assert "Luc Morel l'a depuis" in said(claire.get(f"/alerts/{morning.danger.id}"))


def test_from_taking_to_closing_everything_is_written_down(claire: TestClient, database: Database, morning: Morning) -> None:
    alert = f"/alerts/{morning.tiredness.id}"
    claire.post(f"{alert}/take", headers=HTMX)
    assert claire.post(f"{alert}/call", data={"whom": "patient", "note": "x"}, headers=HTMX).status_code == 422
    called = claire.post(f"{alert}/call", data={"whom": "patient", "reached": "yes", "note": "Boit peu"}, headers=HTMX)
    assert "Claire Payet a joint : Patient « Boit peu »".replace("« ", "").replace(" »", "") in said(called).replace("« ", "").replace(
        " »", ""
    )
    closed = claire.post(f"{alert}/close", data={"outcome": "advice", "note": "Hydratation, rappel demain"}, headers=HTMX)
    assert closed.status_code == 200 and closed.headers["hx-trigger"] == "vigie:done"
    row = alert_of(database, morning.tiredness.id)
    assert (row.state, row.outcome, row.outcome_note) == ("closed", "advice", "Hydratation, rappel demain")
    with database.reading() as session:
        kinds = session.scalars(select(AlertEvent.kind).where(AlertEvent.alert_id == row.id).order_by(AlertEvent.id)).all()
    assert kinds == ["raised", "taken", "called", "closed"]
    assert "PAYET Jean" not in said(claire.get("/list"))
    assert "Clos" in said(claire.get(alert)) and "Conseil donné" in said(claire.get(alert))


@pytest.mark.parametrize(
    ("outcome", "note", "sentence"),
    [
        ("", "", "Choisissez ce qui a été fait."),
        ("other", "", "Écrivez ce qui a été fait : ce choix ne dit rien sans note."),
        ("not_reached", "rien", "Une urgence ne se clôt pas sur « pas joint »."),
    ],
)
def test_a_close_that_says_nothing_is_refused_in_words(
    claire: TestClient, database: Database, morning: Morning, outcome: str, note: str, sentence: str
) -> None:
    alert = f"/alerts/{morning.danger.id}"
    claire.post(f"{alert}/take", headers=HTMX)
    refused = claire.post(f"{alert}/close", data={"outcome": outcome, "note": note, "spoke": "patient"}, headers=HTMX)
    assert refused.status_code == 422 and sentence in said(refused)
    assert alert_of(database, morning.danger.id).state == "taken"
    assert 'value="not_reached"' not in claire.get(alert).text
    claire.post(f"/alerts/{morning.tiredness.id}/take", headers=HTMX)
    assert 'value="not_reached"' in claire.get(f"/alerts/{morning.tiredness.id}").text


def test_whoever_is_there_is_offered_first_and_until_when(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """Luc is there until five, the doctor comes tomorrow at nine, nobody wrote when Inès works."""
    with database.transaction() as session:
        for who, begins, ends in ((world.luc, -2, 7), (world.lebon, 23, 31)):
            at = {"starts_at": clock.now() + timedelta(hours=begins), "ends_at": clock.now() + timedelta(hours=ends)}
            care_team.put_on_shift(session, who, kind="ward", **at)
    claire.post(f"/alerts/{morning.tiredness.id}/take", headers=HTMX)
    page = claire.get(f"/alerts/{morning.tiredness.id}").text
    choices = unescape(page.split('<select id="hand-to"')[1].split("</select>")[0]).replace("\u202f", " ").replace("\u00a0", " ")
    assert [label or who for label, who in re.findall(r'label="([^"]*)"|>([^<]+)</option>', choices)] == [
        "toute l'équipe",
        "Sur place",
        "Luc Morel, soins infirmiers, jusqu'à 17 h 00",
        "Pas là maintenant",
        "Dr Aurore Lebon, oncologie, vient jeu. 19 nov. à 9 h 00",
        "Inès Caron, coordination, pas au planning",
    ]
    assert 'name="absent_known"' not in page, "what is not urgent waits for whoever comes"
    urgent, away = f"/alerts/{morning.danger.id}", {"to": str(world.lebon.id)}
    claire.post(f"{urgent}/take", headers=HTMX)
    assert "Cette personne n'est pas là : l'urgence reste à prendre par l'équipe" in said(claire.get(urgent))
    refused = claire.post(f"{urgent}/hand-over", data=away, headers=HTMX)
    assert (refused.status_code, 'data-field="absent_known"' in refused.text) == (422, True)
    assert "Dr Aurore Lebon n'est pas là maintenant : cette urgence resterait sans personne." in said(refused)
    assert claire.post(f"{urgent}/hand-over", data={**away, "absent_known": "yes"}, headers=HTMX).status_code == 200
    assert "Dr Aurore Lebon vient jeu. 19 nov. à 9 h 00 : à reprendre" in said(claire.get("/list"))


def test_waiting_handing_over_and_giving_back(claire: TestClient, world: World, morning: Morning, clock: HandClock) -> None:
    alert = f"/alerts/{morning.tiredness.id}"
    claire.post(f"{alert}/take", headers=HTMX)
    until = (clock.now() + timedelta(hours=1)).isoformat()
    assert "Claire Payet a mis en attente jusqu'à 11 h 00" in said(claire.post(f"{alert}/wait", data={"until": until}, headers=HTMX))
    assert "revient à 11 h 00" in said(claire.get("/list"))
    assert claire.post(f"{alert}/wait", data={"until": "demain"}, headers=HTMX).status_code == 422
    assert claire.post(f"{alert}/wait", data={"until": "2026-11-18T11:00"}, headers=HTMX).status_code == 422
    handed = claire.post(f"{alert}/hand-over", data={"to": str(world.luc.id), "note": "Rappeler à 11 h"}, headers=HTMX)
    assert "Luc Morel l'a depuis" in said(handed)
    assert claire.post(f"{alert}/hand-over", data={"to": str(world.paul.id)}, headers=HTMX).status_code == 422
    for nobody in ("²", "9" * 30, "9" * 5000, "é"):
        assert claire.post(f"{alert}/hand-over", data={"to": nobody}, headers=HTMX).status_code == 422


def test_a_closed_alert_opens_again_with_a_reason(claire: TestClient, morning: Morning) -> None:
    alert = f"/alerts/{morning.tiredness.id}"
    claire.post(f"{alert}/take", headers=HTMX)
    claire.post(f"{alert}/close", data={"outcome": "no_action"}, headers=HTMX)
    assert claire.post(f"{alert}/reopen", data={"reason": ""}, headers=HTMX).status_code == 422
    assert "Personne ne l'a prise." in said(claire.post(f"{alert}/reopen", data={"reason": "Erreur de ligne"}, headers=HTMX))
    assert "PAYET Jean" in said(claire.get("/list"))


def test_the_call_she_asked_for_ends_with_the_alert_and_the_panel_says_so(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """Said before, in one sentence; after; in the story; and again when the alert is opened again."""
    with database.transaction() as session:
        asked = tasks.make(
            session,
            service_id=world.service.id,
            patient_id=morning.marie.id,
            kind="call_back",
            key="call_back:1",
            due_at=clock.now() + timedelta(hours=4),
            now=clock.now(),
        )
    alert = f"/alerts/{morning.danger.id}"
    claire.post(f"{alert}/take", headers=HTMX)
    before = said(claire.get(alert))
    assert before.count("C'est le même appel que l'alerte : la clore après avoir joint la personne clôt aussi cet appel.") == 1
    claire.post(f"{alert}/call", data={"whom": "patient", "reached": "no"}, headers=HTMX)
    claire.post(f"{alert}/decide", data={"what": "help_sent", "decided_by": "Claire Payet", "why": "Vit seule"}, headers=HTMX)
    closed = claire.post(f"{alert}/close", data={"outcome": "sent_to_emergency", "note": "SAMU chez elle"}, headers=HTMX)
    assert closed.headers["hx-trigger"] == "vigie:changed", "the panel stays: something is left to do"
    assert closed.headers["hx-reswap"].endswith("scroll:top"), "what became of the call stands in its head"
    assert "Personne n'a été joint : l'appel demandé reste à faire." in said(closed) and "Clore la tâche" in said(closed)
    assert "HOARAU Marie" in said(claire.get("/list"))
    claire.post(f"{alert}/reopen", data={"reason": "Elle rappelle"}, headers=HTMX)
    claire.post(f"{alert}/take", headers=HTMX)
    with database.reading() as session:
        sent = session.scalars(select(Task.id).where(Task.kind == "help_arrived", Task.closed_at.is_(None))).one()
    claire.post(f"/tasks/{sent}/close", data={"seen": "yes", "note": "Le SAMU est reparti sans elle"}, headers=HTMX)
    last = {"outcome": "advice", "note": "Rassurée", "spoke": "patient"}
    done = said(claire.post(f"{alert}/close", data=last, headers=HTMX))
    assert "L'appel demandé est clos avec elle." in done and "Clore la tâche" not in done
    assert "HOARAU Marie" not in said(claire.get("/list"))
    with database.reading() as session:
        task = session.get_one(Task, asked.id)
    assert (task.closed_at, task.closed_by_id, task.closing_note) == (clock.now(), world.claire.id, "Rassurée")
    again = said(claire.post(f"{alert}/reopen", data={"reason": "Mauvais dossier"}, headers=HTMX))
    assert "L'appel demandé est de nouveau à faire." in again and "Demande d'appel" in again


def test_the_queue_of_unknown_numbers_is_readable_and_closed_apart(claire: TestClient, database: Database, morning: Morning) -> None:
    task = f"/tasks/{morning.unknown.id}"
    page = said(claire.get(task))
    assert "bonjour je suis son fils" in page and "Aucun patient actif n'a ce numéro." in page
    assert claire.post(f"{task}/close", data={"note": " "}, headers=HTMX).status_code == 422
    closed = claire.post(f"{task}/close", data={"note": "Fils de Mme Hoarau, rappelé"}, headers=HTMX)
    assert closed.headers["hx-trigger"] == "vigie:done"
    with database.reading() as session:
        assert session.get_one(Task, morning.unknown.id).closing_note == "Fils de Mme Hoarau, rappelé"
    assert alert_of(database, morning.danger.id).state == "new"


def test_without_scripts_every_act_is_a_form_and_comes_back_to_the_page(claire: TestClient, morning: Morning) -> None:
    answer = claire.post(f"/alerts/{morning.danger.id}/take")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/alerts/{morning.danger.id}")
    closed = claire.post(f"/alerts/{morning.danger.id}/close", data={"outcome": "advice", "spoke": "patient"})
    assert (closed.status_code, closed.headers["location"]) == (303, "/")


def test_the_secretary_sees_alerts_and_cannot_act(sign_in: SignIn, world: World, database: Database, morning: Morning) -> None:
    """SEC-24; a refused access is written down (SEC-27)."""
    paul = sign_in(world.paul)
    page = paul.get(f"/alerts/{morning.danger.id}")
    assert "jarive pa a respirer" in page.text and 'id="take"' not in page.text
    refused = paul.post(f"/alerts/{morning.danger.id}/take")
    assert refused.status_code == 403 and "Votre rôle ne le permet pas." in said(refused)
    assert paul.post(f"/tasks/{morning.unknown.id}/close", data={"note": "fait"}).status_code == 403
    assert alert_of(database, morning.danger.id).state == "new"
    with database.reading() as session:
        reasons = session.scalars(select(AuditRow.reason).where(AuditRow.action == "access.refused").order_by(AuditRow.id)).all()
    assert reasons == ["POST /alerts/{alert_id}/take", "POST /tasks/{task_id}/close"]


def test_the_administrator_opens_no_chart(sign_in: SignIn, world: World, morning: Morning) -> None:
    """SEC-24: accounts, never patients."""
    alma = sign_in(world.alma)
    home = alma.get("/")
    assert "Votre compte n'ouvre pas de dossier" in said(home) and "HOARAU" not in home.text
    addresses = (
        f"/alerts/{morning.danger.id}",
        f"/patients/{morning.marie.id}",
        "/list",
        "/search",
        f"/tasks/{morning.unknown.id}",
    )
    for address in addresses:
        refused = alma.get(address)
        assert refused.status_code in (403, 404) and "HOARAU" not in refused.text, address


def test_another_hospital_s_patient_does_not_exist(claire: TestClient, morning: Morning, database: Database) -> None:
    with database.transaction() as session:
        session.get_one(Alert, morning.danger.id).service_id = _other_service(session, morning)
    assert claire.get(f"/alerts/{morning.danger.id}").status_code == 404
    assert claire.get("/patients/987654").status_code == 404
    assert claire.get("/patients/99999999999999").status_code == 404
    assert claire.get("/alerts/abc").status_code == 404


def _other_service(session: object, morning: Morning) -> int:
    from app.people.models import Service  # local: the helper alone needs it

    first = session.get_one(Service, morning.marie.service_id)  # type: ignore[attr-defined]  # given as object
    other = Service(
        hospital_id=first.hospital_id,
        name="Hématologie",
        sms_name="Suivi Sud",
        phone="0199005678",
        number="+33199005678",
        hours=first.hours,
        created_at=first.created_at,
    )
    session.add(other)  # type: ignore[attr-defined]  # given as object
    session.flush()  # type: ignore[attr-defined]  # given as object
    return other.id


def test_opening_a_chart_is_written_once_per_visit(claire: TestClient, database: Database, morning: Morning, clock: HandClock) -> None:
    """SEC-27: opening counts; a screen that refreshes itself is the same visit."""
    for _ in range(3):
        claire.get(f"/alerts/{morning.danger.id}", headers=HTMX)
    claire.get(f"/patients/{morning.marie.id}")
    clock.forward(minutes=31)
    claire.get(f"/patients/{morning.marie.id}")
    with database.reading() as session:
        opened = select(AuditRow.reason).where(AuditRow.action == "chart.opened", AuditRow.patient_id == morning.marie.id)
        assert session.scalars(opened.order_by(AuditRow.id)).all() == ["alert", "chart", "chart"]
        assert session.scalar(select(func.count()).where(AuditRow.action == "chart.opened")) == 3


def test_a_form_from_another_site_is_refused(claire: TestClient, database: Database, morning: Morning) -> None:
    """SEC-43."""
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://example.org"}, {"Origin": "null"}):
        assert claire.post(f"/alerts/{morning.danger.id}/take", headers=headers).status_code == 403
    assert alert_of(database, morning.danger.id).state == "new"
    assert claire.post(f"/alerts/{morning.danger.id}/take", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_pages_are_never_kept_and_files_are_kept_for_ever(claire: TestClient, morning: Morning) -> None:
    page = claire.get("/")
    assert page.headers["cache-control"] == "no-store"
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
    sheet = re.search(r'href="(/static/vigie\.css\?v=[0-9a-f]{12})"', page.text)
    assert sheet and "immutable" in claire.get(sheet.group(1)).headers["cache-control"]
    assert not re.search(r"""<[^>]+\s(style|on[a-z]+)=["']|<script>""", page.text)


def test_the_whole_screen_speaks_english_too(claire: TestClient, morning: Morning) -> None:
    claire.post("/language", data={"language": "en"})
    page = said(claire.get(f"/alerts/{morning.danger.id}"))
    assert "PATIENT NOT TOLD. TELEPHONE NOW." in page and "Nobody has taken it." in page and "born 14/03/1955" in page
    assert "25 min left" in said(claire.get("/"))
    assert "Prendre" not in page and "reste" not in said(claire.get("/"))


def test_the_demonstration_is_stamped_and_a_real_ward_is_not(claire: TestClient, morning: Morning) -> None:
    assert "Démonstration" not in claire.get("/").text
