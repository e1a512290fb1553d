"""One patient judged otherwise, for a reason and until a day; a service's own numbers over a protocol (composition, house section 7)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.checkins import script
from app.checkins.judging import assessing
from app.checkins.models import AssessmentRow
from app.checkins.rhythm import agenda
from app.core.audit import AuditRow
from app.core.errors import Conflict, FieldErrors, NotFound, Refusal
from app.people.models import Patient
from app.people.perimeter import actor_of
from app.protocols import shelf, signatures, versions
from app.protocols.models import ProtocolVersion, SignatureRole
from app.treatment import courses, overrides
from app.treatment.models import PatientOverride
from tests.support.chain import MARIE, Chain
from triage.terms import Level

SLUG = "capecitabine-14-7"
MONDAY = date(2026, 11, 23)
WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
JEANNE = "+33639980002"


def decide(chain: Chain, patient: Patient, changes: dict[str, str | None], **told: object) -> PatientOverride:
    """Dr Lebon decides, for a month unless told otherwise."""
    now = chain.clock.now()
    values = {"reason": "Splénectomie : température habituelle 36,2.", "ends_on": now.date() + timedelta(days=30), **told}
    with chain.database.transaction() as session:
        person = session.get_one(Patient, patient.id)
        course = courses.running(session, person.id)
        assert course is not None
        base = script.followed(session, course, person, now.date())
        assert base is not None
        numbers = {name: None if at is None else Decimal(at) for name, at in changes.items()}
        return overrides.decide(session, course, person, base, numbers, by=actor_of(chain.world.lebon), now=now, **values)  # type: ignore[arg-type]  # fields by name


def adopt(chain: Chain, text: str) -> ProtocolVersion:
    with chain.database.transaction() as session:
        row = versions.adopt(session, text, service_id=chain.world.service.id, by=actor_of(chain.world.lebon), now=chain.clock.now())
        agenda.replan_service(session, chain.world.service.id, row.slug, now=chain.clock.now())
        return row


def levels(chain: Chain) -> list[str]:
    with chain.read() as session:
        return list(session.scalars(select(AssessmentRow.level).order_by(AssessmentRow.id)))


SERVICE = """
slug = "capecitabine-14-7"
kind = "service"
effective_from = 2026-11-24
over = "capecitabine-14-7@2026-11-23"
title = { fr = "Capécitabine, réglages du service", en = "Capecitabine, as set by the service" }

[change.fever]
at = 37.7
source = "ward"
verified = false

[sources.ward]
title = "Réunion du service du 20 novembre 2026"
read_on = 2026-11-22
"""


def fever_of(chain: Chain) -> str:
    """The threshold of the agent's own fever rule."""
    with chain.read() as session:
        row = versions.in_force(session, SLUG, MONDAY)
        assert row is not None
        names = versions.load(row).thresholds
    return next(name for name in ("fever", "cape_fever", "capecitabine_fever") if name in names)


# --- One patient ----------------------------------------------------------------------------------------------------------------------


def test_the_exception_holds_for_this_patient_alone_until_its_day(chain: Chain, marie: Patient) -> None:
    jeanne = chain.follow(phone=JEANNE, family_name="Grondin", given_names="Jeanne")
    row = decide(chain, marie, {fever_of(chain): "37.6"}, ends_on=date(2026, 11, 26))
    chain.until(WEDNESDAY_TEN)
    for number in (MARIE, JEANNE):
        chain.says(number, "0 0 0")
        chain.says(number, "37,7")

    alerts = {alert.patient_id: alert.level for alert in chain.alerts()}
    assert alerts.keys() == {marie.id}
    with chain.read() as session:
        last = session.scalars(select(AssessmentRow).where(AssessmentRow.patient_id == marie.id).order_by(AssessmentRow.id.desc())).first()
        assert last is not None
        told = next(step for step in last.result["steps"] if step["rule"] == "patient-exception")
        assert "Splénectomie" in told["why"]["fr"]
        assert "Dr Aurore Lebon" in told["inputs"]["fr"]
        assert last.version_id == row.version_id
        for person, on, mine in ((marie, date(2026, 11, 26), True), (marie, date(2026, 11, 27), False), (jeanne, MONDAY, False)):
            course = courses.running(session, person.id)
            assert course is not None
            version = script.version_for(session, course, session.get_one(Patient, person.id), on)
            assert version is not None
            assert (version.id == row.version_id) is mine
        assert list(assessing.mismatches(session)) == []


