"""a code sent to a telephone is made from a seed and the installation's secret, never stored"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The seed instead of a fingerprint; and the text that carries the code names its check, as a text with a link names its link."""
    with op.batch_alter_table("number_check") as table:
        table.alter_column("code_hash", new_column_name="seed", existing_type=sa.String(length=64), type_=sa.String(length=32))
    op.add_column("message", sa.Column("check_id", sa.Integer(), nullable=True))
