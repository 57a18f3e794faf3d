"""What a caller may see of a partner's: partners their own alone, staff all of their firm's."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute

from gateway.db.models import Partner
from gateway.domain.partners.homes import Home
from gateway.errors import NotFound
from gateway.web.calls import Call
from gateway.web.problems import Rejected

Row = TypeVar("Row")


def of_caller(call: Call, query: Select[Row], partner_id: InstrumentedAttribute[UUID]) -> Select[Row]:
    """A query narrowed to the caller's partner, where a partner calls."""
    return query.where(partner_id == call.who.partner_id) if call.who.is_partner else query


def home_of(call: Call, slug: str | None) -> Home:
    """The partner that a request is about: its own for a partner, the named one for staff.

    Raises:
        Rejected: 422 `partner_needed`, staff must say which.
        NotFound: there is no such partner in the caller's sight.
    """
    if slug is None and not call.who.is_partner:
        raise Rejected(422, "partner_needed", "Say which partner it is about: `partner`, its short name.")
    with call.firm() as session:
        wanted = of_caller(call, select(Partner), Partner.id)
        found = session.scalar(wanted.where(Partner.slug == slug) if slug else wanted)
        if found is None:
            raise NotFound("partner", slug or call.who.name)
        return Home.of(found)
