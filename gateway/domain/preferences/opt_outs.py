"""Who wants no more of a channel: said by STOP, by a press or to the firm, ended by START or the firm; all is kept."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import Client, OptOut, Partner, Staff
from gateway.domain import audit
from gateway.domain.audit import Change
from gateway.domain.preferences.budgets import refuse_unknown_channel
from gateway.domain.preferences.whom import Somebody, Whom, refuse_unknown
from gateway.errors import NotFound
from gateway.office import Acting

Said = Literal["stop_word", "one_click", "staff", "provider"]
Ended = Literal["start_word", "staff"]


def opt_out(acting: Acting, recipient: Somebody, channel: str, via: str) -> bool:
    """Have somebody sent no more by a channel; whether that is new. Said twice, it stands as it was said first.

    Args:
        acting: who puts it on record: the recipient by a press or a word, or somebody of the firm for them.
        recipient: who.
        channel: of which.
        via: how they said so: `stop_word`, `one_click`, `staff`, `provider`.

    Raises:
        Invalid: `preferences_wrong`, a channel or way that there is not.
        NotFound: the firm has nobody like that, or not for whoever acts.
    """
    refuse_unknown_channel(channel)
    refuse_unknown(via, list(get_args(Said)), "way to opt out")
    whom = _found(acting, recipient)
    values = {"channel": channel, "how": via, "by": acting.actor.name, "at": clock.now(), **whom._asdict()}
    row = insert(OptOut).values(firm_id=acting.firm_id, **values).on_conflict_do_nothing()
    made = acting.session.scalar(row.returning(OptOut.id))
    if made is None:
        return False
    told = Change("opt_out", channel, "created", new={"how": via, **_named(whom)})
    audit.record(acting, "opt_out.add", client_id=whom.client_id, changes=[told])
    return True


def opt_in(acting: Acting, recipient: Somebody, channel: str, via: str) -> bool:
    """Let somebody be sent by a channel again; whether anything stood against it. That it stood is kept.

    Raises:
        Invalid: `preferences_wrong`.
        NotFound: the firm has nobody like that, or not for whoever acts.
    """
    refuse_unknown_channel(channel)
    refuse_unknown(via, list(get_args(Ended)), "way to end an opt-out")
    whom = _found(acting, recipient)
    standing = and_(OptOut.ended_at.is_(None), OptOut.channel == channel, _is(whom))
    row = acting.session.scalar(select(OptOut).where(standing).with_for_update())
    if row is None:
        return False
    row.ended_at, row.ended_how, row.ended_by = clock.now(), via, acting.actor.name
    acting.session.flush()
    told = Change("opt_out", channel, "ended", old={"how": row.how, **_named(whom)}, new={"ended": via})
    audit.record(acting, "opt_out.end", client_id=whom.client_id, changes=[told])
    return True


def look_up(acting: Acting, client_id: UUID) -> Sequence[OptOut]:
    """The same as `history`, for somebody who looks: that is on record."""
    found = history(acting, client_id)
    audit.record(acting, "opt_out.list", client_id=client_id)
    return found


def history(acting: Acting, client_id: UUID) -> Sequence[OptOut]:
    """All of a client, the newest first.

    Raises:
        NotFound: the firm has no such client, or not for whoever acts.
    """
    _found(acting, Whom(client_id=client_id))
    rows = select(OptOut).where(OptOut.client_id == client_id).order_by(OptOut.at.desc(), OptOut.id.desc())
    return acting.session.scalars(rows).all()


def standing(session: Session, recipients: Collection[Somebody]) -> Mapping[tuple[Whom, str], str]:
    """How these said that they want no more, by who and channel: one query, for a session that meets no walls."""
    ids = defaultdict(set)
    for one in map(Whom.of, recipients):
        ids[one.kind].add(one.staff_id or one.client_id or one.partner_id)
    theirs = or_(
        OptOut.staff_id.in_(ids["staff"]), OptOut.client_id.in_(ids["client"]), OptOut.partner_id.in_(ids["contact"])
    )
    rows = session.scalars(select(OptOut).where(OptOut.ended_at.is_(None), theirs))
    return {(Whom.of(one), one.channel): one.how for one in rows}


def by_address(session: Session, channel: str, address: str) -> list[Whom]:
    """Everybody of the session's firm whom a channel reaches at an address; see `by_firm`."""
    return [whom for found in by_firm(session, channel, address).values() for whom in found]


def by_firm(session: Session, channel: str, address: str) -> Mapping[UUID, list[Whom]]:
    """By firm everybody whom a channel reaches at an address, in a session of the system: somebody writes STOP once.

    An address of several contacts of a partner, or of one list of them, stands for each: nobody can tell who wrote.
    """
    found: dict[UUID, list[Whom]] = defaultdict(list)
    for firm_id, whom in _at(session, channel, address.strip()):
        found[firm_id].append(whom)
    return found


def _at(session: Session, channel: str, address: str) -> Iterator[tuple[UUID, Whom]]:
    if channel not in {"email", "sms"} or not address:
        return
    has = _has_email if channel == "email" else _has_phone
    for firm_id, one in session.execute(select(Staff.firm_id, Staff.id).where(has(Staff, address))):
        yield firm_id, Whom(staff_id=one)
    for firm_id, one in session.execute(select(Client.firm_id, Client.id).where(has(Client, address))):
        yield firm_id, Whom(client_id=one)
    if channel == "email":
        yield from _contacts(session, address.lower())


def _has_email(model: type[Staff | Client], address: str) -> ColumnElement[bool]:
    return func.lower(model.email) == address.lower()


def _has_phone(model: type[Staff | Client], number: str) -> ColumnElement[bool]:
    """By its digits, with or without the country code of North America: feeds bring numbers as people write them."""
    digits = re.sub(r"\D", "", number)
    theirs = func.regexp_replace(model.phone, r"\D", "", "g")
    return and_(theirs != "", theirs.in_({digits, digits.removeprefix("1"), f"1{digits}"}))


def _contacts(session: Session, address: str) -> Iterator[tuple[UUID, Whom]]:
    for firm_id, partner_id, contacts in session.execute(select(Partner.firm_id, Partner.id, Partner.contacts)):
        for name, addresses in sorted(contacts.items()):
            if address in (one.lower() for one in addresses):
                yield firm_id, Whom(partner_id=partner_id, contact=name)


def _found(acting: Acting, recipient: Somebody) -> Whom:
    whom = Whom.of(recipient)
    there = {
        "staff": select(Staff.id).where(Staff.id == whom.staff_id),
        "client": select(Client.id).where(Client.id == whom.client_id),
        "contact": select(Partner.id).where(Partner.id == whom.partner_id),
    }
    if acting.session.scalar(there[whom.kind]) is None:
        raise NotFound(whom.kind, str(whom.staff_id or whom.client_id or whom.partner_id))
    return whom


def _is(whom: Whom) -> ColumnElement[bool]:
    return and_(*(getattr(OptOut, name).is_not_distinct_from(value) for name, value in whom._asdict().items()))


def _named(whom: Whom) -> dict[str, object]:
    return {name: str(value) for name, value in whom._asdict().items() if value is not None}
