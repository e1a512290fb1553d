"""Refusals: what happened, what was kept, what to do next. Screens and commands show them as they are."""

from __future__ import annotations


class Refusal(Exception):
    """A business refusal. ``status`` is the HTTP status a screen answers with; ``field`` names the form field concerned, if one.

    The sentence is English and is also the key under which the screens look for its French.
    ``values`` fill the named placeholders of the sentence.
    """

    def __init__(self, sentence: str, *, status: int = 409, field: str = "", **values: object) -> None:
        super().__init__(sentence.format(**values) if values else sentence)
        self.sentence, self.status, self.field, self.values = sentence, status, field, values


class NotFound(Refusal):
    """Absent, or outside the perimeter of whoever asks: the two are not told apart."""

    def __init__(self, what: str = "This page") -> None:
        super().__init__("{what} does not exist, or is not in your service.", status=404, what=what)


class Conflict(Refusal):
    """Somebody else acted first; the sentence says who and when."""


class Said(str):
    """A sentence beside a field whose named places are filled; it remembers both, so that screens find its French."""

    sentence: str
    values: dict[str, object]

    def __new__(cls, sentence: str, **values: object) -> Said:
        said = super().__new__(cls, sentence.format(**values))
        said.sentence, said.values = sentence, values
        return said


class FieldErrors(Refusal):
    """Several fields are missing or implausible: one sentence beside each (plain, or ``Said``). Nothing was saved."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("Some fields need attention. Nothing was saved.", status=422)
        self.fields = fields
