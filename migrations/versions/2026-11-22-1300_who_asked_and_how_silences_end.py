"""who asked, who differs, how a silence came to its end"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Columns only; what was kept before had one respondent and no reason."""
    op.add_column("answer", sa.Column("asked_by", sa.String(length=60), server_default=sa.text("''"), nullable=False))
    op.add_column("answer", sa.Column("beside", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("checkin", sa.Column("ended_as", sa.String(length=16), server_default=sa.text("''"), nullable=False))
    op.add_column("checkin", sa.Column("ended_as_by", sa.String(length=60), server_default=sa.text("''"), nullable=False))
    op.add_column("checkin", sa.Column("ended_as_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("checkin", sa.Column("silence_reason", sa.String(length=24), server_default=sa.text("''"), nullable=False))
    op.add_column("checkin", sa.Column("silence_note", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("checkin", sa.Column("relative_told_at", sa.DateTime(timezone=True), nullable=True))
