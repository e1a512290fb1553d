"""what the list and the panel remember"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Scores apart from their trace on judgements to come, and what the list remembers of each person."""
    op.add_column("assessment", sa.Column("scores", sa.JSON(), nullable=True))
    op.create_table(
        "list_memory",
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_list_memory_staff_id_staff")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_list_memory")),
    )
