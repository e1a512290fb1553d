"""From a text to a Reading: danger first, then the answer, then everything else a patient may write."""

from __future__ import annotations

import re
from dataclasses import replace

from triage.replies.answers import answer
from triage.replies.clauses import Text
from triage.replies.correcting import corrected
from triage.replies.fever import colds
from triage.replies.fold import NO_BREAK
from triage.replies.matching import matches
from triage.replies.measures import weight_change
from triage.replies.negation import half_denied
from triage.replies.parsed import COUNTED, OPEN, Parsed, floor_of, highest, nurse
from triage.replies.pieces import SKILL
from triage.replies.placing import beside
from triage.replies.scanning import NUMBER, Found, heard, is_cancelled
from triage.replies.stopping import stopped
from triage.replies.words import Words, key_of
from triage.terms import Asked, Escalate, Heard, Kind, Reading

MEDIA = "<MMS>"
_NURSE_COMMANDS = frozenset({"STOP", "CALL_ME"})


def read(text: str, asked: Asked, lang: str, words: Words) -> Reading:
    """Understand one reply (texts sent within a minute joined by a new line or "<NEXT>"; "<MMS>" stands for a picture).

    Never raises, never clamps; what is not understood is ASK_AGAIN with its reason. `lang` only breaks ties; all lists are searched.
    """
    cutting, found = heard(text, words, asked)
    reading, found = _weighed(cutting, asked, words, found)
    return _with_picture(_of_third_person(_uneasy(reading, cutting, found), cutting), text, cutting)


def scan(text: str, lang: str, words: Words, asked: Asked | None = None) -> tuple[str, ...]:
    """Danger codes in a text, in the order they are met. `lang` is the sender's; every language is searched all the same.

    `asked` (optional): the open question, so that "39" in answer to a weight is not taken for a fever.
    """
    asked = asked or Asked()
    cutting, found = heard(text, words, asked)
    return _weighed(cutting, asked, words, found)[1].now if found.by_weight else found.now


def _weighed(text: Text, asked: Asked, words: Words, found: Found) -> tuple[Reading, Found]:
    """What a text is. News or a wish that a nurse reads today anyway is not turned into a danger by its words alone.

    A danger without any sign of the lists is noted `by_weight`.
    """
    if found.by_weight:
        calm = replace(found, now=(), uneasy=found.now[0], by_weight=False)
        reading = _understood(text, asked, words, calm)
        if reading.escalate is Escalate.NURSE and (reading.heard in (Heard.COMMAND, Heard.ADMIN) or reading.value in _WISHES):
            return reading, calm
    reading = _understood(text, asked, words, found)
    return (replace(reading, notes=(*reading.notes, "by_weight")) if found.by_weight else reading), found


_WISHES = frozenset({"stopped", "optout_intent", "stop_or_stopped"})


def _understood(text: Text, asked: Asked, words: Words, found: Found) -> Reading:
    reading = _command(text, words, found) or corrected(text, asked, words, found)
    if reading is None:
        parsed = answer(text, asked, words)
        others = _others(text, words, asked)
        reading = _answered(parsed, found, others) or _not_answered(text, parsed, found, others, asked, words)
        if "language" in others and reading.heard in (Heard.ANSWER, Heard.PARTIAL):
            reading = replace(reading, notes=(*reading.notes, others["language"]))
        told, strong = beside(text, asked, words)
        cold = _cold(text, asked, words)
        told = told if any(code == "temperature" for code, _ in told) else (*told, *cold)
        level = highest(reading.escalate, nurse(strong or bool(cold)))
        if asked.kind is Kind.YES_NO and reading.heard is Heard.ANSWER and reading.value == "no" and told and not _NO.search(text.folded):
            reading = replace(reading, heard=Heard.ASK_AGAIN, value="unparsed", values=())  # "fatigue 0" denies no danger
        reading = replace(reading, told=told, escalate=level) if told or strong else reading
        if reading.value == "CALL_ME" and (symptoms := _symptoms(text, found, asked, words)):
            reading = replace(reading, symptoms=symptoms.value)  # the wish is answered, and what is told beside it is judged
    return reading


_NO = re.compile(r"\b(?:non|no|nan|nop|nope|nn|rien|nothing|2)\b")


def _cold(text: Text, asked: Asked, words: Words) -> tuple[tuple[str, str], ...]:
    """A body temperature too low, whatever was asked: a nurse at least (codebook, rule 7)."""
    found = [value for place, value in colds(text, asked, words.beside) if not is_cancelled(text, NUMBER, (place,))]
    return (("temperature", str(min(found))),) if found else ()


LONG = 7
"""Words from which a text says more than the answer that was read in it."""


