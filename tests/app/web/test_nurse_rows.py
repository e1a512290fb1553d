"""What a row and its panel tell first: the graver reason, another report only when there is one, and who may stand behind a number."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts import handling, heard, tasks
from app.alerts.handling import Reason
from app.alerts.models import Alert
from app.checkins.models import AnswerRow, AssessmentRow
from app.core.audit import SYSTEM
from app.core.clock import HandClock
from app.core.db import Database
from app.people import absences
from app.people.models import Patient, Service
from app.people.perimeter import actor_of, viewer_of
from app.protocols import versions
from app.protocols.models import ProtocolVersion
from app.treatment.models import Course
from tests.app.web.conftest import SignIn
from tests.app.web.form import Ward
from tests.app.web.test_nurse import HTMX, said
from tests.app.web.ward import Morning, a_morning, check_in, raised, text
from tests.factories import World
from tests.support.chain import MARIE
from triage import engine, explain
from triage.terms import Context, Level


@pytest.fixture
def morning(database: Database, world: World, clock: HandClock) -> Morning:
    with database.transaction() as session:
        return a_morning(session, world, now=clock.now())


def test_a_silence_since_does_not_take_the_graver_reason_off_the_row(
    claire: TestClient, database: Database, morning: Morning, clock: HandClock
) -> None:
    """HZ-05: Jean's tiredness raised it; two days later nobody answers. The row still says tiredness, and that it was reported again."""
    clock.forward(days=2)
    with database.transaction() as session:
        jean = session.get_one(Patient, morning.jean.id)
        reason = Reason("silence", Level.HIGH, {"checkin_id": 7, "silences": 1})
        handling.consider(session, service=session.get_one(Service, jean.service_id), patient=jean, reason=reason, now=clock.now())
    row = said(claire.get("/list")).split("PAYET Jean")[1]
    assert "fatigue · Un symptôme est fort." in row and "à nouveau à 10 h 00" in row
    assert "Pas de réponse au relevé" not in row


def test_the_words_and_the_answers_of_one_text_are_one_report(claire: TestClient, ward: Ward) -> None:
    """A danger is heard, then the same text is judged: nothing was reported again. The next text is another report."""
    ward.chain.says(MARIE, "4 4 4 et je saigne beaucoup")
    (alert,) = ward.chain.alerts()
    assert "à nouveau" not in said(claire.get("/list"))
    story = said(claire.get(f"/alerts/{alert.id}")).split("Déroulé")[1]
    assert "Signalé à nouveau" not in story and "En même temps : " in story
    ward.chain.says(MARIE, "je respire plus")  # read at the same instant, and yet another text
    assert "à nouveau à 10 h 00" in said(claire.get("/list"))


def test_what_is_told_unasked_stands_in_words_beside_the_answers(claire: TestClient, ward: Ward) -> None:
    """The codes of what was told are the machine's; a nurse reads names, with the number that was said."""
    ward.chain.says(MARIE, "diarrhee 8 fois et des nausées")
    (alert,) = ward.chain.alerts()
    page = said(claire.get(f"/alerts/{alert.id}"))
    assert "diarrhée 8, nausées" in page
    assert "diarrhea:8" not in page and "nausea" not in page


def test_a_wish_to_be_called_is_read_in_its_own_words(claire: TestClient, ward: Ward) -> None:
    """FR-26: who wishes a call in words says for whom; the keyword alone says nothing."""
    ward.chain.says(MARIE, "est-ce qu'une infirmière peut m'appeler demain matin")
    page = said(claire.get("/tasks/1"))
    assert "est-ce qu'une infirmière peut m'appeler demain matin" in page.split("Derniers messages")[0]
    assert "Aucun mot pour ceci" not in page


def test_the_same_task_twice_is_one_tag(claire: TestClient, database: Database, morning: Morning, clock: HandClock) -> None:
    with database.transaction() as session:
        about = {"service_id": morning.marie.service_id, "patient_id": morning.marie.id, "kind": "number_unverified", "now": clock.now()}
        for key in ("hers", "her daughter's"):
            tasks.make(session, key=key, **about)  # type: ignore[arg-type]  # fields by name
    assert said(claire.get("/list")).count("Numéro à vérifier") == 1


