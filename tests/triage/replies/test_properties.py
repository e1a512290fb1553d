"""What holds for any text whatever."""

from __future__ import annotations

import re
from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.triage.replies.lists import words
from triage.replies import read, scan
from triage.terms import Asked, Escalate, Heard, Kind

KINDS = st.sampled_from(list(Kind))
SIGNS = st.sampled_from(
    [
        "j'ai mal à la poitrine",
        "je n'arrive plus à respirer",
        "je crache du sang",
        "j'ai envie de mourir",
        "je me suis évanouie",
        "mon bras gauche est paralysé",
        "j'ai convulsé",
        "ma langue gonfle",
        "j'ai une phlébite",
        "je n'arrive plus à uriner",
        "j'ai des frissons",
        "je vomis sans arrêt",
        "je ne peux plus rien avaler",
        "j'ai pris une double dose",
        "chest pain",
        "i cant breathe",
        "i want to die",
    ]
)
"""Signs in the first person, complete in themselves."""
PLAIN = st.lists(
    st.sampled_from(
        [
            "bonjour",
            "merci",
            "madame",
            "jeudi",
            "rendez",
            "vous",
            "demain",
            "train",
            "maison",
            "jardin",
            "soleil",
            "telephone",
            "facture",
            "ordonnance",
            "coucou",
            "lundi",
        ]
    ),
    max_size=8,
).map(" ".join)
COUNTED = {Kind.SEVERITY: 4, Kind.PAIN: 10, Kind.COUNT: 50}


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=400), KINDS)
@example("<MMS>", Kind.FREE_TEXT)
@example("", Kind.NONE)
@example("1" * 400, Kind.TEMPERATURE)
@example("\U000114d0", Kind.SEVERITY)
@example("38 " * 130, Kind.MULTI)
@example("\u0001\ud83d\ude35'’`…", Kind.WEIGHT)
def test_any_text_gets_a_reading(text: str, kind: Kind) -> None:
    """HZ-02: reading never raises, and an answer always carries a value."""
    reading = read(text, Asked(kind), "fr", words())
    assert reading.value
    assert scan(text, "fr", words()) == scan(text, "en", words())


@settings(max_examples=200, deadline=None)
@given(SIGNS, PLAIN, PLAIN, KINDS)
def test_a_danger_is_found_inside_any_other_text(sign: str, before: str, after: str, kind: Kind) -> None:
    """HZ-01: whatever stands around it and whatever is asked, a sign that is not denied is urgent."""
    text = f"{before}. {sign}. {after}"
    assert read(text, Asked(kind), "fr", words()).escalate is Escalate.URGENT


@settings(max_examples=100, deadline=None)
@given(SIGNS, st.sampled_from([str.upper, str.title, lambda s: s.replace("'", "’"), lambda s: s.replace("'", " "), lambda s: s + " !!!"]))
def test_case_and_apostrophes_do_not_matter(sign: str, typed) -> None:  # type: ignore[no-untyped-def]  # a stand-in, as short as can be
    """The same words however the telephone wrote them."""
    assert scan(typed(sign), "fr", words()) == scan(sign, "fr", words())


@settings(max_examples=50, deadline=None)
@given(SIGNS)
def test_accents_do_not_matter(sign: str) -> None:
    """Many telephones are used without accents."""
    bare = sign.translate(str.maketrans("éèêàçïô", "eeeacio"))
    assert scan(bare, "fr", words()) == scan(sign, "fr", words())


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 999), st.sampled_from(["", " fois", ",5", " ou {}", "/10", "°"]), st.sampled_from(sorted(COUNTED)))
def test_a_value_never_leaves_its_range(number: int, tail: str, kind: Kind) -> None:
    """Never clamped: what is beyond the range is asked again."""
    reading = read(f"{number}{tail.format(number + 1)}", Asked(kind), "fr", words())
    if reading.heard is Heard.ANSWER:
        assert 0 <= int(reading.value) <= COUNTED[kind]


@settings(max_examples=300, deadline=None)
@given(st.decimals(-50, 500, places=2))
def test_a_temperature_is_plausible_or_asked_again(number: Decimal) -> None:
    """34.0 to 43.0 °C in one decimal, or nothing; never 3,85 turned into 38,5."""
    reading = read(str(number), Asked(Kind.TEMPERATURE), "fr", words())
    if reading.heard is Heard.ANSWER:
        assert re.fullmatch(r"\d\d\.\d", reading.value)
        assert Decimal("34.0") <= Decimal(reading.value) <= Decimal("43.0")


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 4),
    st.sampled_from(
        [
            "le {d}/{m}",
            "le {d}/{m}/2026",
            "à {h}h30",
            "vers {h}h",
            "au 06 39 98 {d:02} {m:02}",
            "depuis {d} jours",
            "j'ai {d} ans",
            "{d} euros",
        ]
    ),
    st.integers(1, 28),
    st.integers(1, 12),
    st.integers(6, 22),
)
def test_dates_clock_times_and_telephones_are_not_answers(answer: int, aside: str, d: int, m: int, h: int) -> None:
    """The answer is the answer, whatever numbers stand beside it."""
    reading = read(f"{answer} {aside.format(d=d, m=m, h=h)}", Asked(Kind.SEVERITY), "fr", words())
    assert (reading.heard, reading.value) == (Heard.ANSWER, str(answer))


@settings(max_examples=20, deadline=None)
@given(SIGNS, st.integers(0, 900), st.integers(0, 900))
def test_a_danger_is_found_in_a_very_long_text(sign: str, before: int, after: int) -> None:
    """HZ-01: a letter of a thousand words is read to its end."""
    text = f"{'bonjour madame. ' * before}{sign}. {'merci madame. ' * after}"
    assert read(text, Asked(), "fr", words()).escalate is Escalate.URGENT
