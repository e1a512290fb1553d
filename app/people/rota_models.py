"""Tables of the rota beside its shifts: stand-ins, cyclone mode, routes of alerts and their targets, tests of the road."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base


class RoadState(StrEnum):
    """running → held (every road worked) or failed (one did not within its minutes)."""

    RUNNING = "running"
    HELD = "held"
    FAILED = "failed"


ROAD_MOVES: dict[RoadState, set[RoadState]] = {
    RoadState.RUNNING: {RoadState.HELD, RoadState.FAILED},
    RoadState.HELD: set(),
    RoadState.FAILED: set(),
}
"""What a test found is never changed: the next one says whether the road was mended."""


class StandIn(Base):
    """Who replaces whom, from when to when: shifts, rungs and patients of the absent one mean the other in between.

    removed_at: taken back before its end; the row stays, because the story of an alert may rest on it.
    """

    __tablename__ = "stand_in"
    __table_args__ = (Index("ix_stand_in_when", "service_id", "starts_at", "ends_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    absent_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    written_by: Mapped[str] = mapped_column(String(60))
    written_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str] = mapped_column(String(60), default="")


class Storm(Base):
    """Cyclone mode of a service: from begins_at until until_at everybody of the team is reached. One runs at a time; rows stay.

    ended_at: taken back before its hour, or prolonged, and then the next row says until when.
    """

    __tablename__ = "storm"
    __table_args__ = (Index("ix_storm_running", "service_id", "until_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    begins_at: Mapped[datetime]
    until_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(200))
    begun_by: Mapped[str] = mapped_column(String(60))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(String(60), default="")


class AlertRoute(Base):
    """How alerts of one level climb in one service. No row: the protocol's ladder, else the house's.

    rungs: [{"after_minutes": 0, "notify": "team", "by": ["browser", "text"]}, ...], see app.people.routes. take_minutes, act_minutes: the
    targets this service gave itself for the level, reported against what was achieved (FR-16).
    """

    __tablename__ = "alert_route"
    __table_args__ = (UniqueConstraint("service_id", "level"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    level: Mapped[str] = mapped_column(String(10))
    rungs: Mapped[list[Any]]
    take_minutes: Mapped[int]
    act_minutes: Mapped[int]
    written_by: Mapped[str] = mapped_column(String(60))
    written_at: Mapped[datetime]


class RotaRule(Base):
    """What a service decided about its rota. road_test_hour: local hour of the daily test of the road, None for no daily test."""

    __tablename__ = "rota_rule"

    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True)
    road_test_hour: Mapped[int | None]


class RoadTest(Base):
    """One alert that is a test, down the same road as a real urgent one. key: "daily:SERVICE:DAY", so that a day has one; None: asked for.

    judge_at: when its minutes are over and each road is said to have worked or not.
    """

    __tablename__ = "road_test"
    __table_args__ = (UniqueConstraint("key"), Index("ix_road_test_story", "service_id", "started_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    key: Mapped[str | None] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(10), default=RoadState.RUNNING)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    started_at: Mapped[datetime]
    judge_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    legs: Mapped[list[RoadLeg]] = relationship(order_by="RoadLeg.id")


class RoadLeg(Base):
    """One person by one way. message_id: what was sent, None for the screen. confirmed_how: key (pressed on the telephone), screen."""

    __tablename__ = "road_leg"
    __table_args__ = (UniqueConstraint("test_id", "staff_id", "way"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    test_id: Mapped[int] = mapped_column(ForeignKey("road_test.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    way: Mapped[str] = mapped_column(String(10))
    message_id: Mapped[int | None] = mapped_column(index=True)
    confirmed_at: Mapped[datetime | None]
    confirmed_how: Mapped[str] = mapped_column(String(10), default="")
