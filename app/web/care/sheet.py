"""The call sheet as its page shows it: the programme's questions, what is kept of them, and what the protocol's questions answer already.

A question is asked once: a weight, a temperature, doses and a pain that the protocol asks for are its own lines, and stand here as told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care import calls, contacts, enrolments, forms, programmes
from app.care.contact_models import Contact, ContactState
from app.care.document import Form, FormField, NurseProtocol
from app.care.models import Enrolment, EnrolmentState, PlannedCall
from app.checkins.models import CheckIn
from app.checkins.pages import noted
from app.checkins.pages.noted import OWN_WORDS
from app.core.errors import Refusal
from app.people.models import Patient, Staff
from app.protocols import looks
from app.treatment import measures
from app.web.care import effects, typed, voices
from app.web.doctor import whom
from app.web.form import asking
from app.web.render import Page
from triage import questions
from triage.protocol import Protocol
from triage.questions import Question
from triage.terms import Answer, Kind

ASKED_BY = {"temperature": Kind.TEMPERATURE, "weight": Kind.WEIGHT, "intakes": Kind.INTAKE, "pain": Kind.PAIN}
"""Questions of the form that a question of the protocol answers, by its kind."""
ALWAYS = (Kind.TEMPERATURE, Kind.WEIGHT, Kind.INTAKE)
"""Asked on every call whose form wants them, whichever day's questions they belong to: their answers are judged at once."""
ANSWERS = "answers"
"""Who answers: chosen once, above the protocol's questions; the form is told."""
PROFESSIONALS = ("gp", "home_nurse", "pharmacist")
WITH = {"intakes_missed": "intakes"}
"""Questions that go with one the protocol asks, and are answered in it."""


@dataclass(frozen=True)
class Shown:
    """One question of the form. told: what a question of the protocol answers, None when it is not answered there."""

    field: FormField
    value: str
    chosen: Sequence[str]
    parts: Mapping[str, str]
    why: str
    asked_by: str = ""
    told: str | None = None


Block = tuple[str, str, Sequence[Shown]]
"""Its key, its title, its questions."""


@dataclass(frozen=True)
class Sheet:
    """The page of one call. contact None: nothing has begun, and ``calls`` says what may. others: colleagues' drafts, latest first.

    before, after: the blocks that stand before the protocol's questions, and from the side effects on. covers: question of the protocol →
    the form's own that it answers, which stands there alone. order: the form's questions as they stand on the page.
    """

    contact: Contact | None
    form: Form | None
    before: Sequence[Block]
    after: Sequence[Block]
    effects: Sequence[effects.Effect]
    kinds: Sequence[str]
    others: Sequence[tuple[Contact, str]]
    enrolment: Enrolment | None
    refusal: Refusal | None
    calls: Sequence[PlannedCall]
    doctors: Sequence[Staff]
    dangers: Sequence[str]
    protocols: Sequence[NurseProtocol]
    covers: Mapping[str, Shown]
    planned_at: datetime | None = None

    @property
    def order(self) -> list[str]:
        """Keys of the form's questions as they stand on the page."""
        own = [[one.field.key for _, _, shown in part for one in shown] for part in (self.before, self.after)]
        return [*own[0], *(one.field.key for one in self.covers.values()), *own[1]]


def form_of(session: Session, page: Page, patient: Patient) -> Form | None:
    """The form of the reader's own draft with this patient; None when no call has begun."""
    contact = draft(session, page, patient)
    return contacts.form_of(contact) if contact is not None else None


def draft(session: Session, page: Page, patient: Patient) -> Contact | None:
    """What the reader began and has not closed."""
    return contacts.draft_of(session, patient.id, page.viewer)


def carry(session: Session, page: Page, patient: Patient, checkin: CheckIn) -> None:
    """A call begun before its first answer opened the check-in carries that one from now on."""
    contact = draft(session, page, patient)
    if contact is not None and contact.checkin_id is None:
        contact.checkin_id = checkin.id


def asked_too(asked: Sequence[Question], protocol: Protocol | None, form: Form | None) -> Sequence[Question]:
    """The protocol's questions of the day, then those the programme asks on every call."""
    if protocol is None or form is None:
        return asked
    wanted = {ASKED_BY[key] for key in form.keys if key in ASKED_BY} & set(ALWAYS)
    known = {question.kind for question in asked}
    more = {question.kind: question for question in protocol.questions.values() if question.kind in wanted - known}
    return (*asked, *more.values())


def of(
    page: Page, session: Session, patient: Patient, asked: Sequence[Question], said: Mapping[str, Answer], protocol: Protocol | None
) -> Sheet:
    """The sheet as it is kept, beside what the protocol's questions answer."""
    contact = draft(session, page, patient)
    form = contacts.form_of(contact) if contact is not None else None
    kept = contact.form if contact is not None else {}
    enrolment = _enrolment(session, patient, contact)
    blocks = _blocks(page, form, kept, asked, said) if form else []
    at = next((n for n, block in enumerate(blocks) if any(one.field.kind == "symptoms" for one in block[2])), len(blocks))
    return Sheet(
        contact=contact,
        form=form,
        before=blocks[:at],
        after=blocks[at:],
        effects=effects.of(page, session, patient, asked, said, protocol, kept) if form else (),
        kinds=_kinds(protocol),
        others=_others(session, page, patient),
        enrolment=enrolment,
        refusal=enrolments.why_not_call(session, enrolment) if enrolment else None,
        calls=calls.open_of(session, patient.id),
        doctors=[one.who for one in whom.in_order(page, session, patient)],
        dangers=[code for codes in alarming(page, patient, contact).values() for code in codes] if contact is not None else (),
        protocols=form.nurse_protocols if form else (),
        covers=_covers(page, form, kept, asked, said) if form else {},
        planned_at=_planned_at(session, contact),
    )


