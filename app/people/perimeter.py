"""Who may see whom: one function, asked by every query about patients."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, false

from app.core.audit import Actor
from app.core.errors import Refusal
from app.people.models import Patient, Role, Staff

CHART_READERS = frozenset({Role.SECRETARY, Role.NURSE, Role.COORDINATOR, Role.ONCOLOGIST, Role.PHARMACIST, Role.SERVICE})

ABILITIES: dict[str, frozenset[Role]] = {
    "see_alerts": CHART_READERS,
    "act_on_alerts": frozenset({Role.NURSE, Role.ONCOLOGIST, Role.COORDINATOR, Role.SERVICE}),
    "open_chart": CHART_READERS,
    "enrol": frozenset({Role.COORDINATOR, Role.NURSE, Role.ONCOLOGIST, Role.SERVICE}),
    "ask_doctor": frozenset({Role.NURSE, Role.COORDINATOR, Role.ONCOLOGIST, Role.SERVICE}),
    "sign_handover": frozenset({Role.NURSE, Role.COORDINATOR}),
    "answer_requests": frozenset({Role.ONCOLOGIST, Role.SERVICE}),
    "change_course": frozenset({Role.ONCOLOGIST, Role.COORDINATOR, Role.SERVICE}),
    "record_measure": frozenset({Role.NURSE, Role.COORDINATOR, Role.ONCOLOGIST, Role.PHARMACIST, Role.SERVICE}),
    "keep_documents": frozenset({Role.NURSE, Role.COORDINATOR, Role.ONCOLOGIST, Role.PHARMACIST}),
    "keep_circle": frozenset({Role.NURSE, Role.COORDINATOR, Role.ONCOLOGIST, Role.PHARMACIST}),
    "make_calls": frozenset({Role.NURSE, Role.COORDINATOR, Role.ONCOLOGIST, Role.SERVICE}),
    "record_absence": frozenset({Role.NURSE, Role.COORDINATOR, Role.ONCOLOGIST, Role.SERVICE}),
    "take_back_end": frozenset({Role.NURSE, Role.COORDINATOR}),
    "pause_silence": frozenset({Role.NURSE, Role.COORDINATOR, Role.ONCOLOGIST}),
    "decide_exceptions": frozenset({Role.ONCOLOGIST}),
    "grade_toxicity": frozenset({Role.NURSE, Role.ONCOLOGIST, Role.SERVICE}),
    "validate_programme": frozenset({Role.ONCOLOGIST}),
    "read_protocols": CHART_READERS,
    "sign_protocols": frozenset({Role.ONCOLOGIST, Role.PHARMACIST}),
    "manage_service": frozenset({Role.COORDINATOR}),
    "test_road": frozenset({Role.COORDINATOR, Role.NURSE}),
    "manage_staff": frozenset({Role.ADMINISTRATOR}),
}
"""What each role may do; the secretary sees alerts and closes none, the administrator opens no chart."""


ASKED = (
    (Role.NURSE, "a nurse"),
    (Role.COORDINATOR, "the coordinator"),
    (Role.ONCOLOGIST, "a doctor"),
    (Role.PHARMACIST, "the pharmacist"),
    (Role.ADMINISTRATOR, "the administrator"),
)
"""Whom a refusal sends its reader to, the nearest at hand first."""


@dataclass(frozen=True)
class Viewer:
    """Whoever asks: a person signed in, or a program with a token. ``service_id`` None sees no patient at all."""

    actor: Actor
    role: Role
    service_id: int | None
    language: str = "fr"

    def may(self, ability: str) -> bool:
        """Does the role allow it? Raises KeyError for an ability that is not in the table."""
        return self.role in ABILITIES[ability]

    def require(self, ability: str) -> None:
        """Raises Refusal 403 when the role does not allow it."""
        if not self.may(ability):
            raise Refusal("Your role does not allow this. Nothing was changed; ask {who}.", status=403, who=_who_may(ability))


def _who_may(ability: str) -> str:
    """Whom to ask: the first of these who may. Never the reader's own role, which may not."""
    return next(word for role, word in ASKED if role in ABILITIES[ability])


def viewer_of(staff: Staff, service_id: int | None = None) -> Viewer:
    """The perimeter of a person: one service, the one they were found to work in (see ``members``), else their home."""
    return Viewer(actor_of(staff), Role(staff.role), service_id or staff.service_id, staff.language)


def actor_of(staff: Staff) -> Actor:
    """The same person, as the audit trail names them."""
    return Actor("staff", staff.id, staff.name)


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """The condition every query on patients carries."""
    if viewer.service_id is None or not viewer.may("open_chart"):
        return false()
    return Patient.service_id == viewer.service_id
