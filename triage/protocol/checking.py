"""What a composed document may not leave out or contradict, beyond the shape of its fields and its rules."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from triage.protocol.bricks import Sourced
from triage.protocol.composing import Composed
from triage.protocol.documents import CheckInsShape, Document
from triage.protocol.problems import Problem
from triage.questions import MOST_ANSWERS, MOST_TEXTS, Question, groups
from triage.terms import Kind


def question_problems(questions: Mapping[str, Question]) -> list[Problem]:
    """A detail follows a severity; what is counted fits its text."""
    problems = []
    for key, question in questions.items():
        parent = questions.get(question.detail_of)
        if question.detail_of and (parent is None or parent.kind is not Kind.SEVERITY or question.kind is Kind.SEVERITY):
            problems.append(
                Problem(f"questions.{key}.detail_of", question.detail_of, "a detail follows a severity question, and is not one")
            )
        if question.kind is Kind.COUNT and any(len(text) > 25 for text in question.text.values()):
            problems.append(Problem(f"questions.{key}.text", None, "what is counted takes at most 25 characters"))
    return problems


def source_problems(composed: Composed) -> list[Problem]:
    """Every value names a source that stands in the file."""
    own = composed.own
    named = [(f"thresholds.{name}", entry.source) for name, entry in composed.thresholds.items()]
    named += [(f"rules[{rule.id}]", rule.source) for rule in composed.rules.values()]
    named += [(f"proposals[{proposal.id}]", proposal.source) for proposal in composed.proposals.values()]
    named += [(what, entry.source) for what, entry in own_values(own)]
    named += [(f"windows[{name}]", window.source) for name, window in composed.windows.items()]
    named += [(f"monitoring[{number}]", entry.source) for number, entry in enumerate(composed.monitoring, 1)]
    named += [(f"symptoms.{name}.self_care", shape.self_care_source) for name, shape in composed.symptoms.items() if shape.self_care_source]
    named += [(f"members.{name}", member.source) for d in composed.documents for name, member in d.members.items()]
    return [Problem(f"{where}.source", source, "is not in [sources]") for where, source in named if source not in composed.sources]


def unused(composed: Composed) -> list[Problem]:
    """A threshold that no rule uses."""
    used = set().union(*(rule.thresholds() for rule in composed.rules.values()))
    idle = [name for document in (composed.own, *composed.above) for name in document.thresholds if name not in used]
    return [Problem(f"thresholds.{name}", None, "is used by no rule: changing it would change nothing") for name in idle]


def rhythm_problems(entries: list[CheckInsShape], questions: Mapping[str, Question], windows: Collection[str]) -> list[Problem]:
    """Questions that exist, in an order and a number that people answer; windows that exist."""
    problems = []
    for number, entry in enumerate(entries, 1):
        where = f"check_ins[{number}].ask"
        if entry.window is not None and entry.window not in windows:
            problems.append(Problem(f"check_ins[{number}].window", entry.window, "is not a window of [[windows]]"))
        asked = [questions[key] for key in entry.ask if key in questions]
        problems += [Problem(where, key, "is not the key of a question") for key in entry.ask if key not in questions]
        if len(asked) > MOST_ANSWERS or len(groups(asked)) > MOST_TEXTS:
            reason = f"{len(groups(asked))} texts and {len(asked)} answers; at most {MOST_TEXTS} and {MOST_ANSWERS}: people stop answering"
            problems.append(Problem(where, None, reason))
        for place, question in enumerate(asked):
            if question.detail_of and question.detail_of not in entry.ask[:place]:
                problems.append(Problem(where, question.key, f"comes after {question.detail_of}, of which it is a detail"))
        if len(set(entry.ask)) < len(entry.ask):
            problems.append(Problem(where, None, "a question stands there twice"))
    return problems


def unverified(composed: Composed) -> list[str]:
    """Names of the values that were not confirmed in their source: what the pharmacist who signs has to read."""
    found = [f"thresholds.{name}" for name, entry in composed.thresholds.items() if not entry.verified]
    found += [f"rules.{rule.id}" for rule in composed.rules.values() if not rule.verified]
    found += [f"proposals.{proposal.id}" for proposal in composed.proposals.values() if not proposal.verified]
    found += [f"windows.{name}" for name, window in composed.windows.items() if not window.verified]
    found += [f"monitoring.{number}" for number, entry in enumerate(composed.monitoring, 1) if not entry.verified]
    return found + [what for what, entry in own_values(composed.own) if not entry.verified]


def own_values(own: Document) -> list[tuple[str, Sourced]]:
    """Doses and what the label says of a missed one, of the agent and of its companions, by the name of their table."""
    found: list[tuple[str, Sourced | None]] = [("dosing", own.dosing), ("missed_dose", own.missed_dose)]
    for name, companion in own.companions.items():
        found += [(f"companions.{name}.dosing", companion.dosing), (f"companions.{name}.missed_dose", companion.missed_dose)]
    return [(what, entry) for what, entry in found if entry]
