"""Values in the order in which they were asked, when the text names nothing; and what placing them gives."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import pairwise

from triage.replies.clauses import Text
from triage.replies.pieces import Piece

TOP, STRONG = 4, 3
RANGE, UNPLACED = "range_kept_higher", "unplaced"
SHORT = 6
"""Words of a text that is an answer and nothing else."""
TOO_COLD = Decimal("36.0")
"""Told in passing or in answer, a nurse reads what is colder (codebook, rule 7)."""


@dataclass(slots=True)
class Placed:
    """`slots`: one value for each key. `others`: values of symptoms named that are not asked. `loose`: values that found no place.

    `named`: the keys that are named. `foreign`: something is named that is not asked. `figures`: a slot was filled by a figure.
    `vague`: an intensity that says no number ("pas trop mal").
    """

    slots: list[str | None]
    others: dict[str, str] = field(default_factory=dict)
    loose: list[Piece] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    foreign: bool = False
    figures: bool = False
    ranged: bool = False
    vague: bool = False
    reason: str = ""

    @property
    def told(self) -> tuple[tuple[str, str], ...]:
        """Values for other questions, those that a score may have, and a temperature."""
        return tuple((code, value) for code, value in self.others.items() if code == "temperature" or int(value) <= TOP)

    @property
    def strong(self) -> bool:
        """Is there a strong value that has no place, or one of a symptom that is not asked?"""
        limit = TOP if self.reason else STRONG  # where all is asked again, a strong figure is not lost
        lost = any(p.value is not None and (STRONG if p.worded else limit) <= int(p.value) <= TOP for p in self.loose)
        cold = Decimal(self.others.get("temperature", TOO_COLD)) < TOO_COLD
        return lost or cold or any(value == str(TOP) for code, value in self.others.items() if code != "temperature")


_BETWEEN = re.compile(r"[\s,;./-]*(?:et|and|puis|then)?[\s,;./-]*")
_ALL = (
    r"(?:partout|chacune?|chaque|pareil|across the board|everywhere|for everything|"
    r"(?:pour |a |for |at |in )?(?:tou(?:te)?s|tout|all|each|every|everything|les|the)"
    r"(?: of them)?(?: (?:les|the|of the))?(?: (?:3|2|trois|deux|three|two))?)"
)
_ALL_AFTER = re.compile(rf"\s*,?\s*{_ALL}\s*(?:$|[,.;!?)])")
_ALL_BEFORE = re.compile(rf"\b{_ALL}(?:\s+(?:a|est|sont|at|are|is|c|to))*\s*[:=]?\s*$")
_CHUNK = re.compile(r"[,;\n/]")
_SAID = re.compile(r"[?…]|\b(?!(?:et|and|puis|then|ensuite|le|la)\b)[a-z]+")


def run_of(folded: str, pieces: list[Piece], size: int) -> list[Piece]:
    """The figures that stand together, when there are exactly as many as questions."""
    runs: list[list[Piece]] = []
    previous: Piece | None = None
    for piece in pieces:
        if piece.named or piece.turns or piece.worded:
            previous = None
            continue
        if previous is not None and _BETWEEN.fullmatch(folded, previous.end, piece.start):
            runs[-1].append(piece)
        else:
            runs.append([piece])
        previous = piece
    whole = [run for run in runs if len(run) == size]
    return whole[0] if len(whole) == 1 and size > 1 else []


def as_one(left: Piece, right: Piece) -> Piece | None:
    """Two values side by side that say one: "un peu 1", "ça va 0". None when they differ."""
    if left.value is None or right.value is None:
        known = left if right.value is None else right
        return replace(known, start=left.start, end=right.end)
    if left.value == right.value or left.worded != right.worded:
        figure = right if left.worded else left
        word = left if left.worded else right
        if left.value == right.value or int(word.value or 0) <= int(figure.value or 0) + 1:
            return replace(figure, start=left.start, end=right.end)
    return None


def in_order(placed: Placed, text: Text, folded: str, pieces: list[Piece], size: int) -> None:
    """Values without any name. Fewer than asked are the first ones, when nothing that was not understood stands among them."""
    known = [p for p in pieces if p.value is not None]
    if len(known) > size:
        known = _merged(folded, known)
    figures = [p for p in known if not p.worded]
    run = run_of(folded, pieces, size)
    if len(known) == 1 and _for_all(text.folded if figures else folded, known[0]):
        chosen: list[Piece | None] = [known[0]] * size
    elif len(known) == size and (run or not _unclear_among(pieces)):
        chosen = [*known]
    elif run:
        chosen = [*run]
        placed.loose = [p for p in known if p not in run]
        if any(not p.worded for p in placed.loose):
            placed.reason = "wrong_count"
    else:
        chosen = _first(placed, folded, pieces, known, size)
    if placed.reason:
        placed.loose = known
        return
    placed.slots = [p.value if p else None for p in chosen]
    placed.figures = any(p is not None and not p.worded for p in chosen)
    placed.ranged = any(p is not None and p.ranged for p in chosen)


def _merged(folded: str, known: list[Piece]) -> list[Piece]:
    """ "très très fort", "4 fort": said twice in a row, one value."""
    out: list[Piece] = []
    for piece in known:
        close = out and (piece.worded or out[-1].worded) and not folded[out[-1].end : piece.start].strip()
        both = out[-1].worded and piece.worded if close else False
        one = max(out[-1], piece, key=lambda p: int(p.value or 0)) if both else as_one(out[-1], piece) if close else None
        if one is not None:
            out[-1] = replace(one, start=out[-1].start, end=piece.end)
        else:
            out.append(piece)
    return out


def _unclear_among(pieces: list[Piece]) -> bool:
    places = [i for i, p in enumerate(pieces) if p.value is not None] or [0]
    return any(p.value is None for p in pieces[places[0] : places[-1]])


def _first(placed: Placed, folded: str, pieces: list[Piece], known: list[Piece], size: int) -> list[Piece | None]:
    """Some of the values asked for. Which of them, is said by commas, or by their order when nothing else is said."""
    if all(p.worded for p in known):
        chunks = _in_chunks(folded, pieces, size)
        placed.loose = [] if chunks or len(folded.split()) > SHORT else known  # "beaucoup", and nothing that says of what
        return chunks or [None] * size
    if len(known) > size:
        placed.reason = "wrong_count"
    elif len(pieces) == size:
        return [p if p.value is not None else None for p in pieces]
    elif chunks := _in_chunks(folded, pieces, size):
        return chunks
    elif len(known) < 2:
        placed.reason = "out_of_range" if int(known[0].value or 0) > TOP else "wrong_count"
    elif _unclear_among(pieces) or _words_among(folded, known):
        placed.reason = "ambiguous"
    else:
        return [*known, *[None] * (size - len(known))]
    return [None] * size


def _words_among(folded: str, known: list[Piece]) -> bool:
    return any(_SAID.search(folded, a.end, b.start) for a, b in pairwise(known))


def _in_chunks(folded: str, pieces: list[Piece], size: int) -> list[Piece | None]:
    """ "0, gonflée, 1": between commas there is one place for each question, and one of them was not understood."""
    ends = [m.start() for m in _CHUNK.finditer(folded)]
    bounds = list(zip([0, *[e + 1 for e in ends]], [*ends, len(folded)], strict=True))
    bounds = [(a, b) for a, b in bounds if re.search(r"[\w?…]", folded[a:b])]
    inside = [[p for p in pieces if a <= p.start < b] for a, b in bounds]
    if len(bounds) != size or any(len(chunk) > 1 for chunk in inside) or sum(p.value is not None for c in inside for p in c) < 2:
        return []
    return [chunk[0] if chunk and chunk[0].value is not None else None for chunk in inside]


def _for_all(folded: str, one: Piece) -> bool:
    """ "0 partout", "tout à 0", "zéro pour les trois"; never "2 toute la journée"."""
    return bool(_ALL_AFTER.match(folded, one.end) or _ALL_BEFORE.search(folded[: one.start]))
