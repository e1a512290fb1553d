"""Layers laid over one another: the floor of red flags, then drug class, then agent. What the floor says can be added to, never removed."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic import BaseModel, ValidationError

from triage.protocol.problems import Problem, ProtocolError, from_shape
from triage.protocol.shapes import Document, LevelPlan, RuleShape

FLOOR = "floor"


class Composed:
    """The layers and the protocol's own document, joined; who said what is kept."""

    def __init__(self, own: Document, layers: list[Document]) -> None:
        self.own = own
        self.documents = [*layers, own]
        self.problems: list[Problem] = []
        self.sources = self._joined("sources", same_is_fine=True)
        self.thresholds = self._joined("thresholds")
        self.questions = self._joined("questions")
        self.symptoms = self._joined("symptoms")
        self.proposals = {p.id: p for p in self._listed(lambda d: d.proposals, "proposals")}
        self.rules, self.layer_of = self._rules()
        self.levels = self._levels()
        self.silence = [s for d in reversed(self.documents) for s in d.silence]
        self.quiet = self._last("quiet")
        self.ask_at = self._last("ask_at")

    def _joined(self, what: str, *, same_is_fine: bool = False) -> dict[str, Any]:
        joined: dict[str, Any] = {}
        owner: dict[str, str] = {}
        for document in self.documents:
            for key, entry in getattr(document, what).items():
                if key in joined and not (same_is_fine and joined[key] == entry):
                    self.problems.append(Problem(f"{what}.{key}", None, f"is already in {owner[key]}; give yours another name"))
                    continue
                joined[key], owner[key] = entry, document.stamp
        return joined

    def _listed(self, get: Callable[[Document], list[Any]], what: str) -> list[Any]:
        found: dict[str, Any] = {}
        for document in self.documents:
            for entry in get(document):
                if entry.id in found:
                    self.problems.append(Problem(f"{what}[{entry.id}]", None, "this id is used twice"))
                found[entry.id] = entry
        return list(found.values())

    def _rules(self) -> tuple[dict[str, RuleShape], dict[str, str]]:
        rules: dict[str, RuleShape] = {}
        layer_of: dict[str, str] = {}
        for document in self.documents:
            for rule_id in document.without:
                if rule_id not in rules:
                    self.problems.append(Problem("without", rule_id, "no layer has a rule of that name"))
                elif self._may_go(rules[rule_id], layer_of[rule_id], "without"):
                    del rules[rule_id]
            for rule in document.rules:
                if layer_of.get(rule.id) == document.stamp:
                    self.problems.append(Problem(f"rules[{rule.id}]", None, "this id is used twice"))
                elif rule.id not in rules or self._may_go(rules[rule.id], layer_of[rule.id], f"rules[{rule.id}]"):
                    rules[rule.id], layer_of[rule.id] = rule, document.stamp
        return rules, layer_of

    def _may_go(self, rule: RuleShape, layer: str, field: str) -> bool:
        if rule.never_mute:
            reason = (
                f"{rule.id} of {layer} is marked never_mute: it can be neither removed nor replaced. Add a stricter rule under another id"
            )
            self.problems.append(Problem(field, None, reason))
        return not rule.never_mute

    def _levels(self) -> dict[str, LevelPlan]:
        levels: dict[str, LevelPlan] = {}
        for document in self.documents:
            for word, plan in document.levels.items():
                before = levels.get(word)
                if before and plan.respond_within > before.respond_within:
                    reason = f"is longer than the {before.respond_within} of the layers below: a delay may only be shortened"
                    self.problems.append(Problem(f"levels.{word}.respond_within", plan.respond_within, reason))
                elif before and plan.service_hours and not before.service_hours:
                    self.problems.append(Problem(f"levels.{word}.service_hours", True, "the layers below count in clock time"))
                else:
                    levels[word] = plan
        for word in ("moderate", "high", "urgent"):
            if word not in levels:
                self.problems.append(Problem(f"levels.{word}", None, "is missing: every level needs a delay and someone to tell"))
        return levels

    def _last(self, what: str) -> Any:
        found = [entry for d in self.documents if (entry := getattr(d, what)) is not None]
        if not found:
            self.problems.append(Problem(what, None, "is missing, here and in every layer"))
        return found[-1] if found else None


