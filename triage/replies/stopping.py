"""The treatment was stopped, whoever stopped it: never a wish to get no more texts, and told to a nurse even beside an answer."""

from __future__ import annotations

import re

from triage.replies.clauses import Text
from triage.replies.fold import NO_BREAK
from triage.replies.matching import matches
from triage.replies.scanning import is_cancelled
from triage.replies.words import Words

_TEXTS = re.compile(r"\b(?:sms|textos?|messages?|msg|texts?|texting|messaging|questions?|questionnaires?)\b")


def stopped(text: Text, words: Words) -> bool:
    """Does the text say that the treatment was stopped, by the patient or by somebody who treats?"""
    found = list(matches(text, words.tables["stopped"]))
    if any(rule.code == "again" and not is_cancelled(text, rule, where) for rule, where in found):
        return False
    goes_on = {where[0] for rule, where in found if rule.code == "goes_on"}
    for rule, where in found:
        whole = rule.code == "wholly" or (rule.code == "ordered" and _has_no_object(text, where[-1], goes_on))
        if whole and not is_cancelled(text, rule, where) and not _ceaseless(text, where):
            return True
    own = [(rule, where) for rule, where in matches(text, words.tables["intake"]) if rule.code == "stopped"]
    return not _TEXTS.search(text.folded) and any(not is_cancelled(text, rule, where) for rule, where in own)


def _ceaseless(text: Text, where: tuple[int, ...]) -> bool:
    """ "le traitement n'arrête pas les nausées": the denial stands after the verb."""
    return any(
        text.has(p, "ceaseless") and text.has(p + 1, "not") and text.breaks[p + 1] == NO_BREAK for p in where if p + 1 < len(text.words)
    )


def _has_no_object(text: Text, verb: int, goes_on: set[int]) -> bool:
    after = verb + 1
    while after < len(text.words) and text.breaks[after] == NO_BREAK:
        if after in goes_on or text.recent(after) or text.has(after, "turn") or text.has(after, "and"):
            return True
        if not text.has(after, "soft"):
            return False
        after += 1
    return True
