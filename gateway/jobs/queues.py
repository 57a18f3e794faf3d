"""The queues: who waits for the work in each."""

from __future__ import annotations

from typing import Literal, get_args

# `urgent` and `normal` are waited for, `bulk` is not; `ingest` parses files, in a process of its own; `arrivals` waits
# for partners' servers
Queue = Literal["urgent", "normal", "ingest", "bulk", "arrivals"]
QUEUES: tuple[Queue, ...] = get_args(Queue)
