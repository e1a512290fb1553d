"""A danger whose webhook never came is an owned urgent alert all the same, and the patient is told (SEC-15, HZ-14)."""

from __future__ import annotations

from app.people.models import Patient
from tests.support.chain import MARIE, Chain


def test_a_danger_the_carrier_never_told_us_of(chain: Chain, marie: Patient) -> None:
    chain.phones.lose(MARIE, "je saigne et ca ne s'arrete pas", to=chain.world.service.number)
    chain.wait(minutes=10)

    (alert,) = chain.alerts()
    assert (alert.level, alert.patient_id) == ("urgent", marie.id)
    assert chain.received()[-1].startswith("Appelez le 15 ou le 112 MAINTENANT")
    told = len(chain.received())
    chain.wait(minutes=10)
    assert (len(chain.alerts()), len(chain.received())) == (1, told)
