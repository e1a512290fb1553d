"""programmes, enrolments, planned calls, contacts, letters"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """programmes, enrolments, planned calls, contacts, letters."""
    _programmes()


def _programmes() -> None:
    """Who is followed in which programme, the history of the stages, the calls that are planned."""
    op.create_table(
        "enrolment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("programme", sa.String(length=60), nullable=False),
        sa.Column("version_on", sa.Date(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=True),
        sa.Column("anchor_day", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("nurse_id", sa.Integer(), nullable=True),
        sa.Column("stand_in_id", sa.Integer(), nullable=True),
        sa.Column("slots", sa.JSON(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.String(length=60), nullable=False),
        sa.Column("adhesion_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("adhesion_by", sa.String(length=60), nullable=False),
        sa.Column("validated_by_id", sa.Integer(), nullable=True),
        sa.Column("validated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("validated_version_id", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=60), nullable=False),
        sa.Column("end_reason", sa.String(length=24), nullable=False),
        sa.Column("end_note", sa.Text(), nullable=False),
        sa.Column("opinion", sa.String(length=12), nullable=False),
        sa.Column("opinion_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opinion_answers", sa.JSON(), nullable=False),
        sa.Column("stamp", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_enrolment_course_id_course")),
        sa.ForeignKeyConstraint(["nurse_id"], ["staff.id"], name=op.f("fk_enrolment_nurse_id_staff")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_enrolment_patient_id_patient")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_enrolment_service_id_service")),
        sa.ForeignKeyConstraint(["stand_in_id"], ["staff.id"], name=op.f("fk_enrolment_stand_in_id_staff")),
        sa.ForeignKeyConstraint(["validated_by_id"], ["staff.id"], name=op.f("fk_enrolment_validated_by_id_staff")),
        sa.ForeignKeyConstraint(
            ["validated_version_id"], ["protocol_version.id"], name=op.f("fk_enrolment_validated_version_id_protocol_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment")),
    )
    op.create_index(op.f("ix_enrolment_nurse_id"), "enrolment", ["nurse_id"], unique=False)
    op.create_index(op.f("ix_enrolment_patient_id"), "enrolment", ["patient_id"], unique=False)
    op.create_index("ix_enrolment_programme", "enrolment", ["service_id", "programme", "state"], unique=False)
    op.create_index(
        "uq_enrolment_running",
        "enrolment",
        ["patient_id", "programme"],
        unique=True,
        sqlite_where=sa.text("state IN ('proposed', 'open')"),
        postgresql_where=sa.text("state IN ('proposed', 'open')"),
    )
    op.create_table(
        "planned_call",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("programme", sa.String(length=60), nullable=False),
        sa.Column("phase", sa.String(length=40), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("original_day", sa.Date(), nullable=False),
        sa.Column("moved_why", sa.String(length=16), nullable=False),
        sa.Column("moved_by", sa.String(length=60), nullable=False),
        sa.Column("moved_words", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("label", sa.String(length=12), nullable=False),
        sa.Column("late_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stamp", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_planned_call_enrolment_id_enrolment")),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.id"], name=op.f("fk_planned_call_owner_id_staff")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_planned_call_patient_id_patient")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_planned_call_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planned_call")),
    )
    op.create_index("ix_planned_call_due", "planned_call", ["state", "due_at"], unique=False)
    op.create_index(op.f("ix_planned_call_enrolment_id"), "planned_call", ["enrolment_id"], unique=False)
    op.create_index(op.f("ix_planned_call_owner_id"), "planned_call", ["owner_id"], unique=False)
    op.create_index(op.f("ix_planned_call_patient_id"), "planned_call", ["patient_id"], unique=False)
    op.create_index(op.f("ix_planned_call_service_id"), "planned_call", ["service_id"], unique=False)
    op.create_table(
        "stage_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("before", sa.String(length=40), nullable=False),
        sa.Column("after", sa.String(length=40), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("said_by", sa.String(length=60), nullable=False),
        sa.Column("said_by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_stage_change_enrolment_id_enrolment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_change")),
    )
    op.create_index(op.f("ix_stage_change_enrolment_id"), "stage_change", ["enrolment_id"], unique=False)
