"""Who holds this telephone? A code leaves by text, comes back aloud or by text, and what follows; a number changed, a number renewed.

The codes themselves: app.people.numbers. Until a number is verified, its texts say nothing clinical (FR-25, HZ-09, SEC-16).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.alerts import tasks
from app.checkins import turn_taking
from app.checkins.rhythm import renumbering
from app.core import limits
from app.core.audit import SYSTEM, Actor
from app.core.errors import FieldErrors, Refusal
from app.messaging import codes, inbox, links, outbox, pages
from app.messaging.models import Message
from app.messaging.outbox import Purpose
from app.people import numbers, patients, reading, regions
from app.people.models import FollowUp, NumberCheck, Patient, Respondent, Service
from app.people.numbers import Purpose as Why
from app.people.telephones import LANDLINE, is_landline, to_e164
from notifications import policy

CONFIRMED, WRONG, USED_UP, LATE, NONE, OLD = "confirmed", "wrong", "used_up", "late", "none", "old"
"""What became of a code that was typed."""
TEXT = {Why.ENROLMENT: "verify_code", Why.CHANGE: "verify_code", Why.RENEWAL: "verify_again"}
LONGEST_REASON = 500


# --- A code leaves ------------------------------------------------------------------------------------------------------------------


def ask(
    session: Session,
    patient: Patient,
    *,
    by: Actor,
    now: datetime,
    respondent: Respondent | None = None,
    purpose: Why = Why.ENROLMENT,
    number: str = "",
    reason: str = "",
    too_late: bool = False,
) -> NumberCheck:
    """A new code leaves for this person's number (``number``: the one to come); the code before is worth nothing any more.

    too_late: the one before came back after its time, and the text says so.

    Raises Refusal when the number has had its codes of the day, or when whoever holds it could not read the text (HZ-36).
    """
    number = number or (respondent or patient).phone
    if is_landline(number):
        raise Refusal("No code can be sent: a landline gets no text. Whoever telephones asks who answers.")
    if not reading.languages_of(patient, number):
        raise Refusal("No code can be sent: this person reads none of our languages. Whoever telephones asks who answers.")
    if not limits.knock(session, "verify", number, now=now, most=numbers.MOST_PER_DAY, within=timedelta(days=1)):
        raise Refusal("{n} codes have left for this number today. Call the patient, or try again tomorrow.", n=numbers.MOST_PER_DAY)
    check = numbers.begin(
        session, patient, number, purpose=purpose, seed=links.new_seed(), reason=reason, by=by, now=now, respondent=respondent
    )
    text = outbox.queue(
        session,
        key="verify_new" if too_late else TEXT[purpose],
        # Nobody waits for a renewal: it keeps out of the night, and a freeze or the stop switch holds it.
        purpose=Purpose.REMINDER if purpose is Why.RENEWAL and not too_late else Purpose.ADMINISTRATIVE,
        dedup_key=f"verify:{check.id}",
        patient=patient,
        to=number,
        language=respondent.language if respondent else "",
        values={"code": codes.MASK},
        now=now,
    )
    text.check_id = check.id
    return check


def ask_all(session: Session, patient: Patient, *, by: Actor, now: datetime) -> None:
    """A code for each number the enrolment wrote down. A number that had its codes of the day stays unverified, and a nurse is told."""
    for held in numbers.held(session, patient, now=now):
        gets_texts = held.respondent is None or held.respondent.answers or held.respondent.told_of_silence
        if held.verified_at is not None or held.waiting is not None or not gets_texts or not held.takes_code:
            continue
        try:
            ask(session, patient, by=by, now=now, respondent=held.respondent)
        except Refusal:
            _tell(session, patient, key=f"{patient.id}:{now.isoformat()}", why="number_enrolment", respondent=held.respondent, now=now)


def change(
    session: Session,
    patient: Patient,
    written: str,
    *,
    reason: str,
    shared: bool,
    by: Actor,
    now: datetime,
    allow_fiction: bool,
    by_call: bool = False,
) -> NumberCheck:
    """The patient has another number: a code leaves for it, and nothing changes before it comes back. Raises FieldErrors and Refusal.

    A landline (``by_call``: the nurse will telephone), and the number of who reads none of our languages, are only ever telephoned:
    it takes effect at once, and nobody has proved to hold it.
    """
    problems: dict[str, str] = {}
    service, number = patient.service, ""
    try:
        number = to_e164(written.strip(), service.country, allow_fiction=allow_fiction)
    except ValueError as error:
        problems["number"] = str(error) if written.strip() else "Write the new number."
    if number and number == patient.phone:
        problems["number"] = "The file already has this number."
    elif number and (refused := regions.refuses(service, number)):
        problems["number"] = regions.SENTENCES[refused]
    elif number and not shared and patients.holders(session, service.id, number):
        problems["number"] = "Another patient has this number. If they share the telephone, tick “shared phone”."
    elif is_landline(number) and not by_call:
        problems["number"] = LANDLINE
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        problems["reason"] = "Write why the number changes, in a few words."
    if problems:
        raise FieldErrors(problems)
    if not numbers.takes_a_code(patient, number):
        return _without_code(session, patient, number, reason=reason.strip(), by=by, now=now)
    try:
        return ask(session, patient, by=by, now=now, purpose=Why.CHANGE, number=number, reason=reason.strip())
    except Refusal as refusal:
        raise FieldErrors({"number": str(refusal)}) from refusal


def _without_code(session: Session, patient: Patient, number: str, *, reason: str, by: Actor, now: datetime) -> NumberCheck:
    check = numbers.begin(session, patient, number, purpose=Why.CHANGE, seed=links.new_seed(), reason=reason, by=by, now=now)
    numbers.right(session, check, by=by, now=now)
    renumbering.take_effect(session, patient, check, by=by, now=now)
    patient.phone_verified_at = None
    session.flush()
    return check


def relative_moved(session: Session, patient: Patient, respondent: Respondent, left: str, *, by: Actor, now: datetime) -> None:
    """A relative's number was changed: what waits follows, links to the old telephone end, a code leaves for the new one."""
    outbox.readdress(session, patient, left)
    renumbering.end_links(session, patient, respondent, now=now)
    if respondent.phone and numbers.takes_a_code(patient, respondent.phone):
        ask(session, patient, by=by, now=now, respondent=respondent)


