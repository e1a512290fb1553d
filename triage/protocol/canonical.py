"""The canonical form of a composed protocol and its fingerprint: two with the same fingerprint decide the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from triage.protocol.bricks import Shape
from triage.protocol.composing import Composed


def fingerprint(composed: Composed) -> str:
    """SHA-256 of the canonical form: keys in order, numbers without idle zeros; comments, spacing and order of keys do not count.

    What the language gained after the first released files counts only where a file uses it.
    """
    own, top = composed.own, composed.top
    whole = {
        "slug": top.slug,
        "effective_from": top.effective_from,
        "title": top.title,
        "agents": own.agents,
        "layers": composed.layer_names,
        "dosing": own.dosing,
        "missed_dose": own.missed_dose,
        "check_ins": composed.check_ins,
        "quiet": composed.quiet,
        "ask_at": composed.ask_at,
        "sources": composed.sources,
        "thresholds": composed.thresholds,
        "questions": composed.questions,
        "symptoms": composed.symptoms,
        "rules": composed.rules,
        "order": list(composed.rules),
        "proposals": composed.proposals,
        "levels": composed.levels,
        "silence": composed.silence,
    }
    late = {
        "ctcae": own.ctcae,
        "draft": own.depth == "draft",
        "windows": composed.windows,
        "monitoring": composed.monitoring,
        "companions": own.companions,
        "composites": composed.composites,
        "scales": {name: hashlib.sha256(composed.scales[name].encode()).hexdigest() for name in composed.scales_used()},
        "exception": {"reason": top.reason, "by": top.by, "ends_on": top.ends_on} if top.kind == "patient" else None,
    }
    whole |= {name: value for name, value in late.items() if value}
    return hashlib.sha256(json.dumps(_plain(whole), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Shape):
        return {name: _plain(getattr(value, name)) for name in value.spoken()}
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    return value.isoformat() if isinstance(value, date | time) else value
