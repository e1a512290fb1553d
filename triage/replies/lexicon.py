"""Every word of the lists, and which of them a typed word may stand for: as spelled, by ear, or one slip of the finger away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from triage.replies.fold import fold, heard, one_slip_apart, shortened, sound

SLIPS_FROM = 6
"""Words shorter than this are never matched with a slip: too many neighbours."""
LONGEST_ENDING = 4
"""A misspelt stem may carry at most this many letters more."""
COMMON = 40
"""How many times more often a word of the grammar is met than a word of a list."""
REMEMBERED = 20000
"""Typed words kept with what they stand for; a flood of invented words must not fill the memory."""


Phrase = tuple[int, ...]
"""The slots (sets of words) that follow each other."""


@dataclass(frozen=True, eq=False)
class Entry:
    """What a typed word may be: its roles, the slots it fills, the parts it may begin (roles and parts as bits), how each goes on."""

    roles: int
    slots: frozenset[int]
    begins: Mapping[int, tuple[Phrase, ...]]
    parts: int


NOTHING = Entry(0, frozenset(), {}, 0)


@dataclass(slots=True)
class Lexicon:
    """Literals ("word", "stem*", "=exact", "3..40") by number; slots are sets of literals; filled while the lists are compiled."""

    ordinary: frozenset[str] = frozenset()
    literals: dict[str, int] = field(default_factory=dict)
    roles_of: dict[int, int] = field(default_factory=dict)
    slots: dict[frozenset[int], int] = field(default_factory=dict)
    slot_words: list[frozenset[int]] = field(default_factory=list)
    slots_with: dict[int, list[int]] = field(default_factory=dict)
    parts_from: dict[int, list[tuple[int, tuple[Phrase, ...]]]] = field(default_factory=dict)
    exact: dict[str, list[int]] = field(default_factory=dict)
    stems: dict[str, list[int]] = field(default_factory=dict)
    sounds: dict[str, list[int]] = field(default_factory=dict)
    sound_stems: dict[str, list[int]] = field(default_factory=dict)
    near: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    near_stems: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    ranges: list[tuple[float, float, int]] = field(default_factory=list)
    memory: dict[str, Entry] = field(default_factory=dict)
    made: dict[frozenset[int], Entry] = field(default_factory=dict)
    apart: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def literal(self, text: str) -> int:
        """The number of a literal, given on first use."""
        if text in self.literals:
            return self.literals[text]
        number = self.literals[text] = len(self.literals)
        if ".." in text:
            low, high = text.replace(",", ".").split("..")
            self.ranges.append((float(low), float(high), number))
            return number
        word, stem = fold(text.lstrip("=").removesuffix("*")), text.endswith("*")
        (self.stems if stem else self.exact).setdefault(word, []).append(number)
        if not text.startswith("="):
            self._forgive(word, stem, number)
        return number

    def _forgive(self, word: str, stem: bool, number: int) -> None:
        for key in heard(word):
            if len(key) >= (4 if stem else 3):
                self.sounds.setdefault(key, []).append(number)
        if stem and len(sound(word)) >= 4:
            self.sound_stems.setdefault(sound(word), []).append(number)
        if len(word) >= SLIPS_FROM:
            near = self.near_stems if stem else self.near
            for form in shortened(word):
                near.setdefault(form, []).append((word, number))

    def slot(self, literals: set[int]) -> int:
        """The number of a set of literals of which one must stand at a place."""
        key = frozenset(literals)
        if key not in self.slots:
            self.slots[key] = len(self.slots)
            self.slot_words.append(key)
            for number in key:
                self.slots_with.setdefault(number, []).append(self.slots[key])
        return self.slots[key]

    def words_of(self, slot: int) -> frozenset[int]:
        """The literals of a slot."""
        return self.slot_words[slot]

    def begins(self, part: int, phrases: Mapping[int, tuple[Phrase, ...]]) -> int:
        """Note which slots begin a part, and what follows each; returns how often one of its words may be met."""
        for slot, rests in phrases.items():
            self.parts_from.setdefault(slot, []).append((part, rests))
        return sum(COMMON if word in self.roles_of else 1 for slot in phrases for word in self.slot_words[slot])

    def give_role(self, word: str, role: int) -> None:
        """A word of the grammar, compared letter by letter."""
        number = self.literal(word if word.endswith("*") else "=" + word)
        self.roles_of[number] = self.roles_of.get(number, 0) | role

    def entry(self, token: str) -> Entry:
        """What a typed word may be."""
        known = self.memory.get(token)
        if known is None:
            known = self._looked_up(token)
            if len(self.memory) < REMEMBERED:
                self.memory[token] = known
        return known

    def _looked_up(self, token: str) -> Entry:
        found = self.spelled(token)
        if token not in self.exact and token not in self.ordinary and token.isalpha() and len(token) > 2:
            found |= self.by_ear(token)
            found = found or self.by_slip(token)
        if not found:
            return NOTHING
        key = frozenset(found)
        if key not in self.made:
            self.made[key] = self._made(key)
        return self.made[key]

    def _made(self, literals: frozenset[int]) -> Entry:
        roles = 0
        for number in literals:
            roles |= self.roles_of.get(number, 0)
        slots = frozenset(s for number in literals for s in self.slots_with.get(number, ()))
        begins: dict[int, tuple[Phrase, ...]] = {}
        for slot in slots:
            for part, rests in self.parts_from.get(slot, ()):
                begins[part] = begins.get(part, ()) + rests
        return Entry(roles, slots, begins, sum(1 << part for part in begins))

    def spelled(self, token: str) -> set[int]:
        """Literals the token is, letter by letter or as a number."""
        found = set(self.exact.get(token, ()))
        for end in range(2, len(token) + 1):
            found.update(self.stems.get(token[:end], ()))
        if token[0].isdigit():
            value = _number(token)
            found.update(number for low, high, number in self.ranges if low <= value <= high)
        return found

    def by_ear(self, token: str) -> set[int]:
        """Literals the token sounds like."""
        found = {number for key in heard(token) for number in self.sounds.get(key, ())}
        full = sound(token)
        for end in range(4, len(full) + 1):
            found.update(self.sound_stems.get(full[:end], ()))
        return found

    def by_slip(self, token: str) -> set[int]:
        """Literals one slip of the finger away, for words of six letters or more; the first letter is always right."""
        if len(token) < SLIPS_FROM - 1:
            return set()
        found = {
            n for form in shortened(token) for word, n in self.near.get(form, ()) if token[0] == word[0] and one_slip_apart(token, word)
        }
        for end in range(max(SLIPS_FROM - 1, len(token) - LONGEST_ENDING), len(token) + 1):
            head = token[:end]
            for form in shortened(head):
                found.update(n for word, n in self.near_stems.get(form, ()) if head[0] == word[0] and one_slip_apart(head, word))
        return found


def _number(token: str) -> float:
    try:
        return float(token.replace(",", "."))
    except ValueError:  # "1.2.3"
        return -1.0
