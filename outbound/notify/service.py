"""Notifications that somebody asks for: checked as a whole, put on record, looked at, called off before they leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, or_, select, update

from gateway import clock
from gateway.config import nearest
from gateway.db.ids import the_one
from gateway.db.models import Client, Dispatch, Notification, Staff
from gateway.db.models.notifications import DispatchState
from gateway.domain import audit
from gateway.domain.audit import Change
from gateway.errors import Faulty, NotFound
from gateway.office import Acting, Office
from outbound.notify.asking import Addressee, Faults, data_of, found_among
from outbound.notify.channels import CHANNELS
from outbound.notify.channels.base import Recipient
from outbound.notify.posting import New, To, post
from outbound.notify.templates.catalogue import TEMPLATES, unknown
from outbound.notify.templates.shapes import Shape

MOST_RECIPIENTS = 500
FURTHEST = timedelta(days=365)
PRIORITIES = ("urgent", "normal", "low")
USUAL: Mapping[str, Sequence[str]] = {"staff": ("email", "in_app"), "client": ("email",), "contact": ("email",)}

_CALLED_OFF = "called_off"
_STAYED = ("waiting", "held")  # what has not left

Priority = Literal["urgent", "normal", "low"]


class Wanted(NamedTuple):
    """What somebody asks for.

    Attributes:
        data: the template's values by name, as JSON has them.
        channels: None for what is usual for each recipient.
        scheduled_at: nothing leaves earlier; None is now.
    """

    recipients: Sequence[Addressee]
    template: str
    data: Mapping[str, Any]
    priority: str = "normal"
    channels: Sequence[str] | None = None
    scheduled_at: datetime | None = None


class Sent(NamedTuple):
    """What was put on record."""

    id: UUID
    dispatches: int


class DispatchView(Struct, frozen=True, kw_only=True):
    """How it stands with one recipient and channel; `code` says why it failed, was withheld or cancelled."""

    id: UUID
    to: Literal["staff", "client", "contact"]
    staff_id: UUID | None
    client_id: UUID | None
    partner_id: UUID | None
    contact: str | None
    channel: str
    state: DispatchState
    not_before: datetime
    sent_at: datetime | None
    code: str | None


class Account(Struct, frozen=True, kw_only=True):
    """A notification, and how it stands.

    Attributes:
        counts: channel -> state -> how many.
    """

    id: UUID
    template: str
    priority: str
    created_by: str
    created_at: datetime
    counts: dict[str, dict[str, int]]
    dispatches: list[DispatchView]


def send(acting: Acting, wanted: Wanted) -> Sent:
    """Put a notification on record; it leaves once this is committed, and not before its time.

    Raises:
        Faulty: `notification_wrong`, with every fault at its JSON path.
    """
    faults: Faults = {}
    _check_plain(wanted, faults)
    recipients = found_among(acting, wanted.recipients[:MOST_RECIPIENTS], faults)
    data = _data(wanted, faults)
    to = list(_dispatches(wanted, recipients))
    if not (to or faults):
        faults["channels"] = "No channel that these recipients usually have is there; say which."
    if faults or data is None:
        told = " ".join(f"{place}: {sentence}" for place, sentence in faults.items())
        raise Faulty("notification_wrong", f"Nothing was sent. {told}", faults)
    made = _post(acting, wanted, data, to)
    _note_sent(acting, made, wanted, to)
    return Sent(made, len(to))


def look(acting: Acting, notification_id: UUID) -> Account:
    """How a notification stands with everybody whom the actor may see; looking is on record.

    Raises:
        NotFound: there is no such notification in the actor's sight.
    """
    one = _find(acting, notification_id)
    views = [_view(each) for each in _seen(acting, notification_id)]
    counts: dict[str, dict[str, int]] = {}
    for each in views:
        by_state = counts.setdefault(each.channel, {})
        by_state[each.state] = by_state.get(each.state, 0) + 1
    audit.seen(acting, "notification.view", [("notification", one.id), *(("client", each.client_id) for each in views)])
    same = {name: getattr(one, name) for name in ("id", "template", "priority", "created_by", "created_at")}
    return Account(**same, counts=counts, dispatches=views)


def staff_of(acting: Acting, account: Account) -> dict[UUID, str]:
    """How the firm's own people call the staff among its recipients."""
    ids = {one.staff_id for one in account.dispatches if one.staff_id}
    found = acting.session.execute(select(Staff.id, Staff.name, Staff.email).where(Staff.id.in_(ids)))
    return {row.id: f"{row.name} <{row.email}>" for row in found}


def cancel(acting: Acting, notification_id: UUID) -> int:
    """Call off what has not left, as far as the actor sees whom it is for; counts it. Again finds nothing to do.

    Raises:
        NotFound: there is no such notification in the actor's sight.
    """
    one = _find(acting, notification_id)
    theirs = [each.id for each in _seen(acting, notification_id)]
    still = update(Dispatch).where(Dispatch.id.in_(theirs), Dispatch.state.in_(_STAYED))
    ended = still.values(state="cancelled", ended_code=_CALLED_OFF, settled_at=clock.now()).returning(Dispatch.id)
    called_off = len(acting.session.scalars(ended).all())
    if called_off:
        told = Change("notification", one.id, "cancelled", new={"dispatches": called_off})
        audit.record(acting, "notification.cancel", changes=[told])
    return called_off


