"""An account in plain Python of what files and staff did to records, and whether what is there can have come of it.

It knows nothing of the gateway's code: only which files came to their end in which order and what stood in them, and
which acts of staff were acknowledged with which version. A record stands as it should when some order of the two, in
which each keeps its own, leads through all acknowledged versions to just its values, pins, version and sighting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

OVER, BACK = "terminated", "active"  # what absence makes of a client, and being listed again
STATUS, END = "enrollment_status", "termination_date"

Values = Mapping[str, str | None]


def plain(value: Any) -> str | None:
    """A value in one form, whether it comes from JSON, from the database or out of a file."""
    if isinstance(value, int | float | Decimal):
        return f"{float(value):.2f}"
    return value.isoformat() if isinstance(value, date) else value


@dataclass(frozen=True)
class Source:
    """A file, or rows, that came to records.

    Attributes:
        as_of: a number; the greater, the newer.
        said: person -> kind of record -> field -> value.
        unread: persons whose rows could not be read; they are not absent.
        full: whoever it does not name has left on `day`.
    """

    as_of: int
    said: Mapping[str, Mapping[str, Values]]
    unread: frozenset[str] = frozenset()
    full: bool = True
    day: str = ""


@dataclass(frozen=True)
class Act:
    """What staff did to one record, as acknowledged: fields written, or a pin taken out; it led to `version`."""

    version: int
    values: Mapping[str, str | None] = field(default_factory=dict)
    unpins: str | None = None
    pins: bool = True

    @property
    def order(self) -> tuple[int, bool]:
        """By version; what found nothing to do comes after what led there."""
        return self.version, not self.pins


@dataclass(frozen=True)
class Standing:
    """How a record stands: values, pinned fields, version, and when the feed saw it last, or missed it."""

    values: tuple[tuple[str, str | None], ...]
    pins: frozenset[str]
    version: int
    as_of: int
    present: bool

    def written(self, values: Values, pins: frozenset[str] = frozenset()) -> Standing:
        """One change further."""
        told = tuple(sorted({**dict(self.values), **values}.items()))
        return replace(self, values=told, pins=self.pins | pins, version=self.version + 1)


def after_act(before: Standing, act: Act) -> Standing | None:
    """None where the act cannot have been done to this standing."""
    if act.unpins is not None:
        if act.unpins not in before.pins or act.version != before.version + 1:
            return None
        return replace(before, pins=before.pins - {act.unpins}, version=act.version)
    values = dict(before.values)
    changed = {name: value for name, value in act.values.items() if values.get(name) != value}
    pinned = frozenset(changed) if act.pins else frozenset()
    after = before.written(changed, pinned) if changed else before
    return after if after.version == act.version else None


def after_source(before: Standing, source: Source, person: str, kind: str) -> Standing:
    """What a file makes of a record of a person."""
    if person in source.unread:
        return before
    said = source.said.get(person)
    if said is None:
        return _missed(before, source) if kind == "client" else before
    if before.as_of > source.as_of:
        return before
    values = dict(before.values)
    changed = {name: value for name, value in said[kind].items() if values[name] != value and name not in before.pins}
    if kind == "client" and not before.present and values[STATUS] == OVER and STATUS not in before.pins:
        changed |= {STATUS: BACK} | ({} if END in before.pins else {END: None})
    after = before.written(changed) if changed else before
    return replace(after, as_of=source.as_of, present=True)


def _missed(before: Standing, source: Source) -> Standing:
    values = dict(before.values)
    stays = not source.full or not before.present or before.as_of > source.as_of
    if stays or values[STATUS] != BACK or STATUS in before.pins:
        return before
    end = {} if END in before.pins else {END: values[END] or source.day}
    return replace(before.written({STATUS: OVER} | end), as_of=source.as_of, present=False)


def explains(
    first: Standing, sources: Sequence[Source], acts: Sequence[Act], person: str, kind: str, last: Standing
) -> bool:
    """Whether some order of the files and the acts leads from the first standing to the last."""
    acts = sorted(acts, key=lambda act: act.order)
    seen = {(0, 0, first)}
    paths = [(0, 0, first)]
    while paths:
        filed, acted, standing = paths.pop()
        if filed == len(sources) and acted == len(acts) and standing == last:
            return True
        for step in _steps(filed, acted, standing, sources, acts, person, kind):
            if step not in seen:
                seen.add(step)
                paths.append(step)
    return False


def _steps(
    filed: int, acted: int, standing: Standing, sources: Sequence[Source], acts: Sequence[Act], person: str, kind: str
) -> Iterator[tuple[int, int, Standing]]:
    if filed < len(sources):
        yield filed + 1, acted, after_source(standing, sources[filed], person, kind)
    if acted < len(acts) and (after := after_act(standing, acts[acted])) is not None:
        yield filed, acted + 1, after
