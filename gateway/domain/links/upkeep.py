"""Lets links go that have ended: nobody follows them any more."""

from __future__ import annotations

from gateway.domain.links import actions, links, repairs
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Clockwork, Kind


def purge(handling: Handling) -> None:
    """Delete short links that have led nowhere for long, and those of other kinds that expired a while ago."""
    links.purge(handling)
    actions.purge(handling)
    repairs.purge(handling)


KINDS = (Kind("links.purge", "bulk", purge, clockwork=Clockwork("old links", "35 3 * * *")),)
