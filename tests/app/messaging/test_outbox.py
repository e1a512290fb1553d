"""What must be said is a row in the same transaction as its reason; what the carrier says of it only moves it forward."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from app.messaging import inbox, outbox, reports
from app.messaging.models import DeliveryEvent, Message, Out
from app.messaging.outbox import Purpose
from app.messaging.postman import Postman
from app.people import patients
from app.people.models import FollowUp, Patient, Reachability, Respondent, Service, Staff
from app.people.perimeter import actor_of
from notifications.messages import Channel, DeliveryUpdate, Inbound, Label, Reason, Receipt, State
from notifications.wording import catalogue, longest
from tests.app.messaging.conftest import MARIE, Ward
from tests.support.abroad import example, nowhere

PAUL = "+33639980002"


def news(status: str, state: State | None, *, message: Message, sid: str = "SM1", **more: object) -> DeliveryUpdate:
    return DeliveryUpdate(carrier="twilio", carrier_id=sid, status=status, state=state, our_id=message.id, **more)  # type: ignore[arg-type]  # fields by name


def apply(ward: Ward, *updates: DeliveryUpdate) -> None:
    for update_ in updates:
        with ward.database.transaction() as session:
            reports.apply(session, update_, now=ward.clock.now())


def test_the_words_of_the_table_are_those_of_delivery() -> None:
    assert {state.value for state in Out} == {state.value for state in State}


def test_a_text_is_a_row_worded_and_addressed(ward: Ward) -> None:
    row = ward.queue("q_single", Purpose.QUESTION, values={"symptom": Label("nausées")}, checkin_id=9)
    assert row.body == ("Suivi Baie : nausées depuis 7 jours ? 0 non, 1 un peu, 2 moyen, 3 fort, 4 très fort. Répondez par un chiffre.")
    assert (row.direction, row.state, row.address, row.number) == ("out", "queued", MARIE, "+33199001234")
    assert (row.patient_id, row.service_id, row.checkin_id, row.language) == (ward.marie.id, ward.world.service.id, 9, "fr")
    assert (row.due_at, row.expires_at) == (ward.clock.now(), ward.clock.now() + timedelta(hours=12))


@pytest.mark.parametrize(("key", "more"), [("q_temp", {}), ("reask_1_temperature_c", {"heard": "unclear"})])
def test_who_feels_worse_is_never_sent_to_a_closed_service(ward: Ward, key: str, more: dict[str, str]) -> None:
    """HZ-24: on Saturday the number of the service rings in an empty room."""
    values = {"limit": Decimal("38.0"), **more}
    assert "38,0 et plus : appelez le 0199001234." in ward.queue(key, Purpose.CONFIRMATION, values=values, dedup_key="open").body
    ward.clock.forward(days=3)
    assert "38,0 et plus : appelez le 15." in ward.queue(key, Purpose.CONFIRMATION, values=values, dedup_key="closed").body


def test_the_same_reason_is_said_once(ward: Ward) -> None:
    """HZ-06, U7."""
    first, again = ward.queue(dedup_key="checkin:1:reminder"), ward.queue(dedup_key="checkin:1:reminder")
    assert first.id == again.id
    ward.carry()
    assert len(ward.phones.texts(MARIE)) == 1


def test_rolled_back_with_its_reason_nothing_leaves(ward: Ward) -> None:
    with pytest.raises(RuntimeError), ward.database.transaction() as session:
        patient = session.get_one(Patient, ward.marie.id)
        outbox.queue(session, key="reminder", purpose=Purpose.REMINDER, dedup_key="x", patient=patient, now=ward.clock.now())
        raise RuntimeError("the reason failed")
    assert ward.carry().touched == 0


def test_the_bell_rings_after_the_commit_and_only_for_what_is_due(ward: Ward) -> None:
    outbox.bell.clear()
    ward.queue(dedup_key="later", not_before=ward.clock.now() + timedelta(hours=1))
    assert not outbox.bell.is_set()
    with ward.database.transaction() as session:
        patient = session.get_one(Patient, ward.marie.id)
        outbox.queue(session, key="reminder", purpose=Purpose.REMINDER, dedup_key="now", patient=patient, now=ward.clock.now())
        assert not outbox.bell.is_set()
    assert outbox.bell.is_set()


def test_a_number_or_words_that_fail_become_a_failed_row_and_the_reason_still_commits(ward: Ward) -> None:
    """A safety text that cannot be said must not undo the alert it belongs to."""
    long = ward.queue("q_single", Purpose.QUESTION, "a", values={"symptom": Label("une douleur vraiment beaucoup trop longue")})
    with ward.database.transaction() as session:
        session.execute(update(Patient).values(phone=""))
    nowhere = ward.queue("urgent_15", Purpose.SAFETY, "b")
    assert (long.state, long.error_code) == ("failed", "wording")
    assert (nowhere.state, nowhere.error_code) == ("failed", "no_number")
    assert ward.carry().touched == 0
    with ward.database.reading() as session:
        assert [m.id for m in reports.unreached(session, ward.clock.now())] == [long.id, nowhere.id]


@pytest.mark.parametrize(
    ("purpose", "is_reply", "leaves_at"),
    [
        (Purpose.QUESTION, False, "2026-11-19T07:00"),
        (Purpose.REMINDER, False, "2026-11-19T07:00"),
        (Purpose.ADVICE, False, "2026-11-19T07:00"),
        (Purpose.QUESTION, True, "2026-11-18T21:30"),
        (Purpose.CONFIRMATION, False, "2026-11-18T21:30"),
        (Purpose.SAFETY, False, "2026-11-18T21:30"),
    ],
)
def test_quiet_hours_hold_for_what_the_patient_did_not_ask(ward: Ward, purpose: Purpose, is_reply: bool, leaves_at: str) -> None:
    """HZ-11: 22:30 in Paris."""
    ward.clock.at = datetime(2026, 11, 18, 21, 30, tzinfo=UTC)
    heard = ward.queue(dedup_key="stands for what she wrote", not_before=ward.clock.now() + timedelta(days=9))
    with ward.database.transaction() as session:
        session.execute(update(Message).where(Message.id == heard.id).values(direction="in", state="read"))
    row = ward.queue(purpose=purpose, dedup_key="x", reply_to=heard if is_reply else None)
    assert row.due_at == datetime.fromisoformat(leaves_at).replace(tzinfo=UTC)
    assert ward.carry().sent == (leaves_at == "2026-11-18T21:30")


def test_an_answer_goes_to_the_number_that_wrote(ward: Ward) -> None:
    with ward.database.transaction() as session:
        heard, _ = inbox.keep(session, Inbound("twilio", "SM9", PAUL, "+33199001234", "il respire mal"), now=ward.clock.now())
    row = ward.queue("urgent_15", Purpose.SAFETY, reply_to=heard)
    assert row.address == PAUL
    unknown = ward.queue("unknown_number", Purpose.ADMINISTRATIVE, reply_to=heard, patient=None, service=ward.world.service)
    assert (unknown.address, unknown.patient_id, unknown.language) == (PAUL, None, "fr")


def test_a_relative_who_answers_is_written_to(ward: Ward) -> None:
    with ward.database.transaction() as session:
        session.add(Respondent(patient_id=ward.marie.id, name="Paul Hoarau", relation="fils", phone=PAUL, answers=True))
        session.get_one(Patient, ward.marie.id).answered_by = "respondent"
    assert ward.queue().address == PAUL


def test_a_new_number_reaches_what_is_already_queued(ward: Ward) -> None:
    """U18; an answer still goes to the number that wrote."""
    with ward.database.transaction() as session:
        heard, _ = inbox.keep(session, Inbound("twilio", "SM9", MARIE, "+33199001234", "AIDE"), now=ward.clock.now())
    answer = ward.queue("help", Purpose.CONFIRMATION, reply_to=heard)
    row = ward.queue(not_before=ward.clock.now() + timedelta(hours=2))
    with ward.database.transaction() as session:
        patient = session.get_one(Patient, ward.marie.id)
        patient.phone = PAUL
        assert outbox.readdress(session, patient, MARIE) == 1
    assert (ward.row(row).address, ward.row(answer).address) == (PAUL, MARIE)


def test_no_text_leaves_for_a_refused_country_but_a_safety_text_does(ward: Ward) -> None:
    """Refused countries: listed like any text that did not arrive; danger is not a matter of money."""
    with ward.database.transaction() as session:
        session.get_one(Patient, ward.marie.id).phone = example("MA")
    question, safety = ward.queue(dedup_key="q"), ward.queue("urgent_15", Purpose.SAFETY, "s")
    assert (question.state, question.error_code, question.handled, question.address) == (
        "failed",
        "refused_country",
        False,
        example("MA"),
    )
    assert safety.state == "queued"
    with ward.database.reading() as session:
        assert [row.id for row in reports.unreached(session, ward.clock.now())] == [question.id]


def test_a_stranger_in_a_refused_country_is_not_answered_and_makes_no_second_task(ward: Ward) -> None:
    """SEC-16: whoever writes is in quarantine already; each answer that does not leave must not ring again."""
    with ward.database.transaction() as session:
        heard, _ = inbox.keep(session, Inbound("twilio", "SM9", nowhere(870), "+33199001234", "bonjour"), now=ward.clock.now())
    row = ward.queue("unknown_number", Purpose.ADMINISTRATIVE, reply_to=heard, patient=None, service=ward.world.service)
    assert (row.state, row.error_code, row.handled) == ("failed", "refused_country", True)


def test_withdrawn_texts_do_not_leave_and_say_why(ward: Ward) -> None:
    question, safety = ward.queue(dedup_key="q"), ward.queue("urgent_15", Purpose.SAFETY)
    with ward.database.transaction() as session:
        assert outbox.withdraw(session, patient_id=ward.marie.id, reason="hospital stay", now=ward.clock.now()) == 1
    assert (ward.row(question).state, ward.row(question).error) == ("expired", "hospital stay")
    assert ward.carry().sent == 1
    assert ward.row(safety).state == "delivered"
    with ward.database.reading() as session:
        assert reports.unreached(session, ward.clock.now()) == []


@pytest.mark.parametrize("stopped_by", ["freeze", "end", "opt_out"])
def test_a_freeze_an_end_and_an_opt_out_stop_the_automatic_texts_only(ward: Ward, stopped_by: str) -> None:
    """House: danger outranks every sender state."""
    reminder = ward.queue(dedup_key="r")
    others = [ward.queue(key, purpose) for key, purpose in (("urgent_15", Purpose.SAFETY), ("help", Purpose.CONFIRMATION))]
    with ward.database.transaction() as session:
        patient, by = session.get_one(Patient, ward.marie.id), actor_of(ward.world.claire)
        if stopped_by == "opt_out":
            patients.opt_out(session, patient, by=by, now=ward.clock.now(), reason="STOP")
        else:
            state = FollowUp.FROZEN if stopped_by == "freeze" else FollowUp.ENDED
            patients.change_follow_up(session, patient, state, by=by, now=ward.clock.now(), reason="in hospital")
    assert ward.carry().sent == 2
    assert [ward.row(m).state for m in others] == ["delivered", "delivered"]
    assert (ward.row(reminder).state, ward.row(reminder).error_code, ward.row(reminder).handled) == ("expired", "withdrawn", True)


def test_the_stop_switch_holds_questions_and_reminders_and_nothing_else(ward: Ward) -> None:
    """REL-14: staff alerts and safety texts cannot be frozen."""
    with ward.database.transaction() as session:
        session.get_one(Service, ward.world.service.id).sending_stopped = True
        claire = session.get_one(Staff, ward.world.claire.id)
        claire.phone = "+33639980009"
        values = {"level": "urgent", "ref": "A1"}
        outbox.queue_staff(
            session, service=ward.world.service, staff=claire, key="staff_alert", values=values, dedup_key="s", now=ward.clock.now()
        )
    question = ward.queue("q_intake", Purpose.QUESTION)
    ward.queue("urgent_15", Purpose.SAFETY)
    assert ward.carry().sent == 2
    assert ward.row(question).state == "queued"
    assert ward.carry(hours=13).failed == 1
    assert ward.row(question).state == "expired"


@pytest.mark.parametrize(
    "change", [{"active": False}, {"phone": "+33639980010"}, {"service_id": None}], ids=["left", "new number", "moved"]
)
@pytest.mark.parametrize("channel", [Channel.SMS, Channel.VOICE])
def test_a_page_reaches_only_who_is_still_there_on_their_own_telephone(ward: Ward, change: dict[str, object], channel: Channel) -> None:
    """HZ-30: asked as the words leave, not when they were queued."""
    key = "staff_alert" if channel is Channel.SMS else "staff_call"
    with ward.database.transaction() as session:
        claire = session.get_one(Staff, ward.world.claire.id)
        claire.phone = "+33639980009"
        page = outbox.queue_staff(
            session,
            service=ward.world.service,
            staff=claire,
            key=key,
            values={"level": "urgent", "ref": "A1"},
            dedup_key="s",
            now=ward.clock.now(),
            channel=channel,
        )
    with ward.database.transaction() as session:
        for name, value in change.items():
            setattr(session.get_one(Staff, ward.world.claire.id), name, value)
    ward.carry()
    assert (ward.row(page).state, ward.row(page).error_code) == ("expired", "withdrawn")
    assert ward.phones.texts("+33639980009") == []


def test_a_letter_to_a_professional_keeps_no_mailbox_and_says_what_the_text_says(ward: Ward) -> None:
    with ward.database.transaction() as session:
        session.get_one(Staff, ward.world.claire.id).email = "claire@baie.example"
        letter = outbox.queue_staff(
            session,
            service=ward.world.service,
            staff=session.get_one(Staff, ward.world.claire.id),
            key="staff_alert",
            values={"level": "urgent", "ref": "A1"},
            dedup_key="s",
            now=ward.clock.now(),
            channel=Channel.EMAIL,
        )
    assert ward.row(letter).address == f"staff:{ward.world.claire.id}"
    postman = Postman(ward.database, {Channel.EMAIL: ward.phones}, ward.clock.now)
    assert postman.round().sent == 1
    assert ward.phones.texts("claire@baie.example") == ["Suivi : nouvelle alerte, niveau URGENT, réf. A1. Ouvrez la liste."]


def test_only_texts_for_professionals_go_to_professionals(ward: Ward) -> None:
    with ward.database.transaction() as session, pytest.raises(ValueError, match="professionals"):
        outbox.queue_staff(
            session, service=ward.world.service, staff=ward.world.claire, key="confirm", values={}, dedup_key="s", now=ward.clock.now()
        )


# --- What the carrier says ---

TOLD = [("queued", State.SENT), ("sent", State.SENT), ("sent", State.SENT), ("delivered", State.DELIVERED)]


def test_every_order_of_callbacks_ends_delivered_and_all_are_kept(ward: Ward) -> None:
    """SEC-19, HZ-15, U10: 24 orders, one message each."""
    orders = list(permutations(TOLD))
    rows = [ward.queue(dedup_key=f"order {i}") for i in range(len(orders))]
    ward.phones.faults[MARIE] = lambda message: Receipt(f"SM{message.id}")
    ward.carry()
    for row, order in zip(rows, orders, strict=True):
        apply(ward, *(news(status, state, message=row, sid=f"SM{row.id}") for status, state in order))
        assert ward.row(row).state == "delivered"
    with ward.database.reading() as session:
        assert len(list(session.scalars(select(DeliveryEvent)))) == 4 * 24


def test_an_end_stays(ward: Ward) -> None:
    row = ward.queue()
    apply(ward, news("undelivered", State.UNDELIVERED, message=row, error_code="30003", reason=Reason.UNREACHABLE))
    apply(ward, news("sent", State.SENT, message=row), news("delivered", State.DELIVERED, message=row))
    assert (ward.row(row).state, ward.row(row).error_code) == ("undelivered", "unreachable")
    assert ward.patient().reachability == Reachability.UNDELIVERED


def test_a_callback_may_come_before_the_answer_that_names_the_message(ward: Ward) -> None:
    row = ward.queue()
    apply(ward, news("sent", State.SENT, message=row, sid="SM77"))
    assert (ward.row(row).state, ward.row(row).carrier_id) == ("sent", "SM77")
    assert ward.carry().touched == 0


def test_a_word_nobody_knows_is_kept_and_moves_nothing(ward: Ward) -> None:
    row = ward.queue()
    apply(ward, news("teleported-through-the-wall-twice", None, message=row))
    assert ward.row(row).state == "queued"
    with ward.database.reading() as session:
        assert session.scalars(select(DeliveryEvent.message_id)).all() == [row.id]


def test_a_callback_about_no_message_of_ours_is_kept_too(ward: Ward) -> None:
    stray = DeliveryUpdate("twilio", "SM404", "sent", State.SENT, our_id=2**40)
    with ward.database.transaction() as session:
        assert reports.apply(session, stray, now=ward.clock.now()) is None
    with ward.database.reading() as session:
        assert session.scalars(select(DeliveryEvent.carrier_id)).all() == ["SM404"]


@pytest.mark.parametrize(
    ("reason", "reachability"),
    [
        (Reason.OPTED_OUT, Reachability.OPTED_OUT),
        (Reason.NOT_MOBILE, Reachability.UNREACHABLE),
        (Reason.BAD_NUMBER, Reachability.UNREACHABLE),
        (Reason.UNREACHABLE, Reachability.UNDELIVERED),
        (Reason.BLOCKED, Reachability.UNDELIVERED),
        (Reason.ACCOUNT, Reachability.REACHABLE),
    ],
)
def test_what_a_failure_says_about_the_patient(ward: Ward, reason: Reason, reachability: Reachability) -> None:
    """SEC-17, SEC-19: 21610 marks the patient, a landline marks the number, our own account marks nobody."""
    row = ward.queue()
    apply(ward, news("failed", State.FAILED, message=row, reason=reason))
    assert ward.patient().reachability == reachability
    assert (ward.patient().opted_out_at is not None) is (reason is Reason.OPTED_OUT)


def test_another_number_says_nothing_about_the_patients(ward: Ward) -> None:
    row = ward.queue(to=PAUL)
    apply(ward, news("failed", State.FAILED, message=row, reason=Reason.OPTED_OUT))
    assert ward.patient().reachability == Reachability.REACHABLE


def test_a_text_that_arrives_makes_an_unreached_patient_reachable_again(ward: Ward) -> None:
    first, second = ward.queue(dedup_key="a"), ward.queue(dedup_key="b")
    apply(ward, news("undelivered", State.UNDELIVERED, message=first, reason=Reason.UNREACHABLE))
    apply(ward, news("delivered", State.DELIVERED, message=second, sid="SM2"))
    assert ward.patient().reachability == Reachability.REACHABLE


def test_sent_without_report_counts_as_not_arrived_after_a_quarter_of_an_hour(ward: Ward) -> None:
    """HZ-07."""
    row = ward.queue()
    apply(ward, news("sent", State.SENT, message=row))

    def listed(**later: float) -> list[int]:
        ward.clock.forward(**later)
        with ward.database.reading() as session:
            return [m.id for m in reports.unreached(session, ward.clock.now())]

    assert listed(minutes=14, seconds=59) == []
    assert listed(seconds=1) == [row.id]
    with ward.database.transaction() as session:
        session.get_one(Message, row.id).handled = True
    assert listed() == []


# --- SEC-01 ---

_WORDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyzéèABCDEFGHIJ", min_size=6, max_size=14)


@given(family=_WORDS, given_name=_WORDS, key=st.sampled_from(sorted(catalogue())), language=st.sampled_from(["fr", "en"]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_holds_a_value_of_the_patients_file(ward: Ward, family: str, given_name: str, key: str, language: str) -> None:
    """SEC-01: whoever the patient is, no body contains a name, a birth date, a number or a note of theirs."""
    with ward.database.transaction() as session:
        patient = session.get_one(Patient, ward.marie.id)
        patient.family_name, patient.given_names, patient.note, patient.language = family, given_name, f"{family} note", language
        values = {n: v for n, v in longest(key).items() if n not in ("svc", "tel", "sos", "sos_or_112")}
        now = ward.clock.forward(hours=1)  # one number has its limit of texts a day
        once = f"{key}{family}"
        row = outbox.queue(session, key=key, purpose=Purpose.ADMINISTRATIVE, dedup_key=once, patient=patient, values=values, now=now)
        assert row.state == "queued"
        template = catalogue()[key].texts[language].casefold()
        for value in (family, given_name, "1955", "14/03", MARIE, MARIE[3:]):
            assert value.casefold() not in row.body.casefold() or value.casefold() in template
