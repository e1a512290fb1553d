"""a hold ordered by a slip is taken back, and its row stays"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """When a hold was taken back before a day of it had passed."""
    op.add_column("hold", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
