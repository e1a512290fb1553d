"""The composed document → Protocol: conditions built once, everything that refers to something else checked, all reasons told together."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import chain
from typing import Any

from triage.calendar import Beat, Pattern, Quiet, weekday_of
from triage.conditions import GRADED, Book, Condition, ConditionError, Spec, Window, build
from triage.conditions.on_grades import Scale
from triage.conditions.on_history import CALM
from triage.protocol import scales
from triage.protocol.canonical import fingerprint
from triage.protocol.checking import question_problems, rhythm_problems, source_problems, unused, unverified
from triage.protocol.composing import Composed, compose
from triage.protocol.documents import CheckInsShape, CompanionShape, Document, DosingShape
from triage.protocol.problems import Problem, ProtocolError
from triage.protocol.shapes import FAMILIES, Proposal, QuestionShape, RuleShape
from triage.protocol.values import Companion, Override, Protocol, Rule
from triage.questions import UPWARD, Question, limits
from triage.terms import Kind, Level


def parse(text: str, layers: Mapping[str, str]) -> Protocol:
    """A protocol file over the layers it names (``slug@date`` → text), or what a service or a patient lays over one.

    The grade tables stand among the layers under the names of ``SCALES``. ProtocolError, with every reason found, otherwise.
    """
    composed = compose(text, layers)
    problems: list[Problem] = []
    questions = {key: _question(key, shape) for key, shape in composed.questions.items()}
    book = _book(composed, questions, problems)
    rules = [rule for shape in composed.rules.values() if (rule := _rule(shape, composed, book, problems))]
    rules.sort(key=lambda rule: FAMILIES.index(rule.family))
    problems += question_problems(questions) + source_problems(composed) + unused(composed)
    problems += rhythm_problems(composed.check_ins, questions, composed.windows)
    patterns = {what: _pattern(what, dosing, problems) for what, dosing in _dosings(composed.own)}
    rhythm = [beat for entry in composed.check_ins if (beat := _beat(entry, composed, problems))]
    if not composed.silence or composed.silence[-1].cycles or composed.silence[-1].cycle_days:
        problems.append(Problem("silence", None, "the last entry must hold for every day: a silence always has a delay"))
    if problems:
        raise ProtocolError(problems)
    return _assembled(composed, book, tuple(rules), tuple(rhythm), patterns, layers)


def _assembled(
    composed: Composed,
    book: Book,
    rules: tuple[Rule, ...],
    rhythm: tuple[Beat, ...],
    patterns: Mapping[str, Pattern | None],
    layers: Mapping[str, str],
) -> Protocol:
    own, top = composed.own, composed.top
    red_flag_keys = chain.from_iterable(c.keys for rule in rules if rule.red_flag for c in rule.conditions)
    return Protocol(
        slug=top.slug,
        effective_from=top.effective_from,
        title=top.title.texts,
        agents=tuple(own.agents),
        layers=(*composed.layer_names, *composed.scales_used()),
        fingerprint=fingerprint(composed),
        questions=book.questions,
        symptoms=composed.symptoms,
        rules=rules,
        proposals={name: _proposal_words(entry, composed) for name, entry in composed.proposals.items()},
        occurrences={name: int(entry.occurrence) for name, entry in composed.proposals.items() if entry.occurrence != "any"},
        thresholds=composed.thresholds,
        sources=composed.sources,
        levels={Level.of(word): plan for word, plan in composed.levels.items()},
        rhythm=rhythm,
        silences=tuple(composed.silence),
        quiet=Quiet(composed.quiet.start, composed.quiet.end),
        ask_at=composed.ask_at,
        fever_limit=_fever_limit(composed),
        **_own_doses(composed, patterns),
        unverified=tuple(unverified(composed)),
        red_flag_keys=tuple(sorted(set(red_flag_keys) & book.questions.keys())),
        ctcae=own.ctcae or "",
        depth=own.depth,
        windows=book.windows,
        monitoring=tuple(composed.monitoring),
        composites=book.composites,
        graded=_graded(composed, book),
        override=Override(top.stamp, top.reason or "", top.by or "", top.ends_on) if top.ends_on else None,
        beneath=parse(layers[top.over], layers) if top.ends_on and top.over else None,
    )


def _book(composed: Composed, questions: dict[str, Question], problems: list[Problem]) -> Book:
    """Everything that conditions refer to."""
    limits = {name: threshold.at for name, threshold in composed.thresholds.items()}
    windows = {
        name: Window(name, _ends(w.cycles), _ends(w.cycle_days), _ends(w.treatment_days), w.why.texts)
        for name, w in composed.windows.items()
    }
    table = composed.scales.get(f"ctcae-{composed.own.ctcae}")
    labs = scales.lab_table(table) if table else None
    composites = {}
    for name, shape in composed.composites.items():
        entry = scales.scored(name, shape, composed.scales["pro-ctcae"], questions, problems)
        if entry:
            composites[name] = entry
    return Book(questions, limits, windows, composites, labs)


def _ends(ends: list[int] | None) -> tuple[int, int] | None:
    return (ends[0], ends[1]) if ends else None


def _graded(composed: Composed, book: Book) -> tuple[Scale, ...]:
    """The CTCAE terms its rules look at, in order, whatever the age of the measure."""
    specs = [spec for rule in composed.rules.values() for spec in rule.specs()]
    named = dict.fromkeys(str(spec[word]) for spec in specs for word in GRADED & spec.keys())
    terms = [term for name in named if book.labs and (term := book.labs.term(name))]
    return tuple(Scale(book.labs, term.name, tuple(term.scales), None) for term in terms if book.labs)


def _dosings(own: Document) -> list[tuple[str, DosingShape]]:
    found = [("dosing", own.dosing)] if own.dosing else []
    return found + [(f"companions.{name}.dosing", companion.dosing) for name, companion in own.companions.items()]


def _pattern(what: str, dosing: DosingShape, problems: list[Problem]) -> Pattern | None:
    """The calendar's pattern of a dosing table; None, and the reason, for one that cannot be lived."""
    try:
        return Pattern(
            times_per_day=dosing.times_per_day,
            days_on=dosing.days_on,
            days_off=None if dosing.blocks else dosing.days_off,
            blocks=tuple((block[0], block[1]) for block in dosing.blocks),
            cycle_days=dosing.cycle_days,
            weekday=weekday_of(dosing.weekday) if dosing.weekday else None,
            every=dosing.every or 1,
        )
    except ValueError as error:
        problems.append(Problem(what, None, str(error)))
        return None


