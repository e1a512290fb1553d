"""Replies and danger texts against labelled tables. The sentences are fictional and written for these tests."""

from __future__ import annotations

import pytest

from tests.triage.replies.lists import table, words
from triage.replies import read, scan
from triage.replies.words import SAME_DAY
from triage.terms import Asked, Escalate, Kind

RANK = {Escalate.NO: 0, Escalate.NURSE: 1, Escalate.URGENT: 2}


@pytest.mark.parametrize("row", table("replies"), ids=lambda row: f"{row['question_kind']}: {row['reply_text']}")
def test_a_reply_is_read(row: dict[str, str]) -> None:
    """FR-13: kind and value as written in the table; a person is told at least what the table says."""
    reading = read(row["reply_text"], Asked(Kind(row["question_kind"])), row["lang"], words())
    assert (reading.heard.value, reading.value) == (row["kind"], row["value"])
    assert RANK[reading.escalate] >= RANK[Escalate(row["must_escalate"])]


def test_no_reply_of_the_table_is_wrongly_urgent() -> None:
    """An alert is a budget: nothing marked `no` becomes urgent."""
    quiet = [row for row in table("replies") if row["must_escalate"] == "no"]
    read_now = [
        row for row in quiet if read(row["reply_text"], Asked(Kind(row["question_kind"])), row["lang"], words()).escalate == "urgent"
    ]
    assert read_now == []


@pytest.mark.parametrize("row", table("danger"), ids=lambda row: row["reply_text"])
def test_a_danger_is_found(row: dict[str, str]) -> None:
    """HZ-01: every dangerous text of the table reaches a person, at once or the same day."""
    reading = read(row["reply_text"], Asked(Kind(row["question_kind"])), row["lang"], words())
    assert RANK[reading.escalate] >= RANK[Escalate(row["must_escalate"])]
    if row["must_escalate"] == "nurse":
        assert row["danger"] in reading.dangers


def test_the_class_of_a_danger_is_mostly_the_one_of_the_table() -> None:
    """The class chooses the text that is sent back; one row in a hundred may fall into a neighbouring class."""
    named = [row for row in table("danger") if row["danger"] and row["question_kind"] != "temperature_c"]
    other = [row for row in named if row["danger"] not in scan(row["reply_text"], row["lang"], words(), Asked(Kind(row["question_kind"])))]
    assert len(other) <= len(named) // 100


@pytest.mark.parametrize("row", table("harmless"), ids=lambda row: row["reply_text"])
def test_an_alarming_word_without_danger_is_not_urgent(row: dict[str, str]) -> None:
    """Negations, idioms, other people, old events, weather and television do not page anybody."""
    reading = read(row["reply_text"], Asked(Kind(row["question_kind"])), row["lang"], words())
    assert reading.escalate is not Escalate.URGENT


def test_ordinary_private_texts_are_left_alone() -> None:
    """Texts between friends, chosen for their traps: only those the table knows about are taken for danger."""
    for row in table("ordinary"):
        codes = scan(row["reply_text"], "fr", words())
        assert "+".join(codes) == row["danger"] or set(codes) <= SAME_DAY, row["reply_text"]
    assert sum(bool(row["danger"]) for row in table("ordinary")) <= len(table("ordinary")) * 0.02
