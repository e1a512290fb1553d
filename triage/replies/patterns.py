"""The small language in which the word lists are written, compiled once.

poitrine|thorax + douleur*|mal /6      two parts within six words, either order, no sentence end between
bras > bouge* plus /4                  `>`: the first part stands first
@site @pain                            `@name`: any word or phrase of that group; words side by side may be
                                       separated by small words ("mal à la poitrine" is found by "mal poitrine")
... - radio|scanner                    after ` - `: words which, in the same sentence, make the rule silent
flags: /any  parts may stand in different sentences
       /neg /if /past /who  a negation, a condition, an old date, somebody else does not silence the rule; /raw: none of them does
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from triage.replies.fold import fold, heard, one_slip_apart, shortened, sound

Phrase = tuple[int, ...]
Part = tuple[Phrase, ...]
SLIPS_FROM = 6
"""Words shorter than this are never matched with a slip: too many neighbours."""
LONGEST_ENDING = 4
"""A misspelt stem may carry at most this many letters more."""


@dataclass(frozen=True)
class Rule:
    """One line of a word list. `parts` within `window` words; `ordered[i]`: part i+1 must stand after part i."""

    source: str
    code: str
    parts: tuple[Part, ...]
    firsts: tuple[int, ...]
    ordered: tuple[bool, ...]
    window: int
    unless: tuple[Part, ...]
    flags: frozenset[str]


@dataclass
class Vocabulary:
    """Every literal of the lists has one bit; a token's mask says which literals it may stand for."""

    bits: dict[str, int] = field(default_factory=dict)
    exact: dict[str, int] = field(default_factory=dict)
    stems: dict[str, int] = field(default_factory=dict)
    sounds: dict[str, int] = field(default_factory=dict)
    sound_stems: dict[str, int] = field(default_factory=dict)
    near: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    near_stems: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    ordinary: frozenset[str] = frozenset()
    ranges: list[tuple[float, float, int]] = field(default_factory=list)
    memo: dict[str, int] = field(default_factory=dict)

    def bit(self, literal: str) -> int:
        """The bit of a literal ("word", or "stem*"), given on first use. "=word" is never matched by ear or with a slip."""
        if literal in self.bits:
            return self.bits[literal]
        bit = self.bits[literal] = 1 << len(self.bits)
        if ".." in literal:
            low, high = literal.replace(",", ".").split("..")
            self.ranges.append((float(low), float(high), bit))
            return bit
        strict = literal.startswith("=")
        word = fold(literal.lstrip("=").removesuffix("*"))
        stem = literal.endswith("*")
        table, by_ear = (self.stems, self.sound_stems) if stem else (self.exact, self.sounds)
        table[word] = table.get(word, 0) | bit
        if strict:
            return bit
        key = sound(word) if stem else heard(word)
        if len(key) >= (4 if stem else 3):
            by_ear[key] = by_ear.get(key, 0) | bit
        if len(word) >= SLIPS_FROM:
            near = self.near_stems if stem else self.near
            for form in shortened(word):
                near.setdefault(form, []).append((word, bit))
        return bit

    def spelled(self, token: str) -> int:
        """Literals the token is, letter by letter."""
        mask = self.exact.get(token, 0)
        for end in range(2, len(token) + 1):
            mask |= self.stems.get(token[:end], 0)
        if token[0].isdigit():
            value = _number(token)
            for low, high, bit in self.ranges:
                if low <= value <= high:
                    mask |= bit
        return mask

    def by_ear(self, token: str) -> int:
        """Literals the token sounds like."""
        mask = self.sounds.get(heard(token), 0)
        full = sound(token)
        for end in range(4, len(full) + 1):
            mask |= self.sound_stems.get(full[:end], 0)
        return mask

    def by_slip(self, token: str) -> int:
        """Literals one slip of the finger away, for words of six letters or more."""
        if len(token) < SLIPS_FROM - 1:
            return 0
        mask = 0
        for form in shortened(token):
            for word, bit in self.near.get(form, ()):
                if token[0] == word[0] and one_slip_apart(token, word):
                    mask |= bit
        for end in range(max(SLIPS_FROM - 1, len(token) - LONGEST_ENDING), len(token) + 1):
            head = token[:end]
            for form in shortened(head):
                for word, bit in self.near_stems.get(form, ()):
                    if head[0] == word[0] and one_slip_apart(head, word):
                        mask |= bit
        return mask

    def mask(self, token: str) -> int:
        """All literals the token may stand for: spelled right, else by ear, else with one slip; ordinary words only as spelled."""
        known = self.memo.get(token)
        if known is not None:
            return known
        mask = self.spelled(token)
        if not mask and token.isalpha() and len(token) > 2 and token not in self.ordinary:
            mask = self.by_ear(token) or self.by_slip(token)
        if len(self.memo) < 50000:  # a flood of invented words must not fill the memory
            self.memo[token] = mask
        return mask


