"""What is known of one patient, read once for the alert panel and the patient's page: treatment, answers, scores, measures, doses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts import admission
from app.care import contacts
from app.checkins import script
from app.checkins.models import AnswerRow, AssessmentRow, CheckIn
from app.people import absences, care_team, members
from app.people.models import Absence, Patient, Service, Staff
from app.protocols import signatures, versions
from app.protocols.models import ProtocolVersion, VersionState
from app.treatment import courses, days, intakes, measures
from app.treatment.models import Course, Hold, IntakeReport, Measure
from app.web.patient import unasked
from triage.calendar import Day, Dose
from triage.protocol import Protocol


@dataclass(frozen=True)
class Treatment:
    """The running course and what today is in it; ``title``: the protocol's, by language.

    dose: the one in force today. beside, doses: what today is, and which dose is in force, for each medicine by its agent. draft: the
    protocol is one. exception: numbers changed for this patient hold today. hold, stay: why no tablet is asked for today;
    stay_stage: how far that stay is, as app.alerts.admission.stage says: asked, told, arrived; "" without one.
    """

    course: Course
    day: Day
    title: Mapping[str, str]
    unverified: int
    dose: Dose
    beside: Mapping[str, Day]
    doses: Mapping[str, Dose]
    draft: bool = False
    exception: bool = False
    hold: Hold | None = None
    stay: Absence | None = None
    stay_stage: str = ""


@dataclass(frozen=True)
class Contact:
    """A telephone to call, in this order. role: patient, relative, oncologist, on_call, emergency. relation: of a relative, as written."""

    role: str
    name: str
    number: str
    relation: str = ""


LOOKED_BACK = 200
"""Earlier judgements read for a score to compare with: each answer makes one, so some weeks of check-ins."""


@dataclass(frozen=True)
class Heard:
    """One judged check-in: when, scores by question, the other answers as stored; of each score its own last known one and its day.

    unasked: its questions that nobody put to the patient, those of safety first; silent: those that were put and have no answer.
    Neither is zero, and the first must not be taken for the second: whoever calls asks them.
    """

    at: datetime
    day: date
    assessment: AssessmentRow
    scores: Mapping[str, int | None]
    before: Mapping[str, int] = field(default_factory=dict)
    before_on: Mapping[str, date] = field(default_factory=dict)
    answers: Sequence[AnswerRow] = ()
    unasked: Sequence[str] = ()
    silent: Sequence[str] = ()

    @property
    def baseline(self) -> Mapping[str, int]:
        """Scores before treatment as this judgement knew them; a question without one has an unknown baseline."""
        return baseline_of(self.assessment)

    @property
    def measures(self) -> Mapping[str, Mapping[str, str]]:
        """The measures this judgement looked at, by key, as it keeps them."""
        return self.assessment.inputs.get("measures") or {}

    def since_baseline(self, key: str) -> int | None:
        """This score minus the one before treatment; None when either is unknown."""
        now, then = self.scores.get(key), self.baseline.get(key)
        return None if now is None or then is None else now - then

    def change(self, key: str) -> int | None:
        """This score minus the one before; None when either is unknown."""
        now, then = self.scores.get(key), self.before.get(key)
        return None if now is None or then is None else now - then

    @property
    def first_said(self) -> list[str]:
        """Symptoms scored now that no earlier check-in has a score of: nobody can say whether they moved."""
        return [key for key in self.known if key not in self.before]

    @property
    def standing(self) -> list[AnswerRow]:
        """Every person's last answers, judged or beside."""
        return [row for row in self.answers if row.replaced_at is None]

    @property
    def _judged(self) -> list[AnswerRow]:
        return [row for row in self.standing if not row.beside]

    @property
    def known(self) -> dict[str, int]:
        """Scores the patient gave."""
        return {key: score for key, score in self.scores.items() if score is not None}

    @property
    def misread(self) -> list[str]:
        """Scored questions whose answer was not understood."""
        return [row.key for row in self._judged if row.key in self.scores and row.value is None]

    def has(self, kind: str) -> bool:
        """Was a question of this kind answered?"""
        return any(row.kind == kind and row.value is not None for row in self._judged)

    def other(self, kinds: tuple[str, ...]) -> list[AnswerRow]:
        """Current answers that are not scores."""
        return [row for row in self._judged if row.kind not in kinds]


