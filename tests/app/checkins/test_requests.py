"""Words that ask for something, and news that are not symptoms (SEC-17, SEC-18, HZ-26, HZ-35)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from app.alerts.models import Task
from app.checkins.models import AnswerRow, CheckIn
from app.core.audit import AuditRow
from app.messaging import inbox
from app.messaging.models import Message
from app.people.models import Patient
from app.treatment.models import IntakeReport
from notifications.messages import Inbound
from tests.support.chain import MARIE, Chain

DAUGHTER = "+33639980002"
WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def patient(chain: Chain) -> Patient:
    with chain.read() as session:
        found = session.scalars(select(Patient).order_by(Patient.id)).first()
        assert found is not None
        return found


@pytest.mark.parametrize("word", ["STOP", "stop.", "Stop", "ARRET", "arret", "STOPALL"])
def test_stop_ends_texts_at_once_and_a_nurse_is_told_the_same_day(chain: Chain, marie: Patient, word: str) -> None:
    chain.says(MARIE, word)

    assert patient(chain).opted_out_at == chain.clock.now()
    with chain.read() as session:
        task = session.scalars(select(Task)).one()
        assert (task.kind, task.due_at) == ("opted_out", datetime(2026, 11, 23, 13, 0, tzinfo=UTC))
        assert list(session.scalars(select(CheckIn).where(CheckIn.state == "planned"))) == []
        assert "patient.opted_out" in list(session.scalars(select(AuditRow.action)))


@pytest.mark.parametrize("words", ["arrêté", "Arreté", "ARRETE"])
def test_arrete_is_asked_about_not_obeyed(chain: Chain, marie: Patient, words: str) -> None:
    """Nothing is open: the question opens a conversation of its own, and a nurse is told whichever it is."""
    answers = chain.says(MARIE, words)

    assert patient(chain).opted_out_at is None
    assert answers == ["Que voulez-vous dire ? 1 je ne veux plus de SMS. 2 je ne prends plus mes comprimés. Répondez 1 ou 2."]
    assert chain.tasks() == ["to_read"]


def test_the_tablets_were_meant(chain: Chain, marie: Patient) -> None:
    """SEC-17: an adherence alert, not an opt-out."""
    chain.says(MARIE, "arrêté")
    chain.says(MARIE, "2")

    assert patient(chain).opted_out_at is None
    (alert,) = chain.alerts()
    assert (alert.level, alert.kind) == ("high", "assessment")
    with chain.read() as session:
        assert session.scalars(select(IntakeReport)).one().stopped is True


def test_arrete_is_asked_about_in_neutral_words_where_tablets_may_not_be_named(chain: Chain) -> None:
    """HZ-09: outside a check-in, on a number nobody has confirmed: which of the two it is, a nurse asks by telephone."""
    chain.follow(phone_verified=False)
    assert chain.says(MARIE, "Arrêté") == [
        "Que voulez-vous dire ? 1 je ne veux plus de SMS. 2 autre chose : une infirmière vous appelle. Répondez 1 ou 2."
    ]
    assert chain.says(MARIE, "2")[0].startswith("C'est noté : une infirmière vous appelle avant ")
    assert chain.tasks() == ["to_read", "call_back"]
    assert chain.says(MARIE, "arrêté")[0].startswith("Que voulez-vous dire ?")
    assert chain.says(MARIE, "1")[0].startswith("C'est fait : plus de SMS.")
    assert "opted_out" in chain.tasks()


def test_said_in_a_sentence_it_is_an_adherence_alert_at_once(chain: Chain, marie: Patient) -> None:
    answers = chain.says(MARIE, "j'ai arrêté le traitement")

    assert patient(chain).opted_out_at is None
    assert [alert.level for alert in chain.alerts()] == ["high"]
    assert len(answers) == 1


def test_a_carrier_that_has_acted_on_stop_is_not_contradicted(chain: Chain, marie: Patient) -> None:
    """After a STOP the carrier refuses our texts: the confirmation is its own."""
    with chain.database.transaction() as session:
        inbound = Inbound("twilio", "SM1", MARIE, chain.world.service.number, "STOP", opt_out="STOP")
        inbox.keep(session, inbound, now=chain.clock.now())
    chain.worker.run_once()

    assert chain.received() == []
    assert chain.tasks() == ["opted_out"]


def test_stop_twice_is_one_task(chain: Chain, marie: Patient) -> None:
    chain.says(MARIE, "STOP")
    chain.says(MARIE, "STOP")

    assert chain.tasks().count("opted_out") == 1
    assert len(chain.received()) == 1


def test_start_brings_the_plan_back(chain: Chain, marie: Patient) -> None:
    chain.says(MARIE, "STOP")
    chain.says(MARIE, "REPRENDRE")

    assert patient(chain).opted_out_at is None
    with chain.read() as session:
        assert len(list(session.scalars(select(CheckIn).where(CheckIn.state == "planned")))) == 11
        call = session.scalars(select(Task)).one()  # the call that STOP asked for: it says that she is back
        assert (call.kind, call.detail["why"], call.closed_at) == ("opted_out", "came_back", None)
    assert chain.received()[-1] == (
        "Suivi Baie : vos SMS reprennent. Prochaines questions : mercredi 10 h. Une infirmière est prévenue. En urgence : le 15."
    )
    # A second STOP, and the nurse has called before she comes back: somebody still hears of it.
    chain.says(MARIE, "STOP")
    with chain.database.transaction() as session:
        for open_one in session.scalars(select(Task).where(Task.closed_at.is_(None))):
            open_one.closed_at = chain.clock.now()
    chain.says(MARIE, "REPRENDRE")
    with chain.read() as session:
        told = session.scalars(select(Task).where(Task.closed_at.is_(None))).one()
        assert (told.kind, told.detail["why"]) == ("to_read", "opted_in")


def test_stop_on_a_saturday_names_the_day_somebody_calls(chain: Chain, marie: Patient) -> None:
    """No call is promised before the service opens."""
    chain.until(datetime(2026, 11, 28, 13, 0, tzinfo=UTC))
    assert chain.says(MARIE, "STOP") == [
        "C'est fait : plus de SMS. Le service ouvre lundi 8 h. Une infirmière vous appelle ensuite. "
        "En urgence : le 15. Pour revenir : REPRENDRE"
    ]


def test_the_stop_of_a_relative_does_not_silence_the_patient(chain: Chain) -> None:
    chain.follow(respondent_name="Lucie Hoarau", respondent_relation="fille", respondent_phone=DAUGHTER)
    chain.says(DAUGHTER, "STOP")

    assert patient(chain).opted_out_at is None
    assert chain.tasks() == ["opted_out"]


def test_the_answering_relative_writes_for_the_patient(chain: Chain) -> None:
    """FR-32: from her own telephone, attached to the patient, every answer marked by who answered."""
    chain.follow(answered_by="respondent", respondent_name="Lucie Hoarau", respondent_relation="fille", respondent_phone=DAUGHTER)
    chain.until(WEDNESDAY_TEN)
    assert len(chain.received(DAUGHTER)) == 1
    assert chain.received(MARIE) == []
    chain.says(DAUGHTER, "0 1 0")

    with chain.read() as session:
        rows = list(session.scalars(select(AnswerRow)))
    assert {row.said_by.split(":")[0] for row in rows} == {"respondent"}
    assert [row.value for row in rows] == ["0", "1", "0"]


@pytest.mark.parametrize(
    ("words", "task", "answer"),
    [
        ("vous vous trompez de numero", "wrong_number", "Pardon pour l'erreur. Vous ne recevrez plus de message de notre part."),
        ("mon mari est decede mardi", "deceased", ""),
        (
            "je suis hospitalise depuis hier",
            "hospitalised",
            "Suivi Baie : une infirmière lira votre message. Si cela ne peut pas attendre : 0199001234. Urgence : 15.",
        ),
    ],
)
def test_news_that_freeze(chain: Chain, marie: Patient, words: str, task: str, answer: str) -> None:
    """HZ-35: automatic messages freeze by rule, a person is told, the reason is kept."""
    assert chain.says(MARIE, words) == ([answer] if answer else [])
    assert chain.tasks() == [task]
    frozen = patient(chain)
    assert (frozen.follow_up, frozen.reachability) == ("frozen", "frozen")
    assert "said by text" in frozen.follow_up_reason or "told by text" in frozen.follow_up_reason
    chain.until(WEDNESDAY_TEN)
    assert len(chain.received()) == len([answer] if answer else [])


def test_no_tablets_left(chain: Chain, marie: Patient) -> None:
    answers = chain.says(MARIE, "je n'ai plus de comprimes")

    assert chain.tasks() == ["refill"]
    assert answers == ["C'est noté : une infirmière vous appelle avant 12 h. Si cela ne peut pas attendre : 0199001234. Urgence : 15."]


@pytest.mark.parametrize("words", ["", "voici ma main"])
def test_a_picture_goes_to_a_person(chain: Chain, marie: Patient, words: str) -> None:
    answers = chain.says(MARIE, words, media=1)

    assert "media" in chain.tasks()
    assert answers == [
        "Photo impossible à lire ici. Une infirmière vous appelle pour en parler. Décrivez en quelques mots si vous le pouvez."
    ]


def test_an_answer_with_a_call_asked_for_counts_as_both(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, "0 1 0 rappelez moi au 06 39 98 12 34")

    assert "call_back" in chain.tasks()
    assert chain.answers(chain.checkin(marie, date(2026, 11, 25)))["mouth_sores"] == "1"


def test_a_symptom_beside_a_wish_to_be_called_is_judged_and_the_wish_is_not(chain: Chain, marie: Patient) -> None:
    """FR-13, HZ-01: the number told is judged by the protocol's own question; a wish to be called is a task, never a danger."""
    chain.says(MARIE, "appelez moi")
    assert (chain.tasks(), chain.alerts()) == (["call_back"], [])

    chain.says(MARIE, "diarrhee 6 fois cette nuit, appelle moi")
    told = chain.checkin(marie, date(2026, 11, 23), "unprompted")
    assert chain.answers(told)["stools"] == "6"
    assert told.closed_at is not None
    assert [row.level for row in chain.judgements(told)] == ["high"]
    assert [alert.level for alert in chain.alerts()] == ["high"]
    assert chain.tasks() == ["call_back", "call_back"]

    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, "j'ai eu la diarrhee 8 fois, rappelez moi")
    asked = chain.checkin(marie, date(2026, 11, 25))
    assert chain.answers(asked)["stools"] == "8"
    assert [alert.level for alert in chain.alerts()] == ["urgent"]
    assert [text.key for text in chain.texts_to(MARIE)][-1] == "urgent"


