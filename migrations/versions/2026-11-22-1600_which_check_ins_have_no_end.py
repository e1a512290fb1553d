"""which check-ins have no end yet: looked at each minute"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An index over the few rows without an end."""
    without = sa.text("ended_as = ''")
    op.create_index("ix_checkin_unended", "checkin", ["day"], sqlite_where=without, postgresql_where=without)