@dataclass(frozen=True)
class Compiler:
    """Turns lines into rules; groups refer to each other by name."""

    vocabulary: Vocabulary
    groups: Mapping[str, Sequence[str]]
    done: dict[str, Part] = field(default_factory=dict)

    def rule(self, source: str, code: str) -> Rule:
        """Compile one line. Raises ValueError naming the line when it makes no sense."""
        words = source.split()
        flags = {w[1:] for w in words if w.startswith("/")}
        window = max((int(f) for f in flags if f.isdigit()), default=6)
        words = [w for w in words if not w.startswith("/")]
        unless: list[Part] = []
        if "-" in words:
            cut = words.index("-")
            unless = [self.part(phrase) for phrase in " ".join(words[cut + 1 :]).split("|")]
            words = words[:cut]
        pieces, ordered = _pieces(words)
        flags = {f for f in flags if not f.isdigit()}
        unknown = flags - {"any", "neg", "if", "past", "who", "raw"}
        if unknown or not all(pieces):
            raise ValueError(f"word list line {source!r} ({code}): {'unknown flag ' + str(sorted(unknown)) if unknown else 'empty part'}")
        parts = tuple(self.part(p) for p in pieces)
        firsts = tuple(_first(p) for p in parts)
        return Rule(source, code, parts, firsts, tuple(ordered), window, tuple(unless), frozenset(flags))

    def part(self, text: str) -> Part:
        """Phrases of a part, each a tuple of masks, one per word."""
        if text in self.done:
            return self.done[text]
        phrases: list[Phrase] = [()]
        for slot in text.split():
            single, longer = self._slot(slot)
            phrases = [(*p, single) for p in phrases if single] + [p + more for p in phrases for more in longer]
        part = self.done[text] = tuple(phrases)
        return part

    def _slot(self, slot: str) -> tuple[int, list[Phrase]]:
        single, longer = 0, list[Phrase]()
        for alternative in slot.split("|"):
            if not alternative.startswith("@"):
                words = alternative.split("_")
                if len(words) > 1:
                    longer.append(tuple(self.vocabulary.bit(w) for w in words))
                else:
                    single |= self.vocabulary.bit(alternative)
                continue
            if alternative[1:] not in self.groups:
                raise ValueError(f"unknown group {alternative} in {slot!r}")
            for phrase in self.group(alternative[1:]):
                if len(phrase) == 1:
                    single |= phrase[0]
                else:
                    longer.append(phrase)
        return single, longer

    def group(self, name: str) -> Part:
        """Every phrase of a named group."""
        key = "@" + name
        if key not in self.done:
            self.done[key] = ()  # a group that names itself finds nothing instead of never ending
            self.done[key] = tuple(phrase for line in self.groups[name] for phrase in self.part(line))
        return self.done[key]


def _number(token: str) -> float:
    try:
        return float(token.replace(",", "."))
    except ValueError:  # "1.2.3"
        return -1.0


def _pieces(words: Iterable[str]) -> tuple[list[str], list[bool]]:
    pieces, ordered = [""], list[bool]()
    for word in words:
        if word in ("+", ">"):
            pieces.append("")
            ordered.append(word == ">")
        else:
            pieces[-1] = (pieces[-1] + " " + word).strip()
    return pieces, ordered


def _first(part: Part) -> int:
    mask = 0
    for phrase in part:
        mask |= phrase[0]
    return mask
