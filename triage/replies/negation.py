"""What a negation or a condition covers in a text.

The rules follow one principle: when in doubt whether a danger is cancelled, it is not.
"""

from __future__ import annotations

from triage.replies.clauses import Text
from triage.replies.fold import COMMA, NO_BREAK, SENTENCE


def negators(text: Text) -> list[list[int]]:
    """For each word, the negators that cover it."""
    covered: list[list[int]] = [[] for _ in text.words]
    roles = text.grammar.roles
    negating = roles["not"] | roles["longer"]
    for i, role in enumerate(text.roles):
        if i and text.words[i] in CLOSING and _closes_a_name(text, i):
            covered[i - 1].append(i)  # "essoufflement 0 fatigue 2"
        elif role & negating and ((role & roles["not"] and not _idle(text, i)) or (role & roles["longer"] and _no_longer(text, i))):
            for j in _to_the_right(text, i, 1 if text.words[i] in ("0", "zero") else 4):
                covered[j].append(i)
            _cover_to_the_left(text, i, covered)
    for span in text.context("nothing_about"):
        for j in _to_the_right(text, span[-1], 4):
            covered[j].append(span[-1])
    return covered


_LESS = frozenset({"moins", "less", "nowhere"})


def half_denied(text: Text, where: tuple[int, ...]) -> bool:
    """ "pas trop fort", "not that strong", "less bad": an intensity that is denied by half is neither that intensity nor none."""
    inside = range(min(where), max(where) + 1)
    if any(text.has(p, "not") or text.has(p, "longer") for p in where):
        return any(q not in where and text.has(q, "measure") for q in inside)  # "pas mal" is much, "pas si mal" is not
    measured = any(text.has(q, "measure") for q in inside)
    for p in range(inside.start - 1, -1, -1):
        if text.breaks[p + 1] != NO_BREAK or text.words[p][:1].isdigit() or text.words[p] in CLOSING:
            return False
        if text.has(p, "not") or text.words[p] in _LESS:
            return True
        if text.has(p, "longer") and measured:
            return True
        if text.has(p, "measure"):
            measured = True
        elif not text.has(p, "soft"):
            return False
    return False


def _cover_to_the_left(text: Text, i: int, covered: list[list[int]]) -> None:
    """French denies a verb after it: "je saigne pas"."""
    back = i - 1
    while back >= 0 and i - back <= 2 and (text.has(back, "soft") or text.has(back, "adverb")) and text.breaks[back + 1] == NO_BREAK:
        back -= 1
    if back >= 0 and text.breaks[back + 1] == NO_BREAK and text.has(back, "verb_before_not") and text.has(i, "after_verb"):
        covered[back].append(i)


CLOSING = frozenset({"0", "zero", "non", "aucun", "aucune", "no", "none"})


def _closes_a_name(text: Text, i: int) -> bool:
    """A zero, "non" or "aucun" that answers the word before it, and nothing after."""
    if text.breaks[i] == SENTENCE or text.words[i - 1][:1].isdigit():
        return False
    after = i + 1
    return after >= len(text.words) or text.breaks[after] != NO_BREAK or text.words[min(after + 1, len(text.words) - 1)].isdigit()


def _idle(text: Text, i: int) -> bool:
    """A negator that denies nothing here: "pas mal", "pas trop", "arrête pas de", "si jamais", "non j'ai..."."""
    if text.has(i + 1, "half") and text.breaks[i + 1] == NO_BREAK:
        return not (text.words[i + 1] == "mal" and text.words[i + 2 : i + 3] in (["a"], ["au"], ["aux"]))  # "pas mal à la poitrine"
    if any(text.has(j, "ceaseless") for j in (i - 1, i - 2, i - 3)) or text.has(i - 1, "not_before_never"):
        return True
    if text.words[i] in ("0", "zero"):
        listed = i > 0 and text.words[i - 1][:1].isdigit() and text.breaks[i] != SENTENCE
        return listed and (text.breaks[i] == NO_BREAK or (i > 1 and text.words[i - 2][:1].isdigit()))
    if text.words[i] == "no" and i + 1 < len(text.words):
        return text.has(i + 1, "subject") or text.breaks[i + 1] != NO_BREAK
    if text.has(i, "never"):
        return any(text.has(j, "degree") for j in range(i + 1, min(i + 5, len(text.words))))
    return any(i in span or span[0] in (i + 1, i + 2) for span in text.context("doubt"))


def _no_longer(text: Text, i: int) -> bool:
    """French "plus" says "no longer" only with "ne", or before "du tout", "aucun", "jamais"; else it may mean "more"."""
    if text.has(i + 1, "no_longer_after") or text.words[i + 2 : i + 4] == ["du", "tout"]:
        return True
    if any(text.has(j, "ne") for j in range(max(0, i - 4), i) if text.sentence[j] == text.sentence[i]):
        return not text.has(i + 1, "more_than")
    return False


def _to_the_right(text: Text, i: int, reach: int) -> list[int]:
    places: list[int] = []
    content, linked, j = 0, True, i + 1
    while j < len(text.words) and text.breaks[j] != SENTENCE:
        if text.has(j, "turn") or (text.has(j, "subject") and (content or text.has(j, "self"))):
            break
        if text.breaks[j] == COMMA and not _list_goes_on(text, i, j):
            break
        if text.breaks[j] == COMMA or text.has(j, "or"):
            linked, content = True, 0
        if text.has(j, "and") and not text.has(j + 1, "of"):
            break
        if text.has(j, "soft") or text.has(j, "light") or text.has(j, "or"):
            linked = True
            places.append(j)
        elif content and (not linked or content >= reach):
            break
        else:
            places.append(j)
            content, linked = content + 1, False
        j += 1
    return places


def _list_goes_on(text: Text, i: int, j: int) -> bool:
    """After a comma a negation lasts only in a plain list: "pas de toux, fièvre ou frissons", never "pas de fièvre, frissons"."""
    if text.has(j, "or") or text.has(j, "of"):
        return True
    if text.words[i] in ("0", "zero"):
        return False
    run = 0
    for k in range(j, len(text.words)):
        if text.breaks[k] == SENTENCE or text.has(k, "subject") or text.has(k, "turn") or text.has(k, "ongoing"):
            return False
        if text.has(k, "or") and run:
            return True
        if text.breaks[k] == COMMA:
            run = 0
        if not text.has(k, "soft"):
            run += 1
        if run > 2:
            return False
    return False


def supposed(text: Text) -> list[bool]:
    """Words inside a condition or a general question: "si j'ai de la fièvre", "en cas de", "est-ce que ça peut donner"."""
    marks = [False] * len(text.words)
    heads = [i for i in range(len(text.words)) if text.has(i, "if") and _heads_clause(text, i)]
    heads += [span[0] for span in text.context("hypothetical")]
    for head in heads:
        reach = []
        for j in range(head, min(head + 16, len(text.words))):
            if j > head and (text.breaks[j] == SENTENCE or (text.breaks[j] == COMMA and j > head + 3) or text.has(j, "turn")):
                break
            reach.append(j)
        if not any(text.recent(j) for j in reach):
            for j in reach:
                marks[j] = True
    return marks


def _heads_clause(text: Text, i: int) -> bool:
    if text.has(i - 1, "not_if") and text.breaks[i] == NO_BREAK:
        return False
    return text.has(i + 1, "subject") or text.has(i + 1, "determiner") or text.has(i + 1, "never")
