"""A browser that passed the guard of a link: its cookie, whose questions it answers, and what every patient's page shows around them.

The address of a visit holds a mark made from its cookie, and the cookie is sent to that address only: two telephones' pages, or two
people's on one telephone, never answer for one another. Neither tells who it is about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import Alert, AlertState
from app.checkins import answers, links, script
from app.checkins.models import AnswerRow, CheckIn
from app.checkins.pages import call_requests, filling
from app.core import signing
from app.core.audit import Actor
from app.core.settings import Settings
from app.messaging import outbox, pages
from app.messaging.models import FormLink, FormVisit, Message
from app.messaging.outbox import Purpose
from app.people.models import Patient, Respondent, Service
from app.web.form import asking, telling
from app.web.form.frame import frame, of_another, page_language, spoken
from app.web.render import Page
from notifications import wording
from triage import questions
from triage.questions import Question

COOKIE = "vigie_form"
KEPT_SECONDS = 24 * 3600
"""How long a browser keeps the cookie: longer than the visit, so that whoever comes back late finds the guard, and loses nothing typed."""


def mark_of(cookie: str) -> str:
    """The part of the address that tells visits of one browser apart. It opens nothing without its cookie."""
    return signing.fingerprint(f"mark of {cookie}")[:12]


def root_of(cookie: str) -> str:
    """Where a visit's pages stand."""
    return f"/q/f/{mark_of(cookie)}"


def with_cookie(answer: Response, cookie: str, settings: Settings) -> Response:
    """The browser keeps the cookie for this visit's pages and no other."""
    https = settings.public_url.startswith("https:")
    path = root_of(cookie)
    answer.set_cookie(COOKIE, cookie, max_age=KEPT_SECONDS, path=path, secure=https, httponly=True, samesite="lax")
    return answer


def undeclared(patient: Patient) -> Actor:
    """Somebody who is not on the file: their answers are marked so, never as the patient's or a declared relative's (HZ-10)."""
    return Actor("relative", patient.id, "?")


def relatives_of(session: Session, link: FormLink) -> Sequence[Respondent]:
    """The declared relatives, whoever the link was sent to first."""
    declared = session.get_one(Patient, link.patient_id).respondents
    return sorted(declared, key=lambda one: one.id != link.respondent_id)


def _relation(relative: Respondent, among: Sequence[Respondent]) -> str:
    """How a relative finds their own line: the first relation alone, and an initial where two are alike. No name is shown (SEC-09)."""
    first, others = _first(relative), [one for one in among if one is not relative]
    return f"{first} ({relative.name[:1]}.)" if any(_first(one).casefold() == first.casefold() for one in others) else first


def _first(relative: Respondent) -> str:
    """ "fille, personne de confiance" → "Fille"."""
    first = re.split(r"[,;/(]", relative.relation)[0].strip() or relative.relation
    return first[:1].upper() + first[1:]


UNSEEN = {True: "form.answer.done", False: "form.answer.none_yet"}


@dataclass(frozen=True)
class Line:
    """One line of the summary. is_shown: its value was given in this visit."""

    key: str
    number: int
    name: str
    value: str
    is_answered: bool
    is_shown: bool


