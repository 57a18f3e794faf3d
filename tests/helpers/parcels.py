"""Parcels, and an installation from which they are carried to places on loopback."""

from __future__ import annotations

import hashlib
from pathlib import Path
from uuid import UUID

from gateway.settings import Settings
from outbound.carriers.base import Parcel, Sender

IDS = [UUID(int=number) for number in range(1, 10)]


def parcel(data: bytes, name: str = "receipts.csv", number: int = 0, piece: int = 65_536) -> Parcel:
    """These bytes under one of a few ids."""

    def chunks():
        for at in range(0, len(data), piece):
            yield data[at : at + piece]

    return Parcel(IDS[number], name, "text/csv", len(data), hashlib.sha256(data).hexdigest(), chunks)


def broken_off(data: bytes, after: int, name: str = "receipts.csv") -> Parcel:
    """A parcel whose bytes end in an error after some: our own store fails, or the worker is told to stop."""
    whole = parcel(data, name)

    def chunks():
        yield data[:after]
        raise ConnectionAbortedError("the store is gone")

    return whole._replace(chunks=chunks)


def sender(folder: Path, secrets: dict[str, str] | None = None, **settings: object) -> Sender:
    """Northgate's partner acme, from an installation that may call this machine."""
    kept = folder / "secrets" / "northgate"
    kept.mkdir(parents=True, exist_ok=True)
    for name, value in (secrets or {}).items():
        (kept / name).write_text(value, encoding="utf-8")
    settings = {"allow_private": ("127.0.0.0/8", "::1/128")} | settings
    return Sender(
        Settings(data_dir=folder / "data", config_dir=folder, secrets_dir=folder / "secrets", **settings),
        "northgate",
        "acme",
    )
