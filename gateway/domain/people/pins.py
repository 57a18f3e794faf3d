"""Pins: fields that staff changed by hand, which imports leave alone until somebody takes the pin out."""

from __future__ import annotations

from collections.abc import Iterable

from gateway import clock
from gateway.db.models.records import Record
from gateway.domain.people.fields import DURATION_OF_STATUS, FIELDS, Kind
from gateway.errors import NotFound
from gateway.office import Actor

_LINKS: dict[Kind, frozenset[str]] = {"case": frozenset({"client_id"})}  # what feeds set besides fields


def pin(record: Record, kind: Kind, names: Iterable[str], actor: Actor) -> None:
    """Keep imports from changing these fields; what no feed can set needs no pin.

    An end of stay has one pin for its two ways of saying it: a date, or duration of status.
    """
    note = {"by": actor.name, "at": clock.now().isoformat()}
    fed = FIELDS[kind].keys() | _LINKS.get(kind, frozenset())
    told = ("expires_on" if name == DURATION_OF_STATUS else name for name in names)
    record.pins = record.pins | {name: note for name in told if name in fed}


def unpin(record: Record, name: str) -> None:
    """Let imports change a field again.

    Raises:
        NotFound: it is not pinned.
    """
    if name not in record.pins:
        raise NotFound("pin on the field", name)
    record.pins = {field: note for field, note in record.pins.items() if field != name}
