"""Which partner a request is about."""

from __future__ import annotations

from gateway.domain.partners import homes
from gateway.domain.partners.homes import Home
from gateway.web.calls import Call


def home_of(call: Call, slug: str | None) -> Home:
    """The partner that a request is about: its own for a partner, the named one for staff.

    Raises:
        Invalid: `partner_needed`, staff must say which.
        NotFound: there is no such partner in the caller's sight.
    """
    with call.acting() as acting:
        return homes.home_of(acting, slug)
