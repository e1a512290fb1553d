"""Danger, looked for in every inbound text, in all languages at once, whatever is asked and whoever writes.

Lexicon and thresholds: project's danger lexicon (screening defaults for the clinical lead to confirm). Temperature 38.0 °C and above in a
text nobody asked for is a danger sign; in answer to the temperature question the floor is 38.3 °C (see `answers`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

from triage.replies.clauses import Text
from triage.replies.cutting import cut
from triage.replies.fever import fevers, place_of
from triage.replies.fold import NO_BREAK
from triage.replies.matching import matches
from triage.replies.patterns import Book, Rule
from triage.replies.weighing import NOW, SURE, TODAY, features
from triage.replies.words import DANGERS, SAME_DAY, Words, key_of
from triage.terms import ALARMING, Asked, Kind

VOMITS_TO_TELL = 6
"""Vomits in 24 h that are a danger even in answer to a count (codebook floor); told without being asked, 3 are (danger lexicon)."""
_WEEK_CLASSES = frozenset(
    {"chest_pain", "syncope", "stroke_signs", "seizure", "confusion", "anaphylaxis", "dvt_signs", "overdose", "child_ingestion"}
)
"""Dangers that still count when they are over but happened within the week; the others within 72 hours."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the scan found. `now`: urgent or same-day codes, in the order of the text; `today`: weaker signs for a nurse to read today.

    `denied`: something dangerous was named and denied. `uneasy`: no sign, but words that together are met in this danger; "" for none.
    `by_weight`: `now` says `ALARMING`, which comes from the weight of the words and names no sign.
    """

    now: tuple[str, ...]
    today: tuple[str, ...]
    denied: bool
    uneasy: str = ""
    by_weight: bool = False

    @property
    def urgent(self) -> bool:
        """Is there a code that must reach a person at once?"""
        return any(code not in SAME_DAY for code in self.now)


LONGEST_PIECE, OVERLAP = 200, 30
"""A longer text is searched in pieces of so many words, which overlap so that no sign is cut in two."""


@lru_cache(maxsize=8)
def heard(text: str, words: Words, asked: Asked) -> tuple[Text, Found]:
    """A text cut into words, and the danger in it. A text is scanned first and read next: the second does not search again."""
    cutting, typed = cut(text, words.grammar), text.split(" ")
    return cutting, search(cutting, words, asked) if len(typed) <= LONGEST_PIECE else _search_pieces(typed, words, asked)


def _search_pieces(typed: list[str], words: Words, asked: Asked) -> Found:
    """Danger in the whole text, however long."""
    starts = range(0, len(typed), LONGEST_PIECE - OVERLAP)
    pieces = [search(cut(" ".join(typed[i : i + LONGEST_PIECE]), words.grammar), words, asked) for i in starts]
    now = tuple(dict.fromkeys(code for piece in pieces for code in piece.now))
    today = tuple(dict.fromkeys(code for piece in pieces for code in piece.today if code not in now))
    uneasy = next((piece.uneasy for piece in pieces if piece.uneasy), "")
    return Found(now, today, any(piece.denied for piece in pieces), uneasy)


def search(text: Text, words: Words, asked: Asked) -> Found:
    """The same on a text already cut: the signs of the lists, then what the words weigh together."""
    text = without_idioms(text, words.idioms)
    signs = signs_in(text, words, asked)
    return _weighed(text, signs, words) if words.weights.of and text.spoken() else signs.found()


_NO_MORE_THAN = {"chills": frozenset({"seizure"}), "unwell": frozenset(DANGERS) - SAME_DAY - {"unwell"}}
"""A danger that says no more than another: "il tremble de partout" in a seizure, "je me sens très mal" beside a named one."""


@dataclass(slots=True)
class Signs:
    """Danger codes with their first place in the text, and the lines of the lists that found them.

    `certain`: a fever in degrees, a whole message, a word the question lends its sense to: these need no weighing.
    """

    places: dict[str, int] = field(default_factory=dict)
    weaker: dict[str, int] = field(default_factory=dict)
    denied: bool = False
    certain: set[str] = field(default_factory=set)
    lines: set[str] = field(default_factory=set)

    def found(self) -> Found:
        """The codes in the order of the text; two at one place by their name, or the first one told would change from run to run."""
        for vague, told in _NO_MORE_THAN.items():
            if self.places.keys() & told:
                self.places.pop(vague, None)
        now = tuple(sorted(self.places, key=lambda code: (self.places[code], code)))
        return Found(now, tuple(sorted(set(self.weaker) - set(now), key=lambda code: (self.weaker[code], code))), self.denied)


def signs_in(text: Text, words: Words, asked: Asked) -> Signs:
    """What the lists find in a text whose idioms are hidden."""
    signs = Signs()
    plain: set[int] = set()
    few = asked.kind is Kind.COUNT and max((int(w) for w in text.words if w.isdigit() and len(w) < 4), default=0) < VOMITS_TO_TELL
    for rules in (words.now, words.asked.get(asked.kind, _NO_RULES), words.images, words.today):
        for rule, where in matches(text, rules, signs.places):
            verdict = _cancelled(text, rule, where)
            signs.denied |= verdict == "denied"
            if verdict in ("denied", "quiet") or (few and rule.code == "persistent_vomiting" and _only_counts(text, where)):
                continue
            if rules is words.images and not plain.isdisjoint(where):
                continue  # what is said plainly needs no second name
            plain.update(() if verdict or rules is words.images or rule.code in SAME_DAY else where)
            into = signs.weaker if verdict or rules is words.today else signs.places
            into.setdefault(rule.code, where[0])
            signs.lines.add(rule.source)
            signs.certain.update((rule.code,) if rules not in (words.now, words.images, words.today) else ())
    if key_of(text) in words.phrases.get("danger", {}):
        code = words.phrases["danger"][key_of(text)]
        signs.places.setdefault(code, 0)
        signs.certain.add(code)
    for place in fevers(text, asked, words.beside):
        if not _cancelled(text, NUMBER, (place,)):
            signs.places["fever"] = min(signs.places.get("fever", place), place)
            signs.certain.add("fever")
    return signs


def features_of(text: Text, signs: Signs, words: Words, within: range | None = None) -> set[str]:
    """What is weighed of a text, or of some of its words, when its signs are known."""
    found = [f"!{code}" for code in signs.places] + [f"?{code}" for code in signs.weaker] + [f"[{line}]" for line in signs.lines]
    return features(text, words.groups, found, within)


NEVER_SOFTENED = frozenset({"suicidal", "child_ingestion"}) | SAME_DAY


def _weighed(text: Text, signs: Signs, words: Words) -> Found:
    """A sign in an everyday text is for today; words that alarm without a sign are a danger, or for today."""
    weights = words.weights
    urgent = set(signs.places) - SAME_DAY
    if urgent and (signs.certain or len(urgent) > 2):
        return signs.found()  # three dangers named in one text are no chance meeting of words: nothing is put off
    known = features_of(text, signs, words)
    total = weights.sum_of(known)
    if urgent and total < SURE:
        for code in urgent - NEVER_SOFTENED:
            around = text.in_sentence(signs.places[code])  # a harmless sentence beside it takes nothing from a danger
            if weights.sum_of(features_of(text, signs, words, around)) < SURE:
                signs.weaker.setdefault(code, signs.places.pop(code))
    elif not urgent and total >= weights.limit(NOW):
        signs.places[ALARMING] = 0
        return replace(signs.found(), by_weight=True)
    elif not urgent and total >= weights.limit(TODAY):
        return replace(signs.found(), uneasy=weights.danger(known))
    return signs.found()


def _only_counts(text: Text, where: tuple[int, ...]) -> bool:
    """In answer to "how many times", "vomi 4 fois" is an answer for the protocol, not yet a danger."""
    return any(text.words[p].isdigit() for p in where) or len(where) == 1


def without_idioms(text: Text, idioms: Book) -> Text:
    """The text with its idioms hidden ("mort de rire"); the same text when it has none."""
    hidden = {p for _, where in matches(text, idioms) if not _negated(text, where) for p in where}
    return text.hiding(hidden) if hidden else text


def _cancelled(text: Text, rule: Rule, where: tuple[int, ...]) -> str:
    """ "" fires, "today" fires as a weaker sign, "denied" or "quiet" does not fire."""
    if "raw" in rule.flags:
        return ""
    if "oblique" in rule.flags and rule.code != "suicidal" and text.context("private"):
        return "quiet"
    if "neg" not in rule.flags and _denied(text, where):
        return "denied"
    if "if" not in rule.flags and rule.code != "suicidal" and any(text.supposed[p] for p in where):
        return "quiet"
    if "past" not in rule.flags and _long_ago(text, where):
        return "today" if rule.code == "suicidal" else "quiet"
    if "past" not in rule.flags and rule.code not in _WEEK_CLASSES and _over(text, where):
        return "today"
    who = "" if "who" in rule.flags else _somebody_else(text, where)
    return "" if who == "today" and rule.code == "suicidal" else who


def _negated(text: Text, where: tuple[int, ...]) -> bool:
    if any(text.has(p, "not") or text.has(p, "longer") for p in where):
        return False  # "n'arrive plus à respirer": the negation is the danger
    return any(text.negators[p] and not set(text.negators[p]) <= set(where) for p in where if not text.has(p, "soft"))


def _denied(text: Text, where: tuple[int, ...]) -> bool:
    """Negated, and not by a lost ability, which denies nothing: "je n'arrive plus à tenir la tasse de la main gauche"."""
    lost = (text.has(n - 1, "able") and text.breaks[n] == NO_BREAK for p in where for n in text.negators[p])  # "un peu, pas de fièvre"
    return _negated(text, where) and not any(lost)


def _long_ago(text: Text, where: tuple[int, ...]) -> bool:
    """An old date in the same sentence, unless the words of the danger stand in a clause of their own with its own subject."""
    sentence = text.sentence[where[0]]
    dates = [span for span in text.context("old") if text.sentence[span[0]] == sentence and span[0] not in where]
    if not dates:
        return False
    own = set(text.clause(where[0])) | set(text.clause(where[-1]))
    if any(text.recent(p) or text.has(p, "ongoing") for p in own):
        return False
    for span in dates:
        around = text.clause(span[0])
        fragment = not any(text.has(p, "subject") or text.has(p, "like") for p in around)
        if span[0] in own or (fragment and around.start == max(own) + 1):
            return True
        if not any(text.has(p, "subject") or text.has(p, "determiner") for p in own):
            return True
    return False


def _over(text: Text, where: tuple[int, ...]) -> bool:
    ends = text.context("ended")
    here = text.in_sentence(where[0]) if ends else range(0)
    return any(span[0] in here and span[0] not in where for span in ends) and not any(text.recent(p) for p in here)


def _somebody_else(text: Text, where: tuple[int, ...]) -> str:
    """ "quiet" when the subject is a neighbour, an animal, somebody on television; "today" for kin already cared for elsewhere."""
    if not text.plays("kin", "outsider") or text.context("me_too"):
        return ""
    here = text.in_sentence(where[0])
    subject = _subject_before(text, here.start, where[0])
    if not subject and here.start > 0 and any(text.has(p, "third") for p in range(here.start, where[0] + 1)):
        subject = _subject_before(text, text.in_sentence(here.start - 1).start, here.start)
    after = range(where[-1] + 1, min(where[-1] + 6, here.stop))
    if not subject and any(text.has(p, "outsider") for p in after) and not any(text.has(p, "like") for p in (*where, *after)):
        subject = "outsider"
    if subject == "kin":
        return "today" if text.context("i_am_fine") or (text.context("in_care") and _speaks_of_self(text)) else ""
    return "quiet" if subject == "outsider" else ""


def _subject_before(text: Text, start: int, end: int) -> str:
    for p in range(end - 1, start - 1, -1):
        if text.has(p, "self"):
            return "self"
        if text.has(p, "kin"):
            follows = range(p + 1, min(p + 4, len(text.words)))
            if text.has(p + 1, "of") and any(text.has(q, "outsider") for q in follows):
                return "outsider"
            if not _is_object(text, p):
                return "kin"
        elif text.has(p, "outsider"):
            if any(text.has(q, "compared") for q in (p - 1, p - 2, p - 3)):
                continue  # "comme un gros chat sur la poitrine"
            if any(text.has(q, "reporter") for q in (p - 1, p - 2, p - 3)) or text.has(p + 1, "me"):
                return "self"  # "c'est la voisine de Mr X", "les voisins m'ont trouvée"
            if not _is_object(text, p):
                return "outsider"
    return ""


def _is_object(text: Text, p: int) -> bool:
    before = p - 1
    while before >= 0 and text.has(before, "determiner") and not text.has(before, "preposition"):
        before -= 1
    return text.has(before, "preposition") and text.breaks[before + 1] == 0


def _speaks_of_self(text: Text) -> bool:
    return any(text.has(p, "self") for p in range(len(text.words)))


_NO_RULES = Book(())
NUMBER = Rule("number", "number")
_OWN_NUMBER = Rule("number", "number", flags=frozenset({"neg"}))


def is_own_number(text: Text, start: int) -> bool:
    """Does the number at this place of the folded text speak of the patient now, not of a neighbour, the past or a condition?"""
    if start not in text.owned:
        text.owned[start] = not _cancelled(text, _OWN_NUMBER, (place_of(text, start),))
    return text.owned[start]


def is_cancelled(text: Text, rule: Rule, where: tuple[int, ...]) -> bool:
    """Is what the rule found negated, supposed, long past or said of somebody else?"""
    return bool(_cancelled(text, rule, where))
