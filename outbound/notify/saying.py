"""How people read a moment, and the way by which somebody is told."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

_BY = {
    "in_app": "under the bell",
    "sms": "by text message",
    "web_push": "by a push to browsers",
}


def by(channel: str) -> str:
    """Such as "under the bell"."""
    return _BY.get(channel, f"by {channel}")


def at(instant: datetime | None, zone: ZoneInfo) -> str:
    """By the clock of a zone, the firm's as a rule; a dash where there is none."""
    return "-" if instant is None else f"{instant.astimezone(zone):%Y-%m-%d %H:%M %Z}"
