"""a respondent who no longer answers stays on record: answers name them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One column; everybody declared before is still there."""
    op.add_column("respondent", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