@dataclass
class Visiting:
    """One page of one visit. fresh: False when the guard must be passed again before anything is shown."""

    page: Page
    session: Session
    visit: FormVisit
    link: FormLink
    patient: Patient
    by: Actor
    fresh: bool
    root: str

    @property
    def service(self) -> Service:
        return self.patient.service

    @cached_property
    def checkin(self) -> CheckIn | None:
        """The check-in of the link; None for a link to say that something is wrong."""
        return self.session.get(CheckIn, self.link.checkin_id) if self.link.checkin_id else None

    @property
    def is_open(self) -> bool:
        """May its questions still be answered here? A link locked by somebody else's guesses does not stop who is already in."""
        return (
            self.checkin is not None
            and self.checkin.version_id is not None
            and links.state_of(self.session, self.link, now=self.page.now) in (links.LIVE, links.LOCKED)
        )

    @property
    def questions(self) -> tuple[Question, ...]:
        """The check-in's questions, in their order. Looked up each time: an answer may bring one more (no thermometer: shivering?)."""
        opened = self.checkin is not None and self.checkin.version_id is not None
        return filling.questions_of(self.session, self.checkin) if self.checkin is not None and opened else ()

    def standing(self) -> dict[str, AnswerRow]:
        """The answers that stand, whoever gave them."""
        return answers.current(self.session, self.checkin.id) if self.checkin is not None else {}

    def given_here(self, row: AnswerRow | None) -> bool:
        """Was this answer given in this visit? Only those are shown with their value (SEC-09)."""
        here = row is not None and row.source == pages.FORM and row.said_by == self.visit.said_by
        return here and row is not None and row.at >= self.visit.created_at

    def number_of(self, key: str) -> int:
        """Where a question stands in the address, from 1."""
        return next(place for place, question in enumerate(self.questions, 1) if question.key == key)

    def fever_limit(self) -> str:
        """The temperature from which to telephone, as the protocol has it."""
        return self.page.formats.number(script.protocol_of(self.session, self.checkin).fever_limit) if self.checkin else ""

    def shown_questions(self) -> list[Question]:
        """What this person is asked: details of what they do not have are left out, as by text."""
        if self.checkin is None or not self.questions:
            return []
        rows, said = self.standing(), filling.said_of(self.session, self.checkin)
        return [q for q in self.questions if q.key in rows or not questions.skipped(q, said)]

    def summary(self) -> list[Line]:
        """Every question with what stands of it: the value when it was given in this visit, otherwise only that it was answered."""
        rows, lines = self.standing(), []
        for question in self.shown_questions():
            row = rows.get(question.key)
            here = self.given_here(row)
            value = asking.in_words(self.page, question, row.value) if row is not None and here else self.page.say(UNSEEN[row is not None])
            lines.append(
                Line(question.key, self.number_of(question.key), asking.name_of(self.page, question), value, row is not None, here)
            )
        return lines

    def correctable(self) -> frozenset[str]:
        """What was answered in this visit and may be put right after a danger stopped its questions; nothing more is asked (HZ-24).

        The alert and the safety text stay: a person sees the correction beside what was said first.
        """
        if not self._is_stopped():
            return frozenset()
        return frozenset(key for key, row in self.standing().items() if self.given_here(row))

    def _is_stopped(self) -> bool:
        """Did a danger end the questions, while this visit may still be written in?"""
        may = self.fresh and not self.is_open and self.checkin is not None and filling.may_correct(self.checkin, self.page.now)
        return may and self.danger() is not None

    def offered(self) -> list[Question]:
        """Safety questions nobody answered that may still be, after a danger whose page promises a call or asks for one (HZ-24).

        None where the emergency number stands alone: then nothing must keep anybody from dialling it.
        """
        told, checkin = self.danger(), self.checkin
        if told is None or told.key not in telling.CALLS or checkin is None or checkin.version_id is None:
            return []
        may = self._is_stopped() and checkin.why == "danger"
        return filling.safety_left(self.session, checkin) if may else []

    def said_since(self, told: Message) -> tuple[bool, bool]:
        """After this was told: was a question answered that had no answer, and was one of this visit's answers changed?"""
        later = {key for key, row in self.standing().items() if self.given_here(row) and row.at > told.created_at}
        mine = (AnswerRow.checkin_id == self.link.checkin_id, AnswerRow.said_by == self.visit.said_by)
        changed = set(self.session.scalars(select(AnswerRow.key).where(*mine, AnswerRow.replaced_at > told.created_at)))
        return bool(later - changed), bool(later & changed)

    def danger(self) -> Message | None:
        """The safety text told in this visit, while its alert is open."""
        told = self.last_told()
        if told is None or told.purpose != Purpose.SAFETY:
            return None
        alert = self.session.get(Alert, told.alert_id) if told.alert_id else None
        return None if alert is not None and alert.state == AlertState.CLOSED else told

    def last_told(self) -> Message | None:
        """What this visit was told last; a danger's text before all others."""
        mine = (Message.patient_id == self.patient.id, Message.direction == "out", Message.created_at >= self.visit.created_at)
        shown = (Message.carrier == pages.FORM) | (Message.purpose == Purpose.SAFETY)
        told = select(Message).where(*mine, shown, Message.purpose != Purpose.ADVICE).order_by(Message.id.desc())
        texts = self.session.scalars(told).all()
        return next((text for text in texts if text.purpose == Purpose.SAFETY), texts[0] if texts else None)

    def advice(self) -> list[str]:
        """The self-care text of this visit, a sentence a line, in the language of the page when it exists in it."""
        mine = (Message.patient_id == self.patient.id, Message.direction == "out", Message.created_at >= self.visit.created_at)
        shown = (Message.carrier == pages.FORM, Message.purpose == Purpose.ADVICE)
        said = self.session.scalars(select(Message).where(*mine, *shown).order_by(Message.id.desc())).first()
        if said is None or said.language == self.page.language or not wording.has(said.key, self.page.language):
            return telling.sentences(said.body if said else "")
        values = outbox.standard(said.key, self.service, said.created_at)
        return telling.sentences(wording.render(said.key, self.page.language, values))

    def relations(self) -> list[tuple[int, str]]:
        """Who may say that they answer, besides the patient: row number and relation."""
        declared = relatives_of(self.session, self.link)
        return [(one.id, _relation(one, declared)) for one in declared]

    def answers_as(self, chosen: str) -> bool:
        """From now on this visit's answers are marked with this relative, or with somebody nobody declared. False: no such line."""
        relative = next((one for one in relatives_of(self.session, self.link) if str(one.id) == chosen), None)
        if relative is None and chosen != "other":
            return False
        self.by = Actor("respondent", relative.id, relative.name) if relative else undeclared(self.patient)
        self.visit.said_by = str(self.by)
        return True

    def call_asked(self) -> str:
        """When the call comes that was asked for, on whichever page; "" while none was."""
        return telling.promise_of(self.page, self.session, self.patient, call_requests.standing(self.session, self.patient))

    def show(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page of this visit."""
        told = self.danger()
        danger = telling.safety_of(self.page, self.session, self.service, told) if told is not None else None
        around = {"root": self.root, "for_relative": self.by.kind != "patient", "call_asked": self.call_asked(), "danger": danger}
        return self.page.page(f"patient/{template}", status, **(frame(self.page, self.service) | around | values))

    def go(self, where: str = "") -> Response:
        """See this page of the visit now."""
        return RedirectResponse(f"{self.root}/{where}".rstrip("/"), 303)


def find(page: Page, session: Session, mark: str) -> Visiting | None:
    """The visit of this browser at this address; None for a stranger. Changes nothing."""
    cookie = page.request.cookies.get(COOKIE, "")
    if not cookie or mark_of(cookie) != mark:
        return None
    visit = session.scalar(select(FormVisit).where(FormVisit.token_hash == signing.fingerprint(cookie), FormVisit.ended_at.is_(None)))
    if visit is None:
        return None
    link = session.get_one(FormLink, visit.link_id)
    patient = session.get_one(Patient, link.patient_id)
    fresh = links.visit_of(session, cookie, now=page.now) is not None
    here, by = spoken(page, visit.language or page_language(page, patient)), links.speaker(session, visit)
    return Visiting(here if by.kind == "patient" else of_another(here), session, visit, link, patient, by, fresh, root_of(cookie))
