"""Self-care texts: at 1 or 2 only, alone, once a day, not twice a week, never to a child; where it is unfit a nurse calls (point 8)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from app.alerts.models import Task
from app.core.audit import AuditRow
from app.core.errors import FieldErrors
from app.people import cautions
from app.people.models import Patient
from app.people.perimeter import actor_of
from notifications import wording
from tests.support.chain import MARIE, Chain

WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
FRIDAY_TEN = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)


def answers(chain: Chain, first: str = "1 0 0", day: datetime = WEDNESDAY_TEN) -> None:
    """A whole check-in: diarrhoea, mouth, hands and feet; temperature; the rest as it is asked."""
    chain.until(day)
    for words in (first, "37", "2", "0 0 0", "2"):
        chain.says(MARIE, words)
    chain.wait(minutes=3)


def care(chain: Chain) -> list[str]:
    return [text.key for text in chain.texts_to(MARIE) if text.key.startswith("care_")]


def mark(chain: Chain, patient: Patient, *chosen: str) -> None:
    with chain.database.transaction() as session:
        cautions.mark(session, session.get_one(Patient, patient.id), chosen, by=actor_of(chain.world.claire), now=chain.clock.now())


def test_the_text_its_guideline_and_the_trace_agree(chain: Chain, marie: Patient) -> None:
    answers(chain)

    assert care(chain) == ["care_diarrhoea"]
    last = chain.judgements(chain.checkin(marie, date(2026, 11, 25)))[-1]
    assert last.result["self_care"] == "diarrhoea"
    assert last.result["advice_source"].startswith("Canadian Family Physician")


@pytest.mark.parametrize("first", ["3 0 0", "2 2 0", "0 0 0", "1 0 0 et je saigne beaucoup"])
def test_no_text_beside_a_three_two_at_two_or_a_danger(chain: Chain, marie: Patient, first: str) -> None:
    answers(chain, first)
    assert care(chain) == []


@pytest.mark.parametrize("caution", cautions.CAUTIONS)
def test_a_mark_on_the_record_gives_the_advice_to_a_nurse(chain: Chain, marie: Patient, caution: str) -> None:
    mark(chain, marie, caution)
    answers(chain)

    assert care(chain) == []
    with chain.read() as session:
        task = session.scalars(select(Task)).one()
        assert (task.kind, task.detail["why"], task.detail["advice"]) == ("call_back", "advice_withheld", "diarrhoea")
        assert task.detail["cautions"] == [caution]
        trail = session.scalars(select(AuditRow.change).where(AuditRow.action == "patient.cautions")).one()
        assert (trail["before"], trail["after"]) == ([], [caution])


def test_the_nurse_is_asked_once_a_week(chain: Chain, marie: Patient) -> None:
    """Three check-ins with the same slight symptom: one text or one call, not three."""
    mark(chain, marie, "stoma")
    answers(chain)
    answers(chain, day=FRIDAY_TEN)

    assert chain.tasks() == ["call_back"]


def test_another_symptom_another_day_has_its_own_text(chain: Chain, marie: Patient) -> None:
    answers(chain)
    answers(chain, "0 1 0", day=FRIDAY_TEN)

    assert care(chain) == ["care_diarrhoea", "care_mouth_sores"]
    assert "call_back" not in chain.tasks()


def test_an_unknown_mark_is_refused(chain: Chain, marie: Patient) -> None:
    with pytest.raises(FieldErrors):
        mark(chain, marie, "stoma", "grumpy")


@pytest.mark.parametrize("key", sorted(key for key in wording.catalogue() if key.startswith(("care_", "urgent", "suicidal"))))
def test_every_advice_says_what_to_do_in_an_emergency(key: str) -> None:
    """Within its segments and alphabet: the catalogue refuses the rest."""
    template = wording.catalogue()[key]
    assert set(wording.COMPLETE) <= set(template.texts)
    for language in template.texts:
        assert "{sos" in template.texts[language]
        assert "{tel}" in template.texts[language] or key in ("urgent_15", "urgent_closed", "suicidal")
        wording.render(key, language, wording.longest(key))
