"""The trace, told and kept: an assessment in plain sentences, and to and from plain JSON without loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import timedelta
from typing import Any

from triage.engine import EXCEPTION
from triage.terms import Assessment, Graded, Level, Step

LEVELS = {
    "fr": {"none": "aucun", "info": "information", "moderate": "modéré", "high": "élevé", "urgent": "urgent"},
    "en": {"none": "none", "info": "info", "moderate": "moderate", "high": "high", "urgent": "urgent"},
}

_SAY = {
    "fr": {
        "level": "Niveau : {level}.",
        "within": "Niveau : {level}. Une personne doit agir en {delay}.",
        "answers": "Réponses : {inputs}.",
        "fired": "Règle déclenchée ({level}) : {why} Vu : {inputs}. Source : {source}.{layer}{unsure}",
        "near": "Presque déclenchée ({level}) : {why} Vu : {inputs}.",
        "waits": "En attente d'une réponse ({level}) : {why} Vu : {inputs}.",
        "error": "Non jugé, à lire par une personne : {inputs}.",
        "nothing": "Aucune règle ne s'est déclenchée.",
        "exception": "{why} ({inputs}).",
        "composites": "Composites PRO-CTCAE, de 0 à 3 : {found}.",
        "grades": "Grades CTCAE : {found}.",
        "told": "Texte choisi pour le patient : {found}.",
        "guided": "Texte choisi pour le patient : {found}. Recommandation : {source}.",
        "layer": " Couche : {layer}.",
        "unknown": "inconnu",
        "not_graded": "non gradable",
        "proposal": "Pour le prescripteur : {text}",
        "numbered": "Pour le prescripteur, épisode n° {number} : {text}",
        "protocol": "Protocole {protocol}, empreinte {fingerprint}.",
        "hours": " de service",
        "unsure": " Seuil ou source à vérifier.",
    },
    "en": {
        "level": "Level: {level}.",
        "within": "Level: {level}. A person must act within {delay}.",
        "answers": "Answers: {inputs}.",
        "fired": "Rule fired ({level}): {why} Seen: {inputs}. Source: {source}.{layer}{unsure}",
        "near": "Nearly fired ({level}): {why} Seen: {inputs}.",
        "waits": "Waiting for an answer ({level}): {why} Seen: {inputs}.",
        "error": "Not judged, to be read by a person: {inputs}.",
        "nothing": "No rule fired.",
        "exception": "{why} ({inputs}).",
        "composites": "PRO-CTCAE composites, 0 to 3: {found}.",
        "grades": "CTCAE grades: {found}.",
        "told": "Text chosen for the patient: {found}.",
        "guided": "Text chosen for the patient: {found}. Guideline: {source}.",
        "layer": " Layer: {layer}.",
        "unknown": "unknown",
        "not_graded": "not gradable",
        "proposal": "For the prescriber: {text}",
        "numbered": "For the prescriber, episode no. {number}: {text}",
        "protocol": "Protocol {protocol}, fingerprint {fingerprint}.",
        "hours": " of service time",
        "unsure": " Threshold or source still to be verified.",
    },
}


def sentences(assessment: Assessment, lang: str, occurrences: Mapping[str, int] | None = None) -> list[str]:
    """The whole trace in words: level, answers, rules fired, nearly fired, waiting, texts, version. KeyError for another language.

    occurrences: words of a proposal → which time the label means, where it means one.
    """
    say, levels = _SAY[lang], LEVELS[lang]
    within = assessment.respond_within
    head = say["within"] if within else say["level"]
    hours = "" if assessment.level is Level.URGENT else say["hours"]
    lines = [head.format(level=levels[assessment.level.word], delay=delay(within, lang) + hours if within else "")]
    if assessment.inputs:
        lines.append(say["answers"].format(inputs="; ".join(words[lang] for words in assessment.inputs)))
    lines += _numbers(assessment, say)
    groups: dict[str, list[str]] = {"exception": [], "fired": [], "error": [], "near": [], "waits": []}
    for step in assessment.steps:
        if kind := _kind(step):
            groups[kind].append(_line(step, say[kind], levels, say, lang))
    if not groups["fired"] and not groups["error"]:
        groups["fired"].append(say["nothing"])
    lines += [line for group in groups.values() for line in group]
    lines += [_proposal(words[lang], occurrences or {}, say) for words in assessment.proposals]
    if told := ", ".join(key for key in (assessment.advice, assessment.self_care) if key):
        source = assessment.advice_source
        lines.append(say["guided" if source else "told"].format(found=told, source=source))
    return [*lines, say["protocol"].format(protocol=assessment.protocol, fingerprint=assessment.fingerprint)]


def _numbers(assessment: Assessment, say: Mapping[str, str]) -> list[str]:
    """Composites and grades, each under its own name: neither is a score, nor the other."""
    composites = [f"{name} {say['unknown'] if value is None else value}" for name, value in assessment.composites.items()]
    grades = [f"{found.term} {say['not_graded'] if found.grade is None else found.grade} (v{found.version})" for found in assessment.grades]
    named = (("composites", composites), ("grades", grades))
    return [say[what].format(found=", ".join(found)) for what, found in named if found]


def _proposal(text: str, occurrences: Mapping[str, int], say: Mapping[str, str]) -> str:
    number = occurrences.get(text)
    return say["proposal"].format(text=text) if number is None else say["numbered"].format(text=text, number=number)


def _kind(step: Step) -> str:
    if step.rule == EXCEPTION:
        return "exception"
    if step.error:
        return "error"
    if step.fired:
        return "fired"
    return "near" if step.near else "waits" if step.waits_for else ""


def _line(step: Step, pattern: str, levels: Mapping[str, str], say: Mapping[str, str], lang: str) -> str:
    return pattern.format(
        level=levels[step.level.word],
        why=step.why[lang],
        inputs=step.inputs[lang],
        source=step.source,
        layer=say["layer"].format(layer=step.layer) if step.layer else "",
        unsure="" if step.verified else say["unsure"],
    )


def delay(within: timedelta, lang: str) -> str:
    """30 min, 4 h, 2 j (fr) or 2 d (en)."""
    minutes = int(within.total_seconds()) // 60
    if minutes % 1440 == 0:
        return f"{minutes // 1440} {'j' if lang == 'fr' else 'd'}"
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


def to_dict(assessment: Assessment) -> dict[str, Any]:
    """Plain JSON values only; ``from_dict`` gives back an equal assessment.

    Fields younger than the first stored assessments are left out while empty: a row from before them must still recompute to itself.
    """
    whole = {f.name: getattr(assessment, f.name) for f in fields(assessment)}
    late = {
        "composites": dict(assessment.composites),
        "grades": [asdict(graded) for graded in assessment.grades],
        "advice_source": assessment.advice_source,
    }
    kept = {name: value for name, value in whole.items() if name not in late} | {name: value for name, value in late.items() if value}
    return kept | {
        "level": assessment.level.word,
        "respond_within": None if assessment.respond_within is None else int(assessment.respond_within.total_seconds()),
        "steps": [_step_dict(step) for step in assessment.steps],
        "scores": dict(assessment.scores),
        "undecided": list(assessment.undecided),
        "inputs": [dict(words) for words in assessment.inputs],
        "proposals": [dict(words) for words in assessment.proposals],
    }


def from_dict(stored: Mapping[str, Any]) -> Assessment:
    """The assessment that ``to_dict`` was given. KeyError, TypeError or ValueError when the stored form is damaged."""
    within = stored["respond_within"]
    return Assessment(
        **{
            **stored,
            "level": Level.of(stored["level"]),
            "respond_within": None if within is None else timedelta(seconds=within),
            "steps": tuple(_step(step) for step in stored["steps"]),
            "undecided": tuple(stored["undecided"]),
            "inputs": tuple(stored["inputs"]),
            "proposals": tuple(stored["proposals"]),
            "grades": tuple(Graded(**graded) for graded in stored.get("grades", ())),
        }
    )


def _step_dict(step: Step) -> dict[str, Any]:
    return asdict(step) | {"level": step.level.word, "waits_for": list(step.waits_for)}


def _step(stored: Mapping[str, Any]) -> Step:
    return Step(**{**stored, "level": Level.of(stored["level"]), "waits_for": tuple(stored["waits_for"])})