def local_day(patient: Patient, at: datetime) -> date:
    """The patient's own calendar day."""
    return at.astimezone(ZoneInfo(patient.timezone)).date()


def treatment_of(session: Session, patient: Patient, now: datetime) -> Treatment | None:
    """The running treatment, None when there is none."""
    course = courses.running(session, patient.id)
    if course is None:
        return None
    today = local_day(patient, now)
    version = script.version_for(session, course, patient, today)
    title: Mapping[str, str] = version.title if version else {"fr": course.protocol_slug, "en": course.protocol_slug}
    both = days.together(course, today)
    stay = next((one for one in absences.standing(session, patient.id) if one.kind in absences.STAYS), None)
    return Treatment(
        course=course,
        day=both.days[course.agent],
        title=title,
        unverified=version.unverified if version else 0,
        dose=days.dose_on(course, today),
        beside=both.days,
        doses={medicine.agent: days.dose_on(medicine, today) for medicine in days.medicines_of(course)},
        draft=version is not None and version.depth == signatures.DRAFT,
        exception=version is not None and version.state == VersionState.PATIENT,
        hold=days.standing_hold(course.holds, today),
        stay=stay,
        stay_stage=admission.stage(session, stay) if stay else "",
    )


def protocol_of(session: Session, version_id: int | None) -> Protocol | None:
    """The protocol an assessment was made with, to name its questions; None when its document cannot be read any more."""
    version = session.get(ProtocolVersion, version_id) if version_id else None
    if version is None:
        return None
    try:
        return versions.load(version)
    except ValueError:
        return None


def last_heard(session: Session, patient: Patient, assessment_id: int | None = None) -> Heard | None:
    """The given assessment, or the patient's last, with the scores of the check-in before it."""
    mine = select(AssessmentRow).where(AssessmentRow.patient_id == patient.id)
    wanted = mine.where(AssessmentRow.id == assessment_id) if assessment_id else mine
    row = session.scalar(wanted.order_by(AssessmentRow.id.desc()).limit(1))
    if row is None:
        return None
    scores = scores_of(row)
    before = _before(session, row, scores)
    checkin = session.get(CheckIn, row.checkin_id) if row.checkin_id else None
    protocol = protocol_of(session, checkin.version_id) if checkin else None
    left, silent = unasked.of(session, checkin, protocol) if checkin and protocol else ([], [])
    return Heard(
        at=row.at,
        day=checkin.day if checkin else local_day(patient, row.at),
        assessment=row,
        scores=scores,
        before={key: score for key, (score, _) in before.items()},
        before_on={key: day for key, (_, day) in before.items()},
        answers=tuple(checkin.answers) if checkin else (),
        unasked=left,
        silent=silent,
    )


def _before(session: Session, row: AssessmentRow, wanted: Iterable[str]) -> dict[str, tuple[int, date]]:
    """The last known score of each symptom in an earlier check-in, and its day: not every check-in asks all of them."""
    earlier = select(AssessmentRow.result["scores"], CheckIn.day).join(CheckIn, CheckIn.id == AssessmentRow.checkin_id)
    earlier = earlier.where(AssessmentRow.patient_id == row.patient_id, AssessmentRow.id < row.id)
    earlier = earlier.where(AssessmentRow.checkin_id.is_distinct_from(row.checkin_id)).order_by(AssessmentRow.id.desc()).limit(LOOKED_BACK)
    found: dict[str, tuple[int, date]] = {}
    keys = set(wanted)
    for scores, day in session.execute(earlier):
        found |= {key: (score, day) for key, score in (scores or {}).items() if key in keys - found.keys() and isinstance(score, int)}
        if keys <= found.keys():
            break
    return found


def last_scored(session: Session, patient: Patient, now: datetime) -> Heard | None:
    """The last judgement with at least one known score, within two weeks; a message alone is judged too, and has none."""
    rows = session.execute(
        select(AssessmentRow.id, AssessmentRow.result["scores"])
        .where(AssessmentRow.patient_id == patient.id, AssessmentRow.at >= now - timedelta(days=14), AssessmentRow.checkin_id.is_not(None))
        .order_by(AssessmentRow.id.desc())
    )
    found = next((number for number, scores in rows if any(score is not None for score in (scores or {}).values())), None)
    return last_heard(session, patient, found) if found else None


