"""Danger outranks every sender state: one table of states and texts, played whole (house, section 7; HZ-21, HZ-24)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.alerts import handling
from app.alerts.models import AlertEvent
from app.checkins.rhythm import agenda
from app.checkins.texts import dangers
from app.core.audit import SYSTEM
from app.people import patients
from app.people.models import FollowUp, Patient
from app.people.perimeter import viewer_of
from app.treatment import courses
from notifications.messages import Failure, Reason, State
from notifications.transports.simulator import ends, refuses
from tests.support.chain import MARIE, Chain

DAUGHTER = "+33639980002"
STRANGER = "+33639980099"
NIGHT = timedelta(hours=12)


def active(chain: Chain) -> str:
    chain.follow()
    return MARIE


def frozen(chain: Chain) -> str:
    _change(chain, chain.follow(), FollowUp.FROZEN)
    return MARIE


def ended(chain: Chain) -> str:
    _change(chain, chain.follow(), FollowUp.ENDED)
    return MARIE


def opted_out(chain: Chain) -> str:
    chain.follow()
    chain.says(MARIE, "STOP")
    return MARIE


def treatment_stopped(chain: Chain) -> str:
    marie = chain.follow()
    with chain.database.transaction() as session:
        course = courses.running(session, marie.id)
        assert course is not None
        courses.stop(session, course, marie, on=date(2026, 11, 23), reason="progression", by=SYSTEM, now=chain.clock.now())
        agenda.plan(session, course, now=chain.clock.now())
    return MARIE


def shared_telephone(chain: Chain) -> str:
    chain.follow()
    chain.follow(family_name="Payet", given_names="Jean", shared_phone=True)
    return MARIE


def own_relative(chain: Chain) -> str:
    chain.follow(respondent_name="Lucie Hoarau", respondent_relation="fille", respondent_phone=DAUGHTER)
    return DAUGHTER


def unknown(chain: Chain) -> str:
    chain.follow()
    return STRANGER


def _change(chain: Chain, patient: Patient, to: FollowUp) -> None:
    with chain.database.transaction() as session:
        marie = session.get_one(Patient, patient.id)
        patients.change_follow_up(session, marie, to, by=SYSTEM, now=chain.clock.now(), reason="essai")
        agenda.replan_patient(session, marie, now=chain.clock.now())


STATES = (active, frozen, ended, opted_out, treatment_stopped, shared_telephone, own_relative, unknown)
ATTACHED = {active, frozen, ended, opted_out, treatment_stopped, own_relative}

TEXTS = [
    ("je saigne beaucoup", "bleeding", "urgent", "urgent_15", "urgent_15"),
    ("STOP je saigne beaucoup", "bleeding", "urgent", "urgent_15", "urgent_15"),
    ("je veux en finir", "suicidal", "urgent", "suicidal", "suicidal"),
    ("39 de fievre et je tremble", "fever", "urgent", "urgent_fever", "urgent_closed"),
    ("je n'arrete pas de vomir", "persistent_vomiting", "urgent", "urgent", "urgent_closed"),
    ("ma femme ne veut plus manger et elle a mal aux pieds", "alarming_words", "urgent", "urgent", "urgent_closed"),
    ("je suis enceinte", "pregnancy", "high", "", ""),
]
"""What is written, the danger in it, the level, the safety text while the service is open, and while it is closed."""


@pytest.mark.parametrize("at_night", [False, True], ids=["open", "closed"])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_every_state_of_the_sender(chain: Chain, state: Callable[[Chain], str], at_night: bool) -> None:
    """An alert in the service written to, at its level, and the safety text on its way to the telephone that wrote."""
    number = state(chain)
    if at_night:
        chain.clock.at += NIGHT
    for words, code, level, by_day, by_night in TEXTS:
        before = len(chain.phones.received(number))
        chain.says(number, words)

        (alert,) = [alert for alert in chain.alerts() if alert.level == level or alert.level == "urgent"]
        assert alert.service_id == chain.world.service.id, words
        assert (alert.patient_id is not None) == (state in ATTACHED), words
        assert (alert.subject == f"number:{number}") == (state not in ATTACHED), words
        heard = chain.last_heard()
        assert code in (heard.reading or {})["dangers"], words
        key = by_night if at_night else by_day
        keys = [text.key for text in chain.texts_to(number)][before:]
        assert ([k for k in keys if k in dangers.SAFETY]) == ([key] if key else []), words
        if key:
            assert (alert.told, alert.told_message_id is None) == ("queued", False), words
        _close(chain, alert.id)


def _close(chain: Chain, alert_id: int) -> None:
    with chain.database.transaction() as session:
        claire = viewer_of(chain.world.claire)
        handling.take(session, alert_id, by=claire, now=chain.clock.now())
        handling.close(session, alert_id, by=claire, now=chain.clock.now(), outcome="advice", spoke_to="patient")


@pytest.mark.parametrize("fault", ["refused", "undelivered"])
def test_a_safety_text_that_does_not_arrive_is_told_to_the_nurse(chain: Chain, marie: Patient, fault: str) -> None:
    """When it cannot leave or is not delivered, the alert says that the patient was NOT told."""
    failure = Failure(Reason.OPTED_OUT, "the number has opted out", permanent=True)
    chain.phones.faults[MARIE] = refuses(failure) if fault == "refused" else ends(State.UNDELIVERED, "30003")

    chain.says(MARIE, "je saigne beaucoup")
    chain.wait(seconds=20)

    (alert,) = chain.alerts()
    assert alert.told == "not_told"


def test_a_safety_text_that_cannot_be_worded_is_told_to_the_nurse(chain: Chain, marie: Patient) -> None:
    """The alert is raised all the same, and says that nobody was told."""
    with chain.database.transaction() as session:
        session.merge(chain.world.service).emergency = "quinze"
    chain.says(MARIE, "je saigne beaucoup")

    (alert,) = chain.alerts()
    assert alert.told == "not_told"


def test_a_danger_is_kept_even_when_the_rest_cannot_be_understood(chain: Chain, marie: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    """SEC-42: the alert and the safety text stand; the text itself stays unread and is tried again."""

    def broken(*_: object, **__: object) -> object:
        raise RuntimeError("the reader is broken")

    monkeypatch.setattr("triage.replies.read", broken)
    answers = chain.says(MARIE, "je saigne beaucoup")

    assert [alert.level for alert in chain.alerts()] == ["urgent"]
    assert len(answers) == 1
    assert chain.last_heard().state == "unread"

    monkeypatch.undo()
    chain.wait(minutes=1)
    assert chain.last_heard().state == "read"
    assert len(chain.received()) == 1
    with chain.read() as session:
        raised = session.scalars(select(AlertEvent.kind).where(AlertEvent.kind == "raised")).all()
    assert len(raised) == 1


def test_an_amber_alert_somebody_has_taken_becomes_urgent_and_nobodys(chain: Chain, marie: Patient) -> None:
    """A rise to urgent un-takes and pages: whoever took the amber one has not seen the danger."""
    chain.says(MARIE, "je suis enceinte")
    (amber,) = chain.alerts()
    with chain.database.transaction() as session:
        handling.take(session, amber.id, by=viewer_of(chain.world.claire), now=chain.clock.now())

    chain.says(MARIE, "et je saigne beaucoup")

    (alert,) = chain.alerts()
    assert (alert.id, alert.level, alert.state, alert.owner_id) == (amber.id, "urgent", "new", None)


def test_dangers_of_one_patient_share_one_alert(chain: Chain, marie: Patient) -> None:
    chain.says(MARIE, "je saigne beaucoup")
    chain.says(MARIE, "je n'arrete pas de vomir")

    (alert,) = chain.alerts()
    with chain.read() as session:
        kinds = [event.kind for event in session.scalars(select(AlertEvent).where(AlertEvent.alert_id == alert.id).order_by(AlertEvent.id))]
    assert kinds.count("raised") == 1
    assert "merged" in kinds
