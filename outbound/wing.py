"""What sending facts brings to the installation."""

from __future__ import annotations

from gateway.wing import Wing
from outbound import carrying, erasing, triggers
from outbound.deliveries import DELIVERIES

OUTBOUND = Wing(
    kinds=(*carrying.KINDS, *triggers.KINDS, *erasing.KINDS),
    sections=(DELIVERIES,),
    subscriptions=triggers.SUBSCRIPTIONS,
    erasers=erasing.ERASERS,
)
