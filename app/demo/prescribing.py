"""What the fictional doctors prescribe besides tablets: that these people are watched, for a year, or until soon for a few."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from app.demo.dice import Dice
from app.demo.ward import Person
from app.people import watching
from app.people.watching import NewWatching

ENDS_SOON = 0.08
"""Share whose prescription ends 30 days after the opening, so that the task of its renewal is on the first morning's list."""


def prescribed(person: Person, prescriber_id: int, dice: Dice, *, today: date, opening: datetime) -> NewWatching:
    """The prescription written at the enrolment; a ward that does not exist is on no line of the list."""
    is_short = dice.happens(ENDS_SOON, person.key, "watching ends")
    last = opening.date() + timedelta(days=watching.SOON_DAYS) if is_short else watching.longest_from(today)
    weight = Decimal(f"{dice.between(52, 88, person.key, 'weight'):.1f}")
    return NewWatching(prescriber_id, "outside_list", today, last, weight)
