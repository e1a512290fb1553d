"""Find the rules of a word list in a text."""

from __future__ import annotations

from collections.abc import Container, Iterator

from triage.replies.clauses import Text
from triage.replies.patterns import Book, Rule


def matches(text: Text, book: Book, settled: Container[str] = ()) -> Iterator[tuple[Rule, tuple[int, ...]]]:
    """Every place where a rule is met, as the positions of its words, before anything cancels it. Codes already settled are passed over."""
    for rule in text.rules(book):
        if rule.code not in settled and (found := _found(text, rule)) and not _silenced_everywhere(text, rule):
            for places in _joined(text, rule, found, ()):
                if not _silenced(text, rule, places):
                    yield rule, places


def _found(text: Text, rule: Rule) -> list[list[tuple[int, ...]]]:
    """Where each part of the rule stands; nothing when one of them does not."""
    found = []
    for part in rule.parts:
        spans = text.spans(part)
        if not spans:
            return []
        found.append(spans)
    return found


def _joined(text: Text, rule: Rule, found: list[list[tuple[int, ...]]], before: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    if not found:
        yield before
        return
    done = len(rule.parts) - len(found)
    for span in found[0]:
        if done and not _fits(text, rule, before, span, rule.ordered[done - 1]):
            continue
        yield from _joined(text, rule, found[1:], before + span)


def _fits(text: Text, rule: Rule, before: tuple[int, ...], span: tuple[int, ...], ordered: bool) -> bool:
    if any(p in before for p in span):
        return False
    if "any" in rule.flags:
        return True
    near = min(abs(text.ranks[a] - text.ranks[b]) for a in before for b in span)
    same = text.sentence[before[0]] == text.sentence[span[0]]
    return same and near <= rule.window and (not ordered or span[0] > before[-1])


def _silenced_everywhere(text: Text, rule: Rule) -> bool:
    return "any" in rule.flags and any(text.spans(part) for part in rule.unless)


def _silenced(text: Text, rule: Rule, places: tuple[int, ...]) -> bool:
    if not rule.silent & text.parts:
        return False
    here = text.sentence[places[0]]
    return any(text.sentence[span[0]] == here for part in rule.unless for span in text.spans(part))
