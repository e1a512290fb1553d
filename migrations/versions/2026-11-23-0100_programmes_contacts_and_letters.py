"""programmes, enrolments, planned calls, contacts, letters"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

GROWING = ("stage_change", "recipient_consent")
"""Years later somebody asks who said so, and when: a row is never put right, another one is written."""


def upgrade() -> None:
    """programmes, enrolments, planned calls, contacts, letters."""
    _programmes()
    _circle()
    _contacts()
    _asked_and_written()
    for table in GROWING:
        _only_grows(table)


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
        sa.Column("planned_until", sa.Date(), nullable=True),
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


def _circle() -> None:
    """Professionals of the city, around whom, and what each patient agreed that they are told."""
    op.create_table(
        "professional",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("trade", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("practice", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("rpps", sa.String(length=11), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_professional_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_professional")),
    )
    op.create_index(op.f("ix_professional_service_id"), "professional", ["service_id"], unique=False)
    op.create_table(
        "circle_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("professional_id", sa.Integer(), nullable=False),
        sa.Column("added_by", sa.String(length=60), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_by", sa.String(length=60), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_circle_member_patient_id_patient")),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_circle_member_professional_id_professional")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_circle_member")),
    )
    op.create_index(op.f("ix_circle_member_patient_id"), "circle_member", ["patient_id"], unique=False)
    op.create_index(op.f("ix_circle_member_professional_id"), "circle_member", ["professional_id"], unique=False)
    op.create_index(
        "uq_circle_member_standing",
        "circle_member",
        ["patient_id", "professional_id"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_table(
        "recipient_consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("recorded_by", sa.String(length=60), nullable=False),
        sa.Column("recorded_by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["circle_member.id"], name=op.f("fk_recipient_consent_member_id_circle_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipient_consent")),
    )
    op.create_index(op.f("ix_recipient_consent_member_id"), "recipient_consent", ["member_id"], unique=False)


def _contacts() -> None:
    """Calls, out and in, with their form."""
    op.create_table(
        "contact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=True),
        sa.Column("planned_call_id", sa.Integer(), nullable=True),
        sa.Column("direction", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("caller", sa.String(length=12), nullable=False),
        sa.Column("caller_name", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("interpreter", sa.String(length=40), nullable=False),
        sa.Column("reached", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("measured", sa.Integer(), nullable=True),
        sa.Column("edits", sa.JSON(), nullable=False),
        sa.Column("form_of", sa.String(length=80), nullable=False),
        sa.Column("form", sa.JSON(), nullable=False),
        sa.Column("checkin_id", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("protocol_ref", sa.String(length=80), nullable=False),
        sa.Column("doctor_id", sa.Integer(), nullable=True),
        sa.Column("doctor_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("doctor_order", sa.Text(), nullable=False),
        sa.Column("next_contact_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_doctor", sa.Boolean(), nullable=False),
        sa.Column("seen_by_doctor_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by_id", sa.Integer(), nullable=True),
        sa.Column("stamp", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_contact_by_id_staff")),
        sa.ForeignKeyConstraint(["doctor_id"], ["staff.id"], name=op.f("fk_contact_doctor_id_staff")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_contact_enrolment_id_enrolment")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_contact_patient_id_patient")),
        sa.ForeignKeyConstraint(["planned_call_id"], ["planned_call.id"], name=op.f("fk_contact_planned_call_id_planned_call")),
        sa.ForeignKeyConstraint(["seen_by_id"], ["staff.id"], name=op.f("fk_contact_seen_by_id_staff")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_contact_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index(op.f("ix_contact_by_id"), "contact", ["by_id"], unique=False)
    op.create_index(op.f("ix_contact_checkin_id"), "contact", ["checkin_id"], unique=False)
    op.create_index(op.f("ix_contact_enrolment_id"), "contact", ["enrolment_id"], unique=False)
    op.create_index(op.f("ix_contact_planned_call_id"), "contact", ["planned_call_id"], unique=False)
    op.create_index("ix_contact_story", "contact", ["patient_id", "started_at"], unique=False)
    op.create_index("ix_contact_unread", "contact", ["service_id", "state", "seen_by_doctor_at"], unique=False)
    op.create_index(
        "uq_contact_draft",
        "contact",
        ["patient_id", "by_id"],
        unique=True,
        sqlite_where=sa.text("state = 'draft'"),
        postgresql_where=sa.text("state = 'draft'"),
    )


def _asked_and_written() -> None:
    """What is asked of professionals of the city, and the letters they get."""
    op.create_table(
        "city_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("professional_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("way", sa.String(length=10), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("overdue_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(length=60), nullable=False),
        sa.Column("stamp", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["asked_by_id"], ["staff.id"], name=op.f("fk_city_task_asked_by_id_staff")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_city_task_contact_id_contact")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_city_task_message_id_message")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_city_task_patient_id_patient")),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_city_task_professional_id_professional")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_city_task_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_city_task")),
    )
    op.create_index(op.f("ix_city_task_contact_id"), "city_task", ["contact_id"], unique=False)
    op.create_index("ix_city_task_due", "city_task", ["state", "due_at"], unique=False)
    op.create_index(op.f("ix_city_task_patient_id"), "city_task", ["patient_id"], unique=False)
    op.create_index(op.f("ix_city_task_professional_id"), "city_task", ["professional_id"], unique=False)
    op.create_index(op.f("ix_city_task_service_id"), "city_task", ["service_id"], unique=False)
    op.create_table(
        "letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=True),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("professional_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("to_name", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("withheld_why", sa.String(length=20), nullable=False),
        sa.Column("way", sa.String(length=12), nullable=False),
        sa.Column("written_by", sa.String(length=60), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_by", sa.String(length=60), nullable=False),
        sa.Column("sent_by_name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_letter_contact_id_contact")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_letter_enrolment_id_enrolment")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_letter_patient_id_patient")),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_letter_professional_id_professional")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_letter_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
    )
    op.create_index(op.f("ix_letter_enrolment_id"), "letter", ["enrolment_id"], unique=False)
    op.create_index(op.f("ix_letter_patient_id"), "letter", ["patient_id"], unique=False)
    op.create_index(op.f("ix_letter_professional_id"), "letter", ["professional_id"], unique=False)
    op.create_index(op.f("ix_letter_service_id"), "letter", ["service_id"], unique=False)


def _only_grows(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed or deleted'); END"
            )
        return
    op.execute(f"CREATE TRIGGER {table}_grows BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    op.execute(f"CREATE TRIGGER {table}_stays BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()")
