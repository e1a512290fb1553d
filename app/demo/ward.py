"""Who lives in the ward: its people as data (ward.csv, mornings.csv), read once."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Treatment:
    """The label's pattern: protocol, intakes a day, days on and off."""

    protocol: str
    times_per_day: int
    days_on: int
    days_off: int


TREATMENTS = {
    "capecitabine": Treatment("capecitabine-14-7", 2, 14, 7),
    "ibrutinib": Treatment("ibrutinib-continuous", 1, 28, 0),
    "sunitinib": Treatment("sunitinib-28-14", 1, 28, 14),
}


@dataclass(frozen=True)
class Person:
    """One fictional patient. began: days from the first intake to the opening of the demonstration. hour: local, of the check-ins.

    style: how they write. bent: what becomes of them. answers: patient, respondent, or shared (one telephone for two).
    """

    phone: str
    family: str
    given: str
    born: date
    sex: str
    language: str
    zone: str
    style: str
    bent: str
    agent: str
    dose_mg: Decimal
    began: int
    hour: int
    relative: str
    relation: str
    relative_phone: str
    answers: str

    @property
    def key(self) -> str:
        """Names this person's draws; two people may share a telephone."""
        return f"{self.family} {self.given}"

    @property
    def treatment(self) -> Treatment:
        """The pattern of the agent."""
        return TREATMENTS[self.agent]

    @property
    def answering_phone(self) -> str:
        """The telephone that texts go to and come from."""
        return self.relative_phone if self.answers == "respondent" and self.relative_phone else self.phone


@dataclass(frozen=True)
class Said:
    """Something written without being asked, so many minutes before the demonstration opens."""

    minutes_before: int
    phone: str
    body: str


@cache
def people() -> tuple[Person, ...]:
    """The forty, in the order of the file."""
    return tuple(_person(row) for row in _rows("ward.csv"))


@cache
def mornings() -> tuple[Said, ...]:
    """What arrives unasked during the last days, so that the list of the opening morning has substance."""
    return tuple(Said(int(row["minutes_before"]), row["phone"], row["body"]) for row in _rows("mornings.csv"))


def _rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _person(row: dict[str, str]) -> Person:
    plain = {key: row[key] for key in row if key not in ("born", "dose_mg", "began", "hour")}
    return Person(
        **plain,
        born=date.fromisoformat(row["born"]),
        dose_mg=Decimal(row["dose_mg"]),
        began=int(row["began"]),
        hour=int(row["hour"]),
    )
