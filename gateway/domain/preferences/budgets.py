"""How many messages a day a channel may send one recipient: the rule's number, or a firm's own."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple, get_args

from msgspec import Meta
from sqlalchemy import and_, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import Firm, NoticeBudget
from gateway.domain import audit, rules
from gateway.domain.audit import Change
from gateway.domain.preferences.whom import Kind, refuse_unknown
from gateway.domain.rules.dated import Rules, Version, on, rules_of
from gateway.errors import Invalid
from gateway.office import Acting

MOST = 10_000  # a day; more is no limit
ADay = Annotated[int, Meta(ge=1, le=MOST)]


class Budget(Version, frozen=True, kw_only=True):
    """So many messages a day, by kind of recipient; None is no limit."""

    staff: ADay | None
    client: ADay | None
    contact: ADay | None


class Allowance(NamedTuple):
    """What one kind of recipient may be sent a day by a channel; `own`, or as the rule has it."""

    channel: str
    kind: Kind
    a_day: int | None
    own: bool


@functools.cache
def _rules() -> Mapping[str, Sequence[Budget]]:
    return rules_of(Path(rules.__file__).parent / "budgets.yaml", Rules[Budget])


def channels() -> list[str]:
    """Every word for a channel."""
    return list(_rules())


def refuse_unknown_channel(channel: str) -> None:
    """Refuse a channel that there is not.

    Raises:
        Invalid: `preferences_wrong`.
    """
    refuse_unknown(channel, channels(), "channel")


def allowances(session: Session) -> Mapping[tuple[str, Kind], Allowance]:
    """Of the session's firm, for each channel and kind of recipient."""
    own = {(one.channel, one.kind): one.a_day for one in session.scalars(select(NoticeBudget))}
    today = clock.day_in(session.scalars(select(Firm.time_zone)).one(), clock.now())
    found: dict[tuple[str, Kind], Allowance] = {}
    for channel, versions in _rules().items():
        rule = on(versions, today)
        for kind in get_args(Kind):
            place = (channel, kind)
            found[place] = Allowance(*place, own.get(place, getattr(rule, kind, None)), place in own)
    return found


def change(acting: Acting, channel: str, kind: str, a_day: int | None, *, follow_rule: bool = False) -> None:
    """Give the firm a number of its own, None for no limit; or have it follow the rule again.

    Raises:
        Invalid: `preferences_wrong`, with what is wrong.
    """
    refuse_unknown_channel(channel)
    refuse_unknown(kind, list(get_args(Kind)), "kind of recipient")
    if a_day is not None and not 1 <= a_day <= MOST:
        raise Invalid("preferences_wrong", f"Give 1 to {MOST} messages a day, or none for no limit.")
    place = and_(NoticeBudget.channel == channel, NoticeBudget.kind == kind)
    before = acting.session.execute(select(NoticeBudget.a_day).where(place)).one_or_none()
    if follow_rule:
        acting.session.execute(delete(NoticeBudget).where(place))
    else:
        row = insert(NoticeBudget).values(firm_id=acting.firm_id, channel=channel, kind=kind, a_day=a_day)
        acting.session.execute(row.on_conflict_do_update(constraint="notice_budgets_pkey", set_={"a_day": a_day}))
    old = {"a_day": before.a_day} if before else None
    new = None if follow_rule else {"a_day": a_day}
    told = Change("notice_budget", f"{channel}/{kind}", "updated", old=old, new=new)
    audit.record(acting, "budget.set", changes=[told])