def baseline_of(row: AssessmentRow) -> dict[str, int]:
    """Scores before treatment as a judgement knew them."""
    kept = row.inputs.get("baseline") or {}
    return {key: value for key, value in kept.items() if isinstance(value, int) and not isinstance(value, bool)}


def scores_of(row: AssessmentRow) -> dict[str, int | None]:
    """Scores by question key; unknown ones are None."""
    scores: dict[str, Any] = row.result.get("scores", {})
    return {key: value if isinstance(value, int) else None for key, value in scores.items()}


def last_doses(session: Session, treatment: Treatment | None, now: datetime) -> IntakeReport | None:
    """What was last said of the tablets, within two weeks: older news says nothing of today."""
    if treatment is None:
        return None
    reports = intakes.standing(session, treatment.course.id)
    return reports[-1] if reports and now - reports[-1].at < timedelta(days=14) else None


def last_temperature(session: Session, patient: Patient, now: datetime) -> Measure | None:
    """The last temperature of the last three days; an older one says nothing of today."""
    found = measures.latest(session, patient.id, before=now).get("temperature")
    return found if found and now - found.taken_at < timedelta(days=3) else None


def contacts_of(session: Session, patient: Patient, now: datetime) -> list[Contact]:
    """Whom to call, in order: whoever answers, the others around the patient, the prescriber, who is on call, the emergency number.

    Before all, where somebody who telephoned this day said they can be rung back. Never somebody who is noted dead; a number reported
    wrong comes after the others, and whoever calls it asks who answers.
    """
    service = session.get_one(Service, patient.service_id)
    relatives = [Contact("relative", one.name, one.phone, one.relation) for one in patient.respondents]
    answering = [Contact("relative", one.name, one.phone, one.relation) for one in patient.respondents if one.answers]
    theirs = answering and patient.answered_by == "respondent"
    own = [Contact("patient", patient.full_name, patient.phone)]
    if theirs and answering[0].number in ("", patient.phone):  # the number on the file is the relative's telephone
        own = [Contact("relative", answering[0].name, patient.phone, answering[0].relation)]
    first = list(dict.fromkeys([*answering, *own])) if theirs else own
    wrong = any(one.kind == absences.WRONG_NUMBER for one in absences.standing(session, patient.id))
    unsure = [Contact("unsure", "", patient.phone)] if wrong else []
    first = [one for one in first if not (wrong and one.number == patient.phone)]
    ordered = [*first, *(one for one in relatives if one not in first)]
    on_call = [
        Contact("on_call", one.name, one.phone)
        for one in care_team.on_duty(session, service.id, now, "on_call")
        if one.id != patient.oncologist_id
    ]
    team = [Contact("oncologist", patient.oncologist.name, patient.oncologist.phone), *on_call]
    left_out = "patient" if is_dead(session, patient) else ""
    rang = [Contact("rang" if name else "rang_unnamed", name, number) for name, number in contacts.who_rang(session, patient.id, now)]
    found = (*rang, *ordered, *unsure, *team, Contact("emergency", "", service.emergency))
    return [one for one in found if one.number and one.role != left_out]


def is_dead(session: Session, patient: Patient) -> bool:
    """Did a person of the service note a death? Nobody calls this patient."""
    return absences.death(absences.standing(session, patient.id)) is not None


def colleagues(session: Session, viewer_id: int, service_id: int) -> list[Staff]:
    """Who an alert may be handed to."""
    found = session.scalars(select(Staff).where(members.belongs(service_id), Staff.active, Staff.id != viewer_id).order_by(Staff.name))
    return [one for one in found if one.role in ("nurse", "coordinator", "oncologist")]


def staff_names(session: Session, service_id: int) -> dict[int, str]:
    """Who works or worked in the service, by row: anybody of its hospital, for a further service that was taken away leaves no trace."""
    rows = select(Staff.id, Staff.name).join(Service, Service.hospital_id == Staff.hospital_id).where(Service.id == service_id)
    return dict(list(session.execute(rows)))
