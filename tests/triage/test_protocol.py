"""A protocol file is refused with field, value and reason; the floor can be added to, never lowered; the fingerprint is stable."""

from __future__ import annotations

import csv
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.protocols import SLUGS, edited, judge, layers, shipped, text_of
from triage.calendar import Quiet
from triage.protocol import ProtocolError, parse
from triage.terms import Level

CAPECITABINE = "capecitabine-14-7@2026-11-22"
FEVER = 'fever             = { at = 38.0, unit = "°C", source = "EU_PL_xeloda", verified = true }'


def refused(text: str, with_layers: dict[str, str] | None = None) -> str:
    with pytest.raises(ProtocolError) as error:
        parse(text, with_layers or layers())
    assert error.value.problems
    return str(error.value)


@pytest.mark.parametrize("slug", SLUGS)
def test_the_shipped_protocols_stand(slug: str) -> None:
    """Every level has someone and a delay; every threshold has a source."""
    protocol = shipped(slug)
    assert protocol.slug == slug
    assert protocol.effective_from >= date(2026, 11, 22)
    for level in (Level.MODERATE, Level.HIGH, Level.URGENT):
        plan = protocol.levels[level]
        assert plan.respond_within > timedelta(0)
        assert plan.ladder_rows()[0]["after_minutes"] == 0
        assert plan.repeat_minutes > 0
    assert all(threshold.source in protocol.sources for threshold in protocol.thresholds.values())
    assert protocol.missed_dose.keys() == {"fr", "en"}
    assert protocol.missed_dose_source
    assert protocol.quiet == Quiet(time(20), time(8))
    assert time(8) <= protocol.ask_at < time(20), "a question never wakes anyone"


def test_what_the_three_agents_have_of_their_own() -> None:
    capecitabine, ibrutinib, sunitinib = map(shipped, list(RELEASED)[:3])
    assert (capecitabine.dosing.days_on, capecitabine.dosing.days_off) == (14, 7) if capecitabine.dosing else False
    assert ibrutinib.dosing is not None and ibrutinib.dosing.length is None
    assert sunitinib.dosing is not None and sunitinib.dosing.length == 42
    assert ibrutinib.dose_mg == 420
    assert {rule.id for rule in sunitinib.rules} >= {"marrow-fever", "vegfr-pressure"}
    assert "marrow-fever" not in {rule.id for rule in ibrutinib.rules}
    assert [p.fever_limit for p in (capecitabine, ibrutinib, sunitinib)] == [Decimal("38.0")] * 3


def test_silence_is_sooner_and_higher_in_the_dangerous_days_of_cycle_1() -> None:
    protocol = shipped(CAPECITABINE)
    early, late = protocol.silence(1, 9), protocol.silence(2, 9)
    assert (early.silent_after, early.level) == (timedelta(hours=24), Level.HIGH)
    assert (late.remind_after, late.silent_after, late.level) == (timedelta(hours=24), timedelta(hours=48), Level.MODERATE)
    assert protocol.silence(1, 2) == protocol.silence(1, 17) == protocol.silence(None, None) == late


def test_one_edited_threshold_in_a_copy_decides() -> None:
    """The issue's stranger: copies the file, changes one number, and it is that number that decides."""
    stricter = parse(edited(CAPECITABINE, FEVER, FEVER.replace("38.0", "37.5")), layers())
    assert judge(shipped(CAPECITABINE), {"temperature": 37.5}).level is Level.NONE
    assert judge(stricter, {"temperature": 37.5}).level is Level.URGENT
    assert judge(stricter, {"temperature": 37.4}).level is Level.NONE
    assert stricter.fever_limit == Decimal("37.5")
    assert stricter.fingerprint != shipped(CAPECITABINE).fingerprint


def test_a_looser_copy_stays_above_the_class_floor() -> None:
    looser = parse(edited(CAPECITABINE, FEVER, FEVER.replace("38.0", "39.5")), layers())
    assert judge(looser, {"temperature": 38.0}).level is Level.URGENT


@pytest.mark.parametrize("slug", SLUGS)
def test_the_fingerprint_ignores_form_and_follows_substance(slug: str) -> None:
    text, protocol = text_of(slug), shipped(slug)
    assert parse("# a remark\n" + text.replace(" = ", "  =  "), layers()).fingerprint == protocol.fingerprint
    assert parse(text.replace("at = 3,", "at = 3.00,"), layers()).fingerprint == protocol.fingerprint
    assert parse(text.replace("verified = true", "verified = false", 1), layers()).fingerprint != protocol.fingerprint
    floor = next(name for name in protocol.layers if name.startswith("floor@"))
    other_floor = layers() | {floor: layers()[floor].replace("at = 38.3", "at = 38.2")}
    assert parse(text, other_floor).fingerprint != protocol.fingerprint
    assert len(protocol.fingerprint) == 64


