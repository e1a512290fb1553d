"""What holds whatever the protocol says, and the words of a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from triage import advice
from triage.conditions import Absent, Fact, Finding, all_met, any_met
from triage.conditions.words import absent, quantity
from triage.protocol import Override, Rule
from triage.questions import Question
from triage.terms import ALARMING, DANGERS, Context, Escalate, Level, Step

T = TypeVar("T")

UNJUDGED = "could-not-be-judged"
WAITING = "waiting-at-close"
DANGER = "reader-danger"
FLOOR = "reader-floor"
EXCEPTION = "patient-exception"
_SIGN = ("Un signe de danger est écrit dans le message.", "The message contains a danger sign.")
_NO_SIGN = ("Des mots qui alarment, aucun signe nommé : lisez le message.", "Words that alarm, no named sign: read the message.")


def reader(context: Context) -> list[Step]:
    """The reader's floors: no rule of a protocol can be missing, muted or wrong enough to lower them."""
    steps = []
    if context.dangers:
        urgent = any(code not in advice.NURSE_DANGERS for code in context.dangers)
        names = [DANGERS.get(code, (code, code)) for code in context.dangers]
        inputs = (", ".join(name[0] for name in names), ", ".join(name[1] for name in names))
        why = _NO_SIGN if set(context.dangers) == {ALARMING} else _SIGN
        steps.append(_house(DANGER, Level.URGENT if urgent else Level.HIGH, why, inputs, "reader"))
    if context.escalate is not Escalate.NO:
        level = Level.URGENT if context.escalate is Escalate.URGENT else Level.HIGH
        why = ("La lecture du message demande une personne.", "The reading of the message asks for a person.")
        fr, en = context.escalate.names
        steps.append(_house(FLOOR, level, why, (f"plancher : {fr}", f"floor: {en}"), "reader"))
    return steps


def unjudged(inputs: tuple[str, str], error: str, layer: str = "") -> Step:
    """A rule or an answer that failed: told to a person at high."""
    why = ("Une règle ou une réponse n'a pas pu être jugée.", "A rule or an answer could not be judged.")
    return _house(UNJUDGED, Level.HIGH, why, inputs, "house", error=error, layer=layer)


def impossible(key: str, value: object, question: Question | None, reason: str) -> Step:
    """An answer that cannot stand: it stays unknown and is told to a person."""
    name = {"fr": key, "en": key} if question is None else question.name
    return unjudged((f"réponse impossible, {name['fr']} = {value}", f"impossible answer, {name['en']} = {value}"), f"{key}: {reason}")


def waiting(questions: Sequence[Question] = ()) -> Step:
    """Red flags that nobody answered before the check-in closed, and the questions to put to the patient."""
    why = ("Un signe d'alerte est resté sans réponse.", "A red flag was left without an answer.")
    fr, en = (", ".join(dict.fromkeys(question.name[language] for question in questions)) for language in ("fr", "en"))
    return _house(WAITING, Level.MODERATE, why, (f"à demander : {fr}", f"to ask: {en}"), "house")


def exception(override: Override) -> Step:
    """That this patient is judged otherwise than the protocol says, why, and until when. It never fires: it is told."""
    until = override.ends_on
    why = (
        f"Exception pour ce patient jusqu'au {until} : {override.reason}",
        f"Exception for this patient until {until}: {override.reason}",
    )
    said = (override.by, override.by)
    return _house(EXCEPTION, Level.NONE, why, said, "house", fired=False, layer=override.stamp)


def _house(
    rule: str,
    level: Level,
    why: tuple[str, str],
    inputs: tuple[str, str],
    family: str,
    *,
    error: str = "",
    layer: str = "",
    fired: bool = True,
) -> Step:
    return Step(
        rule=rule,
        level=level,
        fired=fired,
        met=None if error else fired,
        near=False,
        inputs=dict(zip(("fr", "en"), inputs, strict=True)),
        why=dict(zip(("fr", "en"), why, strict=True)),
        source="Vigie",
        error=error,
        family=family,
        layer=layer,
    )


# --- One rule -----------------------------------------------------------------------------------------------------------------------


def told(rule: Rule, findings: Sequence[Finding], said: Sequence[tuple[str, str]]) -> Step:
    """The step of a rule, with the words of its findings."""
    first, second = len(rule.all_of), len(rule.all_of) + len(rule.any_of)
    every, some, none = findings[:first], findings[first:second], findings[second:]
    blocked = any_met([f.met for f in none])
    joined = any_met([f.met for f in some]) if some else True
    met = all_met((all_met([f.met for f in every]), joined, None if blocked is None else not blocked))
    return swift(
        Step,
        {
            "rule": rule.id,
            "level": rule.level,
            "fired": met is True,
            "met": met,
            "near": met is not True and not blocked and (_near(every, some) or _only_unrecorded(rule, findings)),
            "inputs": {"fr": " ; ".join([fr for fr, _ in said]), "en": "; ".join([en for _, en in said])},
            "why": rule.why,
            "source": rule.source,
            "error": "",
            "family": rule.family,
            "layer": rule.layer,
            "verified": rule.verified,
            "waits_for": tuple(dict.fromkeys([key for f in findings for key in f.waits])) if met is None else (),
        },
    )


def swift(kind: type[T], fields: dict[str, Any]) -> T:
    """``kind(**fields)``, several times faster: a frozen dataclass sets each of its fields through a slow door. Every field is given."""
    made = object.__new__(kind)
    object.__setattr__(made, "__dict__", fields)
    return made


def say(finding: Finding) -> tuple[str, str]:
    """A finding in words, French and English."""
    try:
        return finding.say()
    except Exception as error:
        # The rule was judged; only its words failed, and they must not undo the judgement.
        return f"sans mots ({type(error).__name__})", f"without words ({type(error).__name__})"


def _near(every: Sequence[Finding], some: Sequence[Finding]) -> bool:
    """Nearly fired: each condition met or within one step, and at least one of them only within a step."""
    if not any(f.near for f in (*every, *some)):
        return False
    return all(f.met or f.near for f in every) and (not some or any(f.met or f.near for f in some))


def _only_unrecorded(rule: Rule, findings: Sequence[Finding]) -> bool:
    """An answer meets the rule, and only what nobody recorded (a medicine, a measure, the day) keeps it open: told, never passed over."""
    supposed = [found.met if condition.keys else found.met is not False for condition, found in zip(rule.conditions, findings, strict=True)]
    first, second = len(rule.all_of), len(rule.all_of) + len(rule.any_of)
    meets = all(supposed[:first]) and (not rule.any_of or any(supposed[first:second]))
    return meets and any(condition.keys and met for condition, met in zip(rule.conditions, supposed, strict=True))


def spoken(question: Question, fact: Fact) -> Mapping[str, str]:
    """An answer, or why there is none, in words."""
    if isinstance(fact, Absent):
        fr, en = absent(question, fact).say()
        return {"fr": fr, "en": en}
    return {lang: quantity(question, fact, lang) for lang in ("fr", "en")}
