"""The shipped protocols as tests use them, and short ways to write answers and contexts."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from triage import engine, questions
from triage.protocol import Protocol, parse
from triage.terms import Answer, Assessment, Context, Value

LIBRARY = Path(__file__).parents[2] / "triage" / "library"
VIGNETTES = Path(__file__).parents[1] / "triage" / "vignettes"
TODAY = date(2026, 11, 22)

Plain = Decimal | int | float | bool | str | None


@cache
def layers() -> dict[str, str]:
    """Every layer of the library, by slug@date."""
    found = {}
    for path in [*LIBRARY.glob("symptoms*.toml"), *LIBRARY.glob("protocols/*/*.toml")]:
        text = path.read_text(encoding="utf-8")
        head = tomllib.loads(text)
        if head["kind"] != "protocol":
            found[f"{head['slug']}@{head['effective_from']}"] = text
    for name, parts in {"ctcae-5.0": "ctcae-*-5.0.csv", "ctcae-6.0": "ctcae-*-6.0.csv", "pro-ctcae": "pro-ctcae-*.csv"}.items():
        found[name] = "\n\n".join(path.read_text(encoding="utf-8").strip() for path in sorted((LIBRARY / "scales").glob(parts)))
    return found


def text_of(slug: str) -> str:
    """The latest file of a protocol or a layer; slug@date: that one."""
    slug, _, day = slug.partition("@")
    return max((LIBRARY / "protocols" / slug).glob(f"{day}*.toml")).read_text(encoding="utf-8")


@cache
def shipped(slug: str) -> Protocol:
    """A protocol of the library, compiled: the latest; slug@date: that one."""
    return parse(text_of(slug), layers())


def _in_depth() -> tuple[str, ...]:
    heads = {folder.name: tomllib.loads(text_of(folder.name)) for folder in sorted((LIBRARY / "protocols").iterdir())}
    return tuple(slug for slug, head in heads.items() if head["kind"] == "protocol" and head.get("depth") != "draft")


SLUGS = _in_depth()
"""Every in-depth protocol of the library."""


def edited(slug: str, before: str, after: str) -> str:
    """The file with one passage changed; the passage must stand there."""
    text = text_of(slug)
    assert before in text, f"{before!r} does not stand in {slug}"
    return text.replace(before, after, 1)


def value(plain: Plain) -> Value | None:
    """A number of a test → the engine's exact number."""
    return Decimal(str(plain)) if isinstance(plain, int | float | Decimal) and not isinstance(plain, bool) else plain


def answers(**given: Plain) -> dict[str, Answer]:
    """answers(nausea=2, temperature=37.4, chest_pain=False); None: asked, unknown."""
    return {key: Answer(key, value(plain)) for key, plain in given.items()}


def calm(protocol: Protocol, cycle: int = 1, cycle_day: int = 7) -> dict[str, Answer]:
    """Every question of that day's check-in at its most reassuring."""
    return {q.key: Answer(q.key, questions.best(q)) for q in protocol.asks(cycle, cycle_day)}


def context(protocol: Protocol, cycle: int = 1, cycle_day: int = 7, **more: object) -> Context:
    """The context of a planned check-in of that day."""
    due = tuple(q.key for q in protocol.asks(cycle, cycle_day))
    fields: dict[str, object] = {"asked_on": TODAY, "cycle": cycle, "cycle_day": cycle_day, "on_day": True, "due": due}
    return Context(**{**fields, **more})  # type: ignore[arg-type]  # fields by name


def judge(protocol: Protocol, given: Mapping[str, Plain], cycle: int = 1, cycle_day: int = 7, **more: object) -> Assessment:
    """The assessment of a calm check-in in which ``given`` was answered."""
    whole = {**calm(protocol, cycle, cycle_day), **answers(**given)}
    return engine.assess(protocol, whole, context(protocol, cycle, cycle_day, **more))


def fired(assessment: Assessment) -> set[str]:
    """Ids of the rules that fired."""
    return {step.rule for step in assessment.steps if step.fired}
