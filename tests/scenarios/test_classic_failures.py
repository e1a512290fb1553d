"""Each classic failure of texting with patients has its golden dialogue, or names the test that holds it where no dialogue can show it.

The numbers U1 to U47 are those of the list of user demands: transport, identity, STOP, time, sessions. What they are stands beside.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
TITLES = {path.stem: path.read_text(encoding="utf-8").splitlines()[0] for path in (TESTS / "scenarios" / "transcripts").glob("*.txt")}

ELSEWHERE = {
    "U8 status calls in any order": "app/messaging/test_outbox.py::test_every_order_of_callbacks_ends_delivered_and_all_are_kept",
    "U9 an older status lands last": "app/messaging/test_outbox.py::test_an_end_stays",
    "U10 two calls in the same second": "app/messaging/test_outbox.py::test_every_order_of_callbacks_ends_delivered_and_all_are_kept",
    "U12 pending": "app/messaging/test_outbox.py::test_sent_without_report_counts_as_not_arrived",
    "U13 an outage hidden in an average": "app/insight/test_watch.py::test_a_text_that_does_not_leave",
    "U16 families share a telephone": "app/checkins/test_links.py::test_two_people_on_one_telephone_get_a_link_each",
    "U18 a changed number, messages already planned": "app/messaging/test_outbox.py::test_a_new_number_reaches_what_is_already_queued",
    "U19 two contacts become one": "app/checkins/test_changed_numbers.py::test_somebody_who_writes_from_a_new_number_stays_nobody",
    "U32 a window computed in UTC": "app/checkins/test_planning.py::test_the_clocks_go_back_in_paris_and_not_in_saint_denis",
    "U36 several schedulers": "app/checkins/test_opening.py::test_two_workers_never_ask_twice",
    "U37 a time to live for each message": "app/messaging/test_postman.py::test_a_message_carries_how_long_it_is_worth",
    "U40 draft and in force": "app/protocols/test_versions.py::test_nothing_holds_before_its_date_or_under_another_name",
    "U45 an old answer in its own version": "app/checkins/test_opening.py::test_a_running_check_in_keeps_the_version_it_began_with",
    "U46 hidden by branching": "app/checkins/test_limits.py::test_an_answer_that_is_no_longer_asked_for_stays_and_blocks_nothing",
    "U47 previews open links": "app/web/test_patient_guard.py::test_fifty_looks_by_a_bot_then_the_patient_submits_once",
}


def shown() -> set[str]:
    return {number for title in TITLES.values() for number in re.findall(r"\bU\d+\b", title)}


@pytest.mark.parametrize("number", [f"U{n}" for n in range(1, 48)])
def test_every_classic_failure_is_held_somewhere(number: str) -> None:
    elsewhere = [place for name, place in ELSEWHERE.items() if name.split()[0] == number]
    assert number in shown() or elsewhere
    for place in elsewhere:
        file, _, name = place.partition("::")
        assert re.search(rf"^def {name}", (TESTS / file).read_text(encoding="utf-8"), re.MULTILINE), place


def test_what_has_a_dialogue_is_not_listed_elsewhere() -> None:
    assert {name.split()[0] for name in ELSEWHERE} & shown() == set()


def test_forty_golden_dialogues() -> None:
    """Without those of somebody who has not read the reader."""
    assert len([name for name in TITLES if not name.startswith("outsider_")]) >= 42
