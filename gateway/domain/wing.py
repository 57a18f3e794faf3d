"""What the rules of our business bring to the installation."""

from __future__ import annotations

from gateway.domain.assignment import assigning, queueing
from gateway.domain.assignment import holdings as assigned
from gateway.domain.eligibility import history
from gateway.domain.eligibility import holdings as profiles
from gateway.domain.links import actions
from gateway.domain.links import upkeep as links
from gateway.domain.partners import outbox
from gateway.domain.people import holdings
from gateway.domain.upkeep import housekeeping, strays
from gateway.wing import Wing

DOMAIN = Wing(
    kinds=(*housekeeping.KINDS, *strays.KINDS, *outbox.KINDS, *links.KINDS, *queueing.KINDS, *assigning.KINDS),
    subscriptions=queueing.SUBSCRIPTIONS,
    # links ahead of the notices, which tell whom they are about, and what is known by numbers ahead of these
    erasers=(
        *actions.ERASERS,
        *history.ERASERS,
        *holdings.ERASERS,
        *assigned.ERASERS,
        *profiles.ERASERS,
        *outbox.ERASERS,
    ),
)
