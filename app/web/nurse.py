"""The nurse's screens: the worklist with the alert beside it."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from app.web.render import StaffPage

router = APIRouter()


@router.get("/")
def worklist(page: StaffPage) -> Response:
    """The list."""
    return page.page("worklist.html")