def test_released_files_are_never_edited() -> None:
    """``released.csv`` holds the first half of the fingerprints made at the release; a change is a new file with a new date."""
    assert {stamp: shipped(stamp).fingerprint[:32] for stamp in RELEASED} == RELEASED


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            FEVER,
            FEVER.replace("38.0", "83.5"),
            "rules[capecitabine-fever].all_of[1].at_least = fever = 83.5: expected over 30 and at most 45",
        ),
        (FEVER, FEVER.replace("38.0", '"38"'), "thresholds.fever.at = 38: expected a number, without quotes"),
        (FEVER, FEVER.replace(', source = "EU_PL_xeloda"', ""), "thresholds.fever.source: is missing"),
        (FEVER, FEVER.replace("EU_PL_xeloda", "hearsay"), "thresholds.fever.source = hearsay: is not in [sources]"),
        (FEVER, FEVER.replace("verified", "verifed"), "thresholds.fever.verifed"),
        (FEVER, FEVER.replace("fever ", "heat "), "rules[capecitabine-fever].all_of[1].at_least = fever: is not a threshold"),
        ('title.en = "Capecitabine, 14 days of 21"', "", "title.en: is missing"),
        ('why.en = "Diarrhoea that lasts, even mild."', 'why.en = ""', "rules[capecitabine-diarrhea-lasting].why.en: must not be empty"),
        ('level = "moderate"', 'level = "orange"', "level = orange"),
        ("effective_from = 2026-11-22", 'effective_from = "2026-11-22"', "effective_from = 2026-11-22: expected a date"),
        ('"floor@2026-11-22",', "", "exactly one floor@date is needed"),
        ('"class-marrow-toxic@2026-11-22",', "", "capecitabine is listed in class-marrow-toxic@2026-11-22: add that layer"),
        ('"floor@2026-11-22"', '"floor@2020-01-01"', "layers = floor@2020-01-01: no such layer; known: agent-"),
        ('"chest_pain", "nausea"', '"chest_pain", "nauseas"', "check_ins[1].ask = nauseas: is not the key of a question"),
        ('"chest_pain", "nausea"', '"chest_pain", "heartbeat", "nausea"', "6 texts and 10 answers; at most 5 and 9"),
        ('["diarrhea", "mouth_sores"', '["stools", "mouth_sores"', "comes after diarrhea, of which it is a detail"),
        ('proposes = ["capecitabine-dehydration"]', 'proposes = ["rest"]', "proposes = rest: no proposal has that id"),
        ('all_of = [{ answer = "temperature", at_least = "fever" }]', "", "a rule needs all_of or any_of"),
        ('silent_after = "24 h"', 'silent_after = "6 h"', "remind_after must be over 0 and before silent_after"),
        ('silent_after = "24 h"', 'silent_after = "a day"', 'expected a duration such as "30 min"'),
        ("days = [3, 5, 9, 11, 13]", "", "write either days or every"),
        ('slug = "capecitabine-14-7"', 'slug = "Capécitabine"', "slug = Capécitabine: has letters that are not allowed"),
        ('kind = "protocol"', 'kind = "layer"', "kind = layer: only a document of kind protocol decides"),
        ('agents = ["capecitabine"]', "agents = []", "a protocol names its agents"),
        ("[thresholds]", "[thresholds]\nidle = { at = 1, unit = '', source = 'vigie_cape', verified = false }", "idle: is used by no rule"),
        ("[thresholds]", "[thresholds", "is not readable TOML"),
    ],
)
def test_a_wrong_document_says_where_and_why(before: str, after: str, said: str) -> None:
    """HZ-17: a threshold mistyped (38.5 → 83.5) is refused; every refusal names field, value and reason."""
    assert said in refused(edited(CAPECITABINE, before, after))


NEVER_MUTE = [rule.id for rule in shipped(CAPECITABINE).rules if rule.never_mute]


@pytest.mark.parametrize("rule_id", NEVER_MUTE)
def test_no_protocol_removes_or_replaces_a_rule_of_the_floor(rule_id: str) -> None:
    removed = edited(CAPECITABINE, "agents =", f'without = ["{rule_id}"]\nagents =')
    assert f"without: {rule_id} of " in refused(removed)
    replaced = text_of(CAPECITABINE).replace('id = "capecitabine-fever"', f'id = "{rule_id}"')
    assert "marked never_mute: it can be neither removed nor replaced" in refused(replaced)


