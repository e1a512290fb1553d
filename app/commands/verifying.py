"""Prove that what was written is whole, and say why an alert was raised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer
from sqlalchemy import func, select

from app.checkins.judging import assessing
from app.checkins.models import AssessmentRow
from app.commands.accounts import Json
from app.commands.console import BadInput, by_command, opened, say, say_json
from app.core import audit
from app.core.audit import AuditRow
from app.core.errors import NotFound, Refusal
from app.people import patients
from app.people.models import Patient, Service
from app.protocols import looks, signatures, versions
from app.protocols.models import ProtocolVersion
from triage import explain as words

verify = typer.Typer(help="Prove that the trail and the judgements are whole.")


@verify.command("audit")
def verify_audit(as_json: Json = False) -> None:
    """Walk every audit chain; name the first altered, missing or reordered row. Exit 1 when one is found."""
    with opened() as house, house.database.reading() as session:
        problems = list(audit.verify(session))
        rows = session.scalar(select(func.count()).select_from(AuditRow)) or 0
        chains = session.scalar(select(func.count(AuditRow.chain.distinct()))) or 0
    _verdict(problems, f"{rows} rows in {chains} chains: whole", as_json=as_json, counted={"rows": rows, "chains": chains})


@verify.command("assessments")
def verify_assessments(as_json: Json = False) -> None:
    """Judge every stored assessment again with the protocol version it was made under, and compare. Exit 1 when one differs."""
    with opened() as house, house.database.reading() as session:
        problems = list(assessing.mismatches(session))
        count = session.scalar(select(func.count()).select_from(AssessmentRow)) or 0
    _verdict(problems, f"{count} assessments judged again: all the same", as_json=as_json, counted={"assessments": count})


def _verdict(problems: list[str], whole: str, *, as_json: bool, counted: dict[str, int]) -> None:
    if as_json:
        say_json({**counted, "whole": not problems, "problems": problems})
    elif not problems:
        say(whole)
    else:
        for problem in problems[1:]:
            say(problem)
    if problems:
        raise Refusal(problems[0].replace("{", "(").replace("}", ")"))


def _occurrences(version: ProtocolVersion) -> Mapping[str, int]:
    """Of its proposals; none when its document cannot be read any more: the stored trace is still told."""
    try:
        return looks.occurrences(versions.load(version))
    except (Refusal, ValueError):
        return {}


_DRAFT = {
    "fr": "BROUILLON : ce protocole est à lire seulement, personne ne l'a signé.",
    "en": "DRAFT: this protocol is for reading only, nobody has signed it.",
}


def explain(
    assessment_id: Annotated[int, typer.Argument(min=1, max=2**31 - 1, help="Number of the assessment, as the alert shows it.")],
    lang: Annotated[str, typer.Option(help="fr or en; the service's language when absent.")] = "",
    as_json: Json = False,
) -> None:
    """Say in words why an assessment concluded as it did: inputs, rules fired, nearly fired, sources. Opening it is recorded."""
    if lang and lang not in patients.LANGUAGES:
        raise BadInput(f"--lang {lang}: expected one of {', '.join(patients.LANGUAGES)}")
    with opened() as house, house.database.transaction() as session:
        row = session.get(AssessmentRow, assessment_id)
        if row is None:
            raise NotFound(f"Assessment {assessment_id}")
        patient = session.get_one(Patient, row.patient_id)
        patients.chart_opened(session, patient, by=by_command(), now=house.clock.now(), where=f"explain {assessment_id}")
        language = lang or session.get_one(Service, patient.service_id).language
        stored = {"id": row.id, "at": row.at.isoformat(), "level": row.level, "fingerprint": row.fingerprint, "result": row.result}
        version = session.get_one(ProtocolVersion, row.version_id)
        draft, occurrences = version.depth == signatures.DRAFT, _occurrences(version)
    sentences = [*([_DRAFT[language]] if draft else []), *words.sentences(words.from_dict(row.result), language, occurrences)]
    if as_json:
        say_json({**stored, "words": sentences})
        return
    for sentence in sentences:
        say(sentence)
