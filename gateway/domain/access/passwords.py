"""Passwords of staff: what they must be, how they are kept, and how one is checked.

argon2id with 19 MiB and two passes (OWASP, Password Storage Cheat Sheet): whoever floods the sign-in costs us that much
memory a try, so the least that OWASP recommends is the most that we want to spend.
"""

from __future__ import annotations

import functools
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.errors import Invalid

LEAST, MOST = 12, 200  # characters

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# of the made ones: no letter or digit that could be read as another
_ALPHABET = "abcdefghijkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXYZ2346789"
_MADE_GROUPS, _GROUP = 4, 5  # 20 characters of 53: 114 bits


def make() -> str:
    """A random password that can be read out."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_MADE_GROUPS))
    return "-".join(groups)


def check_new(password: str, email: str) -> None:
    """Refuse a password that is easily guessed.

    Length is what counts (NIST SP 800-63B, 3.1.1.2); the e-mail address is what attackers try first.

    Raises:
        Permanent: `password_weak`.
    """
    if not LEAST <= len(password) <= MOST:
        raise Invalid("password_weak", f"A password has {LEAST} to {MOST} characters; this one has {len(password)}.")
    if "\x00" in password or email.casefold() in password.casefold() or len(set(password)) == 1:
        raise Invalid("password_weak", "A password must neither hold the e-mail address nor repeat one character.")


def hashed(password: str) -> str:
    """What is kept of a password."""
    return _HASHER.hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Whether it is the password that was kept; where none was, the answer takes as long, and is no."""
    try:
        _HASHER.verify(kept or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether it was kept with other parameters than today's, so that the next sign-in should keep it anew."""
    return _HASHER.check_needs_rehash(kept)


@functools.cache
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_urlsafe(32))
