"""Files the browser loads: vendored ones unchanged, ours small, nothing from elsewhere."""

from __future__ import annotations

import hashlib
import re

from app.web.render import STATIC

VENDOR = STATIC / "vendor"


def test_every_vendored_file_is_the_one_that_was_looked_at() -> None:
    """SEC-44: what is not listed is not shipped, what is listed has not changed."""
    listed = dict(re.findall(r"^([0-9a-f]{64})  (\S+)$", (VENDOR / "VENDORED.txt").read_text(encoding="utf-8"), re.M))
    listed = {name: digest for digest, name in listed.items()}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.iterdir() if path.name != "VENDORED.txt"}
    assert found == listed
    assert any(name.endswith("LICENSE.txt") for name in found)


def test_our_files_load_nothing_from_elsewhere() -> None:
    for path in (*STATIC.glob("*.css"), *STATIC.glob("*.js")):
        assert not re.findall(r"https?://(?!www\.w3\.org)", path.read_text(encoding="utf-8")), path.name


def test_the_colours_of_the_design_guide_are_the_ones_on_screen() -> None:
    """Fills checked for contrast and under three colour-vision simulations: a designer changes them, not a commit."""
    sheet = (STATIC / "vigie.css").read_text(encoding="utf-8").lower()
    for colour in (
        "#f4f6f8",
        "#c9dff3",
        "#f0b429",
        "#b94700",
        "#5e0b2b",
        "#a3123a",
        "#f2b300",
        "#7fc8f8",
        "#e6eaf0",
        "#1b1f24",
        "#4a5560",
        "#0b4f9e",
    ):
        assert colour in sheet
