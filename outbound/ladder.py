"""What an attempt means: for its parcel, which climbs a ladder, and for its line, which waits or is given up.

A line is one delivery of one partner. Whoever refuses one parcel works, so that parcel alone waits and is dead in the
end; whoever cannot be reached would take none, so the line waits as it is until it failed for five days.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.db.models import DeliveryLine, Parcel

LADDER = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
PATIENCE = timedelta(days=5)  # for which a line may fail before it is disabled
REST = timedelta(hours=1)  # after which settings are looked at again that lead to a name for examples
NOTICES = (50, 90, 100)  # percent of it at which somebody is told

CLOSED, UNREACHABLE, UNSETTLED = "closed", "unreachable", "not_in_settings"  # why a line is disabled


def reached(line: DeliveryLine) -> None:
    """The place works, whatever it said."""
    line.failing_since = line.next_at = None
    line.failures, line.warned, line.rests = 0, 0, False


def rest(line: DeliveryLine, now: datetime) -> None:
    """Nobody can have the place: what waits goes on waiting, and nobody is told that it fails."""
    reached(line)
    line.rests, line.next_at = True, now + REST


def arrived(line: DeliveryLine, parcel: Parcel, now: datetime) -> None:
    """A parcel is where it should be."""
    reached(line)
    _end(parcel, "sent", now)


def declined(line: DeliveryLine, parcel: Parcel, now: datetime) -> None:
    """The place refused a parcel; the line goes on."""
    reached(line)
    failed(parcel, now)


def failed(parcel: Parcel, now: datetime) -> None:
    """A parcel climbs a step, or is dead after the last, and the next one goes."""
    if parcel.steps == len(LADDER):
        _end(parcel, "dead", now)
    else:
        parcel.next_at = now + LADDER[parcel.steps]
        parcel.steps += 1


def unreachable(line: DeliveryLine, now: datetime, asked: timedelta = timedelta(0)) -> int | None:
    """Nobody answered: the line waits. The percentage of which notice must be given now, if any; at 100 it is disabled.

    The last step repeats, but no longer than to the end of our patience: then there is one more attempt.

    Args:
        line: which.
        now: when the attempt ended.
        asked: for how long the other side wants to be left alone, which counts where it is longer than the step.
    """
    line.failing_since, line.rests = line.failing_since or now, False
    wait = max(LADDER[min(line.failures, len(LADDER) - 1)], asked)
    line.failures += 1
    line.next_at = min(now + wait, max(now, line.failing_since + PATIENCE))
    share = (now - line.failing_since) / PATIENCE * 100
    due = max((one for one in NOTICES if one <= share), default=0)
    if due == NOTICES[-1]:
        disable(line, UNREACHABLE, now)
    if due <= line.warned:
        return None
    line.warned = due
    return due


def disable(line: DeliveryLine, code: str, now: datetime) -> None:
    """Send nothing more on a line until somebody resumes it."""
    line.disabled_at, line.disabled_code, line.rests = now, code, False


def resume(line: DeliveryLine) -> None:
    """Send what waits, at once."""
    reached(line)
    line.disabled_at = line.disabled_code = None


def begin_anew(parcel: Parcel) -> None:
    """A parcel waits at the foot of the ladder, under the id that it has."""
    parcel.state, parcel.steps, parcel.next_at, parcel.ended_at = "waiting", 0, None, None


def _end(parcel: Parcel, state: str, now: datetime) -> None:
    parcel.state, parcel.next_at, parcel.ended_at = state, None, now
