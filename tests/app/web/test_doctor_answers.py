"""What an answer can hold, and what becomes of two of them: the doctor's form, the nurse who tells, the home of whoever stands in."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from fastapi.testclient import TestClient
from sqlalchemy import select

from app.alerts.models import Task
from app.core.audit import SYSTEM
from app.core.clock import HandClock
from app.core.db import Database
from app.people import absences, services
from app.people.models import Patient, Role
from app.people.rota_models import StandIn
from app.treatment import courses, days
from app.treatment.courses import NewCompanion
from tests.app.web.conftest import TEN, SignIn
from tests.factories import PASSWORD, World, a_course, a_patient
from triage.calendar import Pattern


def _ask(claire: TestClient, marie: Patient, question: str = "Diarrhée de grade 3 : poursuivre ?") -> int:
    asked = claire.post(f"/patients/{marie.id}/ask", data={"question": question, "level": "high", "doctor": ""})
    assert asked.status_code == 303, asked.text
    return int(asked.headers["location"].removeprefix("/requests/"))


def _text(answer: object) -> str:
    return answer.text.replace("\u202f", " ").replace("\xa0", " ").replace("&#39;", "'")  # type: ignore[attr-defined]  # a response


def test_a_later_hold_takes_the_place_of_the_one_nobody_told(
    claire: TestClient, sign_in: SignIn, world: World, marie: Patient, clock: HandClock
) -> None:
    """The doctor sees the untold answer before answering; the nurse has one line; each names the other."""
    first, then = _ask(claire, marie), _ask(claire, marie, "Toujours grade 3 ?")
    lebon = sign_in(world.lebon)
    lebon.post(f"/requests/{first}/answer", data={"answer": "hold_until", "until": "2026-11-27", "words": "Hydratation."})
    clock.forward(minutes=30)
    assert "Pas encore dit au patient : Suspendre, dernier jour sans comprimés ven. 27 nov." in _text(lebon.get(f"/requests/{then}"))
    sent = lebon.post(f"/requests/{then}/answer", data={"answer": "hold_until", "until": "open", "words": "Bilan d'abord."})
    replaced = "À la place de : Suspendre, dernier jour sans comprimés ven. 27 nov. (Dr Aurore Lebon)"
    home = _text(lebon.get(sent.headers["location"]))
    assert "À la place de : suspendre jusqu'au ven. 27 nov." in home and f'class="door door-high" href="/requests/{first}"' not in home
    row = _text(claire.get("/"))
    assert "suspendre jusqu'à nouvel avis" in row and "suspendre jusqu'au ven. 27 nov." not in row
    assert replaced in _text(claire.get(f"/requests/{then}"))
    old = _text(claire.get(f"/requests/{first}"))
    assert "Remplacée par : Suspendre, jusqu'à nouvel avis (Dr Aurore Lebon" in old and "Hydratation." in old and "C'est dit" not in old
    late = claire.post(f"/requests/{first}/tell", data={"whom": "patient", "reached": "yes", "words": "Jusqu'à vendredi."})
    assert late.status_code == 409 and "a remplacé celle-ci" in _text(late)
    assert "Remplacée par une réponse plus récente" in _text(claire.get(f"/patients/{marie.id}/timeline"))


def test_when_and_where_to_come_is_said_to_the_nurse(claire: TestClient, sign_in: SignIn, world: World, marie: Patient) -> None:
    """Both are optional; an hour that has passed is asked again with everything typed, and what stands is in the list and to tell."""
    number, lebon = _ask(claire, marie), sign_in(world.lebon)
    typed = {"answer": "see_today", "at": "09:30", "place": "Box 4", "words": "À jeun."}
    refused = lebon.post(f"/requests/{number}/answer", data=typed)
    assert refused.status_code == 422 and "Cette heure est passée" in _text(refused)
    assert all(f'value="{one}"' in refused.text for one in ("09:30", "Box 4")) and "À jeun." in refused.text
    assert lebon.post(f"/requests/{number}/answer", data={**typed, "at": "15:30"}).status_code == 303
    assert "Dr Aurore Lebon : voir le patient aujourd'hui, à 15 h 30, Box 4" in _text(claire.get("/"))
    telling = _text(claire.get(f"/requests/{number}"))
    assert "<b>Voir le patient aujourd'hui, à 15 h 30, Box 4</b>" in telling and "À jeun." in telling
    lebon.post(f"/requests/{number}/correct", data={"answer": "see_today", "at": "", "place": "", "reason": "Heure à fixer."})
    assert "<b>Voir le patient aujourd'hui</b>" in _text(claire.get(f"/requests/{number}"))


def test_admitted_with_the_tablets_held_in_one_answer(
    database: Database, claire: TestClient, sign_in: SignIn, world: World, marie: Patient
) -> None:
    """Offered, not preset; once they are held until further notice it is not offered again. By telephone too."""
    number, lebon = _ask(claire, marie), sign_in(world.lebon)
    offered = '<input type="checkbox" name="hold" value="yes">'
    assert offered in lebon.get(f"/requests/{number}").text and offered in claire.get(f"/requests/{number}").text
    unsure = lebon.post(f"/requests/{number}/answer", data={"answer": "admit", "hold": "yes", "at": "15:30", "words": "Chambre 12."})
    assert 'id="admit-at" type="time" name="at" value="15:30"' in unsure.text
    assert unsure.status_code == 422 and 'name="hold" value="yes" checked' in unsure.text and "Chambre 12." in unsure.text
    lebon.post(f"/requests/{number}/answer", data={"answer": "admit", "hold": "yes", "at": "15:30", "words": "Chambre 12.", "sure": "yes"})
    telling = _text(claire.get(f"/requests/{number}"))
    assert "<b>Hospitaliser, plus de comprimés jusqu'à nouvel avis, à 15 h 30</b>" in telling
    assert "hospitaliser, suspendre jusqu'à nouvel avis, à 15 h 30" in _text(claire.get("/"))
    pages = [f"/patients/{marie.id}", f"/patients/{marie.id}/print", f"/patients/{marie.id}/open", f"/requests/{number}"]
    held, asked = "suspendu jusqu'à nouvel avis</b> <q>Chambre 12.</q> · <b>", "Hospitalisation demandée, pas encore dite au patient"
    for page in map(_text, map(claire.get, pages)):
        assert f"{held}{asked}</b>" in page and f"{held}Séjour" not in page, "nobody has told her: she is at home"
    assert asked in _text(claire.get("/"))
    for page in map(_text, map(claire.get, pages[:2])):
        assert "Suivi gelé : hospitalisation demandée" in page and f"<li>{asked}</li>" in page
    claire.post(f"/requests/{number}/tell", data={"whom": "patient", "reached": "yes", "words": "Elle vient, sans comprimés."})
    said, there = "Hospitalisation dite, arrivée à vérifier", "Séjour à l'hôpital"
    for page in map(_text, map(claire.get, pages)):
        assert f"{held}{said}</b>" in page and asked not in page and f"{held}{there}" not in page, "she was told: she is not there yet"
    assert "Suivi gelé : hospitalisation dite, arrivée à vérifier" in _text(claire.get(pages[0]))
    assert "Arrivé(e) à l'hôpital ?" in _text(claire.get("/")) and said in _text(claire.get("/"))
    with database.reading() as session:
        check = f"/tasks/{session.scalars(select(Task.id).where(Task.kind == 'was_admitted')).one()}"
    claire.post(f"{check}/close", data={"seen": "no", "note": "Sa fille l'amène ce soir."})
    for page in (_text(claire.get("/")), _text(claire.get(check))):
        assert "Pas encore à l'hôpital" in page and "« Sa fille l'amène ce soir. »" in page
    claire.post(f"{check}/close", data={"seen": "yes", "note": ""})
    for page in map(_text, map(claire.get, pages[:2] + pages[3:])):
        assert f"{held}{there}</b>" in page and said not in page
    again = _ask(claire, marie, "Et ensuite ?")
    assert offered not in lebon.get(f"/requests/{again}").text
    lebon.post(f"/requests/{again}/answer", data={"answer": "continue", "resume": "yes", "from_day": "2026-11-28", "words": ""})
    assert "reprendre le traitement, à partir du sam. 28 nov. · prévenir" in _text(claire.get("/")), "not today"
    assert "<b>Reprendre le traitement, à partir du sam. 28 nov.</b>" in _text(claire.get(f"/requests/{again}"))


def test_each_medicine_has_its_own_form_with_its_own_tablets(
    database: Database, claire: TestClient, sign_in: SignIn, world: World, clock: HandClock, signed: None
) -> None:
    """Capecitabine in 500 mg beside lapatinib in 250 mg: a dose of the second is never made of the first one's tablets."""
    clock.at = TEN
    with database.transaction() as session:
        jean = a_patient(session, world, now=TEN)
        lapatinib = NewCompanion("lapatinib", Decimal(1250), Pattern(1), strengths=(Decimal(250),))
        a_course(session, world, jean, now=TEN, first_intake=date(2026, 11, 23), strengths=(Decimal(500),), companions=(lapatinib,))
    number, lebon = _ask(claire, jean), sign_in(world.lebon)
    forms = _text(lebon.get(f"/requests/{number}")).split('name="answer" value="reduce_to">')[1:]
    assert len(forms) == 2
    for form, agent, own, other in zip(forms, ("capecitabine", "lapatinib"), ("500", "250"), ("250", "500"), strict=True):
        inside = form.split("</form>")[0]
        assert f'name="medicine" value="{agent}"' in inside and 'name="strengths"' in inside
        assert f'value="{own}"' in inside and f"{own} mg" in inside and f'value="{other}"' not in inside
    typed = {"answer": "reduce_to", "medicine": "lapatinib", "dose_mg": "1100", "strengths": "250", "words": "Palier 1."}
    refused = _text(lebon.post(f"/requests/{number}/answer", data=typed)).split('name="answer" value="reduce_to">')[1:]
    assert ['value="1100"' in form for form in refused] == [False, True], "typed in the form of the second, it is there again"
    assert lebon.post(f"/requests/{number}/answer", data={**typed, "dose_mg": "1000"}).status_code == 303
    told = _text(claire.get(f"/requests/{number}"))
    assert "<b>Lapatinib : réduire à 1000 mg par prise (4 de 250 mg), au lieu de 1250 mg" in told, "of two medicines, which"
    assert "Lapatinib : réduire à 1000 mg par prise" in _text(claire.get("/"))
    with database.reading() as session:
        course = courses.running(session, jean.id)
        assert course is not None
        assert (days.dose_on(course, TEN.date()).mg, days.dose_on(course.companions[0], TEN.date()).mg) == (1500, 1000)
        assert days.dose_on(course.companions[0], TEN.date()).tablets == ((Decimal(250), 4),)
    nurse = _text(claire.get(f"/requests/{_ask(claire, jean, 'Et maintenant ?')}"))
    assert '<select id="tel-medicine" name="medicine">' in nurse and 'name="strengths" inputmode="text"' in nurse
    assert "lapatinib, ce que le patient a : 250 mg" in nurse.replace("Lapatinib", "lapatinib")