def find_anywhere(office: Office, wanted: str) -> tuple[UUID, UUID]:
    """The firm and the id of the one notification whose id begins so.

    Raises:
        NotFound: there is none.
        Invalid: `ambiguous`, several begin so.
    """
    asked = select(Notification.firm_id, Notification.id).where(_ASKED)
    with office.db.system() as session:
        firm_id, notification_id, _ = the_one(session, asked, Notification.id, wanted, "notification")
    return firm_id, notification_id


# ------------------------------------------------------------------------------------------------ what is asked


def _check_plain(wanted: Wanted, faults: Faults) -> None:
    if not wanted.recipients:
        faults["recipients"] = "Say at least one."
    elif len(wanted.recipients) > MOST_RECIPIENTS:
        faults["recipients"] = (
            f"There are {len(wanted.recipients):,}; {MOST_RECIPIENTS} at a time are allowed. Send several."
        )
    if wanted.priority not in PRIORITIES:
        faults["priority"] = f"It is one of {', '.join(PRIORITIES)}."
    faults.update(_wrong_channels(wanted.channels))
    if wrong := _wrong_time(wanted.scheduled_at):
        faults["scheduled_at"] = wrong


def _wrong_channels(channels: Sequence[str] | None) -> Iterator[tuple[str, str]]:
    if channels is not None and not channels:
        yield "channels", "Say at least one, or leave it out for what is usual."
    for place, one in enumerate(channels or ()):
        if one not in CHANNELS:
            meant = nearest(one, list(CHANNELS))
            hint = f'Did you mean "{meant}"?' if meant else f"There are {', '.join(CHANNELS) or 'none'}."
            yield f"channels[{place}]", f'There is no channel "{one}". {hint}'


def _wrong_time(at: datetime | None) -> str | None:
    if at is None:
        return None
    if at.tzinfo is None:
        return "Say the offset as well, such as 2026-05-01T09:00:00-05:00."
    if at < clock.now():
        return "It is past. Leave it out to send now."
    if at > clock.now() + FURTHEST:
        return f"It is more than {FURTHEST.days} days ahead."
    return None


def _data(wanted: Wanted, faults: Faults) -> Shape | None:
    """What the template is given; None with a fault."""
    ours = {name: one for name, one in TEMPLATES.items() if one.by_request}
    template = ours.get(wanted.template)
    if template is None:
        faults["template"] = unknown(wanted.template, ours)
        return None
    return data_of(template.shape, wanted.data, faults)


def _dispatches(wanted: Wanted, recipients: Sequence[Recipient]) -> Iterator[To]:
    """Nobody twice by the same channel."""
    chosen = None if wanted.channels is None else [one for one in wanted.channels if one in CHANNELS]
    for one in dict.fromkeys(recipients):
        usual = [channel for channel in USUAL[_kind(one)] if channel in CHANNELS]
        yield from (To(one, channel) for channel in dict.fromkeys(usual if chosen is None else chosen))


def _kind(one: Recipient | Dispatch) -> Literal["staff", "client", "contact"]:
    if one.staff_id is not None:
        return "staff"
    return "contact" if one.client_id is None else "client"


def _post(acting: Acting, wanted: Wanted, data: Shape, to: Sequence[To]) -> UUID:
    new = New(
        kind="service",
        template=wanted.template,
        data=data,
        to=to,
        priority=wanted.priority,
        partner_id=acting.actor.partner_id,
        created_by=acting.actor.name,
        not_before=wanted.scheduled_at,
    )
    made = post(acting.office, acting.session, acting.firm_id, new)
    assert made is not None  # noqa: S101 - without a key none is taken
    return made


def _note_sent(acting: Acting, made: UUID, wanted: Wanted, to: Sequence[To]) -> None:
    """Without what it says, which is whoever's it is."""
    said = {"template": wanted.template, "priority": wanted.priority, "dispatches": len(to)}
    people = dict.fromkeys(one.recipient.client_id for one in to if one.recipient.client_id)
    changes = [Change("notification", made, "created", new=said), *(Change("client", one, "told") for one in people)]
    audit.record(acting, "notification.send", changes=changes)


# ------------------------------------------------------------------------------------------------ what is seen

_ASKED = Notification.kind == "service"


def _find(acting: Acting, notification_id: UUID) -> Notification:
    mine: list[ColumnElement[bool]] = [_ASKED, Notification.id == notification_id]
    if acting.actor.kind == "partner":
        mine.append(Notification.partner_id == acting.actor.partner_id)
    one = acting.session.scalar(select(Notification).where(*mine))
    if one is None:
        raise NotFound("notification", str(notification_id))
    return one


def _seen(acting: Acting, notification_id: UUID) -> Sequence[Dispatch]:
    """Its dispatches, without those to people behind a wall."""
    seen = select(Client.id).where(Client.id == Dispatch.client_id).exists()
    theirs = select(Dispatch).where(Dispatch.notification_id == notification_id)
    shown = theirs.where(or_(Dispatch.client_id.is_(None), seen))
    return acting.session.scalars(shown.order_by(Dispatch.id), execution_options={"populate_existing": True}).all()


def _view(one: Dispatch) -> DispatchView:
    named = ("id", "staff_id", "client_id", "partner_id", "contact", "channel", "state", "not_before", "sent_at")
    return DispatchView(**{name: getattr(one, name) for name in named}, to=_kind(one), code=one.ended_code)
