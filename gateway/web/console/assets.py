"""The files that pages load: style and script, at addresses that change with them, for browsers to keep for good."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from litestar import Response, get
from litestar.params import FromPath

from gateway.web.calls import OPEN
from gateway.web.problems import Rejected
from gateway.web.reference import FOREVER

_TYPES = {"console.css": "text/css", "console.js": "text/javascript", "icon.svg": "image/svg+xml"}


@get("/static/{digest:str}/{name:str}", sync_to_thread=False, include_in_schema=False, **OPEN)
def give(digest: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """Give one of them; 404 for those of another release."""
    if name not in _TYPES or digest != _digest():
        raise Rejected(404, "not_found", "There is nothing at this address.")
    return Response(_files()[name], media_type=_TYPES[name], headers={"Cache-Control": FOREVER})


def address(name: str) -> str:
    """Where one of them is to be had."""
    return f"/static/{_digest()}/{name}"


@functools.cache
def _files() -> dict[str, bytes]:
    folder = Path(__file__).parent / "static"
    return {name: (folder / name).read_bytes() for name in _TYPES}


@functools.cache
def _digest() -> str:
    return hashlib.sha256(b"".join(_files().values())).hexdigest()[:16]
