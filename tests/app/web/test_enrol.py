"""Enrolment by the coordinator's screen: a sentence beside each field, everything typed still there (point 3, FR-12, FR-14)."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.checkins.models import CheckIn
from app.core.audit import SYSTEM, AuditRow
from app.core.clock import HandClock
from app.core.db import Database
from app.messaging.models import Message
from app.people import members
from app.people.models import Consent, Patient
from app.protocols import shelf
from app.treatment.models import Course
from tests.app.web.conftest import SignIn
from tests.factories import World, sign_protocols
from tests.support.wards import two_services


@pytest.fixture
def clock() -> HandClock:
    """Wednesday 25 November 2026, 10:00 in Paris: the library's protocols are in force."""
    return HandClock(datetime(2026, 11, 25, 9, 0, tzinfo=UTC))


@pytest.fixture
def ines(sign_in: SignIn, world: World, database: Database, clock: HandClock) -> TestClient:
    """Inès Caron, coordinator, at her screen."""
    with database.transaction() as session:
        shelf.seed(session, clock.now())
        sign_protocols(session, world, now=clock.now())
    return sign_in(world.ines)


@pytest.fixture
def marie(world: World) -> dict[str, str]:
    """Marie Hoarau as Inès types her; the rest is what the form already holds."""
    return {
        "family_name": "Hoarau",
        "given_names": "Marie",
        "birth_date": "1955-03-14",
        "sex": "female",
        "language": "fr",
        "timezone": "Europe/Paris",
        "phone": "06 39 98 00 01",
        "answered_by": "patient",
        "check_in_hour": "10",
        "consent_follow_up": "yes",
        "consent_sms_words": "yes",
        "consent_sheet": "2026-09",
        "oncologist_id": str(world.lebon.id),
        "protocol_slug": "capecitabine-14-7",
        "agent": "capecitabine",
        "dose_mg": "1 500,5",
        "times_per_day": "2",
        "days_on": "14",
        "days_off": "7",
        "first_intake": "2026-11-25",
        "cycle": "1",
        "first_text": "yes",
    }


def fields(page: str) -> dict[str, str]:
    """The sentence beside each field."""
    return dict(re.findall(r'<p class="field-error" id="(\w+)-error">([^<]+)</p>', page))


def patients_of(database: Database) -> list[Patient]:
    with database.reading() as session:
        return list(session.scalars(select(Patient).order_by(Patient.id)))


def test_the_blank_form_holds_the_habits_of_the_service_and_of_the_label(ines: TestClient, world: World) -> None:
    page = ines.get("/enrol").text
    held = dict(re.findall(r'<input id="(\w+)" name="\w+" type="\w+" value="([^"]*)"', page))
    assert (held["first_intake"], held["cycle"]) == ("2026-11-25", "1")
    chosen = re.findall(r'<option value="([^"]*)" selected', page)
    assert chosen[:5] == ["fr", "Europe/Paris", "patient", "10", str(world.lebon.id)]
    assert held["agent"] and held["agent"] in chosen[5], "the first protocol of the list, and its own medicine"
    assert re.search(r'name="first_text" type="checkbox" value="yes" checked', page)
    assert "shared_phone" not in page
    zones = re.findall(r'<option value="([^"]*)"', page.split('id="timezone"')[1].split("</select>")[0])
    assert {"Europe/Paris", "Indian/Reunion", "Asia/Tokyo"} < set(zones) and not {"Factory", "Zulu", "localtime", "Etc/GMT"} & set(zones)


def test_another_protocol_brings_its_own_dosing(ines: TestClient) -> None:
    part = ines.get("/enrol/treatment", params={"protocol_slug": "sunitinib-28-14"}, headers={"hx-request": "true"}).text
    held = dict(re.findall(r'<input id="(\w+)" name="\w+" type="\w+" value="([^"]*)"', part))
    assert (held["agent"], held["days_on"], held["days_off"]) == ("sunitinib", "28", "14")
    assert "<html" not in part


