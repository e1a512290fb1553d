"""Whose name stands on a thing and who does not see to it any more: a name on the list is not a pair of eyes (HZ-27, HZ-29)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.people import members, stand_ins
from app.people.models import Shift, Staff

LEFT, SHIFT_OVER = "left", "shift_over"
"""Why an owner does not see to it: the account is closed or of another service; the shift is over."""


@dataclass(frozen=True)
class Gone:
    """why: LEFT or SHIFT_OVER. ended: when the last shift ended, None for somebody who left or has had none yet. comes: when the next
    begins, None where the rota does not say."""

    why: str
    ended: datetime | None = None
    comes: datetime | None = None


class Absent:
    """The same question about every owner of one list, each looked up once."""

    def __init__(self, session: Session, owners: Iterable[int | None], service_id: int, now: datetime) -> None:
        self._session, self._now = session, now
        found = session.scalars(select(Staff).where(Staff.id.in_({one for one in owners if one is not None})))
        self._gone = {one.id: _of(session, one, service_id, now) for one in found}
        self._there: dict[tuple[int, datetime], bool] = {}

    def of(self, owner_id: int | None, *, call_at: datetime | None = None) -> Gone | None:
        """None: they are there, nobody owns it, or the rota does not know them. call_at: the hour of a planned call, which is its owner's
        as long as it is still to come and their work covers it."""
        gone = self._gone.get(owner_id or 0)
        if gone is None or owner_id is None or gone.why == LEFT or call_at is None or call_at <= self._now:
            return gone
        if (owner_id, call_at) not in self._there:
            self._there[owner_id, call_at] = stand_ins.shift_ends(self._session, owner_id, call_at) is not None
        return None if self._there[owner_id, call_at] else gone


def _of(session: Session, staff: Staff, service_id: int, now: datetime) -> Gone | None:
    if not staff.active or not members.works_in(session, staff, service_id):
        return Gone(LEFT)
    if stand_ins.shift_ends(session, staff.id, now) is not None:
        return None
    ended = session.scalar(select(func.max(Shift.ends_at)).where(Shift.staff_id == staff.id, Shift.ends_at <= now))
    comes = stand_ins.comes(session, staff.id, now)
    return Gone(SHIFT_OVER, ended, comes) if ended is not None or comes is not None else None
