"""The lines of a handover: each thing said once to the next shift, as facts that the screens word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.alerts.models import AlertEvent
from triage.terms import Level


@dataclass(frozen=True)
class Line:
    """One thing said to the next shift. kind: a word of the screens. key: the row of the list it stands in. name: the patient's, or "".

    by: when it must be done, or what hour was promised; None for what only happened. owner, gone, ended, comes: who has it, and in words
    why they do not see to it any more, since when, and when they come again. row: what it was read from. steps: of an open alert, what
    raised it; of a changed one, what happened to it, oldest first. detail: of an open alert, the scores of its check-in; of a line of the
    trail, what it says.
    """

    kind: str
    at: datetime
    key: str
    patient_id: int | None = None
    name: str = ""
    level: Level = Level.NONE
    by: datetime | None = None
    owner_id: int | None = None
    owner: str = ""
    gone: str = ""
    ended: datetime | None = None
    comes: datetime | None = None
    row: Any = None
    address: str = ""
    steps: tuple[AlertEvent, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Left:
    """A whole handover as facts, for one viewer at one hour. since: from when on the changes are read."""

    since: datetime
    open: Sequence[Line]
    promised: Sequence[Line]
    changed: Sequence[Line]

    @property
    def lines(self) -> list[Line]:
        """Every line in order."""
        return [*self.open, *self.promised, *self.changed]

    @property
    def patients(self) -> list[int]:
        """Whom it names, each once."""
        return list(dict.fromkeys(line.patient_id for line in self.lines if line.patient_id is not None))
