"""The one list of what is counted, and the counting: a note in memory that `gateway.tallies` adds to everybody's.

A label is a word of ours, a partner or a route: never a person, the name of a file, or anything else that came in.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import defaultdict
from typing import NamedTuple

Labels = tuple[str, ...]


class Note(NamedTuple):
    """Of what something was counted.

    Attributes:
        part: of a metric that times: the upper bound of a bucket, counted alone, or `sum`; else empty.
    """

    metric: str
    labels: Labels
    part: str = ""


class Counter:
    """Counts."""

    def __init__(self, name: str, describes: str, *labels: str) -> None:
        self.name, self.describes, self.labels = name, describes, labels
        LIST[name] = self

    def add(self, *labels: str, by: float = 1) -> None:
        """Count something under these labels, in the order of the metric's own."""
        _note({Note(self.name, labels): by})


class Timer(Counter):
    """Counts by how long it took; Prometheus calls it a histogram."""

    def __init__(self, name: str, describes: str, *labels: str, bounds: tuple[float, ...]) -> None:
        super().__init__(name, describes, *labels)
        self._bounds = bounds
        self.parts = [*map(str, bounds), "+Inf"]

    def observe(self, seconds: float, *labels: str) -> None:
        """Count something that took so long."""
        part = self.parts[bisect_left(self._bounds, seconds)]
        _note({Note(self.name, labels, part): 1, Note(self.name, labels, "sum"): seconds})


LIST: dict[str, Counter] = {}  # by name, in the order in which they are told
_lock = threading.Lock()
_new: defaultdict[Note, float] = defaultdict(float)


def _note(gained: dict[Note, float]) -> None:
    with _lock:
        for note, value in gained.items():
            _new[note] += value


def take() -> dict[Note, float]:
    """What this process has counted since the last time."""
    with _lock:
        taken = dict(_new)
        _new.clear()
    return taken


def give_back(taken: dict[Note, float]) -> None:
    """Keep for the next time what could not be put anywhere."""
    _note(taken)


REQUESTS = Timer(
    "gateway_request_seconds",
    "Requests by route, method and status, and how long they took",
    "route",
    "method",
    "status",
    bounds=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
LIMITS = Counter(
    "gateway_limit_decisions_total",
    "Requests counted against limits; `stand-in` is a process that counts alone because Redis does not answer",
    "decision",
    "counted_by",
)
NUDGES = Counter("gateway_job_nudges_total", "Wakes for workers by what became of them", "outcome")
JOBS = Timer(
    "gateway_job_seconds",
    "Attempts at jobs by kind and outcome, and how long they took",
    "kind",
    "outcome",
    bounds=(0.05, 0.25, 1, 5, 15, 60, 300, 900, 3_600),
)
IMPORTS = Counter("gateway_imports_total", "Imports by partner and the state that they came to", "partner", "state")
WEBHOOKS = Counter(
    "gateway_webhook_calls_total",
    "Calls to webhooks by partner and what became of them; those that prove nothing are nobody's",
    "partner",
    "outcome",
)
HRIS_CALLS = Counter(
    "gateway_hris_calls_total",
    "Calls to HRIS systems by partner, account and what became of them; `not_now` were not made",
    "partner",
    "account",
    "outcome",
)
ROWS = Counter("gateway_import_rows_total", "Rows of loaded imports by partner and outcome", "partner", "outcome")
NOTICES = Timer(
    "gateway_notice_seconds",
    "Attempts to tell people by channel and outcome, and how long they took",
    "channel",
    "outcome",
    bounds=(0.05, 0.25, 1, 2.5, 10, 30, 60),
)
NOTICE_DELAYS = Timer(
    "gateway_notice_delay_seconds",
    "From when a notice could first leave until its channel had it, by channel and priority",
    "channel",
    "priority",
    bounds=(1, 5, 15, 60, 300, 900, 3_600, 14_400),
)
DELIVERIES = Timer(
    "gateway_delivery_seconds",
    "Attempts to deliver by partner and outcome, and how long they took",
    "partner",
    "outcome",
    bounds=(0.1, 0.5, 1, 2.5, 10, 30, 60, 300),
)
