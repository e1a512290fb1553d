"""What a doctor is asked with: the words of the danger first, then each symptom from before to now, the worse first; no rise is lost."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
from fastapi.testclient import TestClient

from app.alerts import handling
from app.alerts.models import Alert
from app.alerts.reasons import Reason
from app.checkins.models import AssessmentRow
from app.core.clock import HandClock
from app.core.db import Database
from app.people.models import Patient
from app.protocols import shelf
from tests.app.web.conftest import SignIn
from tests.app.web.ward import check_in, text
from tests.factories import World, a_course, a_patient
from triage.terms import Level

TEN = datetime.fromisoformat("2026-11-25T10:00:00+01:00")


@pytest.fixture
def marie(database: Database, world: World, clock: HandClock, signed: None) -> Patient:
    """On Monday tired 1, nauseous 1; on Tuesday tired 3, nausea not told; this morning only a diarrhoea of 1, then she cannot breathe."""
    clock.at = TEN
    with database.transaction() as session:
        shelf.seed(session, TEN)
        marie = a_patient(session, world, now=TEN)
        course = a_course(session, world, marie, now=TEN, first_intake=date(2026, 11, 23), strengths=(Decimal(500),))
        check_in(session, marie, course, {"fatigue": "1", "nausea": "1", "diarrhea": "0"}, at=TEN - timedelta(days=2))
        monday = session.query(AssessmentRow).order_by(AssessmentRow.id.desc()).first()
        assert monday is not None
        check_in(session, marie, course, {"fatigue": "3", "diarrhea": "0"}, at=TEN - timedelta(days=1))
        columns = {"version_id": monday.version_id, "fingerprint": monday.fingerprint, "level": "none", "at": TEN - timedelta(hours=20)}
        session.add(AssessmentRow(patient_id=marie.id, inputs={}, result={**monday.result, "scores": {}}, **columns))  # a word judged alone
        check_in(session, marie, course, {"diarrhea": "1"}, at=TEN - timedelta(hours=2))
        body, reading = "jarive pa a respirer", {"heard": "text", "dangers": ["breathing"]}
        said = text(session, world, marie, body, at=TEN - timedelta(hours=1), reading=reading)
        text(session, world, marie, "merci a vous, je suis au lit", at=TEN - timedelta(minutes=50))
        detail = {"message_id": said.id, "dangers": ["breathing"], "kind": "danger"}
        handling.consider(
            session, service=world.service, patient=marie, reason=Reason(kind="danger", level=Level.URGENT, detail=detail), now=TEN
        )
        return marie


def _filled(client: TestClient, marie: Patient) -> list[str]:
    page = client.get(f"/patients/{marie.id}/ask").text
    found = re.search(r'<textarea id="changed"[^>]*>(.*?)</textarea>', page, re.S)
    assert found
    return [line.replace("\u202f", " ").replace("\xa0", " ") for line in unescape(found.group(1)).splitlines()]


def test_danger_first_then_the_worse_first_and_no_rise_is_lost(claire: TestClient, marie: Patient) -> None:
    """The rise of 2 was told yesterday: neither the word judged alone, nor the short answer of this morning, hides it."""
    lines = _filled(claire, marie)
    assert lines[0] == "DANGER, « jarive pa a respirer » (mer. 25 nov., 9 h 00)"
    assert lines[1] == "« merci a vous, je suis au lit » (mer. 25 nov., 9 h 10)"
    assert lines[2] == "fatigue : 1 → 3 (+2), lun. 23 nov. puis mar. 24 nov."
    assert lines[3] == "diarrhée : 0 → 1 (+1), mar. 24 nov. puis mer. 25 nov."
    assert lines[4] == "nausées : 1, lun. 23 nov., jamais dit avant", "told once: not zero before, and its day says how old it is"
    assert len(lines) == 5


def test_a_reply_of_figures_is_no_words_but_what_was_not_understood_is(
    database: Database, claire: TestClient, world: World, marie: Patient
) -> None:
    """Read as answers, "0 0" stands beside as scores; a figure nobody understood, or with a danger, is all there is to read."""
    with database.transaction() as session:
        person = session.get_one(Patient, marie.id)
        for minutes, body, reading in (
            (49, "1", {"heard": "ask_again"}),
            (48, "nope", {"heard": "answer", "value": "no", "asked": {"kind": "yes_no"}}),
            (47, "0 partout", {"heard": "answer", "value": "0", "asked": {"kind": "multi3_severity_0_4"}}),
            (46, "non merci", {"heard": "answer", "value": "none", "asked": {"kind": "free_text"}}),
            (45, "oui sang", {"heard": "answer", "value": "yes", "notes": ["watch_bleeding"], "asked": {"kind": "yes_no"}}),
            (40, "0 0", {"heard": "answer"}),
            (30, "A0 B2", {"heard": "answer"}),
            (20, "nn", {"heard": "answer"}),
            (10, "7", {"heard": "text"}),
        ):
            text(session, world, person, body, at=TEN - timedelta(minutes=minutes), reading=reading)
    words = [line for line in _filled(claire, marie) if "«" in line]
    assert [line.split(" (")[0] for line in words] == ["DANGER, « jarive pa a respirer »", "« 7 »", "« oui sang »"], "words, not answers"


def test_the_doctor_reads_it_in_their_language_and_the_nurses_own_words_as_written(
    database: Database, claire: TestClient, sign_in: SignIn, world: World, marie: Patient
) -> None:
    with database.reading() as session:
        alert = session.query(Alert).one()
    changed = "\n".join([*_filled(claire, marie), "Sa fille est là."])
    data = {"question": "La voir ?", "level": "urgent", "changed": changed, "alert": str(alert.id)}
    where = claire.post(f"/patients/{marie.id}/ask", data=data).headers["location"]
    lebon = sign_in(world.lebon)
    french = unescape(lebon.get(where).text).replace("\u202f", " ").replace("\xa0", " ")
    assert french.index("Signes de danger") < french.index("jarive pa a respirer") < french.index("Votre réponse")
    lebon.post("/language", data={"language": "en"})
    english = unescape(lebon.get(where).text)
    shown = re.search(r'<p class="as-written">(.*?)</p>', english, re.S)
    assert shown is not None
    assert "1 → 3 (+2), Mon 23 Nov then Tue 24 Nov" in shown.group(1)
    assert "Sa fille est là." in shown.group(1) and "puis" not in shown.group(1)
