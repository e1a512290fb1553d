"""Answers and context in, assessment out: every rule is looked at, the highest level wins, every rule leaves a step.

A rule that throws becomes a step of level high: whatever goes wrong inside a rule, silence would be read as "nothing to report". An answer
that is unknown leaves its rules undecided: an assessment that closes with a red flag undecided is at least moderate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from triage import advice
from triage.conditions import Absent, Case, Fact
from triage.conditions.on_composites import value_of
from triage.conditions.on_history import history_known, reached
from triage.engine.house import DANGER, EXCEPTION, FLOOR, UNJUDGED, WAITING, exception, impossible, reader, swift, waiting
from triage.engine.plan import REMEMBERED, Form, Heard, Plan, Ready, Seen, keep
from triage.protocol import Protocol, Rule
from triage.questions import Question
from triage.terms import Answer, Assessment, Context, Escalate, Graded, Level, Step

__all__ = ["DANGER", "EXCEPTION", "FLOOR", "REMEMBERED", "UNJUDGED", "WAITING", "assess"]


UNKNOWN, SKIPPED = Absent.UNKNOWN, Absent.SKIPPED
NO_FLOOR = Escalate.NO
"""By name: an enumeration looks its members up each time, and these are asked for at every answer."""


def assess(protocol: Protocol, answers: Mapping[str, Answer], context: Context, *, trace: bool = True) -> Assessment:
    """The assessment of one check-in as it stands. Never raises for an answer, however odd: what cannot be judged is told to a person.

    trace False: the same judgement by the same code, level, fired rules and undecided red flags only, nothing put into words.
    """
    if protocol.override and protocol.beneath and context.asked_on > protocol.override.ends_on:
        protocol = protocol.beneath
    plan: Plan = protocol.prepared.get("plan") or protocol.prepared.setdefault("plan", Plan(protocol))
    form = plan.form(tuple(answers), context.due)
    heard, case, seen, state = _look(plan, form, answers, context)
    bare, rules, undecided = plan.fired(state)
    fixed: list[Step] = []
    if state >= plan.odd or form.strangers or context.dangers or protocol.override or context.escalate is not NO_FLOOR:
        fixed = _fixed(plan, form, answers, heard, context)
    last = [waiting()] if context.closing and undecided else []
    fired = [*fixed, *bare, *last]
    level = Level.NONE
    for step in fired:
        level = max(level, step.level)
    fields = _fields(plan, level, fired, undecided)
    if trace:
        every = [known(pick(seen)) or plan.step(ready, seen) for pick, known, ready in plan.told]
        last = [waiting(_unanswered(protocol, every, undecided))] if last else []
        fields["steps"] = (*fixed, *every, *last)
        fields |= _told(plan, case, form, heard, level, fired, rules)
    return swift(Assessment, fields)


def _fields(plan: Plan, level: Level, fired: list[Step], undecided: list[str]) -> dict[str, Any]:
    """An assessment before it is put into words."""
    within, notify = plan.urgency[level]
    return {
        "level": level,
        "respond_within": within,
        "notify": notify,
        "steps": tuple(fired),
        "scores": {},
        "advice": "",
        "undecided": tuple(undecided),
        "protocol": plan.stamp,
        "fingerprint": plan.protocol.fingerprint,
        "self_care": "",
        "inputs": (),
        "proposals": (),
        "composites": {},
        "grades": (),
        "advice_source": "",
    }


def _look(plan: Plan, form: Form, answers: Mapping[str, Answer], context: Context) -> tuple[list[Heard], Case, list[Seen], int]:
    """Every fact, once: each answer, then whatever conditions look at besides. The bits of all of them, joined."""
    values: dict[str, Fact] = {}
    heard: list[Heard] = []
    felt: list[tuple[Decimal, str]] = []
    unknown: list[str] = []
    seen = list(form.seen)
    state = form.state
    for key, parent, place, memory in form.slots:
        answer = answers.get(key)
        value = None if answer is None else answer.value
        try:
            one = memory.get(value)
        except TypeError:  # an answer that is not even a value
            one = None
        # 1 and yes are equal to Python: the type decides which was said.
        if one is None or one.kind is not value.__class__:
            one = plan.hear(key, value)
        if parent and one.fact is UNKNOWN and values[parent] == 0:
            skipped = memory.get(SKIPPED) or plan.hear(key, SKIPPED)
            one = replace(skipped, reason=one.reason, state=skipped.state | plan.odd) if one.reason else skipped
        heard.append(one)
        values[key] = one.fact
        seen[place] = one.seen
        state |= one.state
        if one.felt:
            felt.append(one.felt)
        elif one.silent:
            unknown.append(key)
    case = Case(values, len(form.scores), felt, tuple(sorted(unknown)) if unknown else (), context)
    for look, known, place, probe in plan.looks:
        try:
            fact = look(case)
            found = known(fact) or plan.see(probe, fact)
        except Exception as error:
            found = plan.blind(probe, error)
        seen[place] = found
        state |= found.state
    return heard, case, seen, state


def _fixed(plan: Plan, form: Form, answers: Mapping[str, Answer], heard: list[Heard], context: Context) -> list[Step]:
    """The steps that stand before the rules: the patient's exception, the reader's floors, answers that cannot stand."""
    protocol = plan.protocol
    odd = {slot[0]: one.reason for slot, one in zip(form.slots, heard, strict=True) if one.reason}
    odd |= dict.fromkeys(form.strangers, "is not a question of this protocol")
    return [
        *([exception(protocol.override)] if protocol.override else ()),
        *reader(context),
        *(impossible(key, answer.value, protocol.questions.get(key), odd[key]) for key, answer in answers.items() if key in odd),
    ]


# --- Told in words ------------------------------------------------------------------------------------------------------------------


def _unanswered(protocol: Protocol, steps: list[Step], undecided: list[str]) -> list[Question]:
    """What the undecided red flags wait for, each once."""
    keys = dict.fromkeys(key for step in steps if step.rule in undecided for key in step.waits_for)
    return [protocol.questions[key] for key in keys if key in protocol.questions]


def _told(plan: Plan, case: Case, form: Form, heard: list[Heard], level: Level, fired: list[Step], rules: list[Ready]) -> dict[str, Any]:
    """What an assessment says besides its level and its steps."""
    protocol = plan.protocol
    text, self_care, source = advice.follow(protocol, case, level, fired)
    return {
        "scores": {key: heard[place].score for key, place in form.scores},
        "advice": text,
        "self_care": self_care,
        "advice_source": source,
        "inputs": tuple([heard[place].words for place in form.shown]),
        "proposals": _proposals(protocol, case, rules) if rules else (),
        "composites": _composites(protocol, case) if protocol.composites else {},
        "grades": _grades(plan, case) if protocol.graded and case.context.measures else (),
    }


def _composites(protocol: Protocol, case: Case) -> dict[str, int | None]:
    """The composites of which something was asked; None while one of their scores is missing."""
    asked = (entry for entry in protocol.composites.values() if not case.values.keys().isdisjoint(entry.keys))
    return {entry.id: value_of(entry, case) for entry in asked}


def _grades(plan: Plan, case: Case) -> tuple[Graded, ...]:
    """The terms that the rules look at, graded on the latest measure whatever its age; none where nothing was ever measured."""
    found = [(number, scale, pairs) for number, scale in enumerate(plan.protocol.graded) if (pairs := scale.latest(case))]
    return tuple(
        [plan.grades.get((number, pairs)) or keep(plan.grades, (number, pairs), scale.worst(pairs)) for number, scale, pairs in found]
    )


def _proposals(protocol: Protocol, case: Case, rules: list[Ready]) -> tuple[Mapping[str, str], ...]:
    """What the label says of the rules that fired: of the occurrence reached where history tells it, otherwise of all."""
    named = dict.fromkeys(name for ready in rules for name in _of_occurrence(protocol, ready.rule, case))
    return tuple([protocol.proposals[name] for name in named])


def _of_occurrence(protocol: Protocol, rule: Rule, case: Case) -> tuple[str, ...]:
    if not rule.toxicity or not history_known(case.context):
        return rule.proposes
    numbered = {name: protocol.occurrences[name] for name in rule.proposes if name in protocol.occurrences}
    # The label's table ends: after its last line, the last line holds.
    count = min(reached(case, rule.toxicity, rule.episode_from), max(numbered.values(), default=1))
    return tuple(name for name in rule.proposes if numbered.get(name, count) == count)
