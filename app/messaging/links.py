"""The address of a form: a token made from a random seed and the installation's secret. Neither of the two alone opens anything (SEC-05).

The database keeps the seed and the token's fingerprint; a text in the outbox holds asterisks, and gets its token while it leaves.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from sqlalchemy.orm import Session

from app.core import signing
from app.core.settings import Settings
from app.messaging.models import FormLink, Message

TOKEN_LENGTH = 22
"""Letters of six bits each: 132 bits, of which the seed makes 128 (SEC-05)."""
MASK = "*" * TOKEN_LENGTH
"""Stands in a stored text where the token will be: of the same length, so that segments are counted as the carrier will."""
SEED_BYTES = 16


class _Door:
    """The key of the tokens and the address they open, set once at start."""

    key = b""
    public_url = ""


def use(key: bytes, public_url: str) -> None:
    """Set the key of the tokens and the public address, once, at start."""
    _Door.key, _Door.public_url = key, public_url.rstrip("/")


def use_settings(settings: Settings) -> None:
    """The same, from the settings: whoever makes a link or sends a text calls it first."""
    use(signing.derive(settings.secret_key.get_secret_value(), "links"), settings.public_url)


def new_seed() -> str:
    """128 bits from the system's own source, in hexadecimal."""
    return secrets.token_hex(SEED_BYTES)


def token_from(seed: str) -> str:
    """The token of a seed. RuntimeError before the key is set: a token of the empty key could be made by anybody."""
    if not _Door.key:
        raise RuntimeError("the key of the form's links is not set: call links.use first")
    digest = hmac.new(_Door.key, seed.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode()[:TOKEN_LENGTH]


def token_of(link: FormLink) -> str:
    """The token of a link: never stored, never logged."""
    return token_from(link.seed)


def address_of(link: FormLink, *, masked: bool = True) -> str:
    """The address a patient opens. masked: with asterisks for the token, as it is stored and shown to everybody else."""
    return f"{_Door.public_url}/q/{MASK if masked else token_of(link)}"


def body_of(session: Session, message: Message) -> str:
    """What really leaves for the telephone: the stored text, with the token in the place of the asterisks."""
    if message.link_id is None:
        return message.body
    return message.body.replace(MASK, token_of(session.get_one(FormLink, message.link_id)))
