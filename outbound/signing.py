"""Signs what is sent over HTTP as Standard Webhooks has it (https://www.standardwebhooks.com): symmetric, version 1.

The id is the same over all attempts, the time is that of the attempt; while a secret is replaced both sign, so that
whoever receives may change over when it suits.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime

from gateway.errors import Invalid

PREFIX = "whsec_"
_LEAST, _MOST = 24, 64  # bytes of a key, as the specification recommends


def key_of(secret: str, name: str) -> bytes:
    """The bytes of a secret as it is kept: `whsec_` and base64.

    Raises:
        Invalid: `secret_unfit`; the secret is not repeated.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not _LEAST <= len(key) <= _MOST:
        raise Invalid(
            "secret_unfit",
            f"The secret {name} must be {PREFIX} and {_LEAST} to {_MOST} random bytes in base64; `openssl rand -base64"
            " 32` makes some.",
        )
    return key


def headers(message_id: str, at: datetime, chunks: Iterable[bytes], keys: Sequence[bytes]) -> dict[str, str]:
    """The three headers of a message.

    Args:
        message_id: stable over attempts; holds no dot.
        at: of the attempt.
        chunks: the body.
        keys: the new one first.
    """
    stamp = str(int(at.timestamp()))
    digests = [hmac.new(key, f"{message_id}.{stamp}.".encode(), hashlib.sha256) for key in keys]
    for chunk in chunks:
        for digest in digests:
            digest.update(chunk)
    signatures = [f"v1,{base64.b64encode(digest.digest()).decode()}" for digest in digests]
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": " ".join(signatures)}
