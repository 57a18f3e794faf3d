"""Links that act when somebody presses: offered with a message, looked at without effect, pressed once, on record.

What stands in the address is random and kept nowhere; by its digest alone a link is found. It is bound to an act, a
dispatch and the dispatch's one recipient, as whom it acts. Mail scanners open addresses, so looking changes nothing.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Select, delete, exists, or_, select, text, update
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import ActionLink, Dispatch, Notice
from gateway.db.models.links import Act
from gateway.domain import audit
from gateway.domain.access.credentials import digest_of
from gateway.domain.audit import Change
from gateway.domain.expiry.items import Item, items
from gateway.domain.links import doing
from gateway.domain.links.targets import PATH
from gateway.domain.preferences.whom import Somebody, Whom
from gateway.erasing import Eraser, Person, Share
from gateway.errors import Conflict, Invalid
from gateway.jobs.handling import Handling
from gateway.office import Acting, Actor, Office

LASTS = 30  # days after the last day of what the dispatch tells
UNSUBSCRIBE_LASTS = 400  # days
KEPT = timedelta(days=30)  # an expired link, so that whoever follows it hears that it is one
SNOOZES = (1, 2, 3, 7, 14, 30)  # days that can be chosen, as far as they are allowed

_TOKEN_BYTES = 24
_PLACES: dict[Act, str] = {"acknowledge": "a", "snooze": "a", "unsubscribe": "u"}
_AT_ONCE = 10_000  # links a transaction deletes


class Offer(NamedTuple):
    """Addresses that are wanted.

    Attributes:
        dispatch_id: with which they leave.
        recipient: of the dispatch.
        acts: each stands for an address.
        notice_id: of the one notice that they are about; None is about all that the dispatch tells.
    """

    dispatch_id: UUID
    recipient: Somebody
    acts: Sequence[Act]
    notice_id: UUID | None = None


class Offered(NamedTuple):
    """A link that was found by what stands in its address.

    Attributes:
        notice_id: whose paper it is about; None where it is about all that the dispatch tells.
        is_open: it has not expired.
        used_at: when it was pressed, or another one that was offered for the same.
        firm, time_zone: whose it is.
        email: of the member of staff as whom it acts.
        partner: the slug of the one whose contact it is.
    """

    firm_id: UUID
    link_id: UUID
    act: Act
    dispatch_id: UUID
    notice_id: UUID | None
    staff_id: UUID | None
    client_id: UUID | None
    partner_id: UUID | None
    contact: str | None
    is_open: bool
    used_at: datetime | None
    firm: str
    time_zone: str
    email: str | None
    partner: str | None


class View(Struct, frozen=True, kw_only=True):
    """What would be pressed.

    Attributes:
        channel: of which an unsubscription would be.
        items: what an answer would be about; of an unsubscription there are none.
        days: that a snooze may take, the fewest first; empty where it cannot wait.
    """

    channel: str = ""
    items: Sequence[Item] = ()
    days: Sequence[int] = ()


def offer(office: Office, session: Session, firm_id: UUID, act: Act, dispatch_id: UUID, recipient: Somebody) -> str:
    """An address that does one thing for the recipient of a dispatch, once somebody presses there; see `offers`."""
    return offers(office, session, firm_id, [act], dispatch_id, recipient)[act]


def offers(
    office: Office, session: Session, firm_id: UUID, acts: Iterable[Act], dispatch_id: UUID, recipient: Somebody
) -> dict[Act, str]:
    """An address for each of these acts, in one statement: all that a message offers.

    Args:
        office: whose settings say where we are reached.
        session: of the firm, or of the system; nothing leaves unless it commits.
        firm_id: whose dispatch it is.
        acts: each stands for an address.
        dispatch_id: with which they leave.
        recipient: of the dispatch.

    Raises:
        ValueError: the firm has no such dispatch to this recipient.
    """
    return offers_of(office, session, firm_id, [Offer(dispatch_id, recipient, list(acts))])[dispatch_id, None]


def offers_of(
    office: Office, session: Session, firm_id: UUID, wanted: Iterable[Offer]
) -> dict[tuple[UUID, UUID | None], dict[Act, str]]:
    """The same for many dispatches of a firm, and for single notices of them, in one statement.

    Returns:
        The addresses, by dispatch and notice; None stands for all that the dispatch tells.

    Raises:
        ValueError: the firm has no such dispatch to one of these recipients.
    """
    rows = [(one, act, secrets.token_urlsafe(_TOKEN_BYTES)) for one in wanted for act in one.acts]
    if not rows:
        return {}
    columns = {
        "dispatches": [one.dispatch_id for one, _, _ in rows],
        "notices": [one.notice_id for one, _, _ in rows],
        "acts": [act for _, act, _ in rows],
        "digests": [digest_of(token) for _, _, token in rows],
        **{name: [getattr(one.recipient, name) for one, _, _ in rows] for name in Whom._fields},
    }
    made = session.scalars(_OFFER, {"firm": firm_id, **columns}).all()
    if len(made) != len(rows):
        raise ValueError(f"firm {firm_id} has no dispatch to one of these recipients: {columns['dispatches']}")
    found: defaultdict[tuple[UUID, UUID | None], dict[Act, str]] = defaultdict(dict)
    for one, act, token in rows:
        address = f"{office.settings.reached_at}{PATH}{_PLACES[act]}/{token}"
        found[one.dispatch_id, one.notice_id][act] = address
    return dict(found)


_OFFER = text(f"""
INSERT INTO action_links
    (firm_id, digest, act, dispatch_id, notice_id, staff_id, client_id, partner_id, contact, expires_at)
