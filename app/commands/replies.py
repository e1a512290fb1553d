"""Replies from a file, read as the service would read them: CSV in, CSV out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.tables import Row, one_of, through
from app.protocols.words import words
from triage import replies
from triage.terms import Asked, Kind

WANTED = ("lang", "question_kind", "reply_text")
ADDED = ("kind", "value", "must_escalate")
LANGUAGES = ("fr", "en", "rcf", "")
"""An empty cell is missing: every language is searched in any case, and a reply to nothing is read as such."""


def read_replies(
    source: Annotated[Path, typer.Argument(metavar="IN", help="CSV with lang, question_kind and reply_text; - for standard input.")],
    out: Annotated[Path, typer.Option("--out", help="Where the CSV goes; - for standard output.")],
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave bad rows out and list them on standard error.")] = False,
) -> None:
    """Read replies: adds kind, value and must_escalate to each row."""
    lists = words()

    def answer(row: Row) -> Row:
        lang = one_of(row, "lang", LANGUAGES)
        kind = one_of(row, "question_kind", [*(kind.value for kind in Kind), ""])
        understood = replies.read(row["reply_text"], Asked(Kind(kind or "none")), lang, lists)
        return dict(zip(ADDED, (understood.heard.value, understood.value, understood.escalate.value), strict=True))

    through(source, out, wanted=WANTED, added=ADDED, answer=answer, skip_bad=skip_bad)
