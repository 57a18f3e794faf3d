"""What reports bring to the installation: a job makes those that take long, and they go when somebody is erased."""

from __future__ import annotations

from gateway.reports import orders
from gateway.wing import Wing

REPORTING = Wing(kinds=orders.KINDS, erasers=orders.ERASERS)