def test_a_rule_that_is_not_of_the_floor_may_be_left_out_or_replaced() -> None:
    without = parse(edited(CAPECITABINE, "agents =", 'without = ["floor-missed-doses"]\nagents ='), layers())
    assert "floor-missed-doses" not in {rule.id for rule in without.rules}
    replaced = parse(text_of(CAPECITABINE).replace('id = "capecitabine-diarrhea-lasting"', 'id = "floor-missed-doses"'), layers())
    assert next(rule for rule in replaced.rules if rule.id == "floor-missed-doses").layer == "capecitabine-14-7@2026-11-22"
    assert "no layer has a rule of that name" in refused(edited(CAPECITABINE, "agents =", 'without = ["nobody"]\nagents ='))


URGENT = """
[levels.urgent]
respond_within = "{delay}"
service_hours = {hours}
repeat_minutes = 15
ladder = [{{ after_minutes = {first}, notify = "team" }}]
"""


@pytest.mark.parametrize(
    ("delay", "hours", "first", "said"),
    [
        ("45 min", "false", 0, "a delay may only be shortened"),
        ("20 min", "true", 0, "the layers below count in clock time"),
        ("20 min", "false", 5, "the first at 0 minutes"),
    ],
)
def test_a_delay_can_only_be_shortened(delay: str, hours: str, first: int, said: str) -> None:
    assert said in refused(text_of(CAPECITABINE) + URGENT.format(delay=delay, hours=hours, first=first))


def test_a_shorter_delay_is_taken() -> None:
    quicker = parse(text_of(CAPECITABINE) + URGENT.format(delay="20 min", hours="false", first=0), layers())
    assert quicker.levels[Level.URGENT].respond_within == timedelta(minutes=20)
    assert [rung.notify for rung in quicker.levels[Level.URGENT].ladder] == ["team"]


def test_a_name_is_defined_once() -> None:
    text = edited(
        CAPECITABINE, "[thresholds]", "[thresholds]\nfloor_fever = { at = 39, unit = '°C', source = 'vigie_cape', verified = false }"
    )
    assert "thresholds.floor_fever: is already in floor@2026-11-22" in refused(text)
    twice = text_of(CAPECITABINE).replace('id = "capecitabine-nausea"', 'id = "capecitabine-mouth"')
    assert "rules[capecitabine-mouth]: this id is used twice" in refused(twice)


def test_an_answer_cannot_stand_in_none_of() -> None:
    text = edited(
        CAPECITABINE,
        'all_of = [{ answer = "temperature", at_least = "fever" }]',
        'all_of = [{ answer = "temperature", at_least = "fever" }]\nnone_of = [{ yes = "chest_pain" }]',
    )
    assert "a better answer would then alarm more" in refused(text)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('label = { fr = "diarrhée"', 'label = { fr = "diarrhée forte ou moyenne"', "at most 15"),
        ('label = { fr = "mal de tete"', 'label = { fr = "mal de tête"', "'ê' is outside the SMS alphabet"),
        ('detail_of = "diarrhea"', 'detail_of = "temperature"', "a detail follows a severity question"),
        ('text = { fr = "selles liquides"', 'text = { fr = "selles liquides ou très molles"', "at most 25"),
        ('kind = "temperature_c"', 'kind = "temperature_f"', "temperature_f"),
    ],
)
def test_questions_fit_a_text(before: str, after: str, said: str) -> None:
    symptoms = layers()["symptoms@2026-11-22"]
    assert before in symptoms
    assert said in refused(text_of(CAPECITABINE), layers() | {"symptoms@2026-11-22": symptoms.replace(before, after, 1)})


def test_a_layer_that_is_not_what_it_is_called_is_refused() -> None:
    known = layers() | {"floor@2026-11-22": layers()["class-btk-inhibitor@2026-11-22"]}
    assert "calls itself class-btk-inhibitor@2026-11-22" in refused(text_of(CAPECITABINE), known)
    known = layers() | {"floor@2026-11-22": layers()["floor@2026-11-22"].replace('kind = "layer"', 'kind = "protocol"')}
    assert "is not a layer" in refused(text_of(CAPECITABINE), known)
    assert "begins after 2026-11-21" in refused(edited(CAPECITABINE, "effective_from = 2026-11-22", "effective_from = 2026-11-21"))


def test_what_is_not_verified_is_counted_and_named() -> None:
    protocol = shipped(CAPECITABINE)
    assert "thresholds.fever" not in protocol.unverified
    assert {"thresholds.nausea_call", "rules.capecitabine-diarrhea-lasting"} <= set(protocol.unverified)
    fever, nausea = (next(r for r in protocol.rules if r.id == f"capecitabine-{name}") for name in ("fever", "nausea"))
    assert fever.verified and not nausea.verified


with (Path(__file__).parent / "released.csv").open(encoding="utf-8") as _file:
    RELEASED = {row["protocol"]: row["fingerprint"] for row in csv.DictReader(_file)}
