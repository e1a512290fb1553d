"""Units as laboratories write them. Case counts: g/L is grams, G/L is 10*9 per litre.

A unit has a dimension and an exact factor to the base of that dimension. What is not known here is unknown: nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache


@dataclass(frozen=True)
class Unit:
    """A unit: what it measures, and how many base units of that dimension it is worth, exactly."""

    dimension: str
    factor: Decimal


_VOLUMES = {"L": 0, "dL": -1, "100mL": -1, "cL": -2, "mL": -3, "uL": -6, "mm3": -6, "nL": -9}
_THOUSANDS = {"G": 9, "Giga": 9, "giga": 9, "Gpt": 9, "T": 12, "Tera": 12, "K": 3, "k": 3, "M": 6, "1000": 3}
_PREFIXES = {"": 0, "m": -3, "u": -6, "n": -9, "p": -12}


def _listed() -> Iterator[tuple[str, str, Decimal]]:
    def ten(power: int) -> Decimal:
        return Decimal(1).scaleb(power)

    for volume, size in _VOLUMES.items():
        for prefix, power in _PREFIXES.items():
            yield f"{prefix}g/{volume}", "mass", ten(power - size)
            yield f"{prefix}mol/{volume}", "amount", ten(power - size + 3)
            for enzyme in ("U", "IU", "UI"):
                yield f"{prefix}{enzyme}/{volume}", "enzyme", ten(power - size)
            yield f"{prefix}kat/{volume}", "katal", ten(power - size)
            for charge in ("Eq", "val"):
                yield f"{prefix}{charge}/{volume}", "charge", ten(power - size + 3)
        for count in ("", "cells", "cell", "cellules", "elements"):
            yield f"{count}/{volume}", "count", ten(-9 - size)
        for word, power in _THOUSANDS.items():
            yield f"{word}/{volume}", "count", ten(power - 9 - size)
    for prefix, power in _PREFIXES.items():
        yield f"{prefix}M", "amount", ten(power + 3)
        for day in ("24h", "24hr", "24hrs", "d", "day", "j", "jour"):
            yield f"{prefix}g/{day}", "mass a day", ten(power)
        yield f"{prefix}g/g", "ratio of masses", ten(power)
        yield f"{prefix}g/mg", "ratio of masses", ten(power + 3)
    yield from _others()


def _others() -> Iterator[tuple[str, str, Decimal]]:
    one = Decimal(1)
    named = {
        "temperature C": ("Cel", "°C", "ºC", "℃", "C", "degC", "celsius", "Celsius"),
        "temperature F": ("[degF]", "°F", "F", "degF", "fahrenheit", "Fahrenheit"),
        "pressure": ("mm[Hg]", "mmHg", "mmhg", "mmHG", "MMHG"),
        "flow": ("mL/min", "mL/mn"),
        "ratio": ("ratio", "{INR}", "INR", "1", "{ratio}"),
        "percent": ("%",),
        "pulse": ("/min", "/mn", "bpm", "BPM", "{beats}/min", "bat/min", "batt/min", "battements/min", "puls/min", "pulsations/min"),
        "per day": ("/d", "/day", "/24h", "/j", "/jour", "stools/d", "stools/day", "stools/24h", "{count}", "selles/j", "selles/24h"),
        "crosses": ("dipstick", "{dipstick}", "+", "crosses"),
    }
    for dimension, names in named.items():
        for name in names:
            yield name, dimension, one
    yield "ms", "time", one
    yield "msec", "time", one
    yield "s", "time", Decimal(1000)
    for kilogram in ("kg", "Kg", "KG", "kgs", "kilo", "kilos"):
        yield kilogram, "weight", one
    yield "g", "weight", Decimal("0.001")
    for pound in ("[lb_av]", "lb", "lbs"):
        yield pound, "weight", Decimal("0.45359237")


_KNOWN = {name: Unit(dimension, factor) for name, dimension, factor in _listed()}
_SIZES: dict[str, set[Decimal]] = {}
_FOLDED: dict[str, set[Unit]] = {}
for _name, _unit in _KNOWN.items():
    _FOLDED.setdefault(_name.casefold(), set()).add(_unit)
    _SIZES.setdefault(_unit.dimension, set()).add(_unit.factor)
_SHOUTED = frozenset({"mass", "amount", "enzyme", "charge", "mass a day", "flow"})
"""What may be written all in capitals (MMOL/L): for counts, K, M and m are different numbers."""

_SIGNS = str.maketrans({"μ": "u", "µ": "u", "×": "x", "·": None, "⋅": None, "³": "^3", "⁹": "^9", "⁶": "^6"})
_POWER = re.compile(r"x?10(?:\^|\*{1,2}|e|E)\+?0?([0-9]{1,2})(?:/(.+)|(?:cells|cellules)/(.+))")


@lru_cache(maxsize=1024)
def read(text: str) -> Unit | None:
    """The unit a text names; None when it is not known. An empty text is not a unit."""
    plain = "".join(text.translate(_SIGNS).split()).removeprefix("x").removeprefix("*")
    if power := _POWER.fullmatch(plain):
        volume = _VOLUMES.get(_litres(f"/{power[2] or power[3]}")[1:])
        return None if volume is None else Unit("count", Decimal(1).scaleb(int(power[1]) - 9 - volume))
    plain = _litres(plain)
    if plain in _KNOWN:
        return _KNOWN[plain]
    alike = _FOLDED.get(plain.casefold(), set())
    return next((unit for unit in alike if len(alike) == 1 and unit.dimension in _SHOUTED and "/" in plain), None)


def _litres(text: str) -> str:
    """Litres are L or l; cubic millimetres and micrograms have several spellings."""
    text = text.replace("mm^3", "mm3").replace("cumm", "mm3").replace("mcg", "ug").replace("mcL", "uL").replace("mcmol", "umol")
    return re.sub(r"(?<=/)(100m|[dcmun]?)l$", r"\1L", text.replace("mcl", "uL"))


@lru_cache(maxsize=1024)
def factor(unit: str, scale: str) -> Decimal | None:
    """By how much a value in ``unit`` is multiplied to be in ``scale``; None when they do not measure the same, or one is unknown."""
    here, there = read(unit), read(scale)
    if here is None or there is None or here.dimension != there.dimension:
        return None
    return here.factor / there.factor


def is_alone(unit: str) -> bool:
    """Is it the only unit of what it measures, whatever its spelling? Nothing else can then have been meant. False for an unknown one."""
    found = read(unit)
    return found is not None and len(_SIZES.get(found.dimension, ())) == 1
