"""Somebody at a page: the form behind a link, or a nurse who fills it while telephoning."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select

from app.checkins.models import CheckIn
from app.checkins.pages import filling
from app.checkins.pages.page_turns import Filled
from app.core.audit import Actor
from app.messaging.models import Message
from app.people.models import Patient
from app.people.perimeter import actor_of
from tests.support.chain import Chain
from triage import questions

WEDNESDAY = date(2026, 11, 25)


def me(patient: Patient) -> Actor:
    return Actor("patient", patient.id, patient.full_name)


class Page:
    """One person at a page: the form, or Claire asking by telephone."""

    def __init__(self, chain: Chain, patient: Patient, source: str = "form", day: date = WEDNESDAY, kind: str = "regular") -> None:
        self.chain, self.patient, self.source = chain, patient, source
        self.checkin = chain.checkin(patient, day, kind)
        self.asked_by = actor_of(chain.world.claire) if source == "call" else None

    @property
    def _who(self) -> dict[str, Any]:
        return {"by": me(self.patient), "source": self.source, "now": self.chain.clock.now(), "asked_by": self.asked_by}

    def says(self, key: str, value: str | None) -> Filled:
        with self.chain.database.transaction() as session:
            return filling.answer(session, session.get_one(CheckIn, self.checkin.id), key, value, **self._who)

    def tells(self, words: str) -> Filled:
        with self.chain.database.transaction() as session:
            row = session.get_one(CheckIn, self.checkin.id)
            return filling.words(session, session.get_one(Patient, self.patient.id), words, checkin=row, **self._who)

    def sends(self) -> Filled:
        with self.chain.database.transaction() as session:
            return filling.finish(session, session.get_one(CheckIn, self.checkin.id), **self._who)

    def next(self) -> str | None:
        with self.chain.read() as session:
            question = filling.next_question(session, session.get_one(CheckIn, self.checkin.id))
            return question.key if question else None

    def fills(self, **given: str | None) -> Filled:
        """Every question the page asks, as given, else at its most reassuring; then sends. A danger ends it."""
        while (key := self.next()) is not None:
            with self.chain.read() as session:
                asked = filling.questions_of(session, session.get_one(CheckIn, self.checkin.id))
            best = questions.best(next(q for q in asked if q.key == key))
            filled = self.says(key, given[key] if key in given else questions.write_value(best) if best is not None else None)
            if filled.urgent:
                return filled
        return self.sends()

    def is_now(self) -> CheckIn:
        with self.chain.read() as session:
            return session.get_one(CheckIn, self.checkin.id)


def shown(chain: Chain, patient: Patient) -> list[str]:
    """What pages showed to somebody, in order."""
    with chain.read() as session:
        mine = (Message.patient_id == patient.id, Message.direction == "out", Message.carrier.in_(("form", "call")))
        return list(session.scalars(select(Message.key).where(*mine).order_by(Message.id)))
