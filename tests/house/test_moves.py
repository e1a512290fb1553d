"""States are words with a table of moves: every pair is walked, and nothing that waits for a person can end in nothing."""

from __future__ import annotations

import importlib
from enum import StrEnum
from itertools import product
from typing import Any

import pytest

from app.alerts.models import ALERT_MOVES, REQUEST_MOVES, AlertState, RequestState
from app.care.contact_models import CONTACT_MOVES, LETTER_MOVES, TASK_MOVES, ContactState, LetterState, TaskState
from app.care.models import CALL_MOVES, ENROLMENT_MOVES, CallState, EnrolmentState
from app.checkins.models import CHECKIN_MOVES, CheckInState
from app.insight.models import HANDOVER_MOVES, HandoverState
from app.people.models import FOLLOW_UP_MOVES, FollowUp
from app.people.rota_models import ROAD_MOVES, RoadState
from app.treatment.import_models import FILE_MOVES, FileState
from tests.house.tree import code

Moves = dict[Any, set[Any]]
TABLES: dict[str, tuple[type[StrEnum], Moves]] = {
    "ALERT_MOVES": (AlertState, ALERT_MOVES),
    "CALL_MOVES": (CallState, CALL_MOVES),
    "CHECKIN_MOVES": (CheckInState, CHECKIN_MOVES),
    "CONTACT_MOVES": (ContactState, CONTACT_MOVES),
    "ENROLMENT_MOVES": (EnrolmentState, ENROLMENT_MOVES),
    "FILE_MOVES": (FileState, FILE_MOVES),
    "FOLLOW_UP_MOVES": (FollowUp, FOLLOW_UP_MOVES),
    "HANDOVER_MOVES": (HandoverState, HANDOVER_MOVES),
    "LETTER_MOVES": (LetterState, LETTER_MOVES),
    "REQUEST_MOVES": (RequestState, REQUEST_MOVES),
    "ROAD_MOVES": (RoadState, ROAD_MOVES),
    "TASK_MOVES": (TaskState, TASK_MOVES),
}


def _reached(moves: Moves, start: StrEnum) -> set[StrEnum]:
    found, to_walk = {start}, [start]
    while to_walk:
        for state in moves[to_walk.pop()] - found:
            found.add(state)
            to_walk.append(state)
    return found


def test_every_table_of_moves_is_walked_here() -> None:
    """A table that nobody walks is a promise nobody keeps."""
    models = [importlib.import_module(file.removesuffix(".py").replace("/", ".")) for file in code("app") if file.endswith("models.py")]
    assert {name for module in models for name in vars(module) if name.endswith("_MOVES")} == set(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_every_state_has_its_line_and_every_move_leads_to_a_state(table: str) -> None:
    states, moves = TABLES[table]
    assert set(moves) == set(states)
    assert set().union(*moves.values()) <= set(states)


@pytest.mark.parametrize("table", TABLES)
def test_every_state_can_be_reached_from_the_first(table: str) -> None:
    states, moves = TABLES[table]
    assert _reached(moves, next(iter(states))) == set(states)


@pytest.mark.parametrize("state", list(AlertState))
def test_an_alert_can_always_be_closed_and_always_come_back(state: AlertState) -> None:
    """No dead end loses an alert: from anywhere a person can take it, close it, and reopen it."""
    assert {AlertState.NEW, AlertState.TAKEN, AlertState.CLOSED} <= _reached(ALERT_MOVES, state)


def test_an_alert_is_never_closed_by_whom_it_does_not_belong_to() -> None:
    """From new one first takes: a click on a list must not close what nobody looked at."""
    assert [state for state in AlertState if AlertState.CLOSED in ALERT_MOVES[state]] == ["taken", "in_progress", "waiting"]


def test_only_what_is_over_has_no_way_out() -> None:
    """An expired check-in is over; silence is not: a late answer still counts. A death written by mistake is taken back (HZ-35)."""
    assert [state for state in CheckInState if not CHECKIN_MOVES[state]] == [CheckInState.EXPIRED]
    assert [state for state in FollowUp if not FOLLOW_UP_MOVES[state]] == []
    assert [state for state in CallState if not CALL_MOVES[state]] == [CallState.DONE, CallState.CANCELLED]
    assert [state for state in EnrolmentState if not ENROLMENT_MOVES[state]] == []
    assert [state for state in AlertState if not ALERT_MOVES[state]] == []
    assert [state for state in TaskState if not TASK_MOVES[state]] == [TaskState.DONE, TaskState.DECLINED, TaskState.LOST]
    assert [state for state in HandoverState if not HANDOVER_MOVES[state]] == [HandoverState.TAKEN], "what was signed does not change"
    assert [state for state in LetterState if not LETTER_MOVES[state]] == [LetterState.SENT]


@pytest.mark.parametrize(("before", "after"), list(product(CheckInState, CheckInState)))
def test_a_check_in_never_goes_back_to_before_it_was_asked(before: CheckInState, after: CheckInState) -> None:
    """Every pair: only what was cancelled is planned again, and nothing becomes expired once it was asked."""
    if after in CHECKIN_MOVES[before]:
        assert after is not CheckInState.PLANNED or before is CheckInState.CANCELLED
        assert after is not CheckInState.EXPIRED or before is CheckInState.PLANNED
        assert after is not CheckInState.SILENT or before in (CheckInState.OPEN, CheckInState.PARTIAL)
