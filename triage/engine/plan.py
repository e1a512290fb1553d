"""A protocol made ready to judge fast: each fact is looked at once, and what the same facts led to is remembered.

Live and replay go through here alike. Every condition has a number and four bits: met, undecided, waiting, broken; one more bit says that
an answer cannot stand. The bits of all that was seen, joined, decide every rule; the facts themselves give the words of the trace.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from operator import itemgetter
from typing import Any, TypeVar

from triage.conditions import Absent, Case, Condition, Fact, Finding
from triage.conditions.facts import VALUE
from triage.engine.house import say, spoken, told, unjudged
from triage.protocol import Protocol, Rule
from triage.questions import objection
from triage.terms import Graded, Kind, Level, Step

REMEMBERED = 1024
"""Facts, steps or forms kept in each memory; over that it is emptied, so that it cannot grow for ever."""

MET, OPEN, WAITS, BROKEN, ODD = range(5)

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def keep(memory: dict[K, V], key: K, value: V) -> V:
    """Remember it."""
    if len(memory) >= REMEMBERED:
        memory.clear()
    memory[key] = value
    return value


# Made by the thousand, so not frozen: a frozen dataclass sets its fields through a slow door. Nothing changes them afterwards.


@dataclass(eq=False, slots=True)
class Seen:
    """What one fact means to every condition that looks at it. Compared by identity: the same fact gives the same object.

    words: of its findings, once they were asked for.
    """

    state: int
    findings: Mapping[int, Finding]
    broken: Mapping[int, str]
    words: dict[int, tuple[str, str]] = field(default_factory=dict)

    def said(self, number: int) -> tuple[str, str]:
        """A finding in words, French and English."""
        return self.words.get(number) or self.words.setdefault(number, say(self.findings[number]))


@dataclass(eq=False, slots=True)
class Heard:
    """One answer, understood. kind: its type. reason: why it cannot stand, "" when it can; state then says so too.

    felt: a severity over 0, silent: a severity without an answer, as ``Case`` wants them; score: a known severity, for the record.
    """

    kind: type
    fact: Fact
    reason: str
    state: int
    seen: Seen
    felt: tuple[Decimal, str] | None
    silent: bool
    score: int | None
    words: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Probe:
    """One look at a case, shared by the conditions (by number) that see the same facts. place: among all probes."""

    place: int
    look: Callable[[Case], Hashable]
    conditions: tuple[tuple[int, Condition], ...]
    memory: dict[Hashable, Seen] = field(default_factory=dict)


Slot = tuple[str, str, int, dict[Any, Heard]]
"""A question of a check-in, the question it is a detail of, where what it means is put, and the answers already understood."""


@dataclass(frozen=True)
class Form:
    """What check-ins with the same questions have in common. slots: details last; shown, scores: places among them, as displayed."""

    slots: tuple[Slot, ...]
    shown: tuple[int, ...]
    scores: tuple[tuple[str, int], ...]
    strangers: tuple[str, ...]
    state: int
    seen: tuple[Seen, ...]


@dataclass(frozen=True, eq=False)
class Ready:
    """A rule, the numbers of its conditions as masks, and where each is seen. pick takes from all that was seen what it looks at.

    guards: conditions without one of which it cannot fire, an answer rather than a day that half the check-ins share.
    """

    rule: Rule
    all_of: int
    any_of: int
    none_of: int
    mask: int
    guards: int
    places: tuple[tuple[int, int], ...]
    pick: Callable[[list[Seen]], Hashable]
    bare: Step

    def met(self, yes: int, unknown: int) -> bool | None:
        """all_of, any_of and none_of joined by three-valued logic, on the masks of the conditions met and undecided."""
        if self.all_of & ~(yes | unknown) or self.none_of & yes or (self.any_of and not self.any_of & (yes | unknown)):
            return False
        open_any = self.any_of and not self.any_of & yes
        return None if self.all_of & unknown or self.none_of & unknown or open_any else True


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
        self.odd = 1 << (ODD * self.size)
        self.looks = tuple((probe.look, probe.memory.get, probe.place, probe) for probe in self.wide)
        self.told = tuple((ready.pick, ready.rule.seen.get, ready) for ready in self.ready)
        self.urgency = [
            (plan.respond_within, plan.ladder[0].notify) if (plan := protocol.levels.get(level)) else (None, "") for level in Level
        ]
        self.rule_of = [ready for ready in self.ready for _ in ready.places]
        self.full = (1 << self.size) - 1
        self.guards = sum(ready.guards for ready in self.ready)
        self.forms: dict[Hashable, Form] = {}
        self.grades: dict[Hashable, Graded] = {}
        self.answers: dict[str, dict[Any, Heard]] = {key: {} for key in protocol.questions}
        self.nothing = Seen(0, {}, {})

    def form(self, answered: tuple[str, ...], due: tuple[str, ...] | None) -> Form:
        """The form of a check-in with these questions."""
        return self.forms.get((answered, due)) or keep(self.forms, (answered, due), self._form(answered, due))

    def _form(self, answered: tuple[str, ...], due: tuple[str, ...] | None) -> Form:
        questions = self.protocol.questions
        every = self.protocol.red_flag_keys if due is None else due
        order = [key for key in dict.fromkeys((*every, *answered)) if key in questions]
        slots = sorted((self._slot(key, order) for key in order), key=lambda slot: bool(slot[1]))
        place = {slot[0]: number for number, slot in enumerate(slots)}
        seen = [self.nothing] * (len(self.values) + len(self.wide) + 1)  # the last: questions that no rule reads
        for key, probe in self.values.items():
            if key not in order:
                seen[probe.place] = self.see(probe, Absent.NOT_ASKED)
        state = 0
        for one in seen:
            state |= one.state
        return Form(
            slots=tuple(slots),
            shown=tuple(place[key] for key in order),
            scores=tuple((key, place[key]) for key in sorted(order) if questions[key].kind is Kind.SEVERITY),
            strangers=tuple(key for key in answered if key not in questions),
            state=state,
            seen=tuple(seen),
        )

    def _slot(self, key: str, order: list[str]) -> Slot:
        parent = self.protocol.questions[key].detail_of
        place = self.values[key].place if key in self.values else len(self.values) + len(self.wide)
        return key, parent if parent in order else "", place, self.answers[key]

    def hear(self, key: str, value: Any) -> Heard:
        """An answer met for the first time. One that cannot stand is unknown, and says why; SKIPPED is an answer of its own."""
        question = self.protocol.questions[key]
        reason = "" if value is None or isinstance(value, Absent) else objection(question, value)
        fact: Fact = Absent.UNKNOWN if value is None or reason else value
        seen = self.see(self.values[key], fact) if key in self.values else self.nothing
        severity = question.kind is Kind.SEVERITY
        heard = Heard(
            kind=value.__class__,
            fact=fact,
            reason=reason,
            state=seen.state | (self.odd if reason else 0),
            seen=seen,
            felt=(fact, key) if severity and isinstance(fact, Decimal) and fact else None,
            silent=severity and fact is Absent.UNKNOWN,
            score=int(fact) if severity and isinstance(fact, Decimal) else None,
            words=spoken(question, fact),
        )
        return heard if reason else keep(self.answers[key], value, heard)

    def see(self, probe: Probe, fact: Hashable) -> Seen:
        """A fact met for the first time, judged by every condition that looks at it."""
        state = 0
        findings: dict[int, Finding] = {}
        broken: dict[int, str] = {}
        for number, condition in probe.conditions:
            try:
                found = findings[number] = condition.judge(fact)
                if found.met is not False:
                    state |= 1 << (number if found.met else number + OPEN * self.size)
                if found.waits:
                    state |= 1 << (number + WAITS * self.size)
            except Exception as error:
                # Whatever goes wrong inside a rule, silence would be read as "nothing to report".
                broken[number] = f"{type(error).__name__}: {error}"
                state |= 1 << (number + BROKEN * self.size)
        return keep(probe.memory, fact, Seen(state, findings, broken))

    def blind(self, probe: Probe, error: Exception) -> Seen:
        """A look that failed: every rule behind it is told as not judged."""
        numbers = [number for number, _ in probe.conditions]
        state = sum(1 << (number + BROKEN * self.size) for number in numbers)
        return Seen(state, {}, dict.fromkeys(numbers, f"{type(error).__name__}: {error}"))

    def fired(self, state: int) -> tuple[list[Step], list[Ready], list[str]]:
        """Steps without words of the rules that fired, those rules, and the red flags that wait for an answer.

        A rule fires by a guard that is met, waits by one that waits, breaks by one that broke: no other is looked at.
        """
        yes = state & self.full
        unknown = state >> self.size & self.full
        waits = state >> WAITS * self.size & self.full
        broken = state >> BROKEN * self.size & self.full
        steps: list[Step] = []
        rules: list[Ready] = []
        undecided: list[str] = []
        left = yes & self.guards | waits | broken
        while left:
            ready = self.rule_of[(left & -left).bit_length() - 1]
            left &= ~ready.mask
            if broken & ready.mask:
                steps.append(self.unjudged(ready, "not judged"))
                continue
            met = ready.met(yes, unknown)
            if met:
                steps.append(ready.bare)
                rules.append(ready)
            elif met is None and waits & ready.mask and ready.rule.red_flag:
                undecided.append(ready.rule.id)
        return steps, rules, undecided

    def unjudged(self, ready: Ready, error: str) -> Step:
        """A rule that failed."""
        return unjudged((f"règle {ready.rule.id}", f"rule {ready.rule.id}"), error, ready.rule.layer)

    def step(self, ready: Ready, seen: list[Seen]) -> Step:
        """The step of one rule, in words, for facts it meets together for the first time."""
        broken = [seen[place].broken[number] for number, place in ready.places if number in seen[place].broken]
        if broken:
            return self.unjudged(ready, broken[0])
        findings = [seen[place].findings[number] for number, place in ready.places]
        said = [seen[place].said(number) for number, place in ready.places]
        return keep(ready.rule.seen, ready.pick(seen), told(ready.rule, findings, said))


def _guards(rule: Rule, first: int, any_of: int) -> int:
    if not rule.all_of:
        return any_of
    answers = [number for number, condition in enumerate(rule.all_of) if condition.keys]
    return 1 << first + (answers[0] if answers else 0)


def _ready(protocol: Protocol, place_of: Mapping[int, int]) -> tuple[Ready, ...]:
    ready = []
    number = 0
    for rule in protocol.rules:
        first = number
        masks = []
        for part in (rule.all_of, rule.any_of, rule.none_of):
            masks.append(((1 << len(part)) - 1) << number)
            number += len(part)
        places = tuple((n, place_of[n]) for n in range(first, number))
        pick = itemgetter(*dict.fromkeys(place for _, place in places))
        bare = Step(rule.id, rule.level, True, True, False, {}, rule.why, rule.source, "", rule.family, rule.layer, rule.verified)
        ready.append(Ready(rule, masks[0], masks[1], masks[2], sum(masks), _guards(rule, first, masks[1]), places, pick, bare))
    return tuple(ready)
