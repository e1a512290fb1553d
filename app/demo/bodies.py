"""What each fictional body goes through: scores 0-4 by symptom and day, a temperature, tablets taken.

Only plausible, never a claim: shares of people touched and median first days follow the labels named in ``RATES``; the shapes of
episodes are our own assumption (2026-11-22), chosen so that charts have something to show.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.demo.dice import Dice
from app.demo.ward import Person

RATES: dict[str, dict[str, tuple[int, int, int]]] = {
    # US label of capecitabine, pooled phase 3, n=596
    "capecitabine": {
        "diarrhea": (55, 15, 34),
        "hand_foot": (54, 17, 40),
        "nausea": (43, 4, 6),
        "fatigue": (42, 4, 21),
        "vomiting": (27, 4, 8),
        "mouth_sores": (25, 2, 16),
    },
    # RESONATE, as read in the label of ibrutinib
    "ibrutinib": {
        "diarrhea": (48, 4, 20),
        "fatigue": (28, 2, 21),
        "bruising": (12, 0, 28),
    },
    # US label of sunitinib, first-line renal cell carcinoma, n=375; hypertension stands for a high reading at home
    "sunitinib": {
        "diarrhea": (66, 10, 20),
        "fatigue": (62, 15, 21),
        "mouth_sores": (47, 3, 16),
        "hand_foot": (29, 8, 28),
        "pressure": (34, 13, 18),
    },
}
"""Agent, symptom (code of the protocols): per cent ever touched, per cent grade 3 or more, median first day (where no trial gives one,
the default of its class)."""

WORSENS = {"capecitabine": ("diarrhea", "mouth_sores"), "ibrutinib": ("diarrhea", "fatigue"), "sunitinib": ("fatigue", "mouth_sores")}
LAST_DAYS = 9
"""A person whose bent is to worsen does so over the last days before the demonstration opens."""


@dataclass(frozen=True)
class Arc:
    """One episode: it begins on ``onset``, climbs a point every ``step`` days to ``peak``, stays, then falls a point every four days."""

    onset: int
    peak: int
    step: int
    stays: int

    def score(self, day: int) -> int:
        """The score of this day, 0-4."""
        if day < self.onset:
            return 0
        climbed = min(self.peak, 1 + (day - self.onset) // self.step)
        over = day - (self.onset + (self.peak - 1) * self.step + self.stays)
        return max(0, climbed - max(0, -(-over // 4)))


class Body:
    """One person's weeks. ``day`` counts from the first intake, 0 on it."""

    def __init__(self, person: Person, dice: Dice) -> None:
        self.person, self._dice = person, dice
        self._arcs = {symptom: self._episodes(symptom, rates) for symptom, rates in RATES[person.agent].items()}
        if person.bent == "worsening":
            for place, symptom in enumerate(WORSENS[person.agent]):
                self._arcs[symptom].append(Arc(person.began - LAST_DAYS + 2 * place, 4 - place, 3, 8))
        if person.bent == "tired":
            self._arcs["fatigue"].append(Arc(person.began - 4, 2, 3, 10))

    def _episodes(self, symptom: str, rates: tuple[int, int, int]) -> list[Arc]:
        ever, severe, onset = rates
        mild = 0.35 if self.person.bent == "steady" else 0.8
        found = []
        for turn in range(3):
            names = (self.person.key, symptom, turn)
            if not self._dice.happens(mild * ever / 100, *names, "ever"):
                continue
            first = int(self._dice.around(onset, 0.6, *names, "onset")) + 24 * turn
            peak = 3 if self._dice.happens(severe / max(ever, 1), *names, "severe") else 1 + self._dice.happens(0.3, *names, "peak")
            found.append(Arc(first, peak, 3, int(self._dice.between(3, 9, *names, "stays"))))
        return found

    def score(self, symptom: str, day: int, *, held_for: int = 0) -> int:
        """The score a question about this symptom would get, 0-4. held_for: days since the team stopped the tablets."""
        worst = max((arc.score(day) for arc in self._arcs.get(symptom, ())), default=0)
        return max(0, worst - held_for // 3)

    def temperature(self, day: int) -> float:
        """°C with one decimal: 36.3 to 37.4, or a fever of two days for those whose bent it is."""
        if self.person.bent == "feverish" and (day % 23) in (15, 16) and day < self.person.began - 2:
            return round(self._dice.between(38.1, 38.9, self.person.key, "fever", day), 1)
        return round(self._dice.between(36.3, 37.4, self.person.key, "temperature", day), 1)

    def weight(self, day: int) -> float:
        """kg with one decimal: a slow drift, faster in those who worsen."""
        base = self._dice.between(52, 88, self.person.key, "weight")
        drift = 0.05 if self.person.bent == "worsening" else 0.01
        return round(base - drift * day + self._dice.between(-0.4, 0.4, self.person.key, "scales", day), 1)

    def tablets(self, day: int, *, on_day: bool) -> str:
        """The week's intakes in the codebook's form: all, missed:2, extra:1, off_day."""
        luck = self._dice.chance(self.person.key, "tablets", day)
        if self.person.bent == "overtaking" and luck < 0.45:
            return "extra:1" if on_day else "extra:2"
        if self.person.bent == "forgetting" and luck < 0.6:
            return f"missed:{1 + int(luck * 7)}"
        return "missed:1" if luck > 0.95 else "all"
