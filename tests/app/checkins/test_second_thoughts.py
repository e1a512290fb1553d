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
    ],
    ids=["at once", "ten minutes later", "named", "named, scores open", "named, ten minutes later"],
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
