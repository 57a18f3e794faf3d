"""The section `deliveries` of partner.yaml: what a partner gets, when, in which form and by which carrier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Literal, get_args
from uuid import UUID

from cronsim import CronSim, CronSimError
from msgspec import Meta, Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.config import Beside, Checked, Document, FieldError, Finding, Name, Section, nearest, read
from gateway.db.models import PartnerConfig
from outbound.carriers import Carried
from outbound.naming import pattern_fault

EventType = Literal[
    "client.updated", "case.opened", "case.updated", "case.stage_changed", "document.changed", "import.ended"
]
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)


def _check_cron(expression: str) -> str:
    """The expression, if it is one.

    Raises:
        FieldError: it is none.
    """
    try:
        next(CronSim(expression, clock.now()))
    except (CronSimError, StopIteration):
        raise FieldError(
            f'"{expression}" is no schedule; five fields say when: minute, hour, day, month and day of the week, such'
            ' as "0 6 * * 1-5".'
        ) from None
    return expression


def _check_name(pattern: str) -> str:
    """The pattern, if it makes the name of a file.

    Raises:
        FieldError: it does not.
    """
    if fault := pattern_fault(pattern):
        raise FieldError(fault)
    return pattern


Cron = Annotated[str, Meta(extra={"check": _check_cron})]
FileName = Annotated[str, Meta(extra={"check": _check_name})]


class Delivery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that a partner gets: a report, or what changes as it changes.

    Exactly one of `schedule` and `trigger` says when.
    """

    schedule: Cron | None = None  # in the partner's zone
    trigger: Literal["after_import", "on_change"] | None = None
    feeds: Annotated[list[Name], Meta(min_length=1)] | None = None  # after_import: of these alone
    events: Annotated[list[EventType], Meta(min_length=1)] | None = None  # on_change: these alone
    file: FileName | None = None
    carrier: Carried

    def __post_init__(self) -> None:
        if (self.schedule is None) == (self.trigger is None):
            raise ValueError("When it leaves says exactly one of schedule and trigger.")
        if self.feeds is not None and self.trigger != "after_import":
            raise FieldError("Feeds are chosen with `trigger: after_import`.", at=("feeds",))
        if self.events is not None and self.trigger != "on_change":
            raise FieldError("Events are chosen with `trigger: on_change`.", at=("events",))

    @property
    def wanted(self) -> tuple[EventType, ...]:
        """The types of events that leave one by one."""
        return tuple(self.events or EVENT_TYPES) if self.trigger == "on_change" else ()


Deliveries = dict[Name, Delivery]


def _check(deliveries: Deliveries, document: Document, _beside: Beside) -> Checked:
    return Checked([one for name, each in deliveries.items() for one in _findings(name, each, document)], {})


DELIVERIES: Section[Deliveries] = Section("deliveries", Deliveries, _check)


def settled(session: Session, partner_id: UUID) -> Mapping[str, Delivery]:
    """What the settings in force say that a partner gets.

    Raises:
        ConfigError: they were applied when other things were allowed.
    """
    found = select(PartnerConfig.source).where(PartnerConfig.partner_id == partner_id, PartnerConfig.active)
    source = session.scalar(found)
    return applied(source) if source else {}


@lru_cache(maxsize=256)
def applied(source: str) -> Mapping[str, Delivery]:
    """What the text of a version says, which never changes.

    Raises:
        ConfigError: see `settled`.
    """
    return DELIVERIES.decoded(read(source))


def _findings(name: str, delivery: Delivery, document: Document) -> Iterator[Finding]:
    known = _feeds(document)
    for place, feed in enumerate(delivery.feeds or ()):
        if feed not in known:
            path = ("deliveries", name, "feeds", place)
            yield document.finding(path, f'There is no feed "{feed}" in this file.', nearest(feed, known))


def _feeds(document: Document) -> list[str]:
    node = document.node(("feeds",))
    return [str(key.value) for key, _ in getattr(node, "value", ())] if node else []
