"""numbers of a protocol changed for one patient, with a reason and an end"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLE = "patient_override"


def upgrade() -> None:
    """One table."""
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("base_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("decided_by", sa.String(length=60), nullable=False),
        sa.Column("decided_by_name", sa.String(length=200), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_patient_override_patient_id_patient")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_patient_override_course_id_course")),
        sa.ForeignKeyConstraint(["base_id"], ["protocol_version.id"], name=op.f("fk_patient_override_base_id_protocol_version")),
        sa.ForeignKeyConstraint(["version_id"], ["protocol_version.id"], name=op.f("fk_patient_override_version_id_protocol_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_override")),
    )
    for column in ("patient_id", "course_id"):
        op.create_index(op.f(f"ix_{TABLE}_{column}"), TABLE, [column])
