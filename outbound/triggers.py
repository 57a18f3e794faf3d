"""When something must leave: a fact was told, an import ended, or the clock says so; each becomes parcels, once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.config import ConfigError
from gateway.db.models import DeliveryLine, EventRow, FeedRow, Import, Partner, PartnerConfig
from gateway.domain.partners.homes import Home
from gateway.events import Event, EventRef, ImportEnded
from gateway.jobs.cron import due_since
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Clockwork, Kind
from gateway.jobs.subscriptions import Subscription
from gateway.logging import get_logger
from gateway.office import Office
from outbound.carrying import queue
from outbound.changes import TYPES, parts_of
from outbound.deliveries import Deliveries, Delivery, applied, settled
from outbound.waiting import Cause, add, line_of

_NO_END = ("held", "unpacked")  # one may be left again; the files of the other have ends of their own

log = get_logger(__name__)


# ------------------------------------------------------------------------------------------------ facts


def act(_office: Office, session: Session, event: Event) -> None:
    """Have what a fact makes necessary wait on the lines of its partner."""
    home = Home.of(session.scalars(select(Partner).where(Partner.id == event.partner_id)).one())
    was = _settled_then(session, home, event)
    for name, delivery in settled(session, event.partner_id).items():
        if name in was and (causes := list(_causes(session, delivery, event))):
            line = line_of(session, home, name)
            add(session, line, causes)
            queue(session, line)


def _settled_then(session: Session, home: Home, event: Event) -> Collection[str]:
    """The deliveries that there were when a fact was told: one that was added since begins with what comes."""
    at = select(EventRow.at).where(EventRow.seq == event.seq).scalar_subquery()
    then = select(PartnerConfig.source).where(
        PartnerConfig.partner_id == event.partner_id, PartnerConfig.created_at <= at
    )
    source = session.scalar(then.order_by(PartnerConfig.version.desc()).limit(1))
    return _read(home, source) if source else ()


def _causes(session: Session, delivery: Delivery, event: Event) -> Iterator[Cause]:
    if TYPES.get(type(event)) in delivery.wanted:
        yield from (Cause("event", event_seq=event.seq, part=part) for part in range(parts_of(event)))
    if delivery.trigger == "after_import" and isinstance(event, ImportEnded) and event.state not in _NO_END:
        feed = select(FeedRow.name).join(Import, Import.feed_id == FeedRow.id).where(Import.id == event.import_id)
        if delivery.feeds is None or session.scalar(feed) in delivery.feeds:
            yield Cause("import", import_id=event.import_id)


def _concerns(session: Session, told: EventRef) -> bool:
    """Whether the partner's settings speak of deliveries; asked with every fact, so they are not read for it."""
    mine = exists().where(PartnerConfig.partner_id == told.partner_id, PartnerConfig.active, _SPEAKING)
    return bool(session.scalar(select(mine)))


_SPEAKING = PartnerConfig.source.contains("deliveries")


# ------------------------------------------------------------------------------------------------ the clock


def make_due(handling: Handling) -> None:
    """Have what is due by the clock wait on its line: once, whoever else looks at the same moment.

    What was missed while nobody looked is one parcel, of the latest time.
    """
    office = handling.office
    with office.db.system() as session:
        speaking = select(Partner, PartnerConfig.source).join(PartnerConfig, PartnerConfig.partner_id == Partner.id)
        active = speaking.where(Partner.status == "active", PartnerConfig.active, _SPEAKING)
        found = [(Home.of(partner), source) for partner, source in session.execute(active)]
    for home, source in found:
        scheduled = {name: one.schedule for name, one in _read(home, source).items() if one.schedule is not None}
        for name, cron in scheduled.items():
            with office.db.firm(home.firm_id) as session:
                _make(session, home, name, cron)


def _read(home: Home, source: str) -> Deliveries:
    """What a partner's settings say; none where they were applied when other things were allowed."""
    try:
        return dict(applied(source))
    except ConfigError as error:
        log.exception("settings cannot be read any more", partner=home.slug, why=error.sentence)
        return {}


def _make(session: Session, home: Home, name: str, cron: str) -> None:
    """A schedule that is new, or that was changed, begins now and owes nothing of before."""
    now, line = clock.now(), line_of(session, home, name)
    if line.schedule != (schedule := f"{cron} {home.time_zone}"):
        line.schedule, line.scheduled_to = schedule, now
    due = _due(line, cron, home, now)
    if due is not None:
        line.scheduled_to = due
        add(session, line, [Cause("schedule", due_at=due)])
        queue(session, line)


def _due(line: DeliveryLine, cron: str, home: Home, now: datetime) -> datetime | None:
    return due_since(cron, home.time_zone, line.scheduled_to, now) if line.scheduled_to else None


SUBSCRIPTIONS = (Subscription("deliveries", "deliveries", (*TYPES,), act, concerns=_concerns),)
KINDS = (Kind("deliveries.schedule", "deliveries", make_due, clockwork=Clockwork("due deliveries", "* * * * *")),)
