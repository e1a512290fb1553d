"""The composed document → Protocol: conditions built once, everything that refers to something else checked, all reasons told together."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import chain

from triage.calendar import Beat, Pattern, Quiet
from triage.conditions import THRESHOLD_FIELDS, Book, Condition, ConditionError, Spec, build
from triage.protocol.composing import Composed, compose, fingerprint
from triage.protocol.problems import Problem, ProtocolError
from triage.protocol.shapes import FAMILIES, CheckInsShape, Proposal, QuestionShape, RuleShape
from triage.protocol.values import Protocol, Rule
from triage.questions import MOST_ANSWERS, MOST_TEXTS, Question, groups, limits
from triage.terms import Kind, Level


def parse(text: str, layers: Mapping[str, str]) -> Protocol:
    """A protocol file over the layers it names (``slug@date`` → text). ProtocolError, with every reason found, otherwise."""
    composed = compose(text, layers)
    problems: list[Problem] = []
    questions = {key: _question(key, shape) for key, shape in composed.questions.items()}
    problems += _question_problems(questions)
    book = Book(questions, {name: threshold.at for name, threshold in composed.thresholds.items()})
    rules = [rule for shape in composed.rules.values() if (rule := _rule(shape, composed, book, problems))]
    rules.sort(key=lambda rule: FAMILIES.index(rule.family))
    problems += _source_problems(composed) + _rhythm_problems(composed.own.check_ins, questions) + _unused(composed)
    if not composed.silence or composed.silence[-1].cycles or composed.silence[-1].cycle_days:
        problems.append(Problem("silence", None, "the last entry must hold for every day: a silence always has a delay"))
    if problems:
        raise ProtocolError(problems)
    return _assembled(composed, questions, tuple(rules))


def _assembled(composed: Composed, questions: dict[str, Question], rules: tuple[Rule, ...]) -> Protocol:
    own = composed.own
    red_flag_keys = chain.from_iterable(c.keys for rule in rules if rule.red_flag for c in rule.conditions)
    return Protocol(
        slug=own.slug,
        effective_from=own.effective_from,
        title=own.title.texts,
        agents=tuple(own.agents),
        layers=tuple(own.layers),
        fingerprint=fingerprint(composed),
        questions=questions,
        symptoms=composed.symptoms,
        rules=rules,
        proposals={name: _proposal_words(entry, composed) for name, entry in composed.proposals.items()},
        thresholds=composed.thresholds,
        sources=composed.sources,
        levels={Level.of(word): plan for word, plan in composed.levels.items()},
        rhythm=tuple(_beat(entry) for entry in own.check_ins),
        silences=tuple(composed.silence),
        quiet=Quiet(composed.quiet.start, composed.quiet.end),
        ask_at=composed.ask_at,
        fever_limit=_fever_limit(composed),
        dosing=Pattern(own.dosing.times_per_day, own.dosing.days_on, own.dosing.days_off) if own.dosing else None,
        dose_mg=own.dosing.dose_mg if own.dosing else None,
        missed_dose=own.missed_dose.text.texts if own.missed_dose else {},
        missed_dose_source=composed.sources[own.missed_dose.source].words if own.missed_dose else "",
        unverified=tuple(_unverified(composed)),
        red_flag_keys=tuple(sorted(set(red_flag_keys) & questions.keys())),
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
        verified=shape.verified and all(composed.thresholds[name].verified for name in _thresholds(shape)),
        layer=composed.layer_of[shape.id],
        never_mute=shape.never_mute,
        proposes=tuple(shape.proposes),
        shape=shape,
    )


def _built(rule: str, part: str, specs: list[Spec], book: Book, problems: list[Problem]) -> tuple[Condition, ...]:
    built = []
    for number, spec in enumerate(specs, 1):
        try:
            built.append(build(spec, book))
        except ConditionError as error:
            problems.append(Problem(f"rules[{rule}].{part}[{number}].{error.field}", error.value, error.reason))
    return tuple(built)


def _thresholds(shape: RuleShape) -> set[str]:
    specs = chain(shape.all_of, shape.any_of, shape.none_of)
    return {str(spec[field]) for spec in specs for field in spec.keys() & THRESHOLD_FIELDS}


def _question_problems(questions: Mapping[str, Question]) -> list[Problem]:
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


def _source_problems(composed: Composed) -> list[Problem]:
    own = composed.own
    named = [(f"thresholds.{name}", entry.source) for name, entry in composed.thresholds.items()]
    named += [(f"rules[{rule.id}]", rule.source) for rule in composed.rules.values()]
    named += [(f"proposals[{proposal.id}]", proposal.source) for proposal in composed.proposals.values()]
    named += [(what, entry.source) for what, entry in (("dosing", own.dosing), ("missed_dose", own.missed_dose)) if entry]
    named += [(f"members.{name}", member.source) for d in composed.documents for name, member in d.members.items()]
    return [Problem(f"{where}.source", source, "is not in [sources]") for where, source in named if source not in composed.sources]


def _unused(composed: Composed) -> list[Problem]:
    used = set().union(*(_thresholds(rule) for rule in composed.rules.values()))
    unused = [name for name in composed.own.thresholds if name not in used]
    return [Problem(f"thresholds.{name}", None, "is used by no rule: changing it would change nothing") for name in unused]


def _rhythm_problems(entries: list[CheckInsShape], questions: Mapping[str, Question]) -> list[Problem]:
    problems = []
    for number, entry in enumerate(entries, 1):
        where = f"check_ins[{number}].ask"
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


def _beat(entry: CheckInsShape) -> Beat:
    last = entry.cycles[1] if len(entry.cycles) == 2 else None
    return Beat(entry.cycles[0], last, tuple(entry.days), entry.every, entry.from_day, entry.to_day, tuple(entry.ask))


def _fever_limit(composed: Composed) -> Decimal:
    """The lowest temperature that asks by itself for someone the same day: the limit that texts show."""
    alarming = [
        composed.thresholds[rule.all_of[0]["at_least"]].at
        for rule in composed.rules.values()
        if rule.level in ("high", "urgent") and len(rule.all_of) == 1 and not rule.any_of and not rule.none_of
        if rule.all_of[0].get("answer") == "temperature" and "at_least" in rule.all_of[0]
    ]
    return min(alarming, default=limits(Question("temperature", Kind.TEMPERATURE))[1])


def _unverified(composed: Composed) -> list[str]:
    own = composed.own
    found = [f"thresholds.{name}" for name, entry in composed.thresholds.items() if not entry.verified]
    found += [f"rules.{rule.id}" for rule in composed.rules.values() if not rule.verified]
    found += [f"proposals.{proposal.id}" for proposal in composed.proposals.values() if not proposal.verified]
    found += [what for what, entry in (("dosing", own.dosing), ("missed_dose", own.missed_dose)) if entry and not entry.verified]
    return found