def test_later_keeps_the_question_open(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, "plus tard")
    chain.clock.forward(hours=3)
    answers = chain.says(MARIE, "0 0 0")

    assert answers[0].startswith("Suivi Baie : votre température")


def test_thanks_need_no_reply(chain: Chain, marie: Patient) -> None:
    assert chain.says(MARIE, "merci beaucoup") == []
    assert chain.tasks() == []


def test_a_language_is_kept_for_all_that_follows(chain: Chain, marie: Patient) -> None:
    answers = chain.says(MARIE, "english please")

    assert answers[0].startswith("Suivi Baie:")
    assert patient(chain).language == "en"


def test_free_text_is_always_read_by_a_person(chain: Chain, marie: Patient) -> None:
    """HZ-21: no free text without a task; several texts wait in one, and a closed one never swallows the next."""
    chain.says(MARIE, "j'ai mal aux dents")
    chain.says(MARIE, "et aussi au genou")
    assert chain.tasks() == ["to_read"]
    with chain.read() as session:
        task = session.scalars(select(Task)).one()
        heard = list(session.scalars(select(Message.id).where(Message.direction == "in").order_by(Message.id)))
    assert [task.message_id, *task.detail["also"]] == heard

    with chain.database.transaction() as session:
        session.get_one(Task, task.id).closed_at = chain.clock.now()
    chain.says(MARIE, "ca me lance toujours au genou")
    assert chain.tasks() == ["to_read"]


