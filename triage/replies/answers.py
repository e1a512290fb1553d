"""The answer to the open question, by kind. Nothing is clamped, nothing guessed: what is not sure is asked again, with its reason.

Floors no protocol can lower (reply codebook, rule 7): temperature 38.3 °C and above is urgent, below 36.0 °C a nurse; severity 4,
pain 9-10, 7 liquid stools or 6 vomits in 24 h, treatment stopped by the patient: a nurse.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from triage.replies.clauses import Text
from triage.replies.matching import matches
from triage.replies.numerals import to_one_decimal, warmths, without_asides
from triage.replies.scanning import is_not_body, is_own_number
from triage.replies.shapes import Numbers, decimal, numbers
from triage.replies.words import Words, key_of
from triage.terms import Asked, Escalate, Heard, Kind

FEVER_FLOOR = Decimal("38.3")
CLASS_FEVER = Decimal("38.0")
COLD_FLOOR = Decimal("36.0")
PLAUSIBLE_TEMPERATURE = (Decimal("34.0"), Decimal("43.0"))
PLAUSIBLE_WEIGHT = (Decimal(25), Decimal(250))
MOST_IN_A_DAY = 50
POUND, STONE = Decimal("0.45359237"), Decimal("6.35029318")
DEFAULT_KEYS = ("nausea", "diarrhea", "fatigue")
"""What A, B, C stand for when the question does not name its keys (the template's own example)."""


@dataclass(frozen=True)
class Parsed:
    """What the answer part of a text says: an answer, a part of one, or the reason to ask again."""

    heard: Heard
    value: str
    values: tuple[str | None, ...] = ()
    escalate: Escalate = Escalate.NO
    notes: tuple[str, ...] = ()
    dangers: tuple[str, ...] = ()
    worded: bool = False
    """Read from words of intensity alone ("beaucoup"): beside a danger they speak of the danger, not of the question."""


def _again(reason: str, escalate: Escalate = Escalate.NO) -> Parsed:
    return Parsed(Heard.ASK_AGAIN, reason, (), escalate)


def _is(value: str, escalate: Escalate = Escalate.NO, notes: tuple[str, ...] = (), dangers: tuple[str, ...] = ()) -> Parsed:
    return Parsed(Heard.ANSWER, value, (value,), escalate, notes, dangers)


def _nurse(when: bool) -> Escalate:
    return Escalate.NURSE if when else Escalate.NO


def answer(text: Text, asked: Asked, words: Words) -> Parsed | None:
    """The answer in the text to what is asked; None when nothing in it answers (it may still be a symptom, a command...)."""
    reader = _READERS.get(asked.kind)
    return reader(text, asked, words) if reader else None


def said(text: Text, words: Words, table: str) -> list[str]:
    """Codes of a word table found in the text, those standing first first, the longest phrase winning where two overlap."""
    found = sorted(((where[0], -len(where), rule.code) for rule, where in matches(text, words.tables[table])))
    return list(dict.fromkeys(code for _, _, code in found))


def _plain(text: Text, drop: re.Pattern[str] | None = None) -> str:
    """The folded text without numbers that belong to somebody else, to the past or to a condition."""
    out = text.folded
    for m in reversed(list(re.finditer(r"\d+(?:[.,]\d+)?", out))):
        if not is_own_number(text, m.start()):
            out = out[: m.start()] + " " * (m.end() - m.start()) + out[m.end() :]
    return drop.sub(" ", out) if drop else out


_TIMES = re.compile(r"\b\d+(?:[.,]\d+)?\s?(?:fois|foi|x|times|selles?|vomissements?|comprimes?|cachets?|kilos?|kg|doses?|prises?|pills?|tablets?|stools?)\b|\bx\s?\d+")


def _severity(text: Text, asked: Asked, words: Words) -> Parsed | None:
    got = _scale(text, 4)
    if isinstance(got, Parsed):
        return got
    found = _severity_words(text, words)
    if found is not None:
        return replace(_is(found, _nurse(found == "4")), worded=True)
    for code in said(text, words, "unclear"):
        return _again(code)
    return None


def _severity_words(text: Text, words: Words) -> str | None:
    """The severity the words say; the longest phrase wins ("pas du tout" over "tout", "très fort" over "fort")."""
    best: tuple[int, int, str] | None = None
    for rule, where in matches(text, words.tables["severity"]):
        if rule.code != "0" and any(set(text.negators[p]) - set(where) for p in where):
            continue
        rank = (len(where), int(rule.code), rule.code)
        best = max(best, rank) if best else rank
    if best is None or (best[2] == "0" and best[0] == 1 and len(text.words) > 4):
        return None
    unclear = [where for rule, where in matches(text, words.tables["unclear"]) if rule.code == "ambiguous"]
    return None if any(len(where) > best[0] for where in unclear) else best[2]


def _scale(text: Text, top: int) -> Parsed | None:
    folded = _plain(text, _TIMES)
    folded = re.sub(rf"(\d+(?:[.,]\d+)?)\s*(?:/|sur|out of)\s*{top}\b", r"\1 ", folded)
    got = numbers(folded)
    if not got.all:
        return None
    if got.worst_of is not None:
        return _on_scale(got.worst_of, top, ("range_kept_higher",))
    if len(set(got.all)) > 1:
        first = re.match(r"\W*(\d+)(?=\s*(?:[,.;:!?\n(]|$)|\s+[a-z])", folded)
        inside = [n for n in got.all if n <= top]
        if not first or decimal(first[1]) > top or len(set(inside)) > 1:
            return _again("two_values")
        return _on_scale(decimal(first[1]), top, ())
    return _on_scale(got.all[0], top, ())


def _on_scale(value: Decimal, top: int, notes: tuple[str, ...]) -> Parsed:
    whole = int(value) if value == int(value) else int(value) + 1
    if whole > top:
        return _again("out_of_range")
    kept = notes if value == whole else ("range_kept_higher",)
    return _is(str(whole), _nurse(whole >= (4 if top == 4 else 9)), kept)


def _pain(text: Text, asked: Asked, words: Words) -> Parsed | None:
    got = _scale(text, 10)
    if got is not None:
        return got
    found = _severity_words(text, words)
    if found == "0":
        return _is("0")
    if found is not None:
        return _again("missing_value", _nurse(found == "4"))
    for code in said(text, words, "unclear"):
        return _again(code)
    return None


_LETTERED = re.compile(r"\b([a-e])\s*[:=.)-]?\s*(\d+)\b|\b(\d+)\s*(?:pour\s*)?(?:le |la |en )?([a-e])\b")


def _multi(text: Text, asked: Asked, words: Words) -> Parsed | None:
    keys = asked.keys or DEFAULT_KEYS
    folded = without_asides(_plain(text, _TIMES))
    folded = re.sub(r"(?<![\w'])o(?![\w'])", "0", folded)
    slots = _lettered(folded, len(keys)) or _named(text, folded, keys, words)
    if slots is None:
        run = re.search(rf"(?<![\d.,])[0-9]{{{len(keys)}}}(?![\d.,]*\d)", folded)
        found = list(run[0]) if run and len(re.findall(r"\d", folded)) == len(keys) else re.findall(r"\d+", folded)
        if found and len(set(found)) == 1 and len(found) == 1 and _for_all(text):
            found = found * len(keys)
        slots = [*found, *[None] * (len(keys) - len(found))] if found else _multi_words(text, words, len(keys))
    return None if slots is None else _several(slots, len(keys))


def _several(slots: list[str | None], size: int) -> Parsed:
    if len(slots) > size:
        return _again("wrong_count")
    if any(s is not None and int(s) > 4 for s in slots):
        return _again("out_of_range")
    value = "|".join("?" if s is None else str(int(s)) for s in slots)
    clean = tuple(None if s is None else str(int(s)) for s in slots)
    heard = Heard.PARTIAL if None in clean else Heard.ANSWER
    return Parsed(heard, value, clean, _nurse("4" in clean))


def _for_all(text: Text) -> bool:
    return bool(re.search(r"\b(?:partout|tous|toutes|tout|chaque|all|each|every|everything|pareil|les (?:3|trois)|for everything)\b", text.folded))


def _lettered(folded: str, size: int) -> list[str | None] | None:
    slots: list[str | None] = [None] * size
    pairs = [(m[1] or m[4], m[2] or m[3]) for m in _LETTERED.finditer(folded)]
    pairs = [(letter, number) for letter, number in pairs if ord(letter) - 97 < size]
    if not pairs or (len(pairs) == 1 and (len(re.findall(r"\d+", folded)) > 1 or re.search(r"\ba \d", folded))):
        return None  # "tout à 0" names no letter
    for letter, number in pairs:
        slots[ord(letter) - 97] = number
    return slots


def _named(text: Text, folded: str, keys: tuple[str, ...], words: Words) -> list[str | None] | None:
    """"fatigue 3 nausées 2": each number, or severity word, belongs to the symptom named just before it (else just after)."""
    places = {rule.code: where[-1] for rule, where in matches(text, words.tables["symptom"]) if rule.code in keys}
    if not places:
        return None
    slots: list[str | None] = [None] * len(keys)
    order = sorted(places.items(), key=lambda item: item[1])
    digits = [(i, w) for i, w in enumerate(text.words) if w.isdigit() and is_own_number(text, text.starts[i])]
    if len(digits) > len(places):
        return None  # "1 2 4, le 4 c'est la fatigue"
    before = bool(digits) and digits[0][0] < order[0][1]
    for n, (code, place) in enumerate(order):
        start = (order[n - 1][1] + 1 if n else 0) if before else place + 1
        stop = place if before else (order[n + 1][1] if n + 1 < len(order) else len(text.words))
        here = [w for i, w in digits if start <= i < stop]
        slots[keys.index(code)] = here[0] if len(here) == 1 else _worded(text, words, place, start, stop)
    return slots if any(s is not None for s in slots) else None


def _worded(text: Text, words: Words, place: int, start: int, stop: int) -> str | None:
    if text.negators[place]:
        return "0"
    found = [
        (len(where), rule.code) for rule, where in matches(text, words.tables["severity"]) if all(start <= p < stop for p in where)
    ]
    return max(found)[1] if found else None


def _multi_words(text: Text, words: Words, size: int) -> list[str | None] | None:
    if key_of(text) in words.phrases["none"] and "va" not in text.words or key_of(text) in ("non", "no", "aucun", "rien", "pas du tout", "non pas du tout"):
        return ["0"] * size
    found: dict[int, tuple[int, str]] = {}
    for rule, where in matches(text, words.tables["severity"]):
        for p in where:
            if found.get(p, (0, ""))[0] < len(where):
                found[p] = (len(where), rule.code)
    runs: list[str] = []
    previous: tuple[int, str] | None = None
    last = -2
    for p in sorted(found):
        if found[p] != previous or p > last + 1 or (found[p][0] == 1):
            runs.append(found[p][1])
        previous, last = found[p], p
    if len(runs) == 1 and _for_all(text):
        return [runs[0]] * size
    return [*runs] if len(runs) == size else None


def _yes_no(text: Text, asked: Asked, words: Words) -> Parsed | None:
    key = key_of(text)
    if key in ("oui mais", "yes but", "non mais", "no but", "oui et non", "yes and no", "👍", "ok", "1", "0"):
        return _again("ambiguous")
    order = sorted((where[0], code, len(where)) for code in ("yes", "no", "perhaps") for _, where in matches(text, words.tables[code]))
    if not order:
        return _is("yes") if re.search(r"\b[1-9]\d?\s?(?:fois|foi|x|times)\b|\bonce\b|\btwice\b", text.folded) else None
    first = order[0]
    longest = max((o for o in order if o[0] <= first[0] + 1), key=lambda o: o[2])
    code = longest[1] if longest[2] > first[2] else first[1]
    if code == "perhaps" and any(o[1] in ("yes", "no") and o[0] < first[0] for o in order):
        code = first[1]
    sure = re.match(r"\W*(?:je (?:crois|pense) que |i think |i guess )(oui|non|si|so|not|yes|no)\b", text.folded)
    if sure:
        code = "no" if sure[1] in ("non", "not", "no") else "yes"
    return _again("ambiguous") if code == "perhaps" else _is(code)


_OTHER_UNITS = re.compile(r"\b\d+(?:[.,]\d+)?\s?(?:kg|kilos?|comprimes?|cachets?|gelules?|pills?|tablets?)\b|\b3[6-9][.,]\d\b")


def _count(text: Text, asked: Asked, words: Words) -> Parsed | None:
    got = numbers(_plain(text, _OTHER_UNITS))
    codes = said(text, words, "count")
    worded = [int(c) for c in codes if c.isdigit()]
    if not got.all:
        if worded:
            return _counted(text, asked, max(worded), ("about",) if max(worded) >= 10 else ())
        if "none" in codes and "plenty" not in codes:
            return _is("0")
        if "plenty" in codes or said(text, words, "yes"):
            return _again("missing_value")
        return None
    if got.worst_of is not None:
        return _counted(text, asked, got.worst_of, ("range_kept_higher",))
    if len(got.all) > 1:
        first = re.match(r"\W*(\d+)\s*(?:fois|x|times|selles?|vomissements?)?\s*(?:[.,;:!?\n(]|$)", text.folded)
        times = re.findall(r"\d+\s?(?:fois|foi|x|times)\b", text.folded)
        if len(set(got.all)) == 1 and len(times) < 2:
            return _counted(text, asked, got.all[0], ())
        if not first or len(times) > 1:
            return _again("two_values")
        return _counted(text, asked, decimal(first[1]), ())
    return _counted(text, asked, got.all[0], ("at_least",) if got.at_least else ())


def _counted(text: Text, asked: Asked, value: int | Decimal, notes: tuple[str, ...]) -> Parsed:
    if value != int(value) or value > MOST_IN_A_DAY:
        return _again("implausible")
    vomits = bool(re.search(r"\b(?:re)?vom|gerb|degueul|puk|threw|throw", text.folded)) or any("vomit" in k for k in asked.keys)
    return _is(str(int(value)), _nurse(value >= (6 if vomits else 7)), notes)


def _temperature(text: Text, asked: Asked, words: Words) -> Parsed | None:
    folded = without_asides(text.folded)
    heat = [w for w in warmths(text.folded) if _stands(text, w.start, w.end) and re.search(r"\d", _kept(text.folded, folded, w.start, w.end))]
    if heat:
        worst = max(heat, key=lambda w: w.celsius)
        low, high = PLAUSIBLE_TEMPERATURE
        if not low <= worst.celsius <= high:
            return _again("implausible")
        notes = (("two_readings",) if len(heat) > 1 else ()) + (("fahrenheit",) if worst.fahrenheit else ())
        return _degrees(worst.celsius if len(heat) == 1 or worst.celsius >= COLD_FLOOR else min(w.celsius for w in heat), notes)
    if re.search(r"\d", folded) and not re.search(r"\d\s?(?:fois|x\b)", folded):
        return _again("implausible") if numbers(_plain(text)).all else None
    codes = said(text, words, "temperature")
    if "no_thermometer" in codes or key_of(text) in ("non", "no", "nn", "nan", "nope", "non merci", "non pas"):
        return _again("no_thermometer")
    for code in codes:
        return _is(code) if code == "no_fever" else _again(code)
    return _again("missing_value") if said(text, words, "yes")[:1] else None


def _kept(folded: str, without: str, start: int, end: int) -> str:
    """The digits of a reading when they survive the removal of dates, clock times and telephone numbers."""
    return folded[start:end] if folded[start:end].strip() in without else ""


def _stands(text: Text, start: int, end: int) -> bool:
    return is_own_number(text, start) and not is_not_body(text.folded, start, end)


def _degrees(value: Decimal, notes: tuple[str, ...]) -> Parsed:
    shown = str(to_one_decimal(value))
    if value >= FEVER_FLOOR:
        return _is(shown, Escalate.URGENT, notes, ("fever",))
    return _is(shown, _nurse(value < COLD_FLOOR or value >= CLASS_FEVER), notes)


_KILO_GRAMS = re.compile(r"\b(\d{2,3})\s?(?:kg|kilos?|k)\s?(?:et )?([1-9]\d{2}|[1-9])\b(?:\s?(?:g|grammes?))?")
_CHANGE = re.compile(
    r"(perdu|perd|perte|maigri|moins|lost|dropped|-)\s*(?:de |d')?(?:environ |encore |about )?(\d+(?:[.,]\d+)?)\s*(?:kilos?|kg|k\b|kgs)|"
    r"(pris|prise|grossi|repris|gained|put on|\+)\s*(?:de |d')?(?:environ |encore |about )?(\d+(?:[.,]\d+)?)\s*(?:kilos?|kg|k\b|kgs)"
)
_IMPERIAL = re.compile(r"\b(\d{1,2})\s?(?:st|stones?)(?:\s?(\d{1,2})\s?(?:lbs?|pounds?)?)?|\b(\d{2,3})\s?(?:lbs?|pounds?)\b")


def _weight(text: Text, asked: Asked, words: Words) -> Parsed | None:
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
        return _again("two_values")
    if got.all and not change:
        return _again("implausible")
    if not change and said(text, words, "yes"):
        return _again("missing_value")
    return _again("missing_value") if not change and re.search(r"\b(?:balance|pese|peser|scales?|weigh)", folded) else None


def _kilos(value: str, notes: tuple[str, ...]) -> Parsed:
    low, high = PLAUSIBLE_WEIGHT
    return _is(value, Escalate.NO, notes) if low <= Decimal(value) <= high else _again("implausible")


def weight_change(folded: str) -> str | None:
    """"weight_loss:3" or "weight_gain:2" when kilos lost or gained are told."""
    change = _CHANGE.search(folded)
    if not change:
        return None
    code, amount = ("weight_loss", change[2]) if change[1] else ("weight_gain", change[4])
    return f"{code}:{amount.replace(',', '.')}"


_OF_TOTAL = re.compile(r"(?<![\d.,/])(\d{1,2})\s*(?:/|sur|out of|of)\s*(\d{1,2})(?![\d/])")
_PAIR = re.compile(r"^\W*(\d{1,2})\s*(?:[ ,;:/+.&\n-]|et|and|\s)+\s*(\d{1,2})\W*$")
_DAY = re.compile(r"\b(?:hier|ce|matin|soir|midi|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|morning|evening|night|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b")
_MOMENT = re.compile(r"\b(?:matin|soir|midi|nuit|morning|evening|night|noon)\b")


def _intake(text: Text, asked: Asked, words: Words) -> Parsed | None:
    folded = without_asides(text.folded)
    folded = re.sub(r"(?<![\w'])o(?![\w'])", "0", folded)
    pair = _PAIR.match(folded)
    if pair and not _share(pair[0]):
        return _two(int(pair[1]), int(pair[2]))
    codes = said(text, words, "intake")
    if "stopped" in codes and not _denied(text, words, "stopped"):
        return _is("stopped", Escalate.NURSE)
    if "off_day" in codes and not _denied(text, words, "off_day"):
        return _is("off_day", Escalate.NURSE)
    share = _OF_TOTAL.search(folded)
    if share and int(share[1]) <= int(share[2]) and int(share[2]) >= 3:
        missing = int(share[2]) - int(share[1])
        return _is(f"missed:{missing}" if missing else "all")
    parts = _missed_and_extra(text, folded, codes, words)
    if parts:
        return parts
    if "all" in codes and key_of(text) not in ("tout", "toutes ou presque"):
        return _is("all")
    if re.fullmatch(r"\W*\d{1,2}\W*", folded):
        return _again("ambiguous")
    yes = said(text, words, "yes")
    if yes and not asked.keys and "missed" not in codes:
        return _is("all")
    if yes or said(text, words, "no") or re.search(r"\d", folded):
        return _again("missing_value" if yes or "missed" in codes else "ambiguous")
    return None


def _share(text: str) -> bool:
    m = _OF_TOTAL.search(text)
    return bool(m and int(m[2]) >= 3)


def _two(missed: int, extra: int) -> Parsed:
    parts = ([f"missed:{missed}"] if missed else []) + ([f"extra:{extra}"] if extra else [])
    return _is("+".join(parts) or "all", _nurse(extra > 0))


def _denied(text: Text, words: Words, code: str) -> bool:
    return all(
        any(set(text.negators[p]) - set(where) for p in where) or any(text.supposed[p] for p in where)
        for rule, where in matches(text, words.tables["intake"])
        if rule.code == code
    )


def _missed_and_extra(text: Text, folded: str, codes: list[str], words: Words) -> Parsed | None:
    out: list[str] = []
    unsure = False
    for code in ("missed", "extra"):
        if code not in codes or _denied(text, words, code):
            continue
        amount = _amount_near(text, words, code)
        if amount is not None:
            out.append(f"{code}:{amount}")
        else:
            unsure = True
    if out:
        value = "+".join(o for o in out if not o.endswith(":0"))
        return _is(value or "all", _nurse("extra" in value))
    if unsure and "missed" in codes and _MOMENT.search(folded) and len(re.findall(_MOMENT, folded)) == 1:
        return _is("missed:1")
    return _again("missing_value") if unsure else None


def _amount_near(text: Text, words: Words, code: str) -> str | None:
    """The number nearest to the word, within five words and in the same clause as far as commas go; None when there is none or two."""
    places = [p for rule, where in matches(text, words.tables["intake"]) if rule.code == code for p in where]
    found = []
    for i, word in enumerate(text.words):
        w = "1" if word in ("un", "une", "one") else word
        if w.isdigit() and len(w) < 3 and is_own_number(text, text.starts[i]) and word in without_asides(text.folded):
            gap = min(abs(i - p) for p in places)
            between = range(min(i, *places), max(i, *places) + 1)
            if gap <= 5 and not any(text.breaks[k] for k in between if k > min(i, min(places, key=lambda p: abs(p - i)))):
                found.append((gap, w))
    return min(found)[1] if found else None


def _choice(table: str, codes: tuple[str, ...]) -> Callable[[Text, Asked, Words], Parsed | None]:
    """A menu answered by its number (1, 2, 3) or in words."""

    def read(text: Text, asked: Asked, words: Words) -> Parsed | None:
        got: Numbers = numbers(_plain(text, _TIMES))
        if len(set(got.all)) == 1:
            n = int(got.all[0])
            return _is(codes[n - 1], _nurse(table == "stopwhich")) if 1 <= n <= len(codes) and got.all[0] == n else _again("out_of_range")
        if got.all:
            return _again("two_values")
        found = [c for c in reversed(codes) if c in said(text, words, table)]
        if not found:
            return None
        return _again("ambiguous") if table == "stopwhich" and len(found) > 1 else _is(found[0], _nurse(table == "stopwhich"))

    return read


_READERS: dict[Kind, Callable[[Text, Asked, Words], Parsed | None]] = {
    Kind.SEVERITY: _severity,
    Kind.PAIN: _pain,
    Kind.MULTI: _multi,
    Kind.YES_NO: _yes_no,
    Kind.COUNT: _count,
    Kind.TEMPERATURE: _temperature,
    Kind.WEIGHT: _weight,
    Kind.INTAKE: _intake,
    Kind.CYCLE_START: _choice("cycle", ("started", "not_yet", "told_to_wait")),
    Kind.STOP_WHICH: _choice("stopwhich", ("stop_texts", "stopped_treatment")),
}
