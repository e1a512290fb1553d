"""Hospitals, services, staff accounts, tokens of programs."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core import audit, signing
from app.core.audit import Actor
from app.core.errors import NotFound, Refusal
from app.people.access_models import ApiToken, StaffSession
from app.people.care_team import has_calendar
from app.people.models import Hospital, Role, Service, Staff

MOST_TEXTS_A_DAY = 100_000
"""A slip of the keyboard is not a budget."""
STYLES = ("words", "link")
"""How a service asks by text: the questions in it, or a link to the form."""

WEEKDAYS_8_TO_18 = {str(day): [["08:00", "18:00"]] for day in range(5)}
"""Opening hours proposed at the start: Monday to Friday, 08:00 to 18:00 local. The service changes them."""


def found_hospital(session: Session, name: str, *, now: datetime) -> Hospital:
    """A new hospital."""
    hospital = Hospital(name=name, created_at=now)
    session.add(hospital)
    session.flush()
    return hospital


def open_service(
    session: Session,
    hospital: Hospital,
    *,
    name: str,
    sms_name: str,
    phone: str,
    number: str,
    timezone: str,
    by: Actor,
    now: datetime,
    hours: dict[str, Any] | None = None,
    language: str = "fr",
    country: str = "FR",
    holidays_region: str = "",
    is_demo: bool = False,
) -> Service:
    """A new service. Raises Refusal naming the field when texts could not carry its name or its telephone, or a code is unknown.

    country: FR, or overseas the department's own (RE, MQ...): it decides how national numbers are read, and the public holidays.
    """
    hours = WEEKDAYS_8_TO_18 if hours is None else hours
    _check_texts(sms_name, phone)
    if timezone not in available_timezones():
        raise Refusal("Unknown time zone {zone}: give an IANA name such as Europe/Paris.", field="timezone", status=422, zone=timezone)
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", number):
        raise Refusal("The number patients write to is needed in full, such as +33639980001.", field="number", status=422)
    if session.scalar(select(Service.id).where(Service.number == number)):
        raise Refusal("Another service already receives the texts sent to {number}.", field="number", number=number)
    if not has_calendar(country, holidays_region):
        raise Refusal(
            "No public holidays are known for {country} {region}.", field="country", status=422, country=country, region=holidays_region
        )
    check_hours(hours)
    service = Service(
        hospital_id=hospital.id,
        name=name,
        sms_name=sms_name,
        phone=phone,
        number=number,
        timezone=timezone,
        hours=hours,
        language=language,
        country=country,
        holidays_region=holidays_region,
        is_demo=is_demo,
        created_at=now,
    )
    session.add(service)
    session.flush()
    audit.record(session, actor=by, action="service.opened", subject=f"service:{service.id}", service_id=service.id, after=name, now=now)
    return service


def change(session: Session, service: Service, *, sms_name: str, phone: str, hours: dict[str, Any], by: Actor, now: datetime) -> None:
    """What texts begin with, the telephone they give, when answers are read. Raises Refusal naming the field."""
    _check_texts(sms_name, phone)
    check_hours(hours)
    before = {"sms_name": service.sms_name, "phone": service.phone, "hours": service.hours}
    after = {"sms_name": sms_name, "phone": phone, "hours": hours}
    if after == before:
        return
    service.sms_name, service.phone, service.hours = sms_name, phone, hours
    _note(session, service, "service.changed", by=by, now=now, before=before, after=after)


def set_doctor_line(session: Session, service: Service, line: str, hours: str, *, by: Actor, now: datetime) -> None:
    """Whom patients are told to call when the service is closed, beside the emergency number (COA-5); "" takes it away.

    Raises Refusal for a number texts cannot carry, or without the hours at which it answers: nobody is sent to a telephone that does not.
    """
    line, hours = line.strip(), hours.strip()
    if line and not re.fullmatch(r"\+?[0-9][0-9 ]{1,12}", line):
        raise Refusal("The doctor's line has at most 13 digits, +, or spaces.", field="doctor_line", status=422)
    if line and (not hours or len(hours) > 60):
        raise Refusal("Write when this line answers, in 60 characters at most.", field="doctor_line_hours", status=422)
    before = {"doctor_line": service.doctor_line, "hours": service.doctor_line_hours}
    service.doctor_line, service.doctor_line_hours = line, hours if line else ""
    after = {"doctor_line": service.doctor_line, "hours": service.doctor_line_hours}
    if after != before:
        _note(session, service, "service.doctor_line", by=by, now=now, before=before, after=after)


def choose_style(session: Session, service: Service, style: str, *, reason: str, by: Actor, now: datetime) -> None:
    """How check-ins open: "words", the questions in the text of whoever agreed to it; "link", a neutral text with a link to the form.

    Raises Refusal for another word, and without a reason. From the next text on; what is open goes on as it began.
    """
    if style not in STYLES:
        raise Refusal("Choose words or link.", field="sms_style", status=422)
    if style == service.sms_style:
        return
    if not reason.strip():
        raise Refusal("Write the reason: patients are asked in another way from the next text on.", field="style_reason", status=422)
    before, service.sms_style = service.sms_style, style
    _note(session, service, "service.sms_style", by=by, now=now, before=before, after=style, reason=reason.strip())


def set_sms_budget(session: Session, service: Service, per_day: str, *, reason: str, by: Actor, now: datetime) -> None:
    """How many texts (segments, as billed) leave in a day before questions wait. Raises Refusal for none, or without a reason."""
    if not per_day.strip().isascii() or not per_day.strip().isdigit() or not 1 <= int(per_day) <= MOST_TEXTS_A_DAY:
        raise Refusal("Write how many texts a day, from 1 to 100000.", field="sms_per_day", status=422)
    if int(per_day) == service.sms_per_day:
        return
    if not reason.strip():
        raise Refusal("Write the reason: beyond this number questions wait until the next day.", field="budget_reason", status=422)
    before, service.sms_per_day = service.sms_per_day, int(per_day)
    _note(session, service, "service.sms_per_day", by=by, now=now, before=before, after=int(per_day), reason=reason.strip())


def stop_sending(session: Session, service: Service, *, reason: str, by: Actor, now: datetime) -> None:
    """Questions and reminders stop; safety texts, answers and pages still leave. Raises Refusal without a reason."""
    if not reason.strip():
        raise Refusal("Write why questions stop.", field="reason", status=422)
    service.sending_stopped = True
    _note(session, service, "service.sending_stopped", by=by, now=now, reason=reason.strip())


def resume_sending(session: Session, service: Service, *, by: Actor, now: datetime) -> None:
    """Questions and reminders leave again."""
    service.sending_stopped = False
    _note(session, service, "service.sending_resumed", by=by, now=now)


def _note(
    session: Session,
    service: Service,
    action: str,
    *,
    by: Actor,
    now: datetime,
    before: object = None,
    after: object = None,
    reason: str = "",
) -> None:
    session.flush()
    audit.record(
        session,
        actor=by,
        action=action,
        subject=f"service:{service.id}",
        service_id=service.id,
        before=before,
        after=after,
        reason=reason,
        now=now,
    )


def _check_texts(sms_name: str, phone: str) -> None:
    if not 1 <= len(sms_name) <= 12:
        raise Refusal("The name in texts has 1 to 12 characters and names no disease.", field="sms_name", status=422)
    if not re.fullmatch(r"[0-9+ ]{2,13}", phone):
        raise Refusal("The service's telephone has at most 13 digits, +, or spaces.", field="phone", status=422)


def check_hours(hours: dict[str, Any]) -> None:
    """Raises Refusal for opening hours that cannot be read, or when there are none: nobody would read the answers."""
    if not any(hours.values()):
        raise Refusal("Write at least one day of opening.", field="hours", status=422)
    for day, spans in hours.items():
        right = day in tuple("0123456") and all(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", t) for span in spans for t in span)
        if not right or any(len(span) != 2 or span[0] >= span[1] for span in spans):
            raise Refusal("Opening hours of day {day} cannot be read: write 08:00-18:00.", field="hours", status=422, day=day)


def engage(
    session: Session,
    hospital: Hospital,
    *,
    login: str,
    name: str,
    role: Role,
    password: str,
    service: Service | None,
    by: Actor,
    now: datetime,
    language: str = "fr",
    phone: str = "",
    email: str = "",
    totp_secret: str = "",
) -> Staff:
    """A new account. Raises Refusal for a short password, a login already used, or a role that needs a service and has none."""
    if len(password) < 12:
        raise Refusal("The password needs at least 12 characters.", field="password", status=422)
    if (service is None) != (role is Role.ADMINISTRATOR):
        raise Refusal("Every role but the administrator works in a service.", field="service", status=422)
    login = login.strip().lower()
    if not login or not name.strip():
        raise Refusal("An account needs a login and a name.", field="login" if not login else "name", status=422)
    if session.scalar(select(Staff.id).where(Staff.login == login)):
        raise Refusal("The login {login} is already used.", field="login", login=login)
    staff = Staff(
        hospital_id=hospital.id,
        service_id=service.id if service else None,
        login=login,
        name=name,
        role=role,
        language=language,
        phone=phone,
        email=email,
        password_hash=signing.hash_password(password),
        totp_secret=totp_secret,
        created_at=now,
    )
    session.add(staff)
    session.flush()
    audit.record(
        session,
        actor=by,
        action="staff.engaged",
        subject=f"staff:{staff.id}",
        service_id=staff.service_id,
        after={"login": login, "role": str(role)},
        now=now,
    )
    return staff


def disable(session: Session, login: str, *, by: Actor, now: datetime) -> Staff:
    """Close an account; its sessions end at once. Raises NotFound."""
    staff = session.scalar(select(Staff).where(Staff.login == login.strip().lower()))
    if staff is None:
        raise NotFound("This account")
    staff.active = False
    session.execute(update(StaffSession).where(StaffSession.staff_id == staff.id, StaffSession.ended_at.is_(None)).values(ended_at=now))
    audit.record(session, actor=by, action="staff.disabled", subject=f"staff:{staff.id}", service_id=staff.service_id, now=now)
    session.flush()
    return staff


def give_second_factor(session: Session, login: str, secret: str, *, by: Actor, now: datetime) -> Staff:
    """A new secret for the codes of an account (lost telephone): the old one is worth nothing at once. Raises NotFound."""
    staff = session.scalar(select(Staff).where(Staff.login == login.strip().lower()))
    if staff is None:
        raise NotFound("This account")
    staff.totp_secret, staff.totp_last_step = secret, 0
    audit.record(session, actor=by, action="staff.second_factor", subject=f"staff:{staff.id}", service_id=staff.service_id, now=now)
    session.flush()
    return staff


def create_token(session: Session, service: Service, *, role: Role, name: str, by: Actor, now: datetime) -> str:
    """A new token for a program; returned once, stored as a fingerprint."""
    token = signing.new_token()
    row = ApiToken(service_id=service.id, role=role, name=name, token_hash=signing.fingerprint(token), created_at=now)
    session.add(row)
    session.flush()
    audit.record(session, actor=by, action="token.created", subject=f"token:{row.id}", service_id=service.id, after=str(role), now=now)
    return token


def token_holder(session: Session, token: str) -> ApiToken | None:
    """The live token, or None."""
    found = session.scalar(select(ApiToken).where(ApiToken.token_hash == signing.fingerprint(token)))
    return found if found and found.revoked_at is None else None
