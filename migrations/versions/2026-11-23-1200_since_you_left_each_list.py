"""since when somebody left each list they work from"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was remembered of a person is that of their home service; of whoever has none, no list was ever seen."""
    op.execute("CREATE TABLE list_memory_before AS SELECT staff_id, seen_at, left_at, filters FROM list_memory")
    op.drop_table("list_memory")
    op.create_table(
        "list_memory",
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_list_memory_service_id_service")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_list_memory_staff_id_staff")),
        sa.PrimaryKeyConstraint("staff_id", "service_id", name=op.f("pk_list_memory")),
    )
    op.execute(
        "INSERT INTO list_memory (staff_id, service_id, seen_at, left_at, filters) "
        "SELECT before.staff_id, staff.service_id, before.seen_at, before.left_at, before.filters "
        "FROM list_memory_before AS before JOIN staff ON staff.id = before.staff_id WHERE staff.service_id IS NOT NULL"
    )
    op.drop_table("list_memory_before")
