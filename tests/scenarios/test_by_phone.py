"""HZ-03, HZ-27, HZ-30, SEC-13: an urgent alert at night, a call by the carrier's own client, a key: taken by whoever pressed it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.alerts import escalation, handling
from app.alerts.models import Alert, AlertEvent, AlertState
from app.alerts.reasons import Reason
from app.core.clock import HandClock
from app.core.db import Database
from app.core.settings import Settings
from app.main import create_app
from app.messaging import carriers
from app.messaging.postman import Postman
from app.people import care_team
from app.people.models import Staff
from app.people.perimeter import viewer_of
from tests.factories import World, a_patient
from tests.support.loopback import Loopback
from tests.support.twilio_calls import gather_of, said_in
from tests.support.twilio_standin import ACCOUNT, TOKEN, TwilioStandIn
from triage.terms import Level

LUC, LEBON = "+33639980101", "+33639980102"


@dataclass
class Night:
    """Luc is on call, Dr Lebon prescribes; Marie's fever has just been read."""

    database: Database
    world: World
    clock: HandClock
    twilio: TwilioStandIn
    postman: Postman
    alert_id: int

    def minutes(self, minutes: int) -> None:
        """Each minute what the metronome does: steps, then what they queued."""
        for _ in range(minutes):
            with self.database.transaction() as session:
                ids = escalation.due(session, self.clock.now())
            for number in ids:
                with self.database.transaction() as session:
                    escalation.step(session, number, self.clock.now())
            self.postman.round()
            self.clock.forward(minutes=1)

    def alert(self) -> Alert:
        with self.database.reading() as session:
            return session.get_one(Alert, self.alert_id)

    def rang(self) -> list[tuple[str, str]]:
        """What the story says of the calls."""
        with self.database.reading() as session:
            events = session.scalars(select(AlertEvent).where(AlertEvent.alert_id == self.alert_id).order_by(AlertEvent.id))
            return [(event.detail["to"], event.detail["ended"]) for event in events if event.kind == "rang"]

    def call(self, place: int = -1) -> str:
        return str(self.twilio.calls.made[place]["sid"])


@pytest.fixture
def night(database: Database, world: World, clock: HandClock) -> Iterator[Night]:
    door = Loopback()
    with TwilioStandIn() as twilio:
        settings = Settings(
            environment="test",
            public_url=door.url,
            database_url=database.url.render_as_string(hide_password=False),
            transport="twilio",
            twilio_account_sid=ACCOUNT,
            twilio_auth_token=TOKEN,
            twilio_from=world.service.number,
            twilio_api_base=twilio.url,
        )
        clock.at = clock.at.replace(hour=22)
        with database.transaction() as session:
            for staff, phone in ((world.luc, LUC), (world.lebon, LEBON)):
                session.get_one(Staff, staff.id).phone = phone
            hour = timedelta(hours=12)
            care_team.put_on_shift(session, world.luc, kind="on_call", starts_at=clock.now() - hour, ends_at=clock.now() + hour)
            marie = a_patient(session, world, now=clock.now())
            reason = Reason(kind="danger", level=Level.URGENT, detail={"dangers": ["fever"]})
            alert = handling.consider(session, service=world.service, patient=marie, reason=reason, now=clock.now())
            assert alert is not None
        postman = Postman(database, carriers.transports(settings), clock.now)
        with door.serving(create_app(settings, database, clock)):
            yield Night(database, world, clock, twilio, postman, alert.id)


def test_the_telephone_rings_after_five_minutes_and_the_key_takes_the_alert(night: Night) -> None:
    night.minutes(5)
    assert night.twilio.calls.made == [], "the first rung is the ward's"
    night.minutes(1)
    [call] = night.twilio.calls.made
    ref = f"A{night.alert_id}"
    words = night.twilio.calls.words(call["sid"])
    assert (call["to"], words) == (
        LUC,
        [f"Suivi. Nouvelle alerte, niveau URGENT. Référence {ref}. Pour la prendre, appuyez sur la touche 1."] * 2,
    )

    answer = night.twilio.calls.press(call["sid"], "1")
    assert (answer.status_code, said_in(answer)) == (200, [f"Merci. L'alerte {ref} est à vous. Ouvrez la liste."])
    assert night.twilio.calls.end(call["sid"], "completed") == 204
    assert (night.alert().state, night.alert().owner_id) == (AlertState.TAKEN, night.world.luc.id)
    assert night.rang() == [("Luc Morel", "key")]
    night.minutes(20)
    assert len(night.twilio.calls.made) == 1, "a person has it: nobody else is rung"


