"""Who answered and who asked, in the reader's words, wherever answers are shown (FR-32)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.checkins import differing
from app.checkins.models import AnswerRow
from app.people import respondents
from app.people.models import Patient, Respondent
from app.web.render import Page


@dataclass(frozen=True)
class Speakers:
    """Names the people of one patient's answers, each looked up once."""

    page: Page
    session: Session
    patient: Patient
    known: dict[str, str] = field(default_factory=dict)

    def name(self, said_by: str) -> str:
        """The patient, a relative by name and relation (also one who has left), or a professional by name."""
        if said_by not in self.known:
            self.known[said_by] = self._named(said_by)
        return self.known[said_by]

    def _named(self, said_by: str) -> str:
        actor = respondents.speaker(self.session, said_by)
        if actor.kind == "patient":
            return self.page.say(f"answer.by.{self.patient.sex}")
        if actor.kind == "respondent":
            person = self.session.get(Respondent, actor.id)
            return self.page.say("answer.by.relative", name=actor.name, relation=person.relation if person else "?")
        # Somebody on the form who is no declared relative: the file must not show them as the patient, nor as nobody.
        return self.page.say("answer.by.undeclared") if actor.kind == "relative" else actor.name

    def voices(self, rows: Iterable[AnswerRow]) -> list[str]:
        """Everybody who answered, with who asked when it was by telephone; in the order they spoke."""
        return list(dict.fromkeys(self._voice(row) for row in rows))

    def _voice(self, row: AnswerRow) -> str:
        if not row.asked_by:
            return self.name(row.said_by)
        return self.page.say("answer.by.asked", who=self.name(row.said_by), asker=self.name(row.asked_by))

    def differing(self, rows: Sequence[AnswerRow]) -> list[tuple[str, list[AnswerRow]]]:
        """Questions that people answered differently, each with every answer, the one that is judged first."""
        by_key: dict[str, list[AnswerRow]] = {}
        for row in sorted(rows, key=lambda one: (one.beside, one.id)):
            if row.replaced_at is None:
                by_key.setdefault(row.key, []).append(row)
        return [(key, found) for key, found in by_key.items() if differing.differ(found)]


def rows_of(session: Session, checkin_ids: Iterable[int]) -> dict[int, list[AnswerRow]]:
    """The answers that stand, by check-in, oldest first."""
    standing = select(AnswerRow).where(AnswerRow.checkin_id.in_(list(checkin_ids)), AnswerRow.replaced_at.is_(None))
    found: dict[int, list[AnswerRow]] = {}
    for row in session.scalars(standing.order_by(AnswerRow.id)):
        found.setdefault(row.checkin_id, []).append(row)
    return found
