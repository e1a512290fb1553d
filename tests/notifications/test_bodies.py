"""SEC-01 to SEC-03 as properties: whatever the service, the patient, the protocol and the answers, every text that can leave is one GSM-7
segment (echoes and advice two), counted as the carrier does, from a neutral sender, and holds nothing of the record.
"""

from __future__ import annotations

import re
import string
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.checkins import answers, script
from app.checkins.models import AnswerRow
from app.protocols import said, shelf
from notifications import policy, wording
from notifications.messages import Label, Missing, Moment, Noted
from notifications.values import PLACEHOLDERS
from notifications.wording import catalogue, render
from triage.protocol import Protocol
from triage.questions import BEST, MOST_ANSWERS, Question
from triage.terms import Asked, Kind

PROTOCOLS = sorted(shelf.compiled().values(), key=lambda protocol: protocol.slug)
MEDICINES = {agent.split("_")[0] for protocol in PROTOCOLS for agent in protocol.agents} | {"prednisone"}
TELLING = r"cancer|oncolog|chimio|chemo|tumeur|tumou?r|h[oô]pital|hospital|ward|patient|leuc|lymph|sein\b|breast"
"""What a lock screen must not show to whoever holds the telephone (SEC-03)."""
PAIRS = [(key, language) for key, template in catalogue().items() for language in template.texts]
GSM7 = set("@£$¥èéùìòØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡¿§ÄÖÑÜäöñüà" + string.ascii_letters)
ESCAPED = set("^{}\\[~]|€")


def septets(body: str) -> int:
    """Counted here a second time, from the alphabet of the standard (3GPP 23.038), not with the code that is tested."""
    assert set(body) <= GSM7 | ESCAPED, set(body) - GSM7 - ESCAPED
    return len(body) + sum(c in ESCAPED for c in body)


_NAME = st.text(string.ascii_letters + string.digits + "éèàùÉ' .-", min_size=1, max_size=12).filter(lambda name: bool(name.strip()))
_TELEPHONE = st.from_regex(r"0[1-9][0-9]{8}|\+[1-9][0-9]{8,11}", fullmatch=True)
_ZONES = st.sampled_from(["Europe/Paris", "Indian/Reunion", "Pacific/Noumea", "America/Martinique"])


@st.composite
def moments(draw: st.DrawFn) -> Moment:
    """An hour to promise, from now to three weeks ahead, on any wall."""
    zone = ZoneInfo(draw(_ZONES))
    now = draw(st.datetimes(datetime(2026, 11, 22), datetime(2028, 3, 1))).replace(second=0, microsecond=0, tzinfo=zone)
    return Moment(now + timedelta(minutes=draw(st.integers(0, 21 * 24 * 60))), now)


@st.composite
def services(draw: st.DrawFn) -> dict[str, object]:
    """What a service gives a text: its own name, telephone and emergency number."""
    number = draw(st.sampled_from(["15", "112", "911", "999"]))
    line = draw(st.sampled_from(["", "0199001234", "01 99 00 12 34", "+447700900123"]))[:13]
    return {"svc": draw(_NAME), "tel": draw(_TELEPHONE)[:13], "sos": number, "sos_or_112": number, "night": (line, number)}


def asked_of(protocol: Protocol, kind: Kind) -> list[Question]:
    return [question for question in protocol.questions.values() if question.kind is kind]


def a_value(draw: st.DrawFn, question: Question) -> str:
    """An answer in the form it is stored in."""
    if question.kind is Kind.TEMPERATURE:
        return draw(st.sampled_from(["no_fever", "37.0", "38.5", "41.2"]))
    if question.kind is Kind.WEIGHT:
        return str(draw(st.decimals(25, 300, places=1)))
    if question.kind is Kind.YES_NO:
        return draw(st.sampled_from(["yes", "no"]))
    if question.kind is Kind.INTAKE:
        return draw(st.sampled_from(["all", "missed:2", "missed:14+extra:3", "off_day", "missed:7+extra:7+off_day", "stopped"]))
    most = {Kind.SEVERITY: 4, Kind.PAIN: 10, Kind.COUNT: 40}[question.kind]
    return str(draw(st.integers(0, most)))


@st.composite
def echoes(draw: st.DrawFn, protocol: Protocol, language: str) -> tuple[Noted, ...]:
    """What the dialogue itself echoes after random answers to random questions of this protocol."""
    answerable = [q for q in protocol.questions.values() if q.kind in BEST or q.kind is Kind.WEIGHT]
    chosen = draw(st.lists(st.sampled_from(answerable), min_size=1, max_size=MOST_ANSWERS, unique_by=lambda q: q.key))
    rows = {}
    for question in chosen:
        value = None if draw(st.integers(0, 9)) == 0 else a_value(draw, question)
        rows[question.key] = AnswerRow(key=question.key, kind=question.kind.value, value=value)
    return answers.echo(rows, list(rows), protocol, language) or (Noted(script.label(chosen[0], language), 0),)


