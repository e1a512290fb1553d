"""Prints instead of sending: the quiet twin on a laptop."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import TextIO
from uuid import uuid4

from notifications.messages import Inbound, Outgoing, Receipt


class Console:
    """Writes each message to ``out``, standard output by default."""

    name = "console"

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out

    def send(self, message: Outgoing) -> Receipt:
        """One line per message. Always accepted, never called delivered: nobody was reached."""
        out = self._out or sys.stdout
        out.write(f"{message.to.channel.upper()} {message.id} -> {message.to.address}: {message.body}\n")
        out.flush()
        return Receipt(f"console-{uuid4().hex}")

    def find(self, message: Outgoing, *, after: datetime) -> Sequence[Receipt]:
        """A terminal remembers nothing: the line is printed again."""
        return ()

    def heard(self, number: str, *, after: datetime, before: datetime) -> Sequence[Inbound]:
        """Nobody answers a terminal."""
        return ()