def test_an_old_answer_still_shows_the_version_that_judged_it(chain: Chain, marie: Patient) -> None:
    """FR-06: 37,7 on Wednesday is judged by the protocol; changed to 37,6 on Thursday, Friday's is judged by the patient's own number."""
    chain.until(WEDNESDAY_TEN)
    for words in ("0 0 0", "37,7"):
        chain.says(MARIE, words)
    with chain.read() as session:
        [*_, old] = session.scalars(select(AssessmentRow).order_by(AssessmentRow.id))
    kept = (old.version_id, old.fingerprint, old.level, old.result)
    chain.until(WEDNESDAY_TEN + timedelta(days=1))
    row = decide(chain, marie, {fever_of(chain): "37.6"})
    assert old.version_id == row.base_id != row.version_id
    chain.until(WEDNESDAY_TEN + timedelta(days=2))
    for words in ("0 0 0", "37,7"):
        chain.says(MARIE, words)
    with chain.read() as session:
        again = session.get_one(AssessmentRow, old.id)
        [*_, new] = session.scalars(select(AssessmentRow).order_by(AssessmentRow.id))
        assert (again.version_id, again.fingerprint, again.level, again.result) == kept
        assert new.version_id == row.version_id
        assert Level.of(new.level) > Level.of(old.level)
        assert list(assessing.mismatches(session)) == [], "both recompute to themselves"


def test_who_decided_what_and_why_is_in_the_trail(chain: Chain, marie: Patient) -> None:
    """FR-06: who, when, before, after, why."""
    name = fever_of(chain)
    decide(chain, marie, {name: "37.6"})
    with chain.read() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.action == "override.decided")).one()

    assert (row.actor, row.reason) == (f"staff:{chain.world.lebon.id}", "Splénectomie : température habituelle 36,2.")
    assert row.change["before"] == {name: "38.0"}
    assert row.change["after"]["changes"] == {name: "37.6"}
    assert row.change["after"]["until"] == "2026-12-23"


def test_the_stored_version_needs_nothing_else(chain: Chain, marie: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Years later, the library on disk may be another: the row is read with its own layers."""
    row = decide(chain, marie, {fever_of(chain): "37.6"})
    monkeypatch.setattr(shelf, "layers", dict)
    versions._compiled.clear()
    with chain.read() as session:
        version = session.get_one(ProtocolVersion, row.version_id)
        protocol = versions.load(version)

    assert protocol.override is not None
    assert (protocol.override.by, protocol.override.ends_on) == ("Dr Aurore Lebon", date(2026, 12, 23))
    assert version.slug == f"patient-{marie.id}-1"


def test_it_is_no_protocol_that_anybody_else_could_choose(chain: Chain, marie: Patient) -> None:
    decide(chain, marie, {fever_of(chain): "37.6"})
    with chain.read() as session:
        held = versions.available(session, MONDAY, chain.world.service.id)
    assert not [row.slug for row in held if row.slug.startswith("patient-")]


def test_ended_now_the_protocol_itself_holds_again(chain: Chain, marie: Patient) -> None:
    row = decide(chain, marie, {fever_of(chain): "37.6"})
    with pytest.raises(Conflict):
        decide(chain, marie, {fever_of(chain): "37.4"})
    with chain.database.transaction() as session:
        overrides.end(session, session.get_one(Patient, marie.id), row.id, by=actor_of(chain.world.lebon), now=chain.clock.now())
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, "0 0 0")
    chain.says(MARIE, "37,7")

    assert levels(chain) == ["none", "none"]
    assert decide(chain, marie, {fever_of(chain): "37.4"}).id == row.id + 1
    with chain.database.transaction() as session, pytest.raises(Conflict):
        overrides.end(session, session.get_one(Patient, marie.id), row.id, by=actor_of(chain.world.lebon), now=chain.clock.now())


def test_nobody_ends_the_exception_of_another_patient(chain: Chain, marie: Patient) -> None:
    jeanne = chain.follow(phone=JEANNE, family_name="Grondin", given_names="Jeanne")
    row = decide(chain, marie, {fever_of(chain): "37.6"})
    with chain.database.transaction() as session, pytest.raises(NotFound):
        overrides.end(session, session.get_one(Patient, jeanne.id), row.id, by=actor_of(chain.world.lebon), now=chain.clock.now())


@pytest.mark.parametrize(
    ("changes", "told", "field"),
    [
        ({}, {}, "threshold"),
        ({"homeopathy": "3"}, {}, "threshold"),
        ({"fever": None}, {}, "at"),
        ({"fever": "37.6"}, {"reason": "  "}, "reason"),
        ({"fever": "37.6"}, {"ends_on": None}, "ends_on"),
        ({"fever": "37.6"}, {"ends_on": MONDAY + timedelta(days=91)}, "ends_on"),
        ({"fever": "37.6"}, {"ends_on": MONDAY - timedelta(days=1)}, "ends_on"),
    ],
)
def test_an_exception_without_reason_end_or_number_is_refused(
    chain: Chain, marie: Patient, changes: dict[str, str | None], told: dict[str, object], field: str
) -> None:
    named = {fever_of(chain) if name == "fever" else name: at for name, at in changes.items()}
    with pytest.raises(FieldErrors) as refused:
        decide(chain, marie, named, **told)
    assert set(refused.value.fields) == {field}


def test_the_floor_can_only_be_made_stricter(chain: Chain, marie: Patient) -> None:
    """The floor's own fever, 38.3: a doctor may lower it for one patient, nobody may raise it."""
    with pytest.raises(Refusal, match="never_mute"):
        decide(chain, marie, {"floor_fever": "38.8"})
    with pytest.raises(Refusal):
        decide(chain, marie, {fever_of(chain): "83"})
    assert levels(chain) == []


# --- A service ------------------------------------------------------------------------------------------------------------------------


def test_a_service_lays_its_numbers_over_the_protocol_from_their_date(chain: Chain, marie: Patient) -> None:
    row = adopt(chain, SERVICE.replace("[change.fever]", f"[change.{fever_of(chain)}]"))
    with chain.read() as session:
        before = versions.in_force(session, SLUG, MONDAY, chain.world.service.id)
        after = versions.in_force(session, SLUG, date(2026, 11, 24), chain.world.service.id)
    assert before is not None
    assert after is not None
    assert (before.service_id, after.id) == (None, row.id)
    assert f"{SLUG}@2026-11-23" in row.layers

    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, "0 0 0")
    chain.says(MARIE, "37,7")
    assert levels(chain)[-1] in ("high", "urgent")
    with chain.read() as session:
        assert list(assessing.mismatches(session)) == []


