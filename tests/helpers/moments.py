"""Time that a test moves, for the gateway and its database alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Moment:
    """`GATEWAY_NOW`, as long as a test lasts."""

    def __init__(self, monkeypatch, now: datetime | None = None) -> None:
        self._monkeypatch = monkeypatch
        self.set(now or datetime.now(UTC))  # noqa: TID251 - where pretending begins

    def set(self, now: datetime) -> None:
        self.now = now
        self._monkeypatch.setenv("GATEWAY_NOW", now.isoformat())

    def pass_by(self, **time: float) -> None:
        self.set(self.now + timedelta(**time))
