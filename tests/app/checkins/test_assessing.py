"""Judged after every answer, kept whole, judged again to the same; what cannot be judged alarms (FR-08, HZ-01, HZ-20, SEC-42)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from app.alerts.models import AlertEvent
from app.checkins.judging import assessing, context
from app.checkins.models import AnswerRow, AssessmentRow, CheckIn
from app.people.models import Patient
from app.protocols.models import ProtocolVersion
from app.treatment.models import IntakeReport, Measure
from tests.support.chain import MARIE, Chain
from triage.terms import Answer, Context, Escalate, Level, Measured, Past

WEDNESDAY = date(2026, 11, 25)
WEDNESDAY_TEN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def test_every_answer_is_judged_and_the_judgement_says_what_it_knew(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, "0 2 0")
    chain.says(MARIE, "37,2")

    first, second = chain.judgements(chain.checkin(marie, WEDNESDAY))
    assert (first.level, second.level) == ("high", "high")
    assert first.inputs["answers"] == {"diarrhea": {"number": "0"}, "mouth_sores": {"number": "2"}, "hand_foot": {"number": "0"}}
    assert (first.inputs["cycle"], first.inputs["cycle_day"], first.inputs["on_day"]) == (1, 3, True)
    assert "temperature" in first.inputs["due"]
    assert second.inputs["answers"]["temperature"] == {"number": "37.2"}
    with chain.read() as session:
        version = session.get_one(ProtocolVersion, second.version_id)
    assert second.fingerprint == version.fingerprint


def test_the_alert_names_its_rules_in_words_and_its_judgement(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, "0 2 0")

    (alert,) = chain.alerts()
    (judged,) = chain.judgements(chain.checkin(marie, WEDNESDAY))
    assert alert.assessment_id == judged.id
    assert alert.ladder[0] == {"after_minutes": 0, "notify": "team"}
    with chain.read() as session:
        detail = session.scalars(select(AlertEvent.detail).where(AlertEvent.kind == "raised")).one()
    assert detail["rules"]
    assert all(set(why) == {"fr", "en"} for why in detail["why"])
    assert detail["checkin_id"] == judged.checkin_id


def test_every_stored_judgement_recomputes_to_itself(chain: Chain, marie: Patient) -> None:
    """FR-08: over a week of answers, measures, silences and dangers."""
    chain.until(WEDNESDAY_TEN)
    for words in ("1 0 0", "37,2", "2", "0 1 0", "3"):
        chain.says(MARIE, words)
    chain.until(datetime(2026, 11, 28, 10, 0, tzinfo=UTC))
    chain.until(datetime(2026, 11, 30, 8, 0, tzinfo=UTC))
    chain.says(MARIE, "2 2 0 et je tremble")

    with chain.read() as session:
        assert len(list(session.scalars(select(AssessmentRow)))) >= 7
        assert list(assessing.mismatches(session)) == []


def test_an_altered_version_is_named(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    chain.says(MARIE, "0 2 0")
    with chain.database.transaction() as session:
        session.execute(update(ProtocolVersion).values(fingerprint="0" * 64))
    with chain.read() as session:
        (sentence,) = assessing.mismatches(session)

    assert sentence.startswith("assessment 1 ")


def test_an_engine_that_throws_alarms(chain: Chain, marie: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    """SEC-42: an exception yields "could not be judged", high; the conversation goes on; the sweeper judges it later."""

    def broken(*_: object) -> object:
        raise ZeroDivisionError("rule 7")

    chain.until(WEDNESDAY_TEN)
    monkeypatch.setattr("triage.engine.assess", broken)
    answers = chain.says(MARIE, "0 0 0")

    (alert,) = chain.alerts()
    assert (alert.level, alert.kind) == ("high", "unjudged")
    assert answers[0].startswith("Suivi Baie : votre température")
    assert chain.judgements(chain.checkin(marie, WEDNESDAY)) == []

    monkeypatch.undo()
    chain.wait(minutes=1)
    assert [row.level for row in chain.judgements(chain.checkin(marie, WEDNESDAY))] == ["none"]
    assert [alert.kind for alert in chain.alerts()] == ["unjudged"]


def test_a_context_that_cannot_be_built_alarms(chain: Chain, marie: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> object:
        raise KeyError("measures")

    chain.until(WEDNESDAY_TEN)
    monkeypatch.setattr(context, "build", broken)
    chain.says(MARIE, "0 0 0")

    assert [(alert.level, alert.kind) for alert in chain.alerts()] == [("high", "unjudged")]
    assert chain.answers(chain.checkin(marie, WEDNESDAY)) == {"diarrhea": "0", "mouth_sores": "0", "hand_foot": "0"}


def test_an_exception_in_each_rule_gives_an_alert(chain: Chain, marie: Patient) -> None:
    """SEC-42: whichever rule of the protocol throws, a person is told."""
    from dataclasses import replace

    from app.protocols import versions
    from triage import engine
    from triage.conditions import Condition

    def throws(_case: object) -> object:
        raise RuntimeError("broken rule")

    with chain.read() as session:
        row = versions.in_force(session, "capecitabine-14-7", WEDNESDAY)
    assert row is not None
    protocol = versions.load(row)
    said = {"temperature": Answer("temperature", Decimal("37.0"))}
    for number, rule in enumerate(protocol.rules):
        broken = Condition("broken", frozenset(), ("broken",), throws, lambda _fact: None)  # type: ignore[arg-type,return-value]  # broken on purpose
        rules = list(protocol.rules)
        rules[number] = replace(rule, all_of=(broken, *rule.all_of))
        judged = engine.assess(replace(protocol, rules=tuple(rules)), said, Context(asked_on=WEDNESDAY, due=()))
        assert judged.level >= Level.HIGH, rule.id


def test_temperature_and_doses_are_facts_of_the_treatment_too(chain: Chain) -> None:
    chain.follow(course={"protocol_slug": "ibrutinib-continuous", "agent": "ibrutinib", "times_per_day": 1, "days_on": 28, "days_off": 0})
    chain.until(datetime(2026, 11, 30, 8, 0, tzinfo=UTC))
    for words in ("non", "non", "37,4", "0 0 0", "2 1"):
        chain.says(MARIE, words)

    with chain.read() as session:
        measure = session.scalars(select(Measure)).one()
        report = session.scalars(select(IntakeReport)).one()
    assert (measure.kind, measure.value, measure.unit, measure.source) == ("temperature", Decimal("37.4000"), "Cel", "sms")
    assert (report.missed, report.extra, report.scheduled) == (2, 1, 7)
    assert (report.from_day, report.to_day) == (date(2026, 11, 23), date(2026, 11, 29))
    assert [alert.level for alert in chain.alerts()] == ["high"]  # one extra dose is an event, whatever the two missed ones


def test_an_answer_without_a_verdict_is_judged_by_the_sweeper(chain: Chain, marie: Patient) -> None:
    """HZ-01: a process died between the answer and its judgement."""
    chain.until(WEDNESDAY_TEN)
    with chain.database.transaction() as session:
        checkin = session.scalars(select(CheckIn).where(CheckIn.day == WEDNESDAY)).one()
        session.add(
            AnswerRow(
                checkin_id=checkin.id,
                key="temperature",
                kind="temperature_c",
                value="39.0",
                source="sms",
                said_by="patient:1",
                at=chain.clock.now(),
            )
        )
    chain.wait(minutes=1)

    assert [alert.level for alert in chain.alerts()] == ["urgent"]


def test_inputs_are_kept_and_read_back_exactly() -> None:
    said = {"temperature": Answer("temperature", Decimal("38.50")), "intake": Answer("intake", "missed:2"), "chest": Answer("chest", None)}
    seen = Context(
        asked_on=WEDNESDAY,
        cycle=2,
        cycle_day=5,
        on_day=True,
        past=(Past(date(2026, 11, 20), {"nausea": Decimal(2), "chest": False, "stools": None}, Level.MODERATE),),
        baseline={"weight": Decimal("64.5")},
        measures={"systolic": Measured(Decimal("152"), "mm[Hg]", WEDNESDAY)},
        dangers=("chills",),
        escalate=Escalate.NURSE,
        silences=1,
        closing=True,
        due=("temperature", "chest"),
    )

    assert context.from_json(context.to_json(said, seen)) == (said, seen)


def test_earlier_check_ins_are_shown_most_recent_first(chain: Chain, marie: Patient) -> None:
    chain.until(WEDNESDAY_TEN)
    for words in ("1 0 0", "37", "2", "0 0 0", "2"):
        chain.says(MARIE, words)
    chain.until(datetime(2026, 11, 27, 9, 0, tzinfo=UTC))
    chain.says(MARIE, "2 0 0")

    last = chain.judgements(chain.checkin(marie, date(2026, 11, 27)))[-1]
    (past,) = last.inputs["past"]
    assert past["on"] == "2026-11-25"
    assert past["values"]["diarrhea"] == {"number": "1"}
