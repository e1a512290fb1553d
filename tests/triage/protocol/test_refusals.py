"""Every reason for which a document is refused, word for word: its author reads nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.triage.protocol.small import FLOOR, LAYERS, PROTOCOL, SYMPTOMS, compiled, problems
from triage.protocol import ProtocolError, parse
from triage.protocol.problems import Problem

LOOSE = 'all_of = [{ answer = "diarrhea", at_least = "loose" }]'
PAUSE = 'id = "pause"\naction = "hold"'
EVERY = "cycles = [3]\nevery = 7\nfrom_day = 2\nto_day = 16"
EARLY = 'window = "early"\nevery = 4'
RANGES = "cycles = [1, 1]\ncycle_days = [3, 16]"
NEVER_MUTE = "is marked never_mute: it can be neither removed nor replaced. Add a stricter rule under another id"
WINDOW = "write cycles, cycle_days or treatment_days, each [first, last] in order"
ENDLESS = "early counts days of treatment: a rhythm can follow it only where one cycle never ends"

ROWS: list[tuple[str, str, list[str]]] = [
    # what stood there, what is written instead, the refusal
    ("[dosing]", "[dosing", ["document: is not readable TOML: "]),
    ('slug = "onepill"', "", ["slug: is missing"]),
    ('slug = "onepill"', 'slug = "One pill"', ["slug = One pill: has letters that are not allowed in a name"]),
    ('slug = "onepill"', 'slug = "onepill"\ncolour = "red"', ["colour = red: is not a field here; check the spelling"]),
    ("times_per_day = 2", 'times_per_day = "2"', ["dosing.times_per_day = 2: expected a whole number, without quotes"]),
    ("verified = false", 'verified = "no"', ["dosing.verified = no: expected true or false, without quotes"]),
    ("dose_mg = 150", 'dose_mg = "150"', ["dosing.dose_mg = 150: expected a number, without quotes"]),
    ("dose_mg = 150", "dose_mg = true", ["dosing.dose_mg = True: expected a number, without quotes"]),
    ("effective_from = 2026-02-01", 'effective_from = "x"', ["effective_from = x: expected a date such as 2026-11-22, without quotes"]),
    ('title = "Label of onepill"', "title = 7", ["sources.label.title = 7: expected a text in quotes"]),
    ('title = "Label of onepill"', 'title = "  "', ["sources.label.title =   : must not be empty"]),
    ("read_on = 2026-01-31", "", ["sources.label.read_on: is missing"]),
    ('layers = ["signs', 'ask_at = "ten"\nlayers = ["signs', ["ask_at = ten: expected an hour such as 20:00:00, without quotes"]),
    (
        'remind_after = "6 h"',
        'remind_after = "six"',
        ['silence[1].remind_after = six: expected a duration such as "30 min", "4 h" or "2 d"'],
    ),
    ('remind_after = "6 h"', 'remind_after = "12 h"', ["silence[1]: remind_after must be over 0 and before silent_after"]),
    ('why = { fr = "Diarrhée."', 'why = { fr = ""', ["rules[loose].why.fr: must not be empty"]),
    (
        'level = "moderate"\nall_of',
        'level = "orange"\nall_of',
        ["rules[loose].level = orange: Input should be 'info', 'moderate', 'high' or 'urgent'"],
    ),
    (LOOSE, "", ["rules[loose]: a rule needs all_of or any_of: without a condition it would always fire"]),
    (EVERY, "cycles = [3]", ["check_ins[2]: write either days or every"]),
    (EVERY, "cycles = [3]\ndays = [1]\nevery = 2", ["check_ins[2]: write either days or every"]),
    (EVERY, "every = 2", ["check_ins[2]: write cycles, or the window whose days are asked"]),
    (EARLY, EARLY + "\nto_day = 9", ["check_ins[3]: a window says its cycles and days; write every beside it, or nothing"]),
    (EARLY, EARLY + "\nfrom_day = 9", ["check_ins[3]: a window says its cycles and days; write every beside it, or nothing"]),
    (EARLY, 'window = "late"', ["check_ins[3].window = late: is not a window of [[windows]]"]),
    (RANGES, "", [f"windows[early]: {WINDOW}"]),
    (RANGES, "cycle_days = [16, 3]", [f"windows[early]: {WINDOW}"]),
    (RANGES, "treatment_days = [3, 16]", [f"check_ins.window = early: {ENDLESS}"]),
    (
        "none_of = [{ on_day = false }]",
        'none_of = [{ yes = "warm" }]',
        ["rules[count].none_of[1].yes = warm: is not the key of a question"],
    ),
    (
        "none_of = [{ on_day = false }]",
        'none_of = [{ answer = "diarrhea", at_least = "loose" }]',
        ["rules[count].none_of: an answer cannot stand in none_of: a better answer would then alarm more"],
    ),
    (
        LOOSE,
        'all_of = [{ answer = "diarrhea", at_least = "loose" }, { answer = "stools", at_least = "lose" }]',
        ["rules[loose].all_of[2].at_least = lose: is not a threshold of [thresholds]"],
    ),
    ('proposes = ["pause", "stop"]', 'proposes = ["pause", "rest"]', ["rules[loose].proposes = rest: no proposal has that id"]),
    ('toxicity = "diarrhea"', 'toxicity = "temperature"', ["rules[loose].toxicity = temperature: is not the key of a score or a count"]),
    ('toxicity = "diarrhea"', 'toxicity = "vomiting"', ["rules[loose].toxicity = vomiting: is not the key of a score or a count"]),
    (
        "[sources.label]",
        "[sources.other]",
        [
            f"{where}.source = label: is not in [sources]"
            for where in (
                "thresholds.loose",
                "thresholds.warm",
                "thresholds.low",
                "thresholds.fresh",
                "rules[count]",
                "rules[loose]",
                "rules[warm]",
                "proposals[pause]",
                "proposals[stop]",
                "dosing",
                "missed_dose",
                "companions.twopill.dosing",
                "companions.twopill.missed_dose",
                "windows[early]",
                "monitoring[1]",
            )
        ],
    ),
    (
        "[[windows]]",
        "idle = { at = 1, unit = 'x', source = 'label', verified = true }\n[[windows]]",
        ["thresholds.idle: is used by no rule: changing it would change nothing"],
    ),
    ('ask = ["diarrhea"]', 'ask = ["pain"]', ["check_ins[2].ask = pain: is not the key of a question"]),
    ('ask = ["diarrhea"]', 'ask = ["diarrhea", "diarrhea"]', ["check_ins[2].ask: a question stands there twice"]),
    ('ask = ["diarrhea"]', 'ask = ["stools", "diarrhea"]', ["check_ins[2].ask = stools: comes after diarrhea, of which it is a detail"]),
    ("item = 16", "item = 15", ["composites.gut.item = 15: has the attributes F; this item of PRO-CTCAE is scored on S"]),
    ("item = 16", "item = 999", ["composites.gut.item = 999: has the attributes F; this item of PRO-CTCAE is scored on nothing"]),
    ('frequency = "trouble"\n', "", ["composites.gut.item = 16: has the attributes none; this item of PRO-CTCAE is scored on F"]),
    ('frequency = "trouble"', 'frequency = "stools"', ["composites.gut = stools: is not the key of a 0-4 question"]),
    ('frequency = "trouble"', 'frequency = "pain"', ["composites.gut = pain: is not the key of a 0-4 question"]),
    ('agents = ["onepill"]', "agents = []", ["agents, check_ins: a protocol names its agents and its rhythm of check-ins"]),
    (
        ', "floor@2026-01-02"]',
        ', "floor@2020-01-01"]',
        ["layers = floor@2020-01-01: no such layer; known: floor@2026-01-02, signs@2026-01-01"],
    ),
    (
        "effective_from = 2026-02-01",
        "effective_from = 2026-01-01",
        ["layers = floor@2026-01-02: begins after 2026-01-01, when this protocol begins"],
    ),
    (
        "agents =",
        'without = ["hot"]\nagents =',
        [f"without: hot of floor@2026-01-02 {NEVER_MUTE}"],
    ),
    ("agents =", 'without = ["cold"]\nagents =', ["without = cold: no layer has a rule of that name"]),
    ('id = "loose"\n', 'id = "count"\n', ["rules[count]: this id is used twice"]),
    ('id = "stop"\n', 'id = "pause"\n', ["proposals[pause]: this id is used twice"]),
    (
        "loose  = {",
        "hot = { at = 39, unit = 'x', source = 'label', verified = true }\nloose  = {",
        ["thresholds.hot: is already in floor@2026-01-02; give yours another name"],
    ),
    ('kind = "protocol"', 'kind = "layer"', ["kind = layer: only a document of kind protocol decides by itself"]),
    (
        "agents =",
        'reason = "x"\nby = "y"\nagents =',
        [f"{name}: stands only in a document of kind service or patient" for name in ("by", "reason")],
    ),
]


@pytest.mark.parametrize(("before", "after", "said"), ROWS)
def test_a_refusal_says_field_value_and_reason(before: str, after: str, said: list[str]) -> None:
    found = problems(before, after)
    if said[0].endswith("TOML: "):
        assert found[0].startswith(said[0])
    else:
        assert found == said


@pytest.mark.parametrize(
    ("layer", "before", "after", "said"),
    [
        ("floor", "ask_at = 10:00:00", "", "ask_at: is missing, here and in every layer"),
        ("floor", "quiet = { start = 20:00:00, end = 08:00:00 }", "", "quiet: is missing, here and in every layer"),
        ("floor", "[levels.moderate]", "[levels.info]", "levels.moderate: is missing: every level needs a delay and someone to tell"),
        (
            "floor",
            'remind_after = "12 h"',
            'cycles = [1, 9]\nremind_after = "12 h"',
            "silence: the last entry must hold for every day: a silence always has a delay",
        ),
        (
            "floor",
            'remind_after = "12 h"',
            'cycle_days = [1, 9]\nremind_after = "12 h"',
            "silence: the last entry must hold for every day: a silence always has a delay",
        ),
        (
            "floor",
            'kind = "layer"',
            'kind = "protocol"',
            "layers = floor@2026-01-02: is not a layer: only symptoms, floors and classes can be built upon",
        ),
        (
            "floor",
            "effective_from = 2026-01-02",
            "effective_from = 2026-01-01",
            "layers = floor@2026-01-02: is the name of a document that calls itself floor@2026-01-01",
        ),
        (
            "floor",
            "after_minutes = 20",
            "after_minutes = 0",
            "floor@2026-01-02: levels.urgent.ladder: expected at least one rung, the first at 0 minutes, each later than the one before",
        ),
        (
            "signs",
            'detail_of = "diarrhea"',
            'detail_of = "temperature"',
            "questions.stools.detail_of = temperature: a detail follows a severity question, and is not one",
        ),
        (
            "signs",
            'detail_of = "diarrhea"',
            'detail_of = "belly"',
            "questions.stools.detail_of = belly: a detail follows a severity question, and is not one",
        ),
        (
            "signs",
            'kind = "severity_0_4"\nlabel',
            'kind = "severity_0_4"\ndetail_of = "diarrhea"\nlabel',
            "questions.trouble.detail_of = diarrhea: a detail follows a severity question, and is not one",
        ),
        ("signs", "selles liquides", "selles liquides ou molles..", "questions.stools.text: what is counted takes at most 25 characters"),
        (
            "signs",
            'self_care_source = "guide"',
            'self_care_source = "gide"',
            "symptoms.diarrhea.self_care.source = gide: is not in [sources]",
        ),
        ("signs", 'fr = "gene"', 'fr = "gêne"', "signs@2026-01-01: questions.trouble.label: fr: 'ê' is outside the SMS alphabet; reword"),
        (
            "signs",
            'en = "trouble" }\nname',
            'en = "a lot of trouble" }\nname',
            "signs@2026-01-01: questions.trouble.label: en: 16 characters, at most 15",
        ),
        (
            "signs",
            "[symptoms.diarrhea]",
            '[members.onepill]\nsource = "guid"\nverified = true\n\n[symptoms.diarrhea]',
            "members.onepill.source = guid: is not in [sources]",
        ),
    ],
)
def test_a_refusal_in_a_layer(layer: str, before: str, after: str, said: str) -> None:
    text = {"floor": FLOOR, "signs": SYMPTOMS}[layer]
    assert before in text
    assert said in problems(**{layer: text.replace(before, after, 1)})


def test_a_class_holds_for_its_members() -> None:
    known = FLOOR.replace('slug = "floor"', 'slug = "class-x"').replace(
        "[levels.urgent]", '[members.onepill]\nsource = "book"\nverified = true\n[levels.urgent]'
    )
    with pytest.raises(ProtocolError, match=r"^layers: onepill is listed in class-x@2026-01-02: add that layer$"):
        parse(PROTOCOL, LAYERS | {"class-x@2026-01-02": known})
    later = known.replace("effective_from = 2026-01-02", "effective_from = 2026-02-02")
    assert parse(PROTOCOL, LAYERS | {"class-x@2026-02-02": later}).fingerprint == compiled().fingerprint


def test_a_table_that_was_not_handed_in_is_named() -> None:
    without = {name: text for name, text in LAYERS.items() if name != "pro-ctcae"}
    with pytest.raises(ProtocolError, match=r"^layers = pro-ctcae: this grade table was not handed in$"):
        parse(PROTOCOL, without)


@dataclass
class Thing:
    said: str

    def __str__(self) -> str:
        return self.said


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (None, "dose: is odd"),
        ("", "dose: is odd"),
        ([1], "dose: is odd"),
        ({"a": 1}, "dose: is odd"),
        (0, "dose = 0: is odd"),
        (Thing("x"), "dose = x: is odd"),
    ],
)
def test_a_problem_on_one_line(value: object, line: str) -> None:
    assert str(Problem("dose", value, "is odd")) == line
    assert str(ProtocolError([Problem("dose", value, "is odd"), Problem("b", None, "c")])) == f"{line}\nb: c"
