"""How pins are shown: which fields of a record staff wrote by hand, so that imports leave them alone."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from gateway.db.models.records import Record


class Pin(Struct, frozen=True):
    """Who wrote a field by hand, and when."""

    by: str
    at: datetime


def pins_of(record: Record) -> dict[str, Pin]:
    """The pins of a client, a case or a document, by field."""
    return {name: Pin(note["by"], datetime.fromisoformat(note["at"])) for name, note in record.pins.items()}
