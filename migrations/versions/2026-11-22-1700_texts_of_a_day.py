"""texts of a service's day are found without reading all of its texts"""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An index only: the budget of texts is looked at before every check-in."""
    op.create_index("ix_message_day", "message", ["service_id", "created_at"], unique=False)
