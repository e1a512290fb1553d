"""What each figure means, as screens show it beside the figure. Sources: adherence review of 2026-11-21; Vollmer 2012; Bhatia 2014."""

from __future__ import annotations

from collections.abc import Mapping

DEFINITIONS: Mapping[str, Mapping[str, str]] = {
    "taking": {
        "fr": "Prises correctes divisées par prises prévues. Les prises en trop ne compensent jamais les oublis. "
        "Les jours de pause décidés par l'équipe ne comptent pas. Les jours d'hôpital non plus.",
        "en": "Correct intakes over intakes due. Extra intakes never make up for missed ones. "
        "Days held by the team or spent in hospital do not count.",
    },
    "missed": {
        "fr": "Prises prévues et déclarées oubliées.",
        "en": "Intakes due and said to be missed.",
    },
    "extra": {
        "fr": "Prises ajoutées un jour de traitement. Chacune est un évènement.",
        "en": "Intakes added on a day of treatment. Each one is an event.",
    },
    "off_day": {
        "fr": "Prise un jour de repos. C'est une alerte, quel que soit le pourcentage.",
        "en": "An intake on a rest day. It is an alert whatever the percentage.",
    },
    "pdc": {
        "fr": "Jours couverts par les boîtes délivrées, sur tous les jours. Une boîte entamée se reporte sur la suite. "
        "Ce chiffre trompe quand le traitement a des jours de repos.",
        "en": "Days covered by what was dispensed, over all days. Early supplies carry over. Misleading for a treatment with rest days.",
    },
    "pdc_intake_days": {
        "fr": "Jours de prise couverts, sur les jours de prise prévus. Repos, pauses décidées et hôpital ne comptent pas.",
        "en": "Intake days covered by what was dispensed, over intake days due. Rest days, ordered holds and hospital stays are left out.",
    },
    "mpr": {
        "fr": "Jours délivrés depuis la première délivrance de la période. Divisés par les jours jusqu'à sa fin. Peut dépasser 100 %.",
        "en": "Days supplied by the fills of the period, over the days from the first of them to its end. Can pass 100 %.",
    },
    "mpr_capped": {
        "fr": "Le MPR, arrêté à 100 %.",
        "en": "The MPR, stopped at 100 %.",
    },
    "rdi": {
        "fr": "Dose reçue par jour, sur la dose prévue par jour. Les pauses et les baisses de dose la diminuent. "
        "Ce n'est pas de l'oubli. Deux chiffres : prises non déclarées comptées manquées, puis prises.",
        "en": "Dose received per day over dose planned per day. Holds and reductions lower it; that is not forgetting. "
        "Two figures: intakes nobody reported counted as missed, then as taken.",
    },
    "persistence": {
        "fr": "Jours entre la première prise et l'arrêt définitif. Une pause n'est pas un arrêt.",
        "en": "Days from the first intake to the final stop. A hold is not a stop.",
    },
    "sources": {
        "fr": "Chaque source garde son chiffre : prises disparues sur prises prévues. "
        "Plus de 5 % d'écart : non résolu. Personne n'est corrigé.",
        "en": "Each source keeps its own figure: intakes gone over intakes due. More than 5 % apart: unresolved. Nobody is corrected.",
    },
}
