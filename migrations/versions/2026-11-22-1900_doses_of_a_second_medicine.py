"""the doses and tablets written down belong to one medicine of a treatment"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was written before belongs to the treatment's own medicine: no companion."""
    with op.batch_alter_table("dose_step") as change:
        change.add_column(sa.Column("companion_id", sa.Integer(), nullable=True))
        change.create_foreign_key("fk_dose_step_companion_id_companion", "companion", ["companion_id"], ["id"])
