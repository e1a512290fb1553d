"""stand-ins, routes of alerts, test alerts"""

from __future__ import annotations

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """stand-ins, routes of alerts, test alerts."""
