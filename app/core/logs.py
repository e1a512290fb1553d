"""Logs that hold no body, number, name, token or value (SEC-29): what may appear is listed, everything else is struck out."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

SAFE = frozenset(
    {
        "action",
        "address_kind",
        "alert_id",
        "attempt",
        "carrier",
        "checkin_id",
        "code",
        "count",
        "environment",
        "error",
        "host",
        "job",
        "kind",
        "level",
        "logger",
        "message_id",
        "method",
        "milliseconds",
        "name_of_tick",
        "next_step",
        "path",
        "patient_id",
        "port",
        "purpose",
        "reason",
        "revision",
        "route",
        "seconds",
        "service_id",
        "staff_id",
        "state",
        "status",
        "task_id",
        "tick",
        "timestamp",
        "transport",
        "where",
    }
)
"""Names a log line may carry: row numbers, words of closed lists, durations. A name that is not here is written "[struck out]"."""

_NUMBER = re.compile(r"\+?\d(?:[ .-]?\d){7,}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22,}")
_KEPT = ("event", "exception", "exc_info", "_record", "_from_structlog")

Event = MutableMapping[str, Any]


class _StandardError(logging.Handler):
    """One line per record, to whatever standard error is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except Exception:
            self.handleError(record)


def set_up(level: str) -> None:
    """Send every log line of the process, libraries included, through the same sieve to standard error. Raises ValueError for an
    unknown level."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        strike_out,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = _StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer(ensure_ascii=False)],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for talkative in ("alembic", "apscheduler", "httpx2", "httpcore2", "twilio"):
        logging.getLogger(talkative).setLevel(max(logging.WARNING, root.level))


def strike_out(_logger: object, _method: str, event: Event) -> Event:
    """Keep what is listed, scrub free text of numbers and tokens, tell exceptions by kind and place but never by message."""
    for key, value in list(event.items()):
        if key in _KEPT:
            continue
        event[key] = scrubbed(value) if key in SAFE else "[struck out]"
    event["event"] = scrubbed(event.get("event", ""))
    if given := event.pop("exc_info", None):
        # A message may quote a patient's words (a refused row, a refused field): the kind and the place are enough to find the cause.
        event["exception"] = told(given if isinstance(given, BaseException) else sys.exc_info()[1])
    record = event.get("_record")
    if record is not None and record.exc_info:
        event["exception"] = told(record.exc_info[1])
        record.exc_info, record.exc_text = None, None
    return event


def scrubbed(value: object) -> object:
    """Telephone numbers and tokens struck out of a text; a time stamp and anything that is not a text stays."""
    if not isinstance(value, str) or re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", value):
        return value
    return _NUMBER.sub("[number]", _TOKEN.sub("[token]", value))  # in this order: digits cut out of a token would leave the rest of it


def told(error: BaseException | None) -> str:
    """An exception without its message: "KeyError at app/web/hooks.py:41 inbound < ..."; innermost first, eight places at most."""
    if error is None:
        return ""
    places = [f"{'/'.join(f.filename.split('/')[-3:])}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]
    cause = f", from {told(error.__cause__)}" if error.__cause__ else ""
    return f"{type(error).__name__} at {' < '.join(reversed(places[-8:]))}{cause}"
