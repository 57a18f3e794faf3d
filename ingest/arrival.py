"""An arrival: what its sender said about it, and those of a partner that have not come to their end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select

from gateway.db.models import OPEN_STATES, Import
from gateway.domain.partners.homes import Home

MOST_BYTES = 256 << 20  # of one file, whichever way it comes


@dataclass(frozen=True)
class Asked:
    """What the sender said about a file beyond its bytes."""

    feed: str | None = None
    as_of: datetime | None = None
    forced: bool = False


def open_imports(home: Home) -> Select[UUID]:
    """The partner's arrivals that have not come to their end, in the order in which they came."""
    found = select(Import.id).where(Import.partner_id == home.partner_id, Import.state.in_(OPEN_STATES))
    return found.order_by(Import.received_at, Import.id)  # the files of an archive came when it came
