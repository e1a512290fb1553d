"""Answers and context in, assessment out: every rule is looked at, the highest level wins, every rule leaves a step.

A rule that throws becomes a step of level high: whatever goes wrong inside a rule, silence would be read as "nothing to report". An answer
that is unknown leaves its rules undecided: an assessment that closes with a red flag undecided is at least moderate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from triage import advice
from triage.conditions import Absent, Case
from triage.conditions.on_composites import value_of
from triage.conditions.on_history import history_known, reached
from triage.engine.house import DANGER, EXCEPTION, FLOOR, UNJUDGED, WAITING, exception, impossible, reader, waiting
from triage.engine.plan import REMEMBERED, Form, Heard, Plan, Seen, Slot, Verdict
from triage.protocol import Protocol, Rule
from triage.terms import Answer, Assessment, Context, Escalate, Graded, Level, Step

__all__ = ["DANGER", "EXCEPTION", "FLOOR", "REMEMBERED", "UNJUDGED", "WAITING", "assess"]


def assess(protocol: Protocol, answers: Mapping[str, Answer], context: Context, *, trace: bool = True) -> Assessment:
    """The assessment of one check-in as it stands. Never raises for an answer, however odd: what cannot be judged is told to a person.

    trace False: the same judgement by the same code, level, fired rules and undecided red flags only, nothing put into words.
    """
    if protocol.override and protocol.beneath and context.asked_on > protocol.override.ends_on:
        protocol = protocol.beneath
    plan: Plan = protocol.prepared.get("plan") or protocol.prepared.setdefault("plan", Plan(protocol))
    form = plan.form(tuple(answers), context.due)
    heard, case, seen, state = _look(plan, form, answers, context)
    verdict = plan.verdict(state)
    fixed = _fixed(protocol, form, answers, heard, context)
    last = (waiting(verdict.undecided),) if context.closing and verdict.undecided else ()
    level = verdict.level
    for step in (*fixed, *last):
        level = max(level, step.level)
    if trace:
        rules = (ready.rule.seen.get(ready.pick(seen)) or plan.step(ready, seen) for ready in plan.ready)
        return _told(plan, case, form, heard, (*fixed, *rules, *last), verdict, level)
    urgency = protocol.levels.get(level)
    return Assessment(
        level,
        urgency.respond_within if urgency else None,
        urgency.ladder[0].notify if urgency else "",
        (*fixed, *verdict.fired, *last),
        {},
        "",
        verdict.undecided,
        plan.stamp,
        protocol.fingerprint,
    )


def _look(plan: Plan, form: Form, answers: Mapping[str, Answer], context: Context) -> tuple[dict[str, Heard], Case, list[Seen], int]:
    """Every fact, once: each answer, then whatever conditions look at besides. The bits of all of them, joined."""
    values = dict(form.blank)
    heard: dict[str, Heard] = {}
    seen = list(form.seen)
    state = form.state
    for slot in form.asked:
        one = _heard(plan, slot, answers)
        key, place = slot.key, slot.place
        heard[key] = one
        values[key] = one.fact
        if place >= 0:
            seen[place] = one.seen
            state |= one.seen.state
    for slot in form.details:
        one = _heard(plan, slot, answers)
        if one.fact is Absent.UNKNOWN and values[slot.parent] == 0:
            skipped = slot.memory.get(Absent.SKIPPED) or plan.hear(slot.key, Absent.SKIPPED)
            one = replace(skipped, reason=one.reason) if one.reason else skipped
        heard[slot.key] = one
        values[slot.key] = one.fact
        if slot.place >= 0:
            seen[slot.place] = one.seen
            state |= one.seen.state
    case = Case(values, form.scores, context)
    for probe in plan.wide:
        try:
            fact = probe.look(case)
            found = probe.memory.get(fact) or plan.see(probe, fact)
        except Exception as error:
            found = plan.blind(probe, error)
        seen[probe.place] = found
        state |= found.state
    return heard, case, seen, state


def _heard(plan: Plan, slot: Slot, answers: Mapping[str, Answer]) -> Heard:
    answer = answers.get(slot.key)
    value = None if answer is None else answer.value
    try:
        known = slot.memory.get(value)
    except TypeError:  # an answer that is not even a value
        known = None
    # 1 and yes are equal to Python: the type decides which was said.
    return known if known is not None and known.kind is value.__class__ else plan.hear(slot.key, value)


def _fixed(protocol: Protocol, form: Form, answers: Mapping[str, Answer], heard: Mapping[str, Heard], context: Context) -> list[Step]:
    """The steps that stand before the rules: the patient's exception, the reader's floors, answers that cannot stand."""
    steps = [exception(protocol.override)] if protocol.override else []
    if context.dangers or context.escalate is not Escalate.NO:
        steps += reader(context)
    odd = {key: one.reason for key, one in heard.items() if one.reason} | dict.fromkeys(
        form.strangers, "is not a question of this protocol"
    )
    steps += [impossible(key, answers[key].value, protocol.questions.get(key), odd[key]) for key in answers if key in odd] if odd else []
    return steps


# --- Told in words ------------------------------------------------------------------------------------------------------------------


def _told(
    plan: Plan, case: Case, form: Form, heard: Mapping[str, Heard], steps: tuple[Step, ...], verdict: Verdict, level: Level
) -> Assessment:
    protocol = plan.protocol
    urgency = protocol.levels.get(level)
    text, self_care, source = advice.follow(protocol, case, level, steps)
    scores = ((key, case.values[key]) for key in form.scores)
    return Assessment(
        level=level,
        respond_within=urgency.respond_within if urgency else None,
        notify=urgency.ladder[0].notify if urgency else "",
        steps=steps,
        scores={key: int(value) if isinstance(value, Decimal) else None for key, value in scores},
        advice=text,
        undecided=verdict.undecided,
        protocol=plan.stamp,
        fingerprint=protocol.fingerprint,
        self_care=self_care,
        inputs=tuple([heard[key].words for key in form.blank]),
        proposals=_proposals(protocol, case, verdict),
        composites=_composites(protocol, case),
        grades=_grades(protocol, case),
        advice_source=source,
    )


def _composites(protocol: Protocol, case: Case) -> dict[str, int | None]:
    """The composites of which something was asked; None while one of their scores is missing."""
    asked = (entry for entry in protocol.composites.values() if not case.values.keys().isdisjoint(entry.keys))
    return {entry.id: value_of(entry, case) for entry in asked}


def _grades(protocol: Protocol, case: Case) -> tuple[Graded, ...]:
    """The terms that the rules look at, graded on the latest measure whatever its age; none where nothing was ever measured."""
    scales = protocol.graded if case.context.measures else ()
    return tuple(scale.worst(pairs) for scale in scales if (pairs := scale.latest(case)))


def _proposals(protocol: Protocol, case: Case, verdict: Verdict) -> tuple[Mapping[str, str], ...]:
    """What the label says of the rules that fired: of the occurrence reached where history tells it, otherwise of all."""
    named: dict[str, None] = {}
    fired = {step.rule for step in verdict.fired}
    for rule in protocol.rules:
        if rule.id in fired and rule.proposes:
            named |= dict.fromkeys(_of_occurrence(protocol, rule, case))
    return tuple(protocol.proposals[name] for name in named)


def _of_occurrence(protocol: Protocol, rule: Rule, case: Case) -> tuple[str, ...]:
    if not rule.toxicity or not history_known(case.context):
        return rule.proposes
    numbered = {name: protocol.occurrences[name] for name in rule.proposes if name in protocol.occurrences}
    # The label's table ends: after its last line, the last line holds.
    count = min(reached(case, rule.toxicity, rule.episode_from), max(numbered.values(), default=1))
    return tuple(name for name in rule.proposes if numbered.get(name, count) == count)