def test_a_machine_that_answers_takes_nothing_and_the_next_rung_comes_at_its_hour(night: Night) -> None:
    night.minutes(6)
    assert night.twilio.calls.end(night.call(), "completed") == 204
    assert night.twilio.calls.end(night.call(), "completed") == 204, "told twice, written once"
    assert (night.alert().state, night.rang()) == (AlertState.NEW, [("Luc Morel", "answered")])
    night.minutes(4)
    assert night.twilio.sent_to(LEBON) == []
    night.minutes(1)
    assert night.twilio.sent_to(LEBON) == [f"Suivi : nouvelle alerte, niveau URGENT, réf. A{night.alert_id}. Ouvrez la liste."]


@pytest.mark.parametrize(("status", "ended"), [("no-answer", "no_answer"), ("busy", "busy"), ("failed", "failed")])
def test_a_call_that_found_nobody_is_told_and_the_ladder_goes_on(night: Night, status: str, ended: str) -> None:
    night.minutes(6)
    night.twilio.calls.end(night.call(), status)
    assert (night.alert().state, night.rang()) == (AlertState.NEW, [("Luc Morel", ended)])


def test_another_key_is_asked_again_once_and_takes_nothing(night: Night) -> None:
    night.minutes(6)
    first = night.twilio.calls.press(night.call(), "5")
    assert said_in(first) == ["Cette touche ne fait rien. Appuyez sur la touche 1."]
    second = night.twilio.calls.press(night.call(), "7", address=gather_of(first))
    assert (gather_of(second), night.alert().state) == ("", AlertState.NEW)
    third = night.twilio.calls.press(night.call(), "1", address=gather_of(first))
    assert (said_in(third)[0][:5], night.alert().owner_id) == ("Merci", night.world.luc.id)


def test_somebody_was_first_and_the_telephone_does_not_say_who(night: Night) -> None:
    """HZ-28."""
    night.minutes(6)
    with night.database.transaction() as session:
        handling.take(session, night.alert_id, by=viewer_of(night.world.claire), now=night.clock.now())
    answer = night.twilio.calls.press(night.call(), "1")
    assert said_in(answer) == [f"L'alerte A{night.alert_id} est déjà prise. Vous n'avez rien à faire."]
    assert (night.alert().owner_id, night.rang()) == (night.world.claire.id, [])


def test_an_old_an_unknown_and_an_unsigned_call_take_nothing(night: Night) -> None:
    """SEC-13, HZ-30: who calls is checked first; what is old, unknown, or not on this person's telephone any more is answered politely."""
    night.minutes(6)
    sid, door = night.call(), night.twilio.calls.asked[night.call()]["StatusCallback"].partition("/twilio")[0]
    assert said_in(night.twilio.calls.press(sid, "1", address=f"{door}/twilio/voice/999999999999"))[0].startswith(
        "Cet appel est trop ancien."
    )
    forged = TwilioStandIn(token="another token")
    forged.calls.made, forged.calls.asked = night.twilio.calls.made, night.twilio.calls.asked
    assert forged.calls.press(sid, "1").status_code == 403
    with night.database.transaction() as session:
        session.get_one(Staff, night.world.luc.id).phone = "+33639980199"
    assert said_in(night.twilio.calls.press(sid, "1"))[0].startswith("Cet appel est trop ancien.")
    with night.database.transaction() as session:
        session.get_one(Staff, night.world.luc.id).phone = LUC
    night.clock.forward(hours=2)
    assert said_in(night.twilio.calls.press(sid, "1"))[0].startswith("Cet appel est trop ancien.")
    assert night.alert().state == AlertState.NEW