def _own_doses(composed: Composed, patterns: Mapping[str, Pattern | None]) -> dict[str, Any]:
    """The usual dosing, what the label says of a missed dose, and the same for each companion."""
    own = composed.own
    return {
        "dosing": patterns.get("dosing"),
        "dose_mg": own.dosing.dose_mg if own.dosing else None,
        "missed_dose": own.missed_dose.text.texts if own.missed_dose else {},
        "missed_dose_source": composed.sources[own.missed_dose.source].words if own.missed_dose else "",
        "companions": {name: _companion(name, shape, composed, patterns) for name, shape in own.companions.items()},
    }


def _companion(name: str, shape: CompanionShape, composed: Composed, patterns: Mapping[str, Pattern | None]) -> Companion:
    pattern = patterns[f"companions.{name}.dosing"]
    assert pattern is not None, "a pattern that cannot be lived was refused before"
    said = shape.missed_dose
    return Companion(
        name=shape.name.texts,
        dosing=pattern,
        dose_mg=shape.dosing.dose_mg,
        missed_dose=said.text.texts if said else {},
        missed_dose_source=composed.sources[said.source].words if said else "",
    )


def _proposal_words(proposal: Proposal, composed: Composed) -> dict[str, str]:
    title = composed.sources[proposal.source].title if proposal.source in composed.sources else proposal.source
    unsure = {"fr": "", "en": ""} if proposal.verified else {"fr": " ; non vérifié", "en": "; not verified"}
    texts = proposal.text.texts
    return {lang: f"{texts[lang]} [{proposal.jurisdiction}, {title}{unsure[lang]}]" for lang in texts}


