"""TOML text → a document of the right shape, and the documents a protocol stands on."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from pydantic import ValidationError

from triage.protocol.documents import Document
from triage.protocol.problems import Problem, ProtocolError, from_shape

ABOVE = ("service", "patient")
"""Kinds of document that are laid over a protocol."""

SCALES = ("ctcae-5.0", "ctcae-6.0", "pro-ctcae")
"""Names under which the grade tables are handed in beside the layers. They are data, not documents."""


@lru_cache(maxsize=512)
def read(text: str, named: str = "") -> Document:
    """TOML text → document of the right shape. ProtocolError with every reason otherwise. Frozen: the same text gives the same object."""
    prefix = f"{named}: " if named else ""
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ProtocolError([Problem(f"{prefix}document", None, f"is not readable TOML: {error}")]) from None
    try:
        return Document.model_validate(raw)
    except ValidationError as error:
        problems = from_shape(error, raw).problems
        raise ProtocolError(Problem(f"{prefix}{p.field}", p.value, p.reason) for p in problems) from None


def stack(text: str, layers: Mapping[str, str]) -> tuple[Document, list[Document]]:
    """The protocol of ``text`` and what is laid over it, lowest first. ProtocolError when one is missing or stands in the wrong order."""
    document = read(text)
    above: list[Document] = []
    while document.kind in ABOVE:
        above.insert(0, document)
        document = _beneath(document, layers)
        if document.kind == "patient" or (document.kind == "service" and above[0].kind == "service"):
            reason = f"is of kind {document.kind}: a service stands over a protocol, a patient over a service or a protocol"
            raise ProtocolError([Problem("over", document.stamp, reason)])
    if document.kind != "protocol":
        raise ProtocolError([Problem("kind", document.kind, "only a document of kind protocol decides by itself")])
    return document, above


def _beneath(document: Document, layers: Mapping[str, str]) -> Document:
    over = document.over
    if over is None or over not in layers:
        known = ", ".join(name for name in sorted(layers) if "@" in name)
        raise ProtocolError([Problem("over", over, f"name the protocol it changes, as slug@date; known: {known}")])
    below = read(layers[over], over)
    if below.stamp != over:
        raise ProtocolError([Problem("over", over, f"is the name of a document that calls itself {below.stamp}")])
    if below.effective_from > document.effective_from:
        raise ProtocolError([Problem("over", over, f"begins after {document.effective_from}, when this document begins")])
    return below


def membership(own: Document, layers: Mapping[str, str]) -> list[Problem]:
    """A class floor holds for every agent listed in it: a protocol cannot leave it out by not naming it.

    The class as it was on the protocol's day: a member added later is the matter of the next version.
    """
    held: dict[str, Document] = {}
    for name in sorted(layers):
        layer = read(layers[name], name) if "@" in name else own
        if layer.kind == "layer" and layer.effective_from <= own.effective_from:
            known = held.get(layer.slug)
            held[layer.slug] = layer if known is None or known.effective_from < layer.effective_from else known
    named = {name.split("@")[0] for name in own.layers}
    return [
        Problem("layers", None, f"{agent} is listed in {layer.stamp}: add that layer")
        for layer in held.values()
        for agent in own.agents
        if agent in layer.members and layer.slug not in named
    ]
