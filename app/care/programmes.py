"""The shelf of programmes: the house's files, then a hospital's own; which version holds on a day, which one an enrolment began with."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from app.care.document import Form, Programme, Words
from app.care.models import Enrolment
from app.care.reading import ProgrammeError, read, read_form
from app.core.errors import Refusal
from app.core.settings import Settings

HOUSE = Path(__file__).parent / "programmes"
FORMS, INDICATORS = "*-form.toml", "indicators.toml"


@dataclass(frozen=True)
class Indicator:
    """A live number: how it is called, and what it counts over what."""

    key: str
    title: Words
    definition: Words


@dataclass(frozen=True)
class Shelf:
    """versions: (slug, first day) → the programme; indicators: the figures that can be worked out; forms: the shared ones, by name@day."""

    versions: Mapping[tuple[str, date], Programme]
    indicators: Mapping[str, Indicator]
    forms: Mapping[str, Form]


class _Own:
    """A hospital's own folder, set once at start."""

    folder: Path | None = None


def use_settings(settings: Settings) -> None:
    """Whose files are read besides the house's. Raises ProgrammeError at once: a slip must not wait for the first call."""
    _Own.folder = Path(settings.programmes_dir) if settings.programmes_dir else None
    if _Own.folder is not None:
        load(_Own.folder)


def own_folder() -> Path | None:
    """The hospital's own folder, if it has one."""
    return _Own.folder


@cache
def load(own: Path | None = None, house: Path = HOUSE) -> Shelf:
    """Every programme, read once a process. Of one slug and one date, the hospital's own file holds. Raises ProgrammeError."""
    if own is not None and not own.is_dir():
        raise ProgrammeError(f"VIGIE_PROGRAMMES_DIR: {own}: no such folder")
    indicators = _indicators(house / INDICATORS)
    versions: dict[tuple[str, date], Programme] = {}
    forms: dict[str, Form] = {}
    for folder in (house, own) if own is not None else (house,):
        forms |= dict(read_form(_text(path), path.name) for path in sorted(folder.glob(FORMS)))
        here: dict[tuple[str, date], str] = {}
        for path in sorted(folder.glob("*.toml")):
            if path.match(FORMS) or path.name == INDICATORS:
                continue
            programme = read(_text(path), path.name, forms, frozenset(indicators))
            key = (programme.slug, programme.effective_from)
            if key in here:
                held = f"{here[key]} already holds {programme.slug} from that day: change one"
                raise ProgrammeError(f"{path.name}: effective_from: {programme.effective_from}: {held}")
            versions[key], here[key] = programme, path.name
    return Shelf(versions, indicators, forms)


def in_force(slug: str, on: date) -> Programme | None:
    """The version that holds on this day for whoever begins then; None when there is none yet."""
    dated = {first: programme for (name, first), programme in _shelf().versions.items() if name == slug and first <= on}
    return dated[max(dated)] if dated else None


def offered(on: date) -> list[Programme]:
    """Every programme somebody may begin that day, in the order of their names."""
    slugs = sorted({slug for slug, _ in _shelf().versions})
    return [programme for slug in slugs if (programme := in_force(slug, on)) is not None]


def version(slug: str, first: date) -> Programme:
    """The very version. Raises Refusal when its file is gone: nobody can say any more how the patient is followed."""
    found = _shelf().versions.get((slug, first))
    if found is None:
        raise Refusal(
            "The file of the programme {slug} of {day} is missing. Put it back: patients began with it.", slug=slug, day=first.isoformat()
        )
    return found


def of(enrolment: Enrolment) -> Programme:
    """The version this enrolment began with."""
    return version(enrolment.programme, enrolment.version_on)


CONTACT = "contact@"
"""The shared form of a call, for whoever follows no programme."""


def shared_form(on: date) -> str:
    """The name of the questions of a call outside any programme that day; the oldest before any began."""
    named = sorted(name for name in _shelf().forms if name.startswith(CONTACT))
    return next((name for name in reversed(named) if date.fromisoformat(name.removeprefix(CONTACT)) <= on), named[0])


def form(name: str) -> Form:
    """The very form of this name. Raises Refusal when its file is gone."""
    if name not in _shelf().forms:
        raise Refusal("The form {name} is missing. Put its file back: calls were written on it.", name=name)
    return _shelf().forms[name]


def found(enrolment: Enrolment) -> Programme | None:
    """The same, None when its file is gone: one missing file must not keep the calls of everybody else from being late."""
    return _shelf().versions.get((enrolment.programme, enrolment.version_on))


def indicator(key: str) -> Indicator:
    """What a live number means."""
    return _shelf().indicators[key]


def _shelf() -> Shelf:
    return load(_Own.folder)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProgrammeError(f"{path.name}: the file cannot be read: {error}") from error


def _indicators(path: Path) -> dict[str, Indicator]:
    kept = tomllib.loads(path.read_text(encoding="utf-8"))
    return {key: Indicator(key, Words(**one["title"]), Words(**one["definition"])) for key, one in kept.items()}
