"""Every reader's pages, in one list. A new screen: import its module, add its router, and its line in the top bar if it has one."""

from __future__ import annotations

from fastapi import APIRouter

from app.web import accounts, nurse
from app.web.render import NAVIGATION, Link

ROUTERS: list[APIRouter] = [accounts.router, nurse.router]

TOP_BAR: list[Link] = []
"""Links after the list: Link(key of the words, address, ability, demo_only)."""

NAVIGATION.extend(link for link in TOP_BAR if link not in NAVIGATION)
