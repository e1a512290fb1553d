"""Somebody nobody knows: is it a call, and where they can be rung back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.alerts.models import Task
from app.people.models import Service
from app.web.patient.chart_data import Contact

KIND = "unknown_caller"
"""Task of a call that nobody of the list made."""
CALL = "call:"
"""Begins the row of such a call when no number was given; app/web/care/incoming.py makes it."""


def is_call(key: str, tasks: Iterable[Task] = ()) -> bool:
    """Is this row a call of somebody unknown, who gave no number that can be read?"""
    return key.startswith(CALL) or (key.startswith("task:") and any(task.kind == KIND for task in tasks))


def call_back(details: Iterable[Mapping[str, Any]]) -> str:
    """Where they said they can be rung back, as it was typed, the last one said; "" when nobody did."""
    return next((str(one["call_back"]) for one in reversed(list(details)) if one.get("call_back")), "")


def contacts_of(session: Session, service_id: int | None, number: str, details: Iterable[Mapping[str, Any]]) -> list[Contact]:
    """The telephone that wrote or called, then the emergency number: with nobody known there is nobody else to name."""
    service = session.get_one(Service, service_id)
    back = call_back(details)
    found = [
        Contact("caller", "", back),
        Contact("number", "", number if number != back else ""),
        Contact("emergency", "", service.emergency),
    ]
    return [one for one in found if one.number]
