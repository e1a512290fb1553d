"""Every word in both languages, with the same places to fill; every refusal has its French; every key a template asks for exists."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.alerts.models import AlertState, Outcome
from app.core.errors import Conflict, FieldErrors, Refusal
from app.messaging.models import Out
from app.people.models import FollowUp, Reachability, Role
from app.web import words
from app.web.formats import Formats
from triage.terms import Level

APP = Path(words.__file__).parent.parent
TEMPLATES = APP / "web" / "templates"
NOW = datetime(2026, 5, 12, 9, 0, tzinfo=UTC)


def forms(value: str | dict[str, str]) -> list[str]:
    return list(value.values()) if isinstance(value, dict) else [value]


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys() -> None:
    assert set(words.catalog("fr")) == set(words.catalog("en"))


def test_both_languages_fill_the_same_places() -> None:
    wrong = [
        key
        for key, french in words.catalog("fr").items()
        if set().union(*map(places, forms(french))) != set().union(*map(places, forms(words.catalog("en")[key])))
    ]
    assert wrong == []


def test_no_exclamation_mark_is_ever_shouted() -> None:
    """Words of the screens follow the voice of the house."""
    said = [key for language in words.LANGUAGES for key, value in words.catalog(language).items() if "!" in "".join(forms(value))]
    assert said == []


def test_every_key_of_the_templates_exists() -> None:
    asked = {
        key
        for path in TEMPLATES.rglob("*.html")
        for key in re.findall(r"""\bt\(\s*["']([a-z0-9_.]+)["']\s*[,)]""", path.read_text(encoding="utf-8"))
    }
    assert len(asked) > 150
    assert sorted(asked - set(words.catalog("fr"))) == []


def test_every_key_of_the_code_exists() -> None:
    asked = {
        key
        for path in (APP / "web").glob("*.py")
        for key in re.findall(r"""\bsay\(\s*"([a-z0-9_.]+)"\s*[,)]""", path.read_text(encoding="utf-8"))
    }
    assert sorted(asked - set(words.catalog("fr"))) == []


@pytest.mark.parametrize(
    ("prefix", "closed_list"),
    [
        ("level", [level.word for level in Level]),
        ("alert.state", list(AlertState)),
        ("outcome", list(Outcome)),
        ("role", list(Role)),
        ("reachability", list(Reachability)),
        ("follow_up", list(FollowUp)),
        ("message.state", list(Out)),
        ("alert.told", ["none", "queued", "sent", "delivered", "not_told", "unreadable"]),
        ("alert.kind", ["assessment", "silence", "danger", "unread", "unjudged", "undelivered", "unknown_number", "result"]),
        ("story.rung", ["team", "on_call", "prescriber", "head"]),
    ],
)
def test_every_word_of_a_closed_list_is_said(prefix: str, closed_list: list[str]) -> None:
    assert [word for word in closed_list if f"{prefix}.{word}" not in words.catalog("fr")] == []


def task_kinds() -> set[str]:
    """Kinds named in the code that makes tasks, and in the model that lists them."""
    listed = re.search(r"kind: ([a-z_,\s]+)\. key:", (APP / "alerts" / "models.py").read_text(encoding="utf-8"))
    assert listed
    made = {
        node.value.value
        for path in APP.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and ast.unparse(call.func) == "tasks.make"
        for node in call.keywords
        if node.arg == "kind" and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
    return made | {kind.strip() for kind in listed.group(1).split(",")}


def test_every_kind_of_task_is_said() -> None:
    assert [kind for kind in sorted(task_kinds()) if f"task.{kind}" not in words.catalog("fr")] == []


REFUSALS = {"Refusal", "Conflict", "NotFound", "Said"}


def english_refusals() -> Iterator[str]:
    """Sentences the crafts and screens refuse with: first argument of a refusal, or a literal put beside a field."""
    for path in APP.rglob("*.py"):
        if APP / "commands" in path.parents or APP / "web" / "api" in path.parents:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                first = node.args[0] if node.args else None
                if name in REFUSALS and isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value
                if name == "setdefault" and ast.unparse(node.func).startswith("problems.") and isinstance(node.args[1], ast.Constant):
                    yield str(node.args[1].value)
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                target = node.targets[0]
                if isinstance(target, ast.Subscript) and ast.unparse(target.value) == "problems":
                    yield node.value.value


def test_every_refusal_has_its_french() -> None:
    found = set(english_refusals())
    assert len(found) > 40
    assert sorted(found - set(words.refusals())) == []


def test_the_french_of_a_refusal_fills_places_that_exist() -> None:
    assert [english for english, french in words.refusals().items() if places(french) - places(english)] == []


def test_a_refusal_names_a_term_in_the_readers_words() -> None:
    refusal = "{symptom} has no grade. Give one from 0 to 5, or say that it cannot be graded."
    assert words.sentence("fr", refusal, symptom="Diarrhea").startswith("Diarrhée n'a pas de grade.")
    assert words.sentence("en", refusal, symptom="Diarrhea").startswith("Diarrhea has no grade.")
    assert words.sentence("fr", refusal, symptom="hoquet").startswith("hoquet n'a pas de grade.")


def test_a_sentence_ends_with_one_full_stop() -> None:
    """ "30 nov." bears one of its own."""
    assert words.say("fr", "watching.holds", day="lun. 30 nov.") == "Le suivi est prescrit jusqu'au lun. 30 nov."
    assert words.say("fr", "absence.next", when="demain") == "Prochain\u00a0: demain."
    assert words.sentence("fr", "This medicine already stopped on {day}.", day=date(2026, 5, 12)).endswith("mar. 12 mai 2026.")


def test_french_counts_zero_and_one_as_one() -> None:
    assert [words.say("fr", "patient.adherence_unknown", n) for n in (0, 1, 2)] == [
        "0 jour sans information",
        "1 jour sans information",
        "2 jours sans information",
    ]
    assert words.say("en", "patient.adherence_unknown", 0) == "0 days without information"


def test_a_missing_word_never_loses_the_page() -> None:
    assert words.say("fr", "nothing.like.it") == "nothing.like.it"


def test_a_conflict_says_who_and_since_when_in_both_languages() -> None:
    conflict = Conflict("{name} took this alert {ago}.", name="Luc Morel", ago=timedelta(seconds=20))
    assert words.refused("fr", conflict) == "Luc Morel a pris cette alerte il y a 20 s."
    assert words.refused("en", conflict) == "Luc Morel took this alert 20 s ago."


def test_sentences_beside_fields_are_translated() -> None:
    errors = FieldErrors({"dose_mg": "Write the dose of one intake in mg, from 0.1 to 10000."})
    assert words.fields("fr", errors) == {"dose_mg": "Écrivez la dose d'une prise en mg, de 0,1 à 10000."}
    assert words.fields("fr", Refusal("Choose what was done.", field="outcome")) == {"outcome": "Choisissez ce qui a été fait."}


FR = Formats("fr", "Europe/Paris", NOW)
EN = Formats("en", "Europe/Paris", NOW)


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("french", "english"),
    [
        (FR.temperature(Decimal("38.5")), "38,5 °C"),
        (EN.temperature(Decimal("38.5")), "38.5 °C"),
        (FR.time(datetime(2026, 5, 14, 12, 5, tzinfo=UTC)), "14 h 05"),
        (EN.time(datetime(2026, 5, 14, 12, 5, tzinfo=UTC)), "14:05"),
        (FR.day(date(2026, 5, 14)), "jeu. 14 mai"),
        (EN.day(date(2026, 5, 14)), "Thu 14 May"),
        (FR.when(datetime(2026, 5, 12, 12, 5, tzinfo=UTC)), "14 h 05"),
        (FR.at(datetime(2026, 5, 14, 12, 5, tzinfo=UTC)), "jeu. 14 mai à 14 h 05"),
        (EN.at(datetime(2026, 5, 14, 12, 5, tzinfo=UTC)), "Thu 14 May at 14:05"),
        (FR.span(timedelta(minutes=11, seconds=59)), "11 min"),
        (FR.span(timedelta(hours=1, minutes=4)), "1 h 04"),
        (FR.span(timedelta(days=2, hours=20)), "2 j"),
        (EN.span(timedelta(days=2)), "2 d"),
        (FR.span(timedelta(seconds=40)), "< 1 min"),
        (FR.number(Decimal("1500.000")), "1500"),
        (FR.number(Decimal("62.50")), "62,5"),
        (FR.phone("+33639980001"), "+33 6 39 98 00 01"),
        (FR.phone("+447700900123"), "+44 7700 900123"),
        (FR.phone("+262692000001"), "+262 692 00 00 01"),
        (FR.phone("15"), "15"),
        (FR.in_zone(NOW, "Indian/Reunion"), "13 h 00"),
    ],
)
def test_hours_numbers_and_dates_are_written_as_people_read_them(french: str, english: str) -> None:
    assert plain(french) == english


def test_age_counts_full_years_on_the_reader_s_day() -> None:
    assert FR.age(date(1955, 5, 12)) == 71
    assert FR.age(date(1955, 5, 13)) == 70
