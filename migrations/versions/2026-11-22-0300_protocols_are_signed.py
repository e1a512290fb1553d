"""protocols are signed by a doctor and a pharmacist of the service; drafts are told apart"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLE = "protocol_signature"


def upgrade() -> None:
    """A column for the depth of a version, and the signatures, which only grow."""
    op.add_column("protocol_version", sa.Column("depth", sa.String(length=20), server_default="in_depth", nullable=False))
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("signed_by", sa.String(length=200), nullable=False),
        sa.Column("unverified", sa.Integer(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_protocol_signature_service_id_service")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_protocol_signature_staff_id_staff")),
        sa.ForeignKeyConstraint(["version_id"], ["protocol_version.id"], name=op.f("fk_protocol_signature_version_id_protocol_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protocol_signature")),
        sa.UniqueConstraint("service_id", "fingerprint", "role", name=op.f("uq_protocol_signature_service_id")),
    )
    op.create_index(op.f("ix_protocol_signature_service_id"), TABLE, ["service_id"])
    _only_grows()


def _only_grows() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {TABLE}_no_{act.lower()} BEFORE {act} ON {TABLE} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {TABLE} are never changed or deleted'); END"
            )
        return
    op.execute(f"CREATE TRIGGER {TABLE}_grows BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    op.execute(f"CREATE TRIGGER {TABLE}_stays BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()")
