"""Pages of documents and of files of results, over HTTP."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.alerts.models import Alert, Task
from app.care.contact_models import Letter
from app.core.clock import HandClock
from app.core.db import Database
from app.people.circle_models import Professional
from app.people.document_models import Document
from app.people.models import Patient
from app.protocols import shelf
from app.treatment.models import CycleStart, Measure
from tests.app.web.test_nurse import said
from tests.app.web.ward import Morning, the_morning
from tests.factories import World, a_course, a_patient

PDF = b"%PDF-1.7\n1 0 obj\n"


@pytest.fixture
def morning(database: Database, world: World, clock: HandClock) -> Morning:
    return the_morning(database, world, clock)


def test_a_document_is_attached_saved_and_struck_through(claire: TestClient, database: Database, morning: Morning) -> None:
    """Never shown inside our pages: saved, guessed at by no browser, running nothing."""
    where = f"/patients/{morning.jean.id}/documents"
    sent = claire.post(
        where, data={"kind": "prescription", "name": "", "on_day": "2026-11-10"}, files={"file": ("été 10.pdf", PDF, "text/html")}
    )
    assert sent.status_code == 303 and sent.headers["location"] == where
    listed = said(claire.get(where))
    assert "été 10.pdf · Ordonnance · mar. 10 nov. 2026" in listed and "joint par Claire Payet" in listed
    with database.reading() as session:
        number = session.scalars(select(Document.id)).one()
    answer = claire.get(f"/documents/{number}")
    assert answer.content == PDF
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%A9t%C3%A9%2010.pdf"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["cache-control"] == "no-store"
    assert "Écrivez pourquoi ce document est rayé." in said(claire.post(f"/documents/{number}/strike", data={"reason": ""}))
    assert claire.post(f"/documents/{number}/strike", data={"reason": "Mauvais dossier"}).status_code == 303
    page = claire.get(where)
    assert "<del>été 10.pdf</del>" in page.text and "Mauvais dossier" in said(page)
    assert claire.get(f"/documents/{number}").status_code == 410


def test_letters_that_left_stand_beside_documents(
    claire: TestClient, database: Database, world: World, morning: Morning, clock: HandClock
) -> None:
    """A draft is not a letter yet; both pages and the story name whom it went to."""
    with database.transaction() as session:
        doctor = Professional(service_id=world.service.id, trade="gp", name="Dr Iris Techer", created_at=clock.now(), created_by="staff:1")
        session.add(doctor)
        session.flush()
        for state, to_name in (("sent", "Dr Iris Techer"), ("draft", "Dr Brouillon")):
            session.add(
                Letter(
                    service_id=world.service.id,
                    patient_id=morning.jean.id,
                    professional_id=doctor.id,
                    kind="opening",
                    to_name=to_name,
                    language="fr",
                    body="…",
                    state=state,
                    written_by="staff:1",
                    written_at=clock.now(),
                    at=clock.now(),
                    sent_by_name="Claire Payet",
                )
            )
    for part in ("", "/documents", "/timeline?kind=papers"):
        page = said(claire.get(f"/patients/{morning.jean.id}{part}"))
        assert "Courrier à Dr Iris Techer, parti par Claire Payet" in page and "Brouillon" not in page, part


def test_a_page_that_calls_itself_a_pdf_is_refused(claire: TestClient, database: Database, morning: Morning) -> None:
    where = f"/patients/{morning.jean.id}/documents"
    sent = claire.post(
        where, data={"kind": "other", "name": "x"}, files={"file": ("x.pdf", b"<html><script>1</script>", "application/pdf")}
    )
    assert sent.status_code == 422 and "Ce fichier n'est ni un PDF" in said(sent)
    assert "Choisissez un fichier." in said(claire.post(where, data={"kind": "other", "name": "x"}))
    with database.reading() as session:
        assert session.scalars(select(Document.id)).all() == []


def test_a_form_too_large_is_refused(claire: TestClient, morning: Morning) -> None:
    """A little too large is told in a sentence; far too large is never read whole."""
    where, what = f"/patients/{morning.jean.id}/documents", {"kind": "other", "name": "x"}
    told = claire.post(where, data=what, files={"file": ("x.pdf", PDF + b"0" * 5_000_000, "application/pdf")})
    assert told.status_code == 422 and "Ce fichier dépasse 5 Mo." in said(told)
    assert claire.post(where, data=what, files={"file": ("x.pdf", PDF + b"0" * 8_000_000, "application/pdf")}).status_code == 413


def test_a_file_of_results_is_tried_then_kept_and_judged(
    claire: TestClient, database: Database, morning: Morning, clock: HandClock
) -> None:
    """One row good, one bad: named with row and reason; then graded with its CTCAE version, and judged at once like a typed one."""
    jean = morning.jean.id
    text = (
        "patient;birth_date;kind;value;unit;lln;uln;taken_at;source\n"
        f"{jean};14/03/1955;neutrophils;0,4;10*9/L;1,5;7,5;18/11/2026 08:10;labo Nord\n"
        f"{jean};14/03/1955;neutrophils;0,4;furlongs;;;18/11/2026 08:10;labo Nord\n"
    )
    sent = claire.post("/results", files={"file": ("novembre.csv", text.encode(), "text/csv")})
    where = sent.headers["location"]
    assert re.fullmatch(r"/results/[0-9]+", where)
    tried = said(claire.get(where))
    assert "Rien n'est encore écrit. 1 valeur à garder, 0 déjà connue, 1 ligne de côté." in tried
    assert "3 « furlongs » n'est pas une unité de cette mesure ; elle se mesure en 10⁹/L." in tried
    with database.reading() as session:
        assert session.scalars(select(Measure.id)).all() == [], "what it would raise is looked at, and taken back"
        stamp = session.get_one(Alert, morning.tiredness.id).stamp
    assert claire.post(f"{where}/write").status_code == 303
    assert "1 valeur gardée, 0 déjà connue, 1 ligne de côté." in said(claire.get(where))
    written = claire.get(where)
    assert f'href="/alerts/{morning.tiredness.id}"' in written.text, "whoever brought the file sees the alert it raised"
    assert re.search(r"1 alerte ou tâche par ces valeurs !+ Urgent PAYET Jean Neutrophiles 0,4", said(written)), (
        "grade 4 pages, unjudged or not: one alert is one line"
    )
    assert "par ces valeurs" not in tried and f"/alerts/{morning.tiredness.id}" not in claire.get("/results").text
    assert re.search(r"1 alerte ou tâche serait ouverte ou complétée !+ Urgent PAYET Jean", tried)
    assert claire.post(f"{where}/write").status_code == 409
    page = said(claire.get(f"/patients/{jean}/measures"))
    assert "0,4 10⁹/L" in page and "norme 1,5 à 7,5 ↓ bas" in page and "labo Nord" in page
    assert "4 Neutropénie" in page and "CTCAE v5.0" in page
    for read in (f"/patients/{jean}", f"/patients/{jean}/print", f"/patients/{jean}/particulars"):
        whole = said(claire.get(read))
        assert "10⁹/L" in whole and "10*9/L" not in whole, read
    with database.reading() as session:
        assert session.get_one(Alert, morning.tiredness.id).stamp > stamp, "few neutrophils do not sleep in a table"


def test_a_grave_value_that_no_rule_looks_at_is_named_by_the_trial_and_made_a_task_of(
    claire: TestClient, database: Database, morning: Morning
) -> None:
    """Potassium 6.9 mmol/L: grade 3 of hyperkalaemia (CTCAE v5.0: above 6.0 to 7.0); no protocol is in force here, so no rule reads it."""
    jean = morning.jean.id
    text = "kind;value;unit;taken_at;source\npotassium;6,9;mmol/L;18/11/2026 08:10;labo Nord\n"
    where = claire.post(f"/patients/{jean}/results", files={"file": ("k.csv", text.encode(), "text/csv")}).headers["location"]
    told = "PAYET Jean Résultat à lire : Potassium 6,9 mmol/L, mer. 18 nov., 8 h 10, grade 3 (CTCAE v5.0)"
    tried = claire.get(where)
    assert "2 alertes ou tâches seraient ouvertes" in said(tried) and told in said(tried)
    assert 'grade-tag-3">grade 3<' in tried.text, "the value is seen among the others"
    with database.reading() as session:
        assert session.scalars(select(Task.id).where(Task.kind == "result_to_read")).all() == [], "a trial makes nothing"
    claire.post(f"{where}/write")
    with database.reading() as session:
        number = session.scalars(select(Task.id).where(Task.kind == "result_to_read")).one()
    page = claire.get(where)
    assert told in said(page) and f'href="/tasks/{number}"' in page.text
    assert "Résultat à lire : Potassium 6,9 mmol/L" in said(claire.get(f"/tasks/{number}"))
    assert "Résultat à lire : Potassium 6,9 mmol/L" in said(claire.get(f"/patients/{jean}"))


def test_what_threatens_life_is_urgent_in_the_trial_and_once_kept_whatever_the_rule_says(
    claire: TestClient, database: Database, world: World, clock: HandClock, signed: None
) -> None:
    """Platelets 12 are grade 4 (CTCAE v5.0: below 25): the rule of capecitabine asks for four hours at 26 and at 12, in its fifth cycle."""
    clock.at = datetime.fromisoformat("2026-11-25T10:00:00+01:00")
    with database.transaction() as session:
        shelf.seed(session, clock.now())
        marie = a_patient(session, world, now=clock.now())
        a_course(session, world, marie, now=clock.now(), first_intake=date(2026, 11, 16))
        session.execute(update(CycleStart).values(number=5))
    for value, taken, level, hours, word in (("26", "08:10", "high", 4, "Élevé"), ("12", "09:10", "urgent", 0.5, "Urgent")):
        clock.forward(minutes=1)
        text = f"kind;value;unit;taken_at;source\nplatelets;{value};10*9/L;25/11/2026 {taken};labo Nord\n"
        where = claire.post(f"/patients/{marie.id}/results", files={"file": ("p.csv", text.encode(), "text/csv")}).headers["location"]
        assert re.search(f"1 alerte ou tâche serait ouverte ou complétée !+ {word} HOARAU Marie", said(claire.get(where))), value
        claire.post(f"{where}/write")
        assert re.search(f"1 alerte ou tâche par ces valeurs !+ {word} HOARAU Marie", said(claire.get(where))), value
        with database.reading() as session:
            alert = session.scalars(select(Alert)).one()
            assert (alert.level, alert.respond_by) == (level, clock.now() + timedelta(hours=hours)), "the one of the rule is raised"


def test_an_hour_of_a_file_is_the_patients_and_says_so(claire: TestClient, database: Database, morning: Morning) -> None:
    """Jean is in Réunion, the service in Paris: 8:10 on the paper is 8:10 on every page, with whose clock; with an offset, what it says."""
    jean, marie = morning.jean.id, morning.marie.id
    with database.transaction() as session:
        session.execute(update(Patient).where(Patient.id == jean).values(timezone="Indian/Reunion"))
    assert "Les heures du fichier sont celles de chaque patient, là où il vit." in said(claire.get("/results"))
    where = f"/patients/{jean}/results"
    assert "Les heures du fichier sont celles du patient : heure de La Réunion." in said(claire.get(where))
    text = (
        "patient;birth_date;kind;value;unit;taken_at;source\n"
        f"{jean};14/03/1955;potassium;6,9;mmol/L;18/11/2026 08:10;labo Nord\n"
        f"{jean};14/03/1955;platelets;200;10*9/L;2026-11-18T05:20+01:00;labo Nord\n"
        f"{marie};14/03/1955;platelets;200;10*9/L;18/11/2026 08:30;labo Nord\n"
    )
    file = claire.post("/results", files={"file": ("k.csv", text.encode(), "text/csv")}).headers["location"]
    tried = said(claire.get(file))
    assert "Potassium 6,9 mmol/L, mer. 18 nov., 8 h 10, heure de La Réunion, grade 3" in tried
    for taken in ("8 h 10, heure de La Réunion labo Nord", "8 h 20, heure de La Réunion labo Nord", "8 h 30 labo Nord"):
        assert f"mer. 18 nov., {taken}" in tried, taken
    claire.post(f"{file}/write")
    for page in (f"/patients/{jean}/measures", f"/patients/{jean}"):
        assert "mer. 18 nov., 8 h 10, heure de La Réunion" in said(claire.get(page)) and "5 h 10" not in said(claire.get(page)), page
    claire.post("/language", data={"language": "en"})
    assert "Wed 18 Nov, 08:10, Réunion Time" in said(claire.get(f"/patients/{jean}/measures"))


def test_a_file_of_one_patient_and_one_that_is_dropped(claire: TestClient, database: Database, morning: Morning) -> None:
    jean = morning.jean.id
    assert "Ces colonnes manquent" in said(claire.post(f"/patients/{jean}/results", files={"file": ("x.csv", b"a;b\n", "text/csv")}))
    text = b"kind;value;unit;taken_at;source\nweight;70;kg;17/11/2026 08:10;cabinet\n"
    where = claire.post(f"/patients/{jean}/results", files={"file": ("x.csv", text, "text/csv")}).headers["location"]
    assert claire.post(f"{where}/drop").headers["location"] == f"/patients/{jean}/measures"
    assert "Rien n'a été gardé." in said(claire.get(where))
    with database.reading() as session:
        assert session.scalars(select(Measure.id)).all() == []
