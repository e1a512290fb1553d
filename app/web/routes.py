"""Every reader's pages, in one list. A new screen: import its module, add its router, and its line in the top bar if it has one."""

from __future__ import annotations

from fastapi import APIRouter

from app.web import (
    accounts,
    api_grades,
    chart,
    coordinator,
    grading,
    health,
    hooks,
    live,
    nurse,
    particulars,
    phones,
    protocols,
    service,
    tablets,
)
from app.web.render import NAVIGATION, Link

ROUTERS: list[APIRouter] = [
    accounts.router,
    live.router,
    nurse.router,
    chart.router,
    tablets.router,
    grading.router,
    particulars.router,
    coordinator.router,
    service.router,
    protocols.router,
    api_grades.router,  # the whole JSON interface: it registers its addresses on api.router
    hooks.router,
    health.router,
    phones.router,
]

TOP_BAR: list[Link] = [
    Link("nav.enrol", "/enrol", "enrol"),
    Link("nav.patients", "/patients", "open_chart"),
    Link("nav.protocols", "/protocols", "read_protocols"),
    Link("nav.service", "/service", "manage_service"),
    Link("nav.phones", "/phones", "see_alerts", demo_only=True),
]
"""Links after the list: Link(key of the words, address, ability, demo_only)."""

NAVIGATION.extend(link for link in TOP_BAR if link not in NAVIGATION)
