"""What a push is on the wire: sealed for one browser (RFC 8291), and signed as from us (VAPID, RFC 8292)."""

from __future__ import annotations

import base64
import os
import struct
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway import clock, crypto
from gateway.settings import Settings

MOST = 3_993  # bytes of a message, so that what is sent stays within the 4,096 that every service takes

_CURVE = ec.SECP256R1()
_ORDER = int("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)  # of P-256 (FIPS 186-5)
_RECORD = 4_096
_LAST = b"\x02"  # ends the last record (RFC 8188, 2)
_GOOD_FOR = timedelta(hours=12)  # a day at most (RFC 8292, 2)


class Browser(NamedTuple):
    """Where a browser takes pushes, and with what they are sealed.

    Attributes:
        endpoint: at its push service; whoever knows it may send.
        p256dh: its public key, an uncompressed point on P-256, in base64url.
        auth: 16 bytes that it shares with us, in base64url.
    """

    endpoint: str
    p256dh: str
    auth: str


def private_key(settings: Settings) -> ec.EllipticCurvePrivateKey:
    """Ours: as set, else one that follows from the master key, so that all processes have the same."""
    raw = settings.push_key or crypto.derived(crypto.load_master_key(settings), "pushes")
    return ec.derive_private_key(int.from_bytes(raw) % (_ORDER - 1) + (0 if settings.push_key else 1), _CURVE)


def public_key(settings: Settings) -> str:
    """What a browser is given as `applicationServerKey`."""
    return encoded(_point(private_key(settings).public_key()))


def point_of(text: str) -> ec.EllipticCurvePublicKey:
    """A browser's public key.

    Raises:
        ValueError: it is none.
    """
    return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, decoded(text))


def seal(browser: Browser, message: bytes) -> bytes:
    """A message that this browser alone can open: `aes128gcm`, one record."""
    ours, theirs = ec.generate_private_key(_CURVE), point_of(browser.p256dh)
    shared, sender = ours.exchange(ec.ECDH(), theirs), _point(ours.public_key())
    info = b"WebPush: info\0" + _point(theirs) + sender
    key_material, salt = _derived(shared, decoded(browser.auth), info, 32), os.urandom(16)
    key = _derived(key_material, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(key_material, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + struct.pack("!LB", _RECORD, len(sender)) + sender
    return header + AESGCM(key).encrypt(nonce, message + _LAST, None)


def authorization(settings: Settings, endpoint: str) -> str:
    """What proves to the push service of an endpoint that it is we who send, and whom to write to."""
    parts, key = urlsplit(endpoint), private_key(settings)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((clock.now() + _GOOD_FOR).timestamp()),
        "sub": settings.push_contact,
    }
    return f"vapid t={jwt.encode(claims, key, algorithm='ES256')},k={encoded(_point(key.public_key()))}"


def encoded(raw: bytes) -> str:
    """In base64url, without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes of base64url, padded or not.

    Raises:
        ValueError: it is none.
    """
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)
