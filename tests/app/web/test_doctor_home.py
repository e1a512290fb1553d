"""What waits for a doctor: a patient in danger now is said first on every card; texts to sign are listed; an act is answered."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts import handling
from app.alerts.reasons import Reason
from app.care import enrolments
from app.care.models import Enrolment
from app.core.clock import HandClock
from app.core.db import Database
from app.people.models import Patient
from app.people.perimeter import viewer_of
from app.protocols import shelf, signatures, versions
from app.protocols.models import ProtocolVersion, SignatureRole
from tests.app.web.conftest import SignIn
from tests.factories import World, a_course, a_patient
from triage.terms import Level

TEN = datetime.fromisoformat("2026-11-25T10:00:00+01:00")


@pytest.fixture
def marie(database: Database, world: World, clock: HandClock, signed: None) -> Patient:
    """Proposed for the calls between cycles, not validated; she takes capecitabine; an urgent alert of hers is open."""
    clock.at = TEN
    with database.transaction() as session:
        shelf.seed(session, TEN)
        marie = a_patient(session, world, now=TEN)
        a_course(session, world, marie, now=TEN, first_intake=date(2026, 11, 23))
        enrolments.propose(session, marie, "ama", by=viewer_of(world.claire), now=TEN)
        reason = Reason(kind="danger", level=Level.URGENT, detail={"dangers": ["dyspnea"]})
        handling.consider(session, service=world.service, patient=marie, reason=reason, now=TEN)
        return marie


def _enrolment(database: Database) -> int:
    with database.reading() as session:
        return session.scalars(select(Enrolment.id)).one()


def test_an_open_urgent_alert_is_said_first_on_the_card_of_a_file(sign_in: SignIn, world: World, marie: Patient) -> None:
    card = sign_in(world.lebon).get("/doctor").text.split('<li class="door">')[1]
    assert "level-urgent" in card and card.index("Alerte ouverte") < card.index("HOARAU Marie")
    assert f'href="/patients/{marie.id}/programmes#' in card


def test_a_file_is_validated_where_it_is_read(database: Database, sign_in: SignIn, world: World, marie: Patient) -> None:
    """No button on the home: the page of the file shows the treatment, the visit and who is around her, and the button stands there."""
    lebon, number = sign_in(world.lebon), _enrolment(database)
    home = lebon.get("/doctor").text
    assert f'href="/patients/{marie.id}/programmes#enrolment-{number}"' in home and "/doctor/enrolments" not in home
    assert lebon.post(f"/doctor/enrolments/{number}", data={"because": ""}).status_code == 404
    page = lebon.get(f"/patients/{marie.id}/programmes").text.replace("\u202f", " ").replace("\xa0", " ")
    file = page.split(f'id="enrolment-{number}"')[1].split("</section>")[0]
    assert "apécitabine" in file and "1500 mg" in file and "adhésion" in file and "Valider" in file
    lebon.post(f"/patients/{marie.id}/programmes/validate", data={"enrolment": str(number), "because": ""})
    assert "Validé par Dr Aurore Lebon" in lebon.get(f"/patients/{marie.id}/programmes").text
    assert f"#enrolment-{number}" not in lebon.get("/doctor").text


def test_a_text_that_patients_follow_unsigned_waits_for_the_doctor(
    database: Database, sign_in: SignIn, world: World, marie: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer text, signed by the pharmacist alone while the older one is signed by both: on the doctor's page; signed, it leaves."""
    with database.transaction() as session:
        mine = next(one for one in versions.to_read(session, TEN.date(), world.service.id) if one.slug == "ibrutinib-continuous")
        monkeypatch.setitem(versions._compiled, "a new text", versions.load(mine))  # as the text of this fingerprint would be read
        mine.fingerprint = "a new text"
        signatures.sign(session, mine, service_id=world.service.id, role=SignatureRole.PHARMACIST, by=viewer_of(world.noe).actor, now=TEN)
        number, title = mine.id, mine.title["fr"]
    lebon: TestClient = sign_in(world.lebon)
    page = lebon.get("/doctor").text
    assert f'href="/protocols/{number}"' in page and title in page and "signé par" in page
    assert lebon.post(f"/protocols/{number}/sign", data={"sure": "yes"}).status_code == 303
    assert f'href="/protocols/{number}"' not in lebon.get("/doctor").text


def test_a_followed_text_that_nobody_signed_is_listed_and_the_others_are_counted(
    database: Database, sign_in: SignIn, world: World, marie: Patient
) -> None:
    with database.transaction() as session:
        for row in session.scalars(select(ProtocolVersion)):
            row.fingerprint = f"x{row.id}"  # as a new version of each text: the signatures were for the old one
    page = sign_in(world.lebon).get("/doctor").text
    assert "1 patient le suit" in page and "personne ne l&#39;a signé" in page and "sans signature de médecin" in page
