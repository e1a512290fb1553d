"""The protocols on screen: readable by the team, signed by a doctor and a pharmacist, and by nobody else."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app.core.clock import HandClock
from app.core.db import Database
from app.protocols import shelf
from app.protocols.models import ProtocolVersion
from tests.app.web.conftest import SignIn
from tests.factories import World

SURE = {"sure": "yes"}


@pytest.fixture
def version_id(database: Database, world: World, clock: HandClock) -> int:
    with database.transaction() as session:
        clock.forward(days=4)
        shelf.seed(session, clock.now())
        rows = select(ProtocolVersion.id).where(ProtocolVersion.slug == "ibrutinib-continuous").order_by(ProtocolVersion.id)
        return session.scalars(rows).first() or 0


def test_the_page_shows_the_numbers_their_sources_and_their_doubts(sign_in: SignIn, world: World, version_id: int) -> None:
    page = sign_in(world.claire).get(f"/protocols/{version_id}").text
    assert "Ibrutinib" in page
    assert "38,3" in page
    assert "IDSA" in page
    assert "non vérifié" in page
    assert "Signer ce texte" not in page


def test_two_people_sign_each_once(sign_in: SignIn, world: World, version_id: int) -> None:
    lebon, noe = sign_in(world.lebon), sign_in(world.noe)
    assert "Signer ce texte" in lebon.get(f"/protocols/{version_id}").text
    assert lebon.post(f"/protocols/{version_id}/sign", data=SURE).status_code == 303
    page = noe.get(f"/protocols/{version_id}").text
    assert "Dr Aurore Lebon" in page
    assert noe.post(f"/protocols/{version_id}/sign", data=SURE).status_code == 303
    assert "Signé par les deux" in noe.get("/protocols").text
    assert lebon.post(f"/protocols/{version_id}/sign", data=SURE).status_code == 409


@pytest.mark.parametrize("login", ["claire", "ines", "paul"])
def test_nobody_else_signs(sign_in: SignIn, world: World, version_id: int, login: str) -> None:
    assert sign_in(getattr(world, login)).post(f"/protocols/{version_id}/sign").status_code == 403


def test_a_protocol_that_is_not_there(sign_in: SignIn, world: World, version_id: int) -> None:
    assert sign_in(world.lebon).get("/protocols/99999").status_code == 404


def test_enrolling_without_signatures_says_what_is_missing(sign_in: SignIn, world: World, version_id: int) -> None:
    page = sign_in(world.ines).get("/enrol").text
    assert "Aucun protocole signé dans ce service." in page


def test_a_threshold_is_named_as_a_person_reads_it(sign_in: SignIn, world: World, version_id: int) -> None:
    """No code word of the file: what is measured, and what the rule that uses it says."""
    page = sign_in(world.lebon).get(f"/protocols/{version_id}").text
    thresholds = page.split("<tbody>")[1].split("</tbody>")[0]
    assert "Température · Fièvre : urgence quel que soit le traitement." in thresholds.replace("\u202f", " ").replace("\xa0", " ")
    assert "floor_" not in thresholds and "_" not in "".join(part.split("</th>")[0] for part in thresholds.split('<th scope="row">')[1:])


def test_values_nobody_verified_are_signed_with_a_tick_that_counts_them(
    database: Database, sign_in: SignIn, world: World, version_id: int
) -> None:
    """The form stands after the text; sent without its tick nothing is signed, and the page says so."""
    with database.reading() as session:
        unverified = session.get_one(ProtocolVersion, version_id).unverified
    lebon = sign_in(world.lebon)
    page = lebon.get(f"/protocols/{version_id}").text
    assert unverified > 1 and f"Je signe avec {unverified} valeurs non vérifiées" in page
    assert page.index('href="#sign"') < page.index("Les chiffres qui décident") < page.index(f'action="/protocols/{version_id}/sign"')
    refused = lebon.post(f"/protocols/{version_id}/sign")
    assert refused.status_code == 422 and "Cochez" in refused.text and "Personne n&#39;a encore signé" in refused.text
    assert re.search(
        r'id="sure-error">Cochez[^<]+</p><label[^>]*><input type="checkbox"[^>]* aria-describedby="sure-error" autofocus>', refused.text
    )
    assert lebon.post(f"/protocols/{version_id}/sign", data=SURE).status_code == 303


def test_units_are_in_the_readers_language(sign_in: SignIn, world: World, version_id: int) -> None:
    page = sign_in(world.lebon).get(f"/protocols/{version_id}").text
    cells = page.split("<tbody>")[1].split("</tbody>")[0]
    assert "<td>2 points de score</td>" in cells and not re.search("loose stools|score steps|doses in", cells)
