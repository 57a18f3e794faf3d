"""How often staff are told: at once, in a daily or weekly digest, or not; the most particular wish counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway.db.models import PACES, NoticePreference, Staff
from gateway.db.models.preferences import Pace
from gateway.domain import audit
from gateway.domain.audit import Change
from gateway.domain.preferences.budgets import refuse_unknown_channel
from gateway.domain.preferences.whom import refuse_unknown, refuse_unknown_type
from gateway.errors import NotFound
from gateway.office import Acting


class Preference(NamedTuple):
    """One wish; `doc_type` None is for all papers that have no row of their own."""

    channel: str
    doc_type: str | None
    pace: Pace


class Paces:
    """The wishes of a firm and some of its staff, looked up: own before the firm's, a type of paper before all."""

    def __init__(self, wishes: Mapping[tuple[UUID | None, str | None, str], Pace]) -> None:
        self._wishes = wishes

    def of(self, staff_id: UUID, doc_type: str | None, channel: str) -> Pace:
        """How often; at once where nobody said anything. What tells of no paper goes by the wish for all."""
        for whose in (staff_id, None):
            for kind in dict.fromkeys((doc_type, None)):
                if found := self._wishes.get((whose, kind, channel)):
                    return found
        return "immediate"


def paces(session: Session, staff: Collection[UUID]) -> Paces:
    """The wishes of the session's firm and of these members of staff, in one query."""
    return next(iter(paces_by_firm(session, staff).values()), Paces({}))


def paces_by_firm(session: Session, staff: Collection[UUID]) -> Mapping[UUID, Paces]:
    """The same for these members of staff of all firms that said anything, in a session of the system."""
    whose = or_(NoticePreference.staff_id.is_(None), NoticePreference.staff_id.in_(staff))
    found: dict[UUID, dict[tuple[UUID | None, str | None, str], Pace]] = defaultdict(dict)
    for one in session.scalars(select(NoticePreference).where(whose)):
        found[one.firm_id][one.staff_id, one.doc_type, one.channel] = cast("Pace", one.pace)
    return {firm_id: Paces(wishes) for firm_id, wishes in found.items()}


def wishes(acting: Acting, staff_id: UUID | None) -> Sequence[Preference]:
    """The rows of a member of staff, or of the firm (None), by channel and type."""
    rows = acting.session.scalars(
        select(NoticePreference)
        .where(_whose(staff_id))
        .order_by(NoticePreference.channel, NoticePreference.doc_type.nulls_first())
    )
    return [Preference(one.channel, one.doc_type, cast("Pace", one.pace)) for one in rows]


def change(acting: Acting, staff_id: UUID | None, channel: str, doc_type: str | None, pace: str | None) -> None:
    """Note a wish of a member of staff, or of the firm (None); without a pace, what is less particular counts again.

    Raises:
        Invalid: `preferences_wrong`, with what is wrong.
        NotFound: the firm has no such member of staff.
    """
    refuse_unknown_channel(channel)
    refuse_unknown_type(doc_type)
    if pace is not None:
        refuse_unknown(pace, list(PACES), "pace")
    find_member(acting, staff_id)
    place = and_(
        _whose(staff_id),
        NoticePreference.channel == channel,
        NoticePreference.doc_type.is_not_distinct_from(doc_type),
    )
    old = acting.session.scalar(select(NoticePreference.pace).where(place))
    _put(acting, place, {"staff_id": staff_id, "channel": channel, "doc_type": doc_type}, pace)
    told = Change(
        "notice_preference",
        staff_id or acting.firm_id,
        "updated",
        old={"channel": channel, "doc_type": doc_type, "pace": old},
        new={"channel": channel, "doc_type": doc_type, "pace": pace},
    )
    audit.record(acting, "preferences.set", changes=[told])


def find_member(acting: Acting, staff_id: UUID | None) -> None:
    """See that the firm has such a member of staff; None is the firm itself.

    Raises:
        NotFound: it has not.
    """
    if staff_id is not None and acting.session.scalar(select(Staff.id).where(Staff.id == staff_id)) is None:
        raise NotFound("member of staff", str(staff_id))


def _whose(staff_id: UUID | None) -> ColumnElement[bool]:
    return NoticePreference.staff_id.is_not_distinct_from(staff_id)


def _put(acting: Acting, place: ColumnElement[bool], key: Mapping[str, object], pace: str | None) -> None:
    if pace is None:
        acting.session.execute(delete(NoticePreference).where(place))
        return
    row = insert(NoticePreference).values(firm_id=acting.firm_id, pace=pace, **key)
    acting.session.execute(row.on_conflict_do_update(constraint="notice_preferences_key", set_={"pace": pace}))
