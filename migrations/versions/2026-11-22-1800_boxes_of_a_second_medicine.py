"""boxes, counts and caps belong to one medicine of a treatment"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was written before belongs to the treatment's own medicine: no companion."""
    for table in ("dispensing", "pill_count", "cap_opening"):
        with op.batch_alter_table(table) as change:
            change.add_column(sa.Column("companion_id", sa.Integer(), nullable=True))
            change.create_foreign_key(f"fk_{table}_companion_id_companion", "companion", ["companion_id"], ["id"])
    with op.batch_alter_table("cap_opening") as change:
        change.drop_constraint("uq_cap_opening_course_id", type_="unique")
        change.create_unique_constraint("uq_cap_opening_course_id", ["course_id", "companion_id", "at"], postgresql_nulls_not_distinct=True)
    op.create_index(op.f("ix_cap_opening_course_id"), "cap_opening", ["course_id"], unique=False)
