"""Has people told of what needs their eyes: deliveries that fail, parcels given up, feeds that owe, places away.

The firm's admins hear of all of it, the partner's contacts of theirs: `late` of files that do not come, `errors` of
what does not get through to them. Each thing is told once. An alarm that is over before it was told is never told, and
what has not left when it is over is called off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, Text, cast, exists, literal, select, update
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import Dispatch, FeedAlarm, FeedRow, Firm, Notification, Partner, Staff
from gateway.domain.access.permissions import ADMIN
from gateway.events import DeliveryFailing, Event, ParcelDied
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Clockwork, Kind
from gateway.jobs.subscriptions import Subscription
from gateway.office import Office
from outbound.notify.channels.base import Recipient
from outbound.notify.posting import New, To, post
from outbound.notify.templates.shapes import OfDelivery, OfFeed, OfParcel, OfPlace, Shape

_STAFF_BY = ("email", "in_app")
_CONTACTS_BY = ("email",)
_DISABLED = 100  # percent
_OVER = "cleared"
_ALARM = "watch/alarm/"  # before the id of one, a notification's key


# ------------------------------------------------------------------------------------------------ deliveries


def act(office: Office, session: Session, event: Event) -> None:
    """Have a fact about a delivery told, once: its number is the notification's key."""
    if not isinstance(event, DeliveryFailing | ParcelDied):
        return
    partner = session.scalars(select(Partner).where(Partner.id == event.partner_id)).one()
    template, data, priority = _of_event(event, partner.name)
    new = New(
        kind="watch",
        template=template,
        data=data,
        to=_whom(session, partner, "errors", event.to),
        priority=priority,
        key=f"watch/event/{event.seq}",
        partner_id=partner.id,
    )
    _post(office, session, partner.firm_id, new)


def _of_event(event: DeliveryFailing | ParcelDied, partner: str) -> tuple[str, Shape, str]:
    if isinstance(event, ParcelDied):
        return "parcel_dead", OfParcel(partner=partner, delivery=event.delivery, code=event.code), "normal"
    data = OfDelivery(partner=partner, delivery=event.delivery, code=event.code, percent=event.percent)
    return "delivery_failing", data, "urgent" if event.percent >= _DISABLED else "normal"


# ------------------------------------------------------------------------------------------------ alarms


def look(handling: Handling) -> None:
    """Have new alarms told, and call off what has not left of those that are over; firm by firm."""
    office = handling.office
    with office.db.system() as session:
        firms = session.scalars(_firms_with_news()).all()
    for firm_id in firms:
        with office.db.firm(firm_id) as session:
            for alarm in session.scalars(_untold().with_for_update(skip_locked=True)):
                _tell(office, session, alarm)
            _call_off(session)


def _untold() -> Select[FeedAlarm]:
    open_ones = FeedAlarm.cleared_at.is_(None), FeedAlarm.told_at.is_(None)
    return select(FeedAlarm).where(*open_ones).order_by(FeedAlarm.id)


def _firms_with_news() -> Select[UUID]:
    news = exists().where(FeedAlarm.firm_id == Firm.id, FeedAlarm.told_at.is_(None), FeedAlarm.cleared_at.is_(None))
    waits = exists().where(Notification.firm_id == Firm.id, Dispatch.firm_id == Firm.id, *_WAITS_IN_VAIN)
    return select(Firm.id).where(Firm.status == "active", news | waits)


def _tell(office: Office, session: Session, alarm: FeedAlarm) -> None:
    partner = session.scalars(select(Partner).where(Partner.id == alarm.partner_id)).one()
    template, data = _of_alarm(session, alarm, partner)
    new = New(
        kind="watch",
        template=template,
        data=data,
        to=_whom(session, partner, "late", ("firm", "partner")),
        key=f"{_ALARM}{alarm.id}",
        partner_id=partner.id,
    )
    _post(office, session, alarm.firm_id, new)
    alarm.told_at = clock.now()


def _of_alarm(session: Session, alarm: FeedAlarm, partner: Partner) -> tuple[str, Shape]:
    said = alarm.said
    if alarm.feed_id is None:
        return "place_unreachable", OfPlace(partner=partner.name, place=str(said["place"]), why=str(said["why"]))
    feed = session.scalars(select(FeedRow.name).where(FeedRow.id == alarm.feed_id)).one()
    data = OfFeed(
        partner=partner.name,
        feed=feed,
        due_on=alarm.due_on,
        last_on=_day(said.get("last"), partner.time_zone),
        rows=said.get("rows"),
        usual=said.get("usual"),
    )
    return f"feed_{alarm.kind}", data


def _day(instant: str | None, zone: str) -> date | None:
    return clock.day_in(zone, datetime.fromisoformat(instant)) if instant else None


_WAITS_IN_VAIN = (
    Dispatch.notification_id == Notification.id,
    Dispatch.state == "waiting",
    Notification.key.startswith(_ALARM),
    exists().where(
        FeedAlarm.firm_id == Notification.firm_id,
        FeedAlarm.cleared_at.is_not(None),
        Notification.key == literal(_ALARM) + cast(FeedAlarm.id, Text),
    ),
)


def _call_off(session: Session) -> None:
    theirs = select(Dispatch.id).join(Notification, Notification.id == Dispatch.notification_id)
    ended = {"state": "cancelled", "ended_code": _OVER, "settled_at": clock.now()}
    in_vain = theirs.where(*_WAITS_IN_VAIN).with_for_update(of=Dispatch, skip_locked=True)
    session.execute(update(Dispatch).where(Dispatch.id.in_(in_vain), Dispatch.state == "waiting").values(ended))


# ------------------------------------------------------------------------------------------------ whom


def _whom(session: Session, partner: Partner, contact: str, sides: Sequence[str]) -> list[To]:
    """The firm's admins, and the contacts of the partner, as far as there are any."""
    return [
        *(_admins(session) if "firm" in sides else ()),
        *(_contacts(partner, contact) if "partner" in sides else ()),
    ]


def _admins(session: Session) -> Iterator[To]:
    for one in session.scalars(select(Staff.id).where(Staff.role == ADMIN, Staff.active).order_by(Staff.id)):
        yield from (To(Recipient(staff_id=one), channel) for channel in _STAFF_BY)


def _contacts(partner: Partner, contact: str) -> Iterator[To]:
    if partner.contacts.get(contact):
        yield from (To(Recipient(partner_id=partner.id, contact=contact), channel) for channel in _CONTACTS_BY)


def _post(office: Office, session: Session, firm_id: UUID, new: New) -> None:
    """Where nobody can be told, the fact stands in the reports all the same."""
    if new.to:
        post(office, session, firm_id, new)


SUBSCRIPTIONS = (Subscription("watch", "normal", (DeliveryFailing, ParcelDied), act),)
KINDS = (Kind("notices.watch", "normal", look, ladder=(), clockwork=Clockwork("alarms to be told", "* * * * *")),)
