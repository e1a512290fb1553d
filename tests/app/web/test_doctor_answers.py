"""What an answer can hold, and what becomes of two of them: the doctor's form, the nurse who tells, the home of whoever stands in."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient

from app.core.clock import HandClock
from app.core.db import Database
from app.people.models import Patient
from tests.app.web.conftest import SignIn
from tests.factories import World, a_course, a_patient

TEN = datetime.fromisoformat("2026-11-25T10:00:00+01:00")
"""A Wednesday, the third day of Marie's first cycle."""


@pytest.fixture
def marie(database: Database, world: World, clock: HandClock, signed: None) -> Patient:
    clock.at = TEN
    with database.transaction() as session:
        marie = a_patient(session, world, now=TEN)
        a_course(session, world, marie, now=TEN, first_intake=date(2026, 11, 23), strengths=(Decimal(500),))
        return marie


def _ask(claire: TestClient, marie: Patient, question: str = "Diarrhée de grade 3 : poursuivre ?") -> int:
    asked = claire.post(f"/patients/{marie.id}/ask", data={"question": question, "level": "high", "doctor": ""})
    assert asked.status_code == 303, asked.text
    return int(asked.headers["location"].removeprefix("/requests/"))


def _text(answer: object) -> str:
    return answer.text.replace("\u202f", " ").replace("\xa0", " ").replace("&#39;", "'")  # type: ignore[attr-defined]  # a response


def test_a_later_hold_takes_the_place_of_the_one_nobody_told(
    claire: TestClient, sign_in: SignIn, world: World, marie: Patient, clock: HandClock
) -> None:
    """The doctor sees the untold answer before answering; the nurse has one line; each names the other."""
    first, then = _ask(claire, marie), _ask(claire, marie, "Toujours grade 3 ?")
    lebon = sign_in(world.lebon)
    lebon.post(f"/requests/{first}/answer", data={"answer": "hold_until", "until": "2026-11-27", "words": "Hydratation."})
    clock.forward(minutes=30)
    assert "Pas encore dit au patient : Suspendre, dernier jour sans comprimés ven. 27 nov." in _text(lebon.get(f"/requests/{then}"))
    sent = lebon.post(f"/requests/{then}/answer", data={"answer": "hold_until", "until": "open", "words": "Bilan d'abord."})
    replaced = "À la place de : Suspendre, dernier jour sans comprimés ven. 27 nov. (Dr Aurore Lebon)"
    home = _text(lebon.get(sent.headers["location"]))
    assert "À la place de : suspendre jusqu'au ven. 27 nov." in home and f'class="door door-high" href="/requests/{first}"' not in home
    row = _text(claire.get("/"))
    assert "suspendre jusqu'à nouvel avis" in row and "suspendre jusqu'au ven. 27 nov." not in row
    assert replaced in _text(claire.get(f"/requests/{then}"))
    old = _text(claire.get(f"/requests/{first}"))
    assert "Remplacée par : Suspendre, jusqu'à nouvel avis (Dr Aurore Lebon" in old and "Hydratation." in old and "C'est dit" not in old
    late = claire.post(f"/requests/{first}/tell", data={"whom": "patient", "reached": "yes", "words": "Jusqu'à vendredi."})
    assert late.status_code == 409 and "a remplacé celle-ci" in _text(late)
    assert "Remplacée par une réponse plus récente" in _text(claire.get(f"/patients/{marie.id}/timeline"))
