"""Passwords, opaque tokens, and keys derived from the one secret."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher


class _Hashing:
    """argon2id; tests put cheaper parameters here, nothing else does."""

    passwords = PasswordHash((Argon2Hasher(),))


def use_hasher(hasher: Argon2Hasher) -> None:
    """Replace the parameters of argon2id (tests only: a signed-in ward would cost a second a test)."""
    _Hashing.passwords = PasswordHash((hasher,))


def hash_password(password: str) -> str:
    """argon2id with the library's defaults (64 MB, about 0.1 s): slow on purpose, so throttle whoever calls it."""
    return _Hashing.passwords.hash(password)


def password_matches(password: str, hashed: str) -> bool:
    """True only for the password that was hashed."""
    return _Hashing.passwords.verify(password, hashed)


def new_token() -> str:
    """256 random bits, fit for an address or a cookie. Store only its fingerprint."""
    return secrets.token_urlsafe(32)


def fingerprint(token: str) -> str:
    """What is stored instead of a token: SHA-256, 64 hexadecimal digits. Enough for a random token; never for a password."""
    return hashlib.sha256(token.encode()).hexdigest()


def derive(secret: str, purpose: str) -> bytes:
    """A 32-byte key for one purpose, so that one leak does not open every door."""
    return hmac.new(secret.encode(), f"vigie:{purpose}".encode(), hashlib.sha256).digest()
