"""Conditions on the day, medicines, silence, what the reader saw: what they find, and every word a nurse reads of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.triage.conditions.book import TODAY, Said, day, past, said
from triage.terms import Escalate, Exposure, Level

CYCLES = {"cycle": [2, 3]}
CYCLE_DAYS = {"cycle_day": [3, 16]}
TREATMENT = {"treatment_day": [10, 150]}
EARLY = {"window": "early"}
MONTHS = {"window": "months"}
WARFARIN = {"exposed_to": "warfarin"}
WASHOUT = {"exposed_to": "warfarin", "within_days": "n7"}
TAKEN = {"adherence_below": "n80"}
SILENT = {"silences": "n3"}
AFTER = {"last_level": "moderate"}
DANGERS = {"danger": ["bleeding", "syncope"]}

ROWS: list[tuple[dict[str, Any], dict[str, Any], Said]] = [
    # condition, context, (met, near, French, English, waits)
    (CYCLES, {"cycle": 1}, (False, False, "cycle 1", "cycle 1", ())),
    (CYCLES, {"cycle": 2}, (True, False, "cycle 2", "cycle 2", ())),
    (CYCLES, {"cycle": 3}, (True, False, "cycle 3", "cycle 3", ())),
    (CYCLES, {"cycle": 4}, (False, False, "cycle 4", "cycle 4", ())),
    (CYCLES, {"cycle_day": 2}, (None, False, "cycle inconnu", "cycle unknown", ())),
    (CYCLE_DAYS, {"cycle_day": 2}, (False, False, "jour 2 du cycle", "day 2 of the cycle", ())),
    (CYCLE_DAYS, {"cycle_day": 3}, (True, False, "jour 3 du cycle", "day 3 of the cycle", ())),
    (CYCLE_DAYS, {"cycle_day": 16}, (True, False, "jour 16 du cycle", "day 16 of the cycle", ())),
    (CYCLE_DAYS, {"cycle_day": 17}, (False, False, "jour 17 du cycle", "day 17 of the cycle", ())),
    (CYCLE_DAYS, {"treatment_day": 4}, (None, False, "jour du cycle inconnu", "day of cycle unknown", ())),
    (TREATMENT, {"treatment_day": 9}, (False, False, "jour 9 du traitement", "day 9 of treatment", ())),
    (TREATMENT, {"treatment_day": 10}, (True, False, "jour 10 du traitement", "day 10 of treatment", ())),
    (TREATMENT, {"treatment_day": 150}, (True, False, "jour 150 du traitement", "day 150 of treatment", ())),
    (TREATMENT, {"treatment_day": 151}, (False, False, "jour 151 du traitement", "day 151 of treatment", ())),
    (TREATMENT, {"cycle_day": 12}, (None, False, "jour de traitement inconnu", "day of treatment unknown", ())),
    ({"on_day": True}, {"on_day": True}, (True, False, "jour de prise", "day on treatment", ())),
    ({"on_day": True}, {"on_day": False}, (False, False, "jour de pause", "rest day", ())),
    ({"on_day": False}, {"on_day": False}, (True, False, "jour de pause", "rest day", ())),
    ({"on_day": False}, {}, (None, False, "jour de prise ou de pause : inconnu", "day on or off: unknown", ())),
    (
        EARLY,
        {"cycle": 1, "cycle_day": 3},
        (True, False, "dans la fenêtre à risque early", "inside the risk window early", ()),
    ),
    (
        EARLY,
        {"cycle": 1, "cycle_day": 17},
        (False, False, "hors de la fenêtre à risque early", "outside the risk window early", ()),
    ),
    (EARLY, {"cycle": 2}, (False, False, "hors de la fenêtre à risque early", "outside the risk window early", ())),
    (EARLY, {"cycle_day": 2}, (False, False, "hors de la fenêtre à risque early", "outside the risk window early", ())),
    (
        EARLY,
        {"cycle": 1},
        (None, False, "jour inconnu pour la fenêtre à risque early", "day unknown for the risk window early", ()),
    ),
    (
        MONTHS,
        {"cycle": 9, "cycle_day": 1, "treatment_day": 150},
        (True, False, "dans la fenêtre à risque months", "inside the risk window months", ()),
    ),
    (MONTHS, {"treatment_day": 9}, (False, False, "hors de la fenêtre à risque months", "outside the risk window months", ())),
    (WARFARIN, {}, (None, False, "warfarin : prise non renseignée", "warfarin: intake not recorded", ())),
    (
        WARFARIN,
        {"exposures": {"warfarin": Exposure(day(-1))}},
        (False, False, "warfarin : pas encore commencé", "warfarin: not begun yet", ()),
    ),
    (WARFARIN, {"exposures": {"warfarin": Exposure(TODAY)}}, (True, False, "warfarin : en cours", "warfarin: being taken", ())),
    (
        WARFARIN,
        {"exposures": {"warfarin": Exposure(day(9), TODAY)}},
        (True, False, "warfarin : en cours", "warfarin: being taken", ()),
    ),
    (
        WARFARIN,
        {"exposures": {"warfarin": Exposure(day(9), day(1))}},
        (False, False, "warfarin : arrêté depuis 1 j", "warfarin: stopped 1 d ago", ()),
    ),
    (
        WASHOUT,
        {"exposures": {"warfarin": Exposure(day(90), day(7))}},
        (True, False, "warfarin : arrêté depuis 7 j", "warfarin: stopped 7 d ago", ()),
    ),
    (
        WASHOUT,
        {"exposures": {"warfarin": Exposure(day(90), day(8))}},
        (False, False, "warfarin : arrêté depuis 8 j", "warfarin: stopped 8 d ago", ()),
    ),
    (TAKEN, {}, (None, False, "prises sur 28 jours : inconnues", "doses over 28 days: unknown", ())),
    (
        TAKEN,
        {"adherence": Decimal("79.9")},
        (
            True,
            False,
            "prises correctes sur 28 jours : 79,9 % (seuil < 80 %)",
            "correct doses over 28 days: 79.9 % (threshold < 80 %)",
            (),
        ),
    ),
    (
        TAKEN,
        {"adherence": Decimal(80)},
        (
            False,
            False,
            "prises correctes sur 28 jours : 80 % (seuil < 80 %)",
            "correct doses over 28 days: 80 % (threshold < 80 %)",
            (),
        ),
    ),
    (SILENT, {}, (False, False, "bilans sans réponse : 0 (seuil ≥ 3)", "unanswered check-ins: 0 (threshold ≥ 3)", ())),
    (SILENT, {"silences": 1}, (False, False, "bilans sans réponse : 1 (seuil ≥ 3)", "unanswered check-ins: 1 (threshold ≥ 3)", ())),
    (SILENT, {"silences": 2}, (False, True, "bilans sans réponse : 2 (seuil ≥ 3)", "unanswered check-ins: 2 (threshold ≥ 3)", ())),
    (SILENT, {"silences": 3}, (True, False, "bilans sans réponse : 3 (seuil ≥ 3)", "unanswered check-ins: 3 (threshold ≥ 3)", ())),
    (
        {"silences": "n1"},
        {},
        (False, False, "bilans sans réponse : 0 (seuil ≥ 1)", "unanswered check-ins: 0 (threshold ≥ 1)", ()),
    ),
    (AFTER, {}, (False, False, "pas de bilan précédent", "no earlier check-in", ())),
    (
        AFTER,
        {"past": (past(2, Level.MODERATE), past(4))},
        (True, False, "niveau du bilan précédent : modéré", "level of the check-in before: moderate", ()),
    ),
    (
        AFTER,
        {"past": (past(2, Level.INFO), past(4, Level.URGENT))},
        (False, False, "niveau du bilan précédent : tâche", "level of the check-in before: task", ()),
    ),
    (
        DANGERS,
        {"dangers": ("syncope", "fever", "bleeding")},
        (
            True,
            False,
            "signe de danger écrit : malaise avec perte de connaissance, saignement",
            "danger sign written: fainting, bleeding",
            (),
        ),
    ),
    (DANGERS, {"dangers": ("fever",)}, (False, False, "signe de danger écrit : aucun", "danger sign written: none", ())),
    (
        {"reader": "nurse"},
        {"escalate": Escalate.NURSE},
        (True, False, "plancher de lecture : infirmière", "floor of the reader: nurse", ()),
    ),
    (
        {"reader": "nurse"},
        {"escalate": Escalate.URGENT},
        (True, False, "plancher de lecture : urgent", "floor of the reader: urgent", ()),
    ),
    ({"reader": "nurse"}, {}, (False, False, "plancher de lecture : personne", "floor of the reader: nobody", ())),
    (
        {"reader": "urgent"},
        {"escalate": Escalate.URGENT},
        (True, False, "plancher de lecture : urgent", "floor of the reader: urgent", ()),
    ),
    (
        {"reader": "urgent"},
        {"escalate": Escalate.NURSE},
        (False, False, "plancher de lecture : infirmière", "floor of the reader: nurse", ()),
    ),
]


@pytest.mark.parametrize(("spec", "context", "expected"), ROWS)
def test_what_a_condition_on_the_context_says(spec: dict[str, Any], context: dict[str, Any], expected: Said) -> None:
    """Both ends of a range count; a day, an intake or a dose that nobody knows is undecided, never outside."""
    assert said(spec, {}, **context) == expected
