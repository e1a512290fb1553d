"""Letters: the facts of the chart and of the protocol, on one page, kept as sent, never to somebody the patient did not agree to."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care import contacts, endings, letter_facts, letters
from app.care.contact_models import Letter, LetterState
from app.core.errors import Conflict, NotFound, Refusal
from app.people import directory
from app.people.circle_models import CircleMember
from app.people.directory import NewProfessional
from app.people.models import Patient
from app.people.perimeter import Viewer, actor_of, viewer_of
from app.protocols import shelf
from app.treatment import courses, orders
from tests.app.care.calling import call, close, say
from tests.app.care.circle import GP, PHARMACIST, around
from tests.app.care.conftest import Follow
from tests.factories import World, a_course, a_patient

TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
Agreed = Callable[..., CircleMember]


@pytest.fixture
def marie(session: Session, world: World) -> Patient:
    return a_patient(session, world, now=TUESDAY)


@pytest.fixture
def agreed(session: Session, world: World, marie: Patient) -> Agreed:
    """Around Marie; granted None: nobody asked her."""

    def granted(new: NewProfessional, granted: bool | None = True) -> CircleMember:
        return around(session, marie, new, world.claire, TUESDAY, granted)

    return granted


@pytest.fixture
def treated(session: Session, world: World, marie: Patient) -> None:
    """Capecitabine 1500 mg twice a day, 14 days of 21, begun today, under the protocol in force."""
    shelf.seed(session, TUESDAY)
    a_course(session, world, marie, now=TUESDAY)


def _one(session: Session, kind: str, member: CircleMember) -> Letter:
    mine = (Letter.kind == kind, Letter.professional_id == member.professional_id)
    return session.scalars(select(Letter).where(*mine).order_by(Letter.id.desc())).first()  # type: ignore[return-value]  # there is one


PAGE, WIDTH = 64, 95
"""Lines of an A4 page at ten points, and characters of a line."""


def _lines(body: str) -> int:
    return sum(max(1, len(textwrap.wrap(line, WIDTH))) for line in body.splitlines())


def test_ato_6_the_opening_letter_says_drug_schedule_effects_and_number(
    session: Session, world: World, marie: Patient, treated: None, agreed: Agreed, follow: Follow
) -> None:
    """ATO-6: facts of the course and of the protocol in force; one page; written when the follow-up opens."""
    gp, pharmacist = agreed(GP), agreed(PHARMACIST)
    follow(marie, "ama-oral", TUESDAY)
    letter = _one(session, "opening", gp)
    assert (letter.state, letter.language, letter.to_name) == (LetterState.DRAFT, "fr", "Dr Paule Técher")
    for fact in (
        "Dr Paule Técher, Cabinet des Filaos",
        "HOARAU Marie (14 mars 1955)",
        "Capecitabine : 1500 mg par prise, 2 fois par jour, 14 jours de prise, 7 jours sans, depuis le 24 novembre 2026",
        "mains et pieds douloureux",
        "\n- Fièvre sous capécitabine : la notice demande l'arrêt et l'appel\n",
        "Ne jamais doubler",
        "uracilémie (DPD)",
        "0199001234",
        "Claire Payet",
        "a accepté le 24 novembre 2026",
        "Capécitabine, 14 jours sur 21 (23 novembre 2026)",
    ):
        assert fact in letter.body, fact
    assert "neutrophiles bas" not in letter.body
    english = _one(session, "opening", pharmacist)
    assert "1500 mg each time, times a day: 2, 14 days on, 7 days off, since November 24, 2026" in english.body
    assert "sore hands and feet" in english.body
    assert max(_lines(letter.body), _lines(english.body)) <= PAGE


def test_ato_6_nothing_leaves_without_the_patient_s_consent_to_each_recipient(
    session: Session, world: World, marie: Patient, treated: None, agreed: Agreed, follow: Follow
) -> None:
    """ATO-6: the GP is agreed to, nobody asked about the pharmacist; she refuses, agrees, and takes back her word."""
    claire = viewer_of(world.claire)
    gp, pharmacist = agreed(GP), agreed(PHARMACIST, granted=None)
    enrolment = follow(marie, "ama-oral", TUESDAY)
    held = _one(session, "opening", pharmacist)
    assert (held.state, held.withheld_why) == (LetterState.WITHHELD, "no_consent")
    assert {letter.id for letter, _ in letters.waiting(session, viewer=claire)} == {held.id, _one(session, "opening", gp).id}
    assert letters.send(session, held.id, way="printed", by=claire, now=TUESDAY).state == LetterState.WITHHELD
    directory.consent(session, marie, pharmacist.id, granted=True, by=claire, now=TUESDAY + timedelta(days=1))
    with pytest.raises(Refusal, match="write it again first"):
        letters.send(session, held.id, way="printed", by=claire, now=TUESDAY + timedelta(days=1))
    again = letters.write(session, marie, "opening", pharmacist.professional_id, enrolment, by=claire, now=TUESDAY + timedelta(days=1))
    assert (again.id, again.state) == (held.id, LetterState.DRAFT)
    assert "November 25, 2026 that this letter be sent" in again.body
    directory.consent(session, marie, pharmacist.id, granted=False, by=claire, now=TUESDAY + timedelta(days=2))
    refused = letters.send(session, again.id, way="printed", by=claire, now=TUESDAY + timedelta(days=2))
    assert (refused.state, refused.withheld_why, refused.at) == (LetterState.WITHHELD, "refused", None)
    directory.remove(session, marie, gp.id, by=claire, now=TUESDAY + timedelta(days=2))
    gone = letters.send(session, _one(session, "opening", gp).id, way="printed", by=claire, now=TUESDAY + timedelta(days=2))
    assert (gone.state, gone.withheld_why) == (LetterState.WITHHELD, "removed")


def test_a_letter_is_kept_as_it_left(session: Session, world: World, marie: Patient, treated: None, agreed: Agreed, follow: Follow) -> None:
    claire = viewer_of(world.claire)
    gp = agreed(GP)
    enrolment = follow(marie, "ama-oral", TUESDAY)
    sent = letters.send(session, _one(session, "opening", gp).id, way="printed", by=claire, now=TUESDAY)
    body = sent.body
    assert (sent.state, sent.way, sent.at, sent.sent_by_name) == (LetterState.SENT, "printed", TUESDAY, "Claire Payet")
    with pytest.raises(Conflict, match="Claire Payet sent this letter"):
        letters.send(session, sent.id, way="printed", by=claire, now=TUESDAY)
    second = letters.write(session, marie, "opening", gp.professional_id, enrolment, by=claire, now=TUESDAY)
    assert (second.id != sent.id, sent.body) == (True, body)
    for stranger in (viewer_of(world.alma), Viewer(claire.actor, claire.role, world.service.id + 1)):
        with pytest.raises(NotFound):
            letters.get(session, sent.id, viewer=stranger)


def test_no_treatment_in_the_chart_no_letter_that_names_none(
    session: Session, world: World, marie: Patient, agreed: Agreed, follow: Follow
) -> None:
    """Nothing is invented: a letter without drug is withheld, with why."""
    gp = agreed(GP)
    follow(marie, "ama-oral", TUESDAY, anchor_day=date(2026, 11, 24))
    held = _one(session, "opening", gp)
    assert (held.state, held.withheld_why, held.body) == (LetterState.WITHHELD, "no_treatment", "")
    with pytest.raises(Refusal, match="no text"):
        letters.send(session, held.id, way="printed", by=viewer_of(world.claire), now=TUESDAY)


def test_level_2_writes_the_alert_note_with_grade_and_decision(
    session: Session, world: World, marie: Patient, treated: None, agreed: Agreed, follow: Follow
) -> None:
    gp = agreed(GP)
    follow(marie, "ama-oral", TUESDAY)
    row = call(session, marie, world.claire, TUESDAY)
    told = [{"term": "Nausea", "grade": 1}, {"term": "Diarrhea", "grade": 3}, {"term": "Fatigue", "grade": "not_gradable"}]
    close(
        session,
        row,
        world.claire,
        TUESDAY + timedelta(minutes=12),
        form=say(symptoms=told),
        outcome="level_2",
        doctor_id=world.lebon.id,
        doctor_at=TUESDAY + timedelta(minutes=8),
        doctor_order="Pause de la capécitabine jusqu'à vendredi.",
    )
    body = _one(session, "alert_note", gp).body
    assert body.index("- diarrhée, grade 3") < body.index("- nausées, grade 1") < body.index("- fatigue, non gradable")
    assert "Dr Aurore Lebon, interrogé le 24 novembre 2026 à 10:08 : Pause de la capécitabine jusqu'à vendredi." in body
    assert "0199001234" in body


def test_ato_4_the_hand_over_letter_says_dose_problems_tests_and_number(
    session: Session, world: World, marie: Patient, treated: None, agreed: Agreed, follow: Follow
) -> None:
    """ATO-4: written when the follow-up ends, the drug going on; current dose, open problems, next tests, number."""
    gp, end = agreed(GP), TUESDAY + timedelta(days=365)
    enrolment = follow(marie, "ama-oral", TUESDAY)
    course = courses.running(session, marie.id)
    assert course is not None
    orders.change_dose(
        session,
        course,
        marie,
        dose_mg=Decimal(1150),
        from_day=end.date() - timedelta(days=5),
        reason="Diarrhée",
        by=actor_of(world.lebon),
        now=end - timedelta(days=5),
    )
    row = call(session, marie, world.claire, end - timedelta(days=3))
    told = [{"term": "Diarrhea", "grade": 2}, {"term": "Nausea", "grade": 0}]
    close(session, row, world.claire, end - timedelta(days=3), form=say(symptoms=told))
    assert endings.due(session, end) == [enrolment.id]
    endings.step(session, enrolment.id, end)
    letter = _one(session, "handover", gp)
    assert (letter.state, enrolment.state) == (LetterState.DRAFT, "ended_continuing")
    for fact in (
        "terminé le 24 novembre 2027",
        "1150 mg par prise",
        "- diarrhée, grade 2 (21 novembre 2027)",
        "NFS, créatinine, bilan hépatique, ionogramme (avant chaque cycle)",
        "le traitement continue",
        "0199001234",
        "Claire Payet",
    ):
        assert fact in letter.body, fact
    assert "nausées, grade" not in letter.body
    assert _lines(letter.body) <= PAGE


def test_every_protocol_s_opening_letter_stands_on_one_page() -> None:
    """What the protocol fills, of the letter whose other places take 34 lines with two medicines."""
    fills = (letter_facts.expected, letter_facts.alarm, letter_facts.watched, letter_facts.missed)
    for protocol in shelf.compiled().values():
        found = letter_facts.Treated(None, protocol)
        for language in ("fr", "en"):
            lines = sum(_lines(fill(found, language)) for fill in fills)
            assert 4 <= lines <= PAGE - 34, f"{protocol.slug} ({language}): {lines} lines"


@pytest.mark.parametrize("kind", letters.KINDS)
def test_both_languages_of_a_letter_say_the_same_things(kind: str) -> None:
    assert letters.places(kind, "fr") == letters.places(kind, "en")
    assert set(letter_facts.words("fr")) == set(letter_facts.words("en"))


def test_a_call_closed_without_a_programme_writes_no_letter(session: Session, world: World, marie: Patient, agreed: Agreed) -> None:
    agreed(GP)
    row = contacts.open_call(
        session, marie, direction="incoming", caller="patient", reason="Douleur", by=viewer_of(world.claire), now=TUESDAY
    )
    close(session, row, world.claire, TUESDAY, form={}, outcome="level_2", doctor_id=world.lebon.id, doctor_at=TUESDAY)
    assert session.scalars(select(Letter)).all() == []
