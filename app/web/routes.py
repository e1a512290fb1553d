"""Every reader's pages, in one list. A new screen: import its module, add its router, and its line in the top bar if it has one."""

from __future__ import annotations

from fastapi import APIRouter

from app.web import accounts, coordinator, health, hooks, live, phones, protocols, service, staff
from app.web.api import every as api
from app.web.care import acting, calling, following, incoming, live_numbers, noted, planned, seeing
from app.web.doctor import home, requests
from app.web.form import guard, pages, who
from app.web.patient import (
    absences,
    chart,
    documents,
    grading,
    numbers,
    particulars,
    printed,
    reaching,
    results,
    tablets,
    timeline,
    watching,
)
from app.web.render import NAVIGATION, Link
from app.web.rota import achieved, routing, storm, testing, week
from app.web.ward import acts, handover, listing, nurse, sharing

ROUTERS: list[APIRouter] = [
    accounts.router,
    live.router,
    listing.router,
    nurse.router,
    acts.router,
    handover.router,
    chart.router,
    tablets.router,
    grading.router,
    particulars.router,
    absences.router,
    documents.router,
    watching.router,
    results.router,
    timeline.router,
    printed.router,
    reaching.router,
    seeing.router,
    acting.router,
    calling.router,
    planned.router,
    incoming.router,
    noted.router,
    following.router,
    live_numbers.router,
    numbers.router,
    sharing.router,
    home.router,
    requests.router,
    coordinator.router,
    service.router,
    staff.router,
    week.router,
    routing.router,
    achieved.router,
    storm.router,
    testing.router,
    protocols.router,
    api.router,
    hooks.router,
    health.router,
    phones.router,
    guard.router,
    pages.router,
    who.router,
]

TOP_BAR: list[Link] = [
    Link("nav.doctor", "/doctor", "answer_requests"),
    Link("nav.calls", "/calls", "see_alerts"),
    Link("nav.handover", "/handover", "see_alerts"),
    Link("nav.patients", "/patients", "open_chart"),
    Link("nav.enrol", "/enrol", "enrol"),
    Link("nav.programmes", "/programmes", "open_chart"),
    Link("nav.protocols", "/protocols", "read_protocols"),
    Link("nav.rota", "/rota", "see_alerts"),
    Link("nav.service", "/service", "manage_service"),
    Link("nav.staff", "/staff", "manage_staff"),
    Link("nav.phones", "/phones", "see_alerts", demo_only=True),
]
"""Links after the list: Link(key of the words, address, ability, demo_only)."""

NAVIGATION.extend(link for link in TOP_BAR if link not in NAVIGATION)
