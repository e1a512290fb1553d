"""A text promised a call before an hour: the close says so, and the call stays to be made unless somebody was spoken to."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts import handling, promised
from app.alerts.models import Alert, Task
from app.insight import leaving
from app.people.models import Service
from app.people.perimeter import viewer_of
from tests.app.web.form import Ward
from tests.app.web.test_nurse import HTMX, said
from tests.support.chain import MARIE

SENTENCE = "Le message envoyé promet un appel avant 14 h 00. Clos sans avoir parlé à la personne, cet appel reste à faire."


@pytest.fixture
def alert(ward: Ward) -> Alert:
    """Wednesday 10:00: Marie's mouth hurts, and she answers every question. High: a nurse calls before 14:00, says the text."""
    said_back = [ward.chain.says(MARIE, words) for words in ("0 2 0", "NON", "2", "2", "0 0 0")]
    assert "Une infirmière vous appelle avant 14 h." in said_back[-1][0]
    (raised,) = ward.chain.alerts()
    return raised


def _promised(ward: Ward) -> list[tuple[str, str]]:
    with ward.chain.read() as session:
        service = session.get_one(Service, ward.chain.world.service.id)
        now = ward.chain.clock.now()
        left = leaving.read(session, service, viewer=viewer_of(ward.chain.world.claire), since=now, now=now)
        return [(line.kind, line.by.isoformat() if line.by else "") for line in left.promised]


def _task(ward: Ward) -> Task:
    with ward.chain.read() as session:
        return session.scalars(select(Task).where(Task.kind == "call_back")).one()


def test_closed_without_a_word_the_promised_call_stays_to_be_made_at_its_hour(claire: TestClient, ward: Ward, alert: Alert) -> None:
    due = alert.respond_by.isoformat()
    assert _promised(ward) == [("promised", due)], "from the start"
    assert "Le message envoyé dit qu'une infirmière appelle" in said(claire.get("/handover"))
    page = f"/alerts/{alert.id}"
    claire.post(f"{page}/take", headers=HTMX)
    assert SENTENCE in said(claire.get(page))
    closed = claire.post(f"{page}/close", data={"outcome": "no_action"}, headers=HTMX)
    assert "Alerte close. L'appel promis avant 14 h 00 reste à faire." in said(closed)
    assert closed.headers["hx-trigger"] == "vigie:next", "her row stays"
    assert "Appel promis par message" in said(claire.get("/list")).split("HOARAU Marie")[1]
    assert _promised(ward) == [("call_back", due)]
    claire.post(f"{page}/undo", headers=HTMX)
    assert (_task(ward).closing_note, _promised(ward)) == ("undone", [("promised", due)])
    again = claire.post(f"{page}/close", data={"outcome": "not_an_event"}, headers=HTMX)
    assert again.status_code == 200 and _task(ward).closed_at is None
    ward.chain.wait(hours=4, minutes=2)
    ward.chain.wait(minutes=10)
    assert any("notre appel a du retard" in text for text in ward.chain.received())


def test_spoken_to_since_or_help_sent_nothing_more_is_promised(claire: TestClient, ward: Ward, alert: Alert) -> None:
    """A word before the promise counts for nothing; one since ends it, and so does an outcome that says there was one."""
    page = f"/alerts/{alert.id}"
    claire.post(f"{page}/take", headers=HTMX)
    ward.chain.clock.forward(minutes=5)
    claire.post(f"{page}/call", data={"whom": "relative", "reached": "yes"}, headers=HTMX)
    assert SENTENCE not in said(claire.get(page)) and _promised(ward) == []
    closed = claire.post(f"{page}/close", data={"outcome": "no_action"}, headers=HTMX)
    assert closed.headers["hx-trigger"] == "vigie:done"
    with ward.chain.read() as session:
        assert session.scalars(select(Task.id).where(Task.kind == "call_back")).all() == []
    claire.post(f"{page}/reopen", data={"reason": "Rappelle"}, headers=HTMX)
    with ward.chain.database.transaction() as session:
        opened, nurse, now = session.get_one(Alert, alert.id), viewer_of(ward.chain.world.claire), ward.chain.clock.now()
        promise = promised.standing(session, opened)
        assert promise is not None and promise.by == alert.respond_by, "what was said before it was opened again says nothing any more"
        handling.take(session, alert.id, by=nurse, now=now)
        handling.close(session, alert.id, by=nurse, now=now, outcome="advice")
        assert session.scalars(select(Task.id).where(Task.kind == "call_back")).all() == []


def test_her_words_are_the_figures_that_raised_it_not_the_calm_ones_after(claire: TestClient, alert: Alert) -> None:
    """Her mouth hurts at 2; that she breathes well and vomits nothing came after, and is no reason."""
    words = said(claire.get(f"/alerts/{alert.id}")).split("Ses mots")[1].split("10 h 00")[0]
    assert "bouche douloureuse 2" in words and "vomissements" not in words and "poitrine" not in words
