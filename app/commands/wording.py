"""Official wording of a licensed instrument, for the services that hold the licence."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from app.commands.accounts import Json, ServiceOption
from app.commands.console import BadInput, by_command, opened, say, say_json, service_named
from app.people import patients
from app.protocols import wording as crafts
from app.protocols.questionnaire import NotAQuestionnaire

wording = typer.Typer(help="Official wording of PRO-CTCAE, for services that hold its licence: load, list.", no_args_is_help=True)


@wording.command("load")
def load(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A FHIR R4 Questionnaire in JSON.")],
    language: Annotated[str, typer.Option(help=f"One of {', '.join(patients.LANGUAGES)}.")],
    service: ServiceOption = "",
) -> None:
    """Put the sentences of a Questionnaire in force for a service, in place of those it had in this language."""
    if language not in patients.LANGUAGES:
        raise BadInput(f"--language {language}: expected one of {', '.join(patients.LANGUAGES)}")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read as UTF-8 text: {error}") from error
    with opened() as house, house.database.transaction() as session:
        ward = service_named(session, service)
        try:
            read = crafts.load(session, ward.id, text, language=language, by=by_command(), now=house.clock.now())
        except NotAQuestionnaire as error:
            raise BadInput(f"{file}: {error}. Nothing was changed") from error
        terms = len({sentence.item_no for sentence in read.sentences})
        say(f"{len(read.sentences)} questions of {terms} terms are in force in {ward.name}, language {language}.")
    for link in read.left_out:
        typer.echo(f"vigie: {file}: item {link or '(no linkId)'} is no question of PRO-CTCAE (left out)", err=True)


@wording.command("list")
def list_wording(service: ServiceOption = "", as_json: Json = False) -> None:
    """What a service has, by language; the sentences themselves only with --json."""
    with opened() as house, house.database.reading() as session:
        rows = crafts.loaded(session, service_named(session, service).id)
        if as_json:
            names = ("language", "item_no", "letter", "text", "options", "source", "loaded_at")
            say_json([{name: getattr(row, name) for name in names} for row in rows])
            return
        for language, group in groupby(rows, key=lambda row: row.language):
            found = list(group)
            say(f"{language}  {len(found)} questions  {found[0].source}  loaded {found[0].loaded_at:%Y-%m-%d}")
        if not rows:
            say("No official wording is loaded: our own questions are asked.")
