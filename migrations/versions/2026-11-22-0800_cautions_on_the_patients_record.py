"""what makes a general advice unfit for one patient"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One column; nothing was marked before."""
    op.add_column("patient", sa.Column("cautions", sa.JSON(), server_default=sa.text("'[]'"), nullable=False))
