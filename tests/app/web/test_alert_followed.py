"""Through the screens: to whom one spoke, what follows of help sent, what was closed today, and a colleague's alert."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts import handling
from app.alerts.handling import Reason
from app.alerts.models import Alert, Task
from app.checkins.models import CheckIn
from app.core.clock import HandClock
from app.core.db import Database
from app.people import absences
from app.people.models import Patient, Service
from app.people.perimeter import viewer_of
from app.treatment.models import Course
from tests.app.web.conftest import SignIn
from tests.app.web.test_nurse import HTMX, alert_of, said
from tests.app.web.ward import Morning, the_morning
from tests.factories import World
from triage.terms import Level


@pytest.fixture
def morning(database: Database, world: World, clock: HandClock) -> Morning:
    return the_morning(database, world, clock)


def again(database: Database, world: World, who: Patient, clock: HandClock) -> Alert:
    """The same danger is told a second time."""
    with database.transaction() as session:
        service, patient = session.get_one(Service, world.service.id), session.get_one(Patient, who.id)
        reason = Reason("danger", Level.URGENT, {"dangers": ["breathing"]})
        alert = handling.consider(session, service=service, patient=patient, reason=reason, now=clock.now())
        assert alert is not None
        return alert


def test_an_urgent_close_asks_to_whom_one_spoke_beside_the_field(claire: TestClient, database: Database, morning: Morning) -> None:
    alert = f"/alerts/{morning.danger.id}"
    claire.post(f"{alert}/take", headers=HTMX)
    assert "À qui avez-vous parlé ? (urgence : à dire pour clore)" in said(claire.get(alert))
    refused = claire.post(f"{alert}/close", data={"outcome": "advice", "note": "Rassurée"}, headers=HTMX)
    assert refused.status_code == 422 and 'data-field="spoke"' in refused.text
    assert "Dites-le, ou notez d'abord l'appel" in said(refused)
    assert refused.headers["hx-retarget"] == "#notice", "the form stays as it was filled"
    assert alert_of(database, morning.danger.id).state == "taken"
    done = claire.post(f"{alert}/close", data={"outcome": "advice", "note": "Rassurée", "spoke": "home_nurse"}, headers=HTMX)
    assert done.headers["hx-trigger"] == "vigie:done"
    assert "Claire Payet a joint : Infirmier à domicile" in said(claire.get(alert))


def test_help_sent_leaves_a_check_on_the_list_and_one_press_notes_the_hospital(
    claire: TestClient, database: Database, morning: Morning, clock: HandClock
) -> None:
    alert = f"/alerts/{morning.danger.id}"
    claire.post(f"{alert}/take", headers=HTMX)
    assert "Envoyer des secours sans attendre d'appel" in said(claire.get(alert))
    sent = {"what": "help_sent", "decided_by": "Claire Payet", "why": "ne respire plus"}
    assert "Vérifier que l'aide est arrivée" in said(claire.post(f"{alert}/decide", data=sent, headers=HTMX))
    assert 'value="sent_to_emergency" required checked' in claire.get(alert).text, "the only way to close is chosen already"
    closed = claire.post(f"{alert}/close", data={"outcome": "sent_to_emergency"}, headers=HTMX)
    assert "Alerte close. Vérifiez que l'aide est arrivée, avant 10 h 30." in said(closed)
    assert closed.headers["hx-trigger"] == "vigie:next", "the next one opens, and her row stays"
    assert "Noter son hospitalisation aujourd'hui" in said(claire.get(alert))
    row = said(claire.get("/list")).split("HOARAU Marie")[1].split("PAYET Jean")[0]
    assert "Vérifier que l'aide est arrivée" in row, "before what is less pressing"
    noted = claire.post(f"/patients/{morning.marie.id}/absences/record", data={"kind": "hospital_stay", "from_day": "2026-11-18"})
    assert noted.status_code == 303
    with database.reading() as session:
        (task,) = session.scalars(select(Task).where(Task.kind == "help_arrived"))
        assert [one.kind for one in absences.standing(session, morning.marie.id)] == ["hospital_stay"]
    assert task.closed_at == clock.now()
    assert "Vérifier que l'aide est arrivée" not in said(claire.get("/list"))


def test_a_danger_told_again_shows_what_was_closed_today(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    alert = f"/alerts/{morning.danger.id}"
    claire.post(f"{alert}/take", headers=HTMX)
    claire.post(f"{alert}/close", data={"outcome": "sent_to_emergency", "note": "SAMU parti", "spoke": "patient"}, headers=HTMX)
    clock.forward(minutes=40)
    new = again(database, world, morning.marie, clock)
    page = claire.get(f"/alerts/{new.id}")
    assert "Clos à 10 h 00 par Claire Payet : Envoyé aux urgences. SAMU parti Voir" in said(page)
    assert f'href="{alert}"' in page.text
    assert "Clos à" not in said(claire.get(f"/alerts/{morning.tiredness.id}"))


def test_a_colleague_s_alert_is_opened_all_the_same_and_taken_over_with_a_word(
    claire: TestClient, sign_in: SignIn, world: World, morning: Morning, clock: HandClock
) -> None:
    alert = f"/alerts/{morning.danger.id}"
    sign_in(world.luc).post(f"{alert}/take", headers=HTMX)
    clock.forward(seconds=20)
    second = claire.post(f"{alert}/take", headers=HTMX)
    assert second.status_code == 409
    assert "Luc Morel a pris cette alerte il y a 20 s. Ouvrir quand même ?" in said(second)
    assert f'hx-get="{alert}" hx-target="#panel"' in second.text
    over = said(claire.post(f"{alert}/take-over", data={"note": "Luc est en chambre"}, headers=HTMX))
    assert "Claire Payet l'a reprise à Luc Morel" in over and "Luc est en chambre" in over
    assert "Claire Payet l'a passée à Claire Payet" not in over
    assert "Alerte reprise." in over
    handed = said(claire.post(f"{alert}/hand-over", data={"to": str(world.luc.id)}, headers=HTMX))
    assert "Claire Payet l'a passée à Luc Morel" in handed and "Alerte passée." in handed


def test_old_silences_do_not_keep_an_alert_of_something_else_open(
    claire: TestClient, database: Database, morning: Morning, clock: HandClock
) -> None:
    """Jean is tired today; that he did not answer last week, even as a milder reason of the same alert, stays another question."""
    with database.transaction() as session:
        closed_at = clock.now() - timedelta(days=6)
        old = CheckIn(
            service_id=morning.jean.service_id,
            patient_id=morning.jean.id,
            course_id=session.scalars(select(Course.id).where(Course.patient_id == morning.jean.id)).one(),
            kind="regular",
            day=date(2026, 11, 13),
            due_at=closed_at - timedelta(days=1),
            opened_at=closed_at - timedelta(days=1),
            closed_at=closed_at,
            state="silent",
            asking=[],
            not_asked=[],
        )
        session.add(old)
        jean, silence = session.get_one(Patient, morning.jean.id), Reason("silence", Level.MODERATE, {"checkin_id": 7, "silences": 1})
        handling.consider(session, service=jean.service, patient=jean, reason=silence, now=clock.now())
    alert = f"/alerts/{morning.tiredness.id}"
    claire.post(f"{alert}/take", headers=HTMX)
    assert 'name="silence_reason"' not in claire.get(alert).text
    assert claire.post(f"{alert}/close", data={"outcome": "advice"}, headers=HTMX).status_code == 200
    assert alert_of(database, morning.tiredness.id).state == "closed"
    with database.reading() as session:
        assert session.get_one(CheckIn, old.id).silence_reason == "", "nobody has said why"


@pytest.mark.parametrize(("who", "ability", "ask"), [("claire", "change_course", "coordination"), ("paul", "act_on_alerts", "infirmière")])
def test_a_refusal_sends_nobody_to_themselves(world: World, who: str, ability: str, ask: str) -> None:
    from app.core.errors import Refusal
    from app.web import words

    with pytest.raises(Refusal) as refused:
        viewer_of(getattr(world, who)).require(ability)
    assert ask in words.refused("fr", refused.value)