def test_blocks_and_a_second_medicine_come_from_the_protocol(ines: TestClient, marie: dict[str, str], database: Database) -> None:
    """Trifluridine/tipiracil days 1-5 and 8-12 of 28; lapatinib every day beside capecitabine (FR-31)."""
    part = ines.get("/enrol/treatment", params={"protocol_slug": "trifluridine-tipiracil"}, headers={"hx-request": "true"}).text
    held = dict(re.findall(r'<input id="(\w+)" name="\w+" type="\w+" value="([^"]*)"', part))
    assert (held["blocks"], held["cycle_days"], held["days_on"], "<details open>" in part) == ("1-5, 8-12", "28", "", True)
    part = ines.get("/enrol/treatment", params={"protocol_slug": "capecitabine-lapatinib"}, headers={"hx-request": "true"}).text
    assert 'name="companion_lapatinib_dose_mg" type="text" value="1250"' in part
    assert 'name="companion_lapatinib_strengths" type="text" value=""' in part, "asked, never guessed"
    assert re.findall(r"(\w+)\s: dosages des comprimés, en mg", part) == ["Capécitabine", "Lapatinib"]
    assert 'name="agent" type="text" value="capecitabine"' in part, "the one that is not the second medicine"
    typed = {**marie, "protocol_slug": "capecitabine-lapatinib", "dose_mg": "1500", "strengths": "500 ; 150"}
    typed |= {"companion_lapatinib_dose_mg": "1250", "companion_lapatinib_strengths": "250", "first_intake_evening": "yes"}
    assert ines.post("/enrol", data=typed).status_code == 303
    with database.reading() as session:
        course = session.scalars(select(Course)).one()
        assert [(one.agent, one.dose_mg, one.times_per_day) for one in course.companions] == [("lapatinib", 1250, 1)]
        assert (course.doses[0].tablets, course.first_intake_evening) == ([["500", 3]], True)
        assert [step.tablets for step in course.companions[0].doses] == [[["250", 5]]]
        assert len(course.doses) == 1, "the tablets of one medicine are no dose of the other"
        patient_id = course.patient_id
    shown = " ".join(re.sub("<[^>]+>", " ", html.unescape(ines.get(f"/patients/{patient_id}").text)).split())
    assert re.search(r"Capécitabine 1500 mg × 2 par jour \( ?3 de 500 mg ?\)", shown), shown[:2000]
    assert re.search(r"Lapatinib 1250 mg × 1 par jour \( ?5 de 250 mg ?\)", shown)
    assert 'name="tablets_250"' in ines.get(f"/patients/{patient_id}/tablets", params={"medicine": "lapatinib"}).text


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"companion_lapatinib_dose_mg": "beaucoup"}, "companion_lapatinib_dose_mg", "Écrivez la dose par prise de lapatinib"),
        ({"companion_lapatinib_strengths": "250"}, "companion_lapatinib_dose_mg", "Écrivez la dose par prise de lapatinib"),
        (
            {"companion_lapatinib_dose_mg": "1250", "companion_lapatinib_strengths": "400"},
            "companion_lapatinib_strengths",
            "lapatinib : ces comprimés ne font pas 1250 mg",
        ),
    ],
)
def test_what_is_wrong_with_a_second_medicine_stands_beside_its_field(
    ines: TestClient, marie: dict[str, str], database: Database, typed: dict[str, str], field: str, sentence: str
) -> None:
    """A strength without a dose is no prescription of it: nothing is guessed, everything typed is still there (FR-31)."""
    answer = ines.post("/enrol", data={**marie, "protocol_slug": "capecitabine-lapatinib", **typed})
    told = {name: html.unescape(text) for name, text in fields(answer.text).items()}
    assert answer.status_code == 422 and told.get(field, "").startswith(sentence), told
    assert all(f'value="{text}"' in answer.text for text in typed.values())
    assert patients_of(database) == []


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"blocks": "1-5, 4-12", "cycle_days": "28", "days_on": "", "days_off": ""}, "blocks", "Écrivez les blocs dans l'ordre"),
        ({"blocks": "le lundi", "cycle_days": "28", "days_on": "", "days_off": ""}, "blocks", "Écrivez les blocs dans l'ordre"),
        ({"strengths": "400"}, "strengths", "Ces comprimés ne font pas 1500,5 mg"),
        ({"strengths": "gros"}, "strengths", "Ces comprimés ne font pas"),
        ({"weekday": "9"}, "weekday", "Choisissez un jour"),
    ],
)
def test_a_calendar_that_cannot_be_lived_is_told_beside_its_field(
    ines: TestClient, marie: dict[str, str], typed: dict[str, str], field: str, sentence: str
) -> None:
    answer = ines.post("/enrol", data={**marie, **typed})
    told = {name: html.unescape(text) for name, text in fields(answer.text).items()}
    assert answer.status_code == 422 and field in told and told[field].startswith(sentence), told


