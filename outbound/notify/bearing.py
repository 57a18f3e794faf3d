"""What a channel bears: so many a second, so many a day, and nothing for a while where it fails.

It is kept in the database, so all workers go by the same, and what they have learned outlives them. Nothing is dropped
for it: what finds no room waits.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway.db.models import ChannelState
from gateway.db.session import moment
from gateway.office import Office
from outbound.notify.channels.base import Channel, NotNow

FAILURES = 3  # in a row, after which a channel is left alone
RESTS = (timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=5), timedelta(minutes=15))
AHEAD = timedelta(seconds=5)  # for which a worker is given room at once

_TRIAL = timedelta(seconds=90)  # after which another worker may try, where nothing was heard of the trial
_MOST = 1_000  # characters of a problem that are kept


class Room(NamedTuple):
    """What may be given to a channel now.

    Attributes:
        most: so many.
        gap: between two of them.
        begins: the first not earlier.
        open_from: where there is no room, from when on there is.
        is_ailing: something is held against the channel, of which the next success clears it.
    """

    most: int
    gap: timedelta = timedelta(0)
    begins: datetime | None = None
    open_from: datetime | None = None
    is_ailing: bool = False


def room(office: Office, channel: Channel, firm_id: UUID, wanted: int) -> Room:
    """Take room for so many, or for fewer; what is not used is given back by `give_back`."""
    limits = channel.limits(office)
    with office.db.system() as session:
        state = _state(session, channel.name, firm_id if limits.is_firms else None)
        now = moment(session)
        if state.rests_until is not None:
            found = _trial(state, now)
            state.taken += found.most if limits.a_day is not None else 0
            return found
        most = _of_the_day(state, now, limits.a_day, wanted)
        if not most:
            return Room(0, open_from=datetime.combine(now.astimezone(UTC) + timedelta(days=1), time(), UTC))
        found = _paced(state, now, limits.a_second, most)
        state.taken += found.most if limits.a_day is not None else 0
        return found._replace(is_ailing=state.failures > 0)


def give_back(office: Office, channel: Channel, firm_id: UUID, unused: int) -> None:
    """Let others have what was taken and not used."""
    limits = channel.limits(office)
    if not unused or (limits.a_second is None and limits.a_day is None):
        return
    with office.db.system() as session:
        state = _state(session, channel.name, firm_id if limits.is_firms else None)
        state.taken = max(0, state.taken - unused)
        if limits.a_second and state.paced_until:
            state.paced_until -= unused * timedelta(seconds=1 / limits.a_second)


def works(office: Office, channel: Channel, firm_id: UUID) -> None:
    """The provider answered as agreed: whatever was held against it is forgotten."""
    with office.db.system() as session:
        state = _state(session, channel.name, firm_id if channel.limits(office).is_firms else None)
        state.failures = state.rests = 0
        state.rests_until = state.code = state.problem = None


def fails(office: Office, channel: Channel, firm_id: UUID, problem: NotNow) -> bool:
    """Note a failure that concerns the channel; whether it is left alone from now on.

    It is where its provider asks for it, after some failures in a row, and after a trial that failed.
    """
    with office.db.system() as session:
        state = _state(session, channel.name, firm_id if channel.limits(office).is_firms else None)
        state.failures += 1
        state.code, state.problem = problem.code, problem.sentence[:_MOST]
        if state.rests_until is None and problem.wait is None and state.failures < FAILURES:
            return False
        own = RESTS[min(state.rests, len(RESTS) - 1)]
        state.rests += 1
        state.rests_until = moment(session) + (own if problem.wait is None else problem.wait)
        return True


def _state(session: Session, channel: str, firm_id: UUID | None) -> ChannelState:
    """The row, locked; made where there is none."""
    session.execute(insert(ChannelState).values(firm_id=firm_id, channel=channel).on_conflict_do_nothing())
    found = select(ChannelState).where(
        ChannelState.channel == channel, ChannelState.firm_id.is_not_distinct_from(firm_id)
    )
    return session.scalars(found.with_for_update()).one()


def _trial(state: ChannelState, now: datetime) -> Room:
    """After a rest one is let through, and the others wait for what becomes of it."""
    assert state.rests_until is not None  # noqa: S101 - see above
    if now < state.rests_until:
        return Room(0, open_from=state.rests_until)
    state.rests_until = now + _TRIAL
    return Room(1, is_ailing=True)


def _of_the_day(state: ChannelState, now: datetime, a_day: int | None, wanted: int) -> int:
    today = now.astimezone(UTC).date()
    if state.day != today:
        state.day, state.taken = today, 0
    return wanted if a_day is None else max(0, min(wanted, a_day - state.taken))


def _paced(state: ChannelState, now: datetime, a_second: float | None, most: int) -> Room:
    """As many as leave within the next seconds, one after the other, behind those that were given room before."""
    if not a_second:
        return Room(most)
    gap = timedelta(seconds=1 / a_second)
    begins = max(state.paced_until or now, now)
    number = min(most, 1 + int((now + AHEAD - begins) / gap))
    if number < 1:
        return Room(0, open_from=begins)
    state.paced_until = begins + number * gap
    return Room(number, gap, begins)
