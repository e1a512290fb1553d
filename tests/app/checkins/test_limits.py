"""Five texts and nine answers a check-in; an early stop leaves out details alone; what was not asked is written down (ux guide, SEC-42)."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.checkins import answers, script
from app.checkins.models import CheckIn
from app.checkins.pages import filling
from app.checkins.texts import five_texts
from app.core.audit import Actor
from app.messaging.models import Message
from app.people.models import Patient
from app.protocols import shelf
from tests.support.chain import MARIE, Chain
from triage import questions
from triage.protocol import Protocol
from triage.questions import MOST_ANSWERS, MOST_TEXTS, Question
from triage.terms import Answer, Asked, Kind

IN_DEPTH = sorted(
    {protocol.slug: protocol for protocol in shelf.compiled().values() if protocol.depth == "in_depth"}.items(), key=lambda pair: pair[0]
)
"""The latest version of each protocol in depth: the library's files come in the order of their dates."""

REPLIES: dict[Kind, Callable[[random.Random], str]] = {
    Kind.SEVERITY: lambda chance: str(chance.choice([0, 0, 1, 2])),
    Kind.TEMPERATURE: lambda chance: chance.choice(["36,8", "37,2", "37,5"]),
    Kind.WEIGHT: lambda chance: "64,5",
    Kind.PAIN: lambda chance: str(chance.randint(0, 5)),
    Kind.COUNT: lambda chance: str(chance.randint(0, 3)),
    Kind.YES_NO: lambda chance: "2",
    Kind.INTAKE: lambda chance: chance.choice(["0 0", "1 0"]),
    Kind.FREE_TEXT: lambda chance: "non",
    Kind.CYCLE_START: lambda chance: "1",
}


def must(question: Question) -> bool:
    return question in five_texts.never_left_out([question])


def test_there_are_protocols_in_depth() -> None:
    assert len(IN_DEPTH) >= 10