def test_a_patient_is_enrolled_and_the_first_text_leaves_at_once(ines: TestClient, marie: dict[str, str], database: Database) -> None:
    answer = ines.post("/enrol", data=marie)
    [patient] = patients_of(database)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/patients/{patient.id}/enrolled")
    with database.reading() as session:
        course = session.scalars(select(Course)).one()
        texts = session.scalars(select(Message.key).where(Message.state == "queued").order_by(Message.id)).all()
        first = session.scalars(select(CheckIn).order_by(CheckIn.due_at).limit(1)).one()
        consents = {(c.kind, c.granted, c.sheet_version) for c in session.scalars(select(Consent))}
    assert (patient.phone, str(course.dose_mg.normalize()), course.protocol_slug) == ("+33639980001", "1500.5", "capecitabine-14-7")
    assert texts == ["verify_code", "welcome_link", "welcome_2"], "what comes until the code is back is a link"
    assert (first.day.isoformat(), first.due_at) == ("2026-11-27", datetime(2026, 11, 27, 9, 0, tzinfo=UTC))
    assert consents == {("follow_up", True, "2026-09"), ("sms_words", True, "2026-09")}
    told = ines.get(f"/patients/{patient.id}/enrolled").text
    assert "HOARAU Marie est inscrit" in told
    assert "vendredi, 10 h" in told  # in the words of the first text
    assert "ven. 27 nov." in told


def test_without_the_tick_only_the_code_leaves(ines: TestClient, marie: dict[str, str], database: Database) -> None:
    del marie["first_text"]
    assert ines.post("/enrol", data=marie).status_code == 303
    with database.reading() as session:
        assert session.scalars(select(Message.key)).all() == ["verify_code"]


def test_every_sentence_of_the_three_blocks_comes_at_once_and_what_was_typed_stays(
    ines: TestClient, marie: dict[str, str], database: Database
) -> None:
    wrong = {**marie, "given_names": "", "birth_date": "2030-01-01", "dose_mg": "beaucoup", "times_per_day": "2,5", "consent_sheet": ""}
    del wrong["consent_follow_up"]
    answer = ines.post("/enrol", data=wrong)
    assert answer.status_code == 422
    assert set(fields(answer.text)) == {"given_names", "birth_date", "consent_follow_up", "consent_sheet", "dose_mg", "times_per_day"}
    for kept in ('value="Hoarau"', 'value="beaucoup"', 'value="2,5"', 'value="06 39 98 00 01"'):
        assert kept in answer.text
    assert "6 champs" in answer.text
    assert patients_of(database) == []
    with database.reading() as session:
        assert session.scalars(select(AuditRow.id).where(AuditRow.action == "patient.enrolled")).all() == []


def test_sentences_are_french_first_and_english_complete(ines: TestClient, marie: dict[str, str]) -> None:
    empty = ines.post("/enrol", data={"family_name": ""})
    english = "|".join(("Write", "Choose", "Follow-up starts"))
    assert not [said for said in fields(empty.text).values() if re.match(english, said)]


def test_a_number_already_held_brings_the_shared_phone_box(ines: TestClient, marie: dict[str, str], database: Database) -> None:
    """U16, HZ-10."""
    ines.post("/enrol", data=marie)
    jean = {**marie, "family_name": "Payet", "given_names": "Jean"}
    refused = ines.post("/enrol", data=jean)
    assert (refused.status_code, set(fields(refused.text))) == (422, {"phone"})
    assert 'id="shared_phone"' in refused.text
    assert ines.post("/enrol", data={**jean, "shared_phone": "yes"}).status_code == 303
    assert [patient.shared_phone for patient in patients_of(database)] == [True, True]


