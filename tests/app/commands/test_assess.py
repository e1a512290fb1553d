"""vigie assess: a file of answers judged as the service would judge them (promised columns; FR-06, HZ-20)."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.app.commands.conftest import Run
from tests.support.protocols import LIBRARY

CAPECITABINE = LIBRARY / "protocols" / "capecitabine-14-7" / "2026-11-22.toml"
"""A released file: what it decides never changes."""

HEADER = "patient,checkin,asked_on,key,value,unit"
CALM = {
    "diarrhea": "0",
    "mouth_sores": "0",
    "hand_foot": "0",
    "nausea": "0",
    "vomiting": "0",
    "fatigue": "0",
    "temperature": "37.0",
    "intake": "all",
}
COURSES = "patient,agent,first_intake,days_on,days_off,hold_from,hold_until\nodette,capecitabine,2026-09-01,14,7,,\n"


def lines(checkin: str, on: str, patient: str = "odette", **values: str) -> list[str]:
    return [f"{patient},{checkin},{on},{key},{value}," for key, value in values.items()]


def judged(run: Run, tmp_path: Path, rows: list[str], *more: object, header: str = HEADER) -> list[dict[str, str]]:
    (tmp_path / "in.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    said = run("assess", "--protocol", CAPECITABINE, tmp_path / "in.csv", "--out", tmp_path / "out.csv", *more)
    assert said.code == 0, said.err
    return list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8"))))


def refused(run: Run, tmp_path: Path, rows: list[str], *more: object) -> str:
    (tmp_path / "in.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    said = run("assess", "--protocol", CAPECITABINE, tmp_path / "in.csv", "--out", tmp_path / "out.csv", *more)
    assert said.code == 2
    assert not (tmp_path / "out.csv").exists()
    return said.err


def test_one_row_per_check_in_in_the_order_of_the_file(run: Run, tmp_path: Path) -> None:
    rows = [*lines("second", "2026-09-08", **CALM), *lines("first", "2026-09-03", **CALM | {"diarrhea": "2"})]
    found = judged(run, tmp_path, rows)
    assert [(row["checkin"], row["level"], row["respond_within"]) for row in found] == [("second", "none", ""), ("first", "high", "4 h")]
    assert list(found[0]) == [
        "patient",
        "checkin",
        "asked_on",
        "level",
        "respond_within",
        "rules_fired",
        "scores",
        "grades",
        "reason",
        "composites",
    ]
    assert "capecitabine-diarrhea" in found[1]["rules_fired"].split(";")
    assert "diarrhea=2" in found[1]["scores"].split(";")


@pytest.mark.parametrize(
    ("answers", "level"),
    [
        ({}, "none"),
        ({"temperature": "37.9"}, "none"),
        ({"temperature": "38.0"}, "urgent"),
        ({"temperature": "38,0"}, "urgent"),
        ({"nausea": "1"}, "none"),
        ({"fatigue": "2"}, "moderate"),
        ({"hand_foot": "2"}, "high"),
        ({"intake": "extra:1"}, "high"),
        ({"vomiting": "4"}, "urgent"),
    ],
)
def test_levels(run: Run, tmp_path: Path, answers: dict[str, str], level: str) -> None:
    quoted = {key: f'"{value}"' for key, value in (CALM | answers).items()}
    assert judged(run, tmp_path, lines("c", "2026-09-08", **quoted))[0]["level"] == level


def test_an_empty_red_flag_is_unknown_and_a_person_is_told(run: Run, tmp_path: Path) -> None:
    """Missing is never zero: the closed check-in with the temperature unanswered is at least moderate, and says why."""
    [row] = judged(run, tmp_path, lines("c", "2026-09-08", **CALM | {"temperature": ""}))
    assert row["level"] == "moderate"
    assert "capecitabine-fever" in row["reason"]


def test_a_silent_check_in_has_the_level_of_its_silence(run: Run, tmp_path: Path) -> None:
    """Cycle 1, day 8: the protocol calls a silence high. Nothing answered is not nothing to report."""
    (tmp_path / "courses.csv").write_text(COURSES, encoding="utf-8")
    [row] = judged(run, tmp_path, lines("c", "2026-09-08", **dict.fromkeys(CALM, "")), "--courses", tmp_path / "courses.csv")
    assert (row["level"], row["respond_within"]) == ("high", "4 h")
    assert "no answer at all" in row["reason"]


def test_what_cannot_be_judged_goes_to_a_person(run: Run, tmp_path: Path) -> None:
    [word] = judged(run, tmp_path, lines("c", "2026-09-08", **CALM | {"nausea": "banana"}))
    [odd] = judged(run, tmp_path, lines("c", "2026-09-08", **CALM | {"temperature": "83.5"}))
    assert (word["level"], odd["level"]) == ("high", "high")
    assert "83.5" in odd["reason"]


def test_a_degree_fahrenheit_is_a_known_unit_and_a_strange_one_is_not(run: Run, tmp_path: Path) -> None:
    calm = lines("c", "2026-09-08", **{key: value for key, value in CALM.items() if key != "temperature"})
    [warm] = judged(run, tmp_path, [*calm, "odette,c,2026-09-08,temperature,100.4,[degF]"])
    [unknown] = judged(run, tmp_path, [*calm, "odette,c,2026-09-08,temperature,37.2,furlong"])
    assert warm["level"] == "urgent"
    assert unknown["level"] == "high"


def test_a_danger_in_free_words_is_urgent(run: Run, tmp_path: Path) -> None:
    [row] = judged(run, tmp_path, lines("c", "2026-09-08", **CALM | {"other": "je crache du sang depuis ce matin"}))
    assert row["level"] == "urgent"
    assert "reader-danger" in row["rules_fired"]


def test_the_day_of_the_cycle_comes_from_the_courses(run: Run, tmp_path: Path) -> None:
    """Mouth and diarrhoea together, early in cycle 1: think of DPD deficiency. In cycle 4 it is two moderate symptoms."""
    (tmp_path / "courses.csv").write_text(COURSES, encoding="utf-8")
    both = CALM | {"diarrhea": "2", "mouth_sores": "2"}
    rows = [*lines("early", "2026-09-06", **both), *lines("late", "2026-11-08", **both)]
    early, late = judged(run, tmp_path, rows, "--courses", tmp_path / "courses.csv")
    assert (early["level"], late["level"]) == ("urgent", "high")


def test_a_rise_is_seen_against_the_check_in_before_and_the_baseline(run: Run, tmp_path: Path) -> None:
    rows = [
        *lines("baseline", "2026-08-20", fatigue="2", nausea="0"),
        *lines("one", "2026-09-03", **CALM | {"fatigue": "2"}),
        *lines("two", "2026-09-06", **CALM | {"fatigue": "3"}),
    ]
    one, two = judged(run, tmp_path, rows)
    assert "floor-rise-since-baseline" not in one["rules_fired"]
    assert one["level"] == "moderate"
    assert "floor-rise-since-last" not in two["rules_fired"]
    [jump] = judged(run, tmp_path, [*lines("baseline", "2026-08-20", nausea="0"), *lines("one", "2026-09-03", **CALM | {"nausea": "2"})])
    assert "floor-rise-since-baseline" in jump["rules_fired"]


def test_two_silences_in_a_row_are_counted(run: Run, tmp_path: Path) -> None:
    nothing = dict.fromkeys(CALM, "")
    rows = [*lines("one", "2026-09-22", **nothing), *lines("two", "2026-09-25", **nothing), *lines("three", "2026-09-28", **CALM)]
    one, two, three = judged(run, tmp_path, rows)
    assert "floor-silent-twice" not in one["rules_fired"]
    assert "floor-silent-twice" in two["rules_fired"]
    assert three["level"] == "none"


def test_traces_are_kept_whole(run: Run, tmp_path: Path) -> None:
    judged(run, tmp_path, lines("c/1", "2026-09-08", **CALM | {"temperature": "38.4"}), "--traces", tmp_path / "traces")
    [path] = (tmp_path / "traces").iterdir()
    trace = json.loads(path.read_text(encoding="utf-8"))
    assert (trace["patient"], trace["checkin"], trace["level"]) == ("odette", "c/1", "urgent")
    assert {"rule", "fired", "inputs", "source"} <= set(trace["steps"][0])


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("odette,c,2026-09-08,appetit,1,", "row 2: key 'appetit'"),
        ("odette,c,8 septembre,nausea,1,", "row 2: asked_on '8 septembre'"),
        ("odette,c,2026-09-08,temperature,nan,", "row 2: value 'nan'"),
        ("odette,c,2026-09-08,nausea,-1,", "row 2: value '-1'"),
        ("odette,c,2026-09-08,stools,inf,", "row 2: value 'inf'"),
        (",c,2026-09-08,nausea,1,", "row 2: patient is empty"),
        ("odette,c,2026-09-08,nausea,1", "row 2: 5 cells, expected 6"),
    ],
)
def test_a_malformed_row_stops_everything_and_is_named(run: Run, tmp_path: Path, row: str, says: str) -> None:
    assert says in refused(run, tmp_path, [row])


def test_bad_rows_may_be_left_out_and_are_listed(run: Run, tmp_path: Path) -> None:
    rows = [*lines("c", "2026-09-08", **CALM), "odette,c,2026-09-08,appetit,1,"]
    (tmp_path / "in.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    said = run("assess", "--protocol", CAPECITABINE, tmp_path / "in.csv", "--out", "-", "--skip-bad")
    assert (said.code, "row 10" in said.err) == (0, True)
    assert "odette,c,2026-09-08,none" in said.out


def test_a_check_in_has_one_day(run: Run, tmp_path: Path) -> None:
    said = refused(run, tmp_path, [*lines("c", "2026-09-08", nausea="1"), *lines("c", "2026-09-09", fatigue="1")])
    assert "check-in c" in said


def test_a_hold_that_ends_before_it_begins_is_refused(run: Run, tmp_path: Path) -> None:
    text = COURSES.replace("14,7,,", "14,7,2026-09-10,2026-09-08")
    (tmp_path / "courses.csv").write_text(text, encoding="utf-8")
    said = refused(run, tmp_path, lines("c", "2026-09-08", nausea="1"), "--courses", tmp_path / "courses.csv")
    assert "row 2: hold_until 2026-09-08" in said


@pytest.mark.parametrize(
    ("course", "says"),
    [
        ("2026-09-01,1e300,7,,", "row 2: days_on and days_off, expected whole numbers, at most 3650"),
        ("2026-09-01,14,999999999,,", "row 2: days_on and days_off"),
        ("0001-01-01,14,7,,", "row 2: first_intake '0001-01-01', expected a day from 1900-01-01"),
        ("2026-09-01,14,7,2026-09-02,9999-12-31", "row 2: hold_until '9999-12-31', expected a day from 1900-01-01 to 2199-12-31"),
    ],
)
def test_a_day_or_a_cycle_no_calendar_can_count_is_a_malformed_row(run: Run, tmp_path: Path, course: str, says: str) -> None:
    (tmp_path / "courses.csv").write_text(f"{COURSES.splitlines()[0]}\nodette,capecitabine,{course}\n", encoding="utf-8")
    assert says in refused(run, tmp_path, lines("c", "2026-09-08", nausea="1"), "--courses", tmp_path / "courses.csv")


def test_a_name_of_any_length_has_its_trace(run: Run, tmp_path: Path) -> None:
    judged(run, tmp_path, lines("c" * 3000, "2026-09-08", patient="../odette", **CALM), "--traces", tmp_path / "traces")
    assert [path.name[:19] for path in (tmp_path / "traces").iterdir()] == ["00001-.._odette-ccc"]


def test_a_measure_in_an_unknown_unit_is_no_error(run: Run, tmp_path: Path) -> None:
    rows = [
        *lines("c", "2026-09-08", **CALM),
        "odette,c,2026-09-08,platelets,200,parsec",
        "odette,c,2026-09-08,Neutrophil count decreased,4,",
    ]
    assert judged(run, tmp_path, rows)[0]["level"] == "none"


LIMITED = f"{HEADER},lln,uln"
LIVER = LIBRARY / "protocols" / "capecitabine-14-7" / "2026-11-23.toml"
"""Over 3 times the limit for ALT: hold (capecitabine-liver-hold)."""


def limited(run: Run, tmp_path: Path, protocol: object, *values: str) -> dict[str, str]:
    rows = [f"odette,c,2026-09-08,{value}" for value in values]
    (tmp_path / "in.csv").write_text("\n".join([LIMITED, *rows]) + "\n", encoding="utf-8")
    said = run("assess", "--protocol", protocol, tmp_path / "in.csv", "--out", "-")
    [row] = csv.DictReader(io.StringIO(said.out)) if said.code == 0 else [{"refused": said.err}]
    return row


def test_limits_the_wrong_way_round_are_a_malformed_row(run: Run, tmp_path: Path) -> None:
    """One of them is wrong and nothing says which: ALT 300 is 7 times one and 43 times the other."""
    told = limited(run, tmp_path, LIVER, "alt,300,U/L,41,7")["refused"]
    assert "row 2: lln '41' is above uln '7', expected the lower limit first" in told
    row = limited(run, tmp_path, LIVER, "alt,300,U/L,7,41")
    assert (row["level"], row["rules_fired"], row["reason"]) == ("high", "capecitabine-liver-hold", "")


@pytest.mark.parametrize("limits", [",", "7,", ",0"])
def test_a_value_whose_limit_is_unknown_says_what_could_not_be_judged(run: Run, tmp_path: Path, limits: str) -> None:
    """ALT 300 U/L without the laboratory's limit is neither high nor normal: the line names the value, the lack and the rule."""
    row = limited(run, tmp_path, LIVER, f"alt,300,U/L,{limits}")
    assert (row["level"], row["grades"]) == ("none", "")
    assert row["reason"] == "alt 300 U/L on 2026-09-08: limit of the laboratory unknown (capecitabine-liver-hold)"


def test_a_value_no_rule_looks_at_says_so_and_a_grade_says_what_it_rests_on(run: Run, tmp_path: Path) -> None:
    """Creatinine 200 with uln 100 and no baseline: over 1.5 x ULN, grade 2 at least (CTCAE v5.0). Erlotinib's rules read no potassium."""
    row = limited(run, tmp_path, "erlotinib", "creatinine,200,umol/L,60,100", "potassium,6.9,mmol/L,3.5,5")
    assert row["grades"] == "Creatinine increased=2 (CTCAE 5.0)"
    assert row["reason"].split("; ") == [
        "Creatinine increased: at least this grade: baseline missing, zero or contradictory",
        "potassium 6.9 mmol/L: not judged, no rule of this protocol looks at it",
    ]
