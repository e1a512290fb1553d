"""The repository speaks of Vigie alone, its people are fictional, and what others wrote keeps their licence."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app.people.telephones import is_fiction
from tests.house.tree import ROOT, texts, walk

# Each in two pieces, so that this file does not find itself.
MACHINE = ("/wo" + "rk/", "/ro" + "ot/", "/ho" + r"me/\w", "/Us" + "ers/", r"\.\./sha" + "red", r"\.lib" + "rary/")
REGISTRIES = (r"pypi\.o" + "rg", "pythonho" + "sted", "npmj" + r"s\.(?:org|com)", r"deb\.deb" + "ian", "(?<!emit-)index-u" + "rl")


@pytest.mark.parametrize("pattern", [*MACHINE, *REGISTRIES])
def test_no_machine_and_no_registry_is_named(pattern: str) -> None:
    """A path of one machine works on no other; an address of a registry would bypass whatever mirror a hospital trusts."""
    assert [file for file, text in texts().items() if re.search(pattern, text)] == []


INTERNATIONAL = re.compile(r"(?<![\w+.])\+(?:(?:33|262)[ .-]?(?:\(0\))?(?:[ .-]?\d){9}|(?:1|44)[ .-]?(?:[ .-]?\d){10})(?![\d{])")
NATIONAL = re.compile(r"(?<![\d.,+/:_#-])0[1-9](?:[ .-]?\d{2}){4}(?![\d.,-]\d|\w)")


def _numbers(text: str) -> set[str]:
    found = {"+" + re.sub(r"\D", "", match[0]) for match in INTERNATIONAL.finditer(text)}
    return found | {"+33" + re.sub(r"\D", "", match[0])[1:] for match in NATIONAL.finditer(text)}


def test_the_numbers_are_seen() -> None:
    """Otherwise the rule below would pass for want of looking."""
    text = "Marie 06 39 98 00 01, Tom +44 7700 900123, Ann +1 212 555 0123, 0199001234; 0.0612345678 and 2026-11-22 are none"
    assert _numbers(text) == {"+33639980001", "+447700900123", "+12125550123", "+33199001234"}


def test_every_telephone_number_is_reserved_for_fiction() -> None:
    """A real person's telephone must never ring because of a test, an example or the demonstration."""
    files = {file: text for file, text in texts().items() if "/vendor/" not in file and not file.endswith(("test_tree.py", ".lock"))}
    found = {number: file for file, text in files.items() for number in _numbers(text) if not is_fiction(number)}
    assert {number: file for number, file in found.items() if number not in NO_FICTION_THERE} == {}


NO_FICTION_THERE = {"+262692123456", "+33692123456", "+262692000001"}
"""La Réunion has no range for fiction, and how 0692 is read and written there is tested; nothing is sent."""


def test_the_licence_is_whole() -> None:
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License\n                           Version 2.0, January 2004" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "Apache-2.0"


def test_what_others_wrote_stands_beside_its_licence() -> None:
    folders = {path.parent for path in walk() if path.parent.name == "vendor"}
    assert folders, "nothing is vendored any more: take this rule away"
    for folder in folders:
        licences = [path.read_text(encoding="utf-8") for path in folder.iterdir() if "LICENSE" in path.name]
        assert licences, f"{folder} has no licence"
        assert all(len(text) > 300 for text in licences)


def _pins() -> dict[str, list[str]]:
    pins: dict[str, list[str]] = {}
    for block in re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text(encoding="utf-8").strip()):
        requirement = Requirement(block.split("\\")[0].strip())
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), f"{requirement.name} has no hash"
        [exact] = requirement.specifier
        assert exact.operator == "=="
        pins.setdefault(canonicalize_name(requirement.name), []).append(exact.version)
    return pins


def test_the_lock_holds_every_dependency_at_a_version_that_is_wanted() -> None:
    """One file with hashes for running and for testing; `make lock` writes it."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = [line for group in told["dependency-groups"].values() for line in group if isinstance(line, str)]
    pins = _pins()
    for line in [*told["project"]["dependencies"], *told["build-system"]["requires"], *groups]:
        wanted = Requirement(line)
        versions = pins.get(canonicalize_name(wanted.name), [])
        assert versions, f"{wanted.name} is not locked: run make lock"
        assert all(wanted.specifier.contains(version) for version in versions), f"{wanted} is locked at {versions}: run make lock"
    assert default_environment()["python_version"] >= "3.11"
