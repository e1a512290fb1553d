"""Where a refused document is wrong is said by name and by value; what stands under it is named too (HZ-20)."""

from __future__ import annotations

import pytest

from tests.triage.protocol.small import FLOOR, LAYERS, PROTOCOL, compiled, problems
from tests.triage.protocol.test_laid_over import BASE, SERVICE, change
from triage.protocol import Protocol, ProtocolError, parse
from triage.protocol.problems import Problem


def refused(text: str, layers: dict[str, str] = LAYERS) -> tuple[Problem, ...]:
    """The problems themselves, values and all."""
    with pytest.raises(ProtocolError) as error:
        parse(text, layers)
    return error.value.problems


NOT_A_NAME = "has letters that are not allowed in a name"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('agents = ["onepill"]', 'agents = ["onepill", 7]', ["agents[2] = 7: expected a text in quotes"]),
        ("loose  = {", '"Loose stools" = {', [f"thresholds.Loose stools = Loose stools: {NOT_A_NAME}"]),
        ('id = "stop"', 'id = "Stop it"', [f"proposals[Stop it].id = Stop it: {NOT_A_NAME}"]),
        (
            "[[monitoring]]\nitem =",
            "[[monitoring]]\nitems =",
            ["monitoring[1].item: is missing", "monitoring[1].items: is not a field here; check the spelling"],
        ),
        (
            '[sources.label]\ntitle = "Label of onepill"\nread_on = 2026-01-31',
            '[sources]\n"the label" = 3',
            [
                f"sources.the label = the label: {NOT_A_NAME}",
                "sources.the label = 3: Input should be a valid dictionary or instance of Source",
            ],
        ),
    ],
)
def test_what_is_wrong_is_named_by_place_and_value(before: str, after: str, said: list[str]) -> None:
    """By its id where it has one, by its number otherwise; a name that cannot be one is the value itself."""
    assert problems(before, after) == said


def test_what_is_missing_has_no_value_and_what_stands_there_has() -> None:
    assert refused(PROTOCOL.replace('slug = "onepill"\n', "")) == (Problem("slug", None, "is missing"),)
    assert refused(PROTOCOL.replace('slug = "onepill"', 'slug = "One"')) == (Problem("slug", "One", NOT_A_NAME),)


# --- What stands under it -----------------------------------------------------------------------------------------------------------


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    """Documents in order of name; the grade tables are handed in beside them and are none."""
    reason = f"name the protocol it changes, as slug@date; known: floor@2026-01-02, {BASE}, signs@2026-01-01"
    unknown = refused(SERVICE.replace(BASE, "nobody@2026-01-01"), LAYERS | {BASE: PROTOCOL})
    assert unknown == (Problem("over", "nobody@2026-01-01", reason),)


def test_a_fault_beneath_is_told_with_the_name_of_its_document() -> None:
    beneath = LAYERS | {BASE: PROTOCOL.replace('slug = "onepill"\n', "")}
    assert refused(SERVICE, beneath) == (Problem(f"{BASE}: slug", None, "is missing"),)


# --- Numbers of the floor -----------------------------------------------------------------------------------------------------------

OFTEN = 'often = { at = 3, unit = "check-ins", source = "book", verified = true }\n'
UNLESS = 'all_of = [{ answer = "temperature", at_least = "hot" }]\nnone_of = [{ silences = "often" }]'


def held_back(at: str) -> Protocol:
    """The fever of the floor, told only to those who were not silent so often; a service writes how often."""
    floor = FLOOR.replace("[thresholds]\n", f"[thresholds]\n{OFTEN}").replace(UNLESS.split("\n", maxsplit=1)[0], UNLESS)
    return parse(SERVICE + change("often", at), LAYERS | {BASE: PROTOCOL, "floor@2026-01-02": floor})


def test_what_holds_a_rule_of_the_floor_back_may_only_hold_back_less() -> None:
    """In none_of the stricter way is the other way: silent four times running is rarer than three times."""
    assert held_back("4").thresholds["often"].at == 4
    with pytest.raises(ProtocolError) as error:
        held_back("2")
    assert str(error.value) == ("change.often.at = 2: hot is marked never_mute and decides on 3: it can only be made stricter, at least 3")


# --- Composites ---------------------------------------------------------------------------------------------------------------------


def test_a_table_that_falls_while_a_score_rises_is_refused() -> None:
    """HZ-20: the level could fall while the patient gets worse."""
    fallen = LAYERS["pro-ctcae"].replace("\nF,4,,,3,table", "\nF,4,,,1,table")
    assert fallen != LAYERS["pro-ctcae"]
    assert refused(PROTOCOL, LAYERS | {"pro-ctcae": fallen}) == (
        Problem("composites.gut", None, "the table of F falls while a score rises"),
    )


def test_a_composite_without_a_name_has_that_of_its_first_question() -> None:
    unnamed = compiled('name = { fr = "ventre", en = "bowel" }\n', "")
    assert unnamed.composites["gut"].name == {"fr": "gêne", "en": "trouble"}
    nausea = 'item = 9\nfrequency = "trouble"\nseverity = "diarrhea"\n'
    found = compiled('item = 16\nfrequency = "trouble"\nname = { fr = "ventre", en = "bowel" }\n', nausea)
    assert (found.composites["gut"].keys, found.composites["gut"].name) == (("trouble", "diarrhea"), {"fr": "gêne", "en": "trouble"})
