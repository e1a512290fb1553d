"""Methotrexate once a week: a second intake rings at once, one that was missed does not (FR-32, HZ-06)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.treatment.models import IntakeReport
from tests.support.chain import MARIE, Chain

WEEKLY: dict[str, object] = {
    "protocol_slug": "methotrexate-oral-weekly",
    "agent": "methotrexate_oral_weekly",
    "dose_mg": Decimal(30),
    "times_per_day": 1,
    "days_on": 28,
    "days_off": 0,
    "weekday": 4,
    "strengths": (Decimal("2.5"),),
}
"""Twelve tablets of 2.5 mg every Thursday, prescribed on Monday 23 November 2026."""


@pytest.mark.parametrize(
    ("words", "told", "urgent"),
    [
        ("toutes", (0, 0, False), False),
        ("1 en trop", (0, 1, False), True),
        ("j'en ai pris un jour de repos", (0, 0, True), True),
        ("1 oubliée", (1, 0, False), False),
    ],
)
def test_a_second_intake_in_the_week_is_an_emergency(chain: Chain, words: str, told: tuple[int, int, bool], urgent: bool) -> None:
    """Asked on Monday 30 about the week of Thursday 26: one intake was due, and everything else is calm."""
    chain.follow(course=WEEKLY)
    chain.until(datetime(2026, 11, 30, 9, 30, tzinfo=UTC))
    for answer in ("0 0 0", "0 0 0", "37,0", "non", words):
        chain.says(MARIE, answer)
    with chain.read() as session:
        report = session.scalars(select(IntakeReport).order_by(IntakeReport.id.desc())).first()
    assert report is not None and (report.scheduled, (report.missed, report.extra, report.off_day)) == (1, told)
    assert ("urgent" in [alert.level for alert in chain.alerts()]) is urgent
