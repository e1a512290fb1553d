"""A call with the questions on screen: what a nurse presses and reads, for the tests of its page."""

from __future__ import annotations

from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit

from fastapi.testclient import TestClient
from sqlalchemy import select

from app.checkins.models import AnswerRow
from app.people.models import Patient
from tests.app.web.test_nurse import said
from tests.support.chain import Chain

MONDAY_TEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WEDNESDAY = date(2026, 11, 25)
WEDNESDAY_EIGHT = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
QUIET = {
    "diarrhea": "0",
    "mouth_sores": "0",
    "hand_foot": "0",
    "temperature": "36,9",
    "chest_pain": "no",
    "nausea": "0",
    "vomiting": "0",
    "fatigue": "0",
}


class Call:
    """What a nurse does on the page."""

    def __init__(self, browser: TestClient, chain: Chain, patient: Patient, day: date = WEDNESDAY) -> None:
        self.browser, self.chain, self.patient, self.day = browser, chain, patient, day
        self.checkin, self.who = "", f"patient:{patient.id}"

    def page(self) -> str:
        return str(said(self.browser.get(f"/patients/{self.patient.id}/call?checkin={self.checkin or 0}&who={self.who}")))

    def send(self, act: str, **values: str) -> int:
        data = {"checkin": self.checkin, "who": self.who, **values}
        answer = self.browser.post(f"/patients/{self.patient.id}/call/{act}", data=data)
        self.checkin = parse_qs(urlsplit(answer.headers.get("location", "")).query).get("checkin", [self.checkin])[0]
        return answer.status_code

    def answer(self, key: str, value: str) -> None:
        assert self.send("answer", key=key, value=value) == 303

    def rows(self) -> list[tuple[str, str | None, str, str, str]]:
        with self.chain.read() as session:
            found = session.scalars(select(AnswerRow).order_by(AnswerRow.id))
            return [(row.key, row.value, row.said_by, row.asked_by, row.source) for row in found]


def lucie_of(chain: Chain, marie: Patient) -> str:
    with chain.read() as session:
        return f"respondent:{session.get_one(Patient, marie.id).respondents[0].id}"