def test_was_the_patient_seen_is_answered_by_yes_or_no(
    database: Database, claire: TestClient, sign_in: SignIn, world: World, marie: Patient
) -> None:
    """No needs words; yes needs none, and writes the visit; whoever comes second is told."""
    number, lebon = _ask(claire, marie), sign_in(world.lebon)
    lebon.post(f"/requests/{number}/answer", data={"answer": "see_today"})
    with database.reading() as session:
        task = session.scalars(select(Task).where(Task.kind == "was_seen")).one()
    page = _text(claire.get(f"/tasks/{task.id}"))
    buttons = ('<button class="primary" name="seen" value="yes">', '<button class="quiet" name="seen" value="no">')
    assert all(one in page for one in buttons) and "required" not in page.split(f'id="task-note-{task.id}"')[1].split("</textarea>")[0]
    for wrong in ({"note": "Je ne sais pas."}, {"note": " ", "seen": "no"}, {"note": "x", "seen": "yé"}):
        assert claire.post(f"/tasks/{task.id}/close", data=wrong).status_code == 422
    with database.reading() as session:
        assert absences.visit_days(session, marie.id) == frozenset()
    assert claire.post(f"/tasks/{task.id}/close", data={"note": "", "seen": "yes"}).status_code in (200, 303)
    with database.reading() as session:
        closed = session.get_one(Task, task.id)
        assert (closed.detail["seen"], closed.closed_by_id) == ("yes", world.claire.id)
        assert absences.visit_days(session, marie.id) == {TEN.date()}
    late = claire.post(f"/tasks/{task.id}/close", data={"note": "Absente.", "seen": "no"})
    assert late.status_code == 409, "who was first is said, and the visit stays"


