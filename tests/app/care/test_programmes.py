"""Programmes are dated files: what is shipped can be read, a hospital copies and edits, a slip is refused with its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from app.care import programmes
from app.care.programmes import HOUSE, load
from app.care.reading import ProgrammeError

COACH, ORAL = (HOUSE / "coach.toml").read_text("utf-8"), (HOUSE / "ama-oral.toml").read_text("utf-8")


def test_the_three_programmes_are_on_the_shelf_with_their_sources_and_both_languages() -> None:
    found = {programme.slug: programme for programme in programmes.offered(date(2026, 11, 23))}
    assert sorted(found) == ["ama", "ama-oral", "coach"]
    assert found["ama-oral"].title.said("fr") == "AMA thérapie orale"
    assert found["ama-oral"].title.said("en") == "AMA oral therapy"
    assert [block.key for block in found["coach"].form.blocks] == [
        "identity",
        "treatment",
        "state",
        "toxicity",
        "support",
        "city",
        "outcome",
    ]
    must = {field.key for block in found["coach"].form.blocks for field in block.fields if field.required and field.not_asked}
    assert {"weight", "autonomy", "basic_needs", "symptoms", "new_medicines"} <= must  # COA-3


def test_a_programme_is_in_force_from_its_date_and_an_enrolment_keeps_its_version(tmp_path: Path) -> None:
    (tmp_path / "coach-2027.toml").write_text(
        COACH.replace("effective_from = 2013-01-01", "effective_from = 2027-03-01").replace('hours = ["10:00"]', 'hours = ["09:15"]', 1),
        "utf-8",
    )
    versions = load(tmp_path).versions
    assert {first for slug, first in versions if slug == "coach"} == {date(2013, 1, 1), date(2027, 3, 1)}
    assert versions["coach", date(2027, 3, 1)].phases["weekly"].hours == ["09:15"]
    assert versions["coach", date(2013, 1, 1)].phases["weekly"].hours == ["10:00"]


def test_a_hospital_adds_a_programme_of_its_own_without_code(tmp_path: Path) -> None:
    own = COACH.replace('slug = "coach"', 'slug = "retour-a-domicile"').replace('key = "adhesion"', 'key = "assessment"')
    (tmp_path / "retour.toml").write_text(own, "utf-8")
    added = load(tmp_path).versions["retour-a-domicile", date(2013, 1, 1)]
    assert [stage.key for stage in added.stages] == ["assessment", "follow_up", "exit"]


SLIPS = (
    ("late_after_minutes = 60", "late_after_minutes = 1", "slip.toml: late_after_minutes: 1: Input should be greater than or equal to 5"),
    ('weekdays = ["tue"]', 'weekdays = ["tuesday"]', "slip.toml: rhythm.0.weekdays.0: 'tuesday': Input should be 'mon'"),
    ('anchor = "opening"', 'anchor = "birthday"', "slip.toml: rhythm.0.anchor: 'birthday': Input should be 'first_intake'"),
    ('hours = ["10:00"]', 'hours = ["25:00"]', "slip.toml: rhythm.0.hours.0: '25:00': String should match"),
    ("oral_therapy = true", "oral_therapie = true", "slip.toml: oral_therapy: .*Field required"),
    (
        'letter = "handover"',
        'letter = "postcard"',
        "slip.toml: the whole file: .*: exit.letter: no document postcard leaves at the end",
    ),
    ('levels = ["standard"]', 'levels = ["gold"]', "rhythm.weekly.levels: gold is not one of the levels"),
    ('  "active_per_nurse"', '  "happiness"', "slip.toml: indicators: 'happiness': nobody knows how to work it out"),
    (
        'stands_on = "contact@2026-11-23"',
        'stands_on = "contact"',
        "slip.toml: form.stands_on: 'contact': no such form; known: contact@2026-11-23",
    ),
    ("[opening]", "[opening", "slip.toml: line [0-9]+: .*opening"),
)


@pytest.mark.parametrize(("right", "wrong", "said"), SLIPS)
def test_a_slip_is_refused_with_file_key_value_and_reason(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    assert right in COACH
    (tmp_path / "slip.toml").write_text(COACH.replace(right, wrong, 1), "utf-8")
    with pytest.raises(ProgrammeError, match=said):
        load(tmp_path)


def test_ato_3_an_oral_form_without_the_new_medicine_question_cannot_be_published(tmp_path: Path) -> None:
    """ATO-3: side effects AND adherence AND new medicines or herbal products in each call of an oral treatment."""
    form = 'stands_on = "contact@2026-11-23"'
    (tmp_path / "oral.toml").write_text(ORAL.replace(form, f'{form}\nask = ["intakes", "symptoms", "weight"]'), "utf-8")
    with pytest.raises(ProgrammeError, match=r"oral\.toml: .*any new medicine or herbal product: add the question new_medicines"):
        load(tmp_path)
    asked = ORAL.replace(form, f'{form}\nask = ["intakes", "symptoms", "new_medicines"]')
    (tmp_path / "oral.toml").write_text(asked, "utf-8")
    assert load.__wrapped__(tmp_path).versions["ama-oral", date(2015, 1, 1)].form.keys == ["intakes", "new_medicines", "symptoms"]


def test_two_files_of_one_programme_and_day_are_refused_and_a_missing_folder_too(tmp_path: Path) -> None:
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(COACH, "utf-8")
    with pytest.raises(ProgrammeError, match=r"b\.toml: effective_from: 2013-01-01: a\.toml already holds coach from that day"):
        load(tmp_path)
    with pytest.raises(ProgrammeError, match=r"VIGIE_PROGRAMMES_DIR: .*nowhere: no such folder"):
        load(tmp_path / "nowhere")
