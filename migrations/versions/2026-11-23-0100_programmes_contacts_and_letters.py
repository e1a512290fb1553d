"""programmes, enrolments, planned calls, contacts, letters"""

from __future__ import annotations

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """programmes, enrolments, planned calls, contacts, letters."""
