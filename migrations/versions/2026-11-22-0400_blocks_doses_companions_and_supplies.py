"""blocks, named weekdays and evenings; doses that change; companions; delays; what was dispensed, counted, opened"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New columns say what existing rows already meant: no blocks, every day, from the morning, an ordered hold, no cause asked."""
    for column in _dosing():
        op.add_column("course", column)
    op.add_column("hold", sa.Column("kind", sa.String(length=20), server_default="ordered", nullable=False))
    op.add_column("intake_report", sa.Column("cause", sa.String(length=20), server_default="", nullable=False))
    _companions()
    _orders()
    _supplies()


def _dosing() -> list[sa.Column[object]]:
    return [
        sa.Column("blocks", sa.JSON(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("cycle_days", sa.Integer(), nullable=True),
        sa.Column("weekday", sa.Integer(), nullable=True),
        sa.Column("every", sa.Integer(), server_default="1", nullable=False),
        sa.Column("first_intake_evening", sa.Boolean(), server_default=sa.false(), nullable=False),
    ]


def _of_course(table: str, *columns: sa.Column[object], indexed: bool = True) -> None:
    constraints = [
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f(f"fk_{table}_course_id_course")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]
    if not indexed:
        constraints.append(sa.UniqueConstraint("course_id", "at", name=op.f(f"uq_{table}_course_id")))
    op.create_table(
        table, sa.Column("id", sa.Integer(), nullable=False), sa.Column("course_id", sa.Integer(), nullable=False), *columns, *constraints
    )
    if indexed:
        op.create_index(op.f(f"ix_{table}_course_id"), table, ["course_id"])


def _companions() -> None:
    _of_course(
        "companion",
        sa.Column("agent", sa.String(length=80), nullable=False),
        sa.Column("dose_mg", sa.Numeric(precision=9, scale=3), nullable=False),
        sa.Column("times_per_day", sa.Integer(), nullable=False),
        sa.Column("days_on", sa.Integer(), nullable=False),
        sa.Column("days_off", sa.Integer(), nullable=False),
        *_dosing(),
        sa.Column("first_intake", sa.Date(), nullable=False),
        sa.Column("stopped_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=60), nullable=False),
    )


def _ordered() -> list[sa.Column[object]]:
    return [
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ordered_by", sa.String(length=60), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    ]


def _orders() -> None:
    _of_course(
        "postponement",
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("to_day", sa.Date(), nullable=False),
        *_ordered(),
    )
    _of_course(
        "dose_step",
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("dose_mg", sa.Numeric(precision=9, scale=3), nullable=False),
        sa.Column("tablets", sa.JSON(), nullable=False),
        *_ordered(),
    )


def _said() -> list[sa.Column[object]]:
    return [
        sa.Column("said_by", sa.String(length=60), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    ]


def _supplies() -> None:
    _of_course(
        "dispensing",
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("strength_mg", sa.Numeric(precision=9, scale=3), nullable=False),
        sa.Column("tablets", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=20), nullable=False),
        *_said(),
    )
    _of_course(
        "pill_count",
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("tablets", sa.JSON(), nullable=False),
        sa.Column("returned", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        *_said(),
    )
    _of_course("cap_opening", sa.Column("at", sa.DateTime(timezone=True), nullable=False), *_said(), indexed=False)
