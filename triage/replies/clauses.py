"""One text as words and clauses, and where the phrases of the word lists stand in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from triage.replies.fold import NO_BREAK
from triage.replies.lexicon import NOTHING, Entry, Lexicon
from triage.replies.patterns import Book, Part, Rule

MOST_SKIPPED = 5
"""Small words that may stand inside a phrase ("mal" ... "poitrine")."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """Words that steer the reading: one bit by role, and phrases by context."""

    lexicon: Lexicon
    spelling: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, int]
    roles: Mapping[str, int]
    contexts: Mapping[str, Part]


@dataclass(slots=True)
class Text:
    """Folded words with what they may stand for.

    `breaks[i]`: what stands before word i. `ranks`: words counted without the small ones. `asked`: sentences ending with a question mark.
    `owned`: by place, whether a number speaks of the patient now.
    `placed`: which value goes to which symptom, by the keys asked, found once (see `placing`); `plain`: the text without its courtesies.
    """

    folded: str
    words: list[str]
    starts: list[int]
    breaks: list[int]
    grammar: Grammar
    entries: list[Entry] = field(default_factory=list)
    roles: list[int] = field(default_factory=list)
    played: int = 0
    parts: int = 0
    begun: list[tuple[int, Mapping[int, tuple[tuple[int, ...], ...]]]] = field(default_factory=list)
    openers: list[Entry] = field(default_factory=list)
    ranks: list[int] = field(default_factory=list)
    sentence: list[int] = field(default_factory=list)
    asked: set[int] = field(default_factory=set)
    negators: list[list[int]] = field(default_factory=list)
    supposed: list[bool] = field(default_factory=list)
    found: dict[int, list[tuple[int, ...]]] = field(default_factory=dict)
    told: dict[str, list[tuple[int, ...]]] = field(default_factory=dict)
    met: dict[Book, list[Rule]] = field(default_factory=dict)
    owned: dict[int, bool] = field(default_factory=dict)
    placed: dict[tuple[str, ...], Any] = field(default_factory=dict)
    plain: Text | None = None

    def has(self, i: int, role: str) -> bool:
        """Does word i play this role?"""
        return 0 <= i < len(self.roles) and bool(self.roles[i] & self.grammar.roles[role])

    def plays(self, *roles: str) -> bool:
        """Does any word of the text play one of these roles?"""
        return any(self.played & self.grammar.roles[role] for role in roles)

    def spans(self, part: Part) -> list[tuple[int, ...]]:
        """Every place where a phrase of the part stands: the positions of its words. Small words in between are skipped."""
        number = part.number
        known = self.found.get(number)
        if known is None:
            known = self.found[number] = []
            for i, begins in self.begun if self.parts >> number & 1 else ():
                if number in begins:
                    known += self._phrases(i, begins[number])
        return known

    def _phrases(self, i: int, rests: Iterable[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
        """Places of the phrases that begin with word i, by what must follow it. Most often the next word is no part of any of them."""
        follows = i + 1 < len(self.entries) and self.breaks[i + 1] == NO_BREAK
        near = self.entries[i + 1].slots if follows else frozenset()
        small = follows and self.roles[i + 1] & self.grammar.roles["soft"]
        for rest in rests:
            if not rest:
                yield (i,)
            elif (small or rest[0] in near) and (places := self._follow(i, rest)) is not None:
                yield (i, *places)

    def rules(self, book: Book) -> list[Rule]:
        """The rules of a list that may be met in these words. Several readers ask for the same list: found once."""
        known = self.met.get(book)
        if known is None:
            known = self.met[book] = book.possible(self.openers, self.parts)
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

    def hiding(self, places: set[int]) -> Text:
        """The same text, in which the words of an idiom mean nothing by themselves any more; they keep their place in the grammar."""
        for name in self.grammar.contexts:
            self.context(name)  # "mort en 1990" may be an idiom; 1990 stays a date
        entries = [NOTHING if i in places else entry for i, entry in enumerate(self.entries)]
        hidden = replace(self, entries=entries, owned={}, placed={}, plain=None)
        hidden.gather()
        return hidden

    def gather(self) -> None:
        """Note which parts the words may begin, after they are known or hidden."""
        self.parts, self.found, self.met = 0, {}, {}
        self.begun = [(i, entry.begins) for i, entry in enumerate(self.entries) if entry.parts]
        self.openers = [self.entries[i] for i, _ in self.begun]
        for entry in self.openers:
            self.parts |= entry.parts

    def recent(self, i: int) -> bool:
        """Does word i place things in the last days: "hier", "ce matin"? "la nuit" alone does not."""
        return self.has(i, "recent") or (self.has(i, "part_of_day") and self.has(i - 1, "this"))

    def context(self, name: str) -> list[tuple[int, ...]]:
        """Places of a context phrase (old, ended, hypothetical...)."""
        if name not in self.told:
            self.told[name] = self.spans(self.grammar.contexts[name])
        return self.told[name]

    def spoken(self) -> int:
        """How many words say something: no number, no small word."""
        return sum(word.isalpha() and not self.has(i, "soft") for i, word in enumerate(self.words))

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
