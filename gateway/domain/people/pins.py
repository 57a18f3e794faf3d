"""Pins: fields that staff changed by hand, which imports leave alone until somebody takes the pin out."""

from __future__ import annotations

from collections.abc import Iterable

from gateway import clock
from gateway.db.models import Document
from gateway.db.models.records import Record
from gateway.domain.people.fields import DURATION_OF_STATUS, FIELDS, Kind
from gateway.errors import NotFound
from gateway.office import Actor

_LINKS: dict[Kind, frozenset[str]] = {"case": frozenset({"client_id"})}  # what feeds set besides fields


_NUMBER, _WAS = "number", "was"


def pin(record: Record, kind: Kind, names: Iterable[str], actor: Actor, was: str | None = None) -> None:
    """Keep imports from changing these fields; what no feed can set needs no pin.

    An end of stay has one pin for its two ways of saying it: a date, or duration of status. The pin of a number keeps
    which one it `was`, see `number_in_files`.
    """
    note = {"by": actor.name, "at": clock.now().isoformat()}
    fed = FIELDS[kind].keys() | _LINKS.get(kind, frozenset())
    told = ("expires_on" if name == DURATION_OF_STATUS else name for name in names)
    pinned = {name: note for name in told if name in fed}
    if _NUMBER in pinned and was is not None:
        pinned[_NUMBER] = note | {_WAS: was}
    record.pins = record.pins | pinned


def number_in_files(record: Record) -> str | None:
    """By which number files know a document, before staff give it another: its blind index in hex, "" for none.

    It is the first one, however often staff correct it; None where no file can know the record by a number.
    """
    if not isinstance(record, Document) or record.version is None:  # the last: it is only now being added
        return None
    was: str | None = record.pins.get(_NUMBER, {}).get(_WAS)
    return (record.number_index or b"").hex() if was is None else was


def unpin(record: Record, name: str) -> None:
    """Let imports change a field again.

    Raises:
        NotFound: it is not pinned.
    """
    if name not in record.pins:
        raise NotFound("pin on the field", name)
    record.pins = {field: note for field, note in record.pins.items() if field != name}
