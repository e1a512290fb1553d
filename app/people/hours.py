"""Opening hours as people write them: "mon-fri 08:00-12:30 13:30-18:00, sat 09:00-12:00"."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FRENCH = {"lun": "mon", "mar": "tue", "mer": "wed", "jeu": "thu", "ven": "fri", "sam": "sat", "dim": "sun"}
_PART = re.compile(r"([a-z]{3})(?:-([a-z]{3}))?((?:\s+\d{1,2}[:h]\d{2}-\d{1,2}[:h]\d{2})+)")

Hours = dict[str, Any]
"""Weekday "0" (Monday) to "6" → list of ["HH:MM", "HH:MM"], local; a day that is absent is closed."""


def read(text: str) -> Hours:
    """The table a service keeps. Days in English or French, three letters. Raises ValueError with the part that cannot be read."""
    hours: Hours = {}
    for part in filter(None, (piece.strip().casefold() for piece in text.split(","))):
        match = _PART.fullmatch(part)
        first, last = (_day(name) for name in (match.group(1), match.group(2) or match.group(1))) if match else (None, None)
        if match is None or first is None or last is None or last < first:
            raise ValueError(f"Opening hours cannot be read at “{part}”. Write for instance: mon-fri 08:00-18:00, sat 09:00-12:00.")
        spans = [[_time(end) for end in span.split("-")] for span in match.group(3).split()]
        for day in range(first, last + 1):
            hours.setdefault(str(day), []).extend(spans)
    for key, spans in hours.items():
        spans.sort()
        if any(start >= end for start, end in spans) or any(a[1] > b[0] for a, b in pairwise(spans)):
            raise ValueError(f"Opening hours of {DAYS[int(key)]} overlap or end before they begin. Check them.")
    if not hours:
        raise ValueError("Write at least one day of opening. Nobody would read the answers otherwise.")
    return dict(sorted(hours.items()))


def written(hours: Hours, language: str = "en") -> str:
    """The inverse of ``read``, days with the same hours joined and named in English or French."""
    days = tuple(FRENCH) if language == "fr" else DAYS
    groups: list[tuple[int, int, str]] = []
    for day in range(7):
        spans = " ".join("-".join(span) for span in hours.get(str(day), []))
        if not spans:
            continue
        if groups and groups[-1][1] == day - 1 and groups[-1][2] == spans:
            groups[-1] = (groups[-1][0], day, spans)
        else:
            groups.append((day, day, spans))
    return ", ".join(f"{days[a]}-{days[b]} {spans}" if a != b else f"{days[a]} {spans}" for a, b, spans in groups)


def _day(name: str) -> int | None:
    name = FRENCH.get(name, name)
    return DAYS.index(name) if name in DAYS else None


def _time(text: str) -> str:
    hour, minute = (int(part) for part in re.split("[:h]", text))
    if hour > 23 or minute > 59:
        raise ValueError(f"“{text}” is not a time of day. Write it as 08:00.")
    return f"{hour:02}:{minute:02}"
