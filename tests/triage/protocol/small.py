"""A protocol small enough to know by heart, over two layers, with something of everything the language has."""

from __future__ import annotations

import pytest

from app.protocols.scales import FOLDER
from triage.protocol import Protocol, ProtocolError, parse

SYMPTOMS = """
slug = "signs"
kind = "symptoms"
effective_from = 2026-01-01
title = { fr = "Questions", en = "Questions" }

[symptoms.diarrhea]
ctcae_term = "Diarrhea"
self_care = "drink"
self_care_source = "guide"

[questions.diarrhea]
kind = "severity_0_4"
symptom = "diarrhea"
label = { fr = "diarrhee", en = "diarrhoea" }
name = { fr = "diarrhée", en = "diarrhoea" }

[questions.trouble]
kind = "severity_0_4"
label = { fr = "gene", en = "trouble" }
name = { fr = "gêne", en = "trouble" }

[questions.stools]
kind = "count_24h"
detail_of = "diarrhea"
low = 0
high = 30
label = { fr = "selles", en = "stools" }
name = { fr = "selles", en = "stools" }
text = { fr = "selles liquides", en = "loose stools" }

[questions.temperature]
kind = "temperature_c"
unit = "°C"
red_flag = true
label = { fr = "temperature", en = "temperature" }
name = { fr = "température", en = "temperature" }

[sources.guide]
title = "Guide"
read_on = 2026-01-01
"""

FLOOR = """
slug = "floor"
kind = "layer"
effective_from = 2026-01-02
title = { fr = "Plancher", en = "Floor" }
quiet = { start = 20:00:00, end = 08:00:00 }
ask_at = 10:00:00

[thresholds]
hot = { at = 38.3, unit = "°C", source = "book", verified = true }

[[rules]]
id = "hot"
family = "red_flag"
level = "urgent"
never_mute = true
all_of = [{ answer = "temperature", at_least = "hot" }]
why = { fr = "Fièvre.", en = "Fever." }
source = "book"
verified = true

[levels.urgent]
respond_within = "30 min"
service_hours = false
repeat_minutes = 15
ladder = [{ after_minutes = 0, notify = "team" }, { after_minutes = 20, notify = "head" }]

[levels.high]
respond_within = "4 h"
service_hours = true
repeat_minutes = 60
ladder = [{ after_minutes = 0, notify = "team" }]

[levels.moderate]
respond_within = "2 d"
service_hours = true
repeat_minutes = 120
ladder = [{ after_minutes = 0, notify = "team" }]

[[silence]]
remind_after = "12 h"
silent_after = "24 h"
level = "moderate"

[sources.book]
title = "Book"
section = "4.2"
jurisdiction = "EU"
read_on = 2026-01-02
"""

PROTOCOL = """
slug = "onepill"
kind = "protocol"
effective_from = 2026-02-01
title = { fr = "Unepilule", en = "Onepill" }
ctcae = "5.0"
agents = ["onepill"]
layers = ["signs@2026-01-01", "floor@2026-01-02"]

[dosing]
times_per_day = 2
days_on = 14
days_off = 7
dose_mg = 150
source = "label"
verified = false

[missed_dose]
text = { fr = "Ne pas doubler.", en = "Do not double." }
source = "label"
verified = true

[companions.twopill.dosing]
times_per_day = 1
weekday = "tuesday"
dose_mg = 2.5
source = "label"
verified = true

[companions.twopill]
name = { fr = "Deuxpilules", en = "Twopill" }

[companions.twopill.missed_dose]
text = { fr = "Appeler.", en = "Call." }
source = "label"
verified = false

[thresholds]
loose  = { at = 2, unit = "score", source = "label", verified = true }
warm   = { at = 38.0, unit = "°C", source = "label", verified = false }
low    = { at = 3, unit = "grade", source = "label", verified = true }
fresh  = { at = 7, unit = "days", source = "label", verified = true }

[[windows]]
id = "early"
cycles = [1, 1]
cycle_days = [3, 16]
why = { fr = "Début.", en = "Early." }
source = "label"
verified = false

[[monitoring]]
item = { fr = "NFS", en = "blood count" }
when = { fr = "chaque cycle", en = "each cycle" }
where = "lab"
source = "label"
verified = false

[composites.gut]
item = 16
frequency = "trouble"
name = { fr = "ventre", en = "bowel" }

[[check_ins]]
cycles = [1, 2]
days = [3, 9]
ask = ["temperature", "diarrhea", "stools"]

[[check_ins]]
cycles = [3]
every = 7
from_day = 2
to_day = 16
ask = ["diarrhea"]

[[check_ins]]
window = "early"
every = 4
ask = ["temperature"]

[[silence]]
cycles = [1, 1]
remind_after = "6 h"
silent_after = "12 h"
level = "high"

[[rules]]
id = "count"
family = "trend"
level = "high"
any_of = [{ grade = "Platelet count decreased", at_least = "low", within_days = "fresh" }]
none_of = [{ on_day = false }]
why = { fr = "Plaquettes.", en = "Platelets." }
source = "label"
verified = true

[[rules]]
id = "loose"
family = "raw"
level = "moderate"
all_of = [{ answer = "diarrhea", at_least = "loose" }]
why = { fr = "Diarrhée.", en = "Diarrhoea." }
source = "label"
verified = true
toxicity = "diarrhea"
proposes = ["pause", "stop"]

[[rules]]
id = "warm"
family = "red_flag"
level = "high"
all_of = [{ answer = "temperature", at_least = "warm" }]
why = { fr = "Chaud.", en = "Warm." }
source = "label"
verified = true

[[proposals]]
id = "pause"
action = "hold"
occurrence = "1"
jurisdiction = "EU"
text = { fr = "Suspendre.", en = "Hold." }
source = "label"
verified = true

[[proposals]]
id = "stop"
action = "stop"
occurrence = "any"
jurisdiction = "EU"
text = { fr = "Arrêter.", en = "Stop." }
source = "label"
verified = false

[sources.label]
title = "Label of onepill"
read_on = 2026-01-31
"""

LAYERS = {
    "signs@2026-01-01": SYMPTOMS,
    "floor@2026-01-02": FLOOR,
    "ctcae-5.0": "\n\n".join((FOLDER / f"ctcae-{part}-5.0.csv").read_text(encoding="utf-8").strip() for part in ("labs", "vitals")),
    "pro-ctcae": "\n\n".join((FOLDER / f"pro-ctcae-{part}.csv").read_text(encoding="utf-8").strip() for part in ("composite", "items")),
}


def compiled(before: str = "", after: str = "", **layers: str) -> Protocol:
    """The protocol with one passage changed. layers: other texts, floor=… or signs=…"""
    assert before in PROTOCOL, before
    names = {"floor": "floor@2026-01-02", "signs": "signs@2026-01-01"}
    return parse(PROTOCOL.replace(before, after, 1), LAYERS | {names[name]: text for name, text in layers.items()})


def problems(before: str = "", after: str = "", **layers: str) -> list[str]:
    """Every reason why the changed protocol is refused."""
    with pytest.raises(ProtocolError) as error:
        compiled(before, after, **layers)
    return str(error.value).splitlines()