def _uneasy(reading: Reading, text: Text, found: Found) -> Reading:
    """Words that alarm without a sign are read by a nurse today, when nothing else was understood or much else was said."""
    if not found.uneasy or (reading.value != "unparsed" and text.spoken() < LONG):
        return reading
    return replace(reading, escalate=highest(reading.escalate, Escalate.NURSE), notes=(*reading.notes, f"watch_{found.uneasy}"))


def _of_third_person(reading: Reading, text: Text) -> Reading:
    """A relative answers ("maman a vomi 3 fois", "je suis sa fille"): what is told counts as the patient's, and the note says so."""
    own = any(text.has(p, "self") for p in range(len(text.words)))
    told = text.context("reporting") or (text.context("third_person") and not own)
    return replace(reading, notes=(*reading.notes, "third_person")) if told else reading


def _marks(found: Found) -> tuple[str, ...]:
    return tuple(f"watch_{code}" for code in found.today)


_POLITE = re.compile(r"\b(?:svp|stp|please|pls|merci|thanks|thank you|s il (?:vous|te) plait|bonjour|hello)\b")


def _command_of(text: Text, words: Words) -> str | None:
    """The one command that every part of the message is: "pas maintenant, tout à l'heure", "in french please"."""
    known = words.phrases["command"]
    if key_of(text) in known:
        return known[key_of(text)]
    marked = " ".join(f"| {word}" if gap != NO_BREAK else word for gap, word in zip(text.breaks, text.words, strict=True))
    only = None
    for part in marked.split("|"):
        said = " ".join(_POLITE.sub(" ", part).split())
        code = known.get(said) if said else only
        if (said and code is None) or (only and code != only):
            return None
        only = code
    return only


def _command(text: Text, words: Words, found: Found) -> Reading | None:
    """A message that is a keyword and nothing else. STOP counts alone only: "we must stop this" is no opt-out."""
    code = _command_of(text, words)
    if code is None or found.urgent:
        return None
    return Reading(Heard.COMMAND, code, Escalate.NURSE if code in _NURSE_COMMANDS else Escalate.NO)


def _others(text: Text, words: Words, asked: Asked) -> dict[str, str]:
    """Other things told in passing: {"admin": code, "command": code, "optout": ..., "courtesy": ...}."""
    out: dict[str, str] = {}
    for table in ("admin", "command", "optout", "courtesy", "language"):
        for rule, where in matches(text, words.tables[table]):
            if rule.code == SKILL:
                continue
            if table in ("admin", "optout", "language") and is_cancelled(text, rule, where):
                continue
            out.setdefault(table, rule.code)
    if asked.kind is not Kind.STOP_WHICH and stopped(text, words):
        out.pop("optout", None)  # "the doctor told me to stop the tablets" is no wish to get no more texts
        out["stopped"] = "stopped"
    return out


_NOTE_OF = {
    "CALL_ME": "callback",
    "wrong_number": "wrong_number",
    "deceased": "deceased",
    "hospitalised": "hospitalised",
    "refill": "refill",
}


def _answered(parsed: Parsed | None, found: Found, others: dict[str, str]) -> Reading | None:
    if (
        parsed is None
        or parsed.heard is Heard.ASK_AGAIN
        or (found.urgent and parsed.worded)
        or others.get("admin") in ("deceased", "wrong_number")
    ):
        return None
    extra = [_NOTE_OF[c] for c in (others.get("command", ""), others.get("admin", "")) if c in _NOTE_OF]
    if "optout" in others:
        extra.append("optout_intent")
    if "stopped" in others and parsed.value != "stopped":
        extra.append("stopped")
    level = highest(parsed.escalate, floor_of(found), Escalate.NURSE if extra else Escalate.NO)
    dangers = tuple(dict.fromkeys((*found.now, *parsed.dangers)))
    return Reading(parsed.heard, parsed.value, level, parsed.values, dangers, (*parsed.notes, *extra, *_marks(found)))


def _not_answered(text: Text, parsed: Parsed | None, found: Found, others: dict[str, str], asked: Asked, words: Words) -> Reading:
    if found.now:
        return Reading(Heard.DANGER, "+".join(found.now), floor_of(found), (), found.now, _marks(found))
    return (
        _told(text, found, others, asked, words)
        or _asked_again(parsed, found, asked)
        or _symptoms(text, found, asked, words)
        or _fallback(text, found, others, asked, words)
    )


