"""the line of a doctor that a service's patients call when it is closed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The number and when it answers; without one, texts name the emergency number as before."""
    op.add_column("service", sa.Column("doctor_line", sa.String(length=13), server_default=sa.text("''"), nullable=False))
    op.add_column("service", sa.Column("doctor_line_hours", sa.String(length=60), server_default=sa.text("''"), nullable=False))
