"""The nurses' programmes as files: which ones hold, what one asks for on which days, whether an edited copy can be used."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from app.care import programmes as shelf
from app.care import slots
from app.care.document import Programme
from app.care.reading import read
from app.care.slots import Anchors
from app.commands.accounts import Json
from app.commands.console import BadInput, say, say_json
from app.core.settings import load

programmes = typer.Typer(
    help="The nurses' programmes of calls: what holds, what a file asks for, whether it can be used.", no_args_is_help=True
)
YEAR = timedelta(days=366)


@programmes.command("list")
def list_all(json: Json = False) -> None:
    """Every version on the shelf, the house's and those of VIGIE_PROGRAMMES_DIR."""
    shelf.use_settings(load())
    found = [shelf.load(shelf.own_folder()).versions[key] for key in sorted(shelf.load(shelf.own_folder()).versions)]
    if json:
        say_json([{"slug": one.slug, "effective_from": one.effective_from, "title": one.title.model_dump()} for one in found])
        return
    for one in found:
        say(f"{one.slug:20} {one.effective_from}  {one.title.en}: {one.summary.en}")


@programmes.command()
def show(
    slug: str,
    first_intake: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Day 0: prints the days of the calls.")
    ] = None,
) -> None:
    """What the version in force asks for; with --from, its calls of a year on their own days, holidays not yet looked at."""
    shelf.use_settings(load())
    versions = sorted(first for name, first in shelf.load(shelf.own_folder()).versions if name == slug)
    if not versions:
        raise BadInput(f"there is no programme {slug}. See: vigie programmes list")
    programme = shelf.version(slug, versions[-1])
    say(f"{programme.title.en} ({slug}, {programme.effective_from})")
    say(programme.summary.en)
    for phase in programme.rhythm:
        say(f"  {phase.key}: {phase.title.en}")
    say(f"  questions: {', '.join(programme.form.keys)}")
    for source in programme.sources:
        say(f"  source: {source}")
    if first_intake is not None:
        for line in _days(programme, first_intake.date()):
            say(line)


def _days(programme: Programme, first: date) -> list[str]:
    length = next((phase.cycle_days for phase in programme.rhythm if phase.cycle_days), None)
    cycles = tuple((n + 1, first + timedelta(days=n * length)) for n in range(YEAR.days // length)) if length else ()
    stages = {stage.at: stage.key for stage in programme.stages}
    anchors = Anchors(first, first, cycles, stages.get("open", ""), programme.levels[0].key)
    return [
        f"  {slot.day} {slot.hour:%H:%M}  {slot.phase} {slot.number}" + (f", cycle {slot.cycle}" if slot.cycle else "")
        for slot in slots.asked(programme, anchors, first + YEAR)
    ]


@programmes.command()
def check(files: Annotated[list[Path] | None, typer.Argument(help="Copies to look at; none: everything on the shelf.")] = None) -> None:
    """Can these files be used? Exit 2 with the file, the key, the value and the reason."""
    shelf.use_settings(load())
    known = shelf.load(shelf.own_folder())
    for file in files or ():
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{file}: the file cannot be read: {error}") from error
        programme = read(text, file.name, dict(known.forms), frozenset(known.indicators))
        say(f"{file.name}: {programme.slug} from {programme.effective_from}, {len(programme.form.keys)} questions: it can be used")
    if not files:
        say(f"{len(known.versions)} versions on the shelf can be used")
