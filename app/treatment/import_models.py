"""Table of the files of results that somebody brought: tried first, then written or dropped."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class FileState(StrEnum):
    """tried → written | dropped. While tried, no measure of it exists."""

    TRIED = "tried"
    WRITTEN = "written"
    DROPPED = "dropped"


FILE_MOVES = {
    FileState.TRIED: {FileState.WRITTEN, FileState.DROPPED},
    FileState.WRITTEN: set[FileState](),
    FileState.DROPPED: set[FileState](),
}
"""What was written is corrected value by value: a file is never taken back whole."""


class ResultFile(Base):
    """A file of results. patient_id: every row is this patient's; None: each row names its own, of this service.

    text: the file as it came, emptied once it is settled: the values are measures then, or were refused. aside: the rows that could not
    stand, [{"line", "cells", "why": [{"sentence", "values"}]}, ...]. written, known: rows kept as measures, rows that were kept before.
    """

    __tablename__ = "result_file"
    __table_args__ = (Index("ix_result_file_story", "service_id", "tried_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patient.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12), default=FileState.TRIED)
    written: Mapped[int] = mapped_column(default=0)
    known: Mapped[int] = mapped_column(default=0)
    aside: Mapped[list[Any]] = mapped_column(default=list)
    tried_by: Mapped[str] = mapped_column(String(60))
    tried_by_name: Mapped[str] = mapped_column(String(200))
    tried_at: Mapped[datetime]
    settled_by_name: Mapped[str] = mapped_column(String(200), default="")
    settled_at: Mapped[datetime | None]