def test_a_landline_brings_the_nurses_call_and_no_text(ines: TestClient, marie: dict[str, str], database: Database) -> None:
    """HZ-09: said beside the field, with the way that works; then no code and no welcome that would be lost."""
    fixed = {**marie, "phone": "01 99 00 12 34"}
    refused = ines.post("/enrol", data=fixed)
    assert fields(refused.text)["phone"].startswith("C&#39;est une ligne fixe : aucun SMS n&#39;y arrive.")
    assert 'id="by_call"' in refused.text and 'id="by_call"' not in ines.get("/enrol").text
    assert ines.post("/enrol", data={**fixed, "by_call": "yes"}).status_code == 303
    [patient] = patients_of(database)
    with database.reading() as session:
        assert session.scalars(select(Message.key)).all() == []
    told = ines.get(f"/patients/{patient.id}/enrolled").text
    assert "ligne fixe" in told and "Envoyer un nouveau code" not in told
    assert "une infirmière appelle et pose les questions" in told and "un rappel" not in told
    header = ines.get(f"/patients/{patient.id}").text
    assert "ligne fixe" in header and "numéro non vérifié" not in header
    again = ines.post(f"/patients/{patient.id}/number/again", data={"back": "number"})
    assert again.headers["location"].endswith("said=landline")


def test_who_reads_no_language_of_ours_is_called_with_an_interpreter(ines: TestClient, marie: dict[str, str], database: Database) -> None:
    """HZ-36: the language spoken is asked, no code is offered, and the page says who does what instead of a reminder."""
    silent = {**marie, "language": "none"}
    assert "interpreter" in fields(ines.post("/enrol", data=silent).text)
    assert ines.post("/enrol", data={**silent, "interpreter": "shimaoré"}).status_code == 303
    [patient] = patients_of(database)
    assert patient.interpreter == "shimaoré"
    told = ines.get(f"/patients/{patient.id}/enrolled").text
    assert "une infirmière appelle et pose les questions" in told and "shimaoré" in told
    assert "Envoyer un nouveau code" not in told and "un rappel" not in told
    header = ines.get(f"/patients/{patient.id}").text
    assert "shimaoré" in header and "aucune de ces langues" not in header
    assert "L&#39;interprète d&#39;abord (shimaoré)" in ines.get(f"/patients/{patient.id}/call").text
    assert ines.get(f"/patients/{patient.id}/reach").text.count("aucune de ces langues") == 1


def test_a_relative_who_answers_is_named(ines: TestClient, marie: dict[str, str], database: Database) -> None:
    refused = ines.post("/enrol", data={**marie, "answered_by": "respondent"})
    assert set(fields(refused.text)) == {"respondent_name", "respondent_phone"}
    marie |= {
        "answered_by": "respondent",
        "respondent_name": "Lise Hoarau",
        "respondent_relation": "fille",
        "respondent_phone": "0639980002",
    }
    assert ines.post("/enrol", data=marie).status_code == 303
    [patient] = patients_of(database)
    assert patient.answered_by == "respondent"
    page = ines.get(f"/patients/{patient.id}").text
    assert re.search(r"à envoyer · [+\d\s]+02, Lise Hoarau</small>", page), "each message says to which number"


def test_the_mobile_of_the_relative_who_answers_is_never_the_patients_own(
    ines: TestClient, marie: dict[str, str], database: Database
) -> None:
    """One number typed twice, or only the relative's: it is stored with the relative, and the code goes there (HZ-10)."""
    lise = {"answered_by": "respondent", "respondent_name": "Lise Hoarau", "respondent_relation": "fille", "respondent_phone": "0639980001"}
    assert ines.post("/enrol", data={**marie, **lise}).status_code == 303
    assert (
        ines.post("/enrol", data={**marie, **lise, "phone": "", "respondent_phone": "0639980002", "given_names": "Anne"}).status_code == 303
    )
    with database.reading() as session:
        found = [(one.phone, one.respondents[0].phone) for one in session.scalars(select(Patient).order_by(Patient.id))]
        sent = session.scalars(select(Message.address).where(Message.direction == "out").distinct().order_by(Message.address)).all()
    assert found == [("", "+33639980001"), ("", "+33639980002")]
    assert sent == ["+33639980001", "+33639980002"]
    for patient in patients_of(database):
        assert "numéro non vérifié" in ines.get(f"/patients/{patient.id}").text, "the relative's, where the patient has none"
    assert ines.get("/patients").text.count("numéro non vérifié") == 2


