"""What a doctor answered, in a few words that stand in a line of the list: "suspendre jusqu'au mar. 24 nov."."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from app.alerts.models import DoctorAnswer, DoctorRequest, RequestEvent
from app.web.render import Page
from app.web.ward.naming import Naming


def order(page: Page, request: DoctorRequest) -> str:
    """The answer with its day or its dose; "" while there is none."""
    return _brief(page, request) + _later(page, request) if request.answer else ""


def _later(page: Page, request: DoctorRequest) -> str:
    """From which day, when that is after the answer: read without it, tablets would begin again today."""
    detail, at = request.answer_detail, request.answered_at
    begins = detail.get("taken_from", detail.get("from_day"))
    if "held_until" in detail:
        day = page.formats.day(date.fromisoformat(str(begins))) if begins else ""
        return f", {page.say('doctor.brief.resumed_on' if day else 'doctor.brief.once_resumed', held=_held(page, detail), day=day)}"
    if detail.get("taken_from") == "":
        return f", {page.say('doctor.order.from_next')}"
    first = date.fromisoformat(str(begins)) if begins else None
    if first is None or at is None or first <= page.formats.local(at).date():
        return ""
    return f", {page.say('doctor.order.from', day=page.formats.day(first))}"


def _brief(page: Page, request: DoctorRequest) -> str:
    say, f, detail = page.say, page.formats, request.answer_detail
    if request.answer == DoctorAnswer.HOLD_UNTIL and detail.get("until_day"):
        return say("doctor.brief.hold_until", day=f.day(date.fromisoformat(str(detail["until_day"]))))
    if request.answer == DoctorAnswer.HOLD_UNTIL:
        return say("doctor.brief.hold_open")
    if request.answer == DoctorAnswer.REDUCE_TO and detail.get("dose_mg"):
        return _dose(page, detail) or say("doctor.brief.reduce_to", mg=f.number(str(detail["dose_mg"])))
    if request.answer == DoctorAnswer.CONTINUE and detail.get("resume"):
        return say("doctor.brief.resume")
    if request.answer == DoctorAnswer.ADMIT and detail.get("hold"):
        return say("doctor.brief.admit_hold") + _where(page, detail)
    return say(f"doctor.brief.{_plain(request.answer, detail)}") + _where(page, detail)


def answer(page: Page, chosen: str, detail: Mapping[str, Any]) -> str:
    """An answer in full, with everything that belongs to it: days, dose and the tablets that make it."""
    say, f = page.say, page.formats
    day = {name: f.day(date.fromisoformat(str(detail[name]))) for name in ("from_day", "until_day") if detail.get(name)}
    begins = f", {say('doctor.order.from', day=day['from_day'])}" if "from_day" in day else ""
    if chosen == DoctorAnswer.HOLD_UNTIL:
        return (say("doctor.order.hold_until", day=day["until_day"]) if "until_day" in day else say("doctor.order.hold_open")) + begins
    if chosen == DoctorAnswer.REDUCE_TO:
        return _reduced(page, detail, begins)
    if chosen == DoctorAnswer.CONTINUE and detail.get("resume"):
        return say("doctor.order.resume") + begins
    if chosen == DoctorAnswer.ADMIT and detail.get("hold"):
        return say("doctor.order.admit_hold") + _where(page, detail)
    return say(f"doctor.order.{_plain(chosen, detail)}") + _where(page, detail)


def _plain(chosen: str, detail: Mapping[str, Any]) -> str:
    """A stop of what had stopped already says so: read as an order, the patient would look for tablets to stop."""
    return "stay_stopped" if detail.get("already_stopped") else chosen


def _reduced(page: Page, detail: Mapping[str, Any], begins: str) -> str:
    """The new dose and its tablets, those it takes the place of, and from which intake on, as far as it is known."""
    say, f = page.say, page.formats
    said = _dose(page, detail) or say("doctor.order.reduce_to", mg=f.number(str(detail["dose_mg"])))
    said += _made_of(page, detail.get("tablets", ()))
    if "before_mg" in detail:
        was = f.number(str(detail["before_mg"])) + " mg" + _made_of(page, detail.get("before_tablets", ()))
        said += f", {say('doctor.order.instead', was=was)}"
    if "held_until" in detail:
        return _after_hold(page, detail, said)
    if detail.get("taken_from") == "":
        return f"{said}, {say('doctor.order.from_next')}"
    if detail.get("taken_from"):
        begins = f", {say('doctor.order.from', day=f.day(date.fromisoformat(detail['taken_from'])))}"
    return said + begins + (f". {say('doctor.order.perhaps_taken')}" if detail.get("perhaps_taken") else "")


def _after_hold(page: Page, detail: Mapping[str, Any], said: str) -> str:
    """The hold first: a dose read alone, whoever is told it opens the box."""
    say, f = page.say, page.formats
    day = f.day(date.fromisoformat(detail["taken_from"])) if detail["taken_from"] else ""
    key, what = "doctor.order.resumed_on" if day else "doctor.order.once_resumed", said[:1].lower() + said[1:]
    return say(key, held=_held(page, detail), day=day, what=what)


def _held(page: Page, detail: Mapping[str, Any]) -> str:
    """Until when the hold before a lower dose lasts."""
    until = str(detail["held_until"])
    return page.say("treatment.held_until", day=page.formats.day(date.fromisoformat(until))) if until else page.say("treatment.held_open")


def _dose(page: Page, detail: Mapping[str, Any]) -> str:
    """The new dose by the name of its medicine, where there are several: told a dose alone, a patient halves the wrong one. Else ""."""
    if not detail.get("medicine"):
        return ""
    what = page.say("doctor.brief.reduce_to", mg=page.formats.number(str(detail["dose_mg"])))
    return page.say("doctor.order.of", medicine=Naming(page).medicine(str(detail["medicine"])), what=what)


def _made_of(page: Page, tablets: Sequence[Sequence[Any]]) -> str:
    parts = [page.say("treatment.tablets", count=count, mg=page.formats.number(strength)) for strength, count in tablets]
    return f" ({' + '.join(parts)})" if parts else ""


def _where(page: Page, detail: Mapping[str, Any]) -> str:
    """At which hour and where a patient is to come, as far as the doctor said it."""
    at = page.say("doctor.order.at", hour=page.formats.hour(str(detail["at"]))) if detail.get("at") else ""
    return "".join(f", {part}" for part in (at, str(detail.get("place", ""))) if part)


def in_list(page: Page, request: DoctorRequest, doctor: str, *, graver: bool = False, news: bool = False) -> str:
    """The line of the ward's list: who is asked, or who answered what, for a nurse to tell.

    ``graver``: it stands in a row of something graver, which nobody in haste may take for the doctor's. ``news``: something grave came
    since the answer.
    """
    if graver and request.state != "answered":
        return page.say("list.request.apart", doctor=doctor)
    if request.state != "answered" or not request.answer:
        return page.say("list.request.answered" if request.state == "answered" else "list.request.asked", doctor=doctor)
    said = page.say("doctor.in_list", doctor=doctor, what=order(page, request))
    return page.say("doctor.since.in_list", said=said) if news else said


def story(events: Sequence[RequestEvent]) -> list[tuple[RequestEvent, int, datetime]]:
    """The events, latest first; a rung that reaches the same people again is one line: the first time, how often, the last hour."""
    found: list[tuple[RequestEvent, int, datetime]] = []
    for event in events:
        last = found[-1][0] if found else None
        if last is not None and event.kind == last.kind == "stepped" and _rung(last) == _rung(event):
            found[-1] = (last, found[-1][1] + 1, event.at)
        else:
            found.append((event, 1, event.at))
    return found[::-1]


def _rung(event: RequestEvent) -> tuple[object, list[str]]:
    return event.detail.get("notify"), list(event.detail.get("reached", ()))
