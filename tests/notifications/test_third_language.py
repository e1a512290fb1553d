"""HZ-36: a language is added by files alone. A copy of the project is given one more, and no line of its code is touched."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.house.tree import ROOT

ASK = """
import json
from app.people import patients, reading
from app.people.models import Patient
from app.protocols import said, shelf
from app.web import words
from notifications import wording
patient = Patient(language="xyz", also_reads=[], respondents=[])
print(json.dumps({
    "languages": wording.LANGUAGES,
    "may be enrolled": "xyz" in patients.LANGUAGES,
    "reads": reading.languages_of(patient),
    "asked": all(said.can_ask(p.questions.values(), "xyz") for p in shelf.compiled().values()),
    "text": wording.render("q_pain", "xyz", {"svc": "Suivi"}),
    "sheet": "xyz" in words.exist_in("sheet"),
    "name on the screens": words.say("fr", "language.xyz"),
    "checked": wording.checked("xyz"),
}))
"""


def test_one_more_language_by_files_alone(tmp_path: Path) -> None:
    """Texts, question words and the sheet of a language nobody has heard of: it is enrolled, asked and shown, and marked as not checked."""
    for room in ("app", "triage", "notifications", "migrations"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in ("notifications/texts", "app/web/words"):
        shutil.copytree(tmp_path / folder / "rcf", tmp_path / folder / "xyz")
    shutil.copy(tmp_path / "triage/library/said/rcf.toml", tmp_path / "triage/library/said/xyz.toml")
    language = tmp_path / "notifications/texts/xyz/language.toml"
    language.write_text(
        language.read_text(encoding="utf-8").replace("Kréol rényoné", "Xyz").replace("place = 3", "place = 4"), encoding="utf-8"
    )
    (tmp_path / "notifications/texts/xyz/q_pain.txt").write_text("{svc} : xyz ?", encoding="utf-8")

    asked = subprocess.run([sys.executable, "-c", ASK], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert asked.returncode == 0, asked.stderr[-2000:]
    assert json.loads(asked.stdout) == {
        "languages": ["fr", "en", "rcf", "xyz"],
        "may be enrolled": True,
        "reads": ["xyz"],
        "asked": True,
        "text": "Suivi : xyz ?",
        "sheet": True,
        "name on the screens": "Xyz",
        "checked": False,
    }