def test_a_minor_is_enrolled_with_the_agreement_of_who_holds_parental_authority(
    ines: TestClient, marie: dict[str, str], database: Database
) -> None:
    """Born 26 November 2008: seventeen today, 25 November 2026. The day of the eighteenth birthday nothing more is asked."""
    ana = {**marie, "given_names": "Ana", "birth_date": "2008-11-26"}
    assert fields(ines.post("/enrol", data=ana).text) == {
        "respondent_name": "Ce patient a moins de 18 ans : nommez qui a l&#39;autorité parentale.",
        "parental_authority": "Ce patient a moins de 18 ans : notez l&#39;accord de qui a l&#39;autorité parentale.",
    }
    rosa = {"respondent_name": "Rosa Hoarau", "respondent_relation": "mère", "parental_authority": "yes"}
    assert "HOARAU Ana est inscrite au suivi" in ines.post("/enrol", data={**ana, **rosa}, follow_redirects=True).text
    assert ines.post("/enrol", data={**marie, "birth_date": "2008-11-25", "phone": "0639980003"}).status_code == 303
    with database.reading() as session:
        consents = session.execute(select(Consent.kind, Patient.given_names).join(Patient).where(Consent.kind == "parental")).all()
    assert [tuple(one) for one in consents] == [("parental", "Ana")]


def test_what_no_column_can_keep_is_refused_in_words(ines: TestClient, marie: dict[str, str], database: Database) -> None:
    answer = ines.post("/enrol", data={**marie, "family_name": "H" * 500, "agent": "H" * 500})
    assert (answer.status_code, set(fields(answer.text))) == (422, {"family_name", "agent"})
    assert patients_of(database) == []


def test_a_nul_pasted_with_a_name_is_no_letter_of_it(ines: TestClient, marie: dict[str, str], database: Database) -> None:
    assert ines.post("/enrol", data={**marie, "family_name": "Hoa\x00rau"}).status_code == 303
    assert [patient.family_name for patient in patients_of(database)] == ["Hoarau"]


def test_a_form_left_open_enrols_in_the_service_it_was_opened_for(
    ines: TestClient, marie: dict[str, str], database: Database, world: World, clock: HandClock
) -> None:
    """Another tab went to the other service meanwhile; where she works no more nothing is saved, and all she typed is still there."""
    with database.transaction() as session:
        two = two_services(session, world, now=clock.now())
        members.add(session, "ines", two.hema, by=SYSTEM, now=clock.now())
    here = re.findall(r'name="service" value="(\d+)"', ines.get("/enrol").text)
    assert here == [str(world.service.id)]
    ines.post("/list/service", data={"service_id": str(two.hema.id)})
    there = re.findall(r'name="service" value="(\d+)"', ines.get("/enrol").text)
    assert there == [str(two.hema.id)]
    typed = {**marie, "family_name": "Fontaine", "phone": "06 39 98 00 77"}
    answer = ines.post("/enrol", data={**typed, "service": here[0]})
    assert answer.status_code == 303 and ines.get(answer.headers["location"]).status_code == 200, "she sees whom she enrolled"
    with database.reading() as session:
        fontaine = session.scalars(select(Patient).where(Patient.family_name == "Fontaine")).one()
    assert fontaine.service_id == world.service.id
    with database.transaction() as session:
        members.remove(session, "ines", two.hema, by=SYSTEM, now=clock.now())
    refused = ines.post("/enrol", data={**typed, "family_name": "Rivière", "phone": "06 39 98 00 78", "service": there[0]})
    assert refused.status_code == 422 and "où vous ne travaillez plus" in refused.text
    assert 'value="Rivière"' in refused.text and 'value="06 39 98 00 78"' in refused.text
    assert not [one for one in patients_of(database) if one.family_name == "Rivière"]


def test_the_secretary_does_not_enrol(sign_in: SignIn, world: World, marie: dict[str, str], database: Database) -> None:
    paul = sign_in(world.paul)
    assert (paul.get("/enrol").status_code, paul.post("/enrol", data=marie).status_code) == (403, 403)
    assert patients_of(database) == []


