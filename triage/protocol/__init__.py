"""Text → Protocol: parse, check the shape, lay the layers over one another, compile the conditions once, fingerprint."""

from triage.protocol.compiling import parse
from triage.protocol.problems import Problem, ProtocolError
from triage.protocol.shapes import FAMILIES, LevelPlan, Proposal, Rung, Source, Threshold
from triage.protocol.values import Protocol, Rule, Silence

__all__ = [
    "FAMILIES",
    "LevelPlan",
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
