"""Text → Protocol: parse, check the shape, lay the layers over one another, compile the conditions once, fingerprint."""

from triage.protocol.bricks import Source, Threshold
from triage.protocol.compiling import parse
from triage.protocol.problems import Problem, ProtocolError
from triage.protocol.reading import SCALES
from triage.protocol.shapes import FAMILIES, LevelPlan, Proposal, Rung
from triage.protocol.values import Companion, Override, Protocol, Rule, Silence

__all__ = [
    "FAMILIES",
    "SCALES",
    "Companion",
    "LevelPlan",
    "Override",
    "Problem",
    "Proposal",
    "Protocol",
    "ProtocolError",
    "Rule",
    "Rung",
    "Silence",
    "Source",
    "Threshold",
    "parse",
]
