"""What a wing of the house brings with it, as values: `gateway.wings` puts those of all together."""

from __future__ import annotations

from typing import Any, NamedTuple

from gateway.config import Section
from gateway.erasing import Eraser
from gateway.jobs.kinds import Kind
from gateway.jobs.subscriptions import Subscription


class Wing(NamedTuple):
    """What a room adds to the installation.

    Attributes:
        kinds: of jobs that it does.
        sections: of partner.yaml that it understands.
        subscriptions: to facts that it acts on.
        erasers: of what it holds about people, in the order in which they may lock.
    """

    kinds: tuple[Kind, ...] = ()
    sections: tuple[Section[Any], ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    erasers: tuple[Eraser, ...] = ()