def test_at_night_the_patient_is_told_when_it_will_be_read(chain: Chain, marie: Patient) -> None:
    chain.clock.at = datetime(2026, 11, 27, 21, 0, tzinfo=UTC)
    answers = chain.says(MARIE, "j'ai mal aux dents")

    assert answers == ["Suivi Baie : fermé jusqu'à lundi 8 h, votre message sera lu alors. Si cela ne peut pas attendre : 15."]


def test_symptoms_told_unasked_are_judged(chain: Chain, marie: Patient) -> None:
    """ "Diarrhée 8 fois" out of the blue: counted by the protocol's own question, urgent by its own rule."""
    answers = chain.says(MARIE, "diarrhee 8 fois")

    assert [alert.level for alert in chain.alerts()] == ["urgent"]
    assert len(answers) == 1
    told = chain.checkin(marie, date(2026, 11, 23), "unprompted")
    assert chain.answers(told)["stools"] == "8"


def test_the_same_advice_is_not_repeated_within_a_week(chain: Chain, marie: Patient) -> None:
    """Self-care texts: the second time a nurse calls; the first one leaves two minutes after its echo."""
    chain.until(WEDNESDAY_TEN)
    for words in ("1 0 0", "37", "2", "0 0 0", "2"):
        chain.says(MARIE, words)
    chain.wait(minutes=3)
    assert [text.key for text in chain.texts_to(MARIE)].count("care_diarrhoea") == 1

    chain.until(datetime(2026, 11, 27, 9, 0, tzinfo=UTC))
    for words in ("1 0 0", "37", "2", "0 0 0", "2"):
        chain.says(MARIE, words)
    chain.wait(minutes=3)
    assert [text.key for text in chain.texts_to(MARIE)].count("care_diarrhoea") == 1
    assert chain.tasks() == ["call_back"]


def test_self_care_texts_are_for_adults(chain: Chain) -> None:
    chain.follow(birth_date=date(2012, 5, 1), respondent_name="Rosa Hoarau", respondent_relation="mère")
    chain.until(WEDNESDAY_TEN)
    for words in ("1 0 0", "37", "2", "0 0 0", "2"):
        chain.says(MARIE, words)
    chain.wait(minutes=3)

    assert [text.key for text in chain.texts_to(MARIE) if text.key.startswith("care_")] == []
