"""Public keys as people hand them in: a line of a `.pub` file, checked and brought into one form."""

from __future__ import annotations

import base64
import binascii
import hashlib

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from gateway.errors import Invalid

TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
LEAST_RSA_BITS = 2048
MOST_CHARACTERS = 8_000  # an RSA key of 16,384 bits takes 2,800

_WORDS = 2  # type and key; what follows is a comment


def normalised(text: str) -> str:
    """Type and key of a line like `ssh-ed25519 AAAAC3... hr@acme`, without the comment.

    Raises:
        Invalid: `ssh_key_unusable`, it is a private key, several lines, of another type, or too short.
    """
    line = text.strip()
    if "PRIVATE KEY" in line:
        raise _unusable("this is a private key, which should not leave its owner; send the file that ends in .pub")
    words = line.split(maxsplit=_WORDS)
    if len(line) > MOST_CHARACTERS or len(line.splitlines()) != 1 or len(words) < _WORDS or words[0] not in TYPES:
        raise _unusable(f"it must be one line that begins with {', '.join(TYPES[:-1])} or {TYPES[-1]}")
    key = " ".join(words[:_WORDS])
    _check(key)
    return key


def fingerprint(public_key: str) -> str:
    """As `ssh-keygen -l` shows it: by it people compare keys."""
    return fingerprint_of(base64.b64decode(public_key.split()[1]))


def fingerprint_of(blob: bytes) -> str:
    """The same of a key as it goes over the wire (RFC 4253, 6.6)."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def _check(key: str) -> None:
    try:
        loaded = load_ssh_public_key(key.encode())
    except (ValueError, UnsupportedAlgorithm, binascii.Error):
        raise _unusable("what follows its type is not a key of this type, or is cut off") from None
    if isinstance(loaded, RSAPublicKey) and loaded.key_size < LEAST_RSA_BITS:
        raise _unusable(f"an RSA key needs {LEAST_RSA_BITS} bits, this one has {loaded.key_size}")


def _unusable(why: str) -> Invalid:
    return Invalid("ssh_key_unusable", f"The public key cannot be used: {why}.")
