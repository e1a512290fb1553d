"""what a nurse asks a doctor, and the answer"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

STORY = "doctor_request_event"


def upgrade() -> None:
    """What a nurse asks a doctor, the answer, and every step in between."""
    _requests()
    _events()


def _requests() -> None:
    op.create_table(
        "doctor_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=True),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("doctor_id", sa.Integer(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("changed", sa.Text(), nullable=False),
        sa.Column("proposed", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by_id", sa.Integer(), nullable=True),
        sa.Column("answer", sa.String(length=12), nullable=False),
        sa.Column("answer_detail", sa.JSON(), nullable=False),
        sa.Column("answer_words", sa.Text(), nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("spoken", sa.JSON(), nullable=False),
        sa.Column("spoken_to_id", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_by_id", sa.Integer(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by_id", sa.Integer(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("respond_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ladder", sa.JSON(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("next_step_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stamp", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_doctor_request_alert_id_alert")),
        sa.ForeignKeyConstraint(["answered_by_id"], ["staff.id"], name=op.f("fk_doctor_request_answered_by_id_staff")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["staff.id"], name=op.f("fk_doctor_request_asked_by_id_staff")),
        sa.ForeignKeyConstraint(["doctor_id"], ["staff.id"], name=op.f("fk_doctor_request_doctor_id_staff")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_doctor_request_patient_id_patient")),
        sa.ForeignKeyConstraint(["seen_by_id"], ["staff.id"], name=op.f("fk_doctor_request_seen_by_id_staff")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_doctor_request_service_id_service")),
        sa.ForeignKeyConstraint(["spoken_to_id"], ["staff.id"], name=op.f("fk_doctor_request_spoken_to_id_staff")),
        sa.ForeignKeyConstraint(["told_by_id"], ["staff.id"], name=op.f("fk_doctor_request_told_by_id_staff")),
        sa.ForeignKeyConstraint(["withdrawn_by_id"], ["staff.id"], name=op.f("fk_doctor_request_withdrawn_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_doctor_request")),
    )
    for column in ("alert_id", "doctor_id", "patient_id"):
        op.create_index(op.f(f"ix_doctor_request_{column}"), "doctor_request", [column])
    op.create_index("ix_doctor_request_open", "doctor_request", ["service_id", "state"])
    op.create_index("ix_doctor_request_step", "doctor_request", ["next_step_at"])


def _events() -> None:
    """What happened to a request only grows, as what happened to an alert."""
    op.create_table(
        STORY,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["doctor_request.id"], name=op.f("fk_doctor_request_event_request_id_doctor_request")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_doctor_request_event")),
    )
    op.create_index(op.f("ix_doctor_request_event_request_id"), STORY, ["request_id"])
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {STORY}_no_{act.lower()} BEFORE {act} ON {STORY} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {STORY} are never changed or deleted'); END"
            )
        return
    op.execute(f"CREATE TRIGGER {STORY}_grows BEFORE UPDATE OR DELETE ON {STORY} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    op.execute(f"CREATE TRIGGER {STORY}_stays BEFORE TRUNCATE ON {STORY} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()")