def test_a_death_taken_back_is_told_with_its_reason_and_the_message_is_no_longer_a_dead_person_s(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """HZ-35."""
    with database.transaction() as session:
        marie, by = session.get_one(Patient, morning.marie.id), actor_of(world.claire)
        death = absences.record(session, marie, "death", from_day=clock.now().date(), by=by, now=clock.now())
        heard = text(session, world, marie, "je suis vivante", at=clock.now())
        tasks.make(
            session,
            service_id=marie.service_id,
            patient_id=marie.id,
            kind="to_read",
            key="dead",
            detail={"why": "noted_dead"},
            message_id=heard.id,
            now=clock.now(),
        )
    page = said(claire.get(f"/alerts/{morning.danger.id}"))
    assert "Message d'une personne notée décédée" in page and "Un décès est noté. Demandez avec douceur qui écrit." in page
    clock.forward(minutes=5)
    with database.transaction() as session:
        marie = session.get_one(Patient, morning.marie.id)
        absences.undo(session, marie, death.id, by=actor_of(world.claire), now=clock.now(), reason="Erreur d'homonyme")
    page = said(claire.get(f"/alerts/{morning.danger.id}"))
    assert "personne notée décédée" not in page and "Un décès est noté" not in page
    assert "Erreur d'homonyme" in page and "Il a été annulé depuis." in page
    assert "personne notée décédée" not in said(claire.get("/list"))


def test_a_number_noted_wrong_is_not_offered_as_the_patient_s(
    claire: TestClient, database: Database, morning: Morning, clock: HandClock
) -> None:
    """HZ-09: whoever calls it asks who answers."""
    with database.transaction() as session:
        marie = session.get_one(Patient, morning.marie.id)
        absences.record(session, marie, "wrong_number", from_day=clock.now().date(), reason="dit par SMS", by=SYSTEM, now=clock.now())
    page = said(claire.get(f"/alerts/{morning.danger.id}"))
    assert "+33 6 39 98 00 01 numéro signalé faux : demandez qui répond" in page
    assert "+33 6 39 98 00 01 le patient" not in page and "15 Urgences" in page


def test_a_refusal_names_its_field_for_the_screen_to_mark(claire: TestClient, morning: Morning) -> None:
    claire.post(f"/alerts/{morning.tiredness.id}/take", headers=HTMX)
    for data, field in (({"outcome": "other"}, "note"), ({"outcome": "not_reached"}, "outcome"), ({}, "outcome")):
        refused = claire.post(f"/alerts/{morning.tiredness.id}/close", data=data, headers=HTMX)
        assert refused.status_code == 422 and f'data-field="{field}"' in refused.text


def test_a_danger_told_on_the_telephone_stands_first_among_the_words(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """HZ-01: his daughter rang; the panel says it in her words, and who wrote them down."""
    with database.transaction() as session:
        jean, by = session.get_one(Patient, morning.jean.id), viewer_of(world.claire)
        alert = heard.alarm(session, jean, "39 de fièvre et des frissons", ["fever"], by=by, now=clock.now(), contact_id=7)
        number = alert.id
    panel = said(claire.get(f"/alerts/{number}"))
    words = panel.split("Ses mots")[1].split("Pourquoi cette alerte")[0]
    assert words.startswith(" 39 de fièvre et des frissons Noté par Claire Payet")


def test_a_close_taken_back_at_once_is_on_no_page_as_done(
    claire: TestClient, database: Database, morning: Morning, clock: HandClock
) -> None:
    """HZ-28: by a slip Marie was "sent to emergency"; undone, neither her story nor her paper says that she was."""
    alert = f"/alerts/{morning.danger.id}"
    claire.post(f"{alert}/take", headers=HTMX)
    claire.post(f"{alert}/close", data={"outcome": "sent_to_emergency", "spoke": "patient"}, headers=HTMX)
    marie = f"/patients/{morning.marie.id}"
    assert "Envoyé aux urgences" in said(claire.get(f"{marie}/timeline?kind=alerts"))
    clock.forward(seconds=4)
    claire.post(f"{alert}/undo", headers=HTMX)
    for page in (f"{marie}/timeline?kind=alerts", f"{marie}/print", marie):
        assert "a clos" not in said(claire.get(page)), page


def test_figures_are_read_as_what_they_answered(
    claire: TestClient, sign_in: SignIn, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """Figures raised an urgent alert and "ok" came after it: the panel and the doctor's card say fatigue 1, temperature 39.0."""
    at = clock.now()
    with database.transaction() as session:
        marie = session.get_one(Patient, morning.marie.id)
        session.get_one(Alert, morning.danger.id).state = "closed"
        course = session.scalars(select(Course).where(Course.patient_id == marie.id)).one()
        row = check_in(session, marie, course, {"fatigue": "1", "temperature": "39"}, at=at)
        about = {"checkin_id": row.checkin_id}
        sent = text(session, world, marie, "1 39", at=at, reading={"heard": "answer"}, **about)
        text(session, world, marie, "ok", at=at, reading={"heard": "text"}, **about)
        for one in session.scalars(select(AnswerRow).where(AnswerRow.checkin_id == row.checkin_id)):
            one.message_id = sent.id
        assert row.level == "urgent"
        alert = raised(session, marie, row, at=at)
    read = "fatigue 1, température 39,0 °C"
    words = said(claire.get(f"/alerts/{alert.id}")).split("Ses mots")[1]
    assert words.strip().startswith(read), "the figures before the ok"
    assert "1 39" not in words.split("Relevé du")[0]
    assert read in said(sign_in(world.lebon).get("/doctor"))


def test_while_help_is_checked_the_words_for_which_it_was_sent_are_read(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """The alert is closed, its check of help and a message to read are open: "ok" does not stand for what was complained of."""
    claire.post(f"/alerts/{morning.danger.id}/take")
    sent = {"outcome": "sent_to_emergency", "spoke": "patient", "note": "SAMU en route."}
    assert claire.post(f"/alerts/{morning.danger.id}/close", data=sent).status_code == 303
    with database.transaction() as session:
        ok = text(session, world, session.get_one(Patient, morning.marie.id), "ok", at=clock.now())
        about = {"service_id": world.service.id, "patient_id": morning.marie.id, "message_id": ok.id}
        tasks.make(session, kind="to_read", key="read-ok", detail={}, now=clock.now(), **about)
    words = said(claire.get(f"/patients/{morning.marie.id}/open")).split("Ses mots")[1]
    assert words.index("jarive pa a respirer") < words.index("ok")


def test_a_calm_answer_before_a_danger_of_the_same_day_bears_its_hour_and_is_not_called_unasked(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """Jean answered at 9:00 that he does not bleed; at 10:00 he writes that he does, and the text is judged alone."""
    now = clock.now()
    with database.transaction() as session:
        jean = session.get_one(Patient, morning.jean.id)
        row = session.get_one(AssessmentRow, morning.tiredness.assessment_id)
        session.add(
            AnswerRow(
                checkin_id=row.checkin_id or 0,
                key="bleeding",
                kind="yes_no",
                value="no",
                source="sms",
                said_by=f"patient:{jean.id}",
                at=row.at,
            )
        )
    quiet = said(claire.get(f"/alerts/{morning.tiredness.id}")).split("Relevé du")[1].split("Appeler")[0]
    assert "9 h 00" not in quiet
    with database.transaction() as session:
        protocol = versions.load(session.get_one(ProtocolVersion, row.version_id))
        judged = engine.assess(protocol, {}, Context(asked_on=now.date(), cycle=1, cycle_day=11, dangers=("bleeding",)))
        name = protocol.questions["bleeding"].name
        unasked = {"fr": f"saignement ; {name['fr']} : pas demandé ce jour", "en": f"bleeding; {name['en']}: not asked that day"}
        judged = replace(judged, steps=tuple(replace(step, inputs=unasked, rule="bleeds") for step in judged.steps if step.fired))
        columns = {"version_id": row.version_id, "fingerprint": row.fingerprint, "level": "urgent", "at": now}
        alone = AssessmentRow(patient_id=jean.id, inputs={}, result=explain.to_dict(judged), **columns)
        session.add(alone)
        session.flush()
        reason = Reason("danger", Level.URGENT, {"dangers": ["bleeding"]}, assessment_id=alone.id)
        handling.consider(session, service=session.get_one(Service, jean.service_id), patient=jean, reason=reason, now=now)
    page = said(claire.get(f"/alerts/{morning.tiredness.id}"))
    assert "fatigue 3 sur 4 +2 9 h 00" in page
    why = page.split("Pourquoi cette alerte")[1].split("Déroulé")[0]
    assert "non, répondu à 9 h 00, jugé à part" in why and "pas demandé ce jour" not in why.split("Presque")[0]
    explained = said(claire.get(f"/assessments/{alone.id}"))
    assert "non, répondu à 9 h 00, jugé à part" in explained and "pas demandé ce jour" not in explained
