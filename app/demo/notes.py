"""What the fictional team writes down: notes of calls, outcomes, tasks done. French, as on the ward; short, as nurses write."""

from __future__ import annotations

from app.alerts.models import Outcome
from app.demo.dice import Dice
from triage.terms import Level

CYCLE_CONFIRMED = "Appelé : la nouvelle série est commencée aujourd'hui."
HOLD_REASON = "Toxicité : pause décidée par l'oncologue"

_REACHED = (
    "Va mieux que ce matin. Boit bien, mange un peu.",
    "Confirme les réponses. Pas de fièvre, pas de sang.",
    "Inquiétude entendue, consignes relues ensemble.",
    "Répond bien. Surveille et rappelle si cela augmente.",
    "Fatigue, mais debout. Un proche est présent.",
)
_SILENCE = (
    "Avait oublié son téléphone. Va bien.",
    "Était chez sa fille. Réponses prises au téléphone.",
    "N'osait pas déranger. Reprendra les SMS.",
)
_NO_REPLY = ("Pas de réponse, message laissé.", "Sonne sans réponse.", "Messagerie. Je rappelle.")

_OUTCOMES: dict[Level, tuple[tuple[Outcome, int], ...]] = {
    Level.URGENT: (
        (Outcome.SENT_TO_EMERGENCY, 35),
        (Outcome.SEEN_SAME_DAY, 30),
        (Outcome.DOCTOR_DECISION, 20),
        (Outcome.DOCTOR_INFORMED, 15),
    ),
    Level.HIGH: (
        (Outcome.DOCTOR_DECISION, 30),
        (Outcome.ADVICE, 22),
        (Outcome.DOCTOR_INFORMED, 18),
        (Outcome.SEEN_SAME_DAY, 15),
        (Outcome.NURSE_PROTOCOL, 15),
    ),
    Level.MODERATE: (
        (Outcome.ADVICE, 46),
        (Outcome.NURSE_PROTOCOL, 14),
        (Outcome.NO_ACTION, 12),
        (Outcome.DOCTOR_INFORMED, 10),
        (Outcome.ALREADY_MANAGED, 8),
        (Outcome.REFERRED, 6),
        (Outcome.NOT_AN_EVENT, 4),
    ),
}
"""Outcome and its share of a hundred, by level. Our own assumption, so that reports of the ward have variety."""

_WORDS: dict[Outcome, tuple[str, ...]] = {
    Outcome.NO_ACTION: ("Symptôme déjà passé au moment de l'appel.", "Rien à changer, surveillance habituelle."),
    Outcome.ADVICE: (
        "Conseils donnés : boire, fractionner les repas.",
        "Conseils pour la peau, crème matin et soir.",
        "Repos, rappel demain.",
    ),
    Outcome.NURSE_PROTOCOL: ("Protocole diarrhée du service.", "Protocole nausées du service.", "Protocole bouche du service."),
    Outcome.DOCTOR_INFORMED: ("Oncologue prévenue par téléphone.", "Vu avec l'oncologue, pas de changement."),
    Outcome.DOCTOR_DECISION: ("Oncologue : dose inchangée, contrôle dans 48 h.", "Oncologue : bilan sanguin demain."),
    Outcome.SEEN_SAME_DAY: ("Vu en consultation à 15 h.", "Venu en hôpital de jour."),
    Outcome.SENT_TO_EMERGENCY: ("Adressé aux urgences, équipe prévenue.", "SAMU appelé, transport en cours."),
    Outcome.REFERRED: ("Orienté vers le médecin traitant.", "Orienté vers la diététicienne."),
    Outcome.ALREADY_MANAGED: ("Déjà vu hier en consultation.", "Traitement déjà adapté par le médecin traitant."),
    Outcome.NOT_AN_EVENT: ("Erreur de frappe, confirmée au téléphone.",),
    Outcome.NOT_REACHED: ("Trois essais, message laissé. Relance au prochain relevé.",),
}

_TASKS: dict[str, tuple[str, ...]] = {
    "opted_out": ("Appelé : préfère les appels. Noté au dossier.", "Appelé : suivi par téléphone, un appel par semaine."),
    "call_back": ("Appel passé, question réglée.", "Appel passé, conseils donnés."),
    "help_arrived": ("Rappelé : le SAMU est chez elle, part au CHU.", "Les urgences confirment l'arrivée."),
    "was_admitted": ("Arrivé dans le service, confirmé par la cadre.", "Les urgences confirment son arrivée."),
    "refill": ("Pharmacie prévenue, ordonnance envoyée.",),
    "cycle_not_started": ("Appelé : départ reporté par l'oncologue.",),
    "shared_number": ("Lu. Réponses reprises au téléphone avec chacun.",),
    "unknown_number": ("Lu. Erreur de numéro, rien à faire.",),
    "undeliverable": ("Numéro vérifié au téléphone.",),
}


def call(dice: Dice, kind: str, *, reached: bool, names: tuple[object, ...]) -> str:
    """The note of one telephone call."""
    said = (_SILENCE if kind == "silence" else _REACHED) if reached else _NO_REPLY
    return dice.pick(said, "note", *names)


def outcome(dice: Dice, kind: str, level: Level, *, reached: bool, names: tuple[object, ...]) -> tuple[Outcome, str]:
    """How an alert ends, and the note that goes with it. An urgent one never ends as not reached."""
    if not reached and level is not Level.URGENT:
        chosen = Outcome.NOT_REACHED
    elif kind == "silence":
        chosen = dice.pick((Outcome.ADVICE, Outcome.ALREADY_MANAGED, Outcome.NO_ACTION), "ends", *names)
    else:
        chosen = _weighted(_OUTCOMES[level] if reached else ((Outcome.SENT_TO_EMERGENCY, 100),), dice.chance("ends", *names))
    return chosen, dice.pick(_WORDS[chosen], "ends with", *names)


def _weighted(shares: tuple[tuple[Outcome, int], ...], luck: float) -> Outcome:
    left = luck * sum(share for _, share in shares)
    for chosen, share in shares:
        left -= share
        if left < 0:
            return chosen
    return shares[-1][0]


def held(doctor: str, days: int) -> str:
    """The note of a hold."""
    return f"{doctor} : pause de {days} jours, puis reprise à la même dose."


def done(dice: Dice, kind: str, task_id: int) -> str:
    """What was done about a task."""
    return dice.pick(_TASKS.get(kind, ("Lu, rien à faire de plus.", "Appelé, tout va bien.")), "task", task_id)
