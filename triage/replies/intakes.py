"""Doses taken, missed, extra, on rest days; and menus answered by a number."""

from __future__ import annotations

import re
from collections.abc import Callable

from triage.replies.clauses import Text
from triage.replies.matching import matches
from triage.replies.numerals import without_asides
from triage.replies.parsed import TIMES, Parsed, again, nurse, own, said, settled
from triage.replies.scanning import is_own_number
from triage.replies.shapes import Numbers, numbers
from triage.replies.stopping import stopped
from triage.replies.words import Words, key_of
from triage.terms import Asked, Escalate

_OF_TOTAL = re.compile(r"(?<![\d.,/])(\d{1,2})\s*(?:/|sur|out of|of)\s*(\d{1,2})(?![\d/])")
_PAIR = re.compile(r"^\W*(\d{1,2})\s*(?:[ ,;:/+.&\n-]|et|and|\s)+\s*(\d{1,2})\W*$")
_DAY = re.compile(
    r"\b(?:hier|ce|matin|soir|midi|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|morning|evening|"
    r"night|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b"
)
_MOMENT = re.compile(r"\b(?:matin|soir|midi|nuit|morning|evening|night|noon)\b")


def intake(text: Text, asked: Asked, words: Words) -> Parsed | None:
    folded = without_asides(text.folded)
    folded = re.sub(r"(?<![\w'])o(?![\w'])", "0", folded)
    pair = _PAIR.match(folded)
    if pair and not _share(pair[0]):
        return _two(int(pair[1]), int(pair[2]))
    codes = said(text, words, "intake")
    if ("stopped" in codes and not _denied(text, words, "stopped")) or stopped(text, words):
        return settled("stopped", Escalate.NURSE)
    but = _all_but(text, words)
    if but is not None:
        return but
    if "off_day" in codes and not _denied(text, words, "off_day"):
        parts = _missed_and_extra(text, folded, [c for c in codes if c == "missed"], words)
        missed = f"{parts.value}+" if parts is not None and parts.value.startswith("missed:") else ""
        return settled(f"{missed}off_day", Escalate.NURSE)
    share = _OF_TOTAL.search(folded)
    if share and int(share[1]) <= int(share[2]) and int(share[2]) >= 3:
        missing = int(share[2]) - int(share[1])
        return settled(f"missed:{missing}" if missing else "all")
    parts = _missed_and_extra(text, folded, codes, words)
    if parts:
        return parts
    if "all" in codes and key_of(text) not in ("tout", "toutes ou presque"):
        return settled("all")
    if re.fullmatch(r"\W*\d{1,2}\W*", folded):
        return again("ambiguous")
    yes = said(text, words, "yes")
    if yes and not asked.keys and "missed" not in codes:
        return settled("all")
    if yes or said(text, words, "no") or re.search(r"\d", folded):
        return again("missing_value" if yes or "missed" in codes else "ambiguous")
    return None


_NAMED_DAY = re.compile(
    r"\b(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|(?:mon|tues|wednes|thurs|fri|satur|sun)day|hier|yesterday)s?\b"
)


_THE_ONE = re.compile(rf"\b(?:celui|celle|le cachet|le comprime|la prise|la dose|the one|the dose|the tablet) .{{0,9}}{_NAMED_DAY.pattern}")


def _all_but(text: Text, words: Words) -> Parsed | None:
    """ "Toutes sauf deux", "oui sauf celle de mardi": never read as all. Without a number or a day, how many is asked."""
    excepted = [where[-1] for rule, where in matches(text, words.tables["intake"]) if rule.code == "but"]
    if not excepted or not (said(text, words, "yes") or "all" in said(text, words, "intake")):
        return None
    after = text.words[excepted[0] + 1 : excepted[0] + 7]
    amount = next((int("1" if w in _ONE else w) for w in after if w in _ONE or (w.isdigit() and len(w) < 3)), 0)
    missed = amount or len(_NAMED_DAY.findall(" ".join(after)))
    return settled(f"missed:{missed}") if missed else again("missing_value")


_ONE = frozenset({"un", "une", "one", "in", "inn"})


def _share(text: str) -> bool:
    m = _OF_TOTAL.search(text)
    return bool(m and int(m[2]) >= 3)


def _two(missed: int, extra: int) -> Parsed:
    parts = ([f"missed:{missed}"] if missed else []) + ([f"extra:{extra}"] if extra else [])
    return settled("+".join(parts) or "all", nurse(extra > 0))


def _denied(text: Text, words: Words, code: str) -> bool:
    return all(
        any(set(text.negators[p]) - set(where) for p in where) or any(text.supposed[p] for p in where)
        for rule, where in matches(text, words.tables["intake"])
        if rule.code == code
    )


def _missed_and_extra(text: Text, folded: str, codes: list[str], words: Words) -> Parsed | None:
    out: list[str] = []
    unsure = False
    for code in codes:
        if code not in ("missed", "extra") or _denied(text, words, code):
            continue
        amount = _amount_near(text, words, code)
        if amount is not None:
            out.append(f"{code}:{amount}")
        else:
            unsure = True
    if out:
        value = "+".join(o for o in out if not o.endswith(":0"))
        return settled(value or "all", nurse("extra" in value))
    if unsure and "missed" in codes and len(_MOMENT.findall(folded) or _THE_ONE.findall(folded)) == 1:
        return settled("missed:1")
    return again("missing_value") if unsure else None


def _amount_near(text: Text, words: Words, code: str) -> str | None:
    """The number nearest to the word, within five words and in the same clause as far as commas go; None when there is none or two."""
    places = [p for rule, where in matches(text, words.tables["intake"]) if rule.code == code for p in where]
    found = []
    for i, word in enumerate(text.words):
        w = "1" if word in _ONE else word
        if w.isdigit() and len(w) < 3 and is_own_number(text, text.starts[i]) and word in without_asides(text.folded):
            gap = min(abs(i - p) for p in places)
            between = range(min(i, *places), max(i, *places) + 1)
            if gap <= 5 and not any(text.breaks[k] for k in between if k > min(i, min(places, key=lambda p: abs(p - i)))):
                found.append((gap, w))
    return min(found)[1] if found else None


def choice(table: str, codes: tuple[str, ...]) -> Callable[[Text, Asked, Words], Parsed | None]:
    """A menu answered by its number (1, 2, 3) or in words."""

    def read(text: Text, asked: Asked, words: Words) -> Parsed | None:
        got: Numbers = numbers(own(text, TIMES))
        if len(set(got.all)) == 1:
            n = int(got.all[0])
            return settled(codes[n - 1], nurse(table == "stopwhich")) if 1 <= n <= len(codes) and got.all[0] == n else again("out_of_range")
        if got.all:
            return again("two_values")
        found = [c for c in reversed(codes) if c in said(text, words, table)]
        if not found:
            return None
        return again("ambiguous") if table == "stopwhich" and len(found) > 1 else settled(found[0], nurse(table == "stopwhich"))

    return read