def read(text: str, named: str = "") -> Document:
    """TOML text → document of the right shape. ProtocolError with every reason otherwise."""
    prefix = f"{named}: " if named else ""
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ProtocolError([Problem(f"{prefix}document", None, f"is not readable TOML: {error}")]) from None
    try:
        return Document.model_validate(raw)
    except ValidationError as error:
        problems = from_shape(error, raw).problems
        raise ProtocolError(Problem(f"{prefix}{p.field}", p.value, p.reason) for p in problems) from None


def compose(text: str, layers: Mapping[str, str]) -> Composed:
    """The protocol of ``text`` over the layers it names. ProtocolError when a layer is missing, or loosens what a floor says."""
    own = read(text)
    if own.kind != "protocol":
        raise ProtocolError([Problem("kind", own.kind, "only a document of kind protocol decides by itself")])
    problems = [Problem("layers", name, f"no such layer; known: {', '.join(sorted(layers))}") for name in own.layers if name not in layers]
    if problems:
        raise ProtocolError(problems)
    below = [read(layers[name], name) for name in own.layers]
    composed = Composed(own, below)
    composed.problems += _naming(own, below) + _membership(own, (read(layers[name], name) for name in sorted(layers)))
    if composed.problems:
        raise ProtocolError(composed.problems)
    return composed


def _naming(own: Document, below: list[Document]) -> list[Problem]:
    problems = []
    for name, layer in zip(own.layers, below, strict=True):
        if layer.kind == "protocol" or layer.layers:
            problems.append(Problem("layers", name, "is not a layer: only symptoms, floors and classes can be built upon"))
        if layer.stamp != name:
            problems.append(Problem("layers", name, f"is the name of a document that calls itself {layer.stamp}"))
        if layer.effective_from > own.effective_from:
            problems.append(Problem("layers", name, f"begins after {own.effective_from}, when this protocol begins"))
    if [layer.slug for layer in below].count(FLOOR) != 1:
        problems.append(Problem("layers", None, f"exactly one {FLOOR}@date is needed: the red flags that hold for every agent"))
    if not own.agents or not own.check_ins:
        problems.append(Problem("agents, check_ins", None, "a protocol names its agents and its rhythm of check-ins"))
    return problems


def _membership(own: Document, every: Iterable[Document]) -> list[Problem]:
    """A class floor holds for every agent listed in it: a protocol cannot leave it out by not naming it."""
    named = {name.split("@")[0] for name in own.layers}
    problems = []
    for layer in every:
        for agent in own.agents:
            if agent in layer.members and layer.slug not in named:
                problems.append(Problem("layers", None, f"{agent} is listed in {layer.stamp}: add that layer"))
    return problems


def fingerprint(composed: Composed) -> str:
    """SHA-256 of the canonical form: keys in order, numbers without idle zeros; comments, spacing and order of keys do not count."""
    own = composed.own
    whole = {
        "slug": own.slug,
        "effective_from": own.effective_from,
        "title": own.title,
        "agents": own.agents,
        "layers": own.layers,
        "dosing": own.dosing,
        "missed_dose": own.missed_dose,
        "check_ins": own.check_ins,
        "quiet": composed.quiet,
        "ask_at": composed.ask_at,
        "sources": composed.sources,
        "thresholds": composed.thresholds,
        "questions": composed.questions,
        "symptoms": composed.symptoms,
        "rules": composed.rules,
        "order": list(composed.rules),
        "proposals": composed.proposals,
        "levels": composed.levels,
        "silence": composed.silence,
    }
    return hashlib.sha256(json.dumps(_plain(whole), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    return value.isoformat() if isinstance(value, date | time) else value
