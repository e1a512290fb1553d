"""One text as words and clauses, and where the phrases of the word lists stand in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from triage.replies.fold import NO_BREAK
from triage.replies.lexicon import NOTHING, Entry, Lexicon
from triage.replies.patterns import Book, Part, Rule

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
    `owned`: by place, whether a number speaks of the patient now.
    `placed`: which value goes to which symptom, by the keys asked, found once (see `placing`).
    """

    folded: str
    words: list[str]
    starts: list[int]
    breaks: list[int]
    grammar: Grammar
    entries: list[Entry] = field(default_factory=list)
    roles: list[int] = field(default_factory=list)
    parts: int = 0
    begun: list[tuple[int, Mapping[int, tuple[tuple[int, ...], ...]]]] = field(default_factory=list)
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

    def has(self, i: int, role: str) -> bool:
        """Does word i play this role?"""
        return 0 <= i < len(self.roles) and bool(self.roles[i] & self.grammar.roles[role])

    def spans(self, part: Part) -> list[tuple[int, ...]]:
        """Every place where a phrase of the part stands: the positions of its words. Small words in between are skipped."""
        if not self.parts >> part.number & 1:
            return []
        known = self.found.get(part.number)
        if known is None:
            known = []
            for i, begins in self.begun:
                for rest in begins.get(part.number, ()):
                    if not rest:
                        known.append((i,))
                    elif (places := self._follow(i, rest)) is not None:
                        known.append((i, *places))
            self.found[part.number] = known
        return known

    def rules(self, book: Book) -> list[Rule]:
        """The rules of a list that may be met in these words. Several readers ask for the same list: found once."""
        known = self.met.get(book)
        if known is None:
            known = self.met[book] = book.possible([self.entries[i] for i, _ in self.begun], self.parts)
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
        return replace(self, entries=list(self.entries), owned={}, placed={})

    def hide(self, places: set[int]) -> None:
        """Words of an idiom mean nothing by themselves any more; they keep their place in the grammar."""
        for name in self.grammar.contexts:
            self.context(name)  # "mort en 1990" may be an idiom; 1990 stays a date
        for p in places:
            self.entries[p] = NOTHING
        self.gather()

    def gather(self) -> None:
        """Note which parts the words may begin, after they are known or hidden."""
        self.parts, self.found, self.met = 0, {}, {}
        self.begun = [(i, entry.begins) for i, entry in enumerate(self.entries) if entry.parts]
        for i, _ in self.begun:
            self.parts |= self.entries[i].parts

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
