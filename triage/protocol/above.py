"""The laws of what is laid over a protocol, and of delays anywhere: more may be added, what is there may only become stricter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from triage.conditions import STRICTER
from triage.protocol.bricks import Threshold
from triage.protocol.documents import Document
from triage.protocol.problems import Problem
from triage.protocol.reading import ABOVE
from triage.protocol.shapes import LevelPlan, RuleShape

_ANYWHERE = frozenset({"slug", "kind", "effective_from", "supersedes", "title", "thresholds", "sources", "rules", "without", "proposals"})
_SERVICE = _ANYWHERE | {"over", "change", "check_ins", "windows", "monitoring", "levels", "silence", "quiet", "ask_at"}
_PATIENT = _SERVICE | {"reason", "by", "ends_on"}
_ONLY_ABOVE = frozenset({"over", "change", "reason", "by", "ends_on"})


def fields(document: Document) -> list[Problem]:
    """What may stand in a document of this kind: questions, tables and doses belong to the protocol, reasons to a patient's exception."""
    given = document.model_fields_set
    if document.kind not in ABOVE:
        return [Problem(name, None, "stands only in a document of kind service or patient") for name in sorted(given & _ONLY_ABOVE)]
    strange = given - (_PATIENT if document.kind == "patient" else _SERVICE)
    problems = [Problem(name, None, f"cannot stand in a document of kind {document.kind}") for name in sorted(strange)]
    if document.kind == "patient":
        missing = [name for name in ("reason", "by", "ends_on") if getattr(document, name) is None]
        problems += [Problem(name, None, "is missing: an exception for one patient has a reason, an author and an end") for name in missing]
        if document.ends_on is not None and document.ends_on < document.effective_from:
            problems.append(Problem("ends_on", document.ends_on, f"is before {document.effective_from}, when it begins"))
    problems += [
        Problem(f"change.{name}.source", change.source, "is not in [sources]")
        for name, change in document.change.items()
        if change.source not in document.sources
    ]
    return problems


def changes(document: Document, thresholds: Mapping[str, Threshold], rules: Iterable[RuleShape]) -> list[Problem]:
    """Numbers changed from above: each must exist, and none that a never_mute rule uses may be loosened."""
    problems = [
        Problem(f"change.{name}", None, "is not a threshold of this protocol") for name in document.change if name not in thresholds
    ]
    for rule in rules:
        for name, sign in _uses(rule) if rule.never_mute else ():
            if name not in document.change or name not in thresholds:
                continue
            before, after = thresholds[name].at, document.change[name].at
            if (after - before) * sign < 0:
                way = "at most" if sign < 0 else "at least"
                reason = f"{rule.id} is marked never_mute and decides on {before}: it can only be made stricter, {way} {before}"
                problems.append(Problem(f"change.{name}.at", after, reason))
    return problems


def _uses(rule: RuleShape) -> Iterable[tuple[str, int]]:
    """(threshold, the way in which it gets stricter): -1 when lower fires more, +1 when higher does. In none_of it is the other way."""
    for part, way in ((rule.all_of, 1), (rule.any_of, 1), (rule.none_of, -1)):
        for spec in part:
            for field, sign in STRICTER.items():
                if isinstance(spec.get(field), str):
                    yield spec[field], sign * way


def delays(word: str, below: LevelPlan, above: LevelPlan, *, ladder: bool) -> list[Problem]:
    """A level may only become faster. ladder: nor may its ladder get shorter or later, which only a protocol of its own may decide."""
    where = f"levels.{word}"
    problems = []
    if above.respond_within > below.respond_within:
        reason = f"is longer than the {below.respond_within} of the layers below: a delay may only be shortened"
        problems.append(Problem(f"{where}.respond_within", above.respond_within, reason))
    if above.service_hours and not below.service_hours:
        problems.append(Problem(f"{where}.service_hours", True, "the layers below count in clock time"))
    if not ladder:
        return problems
    if above.repeat_minutes > below.repeat_minutes:
        problems.append(Problem(f"{where}.repeat_minutes", above.repeat_minutes, f"at most {below.repeat_minutes}, as below"))
    later = [rung.after_minutes for rung in above.ladder[: len(below.ladder)]]
    if len(later) < len(below.ladder) or any(new > old.after_minutes for new, old in zip(later, below.ladder, strict=False)):
        problems.append(Problem(f"{where}.ladder", None, "has fewer rungs, or later ones, than the layer below"))
    return problems


def silences(documents: Iterable[Document]) -> list[Problem]:
    """A service or a patient may only remind sooner, call it silence sooner, and rank it higher than every entry beneath."""
    problems: list[Problem] = []
    below = [entry for document in documents if document.kind not in ABOVE for entry in document.silence]
    for document in documents:
        for number, entry in enumerate(document.silence, 1) if document.kind in ABOVE else ():
            slower = any(entry.remind_after > old.remind_after or entry.silent_after > old.silent_after for old in below)
            if slower or any(_ORDER.index(entry.level) < _ORDER.index(old.level) for old in below):
                reason = "is slower or lower than an entry of the layers below; it can only be sooner and higher"
                problems.append(Problem(f"{document.stamp}: silence[{number}]", None, reason))
    return problems


_ORDER = ("info", "moderate", "high", "urgent")
