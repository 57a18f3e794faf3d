"""How often an address may ask for links that there are not, so that nobody goes through them all."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Any

from litestar.connection import ASGIConnection

from gateway.limits import InMemory, Window
from gateway.web.calls import origin_of
from gateway.web.problems import Rejected

MISSES = Window("misses", 60, 60)  # a minute

_MOST_KNOWN = 100_000  # then all are forgotten, and known again by their next miss
_NETWORK = 64  # bits of an IPv6 address that one subscriber has


class Strangers:
    """Counts misses in one process, so that whoever finds what is there waits for no counter elsewhere."""

    def __init__(self) -> None:
        self._misses = InMemory("strangers")
        self._known: set[str] = set()  # who has missed: all others need no counting

    def check(self, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        """Let an address ask.

        Raises:
            Rejected: 429 `too_many_tries`, it has missed too often lately.
        """
        address = _network(origin_of(connection))
        if address not in self._known:
            return
        standing = self._misses.look(address, [MISSES])
        if standing.standings[0].remaining < 1:
            wait = {"Retry-After": str(standing.retry_after)}
            sentence = f"Too many links were asked for that are none; try again in {standing.retry_after} seconds."
            raise Rejected(429, "too_many_tries", sentence, headers=wait)

    def missed(self, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        """Count that there was no such link."""
        address = _network(origin_of(connection))
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known.add(address)
        self._misses.hit(address, [MISSES])


@lru_cache(4_096)
def _network(origin: str) -> str:
    try:
        address = ipaddress.ip_address(origin)
    except ValueError:  # a server behind a UNIX socket knows no address
        return origin
    if address.version == 4:  # noqa: PLR2004 - as it is called
        return origin
    return str(ipaddress.ip_network((address.packed, _NETWORK), strict=False))
