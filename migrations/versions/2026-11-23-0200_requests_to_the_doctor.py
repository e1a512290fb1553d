"""what a nurse asks a doctor, and the answer"""

from __future__ import annotations

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """what a nurse asks a doctor, and the answer."""
