"""A text that answers by symptom, taken apart: names of symptoms and letters, values, "le reste", "sauf"; and what is no value at all."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from triage.replies.clauses import Text
from triage.replies.fever import is_not_body
from triage.replies.fold import NO_BREAK
from triage.replies.matching import matches
from triage.replies.negation import half_denied
from triage.replies.numerals import asides, warmths
from triage.replies.parsed import TIMES
from triage.replies.scanning import is_own_number
from triage.replies.words import Words

SKILL = "skill"  # how well somebody speaks or spells: "my French is bad" says nothing of a mouth
REST = "*"  # the name of "le reste", "sinon", "the others"
AMBIGUOUS, MISSING = "ambiguous", "missing_value"
"""Codes of the list of words that say no number."""
COLDEST, HOTTEST = Decimal("34.0"), Decimal("43.0")
"""Body temperatures that are plausible (house rule, 2026-11-22, as in answer to the question)."""
NORMAL = Decimal("37.0")
"""Of two temperatures told, the one that is worse: the higher from here on, else the lower."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the folded text. `code`: a symptom that is named; "" for a value. `value` None: an intensity that says no number.

    A name with a value of its own is denied ("pas de diarrhée"). `turns`: what stands before belongs to something else ("sauf").
    `vague`: how strong was said, and not clearly ("pas trop mal"); "j'ai des" says only that it is there.
    """

    start: int
    end: int
    code: str = ""
    value: str | None = None
    worded: bool = False
    ranged: bool = False
    turns: bool = False
    vague: bool = False

    @property
    def named(self) -> bool:
        """Is it a name, not a value?"""
        return bool(self.code)


@dataclass(frozen=True, slots=True)
class Taken:
    """A text taken apart. `folded`: what is left of it for values; `warmth`: a body temperature told in it, in °C."""

    folded: str
    pieces: tuple[Piece, ...]
    warmth: Decimal | None


def taken(text: Text, words: Words, keys: Sequence[str]) -> Taken:
    """The pieces of a text in their order; `keys`: what is asked, so that A, B, C may stand for it."""
    folded = _own(text)
    if len(re.findall(r"\d+", folded)) > 1:
        folded = _ALL_OF.sub(lambda m: m[0][:-1] + " " if m[1] == str(len(keys)) else m[0], folded)  # "all three 0"
    folded, warmth = _without_warmth(text, folded, words, len(keys))
    names, covered = _names(text, words, keys)
    values = [*_figures(folded, len(keys)), *_worded(text, words, covered)]
    rests = list(_rests(folded))
    others = [*rests, *_turns(folded, {piece.start for piece in rests})]
    values = [v for v in values if not any(o.start <= v.start < o.end for o in others)]
    letters = _letters(folded, keys, values, bool(names))
    return Taken(folded, tuple(sorted([*names, *letters, *values, *others], key=lambda piece: piece.start)), warmth)


# --- What is no score ---------------------------------------------------------------------------------------------------------------

_OF_FOUR = re.compile(r"(?<!/\d)(?<=\d)/4(?![/\d]|\s+\d(?!/4))|(?<=\d) (?:sur|out of) 4\b")
_BOTH = re.compile(r"\b(?:mes|ses|les|my|his|her|the)\s2(?=\s+(?:mains?|pieds?|jambes|hands|feet|legs))")
_DIGIT = re.compile(r"\d")
_LONE_O = re.compile(r"(?<![\w'])o(?![\w'])")
_COUNTED = re.compile(
    r"\b[1-9]\d?(?=\s?(?:aphtes?|cloques?|ampoules?|boutons?|plaies?|crevasses?|doigts?|orteils?|ulcers?|sores?|blisters?|spots?|fingers|toes)\b)"
)
"""Two ulcers are no score of 2."""
_ALL_OF = re.compile(r"\b(?:all|tou(?:te)?s)(?: les| the| of them)? ([2-4])\b")


def _blank(pattern: re.Pattern[str], folded: str) -> str:
    return pattern.sub(lambda m: " " * len(m[0]), folded)


def _own(text: Text) -> str:
    """The folded text, as long as it was, without the figures that speak of others, of the past, or of how often and how long."""
    out = _LONE_O.sub("0", asides(text.folded))
    if not _DIGIT.search(out):
        return out
    for m in re.finditer(r"\d+(?:[.,]\d+)*", out):
        if not is_own_number(text, m.start()):
            out = out[: m.start()] + " " * len(m[0]) + out[m.end() :]
    for pattern in (_BOTH, _OF_FOUR, _COUNTED, TIMES):
        out = _blank(pattern, out)
    return out


_SURELY_WARM = re.compile(r"(?<![\d.,])(?:3[5-9]|4[0-2])(?![\d.,]*\d)")
_SPACED = re.compile(r"(?<![\d.,])(3[5-9]|4[0-2])\s+(\d)(?![\d.,]*\d)")


def _without_warmth(text: Text, folded: str, words: Words, size: int) -> tuple[str, Decimal | None]:
    """A temperature told beside the scores is none of them: "36,8 ce matin et 1 0 0", "trente-sept deux"."""
    told: list[Decimal] = []
    if not _DIGIT.search(folded):
        return folded, None
    for m in _SPACED.finditer(folded):
        rest = len(re.findall(r"\d+", folded[: m.start()] + folded[m.end() :]))
        scored = rest > 0 and rest + 1 == size  # "37 1 0 0" is followed by three scores
        told += [] if scored else [Decimal(f"{m[1]}.{m[2]}")]
        end = m.end(1) if scored else m.end()
        folded = folded[: m.start()] + " " * (end - m.start()) + folded[end:]
    for warmth in warmths(text.folded):
        typed = folded[warmth.start : warmth.end]
        if not typed[:1].isdigit() or not (COLDEST <= warmth.celsius <= HOTTEST or warmth.marked):
            continue
        if warmth.fahrenheit and not warmth.marked:
            continue
        bare = typed.strip().isdigit()
        named = (bare or not warmth.marked) and words.beside.about.search(text.folded) is not None
        if bare and not named:
            continue
        body = COLDEST <= warmth.celsius <= HOTTEST and not is_not_body(folded, warmth, words.beside)
        folded = folded[: warmth.start] + " " * len(typed) + folded[warmth.end :]
        if body and (warmth.marked or named):
            told.append(warmth.celsius)
    worst = max(told, default=None) if max(told, default=Decimal(0)) >= NORMAL else min(told, default=None)
    return _blank(_SURELY_WARM, folded), worst


# --- Names --------------------------------------------------------------------------------------------------------------------------


def _names(text: Text, words: Words, keys: Sequence[str]) -> tuple[list[Piece], dict[int, str]]:
    """Symptoms named, each once for a run of words that name it; the longest name wins, then the one that is asked."""
    found = [
        (-len(where), rule.code not in keys, where, rule.code)
        for table in ("named", "symptom")
        for rule, where in matches(text, words.tables[table])
        if _together(text, where)
        and not (
            len(where) == 1
            and text.words[where[0]] == "mal"
            and (rule.code not in keys or text.words[where[0] - 1] == "pas" or half_denied(text, where))
        )
    ]
    covered: dict[int, str] = {}
    for _, _, where, code in sorted(found, key=lambda entry: (*entry[:2], entry[2])):
        if not any(covered.get(p, code) != code for p in where):
            covered.update(dict.fromkeys(where, code))
    names: list[Piece] = []
    last = -9
    for p in sorted(covered):
        piece = Piece(text.starts[p], _end(text, p), covered[p], "0" if _denied(text, p) else None)
        if names and names[-1].code == piece.code and _LINKS.issuperset(text.words[last + 1 : p]):
            piece = Piece(names.pop().start, piece.end, piece.code, names_value(names, piece, text, last))
        names.append(piece)
        last = p
    return names, covered


_LINKS = frozenset(
    ["et", "and", "de", "des", "du", "d", "le", "la", "les", "l", "mes", "mon", "ma", "my", "the", "au", "aux", "a", "ou", "or", "of"]
)
"""Words between two names of one thing: "mains et pieds"."""


def names_value(names: list[Piece], piece: Piece, text: Text, last: int) -> str | None:
    """The value of a name of several words: denied when any of them is."""
    return "0" if piece.value or _denied(text, last) else None


def _together(text: Text, where: tuple[int, ...]) -> bool:
    """Do the words stand side by side, only small words between them? "bouche 0, pieds qui brûlent" names no burning mouth."""
    inside = range(min(where), max(where) + 1)
    return all((q in where or text.has(q, "soft")) and (q == inside.start or text.breaks[q] == NO_BREAK) for q in inside)


def _denied(text: Text, place: int) -> bool:
    """Denied by a word that is no value itself ("pas de", "sans", "ni"): "aucune" and "0" are values and stand for themselves."""
    return any(not text.words[n][:1].isdigit() and text.words[n] not in _VALUES_TOO for n in text.negators[place])


_VALUES_TOO = frozenset(
    {"non", "no", "none", "aucun", "aucune", "aucuns", "aucunes", "zero", "nul", "nulle", "rien", "nothing", "nil", "jamais", "never"}
)


def _end(text: Text, place: int) -> int:
    following = text.starts[place + 1] if place + 1 < len(text.words) else len(text.folded)
    return text.starts[place] + len(text.folded[text.starts[place] : following].rstrip(" ,.;:!?\n()/=-+\"'"))


_LETTER = re.compile(r"(?<![a-z'])([a-e])(?![a-z'])")
_TO_VALUE = re.compile(r"[\s:=.)(-]*")
_TO_LETTER = re.compile(r"\s*(?:pour\s*)?(?:le |la |en )?")


def _letters(folded: str, keys: Sequence[str], values: Sequence[Piece], named: bool) -> list[Piece]:
    """ "A 1", "b: beaucoup", "2 pour le C". One letter alone is none when there are names, other values, or it is the French "a"."""
    starts, ends = {v.start for v in values}, {v.end for v in values}
    found = []
    for m in _LETTER.finditer(folded):
        after = _TO_VALUE.match(folded, m.end())
        before = any(_TO_LETTER.fullmatch(folded, end, m.start()) for end in ends if end <= m.start())
        if ord(m[1]) - 97 < len(keys) and ((after and after.end() in starts) or before):
            found.append(Piece(m.start(), m.end(), keys[ord(m[1]) - 97]))
    several = len({piece.code for piece in found}) == len(found) > 1
    alone = len(found) == 1 and not named and len(values) == 1 and found[0].code != keys[0]
    return found if several or alone else []


# --- Values -------------------------------------------------------------------------------------------------------------------------

_FIGURE = re.compile(r"(\d+)(?:\s*(?:ou|or|voire)\s*(?:meme\s*)?(\d+))?(?![\d])")


def _figures(folded: str, size: int) -> Iterator[Piece]:
    every = re.findall(r"\d+", folded)
    if size > 1 and len(every) == 1 and len(every[0]) == size:
        start = folded.index(every[0])
        yield from (Piece(start + i, start + i + 1, value=digit) for i, digit in enumerate(every[0]))
        return
    for m in _FIGURE.finditer(folded):
        yield Piece(m.start(), m.end(), value=str(max(int(m[1]), int(m[2] or 0))), ranged=bool(m[2] and m[1] != m[2]))


_GOOD = re.compile(
    r"(?:bien|mieux|bon|bonne|bons|content|contente|contents|gentil|gentille|"
    r"gentils|heureux|heureuse|calme|good|well|better|nice|happy|kind|fine)"
)


def _worded(text: Text, words: Words, covered: dict[int, str]) -> Iterator[Piece]:
    """Words of intensity: the longest phrase wins; what says no number ("ça va", "pas trop") stands as a value that is not known."""
    found = [(-len(where), 0, where, rule.code) for rule, where in matches(text, words.tables["severity"])]
    found += [(-len(where), 1, where, "" if rule.code == AMBIGUOUS else MISSING) for rule, where in matches(text, words.tables["unclear"])]
    used = {p for rule, where in matches(text, words.tables["language"]) if rule.code == SKILL for p in where}
    for _, _, where, code in sorted(found, key=lambda entry: (*entry[:2], entry[2])):
        own = [p for p in where if p not in covered]
        if used.intersection(where) or not own or (len(own) < len(where) and code in ("0", "", MISSING)):
            continue
        used.update(range(where[0], where[-1] + 1))
        value = None if code in ("", MISSING) or (code != "0" and (_undone(text, where) or half_denied(text, where))) else code
        if not (value and int(value) > 2 and own[-1] + 1 < len(text.words) and _GOOD.fullmatch(text.words[own[-1] + 1])):
            yield Piece(text.starts[own[0]], _end(text, own[-1]), value=value, worded=True, vague=value is None and code != MISSING)


def _undone(text: Text, where: tuple[int, ...]) -> bool:
    """ "pas fort" says no number; the "0" of another answer denies nothing."""
    return any(
        n not in where and not text.words[n][:1].isdigit() and not (n > where[-1] and text.words[n] in _VALUES_TOO)
        for p in where
        for n in text.negators[p]
    )


# --- The rest, and but --------------------------------------------------------------------------------------------------------------

_NOTHING_ELSE = r"rien d[' ]?autres?|rien de plus|rien d[' ]?autre a signaler|nothing else|nothing more|aucun autre\w* \w+|no other \w+"
_REST = re.compile(
    rf"\b(?:(?P<nothing>{_NOTHING_ELSE})|(?:(?:tout )?(?:le|pour le|the|for the) reste?|les (?:2 |deux )?autres|"
    r"(?:the )?others|everything else|all the rest|"
    r"(?P<turn>sinon|autrement|otherwise|a part (?:ca|cela)|apart from that|other than that)|ailleurs|elsewhere)\b)"
)
_BUT = re.compile(r"\b(?:sauf|excepte|hormis|a part|en dehors de|except(?: for)?|apart from|other than|but for|bar)\b")


def _rests(folded: str) -> Iterator[Piece]:
    for m in _REST.finditer(folded):
        yield Piece(m.start(), m.end(), REST, "0" if m["nothing"] else None, turns=bool(m["turn"]))


def _turns(folded: str, rests: Container[int]) -> Iterator[Piece]:
    yield from (Piece(m.start(), m.end(), turns=True) for m in _BUT.finditer(folded) if m.start() not in rests)
