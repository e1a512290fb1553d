"""When a toxicity has come back, and whether its first times can be known."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.triage.conditions.book import TODAY, past
from triage.conditions.on_history import episodes, history_known
from triage.terms import Context


@pytest.mark.parametrize(
    ("scores", "count"),
    [
        ("", 0),
        ("0:2 3:1", 0),
        ("0:3", 1),
        ("0:3 1:4 2:3", 1),
        ("0:3 1:1 7:1 8:3", 2),  # calm from day 1 to day 8: seven days
        ("0:3 2:1 8:3", 1),  # calm for six days only
        ("0:3 1:0 5:2 6:1 12:3", 1),  # a 2 in between starts the calm again
        ("0:3 1:0 5:2 6:1 13:3", 2),
        ("0:3 1:1 8:2 9:3", 2),  # the episode was over; the 2 is not an episode yet
        ("0:3 1:1 8:4 9:1 16:3", 3),
    ],
)
def test_an_episode_is_over_after_seven_calm_days(scores: str, count: int) -> None:
    """House section 7: the next time the score is reached after 7 days at 1 or less is a new occurrence. day:score."""
    dated = [(TODAY + timedelta(days=int(on)), Decimal(score)) for on, score in (pair.split(":") for pair in scores.split())]
    assert episodes(dated, Decimal(3)) == count


@pytest.mark.parametrize(
    ("cycle", "treatment_day", "first_seen_days_ago", "known"),
    [
        (1, None, None, True),
        (2, None, 10, False),
        (2, 60, None, False),
        (2, 60, 32, True),  # first seen on day 28
        (2, 60, 31, False),  # first seen on day 29
    ],
)
def test_occurrences_are_known_from_the_start_only_if_someone_was_asking_then(
    cycle: int, treatment_day: int | None, first_seen_days_ago: int | None, known: bool
) -> None:
    seen = () if first_seen_days_ago is None else (past(1), past(first_seen_days_ago))
    assert history_known(Context(TODAY, cycle=cycle, treatment_day=treatment_day, past=seen)) is known
