"""The small language in which the word lists are written, compiled once.

poitrine|thorax + douleur*|mal /6      two parts within six words, either order, no sentence end between
bras > bouge* plus /4                  `>`: the first part stands first
mal poitrine                           words side by side; small words may stand between ("mal à la poitrine")
a|b c|d                                a or b, followed by c or d; `du_tout`: words that stay together in a choice
@site                                  any word or phrase of that group
vomi*                                  every word that begins so; =mal: this spelling only; 3..40: any number from 3 to 40
... - radio|belle mere                 after ` - `: words or phrases which, in the same sentence, make the rule silent
flags: /any  parts may stand in different sentences
       /oblique  an image that friends use too: silent where the text says "tu"
       /neg /if /past /who  a negation, a condition, an old date, somebody else does not silence the rule; /raw: none of them does
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from triage.replies.lexicon import Entry, Lexicon, Phrase


@dataclass(frozen=True, slots=True)
class Part:
    """Phrases of which one must stand in the text; the lexicon knows them by `number`. `size`: how often one of its words may be met."""

    number: int
    size: int


@dataclass(frozen=True, eq=False, slots=True)
class Rule:
    """One line of a word list. `parts` within `window` words; `ordered[i]`: part i+1 must stand after part i.

    `needs` and `silent`: the numbers of `parts` and of `unless`, as bits.
    """

    source: str
    code: str
    parts: tuple[Part, ...] = ()
    needs: int = 0
    ordered: tuple[bool, ...] = ()
    window: int = 0
    unless: tuple[Part, ...] = ()
    silent: int = 0
    flags: frozenset[str] = frozenset()

    @property
    def rarest(self) -> Part:
        """The part whose words are met least often."""
        return min(self.parts, key=lambda part: part.size)


class Book:
    """Rules, found quickly: each stands under the part whose words are met least often."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._under: dict[int, list[Rule]] = {}
        for rule in rules:
            self._under.setdefault(rule.rarest.number, []).append(rule)
        self._bits = _bits(rule.rarest for rules in self._under.values() for rule in rules)
        self._of: dict[Entry, dict[Rule, None]] = {}

    def possible(self, entries: Iterable[Entry], parts: int) -> list[Rule]:
        """Rules all of whose parts may begin with one of these words; `parts`: what these words may begin, as bits."""
        found: dict[Rule, None] = {}
        if not self._bits & parts:
            return []
        for entry in entries:
            known = self._of.get(entry)
            if known is None:
                known = self._of[entry] = {rule: None for part in entry.begins for rule in self._under.get(part, ())}
            if known:
                found.update(known)
        return [rule for rule in found if rule.needs & parts == rule.needs]


@dataclass(frozen=True, slots=True)
class Compiler:
    """Turns lines into rules; groups refer to each other by name."""

    lexicon: Lexicon
    groups: Mapping[str, Sequence[str]]
    done: dict[str, tuple[Phrase, ...]] = field(default_factory=dict)
    parts: dict[tuple[Phrase, ...], Part] = field(default_factory=dict)

    def rule(self, source: str, code: str) -> Rule:
        """Compile one line. Raises ValueError naming the line when it makes no sense."""
        words = source.split()
        flags = {w[1:] for w in words if w.startswith("/")}
        window = max((int(f) for f in flags if f.isdigit()), default=6)
        flags = {f for f in flags if not f.isdigit()}
        words = [w for w in words if not w.startswith("/")]
        unless: list[Part] = []
        if "-" in words:
            cut = words.index("-")
            unless = [self.part(phrase) for phrase in " ".join(words[cut + 1 :]).split("|")]
            words = words[:cut]
        pieces, ordered = _pieces(words)
        unknown = flags - {"any", "neg", "if", "past", "who", "raw", "oblique"}
        if unknown or not all(pieces):
            problem = f"unknown flag {sorted(unknown)}" if unknown else "empty part"
            raise ValueError(f"word list line {source!r} ({code}): {problem}")
        parts = tuple(self.part(p) for p in pieces)
        return Rule(source, code, parts, _bits(parts), tuple(ordered), window, tuple(unless), _bits(unless), frozenset(flags))

    def part(self, text: str) -> Part:
        """The part a stretch of a line describes."""
        return self.whole(self.phrases(text))

    def whole(self, phrases: tuple[Phrase, ...]) -> Part:
        """One part made of these phrases; the lexicon learns which words may begin it."""
        if phrases not in self.parts:
            by_first: dict[int, list[Phrase]] = {}
            for phrase in dict.fromkeys(phrases):
                by_first.setdefault(phrase[0], []).append(phrase[1:])
            number = len(self.parts)
            size = self.lexicon.begins(number, {first: tuple(rest) for first, rest in by_first.items()})
            self.parts[phrases] = Part(number, size)
        return self.parts[phrases]

    def phrases(self, text: str) -> tuple[Phrase, ...]:
        """Every phrase of a part, as slots."""
        if text not in self.done:
            phrases: list[Phrase] = [()]
            for slot in text.split():
                single, longer = self._slot(slot)
                phrases = [(*p, single) for p in phrases if single is not None] + [p + more for p in phrases for more in longer]
            self.done[text] = tuple(phrases)
        return self.done[text]

    def _slot(self, slot: str) -> tuple[int | None, list[Phrase]]:
        single: set[int] = set()
        longer: list[Phrase] = []
        for alternative in slot.split("|"):
            if alternative.startswith("@"):
                if alternative[1:] not in self.groups:
                    raise ValueError(f"unknown group {alternative} in {slot!r}")
                for phrase in self._group(alternative[1:]):
                    if len(phrase) == 1:
                        single |= self.lexicon.words_of(phrase[0])
                    else:
                        longer.append(phrase)
            elif "_" in alternative:
                longer.append(tuple(self.lexicon.slot({self.lexicon.literal(w)}) for w in alternative.split("_")))
            else:
                single.add(self.lexicon.literal(alternative))
        return (self.lexicon.slot(single) if single else None), longer

    def _group(self, name: str) -> tuple[Phrase, ...]:
        key = "@" + name
        if key not in self.done:
            self.done[key] = ()  # a group that names itself finds nothing instead of never ending
            self.done[key] = tuple(phrase for line in self.groups[name] for phrase in self.phrases(line))
        return self.done[key]


def _bits(parts: Iterable[Part]) -> int:
    bits = 0
    for part in parts:
        bits |= 1 << part.number
    return bits


def _pieces(words: Iterable[str]) -> tuple[list[str], list[bool]]:
    pieces, ordered = [""], list[bool]()
    for word in words:
        if word in ("+", ">"):
            pieces.append("")
            ordered.append(word == ">")
        else:
            pieces[-1] = (pieces[-1] + " " + word).strip()
    return pieces, ordered
