"""One question of the form: what people type is read as they write it, and never guessed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI

from app.core.clock import HandClock
from app.core.db import Database
from app.messaging.models import Message
from app.people.models import Service
from app.web import words
from app.web.form import asking, telling
from app.web.render import Page
from tests.app.web.form import CALM, MONDAY, Browser, a_ward, pressed_by_enter
from tests.factories import World
from triage.questions import Question
from triage.terms import Kind

FR = Page(None, None, None, "fr", MONDAY)  # type: ignore[arg-type]  # a page of nobody
EN = replace(FR, language="en")


# --- What is typed -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("38,5", "38.5"),
        ("38.5", "38.5"),
        (" 38 , 5 ", "38.5"),
        ("38°5", "38.5"),
        ("38,5 °C", "38.5"),
        ("38.5°", "38.5"),
        ("37", "37"),
        ("64 kg", "64"),
        ("38 5", "38 5"),
        ("385", "385"),
        ("trente-huit", "trente-huit"),
        ("-3", "-3"),
        ("3e2", "3e2"),
        ("", ""),
    ],
)
def test_a_number_is_read_as_people_write_it_and_never_guessed(typed: str, read: str) -> None:
    assert asking.number_in(typed) == read


@pytest.mark.parametrize(
    ("form", "value", "errors"),
    [
        ({"value": "all"}, "all", set()),
        ({"missed": "2", "extra": "0"}, "missed:2", set()),
        ({"missed": "0", "extra": "1", "off_day": "yes"}, "extra:1+off_day", set()),
        ({"missed": "0", "extra": "0"}, "all", set()),
        ({"stopped": "yes"}, "stopped", set()),
        ({"missed": "3", "extra": "0", "stopped": "yes"}, "missed:3+stopped", set()),
        ({}, None, {"missed", "extra"}),
        ({"missed": "2"}, None, {"extra"}),
        ({"missed": "deux", "extra": "0"}, None, {"missed"}),
        ({"off_day": "yes"}, None, {"missed", "extra"}),
        ({"cannot": "yes"}, None, set()),
    ],
)
def test_doses_of_the_week_missing_is_never_zero(form: dict[str, str], value: str | None, errors: set[str]) -> None:
    """A count left empty is asked for; it does not become 0."""
    read = asking.read(FR, Question("intake", Kind.INTAKE), form)
    assert (read.value, set(read.errors)) == (value, errors)


@pytest.mark.parametrize("typed", ["37,0", "37.0", "3,5"])
def test_a_temperature_among_the_stools_is_asked_again(typed: str) -> None:
    read = asking.read(FR, Question("stools", Kind.COUNT), {"value": typed})
    assert (read.value, set(read.errors)) == (None, {"value"})


def test_a_count_that_came_by_another_way_with_a_decimal_is_said_in_words() -> None:
    assert asking.in_words(FR, Question("stools", Kind.COUNT), "8.0") == asking.in_words(FR, Question("stools", Kind.COUNT), "8")


def test_the_doses_question_on_its_page(database: Database, clock: HandClock, world: World, app: FastAPI) -> None:
    """Cycle day 15: nine questions, the doses among them."""
    ward = a_ward(database, clock, world, on=datetime(2026, 12, 7, 9, 0, tzinfo=UTC))
    phone = Browser.on(app).enter(ward.token())
    while phone.asked != "intake":
        phone.post(value=CALM[phone.asked])
    assert "Cette semaine, avez-vous pris vos comprimés comme prévu ?" in phone.text
    assert pressed_by_enter(phone.page.text, "missed") == "next=yes"  # never "all", which would lose the two that were forgotten
    assert re.search(r'<form method="post" id="all" hidden>\s*<input type="hidden" name="q" value="intake">', phone.page.text)
    assert re.search(r'<button class="choice" form="all" name="value" value="all">', phone.page.text)
    phone.post(missed="2", next="yes")
    assert re.findall(r'id="(\w+)"[^>]* autofocus', phone.page.text) == ["extra"]
    assert "Écrivez un nombre entier, 0 si aucune." in phone.text
    assert 'name="missed" value="2"' in phone.page.text
    phone.post(missed="2", extra="0", next="yes")
    assert ward.chain.answers(ward.checkin)["intake"] == "missed:2"
    while phone.asked:
        phone.post(value=CALM[phone.asked])
    assert "Prises de la semaine 2 prises oubliées" in phone.text


def test_the_page_promises_the_minutes_of_the_text_that_left(database: Database, world: World) -> None:
    """An older urgent alert has one minute left; the text says 30, so the page does."""
    with database.reading() as session:
        service = session.get_one(Service, world.service.id)
        text = Message(key="urgent", alert_id=None, created_at=MONDAY, reading={"values": {"minutes": 30}})
        assert "sans appel dans 30 minutes" in telling.safety_of(FR, session, service, text).text


def test_opening_hours_are_said_in_words() -> None:
    hours = {str(day): [["08:00", "12:30"], ["13:30", "18:00"]] for day in range(5)} | {"5": [["09:00", "12:00"]]}
    french = asking.hours(FR, hours).replace("\u202f", " ")
    assert french == "du lundi au vendredi de 8 h à 12 h 30 et de 13 h 30 à 18 h, le samedi de 9 h à 12 h"
    assert asking.hours(EN, hours) == "from Monday to Friday from 8 am to 12:30 pm and from 1:30 pm to 6 pm, on Saturday from 9 am to 12 pm"


def test_every_kind_of_question_has_its_words_in_both_languages() -> None:
    assert set(asking.WORDS) == set(Kind) - {Kind.MULTI, Kind.STOP_WHICH, Kind.NONE}
    for language in words.LANGUAGES:
        assert [word for word in asking.WORDS.values() if not words.has(language, f"form.question.{word}")] == []
