"""SEC-19, HZ-15: delivery states only move forward, whatever the order and number of callbacks."""

from __future__ import annotations

from itertools import permutations, product

import pytest

from notifications.messages import State, advance

FORWARD = [State.QUEUED, State.SENDING, State.SENT]
FINAL = [State.DELIVERED, State.UNDELIVERED, State.FAILED, State.EXPIRED]


def heard(news: tuple[State, ...], start: State = State.SENDING) -> State:
    state = start
    for word in news:
        state = advance(state, word)
    return state


@pytest.mark.parametrize("end", [State.DELIVERED, State.UNDELIVERED, State.FAILED])
def test_every_order_of_callbacks_ends_in_the_same_state(end: State) -> None:
    """SEC-19. queued, sending, sent, sent again and one end, in all 120 orders."""
    news = (State.QUEUED, State.SENDING, State.SENT, State.SENT, end)
    assert {heard(order) for order in permutations(news)} == {end}


def test_without_an_end_the_furthest_word_stands() -> None:
    assert {heard(order) for order in permutations((State.QUEUED, State.SENT, State.SENDING))} == {State.SENT}


@pytest.mark.parametrize(("first", "later"), [(a, b) for a, b in product(FINAL, [*FORWARD, *FINAL])])
def test_a_final_state_stays(first: State, later: State) -> None:
    """SEC-19: a late callback cannot undo a final state."""
    assert advance(first, later) is first
    assert first.is_final


@pytest.mark.parametrize(("current", "new"), [(a, b) for i, a in enumerate(FORWARD) for b in FORWARD[: i + 1]])
def test_nothing_moves_backwards(current: State, new: State) -> None:
    assert advance(current, new) is current
    assert not current.is_final
