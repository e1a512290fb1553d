"""where somebody who telephones can be rung back, as they say it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Calls kept before this step gave none."""
    op.add_column("contact", sa.Column("caller_number", sa.String(length=40), server_default=sa.text("''"), nullable=False))
