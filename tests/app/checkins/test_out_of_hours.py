"""COA-5: nobody waits silently for 08:00. At 22:00 the answer says who is there at once, and what is grave reaches the doctor on call."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.core.audit import SYSTEM
from app.core.errors import Refusal
from app.people import services
from app.people.models import Patient, Service
from tests.support.chain import MARIE, Chain

TEN_AT_NIGHT = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)


@pytest.mark.parametrize("words", ["j'ai un peu mal au ventre", "est-ce que je peux prendre du doliprane ?"])
def test_coa_5_a_message_at_22_gets_the_out_of_hours_answer_with_the_doctors_line(chain: Chain, marie: Patient, words: str) -> None:
    """COA-5: behind 15 a regulating doctor answers day and night; the message is not lost, a nurse reads it in the morning."""
    chain.on_call(chain.world.lebon)
    chain.clock.at = TEN_AT_NIGHT
    [said] = chain.says(MARIE, words)
    assert said == "Suivi Baie : fermé jusqu'à demain 8 h, votre message sera lu alors. Si cela ne peut pas attendre : 15."
    assert chain.tasks() == ["to_read"]


@pytest.mark.parametrize(
    ("language", "answer"),
    [
        (
            "fr",
            "Suivi Baie : fermé jusqu'à demain 8 h, votre message sera lu alors. "
            "Si cela ne peut pas attendre : 0199001299 (médecin), ou 15.",
        ),
        (
            "en",
            "Suivi Baie: closed until 8 am tomorrow, your message will be read then. If it cannot wait: 0199001299 (doctor), or 15 or 112.",
        ),
    ],
)
def test_coa_5_where_the_hospital_has_a_doctors_line_the_answer_names_it_before_the_emergency_number(
    chain: Chain, marie: Patient, language: str, answer: str
) -> None:
    with chain.database.transaction() as session:
        service = session.get_one(Service, chain.world.service.id)
        services.set_doctor_line(session, service, "0199001299", "nuits et week-ends", by=SYSTEM, now=chain.clock.now())
        session.get_one(Patient, marie.id).language = language
    chain.clock.at = TEN_AT_NIGHT
    [said] = chain.says(MARIE, "est-ce que je peux prendre du doliprane ?")
    assert said == answer
    assert len(said) <= 160


def test_a_doctors_line_is_kept_with_the_hours_at_which_it_answers(chain: Chain) -> None:
    with chain.database.transaction() as session:
        service = session.get_one(Service, chain.world.service.id)
        for line, hours, field in (("le 12 la nuit", "nuits", "doctor_line"), ("0199001299", " ", "doctor_line_hours")):
            with pytest.raises(Refusal) as refused:
                services.set_doctor_line(session, service, line, hours, by=SYSTEM, now=chain.clock.now())
            assert refused.value.field == field
        assert service.doctor_line == ""


def test_coa_5_what_is_grave_at_22_reaches_the_doctor_on_call_and_the_patient_is_sent_to_the_emergency_number(
    chain: Chain, marie: Patient
) -> None:
    """COA-5, HZ-03."""
    chain.on_call(chain.world.lebon)
    chain.clock.at = TEN_AT_NIGHT
    [said] = chain.says(MARIE, "38,9")
    assert said.startswith("Le service est fermé. N'attendez pas notre appel : appelez le 15 maintenant")
    [alert] = chain.alerts()
    assert (alert.level, alert.next_step_at) == ("urgent", TEN_AT_NIGHT)
    assert alert.ladder[0]["notify"] == "on_call"
