"""Readings written whole: what was heard, the value, who is told, the notes, the dangers. Bounds just below, at and just above."""

from __future__ import annotations

import pytest

from tests.triage.replies.lists import words
from triage.replies import read
from triage.terms import Asked, Escalate, Kind

# question | text | heard:value, then who is told, +note, !danger. A key after the question is the one that was asked.
TABLE = """
temperature_c | 37.2 | answer:37.2
temperature_c | 37,2 | answer:37.2
temperature_c | 37 | answer:37.0
temperature_c | 37.9 | answer:37.9
temperature_c | 38.0 | answer:38.0 nurse
temperature_c | 38.2 | answer:38.2 nurse
temperature_c | 38,24 | answer:38.2 nurse
temperature_c | 38,25 | answer:38.3 urgent !fever
temperature_c | 38.3 | answer:38.3 urgent !fever
temperature_c | 36.0 | answer:36.0
temperature_c | 35.9 | answer:35.9 nurse
temperature_c | 34.0 | answer:34.0 nurse
temperature_c | 33.9 | ask_again:implausible
temperature_c | 43.0 | answer:43.0 urgent !fever
temperature_c | 43.1 | ask_again:implausible
temperature_c | 12 | ask_again:implausible
temperature_c | 98.6 | answer:37.0 +fahrenheit
temperature_c | 101 | answer:38.3 urgent +fahrenheit !fever
temperature_c | 37.1 ce matin et 37.4 ce soir | answer:37.4 +two_readings
temperature_c | 35.7 puis 35.2 | answer:35.2 nurse +two_readings
temperature_c | trente-huit cinq | answer:38.5 urgent !fever
temperature_c | 38°5 | answer:38.5 urgent !fever
temperature_c | 37 et demi | answer:37.5
temperature_c | je n'ai pas de thermomètre | ask_again:no_thermometer
temperature_c | pas de fièvre | answer:no_fever
temperature_c | oui | ask_again:missing_value
temperature_c | non | ask_again:no_thermometer
severity_0_4 | 0 | answer:0
severity_0_4 | 2 | answer:2
severity_0_4 | 4 | answer:4 nurse
severity_0_4 | 5 | ask_again:out_of_range
severity_0_4 | 2 ou 3 | answer:3 +range_kept_higher
severity_0_4 | 3-4 | answer:4 nurse +range_kept_higher
severity_0_4 | 2,5 | answer:3 +range_kept_higher
severity_0_4 | 2,0 | answer:2
severity_0_4 | 2/4 | answer:2
severity_0_4 | 3 sur 4 | answer:3
severity_0_4 | 2 3 | ask_again:two_values
severity_0_4 | 2 2 | answer:2
severity_0_4 | o | answer:0
severity_0_4 | beaucoup | answer:3
severity_0_4 | pas du tout | answer:0
severity_0_4 | un peu | answer:1
pain_0_10 | 8 | answer:8
pain_0_10 | 9 | answer:9 nurse
pain_0_10 | 10 | answer:10 nurse
pain_0_10 | 11 | ask_again:out_of_range
pain_0_10 | 7/10 | answer:7
pain_0_10 | 7 ou 8 | answer:8 +range_kept_higher
pain_0_10 | pas du tout | answer:0
pain_0_10 | beaucoup | ask_again:missing_value
count_24h | 0 | answer:0
count_24h | 6 | answer:6
count_24h | 7 | answer:7 nurse
count_24h vomits | 5 | answer:5
count_24h vomits | 6 | answer:6 nurse
count_24h | vomi 6 fois | answer:6 urgent !persistent_vomiting
count_24h | 50 | answer:50 nurse
count_24h | 51 | ask_again:implausible
count_24h | 2,5 | ask_again:implausible
count_24h | 3 ou 4 | answer:4 +range_kept_higher
count_24h | entre 3 et 4 | answer:4 +range_kept_higher
count_24h | 3 et 4 | ask_again:two_values
count_24h | au moins 5 | answer:5 +at_least
count_24h | 5 ou plus | answer:5 +at_least
count_24h | 2 fois | answer:2
count_24h | 3 fois le matin, 2 fois le soir | ask_again:two_values
count_24h | une dizaine | answer:10 nurse +about
count_24h | aucune | answer:0
count_24h | oui | ask_again:missing_value
weight_kg | 71.4 | answer:71.4
weight_kg | 71,4 kg | answer:71.4
weight_kg | 71 kg 400 | answer:71.4
weight_kg | 71 kg 5 | answer:71.5
weight_kg | 24.9 | ask_again:implausible
weight_kg | 25 | answer:25
weight_kg | 250 | answer:250
weight_kg | 251 | ask_again:implausible
weight_kg | 154 lbs | answer:69.9 +pounds
weight_kg | 11 st 4 | answer:71.7 +pounds
weight_kg | 11 stone 4 | answer:71.7 +pounds
weight_kg | 70 puis 72 | ask_again:two_values
weight_kg | 71 kg, perdu 2 kg | answer:71 +weight_change
weight_kg | oui | ask_again:missing_value
weight_kg | je n'ai pas de balance | ask_again:missing_value
intake_7d intake | 12/14 | answer:missed:2
intake_7d intake | 14/14 | answer:all
intake_7d intake | 0 2 | answer:extra:2 nurse
intake_7d intake | 2 0 | answer:missed:2
intake_7d intake | 0 0 | answer:all
intake_7d intake | tout pris | answer:all
intake_7d intake | j'ai oublié 2 comprimés | answer:missed:2
intake_7d intake | oublié ce matin | answer:missed:1
intake_7d intake | oublié | ask_again:missing_value
intake_7d intake | 5 | ask_again:ambiguous
multi3_severity_0_4 nausea,diarrhea,fatigue | 2 1 0 | answer:2|1|0
multi3_severity_0_4 nausea,diarrhea,fatigue | 210 | answer:2|1|0
multi3_severity_0_4 nausea,diarrhea,fatigue | 2 1 | partial:2|1|?
multi3_severity_0_4 nausea,diarrhea,fatigue | 2 1 0 3 | ask_again:wrong_count
multi3_severity_0_4 nausea,diarrhea,fatigue | 5 1 0 | ask_again:out_of_range
multi3_severity_0_4 nausea,diarrhea,fatigue | 4 0 0 | answer:4|0|0 nurse
multi3_severity_0_4 nausea,diarrhea,fatigue | a2 b1 c0 | answer:2|1|0
multi3_severity_0_4 nausea,diarrhea,fatigue | c3 a1 b0 | answer:1|0|3
multi3_severity_0_4 nausea,diarrhea,fatigue | b2 | partial:?|2|?
multi3_severity_0_4 nausea,diarrhea,fatigue | fatigue 3 nausées 2 diarrhée 0 | answer:2|0|3
multi3_severity_0_4 nausea,diarrhea,fatigue | 3 fatigue 2 nausées 0 diarrhée | answer:2|0|3
multi3_severity_0_4 nausea,diarrhea,fatigue | 0 partout | answer:0|0|0
multi3_severity_0_4 nausea,diarrhea,fatigue | rien | answer:0|0|0
multi3_severity_0_4 nausea,diarrhea | 1 2 | answer:1|2
yes_no chest_pain | oui | answer:yes
yes_no chest_pain | non | answer:no
yes_no chest_pain | 1 | answer:yes
yes_no chest_pain | 2 | answer:no
yes_no | 1 | ask_again:ambiguous
yes_no chest_pain | oui mais | ask_again:ambiguous
yes_no chest_pain | peut-être | ask_again:ambiguous
yes_no chest_pain | 2 fois | answer:yes
yes_no chest_pain | je crois que oui | answer:yes
yes_no chest_pain | je pense que non | answer:no
cycle_start cycle | 1 | answer:started
cycle_start cycle | 2 | answer:not_yet
cycle_start cycle | 3 | answer:told_to_wait
cycle_start cycle | 4 | ask_again:out_of_range
stop_which stop | 1 | answer:stop_texts nurse
stop_which stop | 2 | answer:stopped_treatment nurse
stop_which stop | 3 | ask_again:out_of_range
severity_0_4 | STOP | command:STOP nurse
none | AIDE | command:HELP
none | merci | courtesy:thanks
severity_0_4 | ok | ask_again:ambiguous
severity_0_4 | hmmm | ask_again:unparsed
severity_0_4 | erreur c'est 3 | correction:3
severity_0_4 | c'est 1 pas 3 | correction:1
severity_0_4 | erreur | correction:reopen
multi3_severity_0_4 nausea,diarrhea,fatigue | correction question 2 : 3 | correction:q2=3
multi3_severity_0_4 nausea,diarrhea,fatigue | erreur b 3 | correction:q2=3
none | j'ai arrêté le traitement | answer:stopped nurse
none | je crache du sang | danger:bleeding urgent !bleeding
none | appelez-moi s'il vous plaît, j'ai mal aux pieds | command:CALL_ME nurse
none | appelez vite le samu | danger:unwell urgent !unwell
severity_0_4 | 2 je crache du sang | answer:2 urgent !bleeding
severity_0_4 | 2 rappelez-moi | answer:2 nurse +callback
"""
ROWS = [tuple(part.strip() for part in line.split("|", 2)) for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize(("question", "text", "expected"), ROWS)
def test_a_reading_is_written_whole(question: str, text: str, expected: str) -> None:
    """Nothing clamped or guessed; floors at their exact number; the worse end of a range kept, and said."""
    kind, _, keys = question.partition(" ")
    got = read(text, Asked(Kind(kind), tuple(keys.split(",")) if keys else ()), "fr", words())
    told = [] if got.escalate is Escalate.NO else [str(got.escalate)]
    found = [f"{got.heard}:{got.value}", *told, *(f"+{note}" for note in got.notes), *(f"!{code}" for code in got.dangers)]
    assert " ".join(found) == expected


@pytest.mark.parametrize(
    ("question", "text", "values"),
    [
        ("severity_0_4", "2 ou 3", ("3",)),
        ("temperature_c", "38,5", ("38.5",)),
        ("multi3_severity_0_4", "2 1", ("2", "1", None)),
        ("multi3_severity_0_4", "b2", (None, "2", None)),
        ("intake_7d", "2 1", ("missed:2+extra:1",)),
        ("severity_0_4", "hmmm", ()),
        ("none", "merci", ()),
    ],
)
def test_one_value_for_each_key(question: str, text: str, values: tuple[str | None, ...]) -> None:
    """What is missing is None, never zero."""
    keys = ("nausea", "diarrhea", "fatigue") if question.startswith("multi") else ("key",)
    assert read(text, Asked(Kind(question), keys), "fr", words()).values == values
