"""What is typed on the page of a request, read as a decision; what cannot be read is refused beside its field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.alerts.answering import CALLED_IN, Decision
from app.alerts.models import DoctorAnswer
from app.core.errors import Refusal
from app.web.patient import prescription

PLACE = 200
"""Characters of where a patient is to come; the form takes no more."""


def decision(typed: Mapping[str, str]) -> Decision:
    """One of the six answers. ``until``: a day, "day" for the one in ``until_day``, or "open", which is said and never left out.

    ``why``: the reason of a stop chosen by one press, before what else was typed.
    """
    if typed.get("answer") not in set(DoctorAnswer):
        raise Refusal("Choose an answer.", field="answer", status=422)
    answer = DoctorAnswer(typed["answer"])
    until = typed.get("until", "").strip()
    until = typed.get("until_day", "").strip() if until == "day" else until
    day = prescription.day(until)
    if answer is DoctorAnswer.HOLD_UNTIL and until != "open" and day is None:
        raise Refusal("Write the last day without tablets, or say that it stays open.", field="until", status=422)
    begins = typed.get("from_day", "").strip()
    first = prescription.day(begins)
    if begins and first is None:
        raise Refusal("Write the date.", field="from_day", status=422)
    dose = prescription.decimal(typed.get("dose_mg", ""))
    return Decision(
        answer=answer,
        words=". ".join(part for part in (typed.get("why", "").strip(), typed.get("words", "").strip()) if part),
        from_day=first,
        until_day=day if answer is DoctorAnswer.HOLD_UNTIL else None,
        dose_mg=dose if answer is DoctorAnswer.REDUCE_TO else None,
        strengths=prescription.strengths(typed.get("strengths", "")) if answer is DoctorAnswer.REDUCE_TO else (),
        medicine=typed.get("medicine", "") if answer is DoctorAnswer.REDUCE_TO else "",
        resume=answer is DoctorAnswer.CONTINUE and typed.get("resume") == "yes",
        hold=answer is DoctorAnswer.ADMIT and typed.get("hold") == "yes",
        at=_hour(typed.get("at", "")) if answer in CALLED_IN else None,
        place=typed.get("place", "").strip()[:PLACE] if answer in CALLED_IN else "",
    )


def by_telephone(typed: Mapping[str, str]) -> Decision:
    """What a doctor said to a nurse. A treatment begins again on a day that was said: confirmed later, it would begin on any other."""
    said = decision(typed)
    if said.resume and said.from_day is None:
        raise Refusal("Write the day on which the doctor has the tablets taken again.", field="from_day", status=422)
    return said if said.gives_tablets else replace(said, from_day=None)


def _hour(text: str) -> time | None:
    """HH:MM, or 14h05; None when nothing is typed."""
    if not text.strip():
        return None
    try:
        hour, minute = (int(part) for part in text.strip().replace("h", ":").split(":"))
        return time(hour, minute)
    except ValueError:
        raise Refusal("Write the hour, such as 14:05, or leave it empty.", field="at", status=422) from None


def confirmed(chosen: Decision, typed: Mapping[str, str], *, in_danger: bool) -> Decision:
    """What ends a treatment or sends somebody to hospital is said twice: the answer, then its tick; to continue too, in_danger.

    in_danger: an alert of a danger or of a grave value is open.
    """
    twice = {DoctorAnswer.STOP, DoctorAnswer.ADMIT} | ({DoctorAnswer.CONTINUE} if in_danger else set())
    if chosen.answer in twice and typed.get("sure") != "yes":
        raise Refusal("Tick the line that says what will happen, then send again.", field="sure", status=422)
    return chosen


def said_at(typed: Mapping[str, str], now: datetime, zone: str) -> datetime:
    """The hour of the call: HH:MM of today, or of yesterday when that hour is still to come."""
    try:
        hour, minute = (int(part) for part in typed.get("said_at", "").strip().replace("h", ":").split(":"))
        local = now.astimezone(ZoneInfo(zone)).replace(hour=hour, minute=minute, second=0, microsecond=0)
    except ValueError:
        raise Refusal("Write the hour at which the doctor said it, such as 14:05.", field="said_at", status=422) from None
    return local if local <= now else local - timedelta(days=1)


def number(text: str) -> int | None:
    """A row's number typed or hidden in a form; None when it is none."""
    return prescription.whole(text)
