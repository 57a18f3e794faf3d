"""Short links: made, listed, disabled and followed, by the staff of a firm and by partners for their own."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy.dialects.postgresql import insert

from gateway import clock
from gateway.db.direct import Direct
from gateway.db.models import Firm, LinkClicks, ShortLink
from gateway.db.paging import Found, Paging, newest
from gateway.domain import audit
from gateway.domain.audit import Change
from gateway.domain.links.targets import PATH, check_alias, check_target
from gateway.errors import Conflict, Invalid, NotFound
from gateway.jobs.handling import Handling
from gateway.office import Acting
from gateway.settings import Settings

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
CHARACTERS = 8  # 47 bits: among a million links a guess meets one in two hundred million times
KEPT = timedelta(days=400)  # a link that leads nowhere any more, and its clicks

_CODE = re.compile("[0-9A-Za-z-]{1,50}")  # nothing else can be one, so nobody asks for it
_TRIES = 8  # for a code that nobody has; the second is hardly ever needed
_FOLLOW = "SELECT * FROM follow_link(%s)"
_AT_ONCE = 1_000  # links a transaction deletes


class Target(NamedTuple):
    """Where a code leads.

    Attributes:
        is_open: it is neither expired nor disabled.
        today: at the firm.
    """

    firm_id: UUID
    link_id: UUID
    target: str
    is_open: bool
    today: date


class Clicked(NamedTuple):
    """How often a link was followed on a day of the firm's, by kind of visitor."""

    day: date
    kinds: Mapping[str, int]


def shorten(acting: Acting, target: str, alias: str | None = None, expires_at: datetime | None = None) -> ShortLink:
    """Make a short link; of a partner, where its program acts.

    Raises:
        Invalid: `target_invalid`, `alias_invalid`, `already_expired`.
        Conflict: `alias_taken`.
    """
    check_target(acting.office.settings, target)
    if expires_at is not None and expires_at <= clock.now():
        raise Invalid("already_expired", f"The link would have ended at {expires_at.isoformat()}, which is past.")
    link = _named(acting, alias, target, expires_at) if alias is not None else _numbered(acting, target, expires_at)
    _note(acting, "link.create", "created", link)
    return link


def address_of(settings: Settings, code: str) -> str:
    """What people are given, to be followed."""
    return f"{settings.reached_at}{PATH}{code}"


def is_live(link: ShortLink) -> bool:
    """Whether it leads on."""
    return link.disabled_at is None and (link.expires_at is None or link.expires_at > clock.now())


def look_through(acting: Acting, paging: Paging) -> Found[ShortLink]:
    """The links in the actor's sight, the newest first."""
    return newest(acting.session, _in_sight(acting), (ShortLink.created_at, ShortLink.id), paging)


def show(acting: Acting, code: str) -> ShortLink:
    """A link in the actor's sight.

    Raises:
        NotFound: there is none.
    """
    wanted = _in_sight(acting).where(ShortLink.code == code)
    found = acting.session.scalar(wanted) if _CODE.fullmatch(code) else None
    if found is None:
        raise NotFound("link", code)
    return found


def clicks(acting: Acting, code: str, days: int) -> list[Clicked]:
    """How often a link was followed on each of the last so many days on which it was, the newest first.

    Raises:
        NotFound: there is no such link in the actor's sight.
    """
    link = show(acting, code)
    zone = acting.session.scalars(select(Firm.time_zone)).one()
    since = clock.day_in(zone, clock.now()) - timedelta(days=days - 1)
    counted = select(LinkClicks).where(LinkClicks.link_id == link.id, LinkClicks.day >= since)
    found: dict[date, dict[str, int]] = {}
    for one in acting.session.scalars(counted.order_by(LinkClicks.day.desc(), LinkClicks.kind)):
        found.setdefault(one.day, {})[one.kind] = one.clicks
    return [Clicked(day, kinds) for day, kinds in found.items()]


def disable(acting: Acting, code: str) -> ShortLink:
    """Let a link lead nowhere from now on; one that was disabled before stays as it is.

    Raises:
        NotFound: there is none in the actor's sight.
    """
    link = show(acting, code)
    if link.disabled_at is None:
        link.disabled_at = clock.now()
        _note(acting, "link.disable", "disabled", link)
    return link


async def follow(direct: Direct, code: str) -> Target | None:
    """Where a code leads, asked from the event loop by whoever has it; None where there is no such link.

    Raises:
        Transient: the database is away.
    """
    rows = await direct.ask(_FOLLOW, [code]) if _CODE.fullmatch(code) else []
    return Target(*rows[0]) if rows else None


def purge(handling: Handling) -> None:
    """Delete links that have led nowhere for long, with their clicks: until then whoever follows one hears so."""
    before, gone, last = clock.now() - KEPT, 0, _AT_ONCE
    ended = select(ShortLink.id).where((ShortLink.expires_at < before) | (ShortLink.disabled_at < before))
    while last == _AT_ONCE:
        with handling.office.db.system() as session:
            chosen = ended.limit(_AT_ONCE).with_for_update(skip_locked=True)
            deleted = delete(ShortLink).where(ShortLink.id.in_(chosen)).returning(ShortLink.id)
            last = len(session.scalars(deleted, execution_options={"synchronize_session": False}).all())
        gone += last
        handling.tell(deleted=gone)


def _in_sight(acting: Acting) -> Select[ShortLink]:
    found = select(ShortLink)
    return found.where(ShortLink.partner_id == acting.actor.partner_id) if acting.actor.kind == "partner" else found


def _named(acting: Acting, alias: str, target: str, expires_at: datetime | None) -> ShortLink:
    check_alias(alias)
    link = _put(acting, alias, target, expires_at)
    if link is None:
        raise Conflict("alias_taken", f"There is a link {alias!r} already; take another alias, or none.")
    return link


def _numbered(acting: Acting, target: str, expires_at: datetime | None) -> ShortLink:
    for _ in range(_TRIES):
        code = "".join(secrets.choice(BASE62) for _ in range(CHARACTERS))
        if link := _put(acting, code, target, expires_at):
            return link
    raise AssertionError(f"{_TRIES} random codes in a row were taken")


def _put(acting: Acting, code: str, target: str, expires_at: datetime | None) -> ShortLink | None:
    """The link; None where the code is somebody's, of whichever firm."""
    row = insert(ShortLink).values(
        firm_id=acting.firm_id,
        code=code,
        target=target,
        partner_id=acting.actor.partner_id,
        created_by=acting.actor.name,
        expires_at=expires_at and min(expires_at, clock.LATEST),
    )
    made = row.on_conflict_do_nothing(index_elements=["code"]).returning(ShortLink)
    return acting.session.scalar(made)


def _note(acting: Acting, action: audit.Action, what: str, link: ShortLink) -> None:
    """Without the target, which may hold what is nobody else's affair."""
    audit.record(acting, action, changes=[Change("short_link", link.id, what, new={"code": link.code})])
