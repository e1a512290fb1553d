"""Letters about one patient that left, for the pages that list them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.contact_models import Letter, LetterState


def sent(session: Session, patient_id: int, *, limit: int = 100) -> list[Letter]:
    """Latest first."""
    mine = select(Letter).where(Letter.patient_id == patient_id, Letter.state == LetterState.SENT)
    return list(session.scalars(mine.order_by(Letter.at.desc(), Letter.id.desc()).limit(limit)))
