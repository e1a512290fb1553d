"""The word lists, compiled once at start from parsed documents handed in by the app."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from triage.replies.clauses import Grammar, Text
from triage.replies.cutting import cut
from triage.replies.fever import Beside, beside_from
from triage.replies.fold import fold
from triage.replies.lexicon import Lexicon
from triage.replies.patterns import Book, Compiler, Rule
from triage.replies.weighing import Groups, Weights, weights_from
from triage.terms import Kind

DANGERS = (
    "chest_pain",
    "dyspnea",
    "bleeding",
    "suicidal",
    "syncope",
    "stroke_signs",
    "confusion",
    "seizure",
    "anaphylaxis",
    "dvt_signs",
    "anuria",
    "fever",
    "chills",
    "persistent_vomiting",
    "no_fluids",
    "overdose",
    "child_ingestion",
    "unwell",
    "pregnancy",
    "jaundice",
)
SAME_DAY = frozenset({"pregnancy", "jaundice"})
"""Danger codes that tell a nurse today; all others are urgent."""

ROLES = (
    "soft",
    "not",
    "after_verb",
    "half",
    "ceaseless",
    "able",
    "never",
    "not_before_never",
    "degree",
    "longer",
    "no_longer_after",
    "more_than",
    "ne",
    "turn",
    "subject",
    "determiner",
    "and",
    "or",
    "of",
    "light",
    "adverb",
    "verb_before_not",
    "ongoing",
    "recent",
    "if",
    "not_if",
    "self",
    "me",
    "kin",
    "outsider",
    "preposition",
    "reporter",
    "third",
    "like",
    "compared",
    "part_of_day",
    "this",
    "measure",
)
CONTEXTS = (
    "private",
    "third_person",
    "reporting",
    "nothing_about",
    "doubt",
    "hypothetical",
    "old",
    "ended",
    "me_too",
    "i_am_fine",
    "in_care",
)
TABLES = (
    "command",
    "language",
    "courtesy",
    "none",
    "yes",
    "no",
    "perhaps",
    "severity",
    "unclear",
    "count",
    "temperature",
    "intake",
    "stopped",
    "cycle",
    "stopwhich",
    "correction",
    "optout",
    "admin",
    "symptom",
    "named",
)


@dataclass(frozen=True, eq=False)
class Words:
    """Compiled word lists of every language: what `read` and `scan` need besides the text. Build with `words_from`."""

    grammar: Grammar
    idioms: Book
    now: Book
    images: Book
    today: Book
    asked: Mapping[Kind, Book]
    beside: Beside
    tables: Mapping[str, Book]
    phrases: Mapping[str, Mapping[str, str]]
    groups: Groups
    weights: Weights


def words_from(documents: Mapping[str, Mapping[str, Any]], weights: Iterable[str] = ()) -> Words:
    """Compile parsed word-list documents (any names, any number; lists of the same name are joined across languages).

    `weights`: lines of the table of weights; without any, signs alone decide.
    Raises ValueError naming the line when a list refers to an unknown group or flag, or a danger code is unknown.
    """
    joined = _joined(documents)
    lexicon = Lexicon(ordinary=frozenset(w for line in joined.get("ordinary", {}).get("words", []) for w in line.split()))
    groups = {name: list(lines) for name, lines in joined.get("groups", {}).items()}
    compiler = Compiler(lexicon, groups)
    numbered = {compiler.part(f"@{name}").number: name for name in groups}  # before any word is looked up, which is then remembered
    roles = {role: 1 << i for i, role in enumerate(ROLES)}
    for role, lines in joined.get("roles", {}).items():
        if role not in roles:
            raise ValueError(f"word lists: unknown role {role!r}")
        for word in (w for line in lines for w in line.split()):
            lexicon.give_role(word, roles[role])
    told = joined.get("contexts", {})
    contexts = {n: compiler.whole(tuple(p for line in told.get(n, []) for p in compiler.phrases(_strict(line)))) for n in CONTEXTS}
    spelling = {fold_key(k): tuple(str(v).split()) for k, v in joined.get("spelling", {}).items()}
    dangers, asked, oblique = joined.get("danger", {}), joined.get("asked", {}), joined.get("oblique", {})
    unknown = set(dangers).union(oblique, *asked.values()) - set(DANGERS)
    if unknown:
        raise ValueError(f"word lists: unknown danger codes {sorted(unknown)}")
    grammar = Grammar(lexicon, spelling, {k: int(v) for k, v in joined.get("numbers", {}).items()}, roles, contexts)
    return Words(
        grammar=grammar,
        idioms=Book(compiler.rule(line, "idiom") for line in joined.get("idioms", {}).get("mask", [])),
        now=Book(_wider(compiler.rule(line, code)) for code in DANGERS for line in dangers.get(code, {}).get("now", [])),
        images=Book(_wider(compiler.rule(f"{line} /oblique", code)) for code, line in _lines(oblique)),
        today=Book(compiler.rule(line, code) for code in DANGERS for line in dangers.get(code, {}).get("today", [])),
        asked={Kind(kind): Book(compiler.rule(line, code) for code, line in _lines(lists)) for kind, lists in asked.items()},
        beside=beside_from(joined.get("beside", {})),
        tables={t: Book(compiler.rule(line, code) for code, line in _lines(joined.get(t, {}))) for t in TABLES},
        phrases={t: {whole(line, grammar): code for code, line in _lines(v)} for t, v in joined.get("whole", {}).items()},
        groups=Groups(numbered),
        weights=weights_from(weights),
    )


SLACK = 4
"""Words more than written that may stand between the parts of a danger.

Of 832 dangers not read while it was chosen, 7 more are found; of 2500 ordinary texts, one more is taken for danger.
"""


def _wider(rule: Rule) -> Rule:
    return replace(rule, window=rule.window + SLACK)


def whole(text: str, grammar: Grammar) -> str:
    """A text reduced to its words, to compare whole messages; its signs when it has no words ("?")."""
    return key_of(cut(text, grammar))


def key_of(text: Text) -> str:
    """The same for a text already cut."""
    return " ".join(text.words) or text.folded.strip()


def fold_key(key: str) -> str:
    """Keys of the spelling list are folded like texts."""
    return fold(key).strip()


def _strict(line: str) -> str:
    """Context words are compared letter by letter: a slip must not make an old date out of a new one."""
    return " ".join("|".join(w if w.startswith(("@", "=")) else "=" + w for w in slot.split("|")) for slot in line.split())


def _lines(table: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    for code, lines in table.items():
        for line in lines:
            yield code, line


def _joined(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name in sorted(documents):
        _join(out, documents[name])
    return out


def _join(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping):
            _join(into.setdefault(key, {}), value)
        elif isinstance(value, list):
            into[key] = [*into.get(key, []), *value]
        else:
            into[key] = value
