"""What the rules of our business bring to the installation."""

from __future__ import annotations

from gateway.domain.partners import outbox
from gateway.domain.people import holdings
from gateway.domain.upkeep import housekeeping, strays
from gateway.wing import Wing

DOMAIN = Wing(
    kinds=(*housekeeping.KINDS, *strays.KINDS, *outbox.KINDS),
    erasers=(*holdings.ERASERS, *outbox.ERASERS),
)