def test_the_sheet_says_hours_emergency_and_how_to_stop_in_the_patients_language(
    ines: TestClient, marie: dict[str, str], database: Database
) -> None:
    """FR-14: from the service's own hours; not an emergency service, 15 or 112; whom to call; how to stop; rights."""
    ines.post("/enrol", data={**marie, "language": "en"})
    [patient] = patients_of(database)
    page = ines.get(f"/patients/{patient.id}/sheet").text
    for said in ("Call 15 or 112.", "not an emergency service", "0199001234", "Answer STOP", "Your rights", "Sheet version 2026-09."):
        assert said in page
    days = re.findall(r'<th scope="row">(\w+)</th><td>([^<]+)</td>', page)
    assert days[0] == ("Monday", "8 am to 6 pm")
    assert days[6] == ("Sunday", "closed")


def test_the_list_shows_everyone_and_opens_their_treatment(ines: TestClient, marie: dict[str, str], database: Database) -> None:
    ines.post("/enrol", data=marie)
    [patient] = patients_of(database)
    page = ines.get("/patients").text
    assert "HOARAU Marie" in page
    assert f'href="/patients/{patient.id}/treatment"' in page


def test_a_hold_cancels_what_is_planned_and_a_stop_ends_it(ines: TestClient, marie: dict[str, str], database: Database) -> None:
    ines.post("/enrol", data=marie)
    [patient] = patients_of(database)
    address = f"/patients/{patient.id}/treatment"
    missing = ines.post(f"{address}/hold", data={"from_day": "", "reason": "Neutropénie"})
    assert (missing.status_code, set(fields(missing.text))) == (422, {"hold_from_day"})
    assert 'value="Neutropénie"' in missing.text
    assert (
        ines.post(f"{address}/hold", data={"from_day": "2026-11-26", "until_day": "2026-11-30", "reason": "Neutropénie"}).status_code == 303
    )
    assert "Neutropénie" in ines.get(address).text
    assert ines.post(f"{address}/stop", data={"on": "2026-11-27", "reason": "progression"}).status_code == 303
    with database.reading() as session:
        assert session.scalars(select(Course.state)).one() == "stopped"
        assert session.scalars(select(CheckIn.id).where(CheckIn.state == "planned")).all() == []


def test_a_nurse_confirms_a_cycle_but_does_not_hold_a_treatment(
    ines: TestClient, sign_in: SignIn, world: World, marie: dict[str, str], database: Database, clock: HandClock
) -> None:
    ines.post("/enrol", data=marie)
    [patient] = patients_of(database)
    clock.forward(days=21)
    claire = sign_in(world.claire)
    address = f"/patients/{patient.id}/treatment"
    assert claire.post(f"{address}/hold", data={"from_day": "2026-12-17", "reason": "x"}).status_code == 403
    assert claire.post(f"{address}/cycle", data={"started_on": "2026-12-16"}).status_code == 303
    with database.reading() as session:
        cycles = session.scalars(select(Course)).one().cycles
        assert [(cycle.number, cycle.started_on.isoformat()) for cycle in cycles] == [(1, "2026-11-25"), (2, "2026-12-16")]


def test_a_journey_and_its_return_are_written_down_at_once(ines: TestClient, marie: dict[str, str], database: Database) -> None:
    """From the particulars: away from 1 December in Martinique, back on 10 December at home; a return before the departure is refused."""
    ines.post("/enrol", data=marie)
    [patient] = patients_of(database)
    path = f"/patients/{patient.id}/treatment"
    assert f"{path}#travel" in ines.get(f"/patients/{patient.id}/particulars").text
    away = {"from_day": "2026-12-01", "zone": "America/Martinique"}
    refused = ines.post(f"{path}/travel", data={**away, "back_on": "2026-12-01"})
    assert fields(refused.text) == {"travel_back_on": "Écrivez un jour après le départ, ou laissez vide."}
    assert ines.post(f"{path}/travel", data={**away, "back_on": "2026-12-10"}).status_code == 303
    with database.reading() as session:
        trail = session.scalars(select(AuditRow.change).where(AuditRow.action == "patient.travels").order_by(AuditRow.id)).all()
    assert [one["after"] for one in trail] == [
        {"from": "2026-12-01", "zone": "America/Martinique"},
        {"from": "2026-12-10", "zone": "Europe/Paris"},
    ]
