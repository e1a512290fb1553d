"""stand-ins, routes of alerts, test alerts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The rota beside its shifts, and by which way a message travels: all of them were texts."""
    op.add_column("message", sa.Column("channel", sa.String(length=8), server_default=sa.text("'sms'"), nullable=False))
    _rota()
    _tests_of_the_road()


def _rota() -> None:
    op.create_table(
        "stand_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("absent_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by", sa.String(length=60), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["absent_id"], ["staff.id"], name=op.f("fk_stand_in_absent_id_staff")),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_stand_in_by_id_staff")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_stand_in_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stand_in")),
    )
    op.create_index(op.f("ix_stand_in_absent_id"), "stand_in", ["absent_id"])
    op.create_index(op.f("ix_stand_in_by_id"), "stand_in", ["by_id"])
    op.create_index("ix_stand_in_when", "stand_in", ["service_id", "starts_at", "ends_at"])
    op.create_table(
        "alert_route",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("rungs", sa.JSON(), nullable=False),
        sa.Column("take_minutes", sa.Integer(), nullable=False),
        sa.Column("act_minutes", sa.Integer(), nullable=False),
        sa.Column("written_by", sa.String(length=60), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_alert_route_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_route")),
        sa.UniqueConstraint("service_id", "level", name=op.f("uq_alert_route_service_id")),
    )
    op.create_table(
        "rota_rule",
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("road_test_hour", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_rota_rule_service_id_service")),
        sa.PrimaryKeyConstraint("service_id", name=op.f("pk_rota_rule")),
    )


def _tests_of_the_road() -> None:
    op.create_table(
        "road_test",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("judge_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asked_by_id"], ["staff.id"], name=op.f("fk_road_test_asked_by_id_staff")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_road_test_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_road_test")),
        sa.UniqueConstraint("key", name=op.f("uq_road_test_key")),
    )
    op.create_index("ix_road_test_story", "road_test", ["service_id", "started_at"])
    op.create_table(
        "road_leg",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("test_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(length=10), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_how", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_road_leg_staff_id_staff")),
        sa.ForeignKeyConstraint(["test_id"], ["road_test.id"], name=op.f("fk_road_leg_test_id_road_test")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_road_leg")),
        sa.UniqueConstraint("test_id", "staff_id", "way", name=op.f("uq_road_leg_test_id")),
    )
    op.create_index(op.f("ix_road_leg_message_id"), "road_leg", ["message_id"])
    op.create_index(op.f("ix_road_leg_staff_id"), "road_leg", ["staff_id"])
    op.create_index(op.f("ix_road_leg_test_id"), "road_leg", ["test_id"])
