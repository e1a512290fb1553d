"""Opening hours as people write them: read without guessing, written back the same."""

from __future__ import annotations

import pytest

from app.people import hours

DAY = [["08:00", "18:00"]]


@pytest.mark.parametrize(
    ("text", "table", "again"),
    [
        ("mon-fri 08:00-18:00", {str(day): DAY for day in range(5)}, "mon-fri 08:00-18:00"),
        ("lun-ven 8h00-18h00", {str(day): DAY for day in range(5)}, "mon-fri 08:00-18:00"),
        (
            "Tue 13:30-17:00 08:00-12:30, sat 09:00-12:00",
            {"1": [["08:00", "12:30"], ["13:30", "17:00"]], "5": [["09:00", "12:00"]]},
            "tue 08:00-12:30 13:30-17:00, sat 09:00-12:00",
        ),
        ("mon 08:00-12:00, mon 14:00-18:00", {"0": [["08:00", "12:00"], ["14:00", "18:00"]]}, "mon 08:00-12:00 14:00-18:00"),
    ],
)
def test_read_and_written(text: str, table: hours.Hours, again: str) -> None:
    assert hours.read(text) == table
    assert hours.written(table) == again
    assert hours.read(hours.written(table, "fr")) == table


@pytest.mark.parametrize(
    "text",
    [
        "",
        "always",
        "mon",
        "mon 8-18",
        "fri-mon 08:00-18:00",
        "mon 18:00-08:00",
        "mon 25:00-26:00",
        "mon 08:00-12:00 11:00-14:00",
        "xyz 08:00-18:00",
    ],
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"hours|day of opening|time of day"):
        hours.read(text)
