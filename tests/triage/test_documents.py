"""What a protocol file may say since the 23rd: windows, blocks, weekdays, companions, monitoring, drafts, composites, grades."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.support.protocols import layers, shipped, text_of
from triage.calendar import Pattern
from triage.protocol import ProtocolError, parse
from triage.protocol.checking import own_values
from triage.protocol.reading import read

BASE = "capecitabine-14-7@2026-11-22"
DOSING = """times_per_day = 2
days_on = 14
days_off = 7
"""
WINDOW = """
[[windows]]
id = "early-dpd"
cycles = [1, 1]
cycle_days = [3, 16]
why = { fr = "Déficit en DPD : effets graves dès le début.", en = "DPD deficiency: severe effects from the start." }
source = "EU_PL_xeloda"
verified = false
"""
ASKED = """
[[check_ins]]
window = "early-dpd"
ask = ["diarrhea", "temperature"]
"""
MONITORING = """
[[monitoring]]
item = { fr = "NFS", en = "full blood count" }
when = { fr = "avant chaque cycle", en = "before each cycle" }
where = "lab"
source = "EU_PL_xeloda"
verified = false
"""
COMPANION = """
[companions.lapatinib]
name = { fr = "lapatinib", en = "lapatinib" }
[companions.lapatinib.dosing]
times_per_day = 1
dose_mg = 1250
source = "EU_PL_xeloda"
verified = false
[companions.lapatinib.missed_dose]
text = { fr = "Ne pas doubler.", en = "Do not double." }
source = "EU_PL_xeloda"
verified = true
"""
COMPOSITE = """
[composites.mucositis]
item = {item}
severity = "{key}"
interference = "diarrhea"
"""


def edited(before: str = "", after: str = "", more: str = "") -> str:
    text = text_of(BASE)
    assert before in text
    return text.replace(before, after, 1) + more


def refused(text: str) -> str:
    with pytest.raises(ProtocolError) as error:
        parse(text, layers())
    return str(error.value)


def test_every_day_of_a_window_may_be_asked() -> None:
    protocol = parse(edited(more=WINDOW + ASKED), layers())
    days = [day for day in range(1, 22) if any(beat.falls_on(1, day) for beat in protocol.rhythm[-1:])]
    assert days == list(range(3, 17))
    assert not any(protocol.rhythm[-1].falls_on(2, day) for day in range(1, 22))
    assert protocol.windows["early-dpd"].why["en"].startswith("DPD deficiency")
    assert "windows.early-dpd" in protocol.unverified
    every_other = parse(edited(more=WINDOW + ASKED.replace("ask =", "every = 2\nask =")), layers())
    assert [day for day in range(1, 22) if every_other.rhythm[-1].falls_on(1, day)] == [3, 5, 7, 9, 11, 13, 15]


@pytest.mark.parametrize(
    ("dosing", "pattern"),
    [
        ("times_per_day = 2\nblocks = [[1, 5], [8, 12]]\ncycle_days = 28\n", Pattern(2, blocks=((1, 5), (8, 12)), cycle_days=28)),
        ('times_per_day = 1\nweekday = "monday"\n', Pattern(1, days_off=0, weekday=1)),
        ("times_per_day = 1\nevery = 2\n", Pattern(1, days_off=0, every=2)),
        (DOSING, Pattern(2, 14, 7)),
    ],
)
def test_the_usual_dosing_is_a_pattern_of_the_calendar(dosing: str, pattern: Pattern) -> None:
    got = parse(edited(DOSING, dosing), layers()).dosing
    assert got is not None
    assert [got.intakes(day, date(2026, 11, 23)) for day in range(1, 29)] == [
        pattern.intakes(day, date(2026, 11, 23)) for day in range(1, 29)
    ]
    assert got.length == pattern.length


def test_a_second_medicine_has_its_own_calendar_and_advice() -> None:
    protocol = parse(edited(more=COMPANION), layers())
    lapatinib = protocol.companions["lapatinib"]
    assert (lapatinib.dosing.length, lapatinib.dosing.times_per_day, lapatinib.dose_mg) == (None, 1, Decimal(1250))
    assert lapatinib.missed_dose["fr"] == "Ne pas doubler."
    assert "Xeloda" in lapatinib.missed_dose_source
    assert "companions.lapatinib.dosing" in protocol.unverified
    assert "companions.lapatinib.missed_dose" in dict(own_values(read(edited(more=COMPANION))))


def test_what_the_label_asks_to_watch_is_kept_and_counted() -> None:
    protocol = parse(edited(more=MONITORING), layers())
    [item] = protocol.monitoring
    assert (item.item.en, item.when.fr, item.where) == ("full blood count", "avant chaque cycle", "lab")
    assert "monitoring.1" in protocol.unverified


def test_a_draft_says_so() -> None:
    head = 'slug = "capecitabine-14-7"\n'
    assert parse(edited(head, head + 'depth = "draft"\n'), layers()).draft
    same = parse(edited(head, head + 'depth = "in_depth"\n'), layers())
    assert not same.draft
    assert same.fingerprint == shipped(BASE).fingerprint, "what is silent and what says the same are the same protocol"


@pytest.mark.parametrize("more", [WINDOW + ASKED, MONITORING, COMPANION, COMPOSITE.format(item=3, key="mouth_sores")])
def test_what_the_language_gained_counts_where_it_is_used(more: str) -> None:
    assert parse(edited(more=more), layers()).fingerprint != shipped(BASE).fingerprint


REFUSED = {
    "a window nobody wrote": (edited(more=ASKED), "check_ins[4].window = early-dpd: is not a window of [[windows]]"),
    "a window and days": (edited(more=WINDOW + ASKED + "days = [3]\n"), "a window says its cycles and days"),
    "no cycles, no window": (edited(more='\n[[check_ins]]\ndays = [3]\nask = ["diarrhea"]\n'), "write cycles, or the window"),
    "an empty window": (edited(more=WINDOW.replace("cycles = [1, 1]\ncycle_days = [3, 16]\n", "")), "cycles, cycle_days or treatment_days"),
    "a window backwards": (edited(more=WINDOW.replace("[3, 16]", "[16, 3]")), "each [first, last] in order"),
    "a window of treatment days in cycles": (
        edited(more=WINDOW.replace("cycles = [1, 1]\ncycle_days = [3, 16]", "treatment_days = [1, 60]") + ASKED),
        "counts days of treatment",
    ),
    "blocks without a cycle": (edited(DOSING, "times_per_day = 2\nblocks = [[1, 5]]\n"), "dosing"),
    "a weekday and every other day": (edited(DOSING, 'times_per_day = 1\nweekday = "monday"\nevery = 2\n'), "dosing"),
    "a day that does not exist": (edited(DOSING, 'times_per_day = 1\nweekday = "lundi"\n'), "dosing.weekday"),
    "a source nobody gave": (edited(more=MONITORING.replace("EU_PL_xeloda", "hearsay")), "monitoring[1].source = hearsay"),
    "an item of other attributes": (edited(more=COMPOSITE.format(item=1, key="mouth_sores")), "has the attributes SI; this item"),
    "an item that is only present": (edited(more=COMPOSITE.format(item=999, key="mouth_sores")), "scored on nothing"),
    "a composite of a count": (edited(more=COMPOSITE.format(item=3, key="stools")), "stools: is not the key of a 0-4 question"),
    "a toxicity nobody asks": (
        edited('id = "capecitabine-diarrhea"\n', 'id = "capecitabine-diarrhea"\ntoxicity = "chest_pain"\n'),
        "toxicity = chest_pain: is not the key of a score or a count",
    ),
    "a grade without a version": (
        edited(
            '{ answer = "temperature", at_least = "fever" }', '{ grade = "Anemia", at_least = "severe", within_days = "diarrhea_days" }'
        ),
        'write ctcae = "5.0" or "6.0"',
    ),
    "a reason in a protocol": (
        edited('slug = "capecitabine-14-7"\n', 'slug = "capecitabine-14-7"\nreason = "none"\n'),
        "reason: stands only",
    ),
    "a change in a protocol": (edited(more="[change.fever]\nat = 37\nsource = 'EU_PL_xeloda'\nverified = true\n"), "change: stands only"),
}


@pytest.mark.parametrize(("text", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_stand_is_refused_with_its_reason(text: str, said: str) -> None:
    assert said in refused(text)


def test_a_class_holds_as_it_was_on_the_protocols_day() -> None:
    """A member added to a class later is the matter of the next version; a released file must not stop being readable."""
    later = layers()["class-marrow-toxic@2026-11-22"].replace("2026-11-22", "2026-12-24").replace("class-marrow-toxic", "class-later")
    later = later.replace("marrow_", "later_").replace('id = "marrow-', 'id = "later-')
    known = {**layers(), "class-later@2026-12-24": later}
    assert parse(text_of(BASE), known).fingerprint == shipped(BASE).fingerprint
    newer = text_of(BASE).replace("effective_from = 2026-11-22", "effective_from = 2026-12-24")
    with pytest.raises(ProtocolError, match="capecitabine is listed in class-later@2026-12-24: add that layer"):
        parse(newer, known)
