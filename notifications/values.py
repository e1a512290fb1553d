"""How the value behind each placeholder of a text is checked and said, in every language the files know.

A value of a person's file cannot slip in: a placeholder takes a number, a moment, the service's own telephone or a ``Label``, which
only reviewed data (protocols, symptoms, language files) may make.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from notifications.languages import Language, languages
from notifications.messages import Label, Missing, Moment, Noted


class WordingError(ValueError):
    """A text cannot be made: missing language, unknown key or placeholder, wrong value, wrong alphabet, too long."""


def _of(language: str) -> Language:
    try:
        return languages()[language]
    except KeyError:
        raise WordingError(f"there is no language {language!r}; there is {', '.join(languages())}") from None


def _text(pattern: str, limit: int) -> Callable[[object, str], str]:
    def say(value: object, _language: str) -> str:
        if not isinstance(value, str) or len(value) > limit or not re.fullmatch(pattern, value):
            raise WordingError(f"{value!r} is not of the expected form (at most {limit} characters)")
        return value

    return say


def _label(limit: int) -> Callable[[object, str], str]:
    def say(value: object, _language: str) -> str:
        if not isinstance(value, Label):
            raise WordingError(f"{value!r} is not a Label: only words of a reviewed document may enter a text")
        if not value.text.strip() or len(value.text) > limit:
            raise WordingError(f"the label {value.text!r} is empty or longer than {limit} characters")
        return value.text

    return say


def _number(low: int, high: int) -> Callable[[object, str], str]:
    def say(value: object, _language: str) -> str:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise WordingError(f"{value!r} is not a whole number from {low} to {high}")
        return str(value)

    return say


def _decimal(value: object, language: str) -> str:
    if not isinstance(value, Decimal) or not value.is_finite() or not -1000 < value < 1000:
        raise WordingError(f"{value!r} is not a decimal number of ordinary size")
    return str(value).replace(".", _of(language).decimal)


def _hour(value: object, language: str) -> str:
    if not isinstance(value, time):
        raise WordingError(f"{value!r} is not a time of day")
    form = _of(language).form("hour", "minutes" if value.minute else "whole")
    half = "am" if value.hour < 12 else "pm"
    return form.format(hour=value.hour, hour12=value.hour % 12 or 12, minutes=f"{value.minute:02d}", half=half)


def _day(value: object, language: str) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise WordingError(f"{value!r} is not a day")
    return _of(language).days[value.weekday()]


def _moment(*, before: bool) -> Callable[[object, str], str]:
    def say(value: object, language: str) -> str:
        if not isinstance(value, Moment) or value.at.tzinfo is None or value.now.tzinfo is None:
            raise WordingError(f"{value!r} is not a Moment with a zone")
        ahead = (value.at.date() - value.now.date()).days
        if value.at < value.now or ahead > 365:
            raise WordingError(f"{value.at:%Y-%m-%d %H:%M} is past, or more than a year ahead: it cannot be promised")
        spoken = _of(language)
        hour = _hour(value.at.time(), language)
        if before:
            hour = spoken.form("moment", "before").format(hour=hour)
        form = "today" if ahead == 0 else "tomorrow" if ahead == 1 else "week" if ahead < 7 else "later"
        return spoken.form("moment", form).format(hour=hour, day=spoken.days[value.at.weekday()], date=f"{value.at:%d/%m}")

    return say


def _level(value: object, language: str) -> str:
    try:
        return _of(language).form("levels", str(value))
    except KeyError:
        raise WordingError(f"{value!r} is not a level that is announced") from None


def _heard(value: object, language: str) -> str:
    try:
        return _of(language).form("again", str(value))
    except KeyError:
        raise WordingError(f"{value!r} is no reason to ask again") from None


def _emergency(name: str) -> Callable[[object, str], str]:
    def say(value: object, language: str) -> str:
        number = _text(r"[0-9]{2,4}", 4)(value, language)
        return (
            _of(language).form("emergency", name) if number == "15" else number
        )  # 112 answers in Europe only: never beside another number

    return say


def _night(value: object, language: str) -> str:
    """Whom to call when the service is closed: the doctor's own line where there is one, and always the emergency number."""
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        raise WordingError(f"{value!r}: the doctor's line and the emergency number are expected")
    sos = _emergency("sos")(value[1], language)
    if not value[0]:
        return sos
    return _of(language).form("emergency", "night").format(line=_text(TELEPHONE, 13)(value[0], language), sos=sos)


def _labels(value: object, language: str) -> str:
    return ", ".join(f"{chr(65 + i)} {_label(LONGEST_LABEL)(label, language)}" for i, label in enumerate(several(value)))


def several(value: object) -> Sequence[object]:
    """Two or three things asked about together. WordingError otherwise."""
    if not isinstance(value, Sequence) or isinstance(value, str) or not 2 <= len(value) <= 3:
        raise WordingError(f"{value!r}: a text asks about two or three symptoms together (one has its own question)")
    return value


