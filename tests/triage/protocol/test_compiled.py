"""A file compiled: every field of the protocol that comes out, written by hand beside the text that goes in."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal

import pytest

from tests.triage.protocol.small import PROTOCOL, compiled
from triage.calendar import Beat, Pattern, Quiet
from triage.conditions import Window
from triage.protocol.values import Companion, Silence
from triage.questions import Question
from triage.terms import Kind, Level


def test_what_it_is_and_what_it_stands_on() -> None:
    found = compiled()
    assert (found.slug, found.effective_from, found.title) == ("onepill", date(2026, 2, 1), {"fr": "Unepilule", "en": "Onepill"})
    assert found.agents == ("onepill",)
    assert found.layers == ("signs@2026-01-01", "floor@2026-01-02", "ctcae-5.0", "pro-ctcae")
    assert (found.ctcae, found.depth, found.draft, found.override, found.beneath) == ("5.0", "in_depth", False, None, None)
    assert (found.quiet, found.ask_at, found.fever_limit) == (Quiet(time(20), time(8)), time(10), Decimal("38.0"))
    assert compiled("agents =", 'depth = "draft"\nagents =').draft


def test_doses_and_what_the_label_says_of_a_missed_one() -> None:
    found = compiled()
    assert found.dosing == Pattern(times_per_day=2, days_on=14, days_off=7)
    assert found.dose_mg == 150
    assert found.missed_dose == {"fr": "Ne pas doubler.", "en": "Do not double."}
    assert found.missed_dose_source == "Label of onepill"
    assert found.companions == {
        "twopill": Companion(
            name={"fr": "Deuxpilules", "en": "Twopill"},
            dosing=Pattern(times_per_day=1, days_off=0, weekday=2),
            dose_mg=Decimal("2.5"),
            missed_dose={"fr": "Appeler.", "en": "Call."},
            missed_dose_source="Label of onepill",
        )
    }


@pytest.mark.parametrize(
    ("written", "pattern"),
    [
        ("times_per_day = 1", Pattern(times_per_day=1, days_off=0)),
        (
            "times_per_day = 2\nblocks = [[1, 5], [8, 12]]\ncycle_days = 28",
            Pattern(times_per_day=2, blocks=((1, 5), (8, 12)), cycle_days=28),
        ),
        ("times_per_day = 1\nevery = 2", Pattern(times_per_day=1, days_off=0, every=2)),
    ],
)
def test_a_calendar_of_any_form(written: str, pattern: Pattern) -> None:
    assert compiled("times_per_day = 2\ndays_on = 14\ndays_off = 7", written).dosing == pattern


def test_questions_and_symptoms() -> None:
    found = compiled()
    assert list(found.questions) == ["diarrhea", "trouble", "stools", "temperature"]
    assert found.questions["stools"] == Question(
        key="stools",
        kind=Kind.COUNT,
        label={"fr": "selles", "en": "stools"},
        name={"fr": "selles", "en": "stools"},
        text={"fr": "selles liquides", "en": "loose stools"},
        low=Decimal(0),
        high=Decimal(30),
        detail_of="diarrhea",
    )
    diarrhea, temperature = found.questions["diarrhea"], found.questions["temperature"]
    assert (diarrhea.symptom, diarrhea.text, diarrhea.red_flag) == ("diarrhea", {"fr": "diarrhee", "en": "diarrhoea"}, False)
    assert (temperature.unit, temperature.red_flag, temperature.low) == ("°C", True, None)
    symptom = found.symptoms["diarrhea"]
    assert (symptom.ctcae_term, symptom.self_care, symptom.self_care_source) == ("Diarrhea", "drink", "guide")
    assert found.red_flag_keys == ("temperature",)


def test_rules_in_the_order_of_their_families() -> None:
    found = compiled()
    assert [rule.id for rule in found.rules] == ["hot", "warm", "loose", "count"]
    hot, warm, loose, count = found.rules
    assert [(r.family, r.level, r.never_mute) for r in (hot, warm, loose, count)] == [
        ("red_flag", Level.URGENT, True),
        ("red_flag", Level.HIGH, False),
        ("raw", Level.MODERATE, False),
        ("trend", Level.HIGH, False),
    ]
    assert (hot.layer, hot.source, hot.why) == ("floor@2026-01-02", "Book (4.2, EU)", {"fr": "Fièvre.", "en": "Fever."})
    assert (loose.layer, loose.source) == ("onepill@2026-02-01", "Label of onepill")
    assert (loose.toxicity, loose.episode_from, loose.proposes) == ("diarrhea", Decimal(2), ("pause", "stop"))
    assert (count.toxicity, count.episode_from, count.proposes) == ("", Decimal(2), ())
    assert [tuple(len(part) for part in (r.all_of, r.any_of, r.none_of)) for r in (loose, count)] == [(1, 0, 0), (0, 1, 1)]
    assert [(c.word, c.keys) for c in loose.conditions] == [("answer", frozenset({"diarrhea"}))]
    assert [c.word for c in count.conditions] == ["grade", "on_day"]
    assert (hot.verified, warm.verified, loose.verified) == (True, False, True), "a rule on an unverified number is not verified"
    assert (hot.shape.id, hot.red_flag, loose.red_flag) == ("hot", True, False)


def test_an_occurrence_is_counted_from_the_rules_own_limit() -> None:
    deeper = compiled("loose  = { at = 2", "loose  = { at = 3")
    assert {rule.id: rule.episode_from for rule in deeper.rules} == {"hot": 2, "warm": 2, "loose": 3, "count": 2}
    lasting = compiled(
        'all_of = [{ answer = "diarrhea", at_least = "loose" }]',
        'all_of = [{ answer = "temperature", at_least = "warm" }, { rise_since_last = "diarrhea", at_least = "loose" }]',
    )
    assert next(rule for rule in lasting.rules if rule.id == "loose").episode_from == 2, "over 1, when the rule has no limit of its own"


def test_proposals_quote_their_label() -> None:
    found = compiled()
    assert found.proposals == {
        "pause": {"fr": "Suspendre. [EU, Label of onepill]", "en": "Hold. [EU, Label of onepill]"},
        "stop": {"fr": "Arrêter. [EU, Label of onepill ; non vérifié]", "en": "Stop. [EU, Label of onepill; not verified]"},
    }
    assert found.occurrences == {"pause": 1}


def test_numbers_levels_and_silence() -> None:
    found = compiled()
    assert {name: threshold.at for name, threshold in found.thresholds.items()} == {
        "hot": Decimal("38.3"),
        "loose": 2,
        "warm": Decimal("38.0"),
        "low": 3,
        "fresh": 7,
    }
    assert set(found.sources) == {"guide", "book", "label"}
    assert {level: plan.respond_within for level, plan in found.levels.items()} == {
        Level.URGENT: timedelta(minutes=30),
        Level.HIGH: timedelta(hours=4),
        Level.MODERATE: timedelta(days=2),
    }
    assert found.levels[Level.URGENT].ladder_rows() == [
        {"after_minutes": 0, "notify": "team"},
        {"after_minutes": 20, "notify": "head"},
    ]
    assert found.silence(1, 5) == Silence(timedelta(hours=6), timedelta(hours=12), Level.HIGH)
    assert found.silence(2, 5) == found.silence(None, None) == Silence(timedelta(hours=12), timedelta(hours=24), Level.MODERATE)


def test_days_on_which_it_asks() -> None:
    assert compiled().rhythm == (
        Beat(1, 2, (3, 9), None, 1, None, ("temperature", "diarrhea", "stools")),
        Beat(3, None, (), 7, 2, 16, ("diarrhea",)),
        Beat(1, 1, (), 4, 3, 16, ("temperature",)),
    )


def test_a_window_in_days_of_treatment_where_one_cycle_never_ends() -> None:
    text = PROTOCOL.replace("days_on = 14\ndays_off = 7\n", "").replace(
        "cycles = [1, 1]\ncycle_days = [3, 16]", "treatment_days = [10, 150]"
    )
    found = compiled(PROTOCOL, text.replace('window = "early"\nevery = 4', 'window = "early"'))
    assert found.rhythm[2] == Beat(1, None, (), 1, 10, 150, ("temperature",))
    assert found.windows == {"early": Window("early", None, None, (10, 150), {"fr": "Début.", "en": "Early."})}


def test_windows_monitoring_composites_and_graded_terms() -> None:
    found = compiled()
    assert found.windows == {"early": Window("early", (1, 1), (3, 16), None, {"fr": "Début.", "en": "Early."})}
    assert [(m.item.texts["en"], m.when.texts["fr"], m.where) for m in found.monitoring] == [("blood count", "chaque cycle", "lab")]
    gut = found.composites["gut"]
    assert (gut.id, gut.item, gut.name, gut.keys) == ("gut", 16, {"fr": "ventre", "en": "bowel"}, ("trouble",))
    assert [gut.score((score,)) for score in range(5)] == [0, 1, 1, 2, 3]
    assert [(scale.term, scale.keys, scale.days) for scale in found.graded] == [("Platelet count decreased", ("platelets",), None)]


def test_what_the_pharmacist_has_to_read() -> None:
    assert compiled().unverified == (
        "thresholds.warm",
        "proposals.stop",
        "windows.early",
        "monitoring.1",
        "dosing",
        "companions.twopill.missed_dose",
    )
    unsure = compiled('id = "loose"\nfamily = "raw"\nlevel = "moderate"', 'id = "loose"\nfamily = "raw"\nlevel = "high"')
    assert unsure.fingerprint != compiled().fingerprint
