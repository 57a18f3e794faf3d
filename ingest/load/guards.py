"""Decides whether a file looks so wrong that a person must look before it changes anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ingest.catalogue import describe_file
from ingest.feed import Guards
from ingest.mapping.plan import FeedPlan
from ingest.mapping.turned import Turned


@dataclass(frozen=True, slots=True)
class Tripped:
    """A guard that holds the file."""

    code: str
    details: dict[str, object] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """Why, as a sentence."""
        return describe_file(self.code, **self.details)[0]

    @property
    def fix(self) -> str:
        """What to do, as a sentence."""
        return describe_file(self.code, **self.details)[1]


@dataclass(frozen=True, slots=True)
class Figures:
    """What the guards look at.

    Attributes:
        missing, open: open records of the feed that the file would close, and all of them; 0 where nothing closes.
        before: rows of the last accepted full file, None without one.
    """

    read: int
    rejected: int
    missing: int = 0
    open: int = 0
    before: int | None = None


def tripped(guards: Guards, figures: Figures) -> list[Tripped]:
    """The guards that these figures trip, gravest first."""
    found = [_vanish(guards, figures), _reject(guards, figures), _shrink(guards, figures)]
    return [one for one in found if one]


def turned_dates(plans: Sequence[FeedPlan]) -> list[Tripped]:
    """The first column whose dates a spreadsheet turned around beyond doubt, once all rows were read."""
    certain = ((label, one) for label, one in _watched(plans) if one.is_certain)
    return [_turned(label, one) for label, one in certain][:1]


def turned_remarks(plans: Sequence[FeedPlan]) -> list[str]:
    """A sentence for each column whose dates look turned around, once all rows were read."""
    return list(dict.fromkeys(_turned(label, one).reason for label, one in _watched(plans) if one.is_likely))


def _turned(label: str, one: Turned) -> Tripped:
    return Tripped("turned_dates", {"column": label, "real": one.real, "texts": one.texts})


def _watched(plans: Sequence[FeedPlan]) -> Iterator[tuple[str, Turned]]:
    fields = (one for plan in plans for record in plan.records for one in record.fields)
    return ((one.label, one.column.turned) for one in fields if one.column.turned)


def _vanish(guards: Guards, figures: Figures) -> Tripped | None:
    missing, every = figures.missing, 100 * figures.missing
    if missing and any(every >= one.percent * figures.open and missing >= one.at_least for one in guards.tiers):
        share = round(every / figures.open, 1)
        return Tripped("vanish_guard", {"missing": missing, "open": figures.open, "percent": share})
    return None


def _reject(guards: Guards, figures: Figures) -> Tripped | None:
    share = 100 * figures.rejected / figures.read if figures.read else 0.0
    if share > guards.reject_percent:
        limit = f"{guards.reject_percent:g}"
        details = {"rejected": figures.rejected, "read": figures.read, "percent": round(share, 1), "limit": limit}
        return Tripped("reject_guard", details)
    return None


def _shrink(guards: Guards, figures: Figures) -> Tripped | None:
    if figures.before and figures.read < figures.before * guards.shrink_percent / 100:
        return Tripped("shrink_guard", {"read": figures.read, "before": figures.before})
    return None
