"""Hours, dates, numbers as people read them: 38,5 °C, 14 h 05, mar. 14 mai; 38.5 °C, 14:05, Tue 14 May."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import phonenumbers
from babel.dates import format_date, get_timezone_location

NARROW = "\u202f"
"""Narrow no-break space: French hours and units. On screens only: in a text message it would double the price."""

UNITS = {"Cel": "°C", "mm[Hg]": "mmHg", "10*9/L": "10⁹/L", "10*12/L": "10¹²/L", "umol/L": "µmol/L", "ug/L": "µg/L"}
"""UCUM codes of units whose usual sign is another; a sign that is already usual stays as it is."""


@dataclass(frozen=True)
class Formats:
    """How one reader reads: language and time zone; ``now`` to say today, tomorrow, in 10 minutes."""

    language: str
    zone: str
    now: datetime

    def local(self, at: datetime) -> datetime:
        """The instant on the reader's wall clock."""
        return at.astimezone(ZoneInfo(self.zone))

    def time(self, at: datetime, seconds: bool = False) -> str:
        """14 h 05, 14:05; with seconds 14:05:09 in both."""
        local = self.local(at)
        if seconds:
            return f"{local:%H:%M:%S}"
        return f"{local.hour}{NARROW}h{NARROW}{local:%M}" if self.language == "fr" else f"{local:%H:%M}"

    def day(self, on: date | datetime, year: bool = False) -> str:
        """mar. 14 mai, Tue 14 May; with the year when asked."""
        day = self.local(on).date() if isinstance(on, datetime) else on
        return str(format_date(day, "EEE d MMM y" if year else "EEE d MMM", locale=self.language))

    def birth(self, on: date) -> str:
        """14/03/1955 in both languages: what is read aloud to check an identity."""
        return f"{on:%d/%m/%Y}"

    def iso(self, at: datetime) -> str:
        """For a <time> element, in UTC."""
        return at.astimezone(UTC).isoformat(timespec="seconds")

    def days_from_now(self, at: datetime) -> int:
        """Local calendar days between now and the instant: 0 today, 1 tomorrow."""
        return (self.local(at).date() - self.local(self.now).date()).days

    def when(self, at: datetime) -> str:
        """The hour today, otherwise the day and the hour."""
        return self.time(at) if self.days_from_now(at) == 0 else f"{self.day(at)} {self.time(at)}"

    def at(self, at: datetime) -> str:
        """The same inside a sentence: à 14 h 05, mar. 14 mai à 14 h 05; at 14:05, Tue 14 May at 14:05."""
        hour = f"{'à' if self.language == 'fr' else 'at'} {self.time(at)}"
        return hour if self.days_from_now(at) == 0 else f"{self.day(at)} {hour}"

    def stamp(self, at: datetime) -> str:
        """Day and hour always, for columns that are compared: mar. 14 mai, 14 h 05."""
        return f"{self.day(at)}, {self.time(at)}"

    def short_day(self, on: date) -> str:
        """14 mai, 14 May: under a picture."""
        return str(format_date(on, "d MMM", locale=self.language))

    def month(self, written: str) -> str:
        """A month written 2026-11: novembre 2026, November 2026."""
        return str(format_date(date.fromisoformat(f"{written}-01"), "MMMM y", locale=self.language))

    def weekday(self, day: int) -> str:
        """lundi, Monday: 0 is Monday."""
        return str(format_date(date(2024, 1, 1 + day), "EEEE", locale=self.language))

    def hour(self, local: str) -> str:
        """An hour of the opening hours, "08:30": 8 h 30, 8:30; a whole one 8 h, 8 am."""
        hour, minute = (int(part) for part in local.split(":"))
        if self.language == "fr":
            return f"{hour}{NARROW}h" + (f"{NARROW}{minute:02d}" if minute else "")
        half = "am" if hour < 12 else "pm"
        return f"{hour % 12 or 12}" + (f":{minute:02d}" if minute else "") + f" {half}"

    def in_zone(self, at: datetime, zone: str) -> str:
        """The hour on the wall clock of somebody elsewhere."""
        return replace(self, zone=zone).time(at)

    def taken(self, at: datetime, zone: str) -> str:
        """Day and hour where something was measured, as the paper of that place has it; whose clock it is, when it is not the reader's."""
        there = replace(self, zone=zone)
        stamp = there.stamp(at)
        return stamp if there.local(at).utcoffset() == self.local(at).utcoffset() else f"{stamp}, {self.clock_of(zone)}"

    def clock_of(self, zone: str) -> str:
        """Whose clock: heure de La Réunion, Réunion Time; the place is the one that CLDR names the zone by."""
        named = str(get_timezone_location(zone, locale=self.language))
        return re.sub(r"^heure\s*:\s*", "heure de ", named)

    def decimal(self, value: Decimal | int | float | str, places: int) -> str:
        """So many decimals, with the reader's mark."""
        text = f"{Decimal(str(value)):.{places}f}"
        return text.replace(".", ",") if self.language == "fr" else text

    def signed(self, value: Decimal | float, places: int) -> str:
        """A change with its sign: +1,2, −4,2; 0,0 without."""
        text = self.decimal(abs(Decimal(str(value))), places)
        return text if not text.strip("0,.") else f"{'+' if value > 0 else '−'}{text}"

    def number(self, value: Decimal | int | float | str) -> str:
        """38,5 or 38.5; no useless zeros."""
        text = f"{Decimal(str(value)):f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return text.replace(".", ",") if self.language == "fr" else text

    def temperature(self, value: Decimal | int | float | str) -> str:
        """38,5 °C, one decimal always."""
        return f"{self.decimal(value, 1)}{NARROW}°C"

    def bytes(self, size: int) -> str:
        """12 Ko, 1,4 Mo; 12 kB, 1.4 MB."""
        unit = "o" if self.language == "fr" else "B"
        if size < 1_000_000:
            return f"{max(1, round(size / 1000))}{NARROW}{'K' if self.language == 'fr' else 'k'}{unit}"
        return f"{self.decimal(size / 1_000_000, 1)}{NARROW}M{unit}"

    def span(self, length: timedelta) -> str:
        """A length in its largest two units, without sign: 11 min, 1 h 40, 2 j."""
        minutes = int(abs(length.total_seconds()) // 60)
        if minutes == 0:
            return f"<{NARROW}1{NARROW}min"
        if minutes < 60:
            return f"{minutes}{NARROW}min"
        if minutes < 24 * 60:
            return f"{minutes // 60}{NARROW}h{NARROW}{minutes % 60:02d}"
        return f"{minutes // (24 * 60)}{NARROW}{'j' if self.language == 'fr' else 'd'}"

    def lasting(self, seconds: int) -> str:
        """How long a call took."""
        return self.span(timedelta(seconds=seconds))

    def phone(self, number: str) -> str:
        """+33 6 39 98 00 01: grouped so that it can be read while dialling; what is not a number in full stays as it is."""
        try:
            return str(phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL))
        except phonenumbers.NumberParseException:
            return number

    def age(self, birth: date) -> int:
        """Full years on the reader's day."""
        today = self.local(self.now).date()
        return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
