"""The whole JSON interface: one router, on which each subject registers its addresses when it is imported."""

from __future__ import annotations

from app.web.api import absences, alerts, calling, contacts, doors, grades, requests, tablets

SUBJECTS = (doors, alerts, grades, tablets, calling, absences, requests, contacts)
"""In the order of the interface's document."""

router = doors.router
