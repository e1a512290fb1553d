"""Programmes of a patient on screen: enrolled, met, validated, changed, ended; the circle and letters (COA-1, COA-7, AMA-1, ATO-6)."""

from __future__ import annotations

from fastapi.testclient import TestClient
from sqlalchemy import select

from app.care.contact_models import Letter
from app.care.models import Enrolment
from app.people.circle_models import CircleMember
from app.people.models import Patient
from tests.app.web.care.conftest import followed
from tests.app.web.conftest import SignIn
from tests.app.web.test_nurse import said
from tests.factories import World
from tests.support.chain import Chain


def number(chain: Chain) -> str:
    with chain.read() as session:
        return str(session.scalars(select(Enrolment.id).order_by(Enrolment.id.desc()).limit(1)).one())


def test_from_the_proposal_to_the_opinion(claire: TestClient, sign_in: SignIn, chain: Chain, marie: Patient, world: World) -> None:
    """COA-1, AMA-1, COA-7: each step refused with its reason until the one before is done; the level of any past day is read back."""
    address = f"/patients/{marie.id}/programmes"

    def does(act: str, browser: TestClient = claire, **values: str) -> int:
        return browser.post(f"{address}/{act}", data={"enrolment": number(chain) if act != "propose" else "", **values}).status_code

    assert does("propose", programme="ama") == 303
    page = said(claire.get(address))
    assert "AMA · Proposé" in page
    assert "Pas encore d'appel" in page or "Aucun appel" in page
    refused = claire.post(f"{address}/adhesion", data={"enrolment": number(chain), "met_at": "2026-11-23", "nurse": str(world.claire.id)})
    assert refused.status_code == 422
    assert "Nommez" in said(refused)
    assert does("adhesion", met_at="2026-11-23", nurse=str(world.claire.id), stand_in=str(world.luc.id)) == 303
    assert "Dr Lebon" in said(claire.get(address)) or "doit valider le dossier" in said(claire.get(address))
    assert does("validate") == 403
    assert does("validate", sign_in(world.lebon)) == 303
    page = said(claire.get(address))
    assert "AMA · En cours" in page
    assert "Validé par" in page
    assert "Appels à venir" in page

    chain.clock.forward(days=3)
    assert does("change", kind="nurse", to_nurse=str(world.luc.id), why="Claire est en congé") == 303
    assert "Infirmière référente : Claire Payet" in said(claire.get(f"{address}?on=2026-11-24"))
    assert "Infirmière référente : Luc" in said(claire.get(address))

    assert does("end") == 422
    assert does("end", reason="patient_choice", words="trop d'appels") == 303
    page = said(claire.get(address))
    assert "Terminé" in page
    assert "Avis du patient" in page
    assert does("opinion", refused="yes") == 303
    assert "n'a pas souhaité répondre" in said(claire.get(address))


def test_ato_6_a_letter_waits_for_the_patients_word_about_each_recipient(
    claire: TestClient, chain: Chain, marie: Patient, world: World
) -> None:
    address = f"/patients/{marie.id}/programmes"
    new = {"trade": "gp", "name": "Dr Anne Rivière", "phone": "+33639980055"}
    assert claire.post(f"{address}/professional", data=new).status_code == 303
    with chain.read() as session:
        member = str(session.scalars(select(CircleMember.id)).one())
    claire.post(f"{address}/propose", data={"programme": "coach"})
    visit = {"enrolment": number(chain), "met_at": "2026-11-23", "nurse": str(world.claire.id), "stand_in": str(world.luc.id)}
    assert claire.post(f"{address}/adhesion", data=visit).status_code == 303
    page = said(claire.get(address))
    assert "Courrier d'ouverture" in page
    assert "retenu : accord du patient pas encore demandé" in page
    with chain.read() as session:
        letter = session.scalars(select(Letter)).one()
    printed = claire.get(f"/patients/{marie.id}/letters/{letter.id}")
    assert printed.status_code == 200
    assert "Dr Anne Rivière" in said(printed)
    assert claire.post(f"{address}/consent", data={"member": member, "granted": "yes"}).status_code == 303
    assert "d'accord" in said(claire.get(address))


def test_the_page_of_a_programme_says_its_numbers_with_what_is_counted_over_what(claire: TestClient, chain: Chain, marie: Patient) -> None:
    """A dash where nothing can be divided, never a zero; nurse minutes among them; patients sorted by dose intensity (AMA-7)."""
    followed(chain, marie)
    page = said(claire.get("/programmes/coach?sort=rdi"))
    assert "Minutes d'infirmière par patient et par mois" in page
    assert "Durée moyenne d'un appel (min) – 0 0" in page
    assert "HOARAU Marie" in page
    assert "RDI, le plus bas d'abord" in page
    assert claire.get("/programmes/none-of-ours").status_code == 404
    assert "AMA thérapie orale" in said(claire.get("/programmes"))


def test_a_secretary_reads_and_changes_nothing(sign_in: SignIn, chain: Chain, marie: Patient, world: World) -> None:
    followed(chain, marie)
    paul = sign_in(world.paul)
    page = paul.get(f"/patients/{marie.id}/programmes")
    assert page.status_code == 200
    assert "/programmes/end" not in page.text
    for act in (
        "propose",
        "adhesion",
        "validate",
        "change",
        "end",
        "opinion",
        "reopen",
        "professional",
        "member",
        "consent",
        "remove",
        "send",
    ):
        answer = paul.post(f"/patients/{marie.id}/programmes/{act}", data={"enrolment": number(chain), "member": "1", "letter": "1"})
        assert answer.status_code in (403, 404, 422), act
    with chain.read() as session:
        assert session.scalars(select(Enrolment.state)).all() == ["open"]