SELECT d.firm_id, o.digest, o.act, d.id, o.notice_id, d.staff_id, d.client_id, d.partner_id, d.contact,
       CASE o.act WHEN 'unsubscribe' THEN gateway_now() + interval '{UNSUBSCRIBE_LASTS} days'
       ELSE (greatest(today.day, last.day) + {LASTS + 1})::timestamp AT TIME ZONE f.time_zone END
FROM unnest(CAST(:dispatches AS uuid[]), CAST(:notices AS uuid[]), CAST(:acts AS text[]), CAST(:digests AS bytea[]),
            CAST(:staff_id AS uuid[]), CAST(:client_id AS uuid[]), CAST(:partner_id AS uuid[]),
            CAST(:contact AS text[]))
     o (dispatch_id, notice_id, act, digest, staff_id, client_id, partner_id, contact)
JOIN dispatches d ON d.firm_id = :firm AND d.id = o.dispatch_id
JOIN firms f ON f.id = d.firm_id
CROSS JOIN LATERAL (SELECT (gateway_now() AT TIME ZONE f.time_zone)::date AS day) today
CROSS JOIN LATERAL (
    SELECT max(n.expires_on) AS day FROM notices n WHERE n.firm_id = d.firm_id AND n.dispatch_id = d.id) last
WHERE (d.staff_id, d.client_id, d.partner_id, d.contact)
      IS NOT DISTINCT FROM (o.staff_id, o.client_id, o.partner_id, o.contact)
