"""Point 3: enrolment says beside each field what is missing or implausible, and saves nothing then."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.checkins import ways
from app.core.audit import AuditRow
from app.core.clock import HandClock
from app.core.errors import FieldErrors
from app.people import enrolling, numbers, patients, telephones
from app.people.enrolling import NewPatient
from app.people.models import Consent, Patient
from app.people.perimeter import actor_of
from tests.factories import World, a_patient

MARIE: dict[str, object] = {
    "family_name": "Hoarau",
    "given_names": "Marie",
    "birth_date": date(1955, 3, 14),
    "sex": "female",
    "phone": "+33639980001",
    "consent_follow_up": True,
    "consent_sms_words": True,
    "consent_sheet": "2026-09",
}


def _enrol(session: Session, world: World, clock: HandClock, *, allow_fiction: bool = True, **changes: object) -> Patient:
    values = {"oncologist_id": world.lebon.id, **MARIE, **changes}
    new = NewPatient(**values)  # type: ignore[arg-type]  # fields by name
    return enrolling.enrol(session, world.service, new, by=actor_of(world.ines), now=clock.now(), allow_fiction=allow_fiction)


def _refused(session: Session, world: World, clock: HandClock, **changes: object) -> dict[str, str]:
    before = session.scalar(select(func.count(Patient.id)))
    with pytest.raises(FieldErrors) as refusal:
        _enrol(session, world, clock, **changes)
    assert refusal.value.status == 422
    assert session.scalar(select(func.count(Patient.id))) == before
    return refusal.value.fields


def test_a_whole_enrolment_keeps_consent_version_author_and_trail(session: Session, world: World, clock: HandClock) -> None:
    """FR-12, SEC-27."""
    marie = _enrol(session, world, clock)
    assert (marie.full_name, marie.phone, marie.timezone, marie.language) == ("HOARAU Marie", "+33639980001", "Europe/Paris", "fr")
    consents = session.scalars(select(Consent).where(Consent.patient_id == marie.id).order_by(Consent.id)).all()
    assert [(c.kind, c.granted, c.sheet_version, c.recorded_by) for c in consents] == [
        ("follow_up", True, "2026-09", f"staff:{world.ines.id}"),
        ("sms_words", True, "2026-09", f"staff:{world.ines.id}"),
    ]
    trail = session.scalar(select(AuditRow).where(AuditRow.action == "patient.enrolled"))
    assert trail is not None
    assert (trail.actor_name, trail.subject, trail.patient_id) == ("Inès Caron", f"patient:{marie.id}", marie.id)


def test_a_refused_consent_to_words_in_texts_is_kept_as_refused(session: Session, world: World, clock: HandClock) -> None:
    marie = _enrol(session, world, clock, consent_sms_words=False)
    granted = select(Consent.granted).where(Consent.patient_id == marie.id, Consent.kind == "sms_words")
    assert session.scalar(granted) is False


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("family_name", " ", "Write the family name."),
        ("given_names", "", "Write the given names."),
        ("family_name", "x" * 121, "Write at most 120 characters."),
        ("given_names", "Marie\x00", "Type this again: it holds a character that cannot be shown."),
        ("birth_date", None, "Write the birth date."),
        ("birth_date", date(2026, 11, 19), "This birth date is in the future."),
        ("birth_date", date(1905, 3, 14), "This birth date is more than 120 years ago."),
        ("sex", "", "Choose the sex recorded in the hospital's file."),
        ("language", "de", "Choose a language the texts exist in."),
        ("timezone", "Paris", "Choose a time zone of the list, such as Europe/Paris."),
        ("phone", "", "Write the mobile number that will answer."),
        ("phone", "bonjour", "This is not a telephone number. Write it as +33 6 39 98 00 01."),
        ("phone", "+33 6 12 34", "No telephone has this number. Check the digits; write it as +33 6 39 98 00 01."),
        ("oncologist_id", None, "Choose the referring oncologist of this service."),
        ("oncologist_id", 999, "Choose the referring oncologist of this service."),
        ("check_in_hour", 7, "Choose an hour from 8 to 19: no text leaves at night."),
        ("check_in_hour", 20, "Choose an hour from 8 to 19: no text leaves at night."),
        ("consent_follow_up", False, "Follow-up starts only with the patient's consent. Record it, or do not enrol."),
        ("consent_sheet", "  ", "Write the version of the information sheet given."),
        ("answered_by", "neighbour", "Choose who answers: the patient or a relative."),
        ("respondent_phone", "123", "No telephone has this number. Check the digits; write it as +33 6 39 98 00 01."),
    ],
)
def test_one_sentence_beside_the_field(session: Session, world: World, clock: HandClock, field: str, value: object, sentence: str) -> None:
    assert _refused(session, world, clock, **{field: value}) == {field: sentence}


def test_every_field_is_told_at_once(session: Session, world: World, clock: HandClock) -> None:
    fields = _refused(session, world, clock, family_name="", birth_date=None, phone="", consent_sheet="")
    assert sorted(fields) == ["birth_date", "consent_sheet", "family_name", "phone"]


def test_a_nurse_is_no_referring_oncologist(session: Session, world: World, clock: HandClock) -> None:
    fields = _refused(session, world, clock, oncologist_id=world.claire.id)
    assert fields == {"oncologist_id": "Choose the referring oncologist of this service."}


def test_a_respondent_needs_a_name_and_a_relation(session: Session, world: World, clock: HandClock) -> None:
    assert _refused(session, world, clock, answered_by="respondent") == {"respondent_name": "Write the name of the person who answers."}
    fields = _refused(session, world, clock, respondent_name="Julie Hoarau")
    assert fields == {"respondent_relation": "Write how this person is related, for instance daughter."}


def test_a_daughter_answers(session: Session, world: World, clock: HandClock) -> None:
    marie = _enrol(
        session,
        world,
        clock,
        answered_by="respondent",
        respondent_name="Julie Hoarau",
        respondent_relation="fille",
        respondent_phone="0639980002",
    )
    [julie] = marie.respondents
    assert (julie.name, julie.relation, julie.phone, julie.answers) == ("Julie Hoarau", "fille", "+33639980002", True)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("06 39 98 00 01", "+33639980001"),
        ("0033639980001", "+33639980001"),
        ("+44 7700 900123", "+447700900123"),
        ("+1 212 555 0123", "+12125550123"),
    ],
)
def test_numbers_are_kept_in_e164(session: Session, world: World, clock: HandClock, written: str, kept: str) -> None:
    assert _enrol(session, world, clock, phone=written).phone == kept


@pytest.mark.parametrize("number", ["+33639980001", "+33199001234", "+33261910001", "+12125550123", "+447700900123"])
def test_numbers_of_fiction_are_refused_where_there_are_patients(session: Session, world: World, clock: HandClock, number: str) -> None:
    fields = _refused(session, world, clock, allow_fiction=False, phone=number)
    assert fields == {"phone": "This number is reserved for fiction and reaches nobody. Give the patient's own number."}


@pytest.mark.parametrize(
    ("number", "fixed"),
    [
        ("+33199001234", True),
        ("+33261910001", True),
        ("+33639980001", False),
        ("+12125550123", False),
        ("+447700900123", False),
        ("", False),
    ],
)
def test_a_landline_is_known_by_its_number(number: str, fixed: bool) -> None:
    """No text reaches one. Where a country does not tell fixed from mobile (+1), a number is never said to be one."""
    assert telephones.is_landline(number) is fixed


def test_a_landline_answers_only_where_a_nurse_calls(session: Session, world: World, clock: HandClock) -> None:
    said = "This is a landline: it gets no text. Tick “a nurse calls”, or write a mobile number."
    julie = {"answered_by": "respondent", "respondent_name": "Julie Hoarau", "respondent_relation": "fille"}
    assert _refused(session, world, clock, phone="01 99 00 12 34") == {"phone": said}
    assert _refused(session, world, clock, **julie, respondent_phone="01 99 00 12 34") == {"respondent_phone": said}
    marie = _enrol(session, world, clock, phone="01 99 00 12 34", by_call=True, phone_verified=False)
    assert (ways.of(session, marie), numbers.reached_as(marie), numbers.is_settled(marie)) == (("call", "landline"), "landline", True)
    mobile = _enrol(session, world, clock, given_names="Jeanne", **{**julie, "answered_by": "patient"}, respondent_phone="01 99 00 12 34")
    assert numbers.reached_as(mobile) == "reachable", "a landline to call a relative on is no matter"


def test_names_lose_the_spaces_that_pasting_brings(session: Session, world: World, clock: HandClock) -> None:
    marie = _enrol(session, world, clock, family_name=" Hoarau\u00a0", given_names="Marie  Rose ")
    assert (marie.family_name, marie.given_names) == ("Hoarau", "Marie Rose")


class TestSharedPhone:
    """HZ-10, SEC-16: two patients on one telephone are never told apart by plain texts."""

    def test_a_second_patient_on_a_number_is_refused_unless_shared(self, session: Session, world: World, clock: HandClock) -> None:
        _enrol(session, world, clock)
        fields = _refused(session, world, clock, given_names="Jean", sex="male")
        assert fields == {"phone": "Another patient has this number. If they share the telephone, tick “shared phone”."}

    def test_both_stop_being_recognised_by_the_number(self, session: Session, world: World, clock: HandClock) -> None:
        marie = _enrol(session, world, clock)
        jean = _enrol(session, world, clock, given_names="Jean", sex="male", shared_phone=True)
        session.refresh(marie)
        assert (marie.shared_phone, jean.shared_phone) == (True, True)
        assert [p.given_names for p in patients.holders(session, world.service.id, "+33639980001")] == ["Marie", "Jean"]

    def test_the_number_of_an_ended_follow_up_is_free_again(self, session: Session, world: World, clock: HandClock) -> None:
        marie = a_patient(session, world, now=clock.now())
        patients.change_follow_up(
            session, marie, patients.FollowUp.ENDED, by=actor_of(world.ines), now=clock.now(), reason="fin du traitement"
        )
        assert not _enrol(session, world, clock, given_names="Jean", sex="male").shared_phone
