"""Eligibility checks: those that wait for a review, one with what it rests on, what is said of it, two compared."""

from gateway.web.console.eligibility import asking, comparing, listing, one, reviewing
from gateway.web.console.eligibility.listing import ENTRY

__all__ = ["ENTRY", "HANDLERS", "SAID"]

SAID = {**asking.SAID, **reviewing.SAID}
HANDLERS = (*listing.HANDLERS, *comparing.HANDLERS, *one.HANDLERS, *reviewing.HANDLERS, *asking.HANDLERS)
