"""Tables of people: hospital, service, staff, patients, respondents, consents, shifts."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base


class Role(StrEnum):
    """Who may do what; the words are promised."""

    SECRETARY = "secretary"
    NURSE = "nurse"
    COORDINATOR = "coordinator"
    ONCOLOGIST = "oncologist"
    PHARMACIST = "pharmacist"
    OUTSIDE = "outside"
    ADMINISTRATOR = "administrator"
    SERVICE = "service"


class Reachability(StrEnum):
    """How a patient can be reached; four different ways of not being reached."""

    REACHABLE = "reachable"
    UNDELIVERED = "undelivered"
    UNREACHABLE = "unreachable"
    OPTED_OUT = "opted_out"
    SILENT = "silent"
    FROZEN = "frozen"


class FollowUp(StrEnum):
    """Is the patient followed? frozen: automatic messages stop, with a reason; ended: the file stays."""

    ACTIVE = "active"
    FROZEN = "frozen"
    ENDED = "ended"


FOLLOW_UP_MOVES = {
    FollowUp.ACTIVE: {FollowUp.FROZEN, FollowUp.ENDED},
    FollowUp.FROZEN: {FollowUp.ACTIVE, FollowUp.ENDED},
    FollowUp.ENDED: {FollowUp.ACTIVE},
}
"""A death or an end written by mistake is taken back, with a reason."""


class Hospital(Base):
    """A hospital: the outermost perimeter."""

    __tablename__ = "hospital"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]


class Service(Base):
    """A team that follows patients. Every patient, alert and message belongs to one.

    sms_name: what texts begin with, at most 12 characters, neutral. phone: as written in texts, at most 13 characters.
    hours: weekday "0".."6" (Monday 0) to a list of ["HH:MM", "HH:MM"] local spans. holidays_region: subdivision of the holidays
    library, "" for the country's own. number: the E.164 number patients write to. sms_style: "words" (the questions stand in the
    text) or "link" (a neutral text with a link to the form). sms_per_day: texts a day after which the alarm rings and questions wait.
    regions: ISO codes of the countries texts may leave for; [] is the house's list. doctor_line: whom patients call when the service is
    closed, as written in texts, at most 13 characters; "": the emergency number alone. doctor_line_hours: when it answers, in words.
    """

    __tablename__ = "service"

    id: Mapped[int] = mapped_column(primary_key=True)
    hospital_id: Mapped[int] = mapped_column(ForeignKey("hospital.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    sms_name: Mapped[str] = mapped_column(String(12))
    phone: Mapped[str] = mapped_column(String(13))
    number: Mapped[str] = mapped_column(String(20), unique=True)
    emergency: Mapped[str] = mapped_column(String(8), default="15")
    doctor_line: Mapped[str] = mapped_column(String(13), default="")
    doctor_line_hours: Mapped[str] = mapped_column(String(60), default="")
    country: Mapped[str] = mapped_column(String(2), default="FR")
    holidays_region: Mapped[str] = mapped_column(String(8), default="")
    timezone: Mapped[str] = mapped_column(String(64), default="Europe/Paris")
    language: Mapped[str] = mapped_column(String(8), default="fr")
    hours: Mapped[dict[str, Any]]
    sending_stopped: Mapped[bool] = mapped_column(default=False)
    sms_style: Mapped[str] = mapped_column(String(8), default="words")
    sms_per_day: Mapped[int] = mapped_column(default=3000)
    regions: Mapped[list[Any]] = mapped_column(default=list)
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    hospital: Mapped[Hospital] = relationship()


class Staff(Base):
    """A professional who signs in. ``service_id``: the home service, None for the administrator of the hospital, who opens no chart.

    Who belongs to a service is asked of ``app.people.members``: somebody may work in others of the hospital besides.
    """

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(primary_key=True)
    hospital_id: Mapped[int] = mapped_column(ForeignKey("hospital.id"), index=True)
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"), index=True)
    login: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(8), default="fr")
    phone: Mapped[str] = mapped_column(String(20), default="")
    email: Mapped[str] = mapped_column(String(200), default="")
    rpps: Mapped[str] = mapped_column(String(11), default="")
    password_hash: Mapped[str] = mapped_column(String(300))
    totp_secret: Mapped[str] = mapped_column(String(64), default="")
    totp_last_step: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    service: Mapped[Service | None] = relationship()


class Shift(Base):
    """Who is there when. kind: "ward" (works the list) or "on_call" (reached when the service is closed)."""

    __tablename__ = "shift"
    __table_args__ = (Index("ix_shift_when", "service_id", "kind", "starts_at", "ends_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class Patient(Base):
    """A person followed at home. ``phone`` E.164 or "" (nurse's calls only). ``timezone`` IANA. ``language`` of every text.

    answered_by: "patient" or "respondent". shared_phone: another active patient has this number, so plain texts are never attached.
    cautions: what makes general advice unfit, see app.people.cautions. also_reads: other languages the patient reads, best first.
    interpreter: the language an interpreter is needed for, "" for none. channels: in which order to try (sms, relative, call), [] for the
    house's order. phone_verified_at: when somebody proved to hold ``phone``. follow_up_kind: which rule froze or ended it (see
    app.people.absences). silence_paused_until: no silence alert before this day, for ``silence_pause_reason``; it ends by itself.
    """

    __tablename__ = "patient"
    __table_args__ = (Index("ix_patient_phone", "phone"), Index("ix_patient_name", "service_id", "family_name"))

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    family_name: Mapped[str] = mapped_column(String(120))
    birth_name: Mapped[str] = mapped_column(String(120), default="")
    given_names: Mapped[str] = mapped_column(String(200))
    search_name: Mapped[str] = mapped_column(String(400), default="")
    birth_date: Mapped[date]
    sex: Mapped[str] = mapped_column(String(10))
    language: Mapped[str] = mapped_column(String(8), default="fr")
    timezone: Mapped[str] = mapped_column(String(64))
    phone: Mapped[str] = mapped_column(String(20), default="")
    shared_phone: Mapped[bool] = mapped_column(default=False)
    answered_by: Mapped[str] = mapped_column(String(20), default="patient")
    oncologist_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    reachability: Mapped[str] = mapped_column(String(20), default=Reachability.REACHABLE)
    follow_up: Mapped[str] = mapped_column(String(20), default=FollowUp.ACTIVE)
    follow_up_reason: Mapped[str] = mapped_column(Text, default="")
    follow_up_until: Mapped[date | None]
    follow_up_kind: Mapped[str] = mapped_column(String(20), default="")
    opted_out_at: Mapped[datetime | None]
    check_in_hour: Mapped[int] = mapped_column(default=10)
    cautions: Mapped[list[Any]] = mapped_column(default=list)
    also_reads: Mapped[list[Any]] = mapped_column(default=list)
    interpreter: Mapped[str] = mapped_column(String(40), default="")
    channels: Mapped[list[Any]] = mapped_column(default=list)
    phone_verified_at: Mapped[datetime | None]
    silence_paused_until: Mapped[date | None]
    silence_pause_reason: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]

    service: Mapped[Service] = relationship()
    oncologist: Mapped[Staff] = relationship()
    respondents: Mapped[list[Respondent]] = relationship(
        primaryjoin="and_(Patient.id == Respondent.patient_id, Respondent.removed_at.is_(None))", order_by="Respondent.id"
    )
    journeys: Mapped[list[Journey]] = relationship(order_by="Journey.id")

    @property
    def full_name(self) -> str:
        """Family name in capitals, then given names, as French hospitals write it."""
        return f"{self.family_name.upper()} {self.given_names}"


class Respondent(Base):
    """Somebody who answers for, or is called about, the patient.

    answers: this person answers the check-ins. told_of_silence: the patient agreed that this person is told when no answer comes.
    removed_at: no longer around the patient; the row stays, because answers name it, and ``Patient.respondents`` leaves it out.
    """

    __tablename__ = "respondent"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    relation: Mapped[str] = mapped_column(String(60))
    phone: Mapped[str] = mapped_column(String(20), default="")
    answers: Mapped[bool] = mapped_column(default=False)
    told_of_silence: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(String(8), default="")
    phone_verified_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


class NumberCheck(Base):
    """A code sent to a telephone, to know who holds it. purpose: enrolment, change, renewal.

    The code is made from ``seed`` with the installation's secret and stands nowhere: see app.messaging.links. respondent_id: the relative
    whose number it is; None: the patient's. tries: wrong codes so far. expires_at: a person is told then. It ends confirmed or dropped.
    """

    __tablename__ = "number_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    respondent_id: Mapped[int | None] = mapped_column(ForeignKey("respondent.id"))
    purpose: Mapped[str] = mapped_column(String(12))
    number: Mapped[str] = mapped_column(String(20), index=True)
    seed: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(Text, default="")
    asked_by: Mapped[str] = mapped_column(String(60))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str] = mapped_column(String(60), default="")
    dropped_at: Mapped[datetime | None]


class Absence(Base):
    """Days on which the patient is seen by others, or why texts stopped. kind: visit (one day, no check-in); hospital_stay, home_hospital,
    wrong_number (texts freeze); death, end (follow-up is over).

    until_day: the last day, None while it is not known. begun_at, ended_at: when its rule was applied and taken back.
    """

    __tablename__ = "absence"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    from_day: Mapped[date]
    until_day: Mapped[date | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    said_by: Mapped[str] = mapped_column(String(60))
    recorded_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(String(60), default="")


class Journey(Base):
    """From this date on, in its own zone, the patient lives by this zone. begun_at: when the patient's zone was changed; None: to come."""

    __tablename__ = "journey"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    from_day: Mapped[date]
    zone: Mapped[str] = mapped_column(String(64))
    said_by: Mapped[str] = mapped_column(String(60))
    recorded_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]


class Consent(Base):
    """What the patient agreed to or refused. kind: "follow_up" (the act), "sms_words" (symptoms named in texts), "usage_data",

    "parental" (for a minor: whoever holds parental authority, a respondent, agreed).
    """

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    granted: Mapped[bool]
    sheet_version: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(60))
