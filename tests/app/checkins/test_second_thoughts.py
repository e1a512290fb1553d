"""An answer thought better of: a danger that was first denied is told at once, and nothing that corrects is met with silence (HZ-20)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.checkins.models import AnswerRow
from app.people.models import Patient
from tests.support.chain import MARIE, Chain
from tests.support.filling import Page

DAY_TEN = date(2026, 11, 23)
"""Ten days into ibrutinib: a fall, a swollen face, the temperature, then scores."""
ASKED_ON_WEDNESDAY = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
ASKED_AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@pytest.fixture
def asked(chain: Chain) -> Patient:
    """Marie takes ibrutinib and is asked: a fall or a blow to the head?"""
    course = {"protocol_slug": "ibrutinib-continuous", "agent": "ibrutinib", "times_per_day": 1, "days_on": 28, "days_off": 0}
    marie = chain.follow(course={**course, "first_intake": DAY_TEN - timedelta(days=9)})
    chain.until(ASKED_AT)
    assert "choc sur la tete" in chain.received()[-1]
    return marie


def rows(chain: Chain, key: str) -> list[tuple[str | None, str, bool]]:
    """Every answer ever kept to one question: value, note, still standing."""
    with chain.read() as session:
        found = session.scalars(select(AnswerRow).where(AnswerRow.key == key).order_by(AnswerRow.id))
        return [(row.value, row.note, row.replaced_at is None) for row in found]


@pytest.mark.parametrize(
    ("answers", "seconds", "words"),
    [
        (["2"], 20, "non pardon 1"),
        (["2"], 600, "ah non pardon c'était 1, je suis tombée hier"),
        (["2", "2"], 20, "oups, c'est oui pour la chute"),
        (["2", "2", "36,8"], 20, "non pardon 1 pour la chute"),
        (["2", "2", "36,8"], 600, "je me suis trompée, c'est oui pour la tête"),
        (["2"], 240, "chute oui"),
        (["2", "2"], 240, "oui pour la chute"),
        (["2", "2", "36,8"], 240, "la chute c'est oui"),
    ],
    ids=["at once", "ten minutes later", "named", "scores open", "named, ten minutes later", "told again", "degrees open", "three open"],
)
def test_a_fall_first_denied_is_a_danger_whatever_is_asked_since(
    chain: Chain, asked: Patient, answers: list[str], seconds: int, words: str
) -> None:
    """FR-02: the next question may be a yes or no, a temperature or three scores, the 90 seconds of an amendment may be over."""
    for answer in answers:
        chain.says(MARIE, answer)
    chain.clock.forward(seconds=seconds)
    assert chain.says(MARIE, words)[0].startswith("Une infirmière est prévenue et vous appelle.")
    assert [(alert.level, alert.kind) for alert in chain.alerts()] == [("urgent", "assessment")]
    assert [(value, stands) for value, _, stands in rows(chain, "head_injury")] == [("no", False), ("yes", True)]
    assert [value for value, _, stands in rows(chain, "face_swelling") if stands] == ["no"] * (len(answers) > 1)


def test_which_of_two_denials_is_meant_a_person_reads(chain: Chain, asked: Patient) -> None:
    """Neither the fall nor the swelling is named, and neither is the last answer: nothing is guessed, nothing is silent."""
    for answer in ("2", "2", "36,8"):
        chain.says(MARIE, answer)
    chain.clock.forward(minutes=5)
    assert chain.says(MARIE, "pardon, c'était 1")[0].startswith("Suivi Baie : une infirmière lira votre message.")
    assert chain.tasks() == ["to_read"]
    assert chain.answers(chain.checkin(asked, DAY_TEN)) == {"head_injury": "no", "face_swelling": "no", "temperature": "36.8"}


def test_a_correction_that_changes_nothing_asks_its_question_again(chain: Chain, asked: Patient) -> None:
    """ "Non, pardon" beside a fall: it corrects, and does not say to what."""
    chain.says(MARIE, "2")
    chain.clock.forward(seconds=30)
    assert "choc sur la tete" in chain.says(MARIE, "non pardon je suis tombée hier")[0]
    assert chain.says(MARIE, "1")[0].startswith("Une infirmière est prévenue")


@pytest.mark.parametrize(("seconds", "words"), [(20, "non 38,6 pas 36,8"), (600, "erreur c'est 38,6"), (600, "pardon 38,6")])
def test_a_fever_first_mistyped_is_stored_and_told(chain: Chain, asked: Patient, seconds: int, words: str) -> None:
    for answer in ("2", "2", "36,8"):
        chain.says(MARIE, answer)
    chain.clock.forward(seconds=seconds)
    assert chain.says(MARIE, words)[0].startswith("Suivi Baie : cette température demande un avis sans attendre.")
    assert [(value, stands) for value, _, stands in rows(chain, "temperature")] == [("36.8", False), ("38.6", True)]
    assert [alert.level for alert in chain.alerts()] == ["urgent"]


def test_sorry_yes_answers_the_question_that_is_open(chain: Chain, marie: Patient) -> None:
    """The temperature was the last answer and no yes is one: the pain in the chest that is asked about is told at once."""
    chain.until(datetime(2026, 11, 25, 9, 0, tzinfo=UTC))
    for answer in ("0 0 0", "37"):
        chain.says(MARIE, answer)
    assert chain.says(MARIE, "pardon, oui")[0].startswith("Appelez le 15")
    assert chain.answers(chain.checkin(marie, date(2026, 11, 25)))["chest_pain"] == "yes"


def test_erreur_after_the_form_is_a_call_where_no_symptom_may_be_named(chain: Chain) -> None:
    """The end page of the form offers ERREUR: a link to "what is wrong" corrected nothing."""
    marie = chain.follow(phone_verified=False)
    chain.until(datetime(2026, 11, 25, 9, 0, tzinfo=UTC))
    Page(chain, marie).fills()
    assert chain.says(MARIE, "ERREUR")[0].startswith("C'est noté : une infirmière vous appelle avant ")
    assert chain.tasks() == ["call_back"]


def test_a_value_given_after_the_form_is_kept_and_echoed(chain: Chain, marie: Patient) -> None:
    chain.until(datetime(2026, 11, 25, 9, 0, tzinfo=UTC))
    Page(chain, marie).fills(diarrhea="1")
    assert chain.says(MARIE, "diarrhée c'est 2 pas 1")[0].startswith("Noté : diarrhée 2, ")
    assert [(value, stands) for value, _, stands in rows(chain, "diarrhea")] == [("1", False), ("2", True)]


# --- Told again without a word of correction ----------------------------------------------------------------------------------------------

SCORES, DEGREES, CHEST = "A diarrhée, B bouche", "votre température maintenant", "mal dans la poitrine"


@pytest.mark.parametrize(
    ("first", "answers", "words", "kept", "reply", "alert"),
    [
        ("0 0 0", [], "bouche 2", {"mouth_sores": ["0", "2"]}, DEGREES, "high"),
        ("0 0 0", [], "36,8 mais bouche 2", {"mouth_sores": ["0", "2"], "temperature": ["36.8"]}, CHEST, "high"),
        ("0 2 0", [], "la bouche c'est 0", {"mouth_sores": ["2", "0"]}, DEGREES, "high"),
        ("0 0 0", [], "bouche 1 et diarrhée 1", {"mouth_sores": ["0", "1"], "diarrhea": ["0", "1"]}, DEGREES, ""),
        ("0 0 0", ["37"], "température 38,5", {"temperature": ["37.0", "38.5"]}, "Une infirmière est prévenue", "urgent"),
        ("0 0 0", ["37"], "bouche 0", {"mouth_sores": ["0"], "chest_pain": []}, "je n'ai pas compris. Répondez", ""),
    ],
    ids=["worse", "beside the answer", "better", "two", "a fever", "the same"],
)
def test_a_symptom_told_again_by_its_name_takes_the_place_of_its_answer(
    chain: Chain, marie: Patient, first: str, answers: list[str], words: str, kept: dict[str, list[str]], reply: str, alert: str
) -> None:
    """FR-02, HZ-20: four minutes later another question is open; kept and judged, the old value in its history, no alert ever lower."""
    chain.until(ASKED_ON_WEDNESDAY)
    assert SCORES in chain.received()[-1]
    for answer in (first, *answers):
        chain.says(MARIE, answer)
    chain.clock.forward(seconds=240)
    assert reply in chain.says(MARIE, words)[0]
    assert {key: [value for value, _, _ in rows(chain, key)] for key in kept} == kept
    assert all(stands == (n == len(kept[key]) - 1) for key in kept for n, (_, _, stands) in enumerate(rows(chain, key)))
    assert [one.level for one in chain.alerts()] == ([alert] if alert else [])
    assert chain.tasks() == []


def test_what_is_told_besides_is_a_nurses(chain: Chain, marie: Patient) -> None:
    """HZ-20: of two symptoms the one that was asked is amended, the other is read; neither is lost."""
    chain.until(ASKED_ON_WEDNESDAY)
    chain.says(MARIE, "0 0 0")
    chain.clock.forward(seconds=240)
    assert DEGREES in chain.says(MARIE, "bouche 2 et mal au ventre")[0]
    assert [value for value, _, _ in rows(chain, "mouth_sores")] == ["0", "2"]
    assert chain.tasks() == ["to_read"]


def test_a_symptom_told_again_without_a_figure_is_asked_once(chain: Chain, marie: Patient) -> None:
    """HZ-20: worse, but by how much? Its own question, then the one that was open; a nurse reads the words all the same."""
    chain.until(ASKED_ON_WEDNESDAY)
    chain.says(MARIE, "0 1 0")
    chain.clock.forward(seconds=240)
    assert chain.says(MARIE, "la bouche brule de plus en plus")[0].startswith("Suivi Baie : bouche douloureuse depuis 7 jours ?")
    assert chain.tasks() == ["to_read"]
    assert DEGREES in chain.says(MARIE, "2")[0]
    assert [value for value, _, _ in rows(chain, "mouth_sores")] == ["1", "2"]
    assert [one.level for one in chain.alerts()] == ["high"]


def test_times_told_again_are_kept_judged_and_how_strong_is_asked(chain: Chain, marie: Patient) -> None:
    """HZ-07: eight stools wait for no further answer."""
    chain.until(ASKED_ON_WEDNESDAY)
    chain.says(MARIE, "1 0 0")
    chain.clock.forward(seconds=240)
    assert chain.says(MARIE, "diarrhée 8 fois")[0].startswith("Une infirmière est prévenue et vous appelle.")
    assert [value for value, _, _ in rows(chain, "stools")] == ["8"]
    assert ([one.level for one in chain.alerts()], chain.tasks()) == (["urgent"], ["to_read"])


def test_a_symptom_nobody_asked_about_is_read_whatever_is_open(chain: Chain, marie: Patient) -> None:
    """HZ-20: beside the temperature it was an impossible value, and nobody read it."""
    chain.until(ASKED_ON_WEDNESDAY)
    chain.says(MARIE, "0 0 0")
    chain.clock.forward(seconds=240)
    assert "Noté pour l'infirmière. La température lue" in chain.says(MARIE, "mal au ventre 3")[0]
    assert chain.tasks() == ["to_read"]


def test_after_two_hours_a_figure_is_read_by_a_person(chain: Chain, marie: Patient) -> None:
    """The limit of every correction: later, what was answered stays."""
    chain.until(ASKED_ON_WEDNESDAY)
    chain.says(MARIE, "0 0 0")
    chain.clock.forward(hours=2, seconds=60)
    chain.says(MARIE, "bouche 2")
    assert [value for value, _, _ in rows(chain, "mouth_sores")] == ["0"]