# --- A code comes back --------------------------------------------------------------------------------------------------------------


def confirm(session: Session, patient: Patient, typed: str, *, by: Actor, now: datetime, respondent: Respondent | None = None) -> str:
    """The code told aloud and typed by the team: confirmed, wrong, used_up (five wrong ones), late (ten minutes), none (no code is out),
    old (another has left since).

    A wrong one is counted, an old one is not: commit whatever the answer.
    """
    check = numbers.live(session, patient, respondent, now=now)
    if check is None:
        return NONE
    if check.purpose != Why.RENEWAL and now - check.asked_at > numbers.READ_OUT:
        return LATE
    code = codes.alone(typed)
    if not code or not codes.is_right(check, code):
        old = codes.replaced(session, patient.service_id, check.number, code, now=now)
        if old is not None and (old.patient_id, old.respondent_id) == (check.patient_id, check.respondent_id):
            return OLD
        return USED_UP if _wrong(session, patient, check, now) else WRONG
    return CONFIRMED if _confirmed(session, patient, check, by=by, now=now) else NONE


def sent_back(session: Session, service: Service, message: Message, *, now: datetime) -> bool:
    """Is this text nothing but six digits, from a telephone that was sent a code? Then it is dealt with here, and True.

    The telephone may be nobody's yet: a number to come is confirmed by whoever holds it.
    """
    alone = codes.alone(message.body) if message.carrier not in pages.CARRIERS else ""
    out = numbers.live_at(session, service.id, message.address, now=now) if alone else ()
    if not out:
        return False
    check = codes.matching(session, message, now=now)
    old = None if check else codes.replaced(session, service.id, message.address, alone, now=now)
    patient = session.get_one(Patient, (check or old or out[0]).patient_id)
    turn_taking.hold(session, patient.id)
    inbox.file(message, patient_id=patient.id, alert_id=message.alert_id, reading={"heard": "number_code"})
    over = False
    if check is not None:
        _confirmed(session, patient, check, by=_speaker(session, patient, check), now=now)
    elif old is None:
        ends = [_wrong(session, session.get_one(Patient, one.patient_id), one, now) for one in out]
        over = all(ends)
    if patient.opted_out_at is None and not over:  # after five wrong codes a nurse calls: no sixth text
        outbox.queue(
            session,
            key="number_ok" if check else "code_old" if old else "code_wrong",
            purpose=Purpose.ADMINISTRATIVE,
            dedup_key=f"turn:{message.id}",
            patient=patient,
            reply_to=message,
            now=now,
        )
    return True


