"""What of a firm's deliveries waits for a person: lines that are off, and what was refused to the end."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from gateway import clock
from gateway.db.paging import Paging
from gateway.office import Acting
from outbound import desk
from outbound.desk import LineAccount, ParcelAccount, ParcelFilter

MOST = 20  # of what was given up, the newest; who has more looks at the list of deliveries
FRESH = timedelta(days=14)  # so long what was given up is asked about


class Stuck(NamedTuple):
    """What does not leave any more unless somebody says so.

    Attributes:
        off: lines, by partner and name.
        dead: parcels whose bytes are still there, the newest first.
    """

    off: list[LineAccount]
    dead: list[ParcelAccount]

    @property
    def number(self) -> int:
        """Of both together, as far as they are told."""
        return len(self.off) + len(self.dead)


def stuck(acting: Acting) -> Stuck:
    """What of it is in the actor's sight."""
    off = [one for one in desk.lines(acting, None) if one.line.disabled_at]
    dead = desk.look_through(acting, ParcelFilter(state="dead"), Paging(MOST)).rows
    return Stuck(off, [one for one in dead if _is_asked_about(one)])


def send_again(acting: Acting, told: ParcelAccount) -> bool:
    """Send a parcel again that was given up; False where somebody else has seen to it, and nothing is done.

    Raises:
        Gone: as `desk.replay`.
    """
    is_dead = told.parcel.state == "dead"
    if is_dead:
        desk.replay(acting, told.parcel.id)
    return is_dead


def _is_asked_about(told: ParcelAccount) -> bool:
    one = told.parcel
    return one.destroyed_at is None and one.ended_at is not None and one.ended_at > clock.now() - FRESH