@st.composite
def values_of(draw: st.DrawFn, key: str, language: str) -> dict[str, Any]:
    """Random values of every placeholder of a text, as the dialogue makes them from a random protocol."""
    protocol = draw(st.sampled_from(PROTOCOLS))
    severe = asked_of(protocol, Kind.SEVERITY)
    three = draw(st.lists(st.sampled_from(severe), min_size=2, max_size=3, unique_by=lambda q: q.key))
    names = script.labels(Asked(Kind.MULTI, tuple(q.key for q in three)), protocol, language)
    counted = asked_of(protocol, Kind.COUNT)
    symptom = said.clause(draw(st.sampled_from(counted)), language) if key == "q_count" else draw(st.sampled_from(names)).text
    made: dict[str, Any] = (
        draw(services())
        | {
            "day": draw(st.dates()),
            "hour": time(draw(st.integers(0, 23)), draw(st.sampled_from([0, 30]))),
            "when": draw(moments()),
            "opening": draw(moments()),
            "next": draw(moments()),
            "limit": Decimal(draw(st.sampled_from(["37.5", "38.0", "38.5"]))),
            "minutes": draw(st.integers(1, 240)),
            "link": "https://"
            + draw(st.text("xyz", min_size=4, max_size=20))
            + ".fr/q/"
            + "*" * 22,  # letters that spell no medicine: a house is not called after one
            "symptom": Label(symptom or ""),
            "question": Label(said.clause(draw(st.sampled_from(asked_of(protocol, Kind.YES_NO))), language) or ""),
            "labels": names,
            "noted": draw(echoes(protocol, language)),
            "missing": tuple(Missing(index, name) for index, name in enumerate(names[: draw(st.integers(1, 2))])),
            "code": draw(st.from_regex(r"[0-9]{6}", fullmatch=True)),
            "heard": draw(st.sampled_from(["unclear", "noted"])),
            "level": draw(st.sampled_from(["info", "moderate", "high", "urgent"])),
            "ref": f"A{draw(st.integers(1, 999999))}",
        }
    )
    assert set(PLACEHOLDERS) <= {*made, "count", "example"}, "a new placeholder: give it random values here"
    return {name: made[name] for name in catalogue()[key].names if name in made}


@pytest.mark.parametrize(("key", "language"), PAIRS)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_every_text_that_can_leave(key: str, language: str, data: st.DataObject) -> None:
    """SEC-01, SEC-02, SEC-03."""
    values = data.draw(values_of(key, language))
    body = render(key, language, values)
    units = septets(body)
    assert units <= (160 if catalogue()[key].limit <= 160 else 306)
    assert policy.length(body).units == units
    assert policy.length(body).segments <= (1 if catalogue()[key].limit <= 160 else 2)
    own = body.replace(str(values.get("svc", "")), "")  # what a service calls itself is its own affair
    assert re.search(TELLING, own, re.IGNORECASE) is None, body
    assert [medicine for medicine in MEDICINES if medicine in own.casefold()] == []
    if "svc" in values:
        assert body.startswith(str(values["svc"]))
    if "tel" in values:
        assert str(values["tel"]) in body
    if "night" in values:
        assert all(number in body for number in values["night"])  # type: ignore[attr-defined]  # the line and the emergency number
    if {"sos", "sos_or_112"} & values.keys():
        assert str(values.get("sos") or values["sos_or_112"]) in body


@pytest.mark.parametrize("key", ["confirm", "confirm_g2", "confirm_closed", "range_echo", "late"])
@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_the_longest_echo_beside_the_longest_promise_fits(key: str, language: str) -> None:
    """SEC-02: 170 units are kept for the echo (answers.ECHO_UNITS); the promise beside it fits in what is left of two segments."""
    full = (Noted(Label("W" * 15), 10),) * 7 + (Noted(Label("W" * 15), 100),) * 1
    assert sum(len(f"{n.label.text} {n.value}, ") for n in full) <= answers.ECHO_UNITS
    values = wording.longest(key) | {"noted": full}
    assert septets(render(key, language, values)) <= 306


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_a_template_takes_typed_values_only(key: str) -> None:
    """SEC-01: a name, a date of birth or any words of a person are refused by every placeholder that is not a number to dial or a code."""
    for name in catalogue()[key].names - {"count", "example", "svc"}:
        for words in ("HOARAU Marie", "née le 14/03/1955", "capécitabine", "elle pleure souvent"):
            with pytest.raises(wording.WordingError):
                PLACEHOLDERS[name].say(words, "fr")
