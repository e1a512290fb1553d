"""Official wording of PRO-CTCAE: loaded by a service that holds the licence, kept for that service alone, never in the repository."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import Actor
from app.protocols import questionnaire, scales
from app.protocols.models import OfficialWording
from app.protocols.questionnaire import Questionnaire
from triage.grading.composite import LETTERS
from triage.protocol import Protocol


def load(session: Session, service_id: int, text: str, *, language: str, by: Actor, now: datetime) -> Questionnaire:
    """Put the sentences of a FHIR R4 Questionnaire in force for a service, in place of those it had in this language.

    Raises questionnaire.NotAQuestionnaire, and then nothing is changed.
    """
    read = questionnaire.read(text, scales.instrument(), language=language)
    mine = (OfficialWording.service_id == service_id, OfficialWording.language == language)
    before = session.scalar(select(func.count()).select_from(OfficialWording).where(*mine))
    session.execute(delete(OfficialWording).where(*mine))
    for sentence in read.sentences:
        session.add(
            OfficialWording(
                service_id=service_id,
                language=language,
                item_no=sentence.item_no,
                letter=sentence.letter,
                text=sentence.text,
                options=list(sentence.options),
                source=read.source,
                loaded_by=str(by),
                loaded_at=now,
            )
        )
    session.flush()
    after = {"questions": len(read.sentences), "source": read.source, "sha256": hashlib.sha256(text.encode()).hexdigest()}
    audit.record(
        session,
        actor=by,
        action="wording.loaded",
        subject=f"official_wording:{language}",
        service_id=service_id,
        before={"questions": before} if before else None,
        after=after,
        now=now,
    )
    return read


def loaded(session: Session, service_id: int) -> list[OfficialWording]:
    """Every sentence a service has, by language and number."""
    mine = select(OfficialWording).where(OfficialWording.service_id == service_id)
    return list(session.scalars(mine.order_by(OfficialWording.language, OfficialWording.item_no, OfficialWording.letter)))


def of_questions(session: Session, protocol: Protocol, service_id: int, language: str) -> Mapping[str, OfficialWording]:
    """The official sentence of each question of a protocol that is one of PRO-CTCAE's, by its key; absent where none was loaded."""
    known = {(row.item_no, row.letter): row for row in loaded(session, service_id) if row.language == language}
    places = {key: (entry.item, letter) for entry in protocol.composites.values() for key, letter in zip(entry.keys, LETTERS, strict=False)}
    return {key: known[place] for key, place in places.items() if place in known}
