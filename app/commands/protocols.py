"""Protocols: what the library holds, what one says, and a service's own copy of one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import select

import triage
from app.checkins.rhythm import agenda
from app.commands.accounts import Json, ServiceOption
from app.commands.console import BadInput, by_command, opened, say, say_json, service_named
from app.core.errors import Refusal
from app.protocols import scales, shelf, versions
from app.protocols.models import ProtocolVersion
from triage import questions
from triage.protocol import Protocol, ProtocolError, parse

protocols = typer.Typer(help="Protocols: list, show, adopt a service's own copy.")

LIBRARY_ROOT = Path(triage.__file__).parent.parent
VIGNETTES = LIBRARY_ROOT / "tests" / "triage" / "vignettes"
"""Clinical cases beside the library; counted where the repository is, absent from an installed package."""


@protocols.command("list")
def list_protocols(service: ServiceOption = "", as_json: Json = False) -> None:
    """The library's protocols; with --service, what is in force there today, its own copies included."""
    rows = _in_force(service) if service else [_row(path, protocol) for path, protocol in sorted(shelf.compiled().items())]
    if as_json:
        say_json(rows)
        return
    for row in rows:
        doubts = f", {row['unverified']} not verified" if row["unverified"] else ""
        draft = ", DRAFT" if row["depth"] == "draft" else ""
        say(f"{row['slug']:<24} from {row['effective_from']}  {', '.join(row['agents'])}  ({row['rules']} rules{doubts}{draft})")


def _row(path: Path, protocol: Protocol) -> dict[str, Any]:
    cases = (VIGNETTES / protocol.slug).glob("*.toml")
    vignettes = sum(case.read_text(encoding="utf-8").count("[[vignettes]]") for case in cases)
    return {
        "slug": protocol.slug,
        "agents": list(protocol.agents),
        "effective_from": protocol.effective_from.isoformat(),
        "path": str(path.relative_to(LIBRARY_ROOT)),
        "depth": protocol.depth,
        "rules": len(protocol.rules),
        "vignettes": vignettes,
        "unverified": len(protocol.unverified),
    }


def _in_force(service: str) -> list[dict[str, Any]]:
    with opened() as house, house.database.reading() as session:
        ward = service_named(session, service)
        held = versions.available(session, house.clock.now().date(), ward.id)
        return [
            {
                "slug": row.slug,
                "agents": row.agents,
                "effective_from": row.effective_from.isoformat(),
                "version": row.id,
                "own": row.service_id is not None,
                "fingerprint": row.fingerprint,
                "depth": row.depth,
                "rules": len(versions.load(row).rules),
                "unverified": row.unverified,
            }
            for row in held
        ]


@protocols.command("show")
def show(
    protocol: Annotated[str, typer.Argument(help="A slug of the library, or a protocol file.")],
    as_json: Json = False,
) -> None:
    """What a protocol asks, which numbers decide, and where they come from."""
    found = named(protocol)
    if as_json:
        say_json(_as_json(found))
        return
    say(f"{found.slug}, from {found.effective_from}: {found.title['en']}")
    say(f"agents: {', '.join(found.agents)}   layers: {', '.join(found.layers)}")
    say(f"fingerprint: {found.fingerprint}\n\nThresholds")
    for name, threshold in found.thresholds.items():
        doubt = "" if threshold.verified else "  (not verified)"
        number = f"{threshold.at} {threshold.unit}"
        say(f"  {name:<24} {number:<28} {threshold.source}{doubt}")
    say("\nLevels")
    for level, plan in found.levels.items():
        rungs = ", ".join(f"{rung.notify} at {rung.after_minutes} min" for rung in plan.ladder)
        hours = "service hours" if plan.service_hours else "clock time"
        say(f"  {level.word:<10} within {int(plan.respond_within.total_seconds() // 60)} min of {hours}: {rungs}")
    say("\nQuestions")
    for key, question in found.questions.items():
        say(f"  {key:<24} {question.kind:<20} {question.name['en']}{'  (red flag)' if question.red_flag else ''}")


