"""Layers laid over one another: the floor of red flags, drug class, agent, then what a service or one patient changes.

What lies below can be added to and made stricter, never removed or loosened where it is marked never_mute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from triage.conditions import GRADED
from triage.protocol import above as laws
from triage.protocol.documents import Document
from triage.protocol.problems import Problem, ProtocolError
from triage.protocol.reading import SCALES, membership, read, stack
from triage.protocol.shapes import LevelPlan, RuleShape

FLOOR = "floor"


class Composed:
    """The layers, the protocol's own document and what is laid over it, joined; who said what is kept. top: the uppermost document."""

    def __init__(self, own: Document, layers: list[Document], above: list[Document], scales: Mapping[str, str]) -> None:
        self.own = own
        self.above = above
        self.documents = [*layers, own, *above]
        self.top = self.documents[-1]
        self.scales = scales
        self.problems: list[Problem] = [problem for document in self.documents for problem in laws.fields(document)]
        self.sources = self._joined("sources", same_is_fine=True)
        self.thresholds = self._joined("thresholds")
        self.questions = self._joined("questions")
        self.symptoms = self._joined("symptoms")
        self.composites = self._joined("composites")
        self.proposals = {p.id: p for p in self._listed(lambda d: d.proposals, "proposals")}
        self.windows = {w.id: w for w in self._listed(lambda d: d.windows, "windows")}
        self.monitoring = [entry for d in self.documents for entry in d.monitoring]
        self.check_ins = [entry for d in (own, *above) for entry in d.check_ins]
        self.rules, self.layer_of = self._rules()
        self._change()
        self.levels = self._levels()
        self.silence = [s for d in reversed(self.documents) for s in d.silence]
        self.problems += laws.silences(self.documents)
        self.quiet = self._last("quiet")
        self.ask_at = self._last("ask_at")

    @property
    def layer_names(self) -> list[str]:
        """slug@date of every text needed to compose this again, the document itself excepted."""
        return [*self.own.layers, *(document.stamp for document in (self.own, *self.above) if document is not self.top)]

    def scales_used(self) -> list[str]:
        """Names of the grade tables that its rules or composites read."""
        words = {word for rule in self.rules.values() for spec in rule.specs() for word in spec}
        graded = [f"ctcae-{self.own.ctcae}"] if self.own.ctcae and words & GRADED else []
        return graded + (["pro-ctcae"] if self.composites else [])

    def _change(self) -> None:
        """Numbers changed from above; the layer that changed one is the layer that decides wherever it is used."""
        for document in self.above:
            self.problems += laws.changes(document, self.thresholds, self.rules.values())
            for name, change in document.change.items():
                if name in self.thresholds:
                    told = {"at": change.at, "source": change.source, "verified": change.verified, "note": change.note}
                    self.thresholds[name] = self.thresholds[name].model_copy(update=told)
            for rule in self.rules.values():
                if rule.thresholds() & document.change.keys():
                    self.layer_of[rule.id] = document.stamp

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
                if word in levels:
                    self.problems += laws.delays(word, levels[word], plan, ladder=document in self.above)
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


def compose(text: str, layers: Mapping[str, str]) -> Composed:
    """The protocol of ``text`` over the layers it names. ProtocolError when a layer is missing, or loosens what a floor says."""
    own, above = stack(text, layers)
    problems = [Problem("layers", name, f"no such layer; known: {_known(layers)}") for name in own.layers if name not in layers]
    if problems:
        raise ProtocolError(problems)
    below = [read(layers[name], name) for name in own.layers]
    composed = Composed(own, below, above, {name: layers[name] for name in SCALES if name in layers})
    composed.problems += _naming(own, below) + membership(own, layers)
    composed.problems += [
        Problem("layers", name, "this grade table was not handed in") for name in composed.scales_used() if name not in layers
    ]
    if composed.problems:
        raise ProtocolError(composed.problems)
    return composed


def _known(layers: Mapping[str, str]) -> str:
    return ", ".join(name for name in sorted(layers) if "@" in name)


def _naming(own: Document, below: list[Document]) -> list[Problem]:
    problems = []
    for name, layer in zip(own.layers, below, strict=True):
        if layer.kind not in ("symptoms", "layer") or layer.layers:
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
