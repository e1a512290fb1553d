"""Adherence as arithmetic on values: taken against due, supplies, dose intensity, four sources. Each figure has its definition."""

from triage.adherence.definitions import DEFINITIONS
from triage.adherence.figures import REASONS, Figure, plain
from triage.adherence.sources import SOURCES, TOLERANCE, Counted, Reconciled, pill_count, reconcile
from triage.adherence.supplies import Fill, Window, mpr, pdc
from triage.adherence.taking import CAUSES, Persistence, Reported, Taking, day_by_day, persistence, rdi, taking, weekly_seconds

__all__ = [
    "CAUSES",
    "DEFINITIONS",
    "REASONS",
    "SOURCES",
    "TOLERANCE",
    "Counted",
    "Figure",
    "Fill",
    "Persistence",
    "Reconciled",
    "Reported",
    "Taking",
    "Window",
    "day_by_day",
    "mpr",
    "pdc",
    "persistence",
    "pill_count",
    "plain",
    "rdi",
    "reconcile",
    "taking",
    "weekly_seconds",
]
