"""What a service or a patient lays over the small protocol: each refusal word for word, and numbers exactly at the old ones accepted."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.triage.protocol.small import LAYERS, PROTOCOL, compiled
from triage.protocol import Protocol, ProtocolError, parse
from triage.terms import Level

BASE = "onepill@2026-02-01"
SERVICE = f"""
slug = "onepill-lille"
kind = "service"
effective_from = 2026-03-01
over = "{BASE}"
title = {{ fr = "Lille", en = "Lille" }}

[sources.staff]
title = "Staff"
read_on = 2026-03-01
"""
PATIENT = """
slug = "odette"
kind = "patient"
effective_from = 2026-04-01
over = "onepill-lille@2026-03-01"
title = { fr = "Odette", en = "Odette" }
reason = "known diarrhoea"
by = "Dr Claire Morel"
ends_on = 2026-04-30
"""


def over(more: str = "", text: str = SERVICE, base: str = PROTOCOL) -> Protocol:
    return parse(text + more, LAYERS | {BASE: base, "onepill-lille@2026-03-01": SERVICE})


def refused(more: str = "", text: str = SERVICE) -> list[str]:
    with pytest.raises(ProtocolError) as error:
        over(more, text)
    return str(error.value).splitlines()


def change(name: str, at: str, source: str = "staff") -> str:
    return f'[change.{name}]\nat = {at}\nsource = "{source}"\nverified = true\n'


def urgent(delay: str = "30 min", hours: str = "false", repeat: int = 15, second: int = 20, rungs: int = 2) -> str:
    ladder = ", ".join(f'{{ after_minutes = {minutes}, notify = "team" }}' for minutes in (0, second)[:rungs])
    return f'[levels.urgent]\nrespond_within = "{delay}"\nservice_hours = {hours}\nrepeat_minutes = {repeat}\nladder = [{ladder}]\n'


def silence(remind: str, silent: str, level: str) -> str:
    return f'[[silence]]\ncycles = [1, 1]\nremind_after = "{remind}"\nsilent_after = "{silent}"\nlevel = "{level}"\n'


SLOWER = "onepill-lille@2026-03-01: silence[1]: is slower or lower than an entry of the layers below; it can only be sooner and higher"
RUNGS = "levels.urgent.ladder: has fewer rungs, or later ones, than the layer below"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            change("hot", "38.4"),
            "change.hot.at = 38.4: hot is marked never_mute and decides on 38.3: it can only be made stricter, at most 38.3",
        ),
        (change("cold", "36"), "change.cold: is not a threshold of this protocol"),
        (change("loose", "3", "hearsay"), "change.loose.source = hearsay: is not in [sources]"),
        (
            urgent("31 min"),
            "levels.urgent.respond_within = 0:31:00: is longer than the 0:30:00 of the layers below: a delay may only be shortened",
        ),
        (urgent(hours="true"), "levels.urgent.service_hours = True: the layers below count in clock time"),
        (urgent(repeat=16), "levels.urgent.repeat_minutes = 16: at most 15, as below"),
        (urgent(second=21), RUNGS),
        (urgent(rungs=1), RUNGS),
        (silence("6 h", "13 h", "high"), SLOWER),
        (silence("7 h", "12 h", "high"), SLOWER),
        (silence("6 h", "12 h", "moderate"), SLOWER),
        ("[dosing]\ntimes_per_day = 1\nsource = 'staff'\nverified = true\n", "dosing: cannot stand in a document of kind service"),
    ],
)
def test_what_would_loosen_is_refused(more: str, said: str) -> None:
    assert refused(more) == [said]


def test_what_stays_as_strict_is_taken() -> None:
    """At the old number exactly, nothing is loosened."""
    assert over(change("hot", "38.3")).thresholds["hot"].source == "staff"
    assert over(urgent()).levels[Level.URGENT].ladder[1].notify == "team"
    assert over(silence("6 h", "12 h", "high")).silence(1, 1).level is Level.HIGH
    assert over(change("loose", "3")).thresholds["loose"].at == 3, "this one is no red flag of the floor"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SERVICE.replace(BASE, "nobody@2026-01-01"), "over = nobody@2026-01-01: name the protocol it changes, as slug@date; known: "),
        (SERVICE.replace(f'over = "{BASE}"', ""), "over: name the protocol it changes, as slug@date; known: "),
        (SERVICE.replace("2026-03-01\nover", "2026-01-31\nover"), f"over = {BASE}: begins after 2026-01-31, when this document begins"),
        (SERVICE.replace(BASE, "floor@2026-01-02"), "kind = layer: only a document of kind protocol decides by itself"),
        (
            SERVICE.replace(BASE, "onepill-lille@2026-03-01"),
            "over = onepill-lille@2026-03-01: is of kind service: a service stands over a protocol, a patient over a service or a protocol",
        ),
        (
            PATIENT.replace('by = "Dr Claire Morel"\n', ""),
            "by: is missing: an exception for one patient has a reason, an author and an end",
        ),
        (PATIENT.replace("ends_on = 2026-04-30", "ends_on = 2026-03-31"), "ends_on = 2026-03-31: is before 2026-04-01, when it begins"),
    ],
)
def test_what_it_stands_on_must_be_there_and_older(text: str, said: str) -> None:
    assert refused(text=text)[0].startswith(said)


def test_a_name_that_is_another_s_is_refused() -> None:
    known = LAYERS | {"onepill@2026-02-02": PROTOCOL}
    with pytest.raises(ProtocolError, match=r"^over = onepill@2026-02-02: is the name of a document that calls itself onepill@2026-02-01$"):
        parse(SERVICE.replace(BASE, "onepill@2026-02-02"), known)


def test_a_patient_s_exception_keeps_what_holds_after_it() -> None:
    found = over(text=PATIENT)
    assert found.override is not None
    assert (found.override.stamp, found.override.reason, found.override.by) == ("odette@2026-04-01", "known diarrhoea", "Dr Claire Morel")
    assert found.beneath is not None and found.beneath.slug == "onepill-lille"
    assert found.layers[:4] == ("signs@2026-01-01", "floor@2026-01-02", BASE, "onepill-lille@2026-03-01")


@pytest.mark.parametrize(
    ("cycle", "day", "first"),
    [
        (1, 3, "temperature"),
        (2, 9, "temperature"),
        (3, 2, "diarrhea"),
        (3, 9, "diarrhea"),
        (None, None, "temperature"),
        (5, 40, "diarrhea"),
    ],
)
def test_on_a_day_without_a_check_in_the_nearest_is_asked(cycle: int | None, day: int | None, first: str) -> None:
    assert compiled().asks(cycle, day)[0].key == first


def test_the_nearest_of_two_rhythms_of_one_cycle() -> None:
    both = compiled('ask = ["diarrhea"]', 'ask = ["diarrhea"]\n\n[[check_ins]]\ncycles = [1, 2]\ndays = [20]\nask = ["trouble"]')
    assert [both.asks(2, day)[0].key for day in (9, 10, 19, 20, 28)] == ["temperature", "temperature", "trouble", "trouble", "trouble"]


PLAIN = PROTOCOL.replace(
    'any_of = [{ grade = "Platelet count decreased", at_least = "low", within_days = "fresh" }]',
    'any_of = [{ answer = "stools", at_least = "low" }, { lasting = "diarrhea", at_least = "loose", days = "fresh" }]',
).replace('[composites.gut]\nitem = 16\nfrequency = "trouble"\nname = { fr = "ventre", en = "bowel" }\n', "")


def test_a_changed_number_is_its_authors() -> None:
    """Value, source and verification come from who changed it, and so does the layer of the rules that use it."""
    found = over(change("warm", "37.5"))
    assert (found.thresholds["warm"].at, found.thresholds["warm"].verified, found.fever_limit) == (Decimal("37.5"), True, Decimal("37.5"))
    assert {rule.id: rule.layer for rule in found.rules} == {
        "hot": "floor@2026-01-02",
        "warm": "onepill-lille@2026-03-01",
        "loose": BASE,
        "count": BASE,
    }


def test_an_exception_may_hold_for_one_day() -> None:
    found = over(text=PATIENT.replace("ends_on = 2026-04-30", "ends_on = 2026-04-01"))
    assert found.override is not None and found.override.ends_on == found.effective_from


@pytest.mark.parametrize("which", ["protocol", "draft", "patient"])
def test_the_fingerprint_of_this_very_text_never_changes(which: str) -> None:
    """Assessments are stored under it: the same text read by a later release must keep its name."""
    texts = {"protocol": PLAIN, "draft": PLAIN.replace("agents =", 'depth = "draft"\nagents ='), "patient": PATIENT}
    known = LAYERS | {BASE: PLAIN, "onepill-lille@2026-03-01": SERVICE}
    assert parse(texts[which], known).fingerprint == FROZEN[which]


FROZEN = {
    "protocol": "77b20370ac59b5a6e94fb25c4cac74fe35387a8a5a4816f50a344df04262c713",
    "draft": "771298f2c46505de2d1e1a7800fe380b81df12d7d6eeaf9bbcc89e482a1b3d52",
    "patient": "1343431c601d142b85ff53ea8606c499d7e32459aa341503f32d66e9ab508139",
}
