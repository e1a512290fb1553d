"""limits of normal beside a laboratory value; grades that clinicians give, which only grow"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLE = "clinician_grade"


def upgrade() -> None:
    """Two columns that say nothing of the values already kept, and a table whose rows the database refuses to change."""
    for limit in ("lln", "uln"):
        op.add_column("measure", sa.Column(limit, sa.Numeric(precision=12, scale=4), nullable=True))
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("term", sa.String(length=120), nullable=False),
        sa.Column("ctcae_version", sa.String(length=8), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("onset_day", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_by", sa.String(length=60), nullable=False),
        sa.Column("given_by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_clinician_grade_patient_id_patient")),
        sa.ForeignKeyConstraint(["replaces_id"], ["clinician_grade.id"], name=op.f("fk_clinician_grade_replaces_id_clinician_grade")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinician_grade")),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_clinician_grade_replaces_id")),
    )
    op.create_index("ix_clinician_grade_story", TABLE, ["patient_id", "at"])
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {TABLE}_no_{act.lower()} BEFORE {act} ON {TABLE} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {TABLE} are never changed or deleted'); END"
            )
        return
    op.execute(f"CREATE TRIGGER {TABLE}_grows BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    op.execute(f"CREATE TRIGGER {TABLE}_stays BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()")
