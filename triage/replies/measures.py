"""Measures: how many times, temperature, weight. Rounded never across a floor, implausible values never corrected."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from triage.replies.clauses import Text
from triage.replies.fever import is_not_body
from triage.replies.numerals import Warmth, to_one_decimal, warmths, without_asides
from triage.replies.parsed import Parsed, again, nurse, own, said, settled
from triage.replies.scanning import is_own_number
from triage.replies.shapes import decimal, numbers
from triage.replies.words import Words, key_of
from triage.terms import Asked, Escalate

FEVER_FLOOR = Decimal("38.3")
CLASS_FEVER = Decimal("38.0")
COLD_FLOOR = Decimal("36.0")
PLAUSIBLE_TEMPERATURE = (Decimal("34.0"), Decimal("43.0"))
PLAUSIBLE_WEIGHT = (Decimal(25), Decimal(250))
MOST_IN_A_DAY = 50
POUND, STONE = Decimal("0.45359237"), Decimal("6.35029318")


_OTHER_UNITS = re.compile(r"\b\d+(?:[.,]\d+)?\s?(?:kg|kilos?|comprimes?|cachets?|gelules?|pills?|tablets?)\b|\b3[6-9][.,]\d\b")


_MOMENT = re.compile(r"\b(?:matin|soir|midi|nuit|hier|journee|morning|afternoon|evening|night|noon|tonight|today|yesterday)\b")


def count(text: Text, asked: Asked, words: Words) -> Parsed | None:
    got = numbers(own(text, _OTHER_UNITS))
    codes = said(text, words, "count")
    worded = [int(c) for c in codes if c.isdigit()]
    if len(got.all) == 2 and got.worst_of is None and len(set(_MOMENT.findall(text.folded))) > 1:
        return again("two_values")
    if not got.all:
        if worded and not re.search(r"\b(?:not|pas) (?:once|une fois)\b", text.folded):
            return _counted(text, asked, max(worded), ("about",) if max(worded) >= 10 else ())
        if "none" in codes and "plenty" not in codes:
            return replace(settled("0"), worded=True)
        if "plenty" in codes or said(text, words, "yes"):
            return again("missing_value")
        return None
    if got.worst_of is not None:
        return _counted(text, asked, got.worst_of, ("range_kept_higher",))
    if len(got.all) > 1:
        first = re.match(r"\W*(\d+)\s*(?:fois|x|times|selles?|vomissements?)?\s*(?:[.,;:!?\n(]|$)", text.folded)
        times = re.findall(r"\d+\s?(?:fois|foi|x|times)\b", text.folded)
        if len(set(got.all)) == 1 and len(times) < 2:
            return _counted(text, asked, got.all[0], ())
        if not first or len(times) > 1:
            return again("two_values")
        return _counted(text, asked, decimal(first[1]), ())
    return _counted(text, asked, got.all[0], ("at_least",) if got.at_least else ())


def _counted(text: Text, asked: Asked, value: int | Decimal, notes: tuple[str, ...]) -> Parsed:
    if value != int(value) or value > MOST_IN_A_DAY:
        return again("implausible")
    vomits = bool(re.search(r"\b(?:re)?vom|gerb|degueul|puk|threw|throw", text.folded)) or any("vomit" in k for k in asked.keys)
    return settled(str(int(value)), nurse(value >= (6 if vomits else 7)), notes)


def temperature(text: Text, asked: Asked, words: Words) -> Parsed | None:
    folded = without_asides(text.folded)
    heat = [w for w in warmths(text.folded) if _stands(text, w, words) and re.search(r"\d", _kept(text.folded, folded, w.start, w.end))]
    if heat:
        worst = max(heat, key=lambda w: w.celsius)
        low, high = PLAUSIBLE_TEMPERATURE
        if not low <= worst.celsius <= high:
            return again("implausible")
        notes = (("two_readings",) if len(heat) > 1 else ()) + (("fahrenheit",) if worst.fahrenheit else ())
        return _degrees(worst.celsius if len(heat) == 1 or worst.celsius >= COLD_FLOOR else min(w.celsius for w in heat), notes)
    if re.search(r"\d", folded) and not re.search(r"\d\s?(?:fois|x\b)", folded):
        return again("implausible") if numbers(own(text)).all else None
    codes = said(text, words, "temperature")
    if "no_thermometer" in codes or key_of(text) in ("non", "no", "nn", "nan", "nope", "non merci", "non pas"):
        return again("no_thermometer")
    for code in codes:
        return settled(code) if code == "no_fever" else again(code)
    return again("missing_value") if said(text, words, "yes")[:1] else None


def _kept(folded: str, without: str, start: int, end: int) -> str:
    """The digits of a reading when they survive the removal of dates, clock times and telephone numbers."""
    return folded[start:end] if folded[start:end].strip() in without else ""


def _stands(text: Text, warmth: Warmth, words: Words) -> bool:
    return is_own_number(text, warmth.start) and not is_not_body(text.folded, warmth, words.beside)


def _degrees(value: Decimal, notes: tuple[str, ...]) -> Parsed:
    shown = str(to_one_decimal(value))
    if value >= FEVER_FLOOR:
        return settled(shown, Escalate.URGENT, notes, ("fever",))
    return settled(shown, nurse(value < COLD_FLOOR or value >= CLASS_FEVER), notes)


_KILO_GRAMS = re.compile(r"\b(\d{2,3})\s?(?:kg|kilos?|k)\s?(?:et )?([1-9]\d{2}|[1-9])\b(?:\s?(?:g|grammes?))?")
_CHANGE = re.compile(
    r"(perdu|perd|perte|maigri|moins|lost|dropped|-)\s*(?:de |d')?(?:environ |encore |about )?(\d+(?:[.,]\d+)?)\s*(?:kilos?|kg|k\b|kgs)|"
    r"(?P<less>\d+(?:[.,]\d+)?)\s*(?:kilos?|kg|k\b|kgs) (?:de |en )?(?:perdus?|moins|lost|down)|"
    r"(pris|prise|grossi|repris|gained|put on|\+)\s*(?:de |d')?(?:environ |encore |about )?(\d+(?:[.,]\d+)?)\s*(?:kilos?|kg|k\b|kgs)"
)
_IMPERIAL = re.compile(r"\b(\d{1,2})\s?(?:stones?|st)(?:\s?(\d{1,2})\s?(?:lbs?|pounds?)?)?|\b(\d{2,3})\s?(?:lbs?|pounds?)\b")


def weight(text: Text, asked: Asked, words: Words) -> Parsed | None:
    folded = text.folded
    change = _CHANGE.search(folded)
    folded = _CHANGE.sub(" ", folded)
    imperial = _IMPERIAL.search(folded)
    if imperial:
        pounds = decimal(imperial[3]) * POUND if imperial[3] else decimal(imperial[1]) * STONE + decimal(imperial[2] or "0") * POUND
        return _kilos(str(to_one_decimal(pounds)), ("pounds",))
    split = _KILO_GRAMS.search(folded)
    if split:
        grams = split[2] if len(split[2]) == 1 else split[2].rstrip("0") or "0"
        return _kilos(f"{split[1]}.{grams}", ())
    got = numbers(re.sub(r"\(.*?\)", " ", folded))
    raw = re.findall(r"(?<![\d.,])\d+(?:[.,]\d+)?(?!\d)", without_asides(re.sub(r"\(.*?\)", " ", folded)))
    inside = [r for r in raw if PLAUSIBLE_WEIGHT[0] <= decimal(r) <= PLAUSIBLE_WEIGHT[1]]
    if len(set(inside)) == 1:
        return _kilos(inside[0].replace(",", "."), ("weight_change",) if change else ())
    if inside:
        return again("two_values")
    if got.all and not change:
        return again("implausible")
    if not change and said(text, words, "yes"):
        return again("missing_value")
    return again("missing_value") if not change and re.search(r"\b(?:balance|pese|peser|scales?|weigh)", folded) else None


def _kilos(value: str, notes: tuple[str, ...]) -> Parsed:
    low, high = PLAUSIBLE_WEIGHT
    return settled(value, Escalate.NO, notes) if low <= Decimal(value) <= high else again("implausible")


def weight_change(folded: str) -> str | None:
    """ "weight_loss:3" or "weight_gain:2" when kilos lost or gained are told."""
    change = _CHANGE.search(folded)
    if not change:
        return None
    code, amount = ("weight_loss", change[2] or change["less"]) if change[1] or change["less"] else ("weight_gain", change[5])
    return f"{code}:{amount.replace(',', '.')}"
