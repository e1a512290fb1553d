"""What the JSON interface takes and gives. Strict: false is not 0, "2" is not 2, an unknown field is refused, nothing is rounded."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StringConstraints

LARGEST_ID = 2**31 - 1
"""Row numbers are 4-byte integers on PostgreSQL: a larger one would be an error of the database, not "unknown"."""

Level = Literal["moderate", "high", "urgent"]
AlertStateWord = Literal["new", "taken", "in_progress", "waiting", "closed"]
CheckInStatus = Literal["planned", "open", "partial", "done", "silent", "expired", "cancelled"]


def storable(text: str) -> str:
    """The text, if both engines can keep it. Raises ValueError."""
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in text):
        raise ValueError("contains a character that cannot be stored")
    return text


def _written_date(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return value
    raise ValueError("write a date as 2026-11-18")


def _written_time(value: object) -> object:
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value):
        return value
    raise ValueError("write a time with its zone, as 2026-11-18T10:00:00+01:00")


def a_number(value: object) -> object:
    """JSON numbers and numbers written as text; true is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("write a number such as 37.2")
    return value


def _in_reach(at: datetime) -> datetime:
    if not datetime(1900, 1, 2, tzinfo=UTC) <= at <= datetime(2200, 1, 1, tzinfo=UTC):
        raise ValueError("this time is out of reach")
    return at


Text = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(storable)]
Day = Annotated[date, BeforeValidator(_written_date)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written_time), AfterValidator(_in_reach)]
By = Annotated[Text, Field(max_length=120, description="Login of the person of this service who acts.")]


class Body(BaseModel):
    """What a caller sends; a field it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


Measured = Annotated[Decimal, BeforeValidator(a_number), Field(max_digits=12, decimal_places=4)]


class RespondentIn(Body):
    """Somebody who answers for, or is called about, the patient."""

    name: Annotated[Text, Field(min_length=1, max_length=200)]
    relation: Annotated[Text, Field(min_length=1, max_length=60)]
    phone: Annotated[Text, Field(max_length=30)] = ""
    answers: StrictBool = False


class ConsentIn(Body):
    """What the patient agreed to, and the version of the sheet they were given (FR-12).

    parental_authority: the respondent holds it and agreed; a patient under 18 is refused without.
    """

    follow_up: StrictBool
    sms_words: StrictBool = False
    parental_authority: StrictBool = False
    sheet_version: Annotated[Text, Field(max_length=40)]


class WatchingIn(Body):
    """The prescription of the watching itself, both days included, 365 days at most. prescriber: login, "" for the referring oncologist.

    activity: oncology_resilience, oncology_cureety, or outside_list when it is on no line of the reimbursed list.
    """

    activity: Annotated[Text, Field(max_length=40)]
    prescriber: Annotated[Text, Field(max_length=120)] = ""
    from_day: Day
    until_day: Day
    weight_kg: Measured
    special_conditions: Annotated[Text, Field(max_length=2000)] = ""


class RenewalIn(WatchingIn):
    """A prescription of the watching for somebody who is enrolled."""

    by: By = ""


class PatientIn(Body):
    """A patient to enrol. phone: E.164, or the national form of the service's country. oncologist: login of the referring oncologist.

    phone_verified: the caller knows who holds the numbers; false: a code leaves for each, and texts name no symptom until it is back.
    by_call: the number may be a landline; no text leaves for it, a nurse asks by telephone. watching: its prescription, or null: the
    watching goes on, and a task asks for it after a week.
    """

    family_name: Annotated[Text, Field(max_length=120)]
    given_names: Annotated[Text, Field(max_length=200)]
    birth_name: Annotated[Text, Field(max_length=120)] = ""
    birth_date: Day
    sex: Literal["female", "male", "other", "unknown"]
    language: Annotated[Text, Field(max_length=8)] = "fr"
    timezone: Annotated[Text, Field(max_length=64)] = ""
    phone: Annotated[Text, Field(max_length=30)]
    phone_verified: StrictBool = True
    shared_phone: StrictBool = False
    by_call: StrictBool = False
    respondent: RespondentIn | None = None
    consent: ConsentIn
    oncologist: Annotated[Text, Field(max_length=120)]
    check_in_hour: Annotated[StrictInt, Field(ge=8, le=19)] = 10
    watching: WatchingIn | None = None
    by: By = ""


class MeasureIn(Body):
    """A measure or laboratory value, with its unit (UCUM where it exists). source: where it comes from.

    kind: a measure of `vigie protocols show`, or a CTCAE laboratory term. lln, uln: the laboratory's limits of normal, in the same unit.
    """

    kind: Annotated[Text, Field(min_length=1, max_length=60)]
    value: Measured
    unit: Annotated[Text, Field(max_length=20)]
    lln: Measured | None = None
    uln: Measured | None = None
    taken_at: Moment
    source: Annotated[Text, Field(min_length=1, max_length=20)]
    by: By = ""


class Problem(BaseModel):
    """Why a request was refused: one sentence, and one beside each field concerned. Nothing was changed."""

    error: str
    fields: dict[str, str] = {}


class CourseOut(BaseModel):
    """A treatment. dose_mg: the first dose; doses: each dose written down since, with its tablets when they are known."""

    id: int
    patient_id: int
    agent: str
    protocol: str
    dose_mg: str
    times_per_day: int
    days_on: int
    days_off: int
    blocks: list[list[int]]
    cycle_days: int | None
    weekday: int | None
    every: int
    first_intake_evening: bool
    first_intake: date
    state: str
    cycles: list[dict[str, Any]]
    holds: list[dict[str, Any]]
    doses: list[dict[str, Any]]
    companions: list[dict[str, Any]]


class PatientOut(BaseModel):
    """A patient, with consents, respondents and the running treatment."""

    id: int
    service_id: int
    family_name: str
    birth_name: str
    given_names: str
    birth_date: date
    sex: str
    language: str
    timezone: str
    phone: str
    phone_verified_at: datetime | None
    shared_phone: bool
    answered_by: str
    oncologist: str
    reachability: str
    follow_up: str
    follow_up_reason: str
    check_in_hour: int
    respondents: list[dict[str, Any]]
    consents: list[dict[str, Any]]
    watching: list[dict[str, Any]]
    course: CourseOut | None


class CheckInOut(BaseModel):
    """A check-in; times in UTC, day in the patient's zone."""

    id: int
    patient_id: int
    course_id: int
    kind: str
    status: str
    day: date
    cycle: int | None
    cycle_day: int | None
    due_at: datetime
    opened_at: datetime | None
    closed_at: datetime | None
    why: str


class AlertOut(BaseModel):
    """An alert. respond_by: when an owner must have acted. told: what the patient was told."""

    id: int
    patient_id: int | None
    subject: str
    kind: str
    level: str
    state: str
    opened_at: datetime
    respond_by: datetime
    owner: str | None
    told: str
    outcome: str
    note: str
    closed_at: datetime | None


class AlertWhole(AlertOut):
    """An alert with every event of its life, and the assessment it stands on: inputs, trace, sentences in French and English."""

    events: list[dict[str, Any]]
    assessment: dict[str, Any] | None


class MessageOut(BaseModel):
    """A text, letter for letter. direction: in (from the patient) or out."""

    id: int
    patient_id: int | None
    direction: str
    state: str
    body: str
    purpose: str
    reading: dict[str, Any] | None
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None


class MeasureOut(BaseModel):
    """A measure as kept."""

    id: int
    patient_id: int
    kind: str
    value: str
    unit: str
    lln: str | None
    uln: str | None
    taken_at: datetime
    source: str
