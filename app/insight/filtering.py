"""A part of the list: by programme, by owner. What is urgent and left out is counted, so that a filter never hides a red (HZ-23)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.models import Enrolment, EnrolmentState
from app.insight.gone import Absent
from app.insight.open_items import abandoned
from app.insight.placing import Place
from app.people import members
from app.people.models import Role, Staff
from app.people.perimeter import Viewer
from triage.terms import Level

ME, NOBODY = "me", "nobody"
FOLLOWED = (EnrolmentState.PROPOSED, EnrolmentState.OPEN)


@dataclass(frozen=True)
class Filter:
    """owner: "", "me", "nobody" (or its owner is gone), or the number of a colleague. programme: a slug, or "" for all."""

    owner: str = ""
    programme: str = ""

    @property
    def is_on(self) -> bool:
        """Does it leave anything out?"""
        return bool(self.owner or self.programme)

    @property
    def kept(self) -> dict[str, str]:
        """As the address and the memory hold it; {} for the whole list."""
        return {name: value for name, value in (("owner", self.owner), ("programme", self.programme)) if value}


@dataclass(frozen=True)
class Part:
    """The rows a filter keeps, in the list's own order, and those it leaves out that are urgent."""

    shown: Sequence[Place]
    total: int
    urgent_outside: Sequence[Place] = ()


def read(kept: Mapping[str, object]) -> Filter:
    """From an address or from memory; a word that means nothing filters nothing."""
    owner, programme = str(kept.get("owner", "")), str(kept.get("programme", ""))
    return Filter(owner if owner in (ME, NOBODY) or owner.isdigit() else "", programme[:60])


def part(session: Session, places: Sequence[Place], wanted: Filter, *, viewer: Viewer, now: datetime) -> Part:
    """What this filter keeps of the list."""
    if not wanted.is_on:
        return Part(places, len(places))
    followed = _followed(session, wanted.programme, viewer) if wanted.programme else None
    owners = {item.owner_id for place in places for item in place.items} if wanted.owner == NOBODY else set[int | None]()
    absent = Absent(session, owners, viewer.service_id or 0, now)
    kept = [
        place for place in places if _is_owned(place, wanted.owner, viewer, absent) and (followed is None or place.patient_id in followed)
    ]
    keys = {place.key for place in kept}
    outside = [place for place in places if place.level is Level.URGENT and place.key not in keys]
    return Part(kept, len(places), outside)


def _is_owned(place: Place, owner: str, viewer: Viewer, absent: Absent) -> bool:
    """What nobody has is also what its owner does not see to any more: the rows somebody has to take."""
    if not owner:
        return True
    if owner == NOBODY:
        return any(item.owner_id is None or abandoned(absent, item) is not None for item in place.items)
    wanted = viewer.actor.id if owner == ME else int(owner)
    return any(item.owner_id == wanted for item in place.items)


def _followed(session: Session, programme: str, viewer: Viewer) -> set[int]:
    of = (Enrolment.service_id == viewer.service_id, Enrolment.programme == programme, Enrolment.state.in_(FOLLOWED))
    return set(session.scalars(select(Enrolment.patient_id).where(*of)))


def programmes(session: Session, viewer: Viewer) -> list[str]:
    """Slugs that somebody of the service is followed in."""
    of = (Enrolment.service_id == viewer.service_id, Enrolment.state.in_(FOLLOWED))
    return sorted(session.scalars(select(Enrolment.programme).where(*of).distinct()))


def owners(session: Session, viewer: Viewer) -> list[Staff]:
    """Colleagues whose rows may be asked for."""
    acting = (Role.NURSE, Role.COORDINATOR, Role.ONCOLOGIST)
    of = (members.belongs(viewer.service_id), Staff.active, Staff.role.in_(acting), Staff.id != viewer.actor.id)
    return list(session.scalars(select(Staff).where(*of).order_by(Staff.name)))