def _question(key: str, shape: QuestionShape) -> Question:
    return Question(
        key=key,
        kind=shape.kind,
        symptom=shape.symptom,
        label=shape.label.texts,
        name=shape.name.texts,
        text=(shape.text or shape.label).texts,
        low=shape.low,
        high=shape.high,
        unit=shape.unit,
        red_flag=shape.red_flag,
        detail_of=shape.detail_of,
    )


def _rule(shape: RuleShape, composed: Composed, book: Book, problems: list[Problem]) -> Rule | None:
    found = len(problems)
    parts = [_built(shape.id, part, getattr(shape, part), book, problems) for part in ("all_of", "any_of", "none_of")]
    if any(condition.keys for condition in parts[2]):
        reason = "an answer cannot stand in none_of: a better answer would then alarm more"
        problems.append(Problem(f"rules[{shape.id}].none_of", None, reason))
    unknown = [name for name in shape.proposes if name not in composed.proposals]
    problems += [Problem(f"rules[{shape.id}].proposes", name, "no proposal has that id") for name in unknown]
    toxicity = book.questions.get(shape.toxicity or "")
    if shape.toxicity and (toxicity is None or toxicity.kind not in UPWARD):
        problems.append(Problem(f"rules[{shape.id}].toxicity", shape.toxicity, "is not the key of a score or a count"))
    if shape.source not in composed.sources or len(problems) > found:
        return None
    return Rule(
        id=shape.id,
        family=shape.family,
        level=Level.of(shape.level),
        all_of=parts[0],
        any_of=parts[1],
        none_of=parts[2],
        why=shape.why.texts,
        source=composed.sources[shape.source].words,
        verified=shape.verified and all(composed.thresholds[name].verified for name in shape.thresholds()),
        layer=composed.layer_of[shape.id],
        never_mute=shape.never_mute,
        proposes=tuple(shape.proposes),
        shape=shape,
        toxicity=shape.toxicity or "",
        episode_from=_episode_from(shape, book),
    )


def _built(rule: str, part: str, specs: list[Spec], book: Book, problems: list[Problem]) -> tuple[Condition, ...]:
    built = []
    for number, spec in enumerate(specs, 1):
        try:
            built.append(build(spec, book))
        except ConditionError as error:
            problems.append(Problem(f"rules[{rule}].{part}[{number}].{error.field}", error.value, error.reason))
    return tuple(built)


def _episode_from(shape: RuleShape, book: Book) -> Decimal:
    """The score from which an occurrence of the rule's toxicity counts: the rule's own limit on that answer, otherwise more than 1."""
    for spec in shape.specs():
        if shape.toxicity and shape.toxicity in (spec.get(word) for word in ("answer", "occurrence", "consecutive")) and "at_least" in spec:
            return book.limits[spec["at_least"]]
    return CALM + 1


def _beat(entry: CheckInsShape, composed: Composed, problems: list[Problem]) -> Beat | None:
    ask = tuple(entry.ask)
    if entry.window is None:
        cycles = entry.cycles or [1]
        last = cycles[1] if len(cycles) == 2 else None
        return Beat(cycles[0], last, tuple(entry.days), entry.every, entry.from_day, entry.to_day, ask)
    window = composed.windows.get(entry.window)
    if window is None:
        return None
    first, last = window.cycles or (1, None)
    days = window.cycle_days
    if window.treatment_days:
        dosing = composed.own.dosing
        if dosing is None or dosing.blocks or (dosing.days_on and dosing.days_off) or days or window.cycles:
            reason = f"{window.id} counts days of treatment: a rhythm can follow it only where one cycle never ends"
            problems.append(Problem("check_ins.window", entry.window, reason))
        days = window.treatment_days
    return Beat(first, last, (), entry.every or 1, days[0] if days else 1, days[1] if days else None, ask)


def _fever_limit(composed: Composed) -> Decimal:
    """The lowest temperature that asks by itself for someone the same day: the limit that texts show."""
    alarming = [
        composed.thresholds[rule.all_of[0]["at_least"]].at
        for rule in composed.rules.values()
        if rule.level in ("high", "urgent") and len(rule.all_of) == 1 and not rule.any_of and not rule.none_of
        if rule.all_of[0].get("answer") == "temperature" and "at_least" in rule.all_of[0]
    ]
    return min(alarming, default=limits(Question("temperature", Kind.TEMPERATURE))[1])
