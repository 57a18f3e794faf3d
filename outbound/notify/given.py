"""What a notification was given to say: plain data of its template's shape, sealed with the firm's key."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from gateway.crypto import FirmCipher
from outbound.notify.templates.shapes import Shape

S = TypeVar("S", bound=Shape)
_COLUMN = "notifications.data"


def sealed(cipher: FirmCipher, data: Shape) -> bytes:
    """For `Notification.data`."""
    [kept] = cipher.encrypt_column([msgspec.json.encode(data).decode()], _COLUMN)
    assert kept is not None  # noqa: S101 - a text gives bytes
    return kept


def unsealed(cipher: FirmCipher, kept: bytes, shape: type[S]) -> S:
    """What was given.

    Raises:
        Permanent: `undecipherable`.
    """
    return msgspec.json.decode(cipher.decrypt(kept, _COLUMN), type=shape)
