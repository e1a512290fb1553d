"""Word lists are edited by people: a slip in one is told with its line, never swallowed."""

from __future__ import annotations

import pytest

from tests.triage.replies.lists import documents
from triage.replies import scan, words_from


def test_the_library_s_lists_compile() -> None:
    """Every line of every language makes sense together."""
    compiled = words_from(documents())
    assert scan("j'ai mal à la poitrine", "fr", compiled) == ("chest_pain",)


@pytest.mark.parametrize(
    ("section", "content", "told"),
    [
        ("danger", {"chest_pain": {"now": ["poitrine + @nowhere"]}}, "@nowhere"),
        ("danger", {"chest_pain": {"now": ["poitrine + "]}}, "empty part"),
        ("danger", {"chest_pain": {"now": ["poitrine /soon"]}}, "soon"),
        ("danger", {"chestpain": {"now": ["poitrine"]}}, "chestpain"),
        ("oblique", {"chestpain": ["poitrine"]}, "chestpain"),
        ("oblique", {"chest_pain": ["poitrine + "]}, "empty part"),
        ("asked", {"count_24h": {"bleding": ["noir"]}}, "bleding"),
        ("asked", {"how_many": {"bleeding": ["noir"]}}, "how_many"),
        ("beside", {"nowhere": ["dehors"]}, "nowhere"),
        ("roles", {"nobody": ["personne"]}, "nobody"),
    ],
)
def test_a_slip_in_a_list_is_named(section: str, content: dict[str, object], told: str) -> None:
    """The sentence names the line, the class or the role."""
    with pytest.raises(ValueError, match=told):
        words_from({"slip": {section: content}})


def test_a_new_language_is_a_new_file() -> None:
    """U-lists join: a word added by a file of its own is found in any text."""
    more = {"danger": {"dyspnea": {"now": ["nafas + sesak /4"]}}}
    assert scan("nafas saya sesak", "fr", words_from({**documents(), "id": more})) == ("dyspnea",)
