"""How often a caller may call: several windows at once, counted atomically, in memory or on Redis for all processes.

A window slides: what counts is the running fixed window and, of the one before, the share that still overlaps. The
estimate is off by a few per cent at most where calls come evenly, and needs two numbers a caller instead of a list.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gateway import clock
from gateway.errors import Transient
from gateway.logging import get_logger
from gateway.metrics import LIMITS

if TYPE_CHECKING:
    from redis import Redis

log = get_logger(__name__)

BUDGET_SECONDS = 0.03  # what a request may wait for Redis
REST_SECONDS = 5.0  # for which a Redis that did not answer in time is left alone
_MOST_CALLERS = 100_000  # kept in memory; the oldest are forgotten first


class Window(NamedTuple):
    """So many calls in so many seconds; `name` tells windows of one caller apart."""

    name: str
    most: int
    seconds: int


class Standing(NamedTuple):
    """How a caller stands to one window after a call.

    Attributes:
        used: calls in the window, the refused ones not among them.
        reset: seconds until the whole window is free again.
    """

    window: Window
    used: float
    reset: float

    @property
    def remaining(self) -> int:
        """Calls that are left."""
        return max(0, int(self.window.most - self.used))


class Decision(NamedTuple):
    """Whether a call may go on, and how its caller stands; the tightest window first."""

    allowed: bool
    standings: list[Standing]

    @property
    def retry_after(self) -> int:
        """Whole seconds after which it is worth trying again."""
        return max((1, *(_wait(one) for one in self.standings if one.used + 1 > one.window.most)))


class Counter(Protocol):
    """Counts calls.

    Attributes:
        waits: whether a call may wait for somebody outside this process.
    """

    waits: bool

    def hit(self, caller: str, windows: Sequence[Window], cost: int = 1) -> Decision:
        """Count a call in all windows, or, where one of them is full, in none."""

    def look(self, caller: str, windows: Sequence[Window]) -> Decision:
        """How a caller stands, without counting."""

    def close(self) -> None:
        """Give up what it holds."""


class InMemory:
    """Counts for one process.

    Args:
        name: by which the figures tell its decisions.
    """

    waits = False

    def __init__(self, name: str = "process") -> None:
        self._name = name
        self._counts: dict[str, tuple[int, int, int]] = {}  # caller and window -> number of the window, count, before
        self._lock = threading.Lock()

    def hit(self, caller: str, windows: Sequence[Window], cost: int = 1) -> Decision:
        """See `Counter`."""
        now = clock.now().timestamp()
        keys = [f"{caller}/{window.name}" for window in windows]
        with self._lock:
            found = [self._found(key, now, window.seconds) for key, window in zip(keys, windows, strict=True)]
            used = [_sliding(*counts, now, window.seconds) for counts, window in zip(found, windows, strict=True)]
            decision = _decided(windows, used, cost, now)
            if decision.allowed and cost:
                for key, window, (count, before) in zip(keys, windows, found, strict=True):
                    self._keep(key, (int(now // window.seconds), count + cost, before))
        return _told(decision, self._name) if cost else decision

    def look(self, caller: str, windows: Sequence[Window]) -> Decision:
        """See `Counter`."""
        return self.hit(caller, windows, cost=0)

    def close(self) -> None:
        """There is nothing to give up."""

    def _found(self, key: str, now: float, seconds: int) -> tuple[int, int]:
        """The counts of the window that runs now, and of the one before."""
        number = int(now // seconds)
        kept, count, before = self._counts.get(key, (number, 0, 0))
        if kept == number:
            return count, before
        return 0, count if kept == number - 1 else 0

    def _keep(self, key: str, counts: tuple[int, int, int]) -> None:
        self._counts.pop(key, None)  # the last one touched is the last one forgotten
        self._counts[key] = counts
        if len(self._counts) > _MOST_CALLERS:
            del self._counts[next(iter(self._counts))]


class OnRedis:
    """Counts for all processes, in one script a call; while Redis is away, each process counts for itself.

    So the worst that a lost Redis does is that a caller gets its limit once a process.
    """

    waits = True

    def __init__(self, url: str) -> None:
        self._redis = _client(url)
        self._away = _client_error()
        self._script = self._redis.register_script(_SCRIPT)
        self._local = InMemory("stand-in")
        self._rests_until = 0.0

    @property
    def is_away(self) -> bool:
        """Whether Redis did not answer lately."""
        return time.monotonic() < self._rests_until

    def hit(self, caller: str, windows: Sequence[Window], cost: int = 1) -> Decision:
        """See `Counter`."""
        if self.is_away:
            return self._local.hit(caller, windows, cost)
        try:
            arguments = [cost, *(value for window in windows for value in (window.most, window.seconds))]
            told = self._script(keys=[f"limit/{caller}/{window.name}" for window in windows], args=arguments)
        except self._away as error:
            self._rests_until = time.monotonic() + REST_SECONDS
            log.warning("limits are counted by each process alone", reason=type(error).__name__)
            return self._local.hit(caller, windows, cost)
        now, used = float(told[0]), [float(value) for value in told[1:]]
        decision = _decided(windows, used, cost, now)
        return _told(decision, "redis") if cost else decision

    def look(self, caller: str, windows: Sequence[Window]) -> Decision:
        """See `Counter`."""
        return self.hit(caller, windows, cost=0)

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()


# All windows are looked at before any is counted, on Redis' own clock; keys live for two windows.
_SCRIPT = """
local cost = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local used, free = {}, true
for i, key in ipairs(KEYS) do
    local most, seconds = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    local number = math.floor(now / seconds)
    local count = tonumber(redis.call('GET', key .. '/' .. number) or 0)
    local before = tonumber(redis.call('GET', key .. '/' .. (number - 1)) or 0)
    used[i] = count + before * (1 - (now / seconds - number))
    if used[i] + cost > most then free = false end
