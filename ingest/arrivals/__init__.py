"""The ways in which a partner's files arrive: one module each, one line in `ARRIVALS` each."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING

from ingest.arrivals import drop, s3, sftp, webhook
from ingest.arrivals.base import ArrivalSpec
from ingest.arrivals.rest.spec import RestArrival

ARRIVALS: tuple[type[ArrivalSpec], ...] = (
    drop.DropArrival,
    sftp.SftpArrival,
    s3.S3Arrival,
    webhook.WebhookArrival,
    RestArrival,
)

if TYPE_CHECKING:
    Arrival = ArrivalSpec
else:
    Arrival = functools.reduce(operator.or_, ARRIVALS)
