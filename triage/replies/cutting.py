"""Cut a text into words: spellings of the telephone written out, glued words taken apart, sentences and clauses marked."""

from __future__ import annotations

from triage.replies.clauses import Grammar, Text
from triage.replies.fold import COMMA, NO_BREAK, SENTENCE, TOKEN, fold
from triage.replies.lexicon import REMEMBERED, Lexicon
from triage.replies.negation import negators, supposed
from triage.replies.numerals import digits

MAX_TOKENS = 300
"""Words cut at a time. The answer is read in the first of these; danger is looked for in all of them, see `scanning.heard`."""


def cut(text: str, grammar: Grammar) -> Text:
    """Cut a text into words. Never fails; words glued to a small word ("jarrive", "lescalier") are cut apart."""
    folded = digits(fold(text), grammar.numbers)
    words: list[str] = []
    starts: list[int] = []
    breaks: list[int] = []
    asked: set[int] = set()
    pending, sentence = SENTENCE, 0
    for found in TOKEN.finditer(folded):
        token = found[0]
        spoken = token[0].isalnum() and token[0].isascii()
        if "?" in token:
            asked.add(len(words) - 1)
        if not spoken:
            pending = max(pending, _break(token))
        if spoken or token in grammar.spelling:  # an emoji may say something
            for piece in _respelled(token, grammar, words):
                words.append(piece)
                starts.append(found.start())
                breaks.append(pending)
                pending = NO_BREAK
        if len(words) >= MAX_TOKENS:
            break
    done = Text(folded, words, starts, breaks, grammar)
    done.entries = [grammar.lexicon.entry(w) for w in words]
    done.roles = [entry.roles for entry in done.entries]
    done.gather()
    rank, soft = 0, grammar.roles["soft"]
    for i, gap in enumerate(breaks):
        done.played |= done.roles[i]
        rank += not done.roles[i] & soft
        done.ranks.append(rank)
        sentence += gap == SENTENCE and i > 0
        done.sentence.append(sentence)
    done.asked = {done.sentence[i] for i in asked if i >= 0}
    done.negators = negators(done)
    done.supposed = supposed(done)
    return done


def _break(sign: str) -> int:
    if sign[0] in "\n?!;" or sign == "." or "\n" in sign:
        return SENTENCE
    if sign[0] in ':,()…"«»–—-.':
        return COMMA
    return SENTENCE if ord(sign[0]) > 0x2190 else NO_BREAK


def _respelled(typed: str, grammar: Grammar, before: list[str]) -> tuple[str, ...]:
    if typed in grammar.spelling and not (typed == "g" and before and before[-1][:1].isdigit()):
        return grammar.spelling[typed]
    known = grammar.lexicon.apart.get(typed)
    if known is None:
        known = _taken_apart(typed, grammar.lexicon)
        if len(grammar.lexicon.apart) < REMEMBERED:
            grammar.lexicon.apart[typed] = known
    return known


def _taken_apart(typed: str, lexicon: Lexicon) -> tuple[str, ...]:
    """ "jarrive" is "j arrive"; a word of the lists stays whole."""
    if len(typed) < 4 or typed[0] not in "jlmtsdcnq" or not typed.isalpha() or lexicon.spelled(typed) or typed in lexicon.ordinary:
        return (typed,)
    for head in ("jm", "jl", "qu", typed[0]):
        rest = typed[len(head) :]
        if typed.startswith(head) and len(rest) >= 3 and (lexicon.spelled(rest) or (len(rest) >= 4 and lexicon.by_ear(rest))):
            if not lexicon.spelled(rest) and lexicon.by_ear(typed):
                return (typed,)
            return (*((head[0], head[1]) if head in ("jm", "jl") else (head,)), rest)
    return (typed,)