RETURNING id
""")


def find(office: Office, token: str) -> Offered | None:
    """The link in whose address this stands; the same question for whatever it is, so that it takes as long."""
    rows = office.db.look_up("SELECT * FROM find_action(%(proof)s)", {"proof": digest_of(token)})
    return Offered(*rows[0]) if rows else None


def look(office: Office, offered: Offered) -> View:
    """What a press would do, within the walls around the recipient; nothing is locked, and nothing is on record."""
    channel = _channel(office, offered)
    with _acting(office, offered) as acting:
        return _view(acting, offered, channel)


def press(office: Office, offered: Offered, days: int | None = None) -> bool:
    """Do it, as the recipient; whether it had not been done before.

    Args:
        office: where.
        offered: what; it must be open.
        days: of a snooze.

    Raises:
        Conflict: `nothing_left`; and what `doing` says.
        Invalid: `days_not_allowed`.
    """
    channel = _channel(office, offered)
    with _acting(office, offered) as acting:
        if not _claimed(acting, offered):
            return False
        _do(acting, offered, _view(acting, offered, channel), days)
        chosen = {} if days is None else {"days": days}
        new = {"dispatch_id": str(offered.dispatch_id), **chosen}
        told = Change("action_link", offered.link_id, offered.act, new=new)
        audit.record(acting, "link.press", client_id=offered.client_id, changes=[told])
    return True


# ------------------------------------------------------------------------------------------------ pressed


def _acting(office: Office, offered: Offered) -> AbstractContextManager[Acting]:
    return office.acting(offered.firm_id, _actor(offered))


def _actor(offered: Offered) -> Actor:
    """The recipient; of a person the log has the id, and no name."""
    if offered.staff_id:
        return Actor("staff", str(offered.email), offered.staff_id, doing.VIA)
    if offered.client_id:
        return Actor("system", "client", offered.client_id, doing.VIA)
    return Actor("partner", str(offered.partner), None, doing.VIA, offered.partner_id)


def _claimed(acting: Acting, offered: Offered) -> bool:
    """Nobody else does it: all links for the same are used with this one, and whoever comes meanwhile waits here."""
    about = ActionLink.notice_id.is_not_distinct_from(offered.notice_id)
    same = (ActionLink.dispatch_id == offered.dispatch_id, ActionLink.act == offered.act, about)
    used = (
        update(ActionLink)
        .where(*same, ActionLink.used_at.is_(None))
        .values(used_at=clock.now())
        .returning(ActionLink.id)
    )
    return offered.link_id in acting.session.scalars(used, execution_options={"synchronize_session": False}).all()


def _view(acting: Acting, offered: Offered, channel: str) -> View:
    if offered.act == "unsubscribe":
        return View(channel=channel)
    told = [one for one in items(acting.session, offered.dispatch_id) if offered.notice_id in {None, one.notice_id}]
    days = _days(doing.latest(acting, told)) if told and offered.act == "snooze" else ()
    return View(items=told, days=days)


def _channel(office: Office, offered: Offered) -> str:
    """Asked outside the walls, behind which the dispatch may have come to stand since, and ahead of the work.

    Nothing where the dispatch has just gone; with it went the link, so nobody can press any more.
    """
    with office.db.firm(offered.firm_id) as session:
        return session.scalar(select(Dispatch.channel).where(Dispatch.id == offered.dispatch_id)) or ""


def _days(latest: datetime | None) -> Sequence[int]:
    now = clock.now()
    if latest is None or latest <= now:
        return ()
    return [days for days in SNOOZES if now + timedelta(days=days) <= latest] or SNOOZES[:1]


def _do(acting: Acting, offered: Offered, view: View, days: int | None) -> None:
    if offered.act == "unsubscribe":
        doing.opt_out(acting, Whom.of(offered), view.channel)
        return
    if not view.items:
        raise Conflict(
            "nothing_left", "There is nothing left to answer: the papers were renewed, or their people left."
        )
    if offered.act == "acknowledge":
        doing.acknowledge(acting, view.items)
        return
    if days is None or days not in view.days:
        allowed = ", ".join(map(str, view.days)) or "none, for it cannot wait"
        raise Invalid("days_not_allowed", f"So many days may be chosen: {allowed}.")
    doing.snooze(acting, view.items, clock.now() + timedelta(days=days))


# ------------------------------------------------------------------------------------------------ how links go


def purge(handling: Handling) -> None:
    """Delete links a month after they have expired."""
    old = select(ActionLink.id).where(ActionLink.expires_at < clock.now() - KEPT)
    gone, last = 0, _AT_ONCE
    while last == _AT_ONCE:
        with handling.office.db.system() as session:
            last = _delete(session, old.limit(_AT_ONCE).with_for_update(skip_locked=True))
        gone += last
        handling.tell(deleted=gone)


def _erase(acting: Acting, person: Person) -> Share:
    """A person's own, and those of whoever was told of nobody else; while the notices still say of whom."""
    about = select(Notice.dispatch_id).where(Notice.client_id == person.client_id)
    own = select(Notice.id).where(Notice.client_id == person.client_id)
    others = exists().where(
        Notice.firm_id == ActionLink.firm_id,
        Notice.dispatch_id == ActionLink.dispatch_id,
        Notice.client_id != person.client_id,
    )
    theirs = or_(
        ActionLink.client_id == person.client_id,
        ActionLink.notice_id.in_(own),
        ActionLink.dispatch_id.in_(about) & ~others,
    )
    return Share({"action_links": _delete(acting.session, select(ActionLink.id).where(theirs))})


def _delete(session: Session, which: Select[UUID]) -> int:
    gone = delete(ActionLink).where(ActionLink.id.in_(which)).returning(ActionLink.id)
    return len(session.scalars(gone, execution_options={"synchronize_session": False}).all())


ERASERS = (Eraser(("action_links",), _erase),)
