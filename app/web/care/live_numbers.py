"""The programmes of the service, each as a readable page: what its file says, its live numbers, and who is behind them."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from fastapi.responses import Response

from app.care import followed, letters, numbers, programmes
from app.care.document import Named, Programme
from app.care.numbers import Figure, Part
from app.core.errors import NotFound
from app.web.deps import Reads
from app.web.render import Page, StaffPage

router = APIRouter()

NOTHING = "–"
"""Nothing to divide by: not zero."""
SHARES = frozenset({"on_time", "phases", "intervention_rate", "doctor_rate", "rdi", "persistence", "stops"})
"""Figures read as a percentage; the others are plain numbers."""


@router.get("/programmes")
def every(page: StaffPage, session: Reads) -> Response:
    """Each programme that may be begun today, and the letters that wait."""
    page.viewer.require("open_chart")
    found = programmes.offered(page.formats.local(page.now).date())
    waiting = letters.waiting(session, viewer=page.viewer)
    return page.page("care/programmes.html", offered=found, waiting=waiting)


@router.get("/programmes/{slug}")
def one(page: StaffPage, session: Reads, slug: str, sort: str = "name") -> Response:
    """What the file says, in words; each figure with what it counts over what; the patients, sorted as asked (AMA-7)."""
    page.viewer.require("open_chart")
    live = numbers.live(session, slug, viewer=page.viewer, now=page.now)
    if live is None:
        raise NotFound("This programme")
    order = sort if sort in ("name", "rdi", "missed") else "name"
    return page.page(
        "care/programme.html",
        programme=live.programme,
        live=live,
        patients=followed.listed(session, slug, viewer=page.viewer, now=page.now, sort=order),
        sort=order,
        figures=Figures(page, live.programme),
    )


class Figures:
    """How the figures of one programme are written for one reader."""

    def __init__(self, page: Page, programme: Programme) -> None:
        self.page, self.programme = page, programme

    def title(self, figure: Figure) -> str:
        """What the figure is called."""
        return programmes.indicator(figure.key).title.said(self.page.language)

    def definition(self, figure: Figure) -> str:
        """What is counted, over what."""
        return programmes.indicator(figure.key).definition.said(self.page.language)

    def value(self, figure: Figure, part: Part | None = None) -> str:
        """The quotient; a dash when there is nothing to divide by."""
        value = (part or figure).value
        if value is None:
            return NOTHING
        if figure.key in SHARES and (part or figure).denominator is not None:
            return f"{self._number(value * 100)}\u202f%"
        return self._number(value)

    def count(self, number: float | None) -> str:
        """A numerator or a denominator."""
        return NOTHING if number is None else self._number(number)

    def part(self, part: Part) -> str:
        """A part by its word: a phase or a stage of the file, a word of the screens, or a name as it is."""
        phase = next((phase for phase in self.programme.rhythm if phase.key == part.key), None)
        if phase is not None:
            return phase.title.said(self.page.language)
        key = f"care_numbers.part.{part.key}"
        return self.page.say(key) if self.page.has(key) else part.key or self.page.say("care_numbers.nobody")

    def titles(self, keys: Sequence[Named]) -> str:
        """Stages or levels, one after the other."""
        return ", ".join(one.title.said(self.page.language) for one in keys)

    def _number(self, value: float) -> str:
        return self.page.formats.number(f"{value:.1f}")
