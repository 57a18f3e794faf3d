"""A partner's own SFTP server, from which we fetch."""

from __future__ import annotations

from msgspec import field

from ingest.arrivals.base import ArrivalSpec


class SftpArrival(ArrivalSpec, frozen=True, kw_only=True, tag="sftp"):
    """Where it is, and how to log in. Secrets are named, never written."""

    host: str
    port: int = 22
    user: str
    key: str | None = None
    password: str | None = None
    host_keys: list[str] = field(default_factory=list)
    folder: str = "."
    every: str = "1h"
    after: str = "leave"
