"""COA-5: nobody waits silently for 08:00. At 22:00 the answer says who is there at once, and what is grave reaches the doctor on call."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.people.models import Patient
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
