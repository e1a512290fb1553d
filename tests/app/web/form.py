"""A patient in front of the form: the check-in of a day, its link, and a browser that fills it page by page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import httpx2
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.checkins import links
from app.checkins.models import CheckIn
from app.checkins.rhythm import agenda
from app.core.clock import HandClock
from app.core.db import Base, Database
from app.messaging import links as addresses
from app.people.models import Patient, Respondent
from tests.factories import World, a_course, a_patient
from tests.support.chain import Chain

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""Treatment begins: 9:00 in Paris."""
WEDNESDAY = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
"""Cycle day 3, 10:00 in Paris, service open: diarrhoea, mouth, hands and feet, temperature, chest, nausea, vomiting, fatigue, stools."""

CALM = {
    "diarrhea": "0",
    "mouth_sores": "0",
    "hand_foot": "1",
    "temperature": "36,8",
    "chest_pain": "no",
    "nausea": "0",
    "vomiting": "0",
    "fatigue": "1",
    "stools": "0",
}


@dataclass
class Ward:
    """Marie's check-in of Wednesday is open."""

    chain: Chain
    marie: Patient
    checkin: CheckIn

    def token(self, respondent: Respondent | None = None, *, own: bool = False, patient: Patient | None = None) -> str:
        """A new link, as a text would carry it."""
        with self.chain.database.transaction() as session:
            person = session.get_one(Patient, (patient or self.marie).id)
            checkin = None if own else session.get_one(CheckIn, self.chain.checkin(person, self.checkin.day).id)
            link = links.give(session, person, checkin, now=self.chain.clock.now(), respondent=respondent)
            return addresses.token_of(link)


def a_ward(database: Database, clock: HandClock, world: World, *, on: datetime = WEDNESDAY, **patient: object) -> Ward:
    """Monday: Marie begins capecitabine. At the hour ``on``, the check-in of that day has opened."""
    clock.at = MONDAY
    chain = Chain(database, clock, world)
    marie = chain.follow(**patient)
    chain.until(on)
    return Ward(chain, marie, chain.checkin(marie, on.date()))


def counted(database: Database) -> dict[str, int]:
    """Rows of every table."""
    with database.reading() as session:
        return {t.name: session.scalar(select(func.count()).select_from(t)) or 0 for t in Base.metadata.sorted_tables}


def jean_too(ward: Ward) -> Patient:
    """Jean Payet begins the same treatment the same day; his questions of Wednesday are open too."""
    now = ward.chain.clock.now()
    with ward.chain.database.transaction() as session:
        jean = a_patient(session, ward.chain.world, now=MONDAY, family_name="Payet", given_names="Jean", sex="male", phone="+33639980002")
        taken = a_course(session, ward.chain.world, jean, now=MONDAY)
        agenda.plan(session, taken, now=now)
        agenda.first_now(session, taken, now=now, check_in=True)
    ward.chain.wait(minutes=1)
    return jean


def pressed_by_enter(page: str, field: str) -> str:
    """The button that Enter presses in a field, as its browser finds it: the first of the field's own form. "name=value"."""
    at = page.index(f'name="{field}"')
    form = page[page.rindex("<form", 0, at) : page.index("</form>", at)]
    buttons = [found for found in re.findall(r"<button[^>]*>", form) if 'type="button"' not in found and ' form="' not in found]
    name, value = (re.search(rf' {what}="([^"]*)"', buttons[0]) for what in ("name", "value"))
    return f"{name.group(1) if name else ''}={value.group(1) if value else ''}"


@dataclass
class Browser:
    """Somebody's telephone. It keeps cookies and follows redirections, as a browser does."""

    client: TestClient
    page: httpx2.Response = field(init=False)

    @classmethod
    def on(cls, app: FastAPI) -> Browser:
        return cls(TestClient(app, follow_redirects=True))

    def get(self, address: str) -> Browser:
        self.page = self.client.get(address)
        return self

    def post(self, address: str = "", **fields: str | list[str]) -> Browser:
        """Press a button of the page that is shown, with what is in its form."""
        hidden = dict(re.findall(r'<input type="hidden" name="(q)" value="([^"]+)"', self.page.text))
        self.page = self.client.post(address or self.page.url.path, data={**hidden, **fields})
        return self

    def enter(self, token: str, born: date = date(1955, 3, 14), who: str = "self") -> Browser:
        """Pass the guard."""
        self.get(f"/q/{token}")
        return self.post(day=str(born.day), month=str(born.month), who=who)

    @property
    def asked(self) -> str:
        """The key of the question on the page, "" when there is none."""
        found = re.search(r'name="q" value="([^"]+)"', self.page.text)
        return found.group(1) if found else ""

    @property
    def path(self) -> str:
        return self.page.url.path

    @property
    def place(self) -> str:
        """The last part of the address: a number, review, end, wrong."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def text(self) -> str:
        """What is read on the page."""
        bare = re.sub(r"<(script|style|title)[^>]*>.*?</\1>|<[^>]+>", " ", self.page.text, flags=re.DOTALL)
        return re.sub(r"\s+", " ", bare.replace("&#39;", "'").replace("\u00a0", " ").replace("\u202f", " "))

    def fill(self, **values: str) -> Browser:
        """Answer every question that is asked, then stop at the summary or at a danger."""
        answers = {**CALM, **values}
        while self.asked:
            self.post(value=answers[self.asked])
        return self
