"""The channels, by name: one more is one module and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from outbound.notify.channels.base import Channel
from outbound.notify.channels.email import EMAIL

CHANNELS: Mapping[str, Channel] = {one.name: one for one in (EMAIL,)}
