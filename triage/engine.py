"""Protocol, answers and context in; assessment and its trace out.

All rules run, the highest level among those that fire wins. A rule that throws lifts the level, it never lowers it. What is unknown stays
unknown: an assessment that closes with a red flag undecided is at least moderate.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from decimal import Decimal

from triage import advice
from triage.conditions import Absent, Case, Finding, all_met, any_met
from triage.conditions.facts import Fact
from triage.conditions.words import absent, quantity
from triage.protocol import Protocol, Rule
from triage.questions import Question, objection
from triage.terms import Answer, Assessment, Context, Escalate, Level, Step

UNJUDGED = "could-not-be-judged"
WAITING = "waiting-at-close"
DANGER = "reader-danger"
FLOOR = "reader-floor"

REMEMBERED = 4096
"""Steps kept per rule; over that the memory is emptied, so that it cannot grow for ever."""


def assess(protocol: Protocol, answers: Mapping[str, Answer], context: Context, *, trace: bool = True) -> Assessment:
    """The assessment of one check-in as it stands. Never raises for an answer, however odd: what cannot be judged is told to a person."""
    usable, steps = _screened(protocol, answers)
    case = Case(protocol.questions, usable, protocol.red_flag_keys if context.due is None else context.due, context)
    steps = [*_reader(context), *steps, *(_step(rule, case) for rule in protocol.rules)]
    undecided = tuple(step.rule for step in steps if step.waits_for and step.family == "red_flag")
    if context.closing and undecided:
        steps.append(_waiting(undecided))
    level = max((step.level for step in steps if step.fired), default=Level.NONE)
    plan = protocol.levels.get(level)
    told, self_care = advice.follow(protocol, case, level, steps)
    return Assessment(
        level=level,
        respond_within=plan.respond_within if plan else None,
        notify=plan.ladder[0].notify if plan else "",
        steps=tuple(steps),
        scores={key: int(value) if isinstance(value, Decimal) else None for key, value in case.scores},
        advice=told,
        undecided=undecided,
        protocol=f"{protocol.slug}@{protocol.effective_from}",
        fingerprint=protocol.fingerprint,
        self_care=self_care,
        inputs=tuple(_said(protocol, key, value) for key, value in case.values.items() if key in protocol.questions),
        proposals=_proposals(protocol, steps),
    )


# --- One rule -----------------------------------------------------------------------------------------------------------------------


def _step(rule: Rule, case: Case) -> Step:
    try:
        facts = tuple([condition.look(case) for condition in rule.conditions])
        step = rule.seen.get(facts)
        if step is None:
            step = _judged(rule, facts)
            if len(rule.seen) >= REMEMBERED:
                rule.seen.clear()
            rule.seen[facts] = step
    except Exception as error:
        # Whatever goes wrong inside a rule, silence would be read as "nothing to report".
        return _unjudged((f"règle {rule.id}", f"rule {rule.id}"), f"{type(error).__name__}: {error}", rule.layer)
    return step


def _judged(rule: Rule, facts: tuple[Hashable, ...]) -> Step:
    findings = [condition.judge(fact) for condition, fact in zip(rule.conditions, facts, strict=True)]
    first, second = len(rule.all_of), len(rule.all_of) + len(rule.any_of)
    every, some, none = findings[:first], findings[first:second], findings[second:]
    blocked = any_met(f.met for f in none)
    met = all_met(
        (
            all_met(f.met for f in every),
            any_met(f.met for f in some) if some else True,
            None if blocked is None else not blocked,
        )
    )
    waits = tuple(dict.fromkeys(key for f in findings for key in f.waits)) if met is None else ()
    return Step(
        rule=rule.id,
        level=rule.level,
        fired=met is True,
        met=met,
        near=met is not True and not blocked and _near(every, some),
        inputs={"fr": " ; ".join(f.fr for f in findings), "en": "; ".join(f.en for f in findings)},
        why=rule.why,
        source=rule.source,
        family=rule.family,
        layer=rule.layer,
        verified=rule.verified,
        waits_for=waits,
    )


def _near(every: list[Finding], some: list[Finding]) -> bool:
    """Nearly fired: each condition met or within one step, and at least one of them only within a step."""
    reached = all(f.met or f.near for f in every) and (not some or any(f.met or f.near for f in some))
    return reached and any(f.near for f in (*every, *some))


# --- What holds whatever the protocol says ------------------------------------------------------------------------------------------


def _screened(protocol: Protocol, answers: Mapping[str, Answer]) -> tuple[dict[str, Answer], list[Step]]:
    """Answers fit to be judged; each of the others stays unknown and is told to a person."""
    usable: dict[str, Answer] = {}
    odd: list[Step] = []
    for key, answer in answers.items():
        question = protocol.questions.get(key)
        if question is None:
            reason = "is not a question of this protocol"
        else:
            reason = "" if answer.value is None else objection(question, answer.value)
        if reason:
            name = {"fr": key, "en": key} if question is None else question.name
            said = (f"réponse impossible, {name['fr']} = {answer.value}", f"impossible answer, {name['en']} = {answer.value}")
            odd.append(_unjudged(said, f"{key}: {reason}"))
        if question is not None:
            usable[key] = Answer(key, None) if reason else answer
    return usable, odd


def _reader(context: Context) -> list[Step]:
    """The reader's floors: no rule of a protocol can be missing, muted or wrong enough to lower them."""
    steps = []
    if context.dangers:
        urgent = any(code not in advice.NURSE_DANGERS for code in context.dangers)
        names = [advice.DANGERS.get(code, (code, code)) for code in context.dangers]
        inputs = (", ".join(name[0] for name in names), ", ".join(name[1] for name in names))
        why = ("Un signe de danger est écrit dans le message.", "The message contains a danger sign.")
        steps.append(_house(DANGER, Level.URGENT if urgent else Level.HIGH, why, inputs, "reader"))
    if context.escalate is not Escalate.NO:
        level = Level.URGENT if context.escalate is Escalate.URGENT else Level.HIGH
        why = ("La lecture du message demande une personne.", "The reading of the message asks for a person.")
        steps.append(_house(FLOOR, level, why, (f"plancher : {context.escalate}", f"floor: {context.escalate}"), "reader"))
    return steps


