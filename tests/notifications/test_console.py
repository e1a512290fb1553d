"""The quiet twin on a laptop prints, and never claims that anybody was reached."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from notifications.messages import Channel, Outgoing, Recipient, State
from notifications.transports.console import Console


def test_it_prints_one_line_and_calls_nothing_delivered() -> None:
    out = io.StringIO()
    message = Outgoing(3, Recipient(Channel.SMS, "+33639980001"), "+33199001234", "Suivi Baie : bonjour.")
    first, second = Console(out).send(message), Console(out).send(message)
    assert out.getvalue() == "SMS 3 -> +33639980001: Suivi Baie : bonjour.\n" * 2
    assert first.state is State.SENT
    assert first.carrier_id != second.carrier_id
    assert Console(out).find(message, after=datetime(2026, 11, 18, tzinfo=UTC)) == ()
