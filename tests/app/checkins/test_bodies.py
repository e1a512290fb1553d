"""SEC-01 to SEC-03 over whole check-ins: whoever the patient is, whatever they answer, no body tells anything of the record."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.checkins.rhythm import agenda
from app.core.audit import SYSTEM
from app.messaging.models import Message
from app.people import patients
from app.people.models import FollowUp, Patient
from notifications import policy, wording
from notifications.wording import catalogue
from tests.support.chain import Chain

_NAME = st.text("bcdfghjklmnpqrstvwxz", min_size=5, max_size=12).map(str.title)
"""Without a vowel: never a word of a text by chance."""
_REPLIES = ("0 0 0", "2 1 0", "3 0 1", "37", "38.4", "no", "2", "1", "0", "?", "2 ou 3", "je ne sais pas", "PLUS TARD", "4 4 4", "ERREUR")
AGENTS = (("capecitabine", "capecitabine-14-7"), ("ibrutinib", "ibrutinib-continuous"), ("sunitinib", "sunitinib-28-14"))


def _until_asked(chain: Chain, patient: Patient, number: str) -> None:
    """The first question, in eight days at most. The worker is there at the hour it is due.

    Seen every six hours only, it would come at 15:03 on a Friday: too late to ask before the next check-in, and a nurse is told.
    """
    last = chain.clock.now() + timedelta(days=8)
    while not chain.phones.texts(number):
        with chain.read() as session:
            coming = agenda.next_planned(session, patient.id)
        assert coming is not None, "nothing more is planned"
        assert coming.due_at < last, "no question in eight days"
        chain.until(max(coming.due_at, chain.clock.now() + timedelta(minutes=15)))


@given(
    family=_NAME,
    given_name=_NAME,
    note=_NAME,
    born=st.dates(date(1930, 1, 1), date(2000, 12, 31)),
    language=st.sampled_from(wording.LANGUAGES),
    agent=st.sampled_from(AGENTS),
    said=st.lists(st.sampled_from(_REPLIES), min_size=3, max_size=9),
)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_no_body_of_a_whole_check_in_tells_anything_of_the_record(
    chain: Chain, family: str, given_name: str, note: str, born: date, language: str, agent: tuple[str, str], said: list[str]
) -> None:
    """Names, birth date, number, treatment, disease, service, staff and what was typed: none leaves; every text is GSM-7 and fits."""
    number = f"+33639980{uuid4().int % 1000:03d}"
    with chain.database.transaction() as session:
        for before in session.scalars(select(Patient).where(Patient.follow_up == FollowUp.ACTIVE)):
            patients.change_follow_up(session, before, FollowUp.ENDED, by=SYSTEM, now=chain.clock.now(), reason="the next one")
    words: dict[str, object] = {"agent": agent[0], "protocol_slug": agent[1]}
    if agent[0] != "capecitabine":
        words |= {"days_on": 28, "days_off": 0 if agent[0] == "ibrutinib" else 14, "times_per_day": 1}
    patient = chain.follow(
        course=words,
        told=False,
        family_name=family,
        given_names=given_name,
        birth_date=born,
        language=language,
        phone=number,
        birth_name=note,
    )
    with chain.database.transaction() as session:
        session.get_one(Patient, patient.id).note = note
    _until_asked(chain, patient, number)
    for reply in said:
        chain.says(number, reply)
        chain.clock.at += timedelta(minutes=3)
    chain.wait(hours=25)

    telling = {
        family,
        given_name,
        note,
        agent[0],
        agent[1],
        str(born.year),
        f"{born:%d/%m}",
        number[3:],
        "Oncologie",
        "Hôpital",
        "Baie Hôpital",
    }
    with chain.read() as session:
        sent = list(session.scalars(select(Message).where(Message.direction == "out", Message.patient_id == patient.id)))
    assert len(sent) >= 2
    for text in sent:
        if not text.body:
            assert text.error_code in ("no_language", "number_limit"), (text.key, text.error)
            continue
        length = policy.length(text.body)
        assert (length.encoding, length.segments <= (1 if catalogue()[text.key].limit <= 160 else 2)) == ("GSM-7", True), text.body
        words = text.body.replace(chain.world.service.phone, "").casefold()  # "0199001234" holds the year 1990 by chance
        assert [value for value in telling if value.casefold() in words] == [], text.body
        assert text.language == language or text.purpose == "staff"
