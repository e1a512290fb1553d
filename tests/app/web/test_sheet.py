"""FR-14: the sheet the patient takes home says what is followed, when it is read, that it is no emergency service, whom to call, how to
stop, and their rights; in a language they read, from the service's own hours, holidays and clock.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from html import unescape

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.db import Database
from app.people import care_team
from app.people.models import Patient
from app.protocols import shelf
from app.web import words
from tests.app.web.conftest import SignIn
from tests.factories import World, a_course, a_patient

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(MONDAY)


@pytest.fixture
def ines(sign_in: SignIn, world: World) -> TestClient:
    return sign_in(world.ines)


def sheet_of(ines: TestClient, database: Database, world: World, clock: HandClock, treated: bool = True, **changes: object) -> str:
    """The words of the sheet of somebody enrolled now, without the tags."""
    interpreter, also = str(changes.pop("interpreter", "")), list(changes.pop("also_reads", []))  # type: ignore[call-overload]  # taken out of any fields
    with database.transaction() as session:
        patient = a_patient(session, world, now=clock.now(), **changes)
        patient.interpreter, patient.also_reads = interpreter, also
        if treated:
            shelf.seed(session, clock.now())
            a_course(session, world, patient, now=clock.now())
        number = patient.id
    page = ines.get(f"/patients/{number}/sheet")
    assert page.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split()).replace("\u00a0", " ")


def test_it_says_all_that_the_decree_asks_in_french(ines: TestClient, database: Database, world: World, clock: HandClock) -> None:
    said = sheet_of(ines, database, world, clock)
    for sentence in (
        "Appelez le 15 ou le 112.",
        "Ce suivi n'est pas un service d'urgence. N'attendez pas de réponse par SMS.",
        "Des SMS vous demandent vos symptômes et vos prises, vers 10 h.",
        "Lundi 8 h à 18 h",
        "Dimanche fermé",
        "Heure locale : Paris.",
        "Fermé les jours fériés. Les prochains : vendredi 25/12, vendredi 01/01, lundi 29/03, jeudi 06/05.",
        "Le soir, la nuit, les jours fériés : personne ne lit vos messages.",
        "Pour toute question : 0199001234, aux heures ci-dessus.",
        "Répondez STOP. L'équipe vous appelle ensuite. REPRENDRE les fait revenir.",
        "Vous pouvez lire, corriger ou retirer vos données : demandez au 0199001234.",
        "Vous pouvez dire non à tout moment. Vos soins restent les mêmes.",
        "Fiche version 2026-09.",
    ):
        assert sentence in said
    followed = re.search(r"Nous demandons : ([^.]+)\.", said)
    assert followed is not None
    assert {"diarrhée", "nausées", "fatigue", "température"} <= set(followed[1].split(", "))


@pytest.mark.parametrize(
    ("language", "also", "sentence"),
    [
        ("en", [], "This follow-up is not an emergency service."),
        ("rcf", ["fr"], "Suivi-la lé pa in servis lirzans."),
        ("none", ["en"], "This follow-up is not an emergency service."),
    ],
)
def test_it_is_in_the_first_language_the_patient_reads(
    ines: TestClient, database: Database, world: World, clock: HandClock, language: str, also: list[str], sentence: str
) -> None:
    """HZ-36."""
    said = sheet_of(ines, database, world, clock, language=language, also_reads=also)
    assert sentence in said
    assert "interprète" not in said


def test_in_creole_symptoms_days_and_hours_are_creole_too(ines: TestClient, database: Database, world: World, clock: HandClock) -> None:
    said = sheet_of(ines, database, world, clock, language="rcf")
    assert "Apèl lo 15 sinonsa lo 112." in said
    assert "Lindi 8 h ziska 18 h" in said
    assert "diaré" in said
    assert "diarrhée" not in said


def test_who_reads_no_language_of_ours_is_explained_the_sheet_with_an_interpreter(
    ines: TestClient, database: Database, world: World, clock: HandClock
) -> None:
    """HZ-36: the page says so to whoever prints it."""
    said = sheet_of(ines, database, world, clock, language="none", interpreter="shimaoré")
    assert "Le patient ne lit pas cette langue. Expliquez la fiche avec un interprète." in said


def test_the_hours_are_those_of_the_patients_wall(ines: TestClient, database: Database, world: World, clock: HandClock) -> None:
    """A service in Paris, a patient in La Réunion: three hours later in winter."""
    said = sheet_of(ines, database, world, clock, timezone="Indian/Reunion")
    assert "Lundi 11 h à 21 h" in said
    assert "Heure locale : La Réunion." in said


def test_where_the_day_would_change_the_services_own_clock_is_shown(
    ines: TestClient, database: Database, world: World, clock: HandClock
) -> None:
    """Nouméa is ten hours ahead of Paris: 18 h there is Tuesday morning, which a table of days cannot say."""
    said = sheet_of(ines, database, world, clock, timezone="Pacific/Noumea")
    assert "Lundi 8 h à 18 h" in said
    assert "Heure locale : Paris." in said


def test_without_a_treatment_it_lists_no_symptom(ines: TestClient, database: Database, world: World, clock: HandClock) -> None:
    assert "Nous demandons" not in sheet_of(ines, database, world, clock, treated=False)


def test_holidays_are_the_local_ones_and_only_on_days_otherwise_open(world: World) -> None:
    """La Réunion has its own: 20 December, end of slavery. Christmas and New Year fall on a Saturday then, when it is closed."""
    world.service.country = "RE"
    assert care_team.next_holidays(world.service, date(2027, 12, 18), 2) == [date(2027, 12, 20), date(2028, 4, 17)]
    world.service.country = "FR"
    assert date(2027, 12, 25) not in care_team.next_holidays(world.service, date(2027, 12, 18), 4)  # a Saturday


def test_every_screen_for_patients_is_whole_or_falls_back() -> None:
    """HZ-36: a language whose screen lacks a word is not used for it; the next language the patient reads is."""
    assert words.exist_in("sheet") == ("fr", "en", "rcf")
    assert words.exist_in("form")[:2] == ("fr", "en")
    assert words.for_patient("sheet", ["swb", "rcf", "fr"], "fr") == "rcf"
    assert words.for_patient("form", ["swb"], "fr") == "fr"
    assert words.for_patient("form", ["rcf", "en"], "fr") == ("rcf" if "rcf" in words.exist_in("form") else "en")


def test_the_numbers_of_other_countries_stand_without_112(ines: TestClient, database: Database, world: World, clock: HandClock) -> None:
    """112 answers in Europe only."""
    with database.transaction() as session:
        session.merge(world.service).emergency = "911"
    said = sheet_of(ines, database, world, clock, language="en")
    assert "Call 911." in said
    assert "112" not in said


def test_opening_the_sheet_is_in_the_trail(ines: TestClient, database: Database, world: World, clock: HandClock) -> None:
    """SEC-27: it names a patient and what they take tablets for."""
    sheet_of(ines, database, world, clock)
    with database.reading() as session:
        marie = session.scalars(select(Patient)).one()
        opened = select(AuditRow.reason).where(AuditRow.patient_id == marie.id, AuditRow.action == "chart.opened")
        assert session.scalars(opened).all() == ["sheet"]
