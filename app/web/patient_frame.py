"""What stands around every patient's page: the numbers to telephone, when answers are read, the language. Nothing about the person."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.people import care_team, reading
from app.people.models import Patient, Service
from app.web import asking, words
from app.web.formats import Formats
from app.web.render import Page


def spoken(page: Page, language: str) -> Page:
    """The page for a patient: nobody of the staff reads it, even in a browser where somebody is signed in."""
    return replace(page, who=None, language=language)


def page_language(page: Page, patient: Patient | None) -> str:
    """Chosen on this page; else what the patient reads; else what the browser asks for; else French."""
    chosen = page.request.query_params.get("l", "")
    reads = reading.languages_of(patient) if patient else ()
    asked = page.request.headers.get("accept-language", "")[:2].lower()
    return words.for_patient("form", (chosen, *reads, asked), "fr")


def frame(page: Page, service: Service | None) -> dict[str, Any]:
    """What stands on every patient's page: the numbers, when answers are read. service None: nobody knows whose page it is."""
    sos = service.emergency if service else "15"
    zone = service.timezone if service else "Europe/Paris"
    local = Formats(page.language, zone, page.now)
    return {
        "service": service,
        "phone": grouped(service.phone) if service else "",
        "sos": sos,
        "sos_words": page.say("form.sos.fr") if sos == "15" else page.say("form.sos.other", number=sos),
        "root": "",
        "errors": {},
        "values": {},
        "read_when": page.say("form.hours.read", when=asking.hours(page, service.hours)) if service else "",
        "closed_now": closed_now(page, service, local) if service else "",
    }


def closed_now(page: Page, service: Service, local: Formats) -> str:
    """When the service opens, while it is closed; "" while it is open."""
    if care_team.is_open(service, page.now):
        return ""
    return page.say("form.hours.closed", opening=local.at(care_team.next_opening(service, page.now)))


def only_service(session: Session) -> Service | None:
    """The service of an installation that has one; None where an unknown address could be of several."""
    found = session.scalars(select(Service).limit(2)).all()
    return found[0] if len(found) == 1 else None


def grouped(number: str) -> str:
    """0199001234 → 01 99 00 12 34; what is not ten national digits stays as the service wrote it."""
    return " ".join(re.findall("..", number)) if re.fullmatch(r"0\d{9}", number) else number
