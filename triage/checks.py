"""What a kind pharmacist would say of a protocol that can be read: gaps, limits in the wrong order, a question nobody listens to.

A document that cannot be read at all is refused by ``protocol.parse``. Here it stands, and is looked at as a whole: each remark says where,
what was seen, and what to do. A *grave* one must be mended before anybody signs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain, pairwise

from triage import engine, questions
from triage.conditions import ANY
from triage.protocol import Protocol, Rule
from triage.questions import Question
from triage.terms import Answer, Context, Kind, Level, Value

LONGEST_PAUSE = 21
"""Days without any planned check-in that are worth a remark: a whole three-week cycle unseen (house rule, 2026-11-22)."""

SOME_DAY = date(2026, 11, 22)
"""Any date does: what is looked at here depends on the day of the cycle only."""


@dataclass(frozen=True)
class Remark:
    """where: rule, question or part of the document. texts: the sentence, "fr" and "en". grave: to be mended before it is signed."""

    where: str
    fr: str
    en: str
    grave: bool = True


def remarks(protocol: Protocol) -> tuple[Remark, ...]:
    """Everything worth saying, the grave first. Empty: nothing to object."""
    found = chain(
        _answers(protocol),
        _order_of_limits(protocol),
        _unread(protocol),
        _never_asked(protocol),
        _rhythm(protocol),
        _levels(protocol),
        _doubts(protocol),
    )
    return tuple(sorted(dict.fromkeys(found), key=lambda remark: not remark.grave))


# --- Answers, one at a time, the others at their best -------------------------------------------------------------------------------


def worsenings(question: Question) -> Iterator[tuple[Value, ...]]:
    """Chains of values of this question, each from best to worst; none for a question whose answers have no order."""
    low, high = questions.limits(question) if question.kind in questions.NUMBERS else (Decimal(0), Decimal(0))
    if question.kind in questions.UPWARD:
        yield tuple(Decimal(n) for n in range(int(low), int(high) + 1))
    elif question.kind is Kind.TEMPERATURE:
        tenths = [low + Decimal(n) / 10 for n in range(int((high - low) * 10) + 1)]
        yield tuple(t for t in tenths if t >= 37)
        yield tuple(t for t in reversed(tenths) if t <= 37)
    elif question.kind is Kind.YES_NO:
        yield (False, True)
    elif question.kind is Kind.INTAKE:
        yield ("all", *(f"missed:{n}" for n in range(1, 15)))
        yield ("all", *(f"extra:{n}" for n in range(1, 15)))
        yield ("all", "off_day")
        yield ("all", "stopped")


def _answers(protocol: Protocol) -> Iterator[Remark]:
    for cycle, day, asked in _moments(protocol):
        for question in asked:
            for values in worsenings(question):
                levels = [_level(protocol, asked, question.key, value, (cycle, day)) for value in values]
                yield from _of_chain(question, values, levels, cycle, day)


def _moments(protocol: Protocol) -> Iterator[tuple[int, int, tuple[Question, ...]]]:
    """One check-in of each rhythm: the first cycle and day on which it falls."""
    for beat in protocol.rhythm:
        day = beat.days[0] if beat.days else beat.from_day
        yield beat.first_cycle, day, tuple(protocol.questions[key] for key in beat.ask)


def _level(protocol: Protocol, asked: Iterable[Question], key: str, value: Value, day: tuple[int, int]) -> Level:
    answers = {q.key: Answer(q.key, value if q.key == key else questions.best(q)) for q in asked}
    if detail_of := protocol.questions[key].detail_of:
        answers[detail_of] = Answer(detail_of, Decimal(0))  # what the count says by itself
    context = Context(SOME_DAY, cycle=day[0], cycle_day=day[1], on_day=True, due=tuple(answers))
    return engine.assess(protocol, answers, context).level


def _of_chain(question: Question, values: tuple[Value, ...], levels: list[Level], cycle: int, day: int) -> Iterator[Remark]:
    where, name = f"questions.{question.key}", question.name
    for (better, high), (worse, low) in pairwise(zip(values, levels, strict=True)):
        if low < high:
            yield Remark(
                where,
                f"{name['fr']} : de {better} à {worse} l'état s'aggrave et le niveau baisse, de {high.word} à {low.word} "
                f"(cycle {cycle}, jour {day}). Revoir la règle qui décide.",
                f"{name['en']}: from {better} to {worse} the answer gets worse and the level better, {high.word} to {low.word} "
                f"(cycle {cycle}, day {day}). Look at the rule that decides.",
            )
        if high is Level.NONE and low is Level.URGENT and question.kind is Kind.SEVERITY:
            yield Remark(
                where,
                f"{name['fr']} : rien à {better}, urgent à {worse}. Il manque un palier entre les deux seuils.",
                f"{name['en']}: nothing at {better}, urgent at {worse}. A step is missing between the two thresholds.",
                grave=False,
            )
    if levels[-1] < Level.MODERATE and question.kind is not Kind.PAIN:
        yield Remark(
            where,
            f"{name['fr']} : au pire ({values[-1]}), personne n'est prévenu. Ajouter une règle, ou ne pas poser la question.",
            f"{name['en']}: at its worst ({values[-1]}) nobody is told. Add a rule, or do not ask the question.",
            grave=question.kind is not Kind.COUNT or question.detail_of == "",
        )


# --- Rules and limits ---------------------------------------------------------------------------------------------------------------


def _order_of_limits(protocol: Protocol) -> Iterator[Remark]:
    """Two rules of this document on the same answer: the weaker level must come first, or its rule decides nothing."""
    alone = [entry for rule in protocol.rules if _own(protocol, rule) for entry in _single_limits(protocol, rule)]
    for key, limit, weak in alone:
        for other, lower, strong in alone:
            if other == key and strong.level > weak.level and lower <= limit:
                yield Remark(
                    f"rules[{weak.id}]",
                    f"{key} à {limit} donne {weak.level.word}, mais {strong.id} donne déjà {strong.level.word} dès {lower} : "
                    "les seuils sont dans le mauvais ordre, il y a un trou entre les niveaux.",
                    f"{key} at {limit} gives {weak.level.word}, but {strong.id} already gives {strong.level.word} from {lower}: "
                    "the thresholds are in the wrong order and leave a gap between the levels.",
                )


def _own(protocol: Protocol, rule: Rule) -> bool:
    return rule.layer == f"{protocol.slug}@{protocol.effective_from}"


def _single_limits(protocol: Protocol, rule: Rule) -> Iterator[tuple[str, Decimal, Rule]]:
    """(answer, limit, rule) of each condition that fires the rule by itself."""
    shape = rule.shape
    if shape.none_of or (shape.all_of and (shape.any_of or len(shape.all_of) > 1)):
        return
    for spec in shape.all_of or shape.any_of:
        if "answer" in spec and spec["answer"] != ANY and "at_least" in spec:
            yield str(spec["answer"]), protocol.thresholds[str(spec["at_least"])].at, rule


def _unread(protocol: Protocol) -> Iterator[Remark]:
    read = set().union(*(condition.keys for rule in protocol.rules for condition in rule.conditions))
    asked = {key for beat in protocol.rhythm for key in beat.ask}
    for key in sorted(asked - read):
        question = protocol.questions[key]
        if question.kind in (Kind.FREE_TEXT, Kind.CYCLE_START, Kind.WEIGHT) or (question.kind is Kind.SEVERITY and ANY in read):
            continue
        yield Remark(
            f"questions.{key}",
            f"{question.name['fr']} : la question est posée et aucune règle ne lit la réponse.",
            f"{question.name['en']}: the question is asked and no rule reads the answer.",
        )


def _never_asked(protocol: Protocol) -> Iterator[Remark]:
    asked = {key for beat in protocol.rhythm for key in beat.ask} | {ANY}
    for rule in protocol.rules:
        missing = sorted(set().union(*(c.keys for c in rule.all_of)) - asked)
        if _own(protocol, rule) and missing:
            keys = ", ".join(missing)
            yield Remark(
                f"rules[{rule.id}]",
                f"attend une réponse qu'aucun bilan ne demande : {keys}. Elle ne décide que si le patient en parle de lui-même.",
                f"waits for an answer that no check-in asks: {keys}. It decides only when the patient speaks of it unasked.",
                grave=False,
            )


# --- Rhythm, levels, sources --------------------------------------------------------------------------------------------------------


def _rhythm(protocol: Protocol) -> Iterator[Remark]:
    if protocol.rhythm and all(beat.last_cycle is not None for beat in protocol.rhythm):
        last = max(beat.last_cycle or 0 for beat in protocol.rhythm)
        yield Remark(
            "check_ins",
            f"après le cycle {last}, plus aucun bilan : le patient serait seul. Ajouter un rythme sans dernier cycle.",
            f"after cycle {last} there is no check-in any more: the patient would be alone. Add a rhythm without a last cycle.",
        )
    length = protocol.dosing.length if protocol.dosing else None
    for cycle in (1, 2, 3):
        days = [day for day in range(1, (length or 84) + 1) if any(beat.falls_on(cycle, day) for beat in protocol.rhythm)]
        widest = max(after - before - 1 for before, after in pairwise([0, *days, (length or 84) + 1]))
        if widest >= LONGEST_PAUSE:
            yield Remark(
                "check_ins",
                f"cycle {cycle} : {widest} jours de suite sans bilan.",
                f"cycle {cycle}: {widest} days in a row without a check-in.",
                grave=False,
            )
        if length is None:
            return


def _levels(protocol: Protocol) -> Iterator[Remark]:
    plans = protocol.levels
    for weak, strong in pairwise((Level.MODERATE, Level.HIGH, Level.URGENT)):
        if plans[strong].respond_within > plans[weak].respond_within:
            yield Remark(
                f"levels.{strong.word}",
                f"le délai de {strong.word} est plus long que celui de {weak.word}.",
                f"the delay of {strong.word} is longer than that of {weak.word}.",
            )
    if plans[Level.URGENT].service_hours:
        yield Remark(
            "levels.urgent",
            "l'urgence attend l'ouverture du service. Écrire service_hours = false.",
            "an urgency waits for opening hours. Write service_hours = false.",
        )
    for level, plan in plans.items():
        if len({rung.notify for rung in plan.ladder}) == 1:
            who = plan.ladder[0].notify
            yield Remark(
                f"levels.{level.word}",
                f"une seule personne est prévenue ({who}) : si elle ne répond pas, personne ne répond. Ajouter un échelon.",
                f"only one person is told ({who}): when they do not answer, nobody does. Add a rung.",
            )


def _doubts(protocol: Protocol) -> Iterator[Remark]:
    if protocol.unverified:
        count = len(protocol.unverified)
        yield Remark(
            "sources",
            f"{count} valeurs ne sont pas vérifiées dans leur source : à lire avant de signer.",
            f"{count} values are not verified in their source: read them before signing.",
            grave=False,
        )
