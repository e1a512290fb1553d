"""The library as a whole (issue: twelve agents in depth, the others as drafts that say so, every value with its source)."""

from __future__ import annotations

import tomllib
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.support.protocols import LIBRARY, layers
from triage.protocol import Protocol, parse
from triage.protocol.reading import read

FILES = sorted(LIBRARY.glob("protocols/*/*.toml"))
FIRST_READING = date(2026, 11, 21)
"""The day on which the sources were first read: nothing can have been read before."""

IN_DEPTH = {
    "capecitabine",
    "trifluridine_tipiracil",
    "temozolomide",
    "imatinib",
    "ibrutinib",
    "venetoclax",
    "lenalidomide",
    "olaparib",
    "palbociclib",
    "everolimus",
    "sunitinib",
    "abiraterone",
}
DRAFTS = {
    "vinorelbine_oral",
    "etoposide_oral",
    "cyclophosphamide_oral",
    "methotrexate_oral_weekly",
    "mercaptopurine",
    "dasatinib",
    "nilotinib",
    "acalabrutinib",
    "zanubrutinib",
    "ruxolitinib",
    "pomalidomide",
    "niraparib",
    "ribociclib",
    "abemaciclib",
    "pazopanib",
    "cabozantinib",
    "lenvatinib",
    "regorafenib",
    "erlotinib",
    "osimertinib",
    "enzalutamide",
    "lapatinib",
    "tucatinib",
}
PROGRAMMES = {"programme-star", "programme-pro-tect", "programme-ukons-two-ambers", "programme-prompt-care", "programme-esmart"}


def _head(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _latest() -> list[Path]:
    """The latest file of each protocol."""
    protocols = [path for path in FILES if _head(path)["kind"] == "protocol"]
    return [max(path for path in protocols if path.parent == folder) for folder in sorted({path.parent for path in protocols})]


LATEST = _latest()
IDS = [path.parent.name for path in LATEST]


def _protocol(path: Path) -> Protocol:
    return parse(path.read_text(encoding="utf-8"), layers())


@pytest.mark.parametrize("path", FILES, ids=[f"{path.parent.name} {path.stem}" for path in FILES])
def test_every_file_reads_and_is_where_its_name_says(path: Path) -> None:
    document = read(path.read_text(encoding="utf-8"))
    assert (document.slug, str(document.effective_from)) == (path.parent.name, path.stem)
    assert document.title.texts.keys() == {"fr", "en"}
    if document.kind == "protocol":
        assert _protocol(path).slug == document.slug


def test_no_two_files_have_the_same_name_and_date() -> None:
    stamps = Counter(read(path.read_text(encoding="utf-8")).stamp for path in FILES)
    assert [stamp for stamp, count in stamps.items() if count > 1] == []


@pytest.mark.parametrize("path", FILES, ids=[f"{path.parent.name} {path.stem}" for path in FILES])
def test_every_value_has_a_source_and_the_day_it_was_read(path: Path) -> None:
    """In the file itself or in a layer it stands on; a class is judged with the symptoms and the floor beneath it."""
    document = read(path.read_text(encoding="utf-8"))
    beneath = [read(text) for name, text in layers().items() if name in document.layers or name.startswith("floor@")]
    sources = {key: source for d in (*beneath, document) for key, source in d.sources.items()}
    values: list[Any] = [*document.thresholds.values(), *document.rules, *document.proposals, *document.windows, *document.monitoring]
    values += [value for value in (document.dosing, document.missed_dose, *document.members.values()) if value]
    values += [c.dosing for c in document.companions.values()] + [c.missed_dose for c in document.companions.values() if c.missed_dose]
    assert {value.source for value in values} <= sources.keys()
    assert all(source.read_on >= FIRST_READING for source in sources.values())


@pytest.mark.parametrize("path", LATEST, ids=IDS)
def test_a_value_from_memory_or_of_our_own_is_never_told_as_verified(path: Path) -> None:
    """What no label was read for can be proposed, not vouched for."""
    document = read(path.read_text(encoding="utf-8"))
    values: list[Any] = [*document.thresholds.values(), *document.rules, *document.proposals, *document.windows, *document.monitoring]
    values += [value for value in (document.dosing, document.missed_dose) if value]
    kinds = {key: source.kind for text in (*layers().values(),) if text.startswith("#") for key, source in read(text).sources.items()}
    kinds |= {key: source.kind for key, source in document.sources.items()}
    assert [value for value in values if value.verified and kinds.get(value.source) in ("memory", "proposal")] == []


def test_all_agents_are_there_in_depth_or_as_drafts() -> None:
    depth = {protocol.agents[0]: protocol.depth for protocol in map(_protocol, LATEST)}
    assert {agent for agent, how in depth.items() if how == "in_depth"} == IN_DEPTH
    assert {agent for agent, how in depth.items() if how == "draft"} == DRAFTS | {"any-oral"}
    assert len(IN_DEPTH | DRAFTS) == 35


@pytest.mark.parametrize("path", LATEST, ids=IDS)
def test_a_draft_says_it_is_one(path: Path) -> None:
    protocol = _protocol(path)
    assert protocol.draft is (protocol.agents[0] in DRAFTS | {"any-oral"})
    if protocol.draft:
        assert "draft" in path.read_text(encoding="utf-8").split("slug =")[0].lower()


@pytest.mark.parametrize("path", [path for path in LATEST if _head(path).get("depth") != "draft"])
def test_in_depth_means_monitoring_windows_missed_dose_and_proposals(path: Path) -> None:
    protocol = _protocol(path)
    assert protocol.monitoring
    assert protocol.windows
    assert protocol.missed_dose.keys() == {"fr", "en"}
    assert protocol.missed_dose_source
    assert protocol.dosing is not None
    assert any(rule.proposes for rule in protocol.rules)
    assert {name for rule in protocol.rules for name in rule.proposes} == protocol.proposals.keys()


@pytest.mark.parametrize("path", [path for path in LATEST if _head(path).get("depth") == "draft"])
def test_a_draft_still_stands_on_the_floor_and_proposes_only_what_a_rule_shows(path: Path) -> None:
    protocol = _protocol(path)
    assert any(rule.id == "floor-fever" for rule in protocol.rules)
    assert {name for rule in protocol.rules for name in rule.proposes} >= protocol.proposals.keys()


def test_published_programmes_stand_beside_the_agents() -> None:
    assert {path.parent.name for path in LATEST if _head(path)["agents"] == ["any-oral"]} == PROGRAMMES


def test_a_second_weekly_methotrexate_is_an_emergency_that_nothing_can_mute() -> None:
    """HZ: daily intake by mistake has killed; the rule holds even though the protocol is a draft."""
    protocol = _protocol(LIBRARY / "protocols" / "methotrexate-oral-weekly" / "2026-11-23.toml")
    rule = next(rule for rule in protocol.rules if rule.id == "methotrexate-second-intake")
    assert rule.never_mute
    assert rule.level.word == "urgent"
    assert protocol.dosing is not None
    assert protocol.dosing.weekday == 1
