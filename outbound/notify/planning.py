"""From notice to dispatch: what waits leaves at once, or in the digest of its recipient's next window.

A notice is planned in the transaction that makes its dispatch, while its row is locked; so it has one, whoever plans
beside it and wherever anybody is killed. One planning at a time is at work, and takes all of a recipient's at once: so
it knows how many messages they would get. What is told of one paper to one recipient at once is one notification with a
dispatch for each channel, the bell in the browser included; more than a handful by one channel are one digest. A digest
of what can wait is one for each recipient, channel and window.

What is urgent waits for no digest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.orm import Session

from gateway.domain.expiry import sweep
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Clockwork, Kind, enqueue
from gateway.office import Office
from outbound.notify.gathering import cancel_empty, gather
from outbound.notify.preferring import Preference, Wanted, preferred
from outbound.notify.sending import wake
from outbound.notify.telling import tell
from outbound.notify.unplanned import FIRST, Recipient, Waiting, some_after, waiting, with_bells
from outbound.notify.windows import Rhythm

_PLANNING = int.from_bytes(b"planning")  # advisory lock: whose turn it is

Prefer = Callable[[Session, Collection[Wanted]], Mapping[Wanted, Preference]]


class Planned(Struct, frozen=True, kw_only=True):
    """What planning did.

    Attributes:
        notices: that have a dispatch now, those of the bell included.
        immediate: dispatches that leave as soon as they may, those that gather many included.
        digests: dispatches that gather until their window; new ones.
        cancelled: dispatches of which nothing is left to tell.
    """

    notices: int = 0
    immediate: int = 0
    digests: int = 0
    cancelled: int = 0


def plan(office: Office, prefer: Prefer = preferred) -> Planned:
    """Give every notice that waits a dispatch, for all firms, some at a time; again changes nothing.

    Args:
        office: of the installation.
        prefer: says how recipients want to be told.
    """
    with office.db.system() as session:
        sweep.cancel(session)
    with office.db.system() as session:
        _take_turn(session)
        planned = Planned(cancelled=cancel_empty(session))
    last: Recipient | None = FIRST
    while last:
        with office.db.system() as session:
            _take_turn(session)
            upto = some_after(session, last)
            if upto:
                planned = _sum(planned, _plan_some(session, waiting(session, last, upto), prefer))
        last = upto
    return planned


def _take_turn(session: Session) -> None:
    """Until it ends: so nobody counts half of a recipient's, or finds a digest empty that is being filled."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PLANNING})


def _plan_some(session: Session, found: Sequence[Waiting], prefer: Prefer) -> Planned:
    """One transaction's share: everything of some recipients."""
    modes = _modes(session, found, prefer)
    rhythms = [(one, _rhythm(one, modes)) for one in found]
    at_once = with_bells(session, [one for one, rhythm in rhythms if rhythm is None])
    wishes = _modes(session, at_once, prefer)
    immediate = tell(session, at_once, lambda one: one.wanted is not None and wishes.get(one.wanted) == "off")
    digests, placed = gather(session, [(one, rhythm) for one, rhythm in rhythms if rhythm is not None])
    for firm_id in sorted({one.firm_id for one in found}):
        wake(session, firm_id)
    return Planned(notices=len(at_once) + placed, immediate=immediate, digests=digests)


def _modes(session: Session, notices: Iterable[Waiting], prefer: Prefer) -> Mapping[Wanted, Preference]:
    return prefer(session, {wanted for one in notices if (wanted := one.wanted)})


def _rhythm(one: Waiting, modes: Mapping[Wanted, Preference]) -> Rhythm | None:
    """Which digest it may wait for; what its recipient wants not at all is for the gate to withhold."""
    if one.wanted is None or one.is_urgent:
        return None
    match modes.get(one.wanted):
        case "daily" | "weekly" as rhythm:
            return rhythm
        case _:
            return None


def _sum(one: Planned, other: Planned) -> Planned:
    return Planned(**{name: getattr(one, name) + getattr(other, name) for name in Planned.__struct_fields__})


# ------------------------------------------------------------------------------------------------ by the clock


def sweep_all(handling: Handling) -> None:
    """Sweep, and leave what was found to planning, in one transaction."""
    with handling.transaction() as session:
        swept = sweep.sweep_in(session)
        handling.tell(due=swept.due, notices=swept.notices, escalated=swept.escalated, cancelled=swept.cancelled)
        enqueue(session, PLAN, {}, firm_id=None)


def plan_all(handling: Handling) -> None:
    """Plan what waits."""
    planned = plan(handling.office)
    handling.tell(notices=planned.notices, digests=planned.digests, cancelled=planned.cancelled)


PLAN = Kind("notices.plan", "normal", plan_all)
SWEEP = Kind("expiry.sweep", "normal", sweep_all, clockwork=Clockwork("sweep of papers", "7 * * * *"))
KINDS = (SWEEP, PLAN)
