"""Who did what to whom, from what to what, and why: append-only rows in one keyed chain per service.

The database refuses to change or delete a row (triggers on both engines; on PostgreSQL the application's role also lacks the right).
Each row carries a keyed hash of its content and of the row before, so that ``verify`` names the first altered, missing or
reordered row. The head remembers how many rows there are: a cut tail is seen too.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import String, Text, UniqueConstraint, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import clock
from app.core.db import Base

PLATFORM = 0
"""The chain of acts that belong to no service (first administrator, migrations, configuration)."""


class _Seal:
    """The key of the chains, set once at start."""

    key = b"unset"


def use_key(key: bytes) -> None:
    """Set the key of the chain once, at start (derived from the one secret)."""
    _Seal.key = key


@dataclass(frozen=True)
class Actor:
    """Who acts. kind: staff, patient, respondent, service (a token), system. ``id`` is the row of that kind, 0 for the system."""

    kind: str
    id: int
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


SYSTEM = Actor("system", 0, "Vigie")


class AuditRow(Base):
    """One act. ``at`` is real time even when the demonstration's clock is turned; ``acted_at`` is the clock the act was done under."""

    __tablename__ = "audit"
    __table_args__ = (UniqueConstraint("chain", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    chain: Mapped[int] = mapped_column(index=True)
    seq: Mapped[int]
    at: Mapped[datetime]
    acted_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(60))
    actor_name: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(60), index=True)
    subject: Mapped[str] = mapped_column(String(80))
    patient_id: Mapped[int | None] = mapped_column(index=True)
    change: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(Text, default="")
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """The end of each chain; its row is locked by whoever appends, which keeps the order without a global lock."""

    __tablename__ = "audit_head"

    chain: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True)
class Act:
    """What was done. ``subject`` is "kind:id". before/after: any JSON value, None when there is none."""

    action: str
    subject: str
    patient_id: int | None = None
    before: object = None
    after: object = None
    reason: str = ""


def record(
    session: Session,
    *,
    actor: Actor,
    action: str,
    subject: str,
    service_id: int | None,
    now: datetime,
    patient_id: int | None = None,
    before: object = None,
    after: object = None,
    reason: str = "",
) -> None:
    """Append one act in the caller's transaction; its fields as in ``Act``."""
    act = Act(action, subject, patient_id, before, after, reason)
    record_all(session, [act], actor=actor, service_id=service_id, now=now)


def record_all(session: Session, acts: Iterable[Act], *, actor: Actor, service_id: int | None, now: datetime) -> None:
    """Append what one person did at one moment to one chain, in this order."""
    chain = service_id or PLATFORM
    head = session.scalar(select(AuditHead).where(AuditHead.chain == chain).with_for_update())
    if head is None:
        head = AuditHead(chain=chain, seq=0, hash="")
        session.add(head)
        session.flush()
    rows = []
    for act in acts:
        # One zone for ever: the seal is computed again from rows that come back in UTC.
        values = {
            "chain": chain,
            "seq": head.seq + 1,
            "at": clock.wall(),
            "acted_at": now.astimezone(UTC),
            "actor": str(actor),
            "actor_name": actor.name,
            "action": act.action,
            "subject": act.subject,
            "patient_id": act.patient_id,
            "change": {key: value for key, value in (("before", act.before), ("after", act.after)) if value is not None},
            "reason": act.reason,
            "previous": head.hash,
        }
        digest = _digest(values)
        rows.append({**values, "hash": digest})
        head.seq, head.hash = head.seq + 1, digest
    if rows:
        session.execute(insert(AuditRow), rows)
    session.flush()


def _digest(values: dict[str, Any]) -> str:
    plain = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in values.items()}
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hmac.new(_Seal.key, text.encode(), hashlib.sha256).hexdigest()


def verify(session: Session) -> Iterator[str]:
    """Walk every chain; yield one sentence naming the first bad row of each bad chain. Nothing yielded: all is whole."""
    heads = {head.chain: head for head in session.scalars(select(AuditHead))}
    chains = sorted(set(heads) | set(session.scalars(select(AuditRow.chain).distinct())))
    for chain in chains:
        problem = _first_problem(session, chain, heads.get(chain))
        if problem:
            yield problem


def _first_problem(session: Session, chain: int, head: AuditHead | None) -> str | None:
    expected, previous = 1, ""
    rows = select(AuditRow).where(AuditRow.chain == chain).order_by(AuditRow.seq).execution_options(yield_per=1000)
    # Closed at the first bad row: a cursor left half read would hold its place on the server.
    with session.scalars(rows) as walk:
        for row in walk:
            name = f"chain {chain}, row {row.seq} (id {row.id}, {row.action})"
            if row.seq != expected:
                return f"chain {chain}, row {expected} is missing: the next one found is row {row.seq} (id {row.id})"
            if row.previous != previous:
                return f"{name} does not follow the row before it: a row was altered, moved or replaced"
            values = {column: getattr(row, column) for column in _SIGNED}
            if not hmac.compare_digest(_digest(values), row.hash):
                return f"{name} was altered: its content does not match its seal"
            expected, previous = expected + 1, row.hash
    if head is None:
        return f"chain {chain} has rows but no head: the table of heads was altered"
    if (head.seq, head.hash) != (expected - 1, previous):
        return f"chain {chain}, row {expected} is missing: the head remembers {head.seq} rows, {expected - 1} were found"
    return None


_SIGNED = ("chain", "seq", "at", "acted_at", "actor", "actor_name", "action", "subject", "patient_id", "change", "reason", "previous")
