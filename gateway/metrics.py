"""The one list of what is counted; `gateway.tallies` adds it up over processes, `/metrics` tells it.

A label is a word of ours, a partner or a route: never a person, the name of a file, or anything else that came in.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

COUNTED = CollectorRegistry()

REQUESTS = Histogram(
    "gateway_request_seconds",
    "Requests by route, method and status, and how long they took",
    ["route", "method", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=COUNTED,
)
LIMITS = Counter(
    "gateway_limit_decisions",
    "Requests counted against limits; `stand-in` is a process that counts alone because Redis does not answer",
    ["decision", "counted_by"],
    registry=COUNTED,
)
NUDGES = Counter("gateway_job_nudges", "Wakes for workers by what became of them", ["outcome"], registry=COUNTED)
JOBS = Histogram(
    "gateway_job_seconds",
    "Attempts at jobs by kind and outcome, and how long they took",
    ["kind", "outcome"],
    buckets=(0.05, 0.25, 1, 5, 15, 60, 300, 900, 3_600),
    registry=COUNTED,
)
IMPORTS = Counter(
    "gateway_imports", "Imports by partner and the state that they came to", ["partner", "state"], registry=COUNTED
)
ROWS = Counter(
    "gateway_import_rows", "Rows of loaded imports by partner and outcome", ["partner", "outcome"], registry=COUNTED
)
