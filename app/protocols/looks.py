"""What the rules of a protocol look at besides answers: measures of the chart, medicines; and the rules that one of them touches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from app.protocols import scales, shelf
from triage.conditions import ANY, GRADED, Condition
from triage.conditions.on_measures import SYNONYMS
from triage.protocol import Protocol, Rule
from triage.terms import Kind

MEASURED = ("measure", "measure_rise", "measure_fall")
COMPARED = frozenset({"measure_rise", "measure_fall", "grade_rise_since_last"})
"""Words that compare with earlier values."""
DAYS = frozenset({"cycle", "cycle_day", "treatment_day", "window", "on_day"})
TEMPERATURE = "temperature"

Spec = Mapping[str, Any]


@lru_cache(maxsize=256)
def measures(protocol: Protocol, *, compared: bool = False) -> frozenset[str]:
    """Keys of the measures that a rule reads, by name or through a CTCAE term; compared: only those set against earlier values."""
    specs = [spec for rule in protocol.rules for spec in rule.shape.specs()]
    return frozenset(key for spec in specs if not compared or COMPARED & spec.keys() for key in _keys(protocol, spec))


@lru_cache(maxsize=256)
def medicines(protocol: Protocol) -> frozenset[str]:
    """Names of the medicines that a rule asks about."""
    return frozenset(str(spec["exposed_to"]) for rule in protocol.rules for spec in rule.shape.specs() if "exposed_to" in spec)


@lru_cache(maxsize=1)
def known_medicines() -> frozenset[str]:
    """Names of the medicines that any protocol of the library asks about."""
    return frozenset(name for protocol in shelf.compiled().values() for name in medicines(protocol))


def occurrences(protocol: Protocol) -> Mapping[str, int]:
    """Words of a proposal, in each language → the occurrence of the toxicity that the label means, where it means one."""
    return {words: n for name, n in protocol.occurrences.items() for words in protocol.proposals[name].values()}


@lru_cache(maxsize=512)
def touched(protocol: Protocol, measure: str = "", medicine: str = "", also: str = "") -> Protocol:
    """The same protocol with only what this measure or this medicine may decide: of alternatives, those that look at it.

    also: a second measure that came with it, as the two numbers of a blood pressure do.

    An older value beside it has had its turn, and does not ring again because another one arrived.
    """
    if measure:
        came = {measure, also}
        return _narrowed(protocol, lambda spec: bool(came & _keys(protocol, spec)) or (TEMPERATURE in came and _hot(protocol, spec)))
    return _narrowed(protocol, lambda spec: spec.get("exposed_to") == medicine)


Looked = tuple[Condition, frozenset[str], frozenset[str]]
"""A condition, and the measures and medicines it reads."""


@lru_cache(maxsize=4096)
def standing(protocol: Protocol, rule: Rule) -> tuple[Looked, ...]:
    """The conditions of a rule that reads the chart and the calendar alone; none for a rule that reads anything else."""
    named = (*MEASURED, *GRADED, "exposed_to", *DAYS)
    specs = rule.shape.specs()
    if any(condition.keys for condition in rule.conditions) or not all(any(word in spec for word in named) for spec in specs):
        return ()
    taken = (frozenset({str(spec["exposed_to"])} if "exposed_to" in spec else ()) for spec in specs)
    found = tuple(zip(rule.conditions, (_keys(protocol, spec) for spec in specs), taken, strict=True))
    return found if any(kinds or names for _, kinds, names in found) else ()


@lru_cache(maxsize=4096)
def measured(protocol: Protocol, rule: Rule) -> tuple[tuple[Condition, frozenset[str]], ...]:
    """The conditions of a rule that read a measure, each with the keys it reads; whatever else the rule looks at."""
    read = zip(rule.conditions, (_keys(protocol, spec) for spec in rule.shape.specs()), strict=True)
    return tuple((condition, kinds) for condition, kinds in read if kinds)


def _keys(protocol: Protocol, spec: Spec) -> frozenset[str]:
    found = {SYNONYMS.get(str(spec[word]), str(spec[word])) for word in MEASURED if word in spec}
    for name in (str(spec[word]) for word in GRADED & spec.keys()):
        for scale in protocol.graded:
            term = scale.labs.term(name)
            if term is not None and term.name == scale.term:
                found |= set(scale.keys)
    return frozenset(found)


def _hot(protocol: Protocol, spec: Spec) -> bool:
    question = protocol.questions.get(str(spec.get("answer", "")))
    return question is not None and question.kind is Kind.TEMPERATURE


def _narrowed(protocol: Protocol, touches: Callable[[Spec], bool]) -> Protocol:
    rules = []
    for rule in protocol.rules:
        whole = any(touches(spec) for spec in (*rule.shape.all_of, *rule.shape.none_of))
        some = [(one, spec) for one, spec in zip(rule.any_of, rule.shape.any_of, strict=True) if whole or touches(spec)]
        if whole or some:
            shape = rule.shape.model_copy(update={"any_of": [spec for _, spec in some]})
            rules.append(replace(rule, any_of=tuple(one for one, _ in some), shape=shape))
    return replace(protocol, rules=tuple(rules))


SUBJECTS = ("answer", "measure", "measure_rise", "measure_fall", "term", "composite")
"""Words of a condition that name what it looks at."""
WORST = {"fr": "symptôme le plus fort", "en": "worst symptom"}
UNUSED = {"fr": "Aucune règle d'ici ne l'emploie", "en": "No rule here uses it"}


@lru_cache(maxsize=256)
def thresholds(protocol: Protocol, language: str) -> Mapping[str, str]:
    """Each threshold as a person reads it: what is measured against it, and what the first rule that uses it says. No code word."""
    found: dict[str, str] = {}
    for rule in protocol.rules:
        for spec in rule.shape.specs():
            for name in (str(value) for value in spec.values() if isinstance(value, str) and value in protocol.thresholds):
                subject = next((_subject(protocol, str(spec[word]), language) for word in SUBJECTS if word in spec), "")
                found.setdefault(name, f"{subject[:1].upper()}{subject[1:]} · {rule.why[language]}" if subject else rule.why[language])
    return {name: found.get(name, UNUSED[language]) for name in protocol.thresholds}


def _subject(protocol: Protocol, key: str, language: str) -> str:
    if key == ANY:
        return WORST[language]
    measured = scales.measures().by_key.get(SYNONYMS.get(key, key))
    question = protocol.questions.get(key)
    return question.name[language] if question else measured.name[language] if measured else key.replace("_", " ")
