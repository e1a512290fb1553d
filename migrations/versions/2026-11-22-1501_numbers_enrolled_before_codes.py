"""numbers enrolled before codes existed count as vouched for on the day of the enrolment; they are renewed like any other"""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Otherwise every patient's questions would turn into links overnight, and every nurse would find a task per patient."""
    op.execute("UPDATE patient SET phone_verified_at = created_at WHERE phone <> '' AND phone_verified_at IS NULL")
    op.execute(
        "UPDATE respondent SET phone_verified_at = (SELECT created_at FROM patient WHERE patient.id = respondent.patient_id)"
        " WHERE phone <> '' AND phone_verified_at IS NULL"
    )
