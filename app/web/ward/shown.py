"""What the alert panel shows of one patient, or of one number nobody knows, and what its page says of it; panel.py reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from app.alerts.lately import Close
from app.alerts.models import Alert, AlertEvent, AlertState, Outcome, Task
from app.alerts.promised import Promise
from app.alerts.replies import Offer
from app.checkins.models import AnswerRow, CheckIn
from app.checkins.rhythm import endings
from app.core.audit import AuditRow
from app.insight.teams import Presence
from app.insight.worklist import Row
from app.messaging.models import Message
from app.people import absences
from app.people.models import Absence, Patient
from app.treatment.models import ClinicianGrade, IntakeReport, Measure
from app.web.patient import chart_data
from app.web.patient.chart_data import Contact, Heard, Treatment
from app.web.patient.speakers import Speakers
from app.web.ward.saying import Saying
from app.web.ward.sharing import Holder
from triage.terms import Assessment, Level, Step


@dataclass(frozen=True)
class Panel:
    """One patient, or one unknown number, with everything open for them."""

    key: str
    saying: Saying
    row: Row | None
    alert: Alert | None
    tasks: Sequence[Task]
    patient: Patient | None
    number: str
    owner: str
    mine: bool
    may_act: bool
    events: Sequence[AlertEvent] = ()
    treatment: Treatment | None = None
    heard: Heard | None = None
    scored: Heard | None = None
    assessment: Assessment | None = None
    doses: IntakeReport | None = None
    temperature: Measure | None = None
    told_message: Message | None = None
    advice: Message | None = None
    clinician: Sequence[ClinicianGrade] = ()
    texts: Sequence[Message] = ()
    quotes: Sequence[Message] = ()
    figures: Mapping[int, Sequence[AnswerRow]] = field(default_factory=dict)
    reasons: Sequence[AlertEvent] = ()
    contacts: Sequence[Contact] = ()
    is_call: bool = False
    colleagues: Sequence[Presence] = ()
    waits: Sequence[datetime] = ()
    silences: Sequence[CheckIn] = ()
    silence_words: Sequence[str] = endings.ASKED
    speakers: Speakers | None = None
    away: Sequence[Absence] = ()
    death_undone: AuditRow | None = None
    on_form: Message | None = None
    is_shared: bool = False
    holders: Sequence[Holder] = ()
    wait_last: datetime | None = None
    offers: Sequence[Offer] = ()
    promised: Promise | None = None
    undoable: bool = False
    closed_lately: Sequence[Close] = ()
    asks_silence: bool = False
    must_speak: bool = False
    help_needed: bool = False
    help_left: Sequence[str] = ()
    decided: AlertEvent | None = None
    outcomes: Sequence[Outcome] = ()

    @property
    def proposed(self) -> list[tuple[str, int]]:
        """CTCAE terms with the grade that the scores and the laboratory propose, the highest first; a clinician confirms it or not."""
        protocol, scored = self.saying.protocol, self.scored
        found: dict[str, int] = {one.term: one.grade for one in (self.assessment.grades if self.assessment else ()) if one.grade}
        for key, score in (scored.known if scored and protocol else {}).items():
            question = protocol.questions.get(key) if protocol else None
            shape = protocol.symptoms.get(question.symptom) if protocol and question else None
            if shape and shape.ctcae_term and score:
                found.setdefault(shape.ctcae_term, score)
        return sorted(found.items(), key=lambda one: (-one[1], one[0]))

    def confirmed(self, term: str) -> ClinicianGrade | None:
        """A clinician's grade of this term given since the judgement that proposes one."""
        since = self.heard.at if self.heard else None
        return next((one for one in self.clinician if one.term == term and (since is None or one.at >= since)), None)

    @property
    def today(self) -> date:
        """The patient's own day."""
        return chart_data.local_day(self.patient, self.saying.page.now) if self.patient else self.saying.page.now.date()

    @property
    def stamp(self) -> str:
        """Changes with everything the panel shows; the screen compares it with the list's to know that it is old."""
        return self.row.stamp if self.row else f"{self.alert.id}-{self.alert.stamp}--" if self.alert else ""

    @property
    def level(self) -> Level:
        """The alert's level; without an alert its row's, INFO when nothing is open."""
        return Level.of(self.alert.level) if self.alert else self.row.level if self.row else Level.INFO

    @property
    def is_open(self) -> bool:
        """Is there an alert that is not closed?"""
        return self.alert is not None and self.alert.state != AlertState.CLOSED

    @property
    def heading(self) -> str:
        """What the page shows, by its kind: the alert, closed or not; else what leads the row: a task, a request, a call; "nothing"."""
        if self.alert is not None:
            return "alert" if self.is_open else "closed"
        return self.row.place.lead.kind if self.row else "nothing"

    def is_of_another_day(self, row: AnswerRow, heard: Heard) -> bool:
        """Was this answer given on another day than its check-in's? A late temperature says nothing of that day without its hour."""
        return self.patient is not None and chart_data.local_day(self.patient, row.at) != heard.day

    def hours(self, heard: Heard) -> dict[str, datetime]:
        """When each answer was given, of those after which something else was told the same day: a calm 8:10 says nothing of 9:00."""
        judged = heard.assessment.checkin_id
        since = [one.at for one in self.reasons if one.detail.get("dangers") or one.detail.get("said") or _of_another(one, judged)]
        day = {at: chart_data.local_day(self.patient, at) for at in since} if self.patient else {}
        return {row.key: row.at for row in heard.standing if any(at > row.at and on == heard.day for at, on in day.items())}

    @property
    def elsewhere(self) -> Heard | None:
        """The check-in that raised the alert, when the scores shown are another's: what it said without a score, what it left to ask."""
        heard = self.heard
        same = heard and self.scored and heard.assessment.checkin_id == self.scored.assessment.checkin_id
        return heard if heard and heard.answers and not same else None

    @property
    def told_us(self) -> list[AlertEvent]:
        """Dangers told to somebody of the team, on the telephone or in a question to a doctor, in the words written down; latest first."""
        return [one for one in reversed(self.reasons) if one.detail.get("said")][:2]

    @property
    def death(self) -> Absence | None:
        """The death that a person noted: nobody calls the patient."""
        return absences.death(self.away)

    def steps(self, kind: str) -> list[Step]:
        """Rules that fired ("fired"), could not be judged ("error"), nearly fired ("near"), or wait for an answer ("waits")."""
        found = self.assessment.steps if self.assessment else ()
        if kind == "error":
            return [step for step in found if step.error]
        if kind == "fired":
            return sorted((step for step in found if step.fired and not step.error), key=lambda step: -step.level)
        rest = [step for step in found if not step.fired and not step.error]
        return [step for step in rest if (step.near if kind == "near" else bool(step.waits_for) and not step.near)]


def _of_another(event: AlertEvent, checkin_id: int | None) -> bool:
    return "checkin_id" in event.detail and event.detail["checkin_id"] != checkin_id