def _as_json(found: Protocol) -> dict[str, Any]:
    return {
        "slug": found.slug,
        "title": dict(found.title),
        "agents": list(found.agents),
        "effective_from": found.effective_from.isoformat(),
        "layers": list(found.layers),
        "fingerprint": found.fingerprint,
        "questions": [
            {
                "key": key,
                "kind": str(question.kind),
                "name": dict(question.name),
                "best": _written(questions.best(question)),
                "worst": _written(questions.worst(question)),
                "low": _written(question.low),
                "high": _written(question.high),
                "red_flag": question.red_flag,
            }
            for key, question in found.questions.items()
        ],
        "measures": [_measure(key, found) for key in _measured(found)],
        "depth": found.depth,
        "ctcae_version": found.ctcae or None,
        "windows": [
            {"id": w.id, "cycles": w.cycles, "cycle_days": w.cycle_days, "treatment_days": w.treatment_days, "why": dict(w.why)}
            for w in found.windows.values()
        ],
        "monitoring": [entry.model_dump(mode="json") for entry in found.monitoring],
        "missed_dose": dict(found.missed_dose),
        "thresholds": {
            name: {"at": str(one.at), "unit": one.unit, "source": one.source, "verified": one.verified}
            for name, one in found.thresholds.items()
        },
        "levels": {
            level.word: {"respond_within_minutes": int(plan.respond_within.total_seconds() // 60), "ladder": plan.ladder_rows()}
            for level, plan in found.levels.items()
        },
        "rules": [rule.id for rule in found.rules],
        "unverified": list(found.unverified),
    }


def _measured(found: Protocol) -> list[str]:
    """Keys of the measures that its rules read, by name or through the CTCAE term that grades them."""
    known = scales.measures()
    specs = [spec for rule in found.rules for part in (rule.shape.all_of, rule.shape.any_of, rule.shape.none_of) for spec in part]
    named = [known.key_of(str(spec[word])) for spec in specs for word in ("measure", "measure_rise", "measure_fall") if word in spec]
    graded = [key for scale in found.graded for key in scale.keys]
    return sorted({key for key in (*named, *graded) if key})


def _measure(key: str, found: Protocol) -> dict[str, Any]:
    measure = scales.measures().by_key[key]
    low, high = (str(end) for end in measure.plausible)
    return {
        "key": key,
        "kind": "measure",
        "name": dict(measure.name),
        "unit": measure.unit,
        "low": low,
        "high": high,
        "worse": measure.worse,
        "terms": dict(measure.terms.get(found.ctcae or "5.0", {})),
    }


def _written(value: Any) -> str | None:
    return None if value is None else questions.write_value(value)


@protocols.command("adopt")
def adopt(
    file: Annotated[Path, typer.Argument(help="A protocol file: a copy of the library's with what the service changed.")],
    service: ServiceOption = "",
) -> None:
    """Give a service its own copy of a protocol. It decides from its date on, for patients already followed too."""
    text = text_of(file)
    with opened() as house, house.database.transaction() as session:
        ward = service_named(session, service)
        now = house.clock.now()
        before = set(session.scalars(select(ProtocolVersion.id).where(ProtocolVersion.service_id == ward.id)))
        try:
            row = versions.adopt(session, text, service_id=ward.id, by=by_command(), now=now)
        except Refusal as error:
            raise BadInput(f"{file}: {error}") from error
        agenda.replan_service(session, ward.id, row.slug, now=now)
        told = f"{row.slug} of {row.effective_from}, version {row.id}, fingerprint {row.fingerprint[:12]}"
        known = row.id in before
    say(f"{ward.name} already has {told}. Nothing was changed." if known else f"{ward.name} now follows its own {told}.")


def named(name: str) -> Protocol:
    """A protocol by file or by slug. Raises BadInput, with every reason, when there is none or it cannot be read."""
    path, text = (Path(name), text_of(Path(name))) if Path(name).suffix == ".toml" else find(name)
    return _parsed(text, path)


def find(name: str) -> tuple[Path, str]:
    """The library's latest file of a slug. Raises BadInput listing the slugs."""
    versions_of = [(p, t) for p, t in shelf.stock().documents.items() if p.parent.name == name]
    if not versions_of:
        slugs = ", ".join(sorted({p.parent.name for p in shelf.stock().documents}))
        raise BadInput(f"{name} is neither a protocol file (.toml) nor a slug of the library: {slugs}")
    return max(versions_of)


def text_of(path: Path) -> str:
    """The text of a file. Raises BadInput when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}") from error


def _parsed(text: str, path: Path) -> Protocol:
    try:
        return parse(text, shelf.layers())
    except ProtocolError as error:
        raise BadInput(f"{path}: {error}") from error