def _unjudged(inputs: tuple[str, str], error: str, layer: str = "") -> Step:
    why = ("Une règle ou une réponse n'a pas pu être jugée.", "A rule or an answer could not be judged.")
    return _house(UNJUDGED, Level.HIGH, why, inputs, "house", error=error, layer=layer)


def _waiting(undecided: tuple[str, ...]) -> Step:
    rules = ", ".join(undecided)
    why = ("Le bilan se ferme sans réponse à un signe d'alerte.", "The check-in closes with a red flag unanswered.")
    return _house(WAITING, Level.MODERATE, why, (f"règles en attente : {rules}", f"rules waiting: {rules}"), "house")


def _house(
    rule: str, level: Level, why: tuple[str, str], inputs: tuple[str, str], family: str, *, error: str = "", layer: str = ""
) -> Step:
    return Step(
        rule=rule,
        level=level,
        fired=True,
        met=None if error else True,
        near=False,
        inputs=dict(zip(("fr", "en"), inputs, strict=True)),
        why=dict(zip(("fr", "en"), why, strict=True)),
        source="Vigie",
        error=error,
        family=family,
        layer=layer,
    )


# --- Words of the trace -------------------------------------------------------------------------------------------------------------


def _said(protocol: Protocol, key: str, value: Fact) -> Mapping[str, str]:
    known = (key, type(value), value)
    words = protocol.said.get(known)
    if words is None:
        words = protocol.said[known] = _words(protocol.questions[key], value)
    return words


def _words(question: Question, value: Fact) -> dict[str, str]:
    if isinstance(value, Absent):
        finding = absent(question, value)
        return {"fr": finding.fr, "en": finding.en}
    return {lang: quantity(question, value, lang) for lang in ("fr", "en")}


def _proposals(protocol: Protocol, steps: list[Step]) -> tuple[Mapping[str, str], ...]:
    fired = {step.rule for step in steps if step.fired}
    named = dict.fromkeys(name for rule in protocol.rules if rule.id in fired for name in rule.proposes)
    return tuple(protocol.proposals[name] for name in named)
