"""who holds a number, where a patient is, how to reach them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two tables, and columns for what was not asked before."""
    op.create_table(
        "absence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("said_by", sa.String(length=60), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_absence_patient_id_patient")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index(op.f("ix_absence_patient_id"), "absence", ["patient_id"])
    op.create_table(
        "number_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("respondent_id", sa.Integer(), nullable=True),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=60), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.String(length=60), nullable=False),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_number_check_patient_id_patient")),
        sa.ForeignKeyConstraint(["respondent_id"], ["respondent.id"], name=op.f("fk_number_check_respondent_id_respondent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_check")),
    )
    op.create_index(op.f("ix_number_check_number"), "number_check", ["number"])
    op.create_index(op.f("ix_number_check_patient_id"), "number_check", ["patient_id"])
    op.add_column("patient", sa.Column("follow_up_kind", sa.String(length=20), server_default=sa.text("''"), nullable=False))
    op.add_column("patient", sa.Column("also_reads", sa.JSON(), server_default=sa.text("'[]'"), nullable=False))
    op.add_column("patient", sa.Column("interpreter", sa.String(length=40), server_default=sa.text("''"), nullable=False))
    op.add_column("patient", sa.Column("channels", sa.JSON(), server_default=sa.text("'[]'"), nullable=False))
    op.add_column("patient", sa.Column("phone_verified_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("patient", sa.Column("silence_paused_until", sa.Date(), nullable=True))
    op.add_column("patient", sa.Column("silence_pause_reason", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("respondent", sa.Column("told_of_silence", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("respondent", sa.Column("language", sa.String(length=8), server_default=sa.text("''"), nullable=False))
    op.add_column("respondent", sa.Column("phone_verified_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("service", sa.Column("sms_style", sa.String(length=8), server_default=sa.text("'words'"), nullable=False))
    op.add_column("service", sa.Column("sms_per_day", sa.Integer(), server_default=sa.text("3000"), nullable=False))
    op.add_column("service", sa.Column("regions", sa.JSON(), server_default=sa.text("'[]'"), nullable=False))
