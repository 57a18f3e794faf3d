"""A model that takes its time, fails now and then, and heeds `Idempotency-Key`: a call that comes again under its key is
told the same as before, when that is ready, and counts once, whatever became of whoever asked first.
"""

from __future__ import annotations

import json
import random
import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from hashlib import sha256

from helpers.model_double import Asked, Handler, Way, raw, reset, saying, status, too_many, truncated

FAULTS = ("too many", "error", "reset", "truncated", "wrong JSON", "not by the schema")
AT_ONCE = {"too many", "error", "reset"}  # the others come after as long as an answer
PRICES = {"openai": (Decimal("1.25"), 10), "anthropic": (2, 10)}  # dollars a million tokens, there and back


@dataclass
class Call:
    """What a key stands for.

    Attributes:
        fault: why there is no answer; None where there is.
        ready: when it is told.
        asked: how often it was asked for, told: how often somebody was there to be told.
        body: a digest of what was asked.
        tokens: there and back, as the provider counts them.
    """

    protocol: str
    fault: str | None
    ready: float
    body: str
    text: str
    tokens: tuple[int, int] = (0, 0)
    asked: int = 0
    told: int = 0
    other_bodies: int = 0

    @property
    def cost(self) -> Decimal:
        there, back = (count * price for count, price in zip(self.tokens, PRICES[self.protocol], strict=True))
        return (Decimal(there + back) / 1_000_000).quantize(Decimal("0.000001"), ROUND_UP)


class Thinker:
    """A way of a double; `calls` by their keys, and how many were asked at the same moment at most."""

    def __init__(self, seconds: float, faults: float, seed: int) -> None:
        self.calls: dict[str, Call] = {}
        self.at_most = 0
        self._seconds, self._faults, self._seed = seconds, faults, seed
        self._in_flight, self._lock = 0, threading.Lock()

    def __call__(self, handler: Handler, asked: Asked) -> None:
        with self._entered(asked) as call:
            if _hangs_up(handler, call.ready):
                return
            self._way(call)(handler, asked)
            call.told += 1

    @contextmanager
    def _entered(self, asked: Asked) -> Iterator[Call]:
        with self._lock:
            call = self._call(asked)
            call.asked += 1
            self._in_flight += 1
            self.at_most = max(self.at_most, self._in_flight)
        try:
            yield call
        finally:
            with self._lock:
                self._in_flight -= 1

    def _call(self, asked: Asked) -> Call:
        key, body = asked.headers["idempotency-key"], sha256(asked.raw).hexdigest()
        if key not in self.calls:
            self.calls[key] = self._thought(asked, body)
        self.calls[key].other_bodies += self.calls[key].body != body
        return self.calls[key]

    def _thought(self, asked: Asked, body: str) -> Call:
        chance = random.Random(f"{self._seed}/{len(self.calls)}")
        fault = chance.choice(FAULTS) if chance.random() < self._faults else None
        ready = time.monotonic() + (0 if fault in AT_ONCE else self._seconds)
        text = "Well, ..." if fault == "not by the schema" else json.dumps({"claims": _claims(asked, chance)})
        is_counted = fault in {None, "not by the schema"}
        tokens = (len(asked.system) + len(asked.user), len(text)) if is_counted else (0, 0)
        return Call(asked.protocol, fault, ready, body, text, tokens)

    def _way(self, call: Call) -> Way:
        ways = {
            "too many": too_many(1),
            "error": status(500),
            "reset": reset,
            "truncated": truncated({"claims": []}),
            "wrong JSON": raw(b'{"choices": ['),
        }
        return saying(call.text) if call.fault is None else ways.get(call.fault, saying(call.text))


def _claims(asked: Asked, chance: random.Random) -> list[dict[str, object]]:
    """Of the facts that are shown, some; so that not all answers are one."""
    known = {one["ref"]: one["facts"] for one in asked.entries}
    claims = [
        {"criterion": "AWARD", "cites": [{"ref": "award.1", "field": "scope", "value": known["award.1"]["scope"]}]},
        {"criterion": "JUDGE", "cites": [{"ref": "judging.1", "field": "times", "value": known["judging.1"]["times"]}]},
    ]
    return [{**one, "visa": "EB1A", "strength": "documented"} for one in chance.sample(claims, chance.randint(1, 2))]


def _hangs_up(handler: Handler, until: float) -> bool:
    """Whether whoever asked goes before the answer is ready."""
    left = until - time.monotonic()
    readable, _, _ = select.select([handler.connection], [], [], max(left, 0))
    return bool(readable)