def _told(text: Text, found: Found, others: dict[str, str], asked: Asked, words: Words) -> Reading | None:
    """Administrative news, wishes about the texts themselves, commands in a sentence."""
    key = key_of(text)
    if key in words.phrases["stopped"]:
        return Reading(Heard.ASK_AGAIN, "stop_or_stopped", Escalate.NURSE)
    if "admin" in others:
        return Reading(Heard.ADMIN, others["admin"], Escalate.NURSE, notes=_marks(found))
    if "stopped" in others:
        return Reading(Heard.ANSWER, "stopped", Escalate.NURSE, ("stopped",) if asked.kind is Kind.INTAKE else (), notes=_marks(found))
    if "optout" in others:
        return Reading(Heard.ASK_AGAIN, "optout_intent", Escalate.NURSE, notes=_marks(found))
    if "language" in others and len(text.words) <= 14:
        return Reading(Heard.COMMAND, others["language"], floor_of(found))
    if "command" in others and len(text.words) <= 14:
        return Reading(Heard.COMMAND, others["command"], Escalate.NURSE if others["command"] in _NURSE_COMMANDS else floor_of(found))
    return None


def _asked_again(parsed: Parsed | None, found: Found, asked: Asked) -> Reading | None:
    if parsed is None:
        return None
    return Reading(Heard.ASK_AGAIN, parsed.value, highest(parsed.escalate, floor_of(found)), notes=_marks(found))


_AFTER_NUMBER = re.compile(r"(\d+)\s*(?:fois|foi|x|times|jours?|jrs?|j|days?|selles?)\b")


_SORE = frozenset({"mal", "bad", "sore", "douloureux", "douloureuse", "painful"})


def _symptoms(text: Text, found: Found, asked: Asked, words: Words) -> Reading | None:
    change = weight_change(text.folded)
    codes: dict[str, int] = {}
    for rule, where in matches(text, words.tables["symptom"]):
        little = any(text.words[p] in _SORE and half_denied(text, (p,)) for p in where)  # "la bouche, pas trop mal" is asked again
        if not little and not is_cancelled(text, rule, where) and not _after_denied(text, where[0]):
            codes.setdefault(rule.code, where[0])
    if change:
        codes[change.split(":")[0]] = codes.get(change.split(":")[0], 0)
    told = [c for c in sorted(codes, key=lambda c: codes[c]) if not (c == "pain" and len(codes) > 1)]
    if not told:
        return None
    return Reading(Heard.SYMPTOM, "+".join(_numbered(c, text, change) for c in told), floor_of(found), notes=_marks(found))


def _after_denied(text: Text, place: int) -> bool:
    """ "no chest pain": the second word of a denied pair is denied too."""
    return place > 0 and bool(text.negators[place - 1]) and text.breaks[place] == 0 and not text.has(place - 1, "soft")


def _numbered(code: str, text: Text, change: str | None) -> str:
    if change and change.startswith(code):
        return change
    if code in COUNTED:
        unit = r"j|d" if code == "constipation" else r"f|x|t|s"
        for m in _AFTER_NUMBER.finditer(text.folded):
            if re.match(unit, m[0][len(m[1]) :].strip()):
                return f"{code}:{m[1]}"
    return code


def _fallback(text: Text, found: Found, others: dict[str, str], asked: Asked, words: Words) -> Reading:
    key = key_of(text)
    thanks = key in words.phrases["courtesy"] or "courtesy" in others
    if asked.kind in OPEN and not found.today:
        nothing = key in words.phrases["none"] or found.denied or any(True for _ in matches(text, words.tables["none"]))
        if nothing and not (thanks and asked.kind is Kind.NONE):
            return Reading(Heard.ANSWER, "none", values=("none",) if asked.kind is Kind.FREE_TEXT else ())
    if _wants_more(key, asked):
        return Reading(Heard.ASK_AGAIN, "ambiguous", floor_of(found))
    if thanks and not found.today:
        return Reading(Heard.COURTESY, "thanks")
    return Reading(Heard.ASK_AGAIN, "unparsed", floor_of(found), notes=_marks(found))


_FIRST_PICTURE = 0x2190
"""Arrows, stars and emoji begin here; what stands before is punctuation."""


def _wants_more(key: str, asked: Asked) -> bool:
    """ "ok" in answer to a question is not an answer, and not only politeness; nor is a picture sign alone."""
    only_signs = not any(c.isalnum() for c in key) and any(ord(c) >= _FIRST_PICTURE for c in key)
    return asked.kind not in OPEN and (only_signs or key in ("ok", "okay", "oki", "d accord", "super", "parfait"))


def _with_picture(reading: Reading, text: str, cutting: Text) -> Reading:
    if MEDIA not in text:
        return reading
    if not cutting.words:
        return Reading(Heard.ADMIN, "media", Escalate.NURSE)
    return replace(reading, escalate=highest(reading.escalate, Escalate.NURSE), notes=(*reading.notes, "media"))
