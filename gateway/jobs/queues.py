"""The queues: who waits for the work in each."""

from __future__ import annotations

from typing import Literal, get_args

# `urgent` and `normal` are waited for, `bulk` is not; `ingest` parses files, in a process of its own; `arrivals` and
# `deliveries` wait for partners' servers, from which they fetch and to which they send; `notices` tells people;
# `models` waits for language models
Queue = Literal["urgent", "normal", "ingest", "bulk", "arrivals", "deliveries", "notices", "models"]
QUEUES: tuple[Queue, ...] = get_args(Queue)
