"""The words of triage: frozen values, no behaviour beyond their own reading.

A *score* (0-4) is what a patient said; a CTCAE *grade* is a professional's or a laboratory's.
``None`` always means *unknown*; it is never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import IntEnum, StrEnum

Value = Decimal | bool | str
"""A normalised answer: a number, yes/no, or a word of a closed list."""


ALARMING = "alarming_words"
"""The danger code of words that alarm together without a sign: no class was said, so none is named, and none chooses the text sent back."""

DANGERS: Mapping[str, tuple[str, str]] = {
    "chest_pain": ("douleur dans la poitrine", "chest pain"),
    "dyspnea": ("essoufflement", "breathlessness"),
    "bleeding": ("saignement", "bleeding"),
    "suicidal": ("idées suicidaires", "suicidal thoughts"),
    "syncope": ("malaise avec perte de connaissance", "fainting"),
    "stroke_signs": ("signes d'accident vasculaire cérébral", "stroke signs"),
    "confusion": ("confusion", "confusion"),
    "seizure": ("convulsion", "seizure"),
    "anaphylaxis": ("gonflement du visage ou de la gorge", "swelling of face or throat"),
    "dvt_signs": ("jambe gonflée et douloureuse", "one swollen painful leg"),
    "anuria": ("plus d'urines", "no urine"),
    "fever": ("fièvre", "fever"),
    "chills": ("frissons", "chills"),
    "persistent_vomiting": ("vomissements qui ne cessent pas", "vomiting that does not stop"),
    "no_fluids": ("ne garde plus de liquides", "keeps no fluids"),
    "overdose": ("prise trop forte", "overdose"),
    "child_ingestion": ("prise par un enfant", "taken by a child"),
    "unwell": ("va très mal", "very unwell"),
    ALARMING: ("des mots qui alarment ensemble, aucun signe nommé", "words that alarm together, no named sign"),
    "pregnancy": ("grossesse", "pregnancy"),
    "jaundice": ("peau ou yeux jaunes", "yellow skin or eyes"),
}
"""Danger codes of the reply codebook in words, French and English, and the one of words that alarm without any sign."""


class Level(IntEnum):
    """How fast a person must act. Ordered: the highest level among the rules that fire wins."""

    NONE = 0
    INFO = 1
    MODERATE = 2
    HIGH = 3
    URGENT = 4

    @property
    def word(self) -> str:
        """The promised word, lower case: none, info, moderate, high, urgent."""
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> Level:
        """The level a promised word names. Raises ValueError for any other word."""
        try:
            return cls[word.upper()]
        except KeyError:
            raise ValueError(f"unknown level {word!r}: expected one of {', '.join(m.word for m in cls)}") from None


LEVEL_NAMES: Mapping[Level, tuple[str, str]] = {
    Level.NONE: ("aucun", "none"),
    Level.INFO: ("tâche", "task"),
    Level.MODERATE: ("modéré", "moderate"),
    Level.HIGH: ("élevé", "high"),
    Level.URGENT: ("urgent", "urgent"),
}
"""What the screens call a level, French and English."""


class Kind(StrEnum):
    """Kinds of question; the names are those of the reply codebook."""

    SEVERITY = "severity_0_4"
    MULTI = "multi3_severity_0_4"
    COUNT = "count_24h"
    TEMPERATURE = "temperature_c"
    WEIGHT = "weight_kg"
    PAIN = "pain_0_10"
    INTAKE = "intake_7d"
    YES_NO = "yes_no"
    FREE_TEXT = "free_text"
    CYCLE_START = "cycle_start"
    STOP_WHICH = "stop_which"
    NONE = "none"


class Heard(StrEnum):
    """What a text turned out to be; the names are those of the reply codebook."""

    ANSWER = "answer"
    PARTIAL = "partial"
    ASK_AGAIN = "ask_again"
    SYMPTOM = "symptom"
    DANGER = "danger"
    CORRECTION = "correction"
    COMMAND = "command"
    COURTESY = "courtesy"
    ADMIN = "admin"


class Escalate(StrEnum):
    """The least a person must be told whatever the protocol says."""

    NO = "no"
    NURSE = "nurse"
    URGENT = "urgent"

    @property
    def names(self) -> tuple[str, str]:
        """French and English."""
        return {"no": ("personne", "nobody"), "nurse": ("infirmière", "nurse"), "urgent": ("urgent", "urgent")}[self]


@dataclass(frozen=True)
class Asked:
    """What is open when a text arrives: the kind of question, the keys it fills, in the order they were asked."""

    kind: Kind = Kind.NONE
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """A text, understood. ``value`` is the codebook's normalised form; ``values`` one entry per key asked, None where missing.

    told: values given in passing for symptoms that were not asked, and a temperature: ("fatigue", "2"), ("temperature", "36.8").
    symptoms: told beside a wish to be called, as the value of a SYMPTOM: "diarrhea:6".
    """

    heard: Heard
    value: str
    escalate: Escalate = Escalate.NO
    values: tuple[str | None, ...] = ()
    dangers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    told: tuple[tuple[str, str], ...] = ()
    symptoms: str = ""


@dataclass(frozen=True)
class Answer:
    """One current answer. ``value`` None: asked, not answered or not understood (unknown, never zero)."""

    key: str
    value: Value | None


@dataclass(frozen=True)
class Measured:
    """A measure or laboratory value with its unit and day. lln, uln: limits of normal of that laboratory, in the same unit."""

    value: Decimal
    unit: str
    taken_on: date
    lln: Decimal | None = None
    uln: Decimal | None = None


@dataclass(frozen=True)
class Exposure:
    """A medicine the patient takes or took. ``last_on`` None: still taken."""

    first_on: date
    last_on: date | None = None


@dataclass(frozen=True)
class Graded:
    """A CTCAE grade (0-5) of one term, computed or given by a clinician; None: not gradable, and ``reason`` says why."""

    term: str
    version: str
    grade: int | None
    reason: str = ""


@dataclass(frozen=True)
class Past:
    """An earlier check-in of the same patient: its day and what was answered then."""

    asked_on: date
    values: Mapping[str, Value | None]
    level: Level = Level.NONE


@dataclass(frozen=True)
class Context:
    """Everything the engine may know besides the current answers.

    cycle, cycle_day: from 1, None before the first confirmed intake. on_day: are intakes scheduled on asked_on?
    past: earlier check-ins, most recent first. baseline: dated pre-treatment values; absent means unknown.
    dangers: codes found by the reader in this check-in's texts. escalate: the reader's floor for this check-in.
    closing: the window closes now, so what is still unknown will stay unknown.
    silences: check-ins in a row without any answer, this one included when it is closing.
    due: keys of this check-in's questions, asked or still to ask: an absent one is unknown. None: every red-flag question of the protocol.
    measures: the latest value of each; measures_before: the earlier ones, most recent first; measures_baseline: dated pre-treatment values.
    treatment_day: from 1 on the first confirmed intake of the course. exposures: by agent or medicine, this one and its companions.
    adherence: correct intakes per 100 scheduled over the last 28 days; None when not known.
    """

    asked_on: date
    cycle: int | None = None
    cycle_day: int | None = None
    on_day: bool | None = None
    past: tuple[Past, ...] = ()
    baseline: Mapping[str, Value] = field(default_factory=dict)
    measures: Mapping[str, Measured] = field(default_factory=dict)
    dangers: tuple[str, ...] = ()
    escalate: Escalate = Escalate.NO
    silences: int = 0
    closing: bool = False
    due: tuple[str, ...] | None = None
    measures_before: Mapping[str, tuple[Measured, ...]] = field(default_factory=dict)
    measures_baseline: Mapping[str, Measured] = field(default_factory=dict)
    treatment_day: int | None = None
    exposures: Mapping[str, Exposure] = field(default_factory=dict)
    adherence: Decimal | None = None


@dataclass(frozen=True)
class Step:
    """One rule looked at, fired or not. ``met`` is None when it could not be decided (something unknown).

    inputs, why: one sentence per language, "fr" and "en". waits_for: questions of this check-in that are still unknown and that
    alone keep the rule undecided. family: the order of display, see protocol.FAMILIES. verified False: not confirmed in its source.
    """

    rule: str
    level: Level
    fired: bool
    met: bool | None
    near: bool
    inputs: Mapping[str, str]
    why: Mapping[str, str]
    source: str
    error: str = ""
    family: str = ""
    layer: str = ""
    verified: bool = True
    waits_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assessment:
    """The conclusion and its trace. ``undecided`` names red-flag rules that wait for an unknown answer.

    respond_within: clock time for urgent, service hours for the others; None below moderate. notify: who hears first.
    advice: a text key or ''; self_care: a self-care key or '', which may go with the advice that promises a call.
    inputs: every answer in words, proposals: what the label says a prescriber may do; {"fr": ..., "en": ...} each.
    scores (0-4, what was said), composites (0-3, PRO-CTCAE) and grades (0-5, CTCAE with its version) are three different things.
    advice_source: the guideline behind the text chosen, '' when none was.
    """

    level: Level
    respond_within: timedelta | None
    notify: str
    steps: tuple[Step, ...]
    scores: Mapping[str, int | None]
    advice: str
    undecided: tuple[str, ...]
    protocol: str
    fingerprint: str
    self_care: str = ""
    inputs: tuple[Mapping[str, str], ...] = ()
    proposals: tuple[Mapping[str, str], ...] = ()
    composites: Mapping[str, int | None] = field(default_factory=dict)
    grades: tuple[Graded, ...] = ()
    advice_source: str = ""