end
if free and cost > 0 then
    for i, key in ipairs(KEYS) do
        local seconds = tonumber(ARGV[2 * i + 1])
        local current = key .. '/' .. math.floor(now / seconds)
        redis.call('INCRBY', current, cost)
        redis.call('EXPIRE', current, 2 * seconds)
    end
end
local told = {tostring(now)}
for i, value in ipairs(used) do told[i + 1] = tostring(value) end
return told
"""


def ping(url: str) -> None:
    """See whether the Redis at this address answers in the time that a request has for it.

    Raises:
        Transient: `redis_away`.
    """
    with _client(url) as client:
        try:
            client.ping()
        except _client_error() as error:
            raise Transient("redis_away", f"Redis does not answer in time ({type(error).__name__}).") from error


def _client(url: str) -> Redis:
    from redis import Redis  # noqa: PLC0415 - takes a tenth of a second, which only they wait who have a Redis

    return Redis.from_url(url, socket_timeout=BUDGET_SECONDS, socket_connect_timeout=BUDGET_SECONDS, retry=None)


def _client_error() -> type[Exception]:
    from redis import RedisError  # noqa: PLC0415 - see `_client`

    return RedisError


def counter_for(url: str | None) -> Counter:
    """What counts in an installation: Redis where the settings name one, else this process."""
    return OnRedis(url) if url else InMemory()


def _sliding(count: int, before: int, now: float, seconds: int) -> float:
    return count + before * (1 - now / seconds % 1)


def _decided(windows: Sequence[Window], used: Sequence[float], cost: int, now: float) -> Decision:
    """`used` is what was used before this call."""
    allowed = all(one + cost <= window.most for window, one in zip(windows, used, strict=True))
    counted = cost if allowed else 0
    standings = [
        Standing(window, one + counted, window.seconds * (1 - now / window.seconds % 1))
        for window, one in zip(windows, used, strict=True)
    ]
    return Decision(allowed, sorted(standings, key=lambda one: one.remaining / one.window.most))


def _wait(standing: Standing) -> int:
    """Until the share of the window before has sunk so far that one call fits, or the next window begins."""
    window = standing.window
    excess = standing.used + 1 - window.most
    return max(1, min(int(standing.reset) + 1, round(window.seconds * excess / max(standing.used, 1)) + 1))


def _told(decision: Decision, counted_by: str) -> Decision:
    LIMITS.add("allowed" if decision.allowed else "refused", counted_by)
    return decision