def _noted(value: object, language: str) -> str:
    if not isinstance(value, Sequence) or isinstance(value, str) or not 1 <= len(value) <= 9:
        raise WordingError(f"{value!r}: between one and nine answers are echoed")
    said = []
    for item in value:
        if not isinstance(item, Noted):
            raise WordingError(f"{item!r} is not a Noted answer")
        said.append(f"{_label(25)(item.label, language)} {_noted_value(item.value, language)}")
    return ", ".join(said)


def _noted_value(value: int | Decimal | Label | None, language: str) -> str:
    if value is None:
        return "?"
    if isinstance(value, Label):
        return _label(25)(value, language)
    return _decimal(value, language) if isinstance(value, Decimal) else _number(0, 999)(value, language)


def _missing(value: object, language: str) -> str:
    if not isinstance(value, Sequence) or not 1 <= len(value) <= 3:
        raise WordingError(f"{value!r}: one to three missing parts are named")
    said = []
    for part in value:
        if not isinstance(part, Missing) or not 0 <= part.index < 3:
            raise WordingError(f"{part!r} is not a Missing part A, B or C")
        said.append(f"{chr(65 + part.index)} ({_label(LONGEST_LABEL)(part.label, language)})")
    return ", ".join(said)


class Placeholder(NamedTuple):
    """say: value and language to words, or WordingError. longest: what lengths are checked with. typical: what reading is measured with."""

    say: Callable[[object, str], str]
    longest: object
    typical: object


TELEPHONE = r"\+?[0-9][0-9 .]+"
LONGEST_LABEL = 18
"""The name of one question in a text."""
_LONG, _LONGEST = Label("W" * 15), Label("W" * LONGEST_LABEL)
_MIDNIGHT = datetime.fromisoformat("2026-11-25T00:00+00:00")  # a Wednesday, the longest name in French and in English
_LATEST = Moment(_MIDNIGHT.replace(hour=20, minute=30), _MIDNIGHT.replace(day=22))
_MORROW = Moment(_MIDNIGHT.replace(hour=10), _MIDNIGHT.replace(day=24))
_THREE = (Label("nausées"), Label("diarrhée"), Label("fatigue"))

PLACEHOLDERS: Mapping[str, Placeholder] = MappingProxyType(
    {
        "svc": Placeholder(_text(r"[A-Za-z0-9éèàùÉ' .-]+", 12), "W" * 12, "Suivi Baie"),
        "tel": Placeholder(_text(TELEPHONE, 13), "+447700900123", "0199001234"),
        "night": Placeholder(_night, ("+447700900123", "15"), ("", "15")),
        "sos": Placeholder(_emergency("sos"), "15", "15"),
        "sos_or_112": Placeholder(_emergency("sos_or_112"), "15", "15"),
        "day": Placeholder(_day, _MIDNIGHT.date(), _MIDNIGHT.date()),
        "hour": Placeholder(_hour, time(10, 30), time(10, 0)),
        "when": Placeholder(_moment(before=True), _LATEST, _MORROW),
        "opening": Placeholder(_moment(before=False), _LATEST, _MORROW),
        "next": Placeholder(_moment(before=False), _LATEST, _MORROW),
        "limit": Placeholder(_decimal, Decimal("38.5"), Decimal("38.0")),
        "minutes": Placeholder(_number(1, 240), 120, 30),
        "link": Placeholder(_text(r"https?://[A-Za-z0-9.:/_*-]+", 65), "https://" + "w" * 57, "https://suivi.example/q/" + "w" * 22),
        "symptom": Placeholder(_label(25), Label("W" * 25), _THREE[0]),
        "question": Placeholder(_label(95), Label("W" * 95), Label("avez-vous eu des frissons ou des tremblements de froid")),
        "labels": Placeholder(_labels, (_LONGEST, _LONGEST, _LONG), _THREE),
        "count": Placeholder(_number(2, 3), 3, 3),
        "example": Placeholder(_text(r"[0-9 ]+", 5), "1 0 2", "1 0 2"),
        "noted": Placeholder(_noted, tuple(Noted(_LONG, 10) for _ in range(3)), tuple(Noted(label, 2) for label in _THREE)),
        "missing": Placeholder(_missing, (Missing(1, _LONGEST), Missing(2, _LONGEST)), (Missing(2, _THREE[2]),)),
        "heard": Placeholder(_heard, "unclear", "unclear"),
        "level": Placeholder(_level, "moderate", "moderate"),
        "code": Placeholder(_text(r"[0-9]{6}|[*]{6}", 6), "*" * 6, "482915"),
        "ref": Placeholder(_text(r"[A-Z0-9-]+", 8), "W" * 8, "A12"),
    }
)
"""Every placeholder a text may hold. Lengths of shipped texts are checked with the longest values."""
