"""Chance that can be replayed: every draw is a function of its names, so that the same ward lives the same story from the same seed.

No state is kept between draws. A life that was interrupted goes on exactly as it would have gone, and one person's luck never
depends on how many others there are.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import TypeVar

T = TypeVar("T")

_NORMAL = NormalDist()


class Dice:
    """Draws named by what they decide: ``dice.chance(patient, "replies", day)``. Not for secrets."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def chance(self, *names: object) -> float:
        """Uniform in [0, 1)."""
        digest = hashlib.blake2b(repr((self.seed, *map(str, names))).encode(), digest_size=7).digest()
        return int.from_bytes(digest, "big") / 2**56

    def happens(self, probability: float, *names: object) -> bool:
        """True with this probability (0-1)."""
        return self.chance(*names) < probability

    def pick(self, options: Sequence[T], *names: object) -> T:
        """One of the options, all equally likely."""
        return options[int(self.chance(*names) * len(options))]

    def between(self, low: float, high: float, *names: object) -> float:
        """Uniform between two numbers."""
        return low + (high - low) * self.chance(*names)

    def around(self, median: float, spread: float, *names: object) -> float:
        """Log-normal: ``median`` and the standard deviation of its logarithm. Never more than 20 times the median, nor less than 1/20."""
        drawn = min(max(self.chance(*names), 1e-9), 1 - 1e-9)
        return median * min(max(math.exp(spread * _NORMAL.inv_cdf(drawn)), 0.05), 20.0)
