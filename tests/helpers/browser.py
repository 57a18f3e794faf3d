"""A browser that takes pushes: its keys, and what it makes of what its push service was sent."""

from __future__ import annotations

import base64
import json
import os
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from helpers.receiving import Received
from outbound.notify.pushing import Browser


class Taker:
    """One browser, subscribed at an endpoint."""

    def __init__(self, endpoint: str) -> None:
        self._key, self._auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        self.endpoint = endpoint
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.p256dh, self.auth = _text(point), _text(self._auth)

    @property
    def subscription(self) -> Browser:
        return Browser(self.endpoint, self.p256dh, self.auth)

    @property
    def asked(self) -> dict[str, Any]:
        """As a page sends it to us."""
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": {"p256dh": self.p256dh, "auth": self.auth}}

    def opened(self, push: Received) -> dict[str, Any]:
        plain = http_ece.decrypt(push.body, private_key=self._key, auth_secret=self._auth, version="aes128gcm")
        found: dict[str, Any] = json.loads(plain)
        return found


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
