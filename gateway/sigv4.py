"""Signature Version 4 of requests to S3, and to what speaks like it, whose body goes in one piece."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"
NOTHING = hashlib.sha256(b"").hexdigest()  # of a request without a body


class Keys(NamedTuple):
    """Whose requests they are, and where."""

    access: str
    secret: str
    region: str


def quoted(key: str) -> str:
    """A key as it stands in a path: signed and sent alike."""
    return quote(key, safe="/-._~")


def signed(
    keys: Keys,
    method: str,
    host: str,
    path: str,
    headers: Mapping[str, str],
    sha256: str,
    at: datetime,
    query: str = "",
) -> dict[str, str]:
    """The headers of a request, with those that prove whose it is.

    Args:
        keys: of whoever asks.
        method: such as PUT.
        host: as the Host header will have it.
        path: quoted, without a query.
        headers: whatever else is sent; what begins with `x-amz-` is signed.
        sha256: of the body, in hex; the other side holds what arrives against it.
        at: now, in UTC; what differs by a quarter of an hour is refused.
        query: quoted, and sorted by name.
    """
    stamp = at.strftime("%Y%m%dT%H%M%SZ")
    sent = {name.lower(): value for name, value in headers.items()}
    sent |= {"x-amz-date": stamp, "x-amz-content-sha256": sha256}
    counted = {"host": host} | {name: value.strip() for name, value in sent.items() if name.startswith("x-amz-")}
    names = ";".join(sorted(counted))
    lines = "".join(f"{name}:{counted[name]}\n" for name in sorted(counted))
    asked = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{sha256}"
    scope = f"{stamp[:8]}/{keys.region}/s3/aws4_request"
    text = f"{_ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
    signature = _mac(_signing_key(keys, scope), text).hex()
    proof = f"{_ALGORITHM} Credential={keys.access}/{scope}, SignedHeaders={names}, Signature={signature}"
    return sent | {"authorization": proof}


def _signing_key(keys: Keys, scope: str) -> bytes:
    key = f"AWS4{keys.secret}".encode()
    for part in scope.split("/"):
        key = _mac(key, part)
    return key


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
