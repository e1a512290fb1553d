"""One text, cut into words and clauses, with what a negation, a condition, an old date or another person covers.

The rules follow one principle: when in doubt whether a danger is cancelled, it is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from triage.replies.fold import COMMA, NO_BREAK, SENTENCE, TOKEN, fold
from triage.replies.lexicon import NOTHING, Entry, Lexicon
from triage.replies.numerals import digits
from triage.replies.patterns import Part

MAX_TOKENS = 300
"""Words cut at a time. The answer is read in the first of these; danger is looked for in all of them, see `scanning.search_all`."""
MOST_SKIPPED = 5
"""Small words that may stand inside a phrase ("mal" ... "poitrine")."""


@dataclass(frozen=True)
class Grammar:
    """Words that steer the reading: one bit by role, and phrases by context."""

    lexicon: Lexicon
    spelling: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, int]
    roles: Mapping[str, int]
    contexts: Mapping[str, Part]


@dataclass
class Text:
    """Folded words with what they may stand for.

    `breaks[i]`: what stands before word i. `ranks`: words counted without the small ones. `asked`: sentences ending with a question mark.
    """

    folded: str
    words: list[str]
    starts: list[int]
    breaks: list[int]
    grammar: Grammar
    entries: list[Entry] = field(default_factory=list)
    roles: list[int] = field(default_factory=list)
    parts: frozenset[int] = frozenset()
    ranks: list[int] = field(default_factory=list)
    sentence: list[int] = field(default_factory=list)
    asked: set[int] = field(default_factory=set)
    negators: list[list[int]] = field(default_factory=list)
    supposed: list[bool] = field(default_factory=list)
    found: dict[int, list[tuple[int, ...]]] = field(default_factory=dict)
    told: dict[str, list[tuple[int, ...]]] = field(default_factory=dict)

    def has(self, i: int, role: str) -> bool:
        """Does word i play this role?"""
        return 0 <= i < len(self.roles) and bool(self.roles[i] & self.grammar.roles[role])

    def spans(self, part: Part) -> list[tuple[int, ...]]:
        """Every place where a phrase of the part stands: the positions of its words. Small words in between are skipped."""
        if part.number not in self.parts:
            return []
        known = self.found.get(part.number)
        if known is None:
            known = self.found[part.number] = []
            firsts = part.phrases
            for i, entry in enumerate(self.entries):
                if part.number in entry.parts:
                    for first in firsts.keys() & entry.slots:
                        for rest in firsts[first]:
                            if not rest:
                                known.append((i,))
                            elif (places := self._follow(i, rest)) is not None:
                                known.append((i, *places))
        return known

    def _follow(self, i: int, rest: tuple[int, ...]) -> tuple[int, ...] | None:
        """Places of the further words of a phrase whose first word stands at i; None when they do not follow."""
        places: tuple[int, ...] = ()
        entries, soft = self.entries, self.grammar.roles["soft"]
        last = len(entries) - 1
        for wanted in rest:
            stop = min(i + MOST_SKIPPED + 1, last)
            while True:
                if i >= stop or self.breaks[i + 1] != NO_BREAK:
                    return None
                i += 1
                if wanted in entries[i].slots:
                    break
                if not self.roles[i] & soft:
                    return None
            places += (i,)
        return places

    def again(self) -> Text:
        """The same text to be read once more, so that words hidden in one reading are seen in the other."""
        return replace(self, entries=list(self.entries), found=dict(self.found))

    def hide(self, places: set[int]) -> None:
        """Words of an idiom mean nothing by themselves any more; they keep their place in the grammar."""
        for name in self.grammar.contexts:
            self.context(name)  # "mort en 1990" may be an idiom; 1990 stays a date
        for p in places:
            self.entries[p] = NOTHING
        self.gather()

    def gather(self) -> None:
        """Note what the text has, after its words are known or hidden."""
        self.parts = frozenset().union(*(entry.parts for entry in self.entries))
        self.found.clear()

    def recent(self, i: int) -> bool:
        """Does word i place things in the last days: "hier", "ce matin"? "la nuit" alone does not."""
        return self.has(i, "recent") or (self.has(i, "part_of_day") and self.has(i - 1, "this"))

    def context(self, name: str) -> list[tuple[int, ...]]:
        """Places of a context phrase (old, ended, hypothetical...)."""
        if name not in self.told:
            self.told[name] = self.spans(self.grammar.contexts[name])
        return self.told[name]

    def clause(self, i: int) -> range:
        """The stretch between two commas, sentence ends or words like "mais" around word i."""
        first = i
        while first > 0 and self.breaks[first] == NO_BREAK and not self.has(first, "turn"):
            first -= 1
        last = i + 1
        while last < len(self.words) and self.breaks[last] == NO_BREAK and not self.has(last, "turn"):
            last += 1
        return range(first, last)

    def in_sentence(self, i: int) -> range:
        """The words of the sentence of word i."""
        first = i
        while first > 0 and self.sentence[first - 1] == self.sentence[i]:
            first -= 1
        last = i + 1
        while last < len(self.words) and self.sentence[last] == self.sentence[i]:
            last += 1
        return range(first, last)


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
        rank += not done.roles[i] & soft
        done.ranks.append(rank)
        sentence += gap == SENTENCE and i > 0
        done.sentence.append(sentence)
    done.asked = {done.sentence[i] for i in asked if i >= 0}
    done.negators = _negators(done)
    done.supposed = _supposed(done)
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
    lexicon = grammar.lexicon
    if len(typed) < 4 or typed[0] not in "jlmtsdcnq" or not typed.isalpha() or lexicon.spelled(typed) or typed in lexicon.ordinary:
        return (typed,)
    for head in ("jm", "jl", "qu", typed[0]):
        rest = typed[len(head) :]
        if typed.startswith(head) and len(rest) >= 3 and (lexicon.spelled(rest) or (len(rest) >= 4 and lexicon.by_ear(rest))):
            if not lexicon.spelled(rest) and lexicon.by_ear(typed):
                return (typed,)
            return (*((head[0], head[1]) if head in ("jm", "jl") else (head,)), rest)
    return (typed,)


def _negators(text: Text) -> list[list[int]]:
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
    """A negator that negates nothing here: "pas mal", "pas trop", "arrête pas de", "si jamais", "non j'ai..."."""
    if text.has(i + 1, "half") and text.breaks[i + 1] == NO_BREAK:
        return True
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
        if text.has(j, "turn") or (content and text.has(j, "subject")):
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


def _supposed(text: Text) -> list[bool]:
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