def test_whoever_stands_in_finds_the_absent_doctors_requests_on_their_home(
    database: Database, claire: TestClient, sign_in: SignIn, world: World, marie: Patient
) -> None:
    """Dr Lebon is away since yesterday: what is asked of her is Dr Mercier's own, with whom it was asked of; the untold orders too."""
    with database.transaction() as session:
        added = {"login": "mercier", "name": "Dr Jean Mercier", "role": Role.ONCOLOGIST, "password": PASSWORD}
        mercier = services.engage(session, world.hospital, service=world.service, by=SYSTEM, now=TEN, **added)  # type: ignore[arg-type]  # fields by name
    first, told = _ask(claire, marie), _ask(claire, marie, "Déjà répondu ?")
    sign_in(world.lebon).post(f"/requests/{told}/answer", data={"answer": "continue", "words": "Continuer."})
    before = _text(sign_in(mercier).get("/doctor"))
    assert "1 demande à un confrère" in before and "pour vous" not in before and f'href="/requests/{told}"' not in before
    with database.transaction() as session:
        span = {"starts_at": TEN - timedelta(days=1), "ends_at": TEN + timedelta(days=1), "written_by": "staff:1", "written_at": TEN}
        session.add(StandIn(service_id=world.service.id, absent_id=world.lebon.id, by_id=mercier.id, **span))
    home = _text(sign_in(mercier).get("/doctor"))
    mine = home.split("1 demande pour vous")[1].split("<h2>")[0]
    assert f'href="/requests/{first}"' in mine and "pour Dr Aurore Lebon" in mine and "HOARAU Marie" in mine
    assert f'href="/requests/{told}"' in home.split("que le patient ne connaît pas encore")[1]
    answered = sign_in(mercier).post(f"/requests/{first}/answer", data={"answer": "hold_until", "until": "open"})
    assert answered.status_code == 303 and "Dr Jean Mercier : suspendre" in _text(claire.get("/"))
