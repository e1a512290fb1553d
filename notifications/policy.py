"""Pure rules of courtesy and cost: quiet hours, back-off, length of a text. Nothing clinical.

Quiet hours and the 160 and 306 limits come from the project's SMS rules (docs in README.md, decisions); the commands are in keywords.toml.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from notifications.messages import Failure, Reason

QUIET_FROM = time(20, 0)
QUIET_UNTIL = time(8, 0)

QUESTION_UNITS = 160
"""One segment: a question must not arrive in two halves, in any order."""
ADVICE_UNITS = 306
"""Two segments."""

BACK_OFF = tuple(timedelta(seconds=s) for s in (15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400))
"""Pause after the 1st, 2nd... failed attempt. After the last, about eight hours, a person takes over."""

ATTEMPT_LEASE = timedelta(seconds=90)
"""How long one attempt may hold a message: more than the slowest call (connect and read, twice 10 s), with a margin."""

NUMBER_IS_BAD = frozenset({Reason.BAD_NUMBER, Reason.NOT_MOBILE})
"""The number itself will never take a text; a person must find another way."""

_KEYWORDS: Mapping[str, Mapping[str, list[str]]] = tomllib.loads((Path(__file__).parent / "keywords.toml").read_text(encoding="utf-8"))

OPT_OUT_WORDS = frozenset(word for table in _KEYWORDS.values() for kind in ("stop", "ask") for word in table.get(kind, ()))
"""Words that alone may make a carrier silence the patient for ever. No question may have one as its natural answer (SEC-18)."""


def is_quiet(now: datetime, zone: str) -> bool:
    """Between 20:00 and 08:00 on the patient's wall. ``now`` is aware; an unknown zone raises."""
    local = now.astimezone(ZoneInfo(zone)).time()
    return local >= QUIET_FROM or local < QUIET_UNTIL


def first_allowed(at: datetime, zone: str) -> datetime:
    """``at`` itself, or the next 08:00 on the patient's wall; in UTC either way on the way out of local time."""
    if not is_quiet(at, zone):
        return at
    local = at.astimezone(ZoneInfo(zone))
    day = local.date() + timedelta(days=1) if local.time() >= QUIET_FROM else local.date()
    return datetime.combine(day, QUIET_UNTIL, tzinfo=ZoneInfo(zone)).astimezone(at.tzinfo)


def waking_after(at: datetime, span: timedelta, zone: str) -> datetime:
    """``span`` of hours that are not quiet after ``at``, on the patient's wall: two hours after 19:00 is 9:00 the next day."""
    begins = first_allowed(at, zone)
    local = begins.astimezone(ZoneInfo(zone))
    evening = datetime.combine(local.date(), QUIET_FROM, tzinfo=ZoneInfo(zone)).astimezone(at.tzinfo)
    if begins + span < evening:
        return begins + span
    return waking_after(evening, span - (evening - begins), zone)


def next_try(attempts: int, failure: Failure, now: datetime) -> datetime | None:
    """When to try again after ``attempts`` failed ones (from 1), or None: never. A longer pause asked by the carrier is kept."""
    if failure.permanent or attempts > len(BACK_OFF):
        return None
    return now + max(BACK_OFF[attempts - 1], failure.retry_after or timedelta(0))


# --- Length, counted as the carrier bills it -------------------------------------------------------------------------------------

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = frozenset("^{}\\[~]|€\f")


@dataclass(frozen=True)
class Length:
    """encoding: GSM-7 or UCS-2. units: septets, or UTF-16 code units. segments: what is billed, at least 1."""

    encoding: str
    units: int
    segments: int


def not_gsm7(text: str) -> str:
    """The characters that would turn the whole text to UCS-2 and cut its segment from 160 to 70, each once, in order."""
    return "".join(dict.fromkeys(c for c in text if c not in _BASIC and c not in _ESCAPED))


def length(text: str) -> Length:
    """Encoding, units and segments of ``text``. A character is never split between two segments, nor an accent from its letter."""
    if not_gsm7(text):
        sizes = [len(cluster.encode("utf-16-be", "surrogatepass")) // 2 for cluster in _clusters(text)]
        return Length("UCS-2", sum(sizes), _segments(sizes, alone=70, joined=67))
    sizes = [2 if c in _ESCAPED else 1 for c in text]
    return Length("GSM-7", sum(sizes), _segments(sizes, alone=160, joined=153))


def _segments(sizes: list[int], *, alone: int, joined: int) -> int:
    if sum(sizes) <= alone:
        return 1
    count, free = 1, joined
    for size in sizes:
        if size > free:
            count, free = count + 1, joined
        free -= size
    return count


def _clusters(text: str) -> list[str]:
    # Close enough to Unicode's clusters for what telephones send: accents, variation selectors, skin tones, joined emoji.
    found: list[str] = []
    for c in text:
        joins = unicodedata.combining(c) or c in "\u200d\ufe0f" or "\U0001f3fb" <= c <= "\U0001f3ff"
        if found and (joins or found[-1].endswith("\u200d")):
            found[-1] += c
        else:
            found.append(c)
    return found


def opt_out_answers(answers: Iterable[str]) -> list[str]:
    """Those of a question's natural answers that a carrier may take for an opt-out. Must be empty for every question (SEC-18)."""
    return [answer for answer in answers if plain(answer) in OPT_OUT_WORDS]


def keyword(text: str, country: str) -> str:
    """The command that a text is, alone and in that country: "stop", "ask", "start", "help", or "" (``keywords.toml``)."""
    said = plain(text)
    tables = [table for name, table in _KEYWORDS.items() if name in ("world", country) or country in table.get("also", ())]
    return next((kind for kind in ("stop", "ask", "start", "help") for table in tables if said in table.get(kind, ())), "")


def plain(text: str) -> str:
    """Lower case, no accent, no punctuation around, single spaces: the form in which words are compared."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(bare.strip(" .,;:!?'\"").split())
