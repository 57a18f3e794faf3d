"""The files that pages load: style and script, at addresses that change with them, for browsers to keep for good."""

from __future__ import annotations

import functools
import gzip
import hashlib
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from gateway.web.calls import OPEN
from gateway.web.problems import Rejected
from gateway.web.reference import FOREVER

_TYPES = {"console.css": "text/css", "console.js": "text/javascript", "icon.svg": "image/svg+xml"}
_REFUSED = ("0", "0.0", "0.00", "0.000")  # weights of what nobody takes


@get("/static/{digest:str}/{name:str}", sync_to_thread=False, include_in_schema=False, **OPEN)
def give(digest: FromPath[str], name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """Give one of them, packed to whoever takes it so: nothing in them is secret. 404 for those of another release."""
    if name not in _TYPES or digest != _digest():
        raise Rejected(404, "not_found", "There is nothing at this address.")
    headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
    if _takes_packed(request.headers.get("accept-encoding", "")):
        return Response(_packed()[name], media_type=_TYPES[name], headers=headers | {"Content-Encoding": "gzip"})
    return Response(_files()[name], media_type=_TYPES[name], headers=headers)


def address(name: str) -> str:
    """Where one of them is to be had."""
    return f"/static/{_digest()}/{name}"


@functools.cache
def _files() -> dict[str, bytes]:
    folder = Path(__file__).parent / "static"
    return {name: (folder / name).read_bytes() for name in _TYPES}


@functools.cache
def _packed() -> dict[str, bytes]:
    return {name: gzip.compress(content, mtime=0) for name, content in _files().items()}


def _takes_packed(accepted: str) -> bool:
    """Whether `gzip` is among what somebody takes (RFC 9110, 12.5.3)."""
    coded = (one.replace(" ", "").partition(";q=") for one in accepted.lower().split(","))
    return any(name == "gzip" and weight not in _REFUSED for name, _, weight in coded)


@functools.cache
def _digest() -> str:
    return hashlib.sha256(b"".join(_files().values())).hexdigest()[:16]
