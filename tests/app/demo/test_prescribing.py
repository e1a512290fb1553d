"""FR-10 in the ward that does not exist: everybody's watching is prescribed, and a few prescriptions end within the month."""

from __future__ import annotations

from datetime import timedelta

from app.demo import hospital, prescribing, ward
from app.demo.dice import Dice
from app.people import watching
from app.people.watching import Phase
from app.people.watching_models import Watching
from tests.conftest import WEDNESDAY_TEN


def test_the_task_of_a_renewal_is_seen_by_two_to_five_on_the_first_morning() -> None:
    """FR-10: with the demonstration's own seed; nobody's watching is over, and none is refused for its length."""
    dice, enrolled = Dice(hospital.SEED), (WEDNESDAY_TEN - timedelta(days=60)).date()
    phases = []
    for person in ward.people():
        new = prescribing.prescribed(person, 1, dice, today=enrolled, opening=WEDNESDAY_TEN)
        assert new.from_day and new.until_day
        assert (new.until_day - new.from_day).days < watching.LONGEST_DAYS
        row = Watching(from_day=new.from_day, until_day=new.until_day)
        phases.append(watching.standing([row], WEDNESDAY_TEN.date()).phase)
    assert 2 <= phases.count(Phase.SOON) <= 5
    assert phases.count(Phase.FAR) == len(phases) - phases.count(Phase.SOON)
