"""What sending facts brings to the installation."""

from __future__ import annotations

from gateway.wing import Wing
from outbound import carrying, erasing, triggers
from outbound.checking import working
from outbound.deliveries import DELIVERIES
from outbound.notify import erasing as forgetting
from outbound.notify import inbox, news, of_cases, of_rows, planning, sending, watch

_NOTICES = (*planning.KINDS, *sending.KINDS, *forgetting.KINDS, *news.KINDS, *watch.KINDS)

OUTBOUND = Wing(
    kinds=(*carrying.KINDS, *triggers.KINDS, *erasing.KINDS, *working.KINDS, *_NOTICES),
    sections=(DELIVERIES,),
    subscriptions=(*triggers.SUBSCRIPTIONS, *watch.SUBSCRIPTIONS, *of_cases.SUBSCRIPTIONS, *of_rows.SUBSCRIPTIONS),
    erasers=(*erasing.ERASERS, *forgetting.ERASERS, *inbox.ERASERS),
)