def test_a_patient_may_differ_from_the_service_too(chain: Chain, marie: Patient) -> None:
    name = fever_of(chain)
    adopt(chain, SERVICE.replace("[change.fever]", f"[change.{name}]"))
    chain.until(datetime(2026, 11, 24, 9, 0, tzinfo=UTC))
    row = decide(chain, marie, {name: "37.4"})
    with chain.read() as session:
        version = session.get_one(ProtocolVersion, row.version_id)
        assert versions.load(version).thresholds[name].at == Decimal("37.4")
        assert {f"{SLUG}@2026-11-23", f"{SLUG}@2026-11-24"} <= version.layers.keys()


def test_a_services_copy_waits_for_its_two_signatures(chain: Chain, marie: Patient) -> None:
    """What is signed goes on until the new text is signed by both."""
    service = chain.world.service.id
    with chain.database.transaction() as session:
        library = versions.in_force(session, SLUG, MONDAY, service)
        assert library is not None
        for role, who in ((SignatureRole.DOCTOR, chain.world.lebon), (SignatureRole.PHARMACIST, chain.world.noe)):
            signatures.sign(session, library, service_id=service, role=role, by=actor_of(who), now=chain.clock.now())
    row = adopt(chain, SERVICE.replace("[change.fever]", f"[change.{fever_of(chain)}]"))
    with chain.database.transaction() as session:
        held = versions.in_force(session, SLUG, date(2026, 11, 24), service)
        assert held is not None
        assert held.id == library.id
        for role, who in ((SignatureRole.DOCTOR, chain.world.lebon), (SignatureRole.PHARMACIST, chain.world.noe)):
            signatures.sign(
                session, session.get_one(ProtocolVersion, row.id), service_id=service, role=role, by=actor_of(who), now=chain.clock.now()
            )
        signed = versions.in_force(session, SLUG, date(2026, 11, 24), service)
        assert signed is not None
        assert signed.id == row.id


def test_an_exception_is_not_adopted_as_a_protocol(chain: Chain, marie: Patient) -> None:
    row = decide(chain, marie, {fever_of(chain): "37.6"})
    with chain.read() as session:
        text = session.get_one(ProtocolVersion, row.version_id).document
    with pytest.raises(Refusal, match="exception for one patient"):
        adopt(chain, text)
