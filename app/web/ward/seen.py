"""What a rule saw, as a person reads it: a kept sentence has keys of measures, codes of units, days and figures as programs write them.

The kept sentence itself never changes, because a judgement must recompute to itself; it is worded each time it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from app.protocols import scales
from app.web.formats import UNITS
from app.web.render import Page
from triage.conditions.on_measures import NAMES

APART = re.compile(r" ?; ")
MEASURED = re.compile(r"(?P<what>[^:;]+?) (?P<value>-?[0-9]+(?:[.,][0-9]+)?) (?P<unit>\S+) (?:le|on) (?P<day>\d{4}-\d\d-\d\d)(?P<more>.*)")
GRADED = re.compile(r"(?P<what>[^:;]+?)(?P<colon> : |: )(?P<more>grade [0-9], CTCAE (?P<version>[0-9.]+).*)")
HEADED = re.compile(r"(?P<what>[^:;]+?)(?P<colon> : |: )(?P<more>.*)")
NOT_ASKED = ("pas demandé ce jour", "not asked that day")
"""What a judgement of a text alone keeps of every question: true of that judgement, not of the day."""
ISO_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")
PER_CENT = re.compile(r"\b(?P<value>[0-9]+[.,][0-9]{2,})(?P<sign> ?%)")
LONG = re.compile(r"\b[0-9]+[.,][0-9]{4,}\b")
TENTH = Decimal("0.1")


@dataclass(frozen=True)
class Seen:
    """Words kept sentences for one page. measures: those the judgement looked at, by key, as kept: a grade is shown with its value.

    apart: what was answered the same day to questions that the judgement calls not asked, by the question's name.
    """

    page: Page
    measures: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    apart: Mapping[str, str] = field(default_factory=dict)

    def said(self, kept: Mapping[str, str]) -> str:
        """The whole sentence in the reader's words."""
        between = " ; " if self.page.language == "fr" else "; "
        return between.join(self._one(part) for part in APART.split(kept.get(self.page.language, "")))

    def value(self, kept: Mapping[str, str]) -> str:
        """One kept measure with its value and its unit: "potassium 6,9 mmol/L"."""
        return f"{self._name(kept['kind'])} {self._number(kept['value'])} {self.page.unit(kept['unit'])}"

    def _one(self, part: str) -> str:
        if found := MEASURED.fullmatch(part):
            on = "le" if self.page.language == "fr" else "on"
            value = f"{self._name(found['what'])} {self._number(found['value'])} {self.page.unit(found['unit'])}"
            return f"{value} {on} {self.page.formats.day(date.fromisoformat(found['day']))}{self._codes(found['more'])}"
        if found := GRADED.fullmatch(part):
            return f"{self._term(found)}{self._codes(found['more'])}"
        if found := HEADED.fullmatch(part):
            if found["more"] in NOT_ASKED and found["what"] in self.apart:
                return f"{found['what']}{found['colon']}{self.apart[found['what']]}"
            part = f"{self._name(found['what'])}{found['colon']}{found['more']}"
        return self.dates(self._codes(part))

    def dates(self, sentence: str) -> str:
        """Days as the reader writes them, with the year: what is kept may be old."""
        return ISO_DAY.sub(lambda found: self.page.formats.day(date.fromisoformat(found[0]), year=True), sentence)

    def _name(self, key: str) -> str:
        """A measure, a CTCAE term or another medicine by its name; words that are none of them stay."""
        side = 0 if self.page.language == "fr" else 1
        if known := scales.measures().by_key.get(key):
            return known.name[self.page.language]
        if key in NAMES:
            return NAMES[key][side]
        coded = f"particulars.code.{key}"
        if self.page.has(coded):
            name = self.page.say(coded)
            return f"{name[:1].lower()}{name[1:]}"
        return scales.term_in(key, self.page.language)

    def _term(self, found: re.Match[str]) -> str:
        """A graded term with the values it was graded on, where they are known."""
        term = scales.lab_table(found["version"]).term(found["what"]) if found["version"] in scales.VERSIONS else None
        seen = [self.value({"kind": key, **self.measures[key]}) for key in (term.scales if term else ()) if key in self.measures]
        values = f" ({', '.join(seen)})" if seen else ""
        return f"{scales.term_in(found['what'], self.page.language)}{values}{found['colon']}"

    def _codes(self, sentence: str) -> str:
        for code in (*UNITS, "xULN"):
            sentence = re.sub(rf"(?<!\S){re.escape(code)}(?![\w*/\[])", self.page.unit(code), sentence)
        sentence = PER_CENT.sub(lambda found: f"{self._short(found['value'])}{found['sign']}", sentence)
        return LONG.sub(lambda found: self._short(found[0]), sentence)

    def _number(self, written: str) -> str:
        return self._short(written) if LONG.fullmatch(written) else self.page.formats.number(written.replace(",", "."))

    def _short(self, written: str) -> str:
        """One decimal at most; what is just under a whole number stays under it: 49.98 is not the 50 it is compared with."""
        value = Decimal(written.replace(",", "."))
        shown = value.quantize(TENTH, ROUND_HALF_UP)
        if shown == shown.to_integral_value() and shown > value:
            shown = value.quantize(TENTH, ROUND_DOWN)
        return self.page.formats.number(shown)
