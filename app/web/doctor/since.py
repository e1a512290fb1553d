"""What stands against an answer still to be told, in words: what came since it was given, tablets that another order forbids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.alerts import since_answer
from app.alerts.models import AlertState, DoctorRequest
from app.alerts.stopped import Stopped
from app.web.render import Page
from app.web.ward.saying import Saying


@dataclass(frozen=True)
class Against:
    """One line on top of the page. href: what to open. brief: the same within the tick of whoever tells."""

    href: str
    line: str
    brief: str


def stopped_at(page: Page, one: Stopped) -> str:
    """The day on which a treatment was stopped, and by whom."""
    return page.say("treatment.stopped", day=page.formats.day(one.on, True), who=one.by or page.say("base.unknown"))


def of_answer(page: Page, session: Session, saying: Saying, request: DoctorRequest) -> Sequence[Against]:
    """What forbids the tablets first, then each open alert and each result to read, oldest first."""
    say, f, found = page.say, page.formats, []
    against = since_answer.forbidden(session, request, page.now)
    if isinstance(against, Stopped):
        ended = stopped_at(page, against)
        href = f"/requests/{against.request_id}" if against.request_id else f"/patients/{request.patient_id}"
        found.append(Against(href, say("doctor.since.stopped", ended=ended), ended))
    elif against is not None:
        until = say("treatment.held_until", day=f.day(against.until_day)) if against.until_day else say("treatment.held_open")
        found.append(Against(f"/patients/{request.patient_id}/treatment", say("doctor.since.held", held=until), until))
    for one in since_answer.news(session, request):
        when = f.at(one.at)
        if one.alert is not None:
            what = saying.gravest(one.details).rstrip(".")
            key = "alert_closed" if one.alert.state == AlertState.CLOSED else "alert"
            line = say(f"doctor.since.{key}", when=when, what=what, level=say(f"level.{one.alert.level}"))
            found.append(Against(f"/alerts/{one.alert.id}", line, what))
        elif one.task is not None:
            what = saying.task(one.task)
            found.append(Against(f"/tasks/{one.task.id}", say("doctor.since.result", when=when, what=what), what))
    return found
