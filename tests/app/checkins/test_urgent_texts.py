"""Each danger class, from a telephone to its text: the emergency number first where seconds count (HZ-02)."""

from __future__ import annotations

import pytest

from app.checkins.texts import dangers
from app.people.models import Patient
from tests.support.chain import MARIE, Chain
from triage.advice import NURSE_DANGERS
from triage.terms import DANGERS

NOW_15 = "Appelez le 15 ou le 112 MAINTENANT"
NURSE = "Une infirmière est prévenue et vous appelle."
FEVER = "Suivi Baie : cette température demande un avis sans attendre."
HELPLINE = "Merci de nous le dire."

SAID = [
    ("chest_pain", "j'ai une grosse douleur dans la poitrine", NOW_15),
    ("dyspnea", "j'arrive plus à respirer", NOW_15),
    ("bleeding", "je saigne beaucoup du nez et ça s'arrête pas", NOW_15),
    ("stroke_signs", "j'ai la bouche tordue et le bras qui bouge plus", NOW_15),
    ("seizure", "il a fait une crise d'épilepsie ce matin", NOW_15),
    ("syncope", "je me suis évanouie dans la cuisine", NOW_15),
    ("anaphylaxis", "ma langue gonfle et la gorge se serre", NOW_15),
    ("confusion", "elle est toute confuse, elle ne nous reconnaît plus", NOW_15),
    ("child_ingestion", "mon petit-fils a avalé un comprimé", NOW_15),
    ("suicidal", "je veux en finir", HELPLINE),
    ("fever", "j'ai 39 de fièvre", FEVER),
    ("chills", "je tremble de froid sans arrêt", FEVER),
    ("persistent_vomiting", "je vomis tout depuis ce matin sans arrêt", NURSE),
    ("no_fluids", "je n'arrive plus à boire du tout", NURSE),
    ("overdose", "j'ai pris 2 fois mon xeloda ce soir", NURSE),
    ("anuria", "je n'urine plus depuis hier", NURSE),
    ("dvt_signs", "j'ai un mollet gonflé rouge et douloureux", NURSE),
]


@pytest.mark.parametrize(("code", "words", "begins"), SAID, ids=[code for code, _, _ in SAID])
def test_each_danger_has_its_text(chain: Chain, marie: Patient, code: str, words: str, begins: str) -> None:
    answers = chain.says(MARIE, words)

    assert code in (chain.last_heard().reading or {})["dangers"]
    assert [alert.level for alert in chain.alerts()] == ["urgent"]
    (text,) = answers
    assert text.startswith(begins)
    assert "15" in text
    assert ("3114" in text) is (code == "suicidal")


def test_no_danger_of_the_codebook_is_left_without_a_text() -> None:
    assert set(dangers.TEXTS) == set(DANGERS) - NURSE_DANGERS
    assert set(dangers.TEXTS.values()) <= dangers.SAFETY
    assert dangers.text_for(["something new"]) == "urgent"


def test_of_several_dangers_the_most_pressing_speaks() -> None:
    assert dangers.text_for(["fever", "dyspnea"]) == "urgent_15"
    assert dangers.text_for(["fever", "anuria"]) == "urgent_fever"
    assert dangers.text_for(["suicidal", "fever"]) == "suicidal"
    assert dangers.text_for(["suicidal", "overdose"]) == "urgent_15"
