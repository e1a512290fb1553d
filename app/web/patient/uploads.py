"""A file that a browser sends: its bytes, never more of them than its craft accepts."""

from __future__ import annotations

from typing import Annotated

from fastapi import File, UploadFile

Uploaded = Annotated[UploadFile | None, File()]


def content_of(file: UploadFile | None, *, most: int) -> bytes:
    """The first bytes of a file, one more than ``most`` at the most: its craft sees that it is too large. b"" without a file."""
    return file.file.read(most + 1) if file is not None else b""