def _speaker(session: Session, patient: Patient, check: NumberCheck) -> Actor:
    holder = numbers.holder_of(session, patient, check)
    if isinstance(holder, Respondent):
        return Actor("respondent", holder.id, holder.name)
    return Actor("patient", patient.id, patient.full_name)


def _wrong(session: Session, patient: Patient, check: NumberCheck, now: datetime) -> bool:
    over = numbers.wrong(session, check, now=now)
    if over:
        _tell(session, patient, key=str(check.id), why="number_tries", respondent=_relative(session, check), now=now)
    return over


def _confirmed(session: Session, patient: Patient, check: NumberCheck, *, by: Actor, now: datetime) -> bool:
    holder = numbers.holder_of(session, patient, check)
    if check.purpose != Why.CHANGE and holder.phone != check.number:
        return False  # the file has another number since
    if not numbers.right(session, check, by=by, now=now):
        return False
    if check.purpose == Why.CHANGE:
        renumbering.take_effect(session, patient, check, by=by, now=now)
    numbers.verified(session, patient, check, by=by, now=now)
    session.flush()
    renumbering.ask_again(session, patient, now=now)
    return True


# --- Nobody answered ----------------------------------------------------------------------------------------------------------------


def unanswered_due(session: Session, now: datetime) -> list[int]:
    """Codes that nobody sent back in time."""
    return numbers.ended(session, now)


def tell_unanswered(session: Session, check_id: int, now: datetime) -> bool:
    """A nurse is told, once. A number that was to be renewed is not verified any more; one to come does not come."""
    check = numbers.end(session, check_id, now=now)
    if check is None:
        return False
    patient = session.get_one(Patient, check.patient_id)
    relative = _relative(session, check)
    gone = relative is not None and relative.removed_at is not None
    if patient.follow_up == FollowUp.ENDED or patient.opted_out_at is not None or gone:
        return False
    if check.purpose != Why.CHANGE and (relative or patient).phone != check.number:
        return False
    if check.purpose == Why.RENEWAL:
        numbers.lapsed(session, patient, check, by=SYSTEM, now=now)
    _tell(session, patient, key=str(check.id), why=f"number_{check.purpose}", respondent=relative, now=now)
    return True


def renewal_due(session: Session, now: datetime) -> list[int]:
    """Patients whose number was confirmed long ago; nobody at night: a text that must wait is not made yet."""
    return numbers.to_renew(session, now)


def renew(session: Session, patient_id: int, now: datetime) -> NumberCheck | None:
    """One neutral text asks whether the number is still theirs; None when there is nothing to ask, or at night."""
    turn_taking.hold(session, patient_id)
    patient = session.get_one(Patient, patient_id, populate_existing=True)
    holder = numbers.writes_to(patient)
    asked = (holder or patient).phone_verified_at
    late = asked is not None and now - asked >= numbers.RENEWED_AFTER
    asked_already = numbers.live(session, patient, holder, now=now) is not None
    if not late or asked_already or not numbers.reads_texts(patient) or policy.is_quiet(now, patient.timezone):
        return None
    return ask(session, patient, by=SYSTEM, now=now, respondent=holder, purpose=Why.RENEWAL)


def _relative(session: Session, check: NumberCheck) -> Respondent | None:
    return session.get_one(Respondent, check.respondent_id) if check.respondent_id else None


def _tell(session: Session, patient: Patient, *, key: str, why: str, respondent: Respondent | None, now: datetime) -> None:
    tasks.make(
        session,
        service_id=patient.service_id,
        patient_id=patient.id,
        kind="number_unverified",
        key=f"number_unverified:{key}",
        detail={"why": why, **({"respondent_id": respondent.id} if respondent else {})},
        now=now,
    )