# --- The plan of every protocol, for random patients ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("slug", "protocol"), IN_DEPTH, ids=[slug for slug, _ in IN_DEPTH])
@given(cycle=st.integers(1, 6), day=st.integers(1, 84), scores=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_no_patient_gets_a_sixth_text_or_a_tenth_question(
    slug: str, protocol: Protocol, cycle: int, day: int, scores: random.Random
) -> None:
    asked = protocol.asks(cycle, day)
    said: dict[str, Answer] = {}
    texts = 0
    while (group := questions.next_group(asked, said)) is not None:
        texts += 1
        for key in group.keys:
            kind = protocol.questions[key].kind
            said[key] = Answer(key, Decimal(scores.choice([0, 0, 1, 3])) if kind in (Kind.SEVERITY, Kind.COUNT) else None)
    assert texts <= MOST_TEXTS
    assert len(said) <= MOST_ANSWERS
    left = [question for question in asked if question.key not in said]
    assert not [question.key for question in left if must(question)]
    assert all(question.detail_of and said[question.detail_of].value == 0 for question in left)


@pytest.mark.parametrize(("slug", "protocol"), IN_DEPTH, ids=[slug for slug, _ in IN_DEPTH])
@given(cycle=st.integers(1, 6), day=st.integers(1, 84), line=st.booleans(), chance=st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_whatever_is_answered_five_texts_are_never_passed(
    slug: str, protocol: Protocol, cycle: int, day: int, line: bool, chance: random.Random
) -> None:
    """Misread, half answered, given up: re-asks and details go first, and whatever is never left out has had its text."""
    asks = protocol.asks(cycle, day)
    said: dict[str, Answer] = {}
    needed = len(questions.groups(five_texts.never_left_out(asks)))
    sent = int(line)
    while (group := five_texts.next_of(asks, said, sent)) is not None:
        sent += 1
        left = list(group.keys)
        while left and chance.random() < 0.6:  # nothing, or a part, was understood
            for key in chance.sample(left, chance.randint(0, len(left) - 1)):
                said[key] = Answer(key, Decimal(1))
                left.remove(key)
            again = Asked(group.kind, tuple(left))
            if not five_texts.fits(again, asks, said, sent):
                break
            sent += 1
        for key in left:
            given = Decimal(chance.choice([0, 1, 3])) if protocol.questions[key].kind in (Kind.SEVERITY, Kind.COUNT) else None
            said[key] = Answer(key, given)
    assert sent <= MOST_TEXTS
    if int(line) + needed <= MOST_TEXTS:
        assert not [q.key for q in five_texts.never_left_out(asks) if q.key not in said and not questions.skipped(q, said)]


# --- Played through the chain --------------------------------------------------------------------------------------------------------


def play(chain: Chain, patient: Patient, protocol: Protocol, seed: int, *, misread: bool) -> CheckIn:
    """Reply to every question until the conversation ends; sometimes with words nobody understands, once."""
    chance = random.Random(seed)
    for _ in range(12):
        checkin = latest(chain, patient)
        if not checkin.asking:
            return checkin
        chain.clock.forward(seconds=100)
        if misread and chance.random() < 0.5 and checkin.misread == 0:
            chain.says(MARIE, chance.choice(["bof bof", "1", "pas de thermomètre"]))
            chain.wait(seconds=30)
            continue
        kinds = [question.kind for key in checkin.asking if (question := script.question_of(key, protocol))]
        chain.says(MARIE, " ".join(REPLIES[kind](chance) for kind in kinds))
    raise AssertionError("a conversation that does not end")


def latest(chain: Chain, patient: Patient) -> CheckIn:
    with chain.read() as session:
        mine = select(CheckIn).where(CheckIn.patient_id == patient.id, CheckIn.opened_at.is_not(None), CheckIn.kind == "regular")
        return session.scalars(mine.order_by(CheckIn.opened_at.desc()).limit(1)).one()


def texts_of(chain: Chain, checkin: CheckIn) -> list[str]:
    with chain.read() as session:
        mine = (
            Message.checkin_id == checkin.id,
            Message.direction == "out",
            Message.key.regexp_match("^(q_|reask_1|reask_part|no_therm|not_em)"),
        )
        return list(session.scalars(select(Message.key).where(*mine, Message.error_code != "withdrawn")))


def begin(chain: Chain, slug: str, protocol: Protocol, *, told: bool = True) -> Patient:
    taken: dict[str, object] = {"protocol_slug": slug, "agent": protocol.agents[0], "times_per_day": 1, "days_on": 28, "days_off": 0}
    marie = chain.follow(course=taken, told=told)
    for _ in range(40):
        chain.wait(hours=12)
        with chain.read() as session:
            if any(row.asking for row in session.scalars(select(CheckIn).where(CheckIn.opened_at.is_not(None)))):
                return marie
    raise AssertionError(f"{slug}: nothing was asked in twenty days")


@pytest.mark.parametrize(("slug", "protocol"), IN_DEPTH, ids=[slug for slug, _ in IN_DEPTH])
def test_a_whole_check_in_of_every_protocol(chain: Chain, slug: str, protocol: Protocol) -> None:
    """Early stop never skips temperature, doses or a red flag; what was not asked is written down, and is no zero."""
    marie = begin(chain, slug, protocol)
    checkin = play(chain, marie, protocol, seed=len(slug), misread=False)
    said = chain.answers(checkin)
    asked = protocol.asks(checkin.cycle, checkin.cycle_day)
    assert len(texts_of(chain, checkin)) <= MOST_TEXTS
    assert len(said) <= MOST_ANSWERS
    if checkin.why != "danger":
        assert not [question.key for question in asked if must(question) and question.key not in said]
    assert set(said) | set(checkin.not_asked) >= {question.key for question in asked}
    assert not set(said) & set(checkin.not_asked)


@pytest.mark.parametrize("seed", range(4))
def test_misread_half_answered_without_thermometer_it_stays_at_five(chain: Chain, seed: int) -> None:
    slug, protocol = IN_DEPTH[seed * 3]
    marie = begin(chain, slug, protocol, told=seed % 2 == 0)
    checkin = play(chain, marie, protocol, seed, misread=True)
    asked = protocol.asks(checkin.cycle, checkin.cycle_day)
    assert len(texts_of(chain, checkin)) == checkin.texts_sent <= MOST_TEXTS
    left = [question.key for question in asked if must(question) and question.key not in chain.answers(checkin)]
    if left and checkin.why not in ("danger", "not understood"):
        assert "call_back" in chain.tasks()


# --- Answers that branching hides ----------------------------------------------------------------------------------------------------


def test_an_answer_that_is_no_longer_asked_for_stays_and_blocks_nothing(chain: Chain, marie: Patient) -> None:
    """U46: three loose stools, then the diarrhoea is corrected to none: the count stays in the file, and the check-in is whole."""
    chain.until(chain.clock.now() + timedelta(days=2))
    for words in ("1 0 0", "37", "2", "0 0 0", "3"):
        chain.says(MARIE, words)
        chain.clock.forward(seconds=100)
    with chain.database.transaction() as session:
        checkin = session.get_one(CheckIn, chain.checkin(marie, date(2026, 11, 25)).id)
        question = script.protocol_of(session, checkin).questions["diarrhea"]
        answers.put(session, checkin, question, "0", by=Actor("patient", marie.id, "Marie"), now=chain.clock.now(), note="correction")
        said = filling.said_of(session, checkin)
        assert (said["diarrhea"].value, said["stools"].value) == (0, 3)
        assert filling.next_question(session, checkin) is None
    assert chain.checkin(marie, date(2026, 11, 25)).state == "done"
