"""A service and one patient change a protocol without copying it; nothing they write can lower the floor (attacked here)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.support.protocols import TODAY, answers, context, fired, judge, layers, shipped, text_of
from triage import engine, explain
from triage.protocol import Protocol, ProtocolError, parse
from triage.terms import Level

BASE = "capecitabine-14-7@2026-11-22"
KNOWN = {**layers(), BASE: text_of(BASE)}

SERVICE = f"""
slug = "capecitabine-14-7"
kind = "service"
effective_from = 2026-12-01
over = "{BASE}"
title = {{ fr = "Capécitabine à Lille", en = "Capecitabine in Lille" }}

[sources.staff]
title = "Réunion du service"
read_on = 2026-11-30
"""
PATIENT = """
slug = "capecitabine-odette"
kind = "patient"
effective_from = 2026-12-02
over = "capecitabine-14-7@2026-12-01"
title = { fr = "Odette", en = "Odette" }
reason = "diarrhée ancienne, connue de l'équipe"
by = "Dr Claire Morel"
ends_on = 2026-12-31

[sources.staff]
title = "Réunion du service"
read_on = 2026-11-30
"""
CALL = '[change.diarrhea_call]\nat = 3\nsource = "staff"\nverified = true\n'
RULE = """
[[rules]]
id = "lille-nausea"
family = "raw"
level = "urgent"
all_of = [{ answer = "nausea", at_least = "lille_nausea" }]
why = { fr = "Nausées fortes : appeler.", en = "Strong nausea: call." }
source = "staff"
verified = true
"""
THRESHOLD = '[thresholds]\nlille_nausea = { at = 3, unit = "score", source = "staff", verified = true }\n'


def service(more: str = "") -> Protocol:
    return parse(SERVICE + more, KNOWN)


def patient(more: str = "", below: str = SERVICE) -> Protocol:
    return parse(PATIENT + more, {**KNOWN, "capecitabine-14-7@2026-12-01": below})


def refused(text: str, known: dict[str, str] | None = None) -> str:
    with pytest.raises(ProtocolError) as error:
        parse(text, known or KNOWN)
    return str(error.value)


def test_a_service_changes_one_number_and_adds_one_rule() -> None:
    base, own = shipped(BASE), service(CALL + THRESHOLD + RULE)
    assert "capecitabine-diarrhea" in fired(judge(base, {"diarrhea": 2}))
    assert "capecitabine-diarrhea" not in fired(judge(own, {"diarrhea": 2}))
    assert "capecitabine-diarrhea" in fired(judge(own, {"diarrhea": 3}))
    assert judge(own, {"nausea": 3}).level is Level.URGENT
    assert (own.slug, own.effective_from, own.agents) == ("capecitabine-14-7", date(2026, 12, 1), ("capecitabine",))
    assert own.fingerprint != base.fingerprint
    assert own.override is None


def test_the_trace_names_the_layer_that_decided() -> None:
    got = judge(service(CALL + THRESHOLD + RULE), {"diarrhea": 3, "nausea": 3, "temperature": 38.4})
    layer = {step.rule: step.layer for step in got.steps}
    assert layer["capecitabine-diarrhea"] == "capecitabine-14-7@2026-12-01", "its number was changed there"
    assert layer["lille-nausea"] == "capecitabine-14-7@2026-12-01"
    assert layer["capecitabine-nausea"] == BASE
    assert layer["floor-fever"] == "floor@2026-11-22"
    assert any("Couche : floor@2026-11-22." in line for line in explain.sentences(got, "fr"))


def test_everything_needed_to_compose_it_again_is_named() -> None:
    own = service(CALL)
    assert own.layers == (*shipped(BASE).layers, BASE)
    alone = {name: KNOWN[name] for name in own.layers}
    assert parse(SERVICE + CALL, alone).fingerprint == own.fingerprint


def test_an_exception_for_one_patient_says_why_and_until_when() -> None:
    odette = patient(CALL)
    assert odette.override is not None
    assert (odette.override.reason, odette.override.by, odette.override.ends_on) == (
        "diarrhée ancienne, connue de l'équipe",
        "Dr Claire Morel",
        date(2026, 12, 31),
    )
    lines = explain.sentences(judge(odette, {"diarrhea": 2}), "fr")
    assert "Exception pour ce patient jusqu'au 2026-12-31 : diarrhée ancienne, connue de l'équipe (Dr Claire Morel)." in lines
    step = next(step for step in judge(odette, {"diarrhea": 3}).steps if step.rule == "capecitabine-diarrhea")
    assert step.layer == "capecitabine-odette@2026-12-02"


def test_an_exception_that_ended_no_longer_decides() -> None:
    """Whoever forgot to take it away: the day after its end, the protocol beneath judges, under its own fingerprint."""
    odette = patient(CALL)
    given = {**answers(diarrhea=2)}
    last, after = (replace(context(odette), asked_on=day) for day in (date(2026, 12, 31), date(2027, 1, 1)))
    assert "capecitabine-diarrhea" not in fired(engine.assess(odette, given, last))
    got = engine.assess(odette, given, after)
    assert "capecitabine-diarrhea" in fired(got)
    assert got.fingerprint == service().fingerprint
    assert not any(step.rule == engine.EXCEPTION for step in got.steps)


def test_the_end_and_the_reason_count_in_the_fingerprint() -> None:
    assert (
        patient(CALL).fingerprint
        != parse((PATIENT + CALL).replace("2026-12-31", "2026-12-30"), {**KNOWN, "capecitabine-14-7@2026-12-01": SERVICE}).fingerprint
    )


STRICTER_FEVER = '[change.floor_fever]\nat = 37.8\nsource = "staff"\nverified = true\n'


def test_the_floor_may_be_made_stricter() -> None:
    assert judge(service(STRICTER_FEVER), {"temperature": 37.8}).level is Level.URGENT


ATTACKS = {
    "a fever of the floor, higher": ("[change.floor_fever]\nat = 38.4\n", "floor-fever is marked never_mute and decides on 38.3"),
    "a fever of the class, higher": ("[change.marrow_fever]\nat = 38.1\n", "marrow-fever is marked never_mute"),
    "a cold of the floor, lower": ("[change.floor_cold]\nat = 35.9\n", "at least 36.0"),
    "more symptoms before two are two": ("[change.floor_two_ambers]\nat = 3\n", "floor-two-ambers is marked never_mute"),
    "what is moderate, higher": ("[change.floor_moderate]\nat = 3\n", "floor-two-ambers is marked never_mute"),
    "extra doses that do not count": ("[change.floor_extra]\nat = 2\n", "floor-extra-dose is marked never_mute"),
    "a name that does not exist": ("[change.fevre]\nat = 38.0\n", "change.fevre: is not a threshold of this protocol"),
    "a number nothing reaches": ("[change.diarrhea_call]\nat = 5\n", "expected over 0 and at most 4"),
}


@pytest.mark.parametrize(("change", "said"), ATTACKS.values(), ids=ATTACKS)
def test_no_number_of_the_floor_is_loosened(change: str, said: str) -> None:
    """FR-13: nothing crosses the floor. Neither a service nor a patient may."""
    change += 'source = "staff"\nverified = true\n'
    assert said in refused(SERVICE + change)
    assert said in refused(PATIENT + change, {**KNOWN, "capecitabine-14-7@2026-12-01": SERVICE})


def test_what_a_service_made_stricter_its_patients_may_not_loosen() -> None:
    below = SERVICE + STRICTER_FEVER
    back = '[change.floor_fever]\nat = 38.3\nsource = "staff"\nverified = true\n'
    assert "decides on 37.8" in refused(PATIENT + back, {**KNOWN, "capecitabine-14-7@2026-12-01": below})


LADDER = """
[levels.urgent]
respond_within = "{within}"
service_hours = {hours}
repeat_minutes = {repeat}
ladder = [{ladder}]
"""
WHOLE = ", ".join(
    f'{{ after_minutes = {after}, notify = "{who}" }}' for after, who in ((0, "on_call"), (5, "team"), (20, "head"), (30, "head"))
)
SHORT = '{ after_minutes = 0, notify = "on_call" }'
LATE = WHOLE.replace("after_minutes = 5", "after_minutes = 15")

STRUCTURE = {
    "without a rule of the floor": ('without = ["floor-fever"]\n', "floor-fever of floor@2026-11-22 is marked never_mute"),
    "without a rule of the class": ('without = ["marrow-fever"]\n', "is marked never_mute"),
    "a longer delay": (LADDER.format(within="31 min", hours="false", repeat=15, ladder=WHOLE), "a delay may only be shortened"),
    "urgent in service hours": (LADDER.format(within="30 min", hours="true", repeat=15, ladder=WHOLE), "count in clock time"),
    "repeated later": (LADDER.format(within="30 min", hours="false", repeat=16, ladder=WHOLE), "levels.urgent.repeat_minutes"),
    "fewer people told": (LADDER.format(within="30 min", hours="false", repeat=15, ladder=SHORT), "fewer rungs, or later ones"),
    "people told later": (LADDER.format(within="30 min", hours="false", repeat=15, ladder=LATE), "fewer rungs, or later ones"),
    "a later silence": ('[[silence]]\nremind_after = "24 h"\nsilent_after = "72 h"\nlevel = "high"\n', "only be sooner and higher"),
    "a milder silence": ('[[silence]]\nremind_after = "6 h"\nsilent_after = "12 h"\nlevel = "info"\n', "only be sooner and higher"),
    "another agent": ('agents = ["water"]\n', "agents: cannot stand in a document of kind"),
    "other layers": ('layers = ["floor@2026-11-22"]\n', "layers: cannot stand in a document of kind"),
    "other questions": (
        '[questions.diarrhea]\nkind = "severity_0_4"\nlabel = { fr = "x", en = "x" }\nname = { fr = "x", en = "x" }\n',
        "questions: cannot stand in a document of kind",
    ),
    "another version of CTCAE": ('ctcae = "6.0"\n', "ctcae: cannot stand in a document of kind"),
    "a threshold under a name of the floor": (
        '[thresholds]\nfloor_fever = { at = 40, unit = "°C", source = "staff", verified = true }\n',
        "thresholds.floor_fever: is already in floor@2026-11-22",
    ),
    "a rule under the name of one of the floor": (RULE.replace("lille-nausea", "floor-fever") + THRESHOLD, "is marked never_mute"),
}


@pytest.mark.parametrize(("more", "said"), STRUCTURE.values(), ids=STRUCTURE)
@pytest.mark.parametrize("who", ["service", "patient"])
def test_nothing_of_the_floor_is_removed_replaced_or_slowed(more: str, said: str, who: str) -> None:
    text = SERVICE if who == "service" else PATIENT
    # Keys of the document stand before its tables.
    head, table, rest = text.partition("\n[sources")
    whole = head + "\n" + more + table + rest if not more.lstrip().startswith("[") else text + more
    assert said in refused(whole, {**KNOWN, "capecitabine-14-7@2026-12-01": SERVICE})


def test_a_service_may_be_faster_than_the_library() -> None:
    faster = service(LADDER.format(within="20 min", hours="false", repeat=10, ladder=WHOLE))
    assert faster.levels[Level.URGENT].respond_within.total_seconds() == 20 * 60
    sooner = service('[[silence]]\nremind_after = "6 h"\nsilent_after = "12 h"\nlevel = "high"\n')
    assert sooner.silence(1, 9).silent_after.total_seconds() == 12 * 3600


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SERVICE.replace(f'over = "{BASE}"\n', ""), "over: name the protocol it changes"),
        (SERVICE.replace(BASE, "capecitabine-14-7@2020-01-01"), "name the protocol it changes"),
        (SERVICE.replace(BASE, "floor@2026-11-22"), "only a document of kind protocol decides by itself"),
        (SERVICE.replace("2026-12-01", "2026-11-01"), "begins after 2026-11-01"),
        (PATIENT.replace('by = "Dr Claire Morel"\n', ""), "by: is missing: an exception for one patient"),
        (PATIENT.replace("ends_on = 2026-12-31\n", ""), "ends_on: is missing"),
        (PATIENT.replace("ends_on = 2026-12-31", "ends_on = 2026-12-01"), "is before 2026-12-02, when it begins"),
    ],
)
def test_a_document_that_stands_on_nothing_is_refused(text: str, said: str) -> None:
    assert said in refused(text, {**KNOWN, "capecitabine-14-7@2026-12-01": SERVICE})


def test_a_service_does_not_stand_on_a_service_nor_on_a_patient() -> None:
    known = {**KNOWN, "capecitabine-14-7@2026-12-01": SERVICE, "capecitabine-odette@2026-12-02": PATIENT}
    other = SERVICE.replace("effective_from = 2026-12-01", "effective_from = 2026-12-05")
    assert "a service stands over a protocol" in refused(other.replace(BASE, "capecitabine-14-7@2026-12-01"), known)
    assert "a service stands over a protocol" in refused(other.replace(BASE, "capecitabine-odette@2026-12-02"), known)


def test_only_what_stands_above_changes_and_excuses() -> None:
    assert "change: stands only in a document of kind service or patient" in refused(text_of(BASE) + CALL.replace("staff", "EU_PL_xeloda"))
    assert date(2026, 12, 1) > TODAY, "the documents of these tests lie ahead of the day of their cases"
