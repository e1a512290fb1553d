"""What stands around every patient's page: the numbers to telephone, when answers are read, the language. Nothing about the person."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.people import care_team, reading
from app.people.models import Patient, Service
from app.web import words
from app.web.form import asking
from app.web.formats import Formats
from app.web.render import Page


def spoken(page: Page, language: str) -> Page:
    """The page for a patient: nobody of the staff reads it, even in a browser where somebody is signed in."""
    return replace(page, who=None, language=language)


def page_language(page: Page, patient: Patient | None, address: str = "") -> str:
    """Chosen on this page; else one that whoever answers reads; else one that is like it; else the browser's; else French.

    address: the telephone the link was sent to, "" for the patient's. A language without pages of its own is followed by the one it is
    like (notifications/languages.py): a browser set up by somebody else says less about who reads.
    """
    chosen = page.request.query_params.get("l", "")
    reads = reading.languages_of(patient, address) if patient else ()
    asked = page.request.headers.get("accept-language", "")[:2].lower()
    return words.for_patient("form", (chosen, *reads, *(reading.lists_for(one, "") for one in reads), asked), "fr")


@dataclass(frozen=True)
class OfAnother(Page):
    """The page of somebody who answers for the patient: a word of [relative] is said instead of the one that says "you" to the patient."""

    of_another = True

    def say(self, key: str, n: int | None = None, /, **values: object) -> str:
        """A word of the form, about somebody else where that is another word."""
        other = key.replace("form.", "form.relative.", 1)
        return super().say(other if self.has(other) else key, n, **values)


def of_another(page: Page) -> OfAnother:
    """The same page for a relative, or for whoever else answers."""
    return OfAnother(page.request, page.tools, page.who, page.language, page.now)


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
        "call_asked": "",
        "safety": None,
        "danger": None,
    }


def at(page: Page, patient: Patient, when: datetime) -> str:
    """A day and an hour on the patient's own clock."""
    return Formats(page.language, patient.timezone, page.now).stamp(when)


def answered(page: Page, patient: Patient, at: datetime) -> dict[str, Any]:
    """What a link says once its questions were answered: the day, on the patient's own clock. Nothing of what was answered."""
    return {**frame(page, patient.service), "day": Formats(page.language, patient.timezone, page.now).day(at)}


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
