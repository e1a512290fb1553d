"""The answer to the open question, by kind. Nothing is clamped, nothing guessed: what is not sure is asked again, with its reason.

Floors no protocol can lower (reply codebook, rule 7): temperature 38.3 °C and above is urgent, below 36.0 °C a nurse; severity 4,
pain 9-10, 7 liquid stools or 6 vomits in 24 h, treatment stopped by the patient: a nurse.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from triage.replies.clauses import Text
from triage.replies.intakes import choice, intake
from triage.replies.matching import matches
from triage.replies.measures import count, temperature, weight
from triage.replies.parsed import COUNTED, Parsed, again, said, settled
from triage.replies.placing import all_foreign, multi
from triage.replies.scales import pain, severity
from triage.replies.words import Words, key_of
from triage.terms import Asked, Kind


def answer(text: Text, asked: Asked, words: Words) -> Parsed | None:
    """The answer in the text to what is asked; None when nothing in it answers (it may still be a symptom, a command...)."""
    reader = _READERS.get(asked.kind)
    if asked.keys and asked.kind in _COUNTS and all_foreign(text, asked, words):
        return None  # "fatigue 2" says nothing about how often
    return reader(text, asked, words) if reader else None


_COUNTS = frozenset({Kind.COUNT, Kind.PAIN})


MENU = {"1": "yes", "2": "no"}
"""What our own text offers ("1 oui, 2 non"); in a file that names no question a lone digit is no answer to a yes/no question."""


_OF_MENU = re.compile(r"(?:(?:c ?est|c ?etait|it s|its|it is|it was) )?([12])")
_NO_BUT_ONE = re.compile(r"(?:non|nan|no|nope) 1")
""" "Non 1": our text offers 1 for yes; the "non" may refuse an answer given before."""


_NUMBERS = re.compile(r"\d+(?: \d+)+")
"""Scores meant for another question: "0 0 1" is no "no" about the chest."""
YES, NO = frozenset(["oui", "ouais", "yes", "yeah", "yep", "si"]), frozenset(["non", "nan", "no", "nope", "nah"])
_FILLERS = frozenset(["enfin", "ou", "or", "et", "and", "mais", "but", "well", "bah", "ben", "euh", "puis"])


def _both(key: str) -> bool:
    """ "Oui enfin non": both, and nothing else."""
    said = set(key.split()) - _FILLERS
    return said <= YES | NO and bool(said & YES) and bool(said & NO)


def _yes_no(text: Text, asked: Asked, words: Words) -> Parsed | None:
    key = key_of(text)
    if asked.keys and (of_menu := _OF_MENU.fullmatch(key)):
        return settled(MENU[of_menu[1]])
    if asked.keys and _NO_BUT_ONE.fullmatch(key):
        return again("ambiguous")
    if (
        _both(key)
        or _NUMBERS.fullmatch(key)
        or key
        in (
            "oui enfin",
            "non enfin",
            "oui mais",
            "yes but",
            "non mais",
            "no but",
            "oui et non",
            "yes and no",
            "👍",
            "ok",
            "1",
            "0",
        )
    ):
        return again("ambiguous")
    order = sorted((where[0], code, len(where)) for code in ("yes", "no", "perhaps") for _, where in matches(text, words.tables[code]))
    if not order:
        often = re.search(r"\b[1-9]\d?\s?(?:fois|foi|x|times)\b|\bonce\b|\btwice\b", text.folded)
        return settled("yes") if often and not _of_another(text, asked, words) else None
    first = order[0]
    longest = max((o for o in order if o[0] <= first[0] + 1), key=lambda o: o[2])
    code = longest[1] if longest[2] > first[2] else first[1]
    if code == "perhaps" and any(o[1] in ("yes", "no") and o[0] < first[0] for o in order):
        code = first[1]
    sure = re.match(r"\W*(?:je (?:crois|pense) que |i think |i guess )(oui|non|si|so|not|yes|no)\b", text.folded)
    if sure:
        code = "no" if sure[1] in ("non", "not", "no") else "yes"
    return again("ambiguous") if code == "perhaps" or (code == "no" and _unread(text)) else settled(code)


_NOT_UNDERSTOOD = re.compile(
    r"\b(?:compris?|comprends?|comprend|saisi|lu|lire|lis|understand|understood|understanding|read|get (?:it|that))\b"
)
_NOT_ABOUT_IT = re.compile(
    r"\b(?:lunettes?|questions?|reponses?|repondu|repondre|recu|entendu|temps|envie|telephone|portable|reseau|internet|thermometre|"
    r"glasses|received|see|answer|answered|time|phone|signal|thermometer)\b"
)


def _unread(text: Text) -> bool:
    """ "Je n'ai pas compris" denies nothing (HZ-36): asked again. So is "je n'ai pas mes lunettes", unless a plain no opens the text."""
    said = " ".join(text.words)
    opens_with_no = bool(text.words) and text.words[0] in NO
    return bool(_NOT_UNDERSTOOD.search(said)) or (not opens_with_no and bool(_NOT_ABOUT_IT.search(said)))


def _of_another(text: Text, asked: Asked, words: Words) -> bool:
    """ "Diarrhée 6 fois" says nothing about the chest."""
    counted = [code for code in said(text, words, "symptom") if code in COUNTED]
    return bool(asked.keys and counted) and not any(code[:4] in key for code in counted for key in asked.keys)


_READERS: dict[Kind, Callable[[Text, Asked, Words], Parsed | None]] = {
    Kind.SEVERITY: severity,
    Kind.PAIN: pain,
    Kind.MULTI: multi,
    Kind.YES_NO: _yes_no,
    Kind.COUNT: count,
    Kind.TEMPERATURE: temperature,
    Kind.WEIGHT: weight,
    Kind.INTAKE: intake,
    Kind.CYCLE_START: choice("cycle", ("started", "not_yet", "told_to_wait")),
    Kind.STOP_WHICH: choice("stopwhich", ("stop_texts", "stopped_treatment")),
}
