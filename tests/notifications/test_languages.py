"""HZ-36: languages are data. What a language file must hold, and what a language without every text may say."""

from __future__ import annotations

import shutil
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from notifications import languages, policy, wording
from notifications.languages import FILE, LanguageError
from notifications.messages import Label, Moment, Noted
from notifications.values import PLACEHOLDERS
from notifications.wording import WordingError, catalogue, render

REUNION = ZoneInfo("Indian/Reunion")
SERVICE = {"svc": "Suivi Baie", "tel": "0199001234", "sos": "15", "night": ("", "15")}


def test_reunion_creole_is_there_by_its_files_alone_and_marked_to_be_checked() -> None:
    spoken = languages.languages()["rcf"]
    assert spoken.name == "Kréol rényoné"
    assert spoken.checked == ""
    assert not wording.checked("rcf")
    assert wording.checked("fr")
    assert wording.checked("en")
    assert wording.COMPLETE == ("fr", "en")
    assert "TO BE CHECKED BY A NATIVE READER" in (wording.TEXTS / "rcf" / FILE).read_text(encoding="utf-8")


@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_each_language_has_every_text_a_check_in_needs(language: str) -> None:
    """HZ-36: each language has the full question set, and every text about danger."""
    needed = {key for key in catalogue() if key.startswith(("q_", "reask_", "confirm", "urgent", "welcome", "suicidal"))}
    needed |= {"reminder", "link", "stop_ok", "start_ok", "help", "no_thermometer", "stop_which"}
    assert {key for key in needed if not wording.has(key, language)} == set()
    assert {key for key in needed if not catalogue()[key].core} == set()


@pytest.mark.parametrize(
    ("key", "values", "expected"),
    [
        (
            "q_multi",
            {"labels": (Label("anvi vomi"), Label("diaré"), Label("fatig"))},
            "Suivi Baie : dopi 7 zour, de 0 (non) a 4 (tré for) : A anvi vomi, B diaré, C fatig ? Réponn 3 shif, par ex. 1 0 2",
        ),
        (
            "confirm_g2",
            {
                "noted": (Noted(Label("diaré"), 2), Noted(Label("tanpératir"), Decimal("37.9"))),
                "when": Moment(datetime(2026, 11, 24, 10, tzinfo=REUNION), datetime(2026, 11, 23, 16, tzinfo=REUNION)),
            },
            "La noté : diaré 2, tanpératir 37,9. In infirmyèr va apèl aou demin avan 10 h. Si i ogmant avan : 0199001234. Lirzans : 15.",
        ),
        (
            "urgent_15",
            {"sos_or_112": "15"},
            "Apèl lo 15 sinonsa lo 112 TOUDSUIT é di kèl tretman ou pran. Rès pa tousèl, kondi pa loto. Nou lé o kouran osi.",
        ),
    ],
)
def test_texts_in_reunion_creole(key: str, values: dict[str, object], expected: str) -> None:
    known = {name: value for name, value in SERVICE.items() if name in catalogue()[key].names}
    assert render(key, "rcf", known | values) == expected


def test_a_text_the_language_does_not_have_is_refused_and_not_said_in_another() -> None:
    """HZ-36: nobody gets a text in a language they did not choose because a file is missing."""
    assert not wording.has("care_nausea", "rcf")
    with pytest.raises(WordingError, match="no text in 'rcf'"):
        render("care_nausea", "rcf", {"tel": "0199001234", "sos": "15"})


@pytest.mark.parametrize("language", wording.LANGUAGES)
@pytest.mark.parametrize("day", range(23, 30))
@pytest.mark.parametrize("key", ["confirm_g2", "confirm_closed", "welcome_1", "call_closed", "closed"])
def test_the_longest_day_of_every_language_fits(language: str, day: int, key: str) -> None:
    """SEC-02: the longest weekday differs from one language to the next."""
    values = wording.longest(key)
    at = datetime(2026, 11, day, 20, 30, tzinfo=REUNION)
    for name in ("when", "opening"):
        if name in values:
            values[name] = Moment(at, datetime(2026, 11, day - 2, 8, tzinfo=REUNION))
    if "day" in values:
        values["day"] = at.date()
    assert policy.length(render(key, language, values)).encoding == "GSM-7"


@pytest.mark.parametrize(("at", "said"), [(time(8), "8 h"), (time(16, 30), "16 h 30")])
def test_hours_in_a_language_found_in_files(at: time, said: str) -> None:
    assert PLACEHOLDERS["hour"].say(at, "rcf") == said


def a_folder(folder: Path, code: str, change: tuple[str, str] = ("", "")) -> Path:
    for name in ("fr", code):
        (folder / name).mkdir(exist_ok=True)
        shutil.copy(languages.TEXTS / "fr" / FILE, folder / name / FILE)
    text = (folder / code / FILE).read_text(encoding="utf-8")
    assert change[0] in text
    (folder / code / FILE).write_text(text.replace(*change) if change[0] else text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("code", "change", "complaint"),
    [
        ("swb", ("", ""), None),
        ("swb", ('like = "fr"', 'like = "zz"'), "swb/language.toml: like = 'zz' is no language"),
        ("swb", ('decimal = ","', 'decimal = "·"'), "as decimal mark"),
        ("swb", ('"lundi", ', ""), "seven days, Monday first"),
        ("swb", ('tomorrow = "demain {hour}"\n', ""), "[moment] missing or unknown: tomorrow"),
        ("swb", ('checked = "text by text, in catalogue.toml"\n', ""), "missing or unknown: checked"),
        ("Shimaore", ("", ""), "ISO 639 code"),
    ],
)
def test_a_language_file_with_a_hole_does_not_start(tmp_path: Path, code: str, change: tuple[str, str], complaint: str | None) -> None:
    folder = a_folder(tmp_path, code, change)
    if complaint is None:
        assert tuple(languages.languages.__wrapped__(folder)) == ("fr", "swb")
        return
    with pytest.raises(LanguageError) as refused:
        languages.languages.__wrapped__(folder)
    assert complaint in str(refused.value)


def test_a_language_that_lacks_a_text_about_danger_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HZ-36: an incomplete language may lack advice, never what a check-in or a danger needs."""
    folder = tmp_path / "texts"
    shutil.copytree(languages.TEXTS, folder)
    (folder / "rcf" / "urgent_15.txt").unlink()
    monkeypatch.setattr(wording, "TEXTS", folder)
    with pytest.raises(WordingError, match="urgent_15: no text in 'rcf'"):
        wording.catalogue.__wrapped__()
