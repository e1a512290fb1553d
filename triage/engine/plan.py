"""A protocol made ready to judge fast: each fact is looked at once, and what the same facts led to is remembered.

Live and replay go through here alike. Every condition has a number and four bits: met, undecided, waiting, broken. The bits of all that was
seen, joined, decide every rule; the facts themselves give the words of the trace.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, TypeVar

from triage.conditions import Absent, Case, Condition, Fact, Finding
from triage.conditions.facts import VALUE
from triage.engine.house import decided, spoken, told, unjudged
from triage.protocol import Protocol, Rule
from triage.questions import objection
from triage.terms import Kind, Level, Step

REMEMBERED = 4096
"""Facts, steps or verdicts kept in each memory; over that it is emptied, so that it cannot grow for ever."""

MET, OPEN, WAITS, BROKEN = range(4)

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def keep(memory: dict[K, V], key: K, value: V) -> V:
    """Remember it."""
    if len(memory) >= REMEMBERED:
        memory.clear()
    memory[key] = value
    return value


@dataclass(frozen=True, eq=False, slots=True)
class Seen:
    """What one fact means to every condition that looks at it. Compared by identity: the same fact gives the same object."""

    state: int
    findings: Mapping[int, Finding]
    broken: Mapping[int, str]


@dataclass(frozen=True, eq=False, slots=True)
class Heard:
    """One answer, understood: its type, the fact it makes, why it cannot stand ("" when it can), what it means, and the words for it."""

    kind: type
    fact: Fact
    reason: str
    seen: Seen
    words: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Probe:
    """One look at a case, shared by the conditions (by number) that see the same facts. place: among all probes."""

    place: int
    look: Callable[[Case], Hashable]
    conditions: tuple[tuple[int, Condition], ...]
    memory: dict[Hashable, Seen] = field(default_factory=dict)


@dataclass(frozen=True)
class Slot:
    """A question of a check-in: where what it means is put, the answers already understood. parent: the question it is a detail of."""

    key: str
    parent: str
    place: int
    memory: dict[Any, Heard]


@dataclass(frozen=True)
class Form:
    """What all check-ins with the same questions have in common. asked comes before details; blank gives the order of display."""

    asked: tuple[Slot, ...]
    details: tuple[Slot, ...]
    blank: Mapping[str, Fact]
    scores: tuple[str, ...]
    strangers: tuple[str, ...]
    state: int
    seen: tuple[Seen, ...]


@dataclass(frozen=True)
class Verdict:
    """What the bits of a case decide: the rules that fired, as bare steps, and the red flags that wait for an answer."""

    level: Level
    fired: tuple[Step, ...]
    undecided: tuple[str, ...]


@dataclass(frozen=True)
class Ready:
    """A rule, the numbers of its conditions and where each is seen. pick takes from all that was seen what the rule looks at."""

    rule: Rule
    parts: tuple[range, range, range]
    places: tuple[tuple[int, int], ...]
    pick: Callable[[list[Seen]], Hashable]
    bare: Step


class Plan:
    """One per protocol, kept with it. See the head of this file."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.stamp = f"{protocol.slug}@{protocol.effective_from}"
        numbered = list(enumerate(condition for rule in protocol.rules for condition in rule.conditions))
        self.size = len(numbered)
        shared: dict[Hashable, list[tuple[int, Condition]]] = {}
        for number, condition in numbered:
            shared.setdefault(condition.source, []).append((number, condition))
        probes = {source: Probe(place, some[0][1].look, tuple(some)) for place, (source, some) in enumerate(shared.items())}
        self.values = {source[1]: probe for source, probe in probes.items() if isinstance(source, tuple) and source[0] == VALUE}
        self.wide = tuple(probe for probe in probes.values() if probe not in self.values.values())
        self.ready = _ready(protocol, {number: probe.place for probe in probes.values() for number, _ in probe.conditions})
        self.forms: dict[Hashable, Form] = {}
        self.verdicts: dict[int, Verdict] = {}
        self.answers: dict[str, dict[Any, Heard]] = {key: {} for key in protocol.questions}
        self.nothing = Seen(0, {}, {})

    def form(self, answered: tuple[str, ...], due: tuple[str, ...] | None) -> Form:
        """The form of a check-in with these questions."""
        return self.forms.get((answered, due)) or keep(self.forms, (answered, due), self._form(answered, due))

    def _form(self, answered: tuple[str, ...], due: tuple[str, ...] | None) -> Form:
        questions = self.protocol.questions
        every = self.protocol.red_flag_keys if due is None else due
        order = [key for key in dict.fromkeys((*every, *answered)) if key in questions]
        slots = [self._slot(key, order) for key in order]
        seen = [self.nothing] * (len(self.values) + len(self.wide))
        for key, probe in self.values.items():
            if key not in order:
                seen[probe.place] = self.see(probe, Absent.NOT_ASKED)
        state = 0
        for one in seen:
            state |= one.state
        return Form(
            asked=tuple(slot for slot in slots if not slot.parent),
            details=tuple(slot for slot in slots if slot.parent),
            blank=dict.fromkeys(order, Absent.UNKNOWN),
            scores=tuple(key for key in sorted(order) if questions[key].kind is Kind.SEVERITY),
            strangers=tuple(key for key in answered if key not in questions),
            state=state,
            seen=tuple(seen),
        )

    def _slot(self, key: str, order: list[str]) -> Slot:
        parent = self.protocol.questions[key].detail_of
        place = self.values[key].place if key in self.values else -1
        return Slot(key, parent if parent in order else "", place, self.answers[key])

    def hear(self, key: str, value: Any) -> Heard:
        """An answer met for the first time. One that cannot stand is unknown, and says why; SKIPPED is an answer of its own."""
        question = self.protocol.questions[key]
        reason = "" if value is None or isinstance(value, Absent) else objection(question, value)
        fact: Fact = Absent.UNKNOWN if value is None or reason else value
        seen = self.see(self.values[key], fact) if key in self.values else self.nothing
        heard = Heard(value.__class__, fact, reason, seen, spoken(question, fact))
        return heard if reason else keep(self.answers[key], value, heard)

    def see(self, probe: Probe, fact: Hashable) -> Seen:
        """A fact met for the first time, judged by every condition that looks at it."""
        state = 0
        findings: dict[int, Finding] = {}
        broken: dict[int, str] = {}
        for number, condition in probe.conditions:
            try:
                found = findings[number] = condition.judge(fact)
                bits = (found.met is True, found.met is None, bool(found.waits), False)
            except Exception as error:
                # Whatever goes wrong inside a rule, silence would be read as "nothing to report".
                broken[number] = f"{type(error).__name__}: {error}"
                bits = (False, False, False, True)
            state |= sum(1 << (number + what * self.size) for what, bit in enumerate(bits) if bit)
        return keep(probe.memory, fact, Seen(state, findings, broken))

    def blind(self, probe: Probe, error: Exception) -> Seen:
        """A look that failed: every rule behind it is told as not judged."""
        numbers = [number for number, _ in probe.conditions]
        state = sum(1 << (number + BROKEN * self.size) for number in numbers)
        return Seen(state, {}, dict.fromkeys(numbers, f"{type(error).__name__}: {error}"))

    def verdict(self, state: int) -> Verdict:
        """What these bits decide."""
        return self.verdicts.get(state) or keep(self.verdicts, state, self._verdict(state))

    def _verdict(self, state: int) -> Verdict:
        fired: list[Step] = []
        undecided: list[str] = []
        for ready in self.ready:
            if self._any(state, ready, BROKEN):
                fired.append(self.unjudged(ready, "not judged"))
                continue
            met = decided(*([self._met(state, number) for number in part] for part in ready.parts))
            if met:
                fired.append(ready.bare)
            elif met is None and ready.rule.red_flag and self._any(state, ready, WAITS):
                undecided.append(ready.rule.id)
        return Verdict(max((step.level for step in fired), default=Level.NONE), tuple(fired), tuple(undecided))

    def _any(self, state: int, ready: Ready, what: int) -> bool:
        return any(state >> (number + what * self.size) & 1 for number, _ in ready.places)

    def _met(self, state: int, number: int) -> bool | None:
        return True if state >> number & 1 else None if state >> (number + OPEN * self.size) & 1 else False

    def unjudged(self, ready: Ready, error: str) -> Step:
        """A rule that failed."""
        return unjudged((f"règle {ready.rule.id}", f"rule {ready.rule.id}"), error, ready.rule.layer)

    def step(self, ready: Ready, seen: list[Seen]) -> Step:
        """The step of one rule, in words, for facts it meets together for the first time."""
        broken = [seen[place].broken[number] for number, place in ready.places if number in seen[place].broken]
        if broken:
            return self.unjudged(ready, broken[0])
        findings = [seen[place].findings[number] for number, place in ready.places]
        return keep(ready.rule.seen, ready.pick(seen), told(ready.rule, findings))


def _ready(protocol: Protocol, place_of: Mapping[int, int]) -> tuple[Ready, ...]:
    ready = []
    number = 0
    for rule in protocol.rules:
        ends = [number]
        for part in (rule.all_of, rule.any_of, rule.none_of):
            ends.append(ends[-1] + len(part))
        number = ends[-1]
        places = tuple((n, place_of[n]) for n in range(ends[0], number))
        pick = itemgetter(*dict.fromkeys(place for _, place in places))
        bare = Step(rule.id, rule.level, True, True, False, {}, rule.why, rule.source, "", rule.family, rule.layer, rule.verified)
        ready.append(Ready(rule, (range(*ends[:2]), range(*ends[1:3]), range(*ends[2:4])), places, pick, bare))
    return tuple(ready)