def _planned_at(session: Session, contact: Contact | None) -> datetime | None:
    call = session.get(PlannedCall, contact.planned_call_id) if contact is not None and contact.planned_call_id else None
    return call.due_at if call else None


def read(
    page: Page, session: Session, contact: Contact, values: Any, asked: Sequence[Question], said: Mapping[str, Answer]
) -> dict[str, Any]:
    """The form as it would be kept now: what was typed, what the protocol's questions answer, the words that were told."""
    form = contacts.form_of(contact)
    covered = dict(_covered(page, form, asked, said))
    told = voices.told(session, contact)
    if OWN_WORDS in form.keys and told:
        covered[OWN_WORDS] = told
    if ANSWERS in form.keys:
        relative = str(values.get("who", "")).startswith(("respondent:", "relative:"))
        covered[ANSWERS] = "professional" if contact.caller in PROFESSIONALS else "relative" if relative else "patient"
    return typed.answers_of(form, contact.form, values, covered, effects.none_told(asked, said))


# --- What the protocol's questions answer -------------------------------------------------------------------------------------------


def _covered(page: Page, form: Form, asked: Sequence[Question], said: Mapping[str, Answer]) -> Iterator[tuple[str, Any]]:
    for key, question in _asked_by(form, asked).items():
        if question.key not in said:
            continue
        value = said[question.key].value
        if value is None or value == questions.NO_FEVER:
            yield key, {forms.NOT_ASKED: page.say("care_sheet.cannot")} if value is None else ""
        elif question.kind is Kind.INTAKE:
            doses = questions.intake_of(str(value))
            yield key, "stopped" if doses.stopped else "missed" if doses.missed else "extra" if doses.extra else "all"
            if doses.missed:
                yield "intakes_missed", str(doses.missed)
        else:
            yield key, questions.write_value(value)


def _asked_by(form: Form, asked: Sequence[Question]) -> dict[str, Question]:
    by_kind = {question.kind: question for question in reversed(asked)}
    return {key: by_kind[kind] for key, kind in ASKED_BY.items() if key in form.keys and kind in by_kind}


# --- What is shown ------------------------------------------------------------------------------------------------------------------


def _blocks(page: Page, form: Form, kept: Mapping[str, Any], asked: Sequence[Question], said: Mapping[str, Answer]) -> list[Block]:
    elsewhere = {OWN_WORDS, ANSWERS, *(by := _asked_by(form, asked)), *(key for key, other in WITH.items() if other in by)}
    found: list[Block] = []
    for block in form.blocks:
        shown = [_shown(page, field, kept.get(field.key), None, said) for field in block.fields if field.key not in elsewhere]
        found += [(block.key, block.title.said(page.language), shown)] if shown else []
    return found


def _covers(page: Page, form: Form, kept: Mapping[str, Any], asked: Sequence[Question], said: Mapping[str, Answer]) -> dict[str, Shown]:
    fields = forms.fields_of(form)
    by = _asked_by(form, asked).items()
    return {question.key: _shown(page, fields[key], kept.get(key), question, said) for key, question in by}


def _shown(page: Page, field: FormField, value: Any, question: Question | None, said: Mapping[str, Answer]) -> Shown:
    told = None
    if question is not None and question.key in said:
        answer = said[question.key].value
        told = asking.in_words(page, question, None if answer is None else questions.write_value(answer))
    return Shown(
        field=field,
        value=typed.as_typed(value),
        chosen=[str(one) for one in value] if isinstance(value, list) else (),
        parts={str(kind): str(one) for kind, one in value.items()} if field.kind == "measures" and isinstance(value, Mapping) else {},
        why=typed.why_not_asked(value),
        asked_by=question.key if question else "",
        told=told,
    )


def alarming(page: Page, patient: Patient, contact: Contact) -> noted.Alarming:
    """Notes that hold a danger sign: shown at once, told like the patient's words at the close. Their own words were told when kept."""
    found = noted.alarming(patient, contact, contact.form, written_in=page.language)
    return {key: codes for key, codes in found.items() if key != OWN_WORDS}


def _kinds(protocol: Protocol | None) -> list[str]:
    """Home measures the protocol looks at, besides those that are questions of their own."""
    looked = looks.measures(protocol) if protocol else frozenset()
    return [kind for kind in measures.PLAUSIBLE if kind in looked and kind not in ASKED_BY]


def _others(session: Session, page: Page, patient: Patient) -> list[tuple[Contact, str]]:
    mine = (Contact.patient_id == patient.id, Contact.state == ContactState.DRAFT, Contact.by_id != page.viewer.actor.id)
    rows = select(Contact, Staff.name).join(Staff, Staff.id == Contact.by_id).where(*mine).order_by(Contact.started_at.desc())
    return [(contact, name) for contact, name in session.execute(rows)]


def _enrolment(session: Session, patient: Patient, contact: Contact | None) -> Enrolment | None:
    if contact is not None:
        return session.get(Enrolment, contact.enrolment_id) if contact.enrolment_id else None
    running = [row for row in enrolments.of_patient(session, patient.id) if row.state in enrolments.RUNNING]
    return next((row for row in running if row.state == EnrolmentState.OPEN), running[0] if running else None)


def title_of(page: Page, enrolment: Enrolment) -> str:
    """The programme as people call it."""
    return programmes.of(enrolment).title.said(page.language)


def today(page: Page) -> date:
    """The reader's day."""
    return page.formats.local(page.now).date()
