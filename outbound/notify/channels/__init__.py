"""The channels, by name: one more is one module and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from outbound.notify.channels.base import Channel
from outbound.notify.channels.chat import CHAT
from outbound.notify.channels.email import EMAIL
from outbound.notify.channels.in_app import IN_APP
from outbound.notify.channels.sms import SMS
from outbound.notify.channels.web_push import WEB_PUSH

CHANNELS: Mapping[str, Channel] = {
    one.name: one
    for one in (
        EMAIL,
        SMS,
        IN_APP,
        WEB_PUSH,
        CHAT,
    )
}
