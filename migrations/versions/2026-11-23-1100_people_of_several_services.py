"""people who work in several services of their hospital"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The further services of a person, and which of them a signed-in browser shows; without either, the home service as before."""
    op.create_table(
        "staff_service",
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_staff_service_service_id_service")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_service_staff_id_staff")),
        sa.PrimaryKeyConstraint("staff_id", "service_id", name=op.f("pk_staff_service")),
    )
    op.create_index(op.f("ix_staff_service_service_id"), "staff_service", ["service_id"])
    with op.batch_alter_table("staff_session") as session:
        session.add_column(sa.Column("service_id", sa.Integer(), nullable=True))
        session.create_foreign_key(op.f("fk_staff_session_service_id_service"), "service", ["service_id"], ["id"])
