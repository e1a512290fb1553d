"""Links as a text carries them: the token in the words, how it stands, its guard."""

from __future__ import annotations

import re

from app.checkins import links
from app.core.audit import Actor
from app.people.models import Patient
from tests.support.chain import Chain

ADDRESS = re.compile(r"http://127\.0\.0\.1:8000/q/([A-Za-z0-9_-]{22})(?= |$)")


def token_in(words: str) -> str:
    """The token of the address in a text."""
    found = ADDRESS.search(words)
    assert found, words
    return found[1]


def me(patient: Patient) -> Actor:
    """The patient, answering."""
    return Actor("patient", patient.id, patient.full_name)


def state(chain: Chain, token: str) -> str:
    """How a link stands now."""
    with chain.read() as session:
        return links.open_link(session, token, now=chain.clock.now())[1]


def guard(chain: Chain, token: str, patient: Patient, day: int, month: int) -> str | None:
    """Day and month of birth, tried once: the cookie, or None."""
    with chain.database.transaction() as session:
        link, _ = links.open_link(session, token, now=chain.clock.now())
        assert link is not None
        return links.pass_guard(session, link, day=day, month=month, said_by=me(patient), now=chain.clock.now())
