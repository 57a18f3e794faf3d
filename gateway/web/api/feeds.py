"""The feeds of a firm's partners, day by day: what came, what was held or refused, and what did not come."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Meta, Struct

from gateway.web.calls import Call, may
from gateway.web.texts import NO_NUL
from ingest.days import MOST, Fate, FeedDays, days_of

Days = Annotated[int, QueryParameter(ge=1, le=MOST, description=f"How many, today included; at most {MOST}.")]
OfPartner = Annotated[str | None, QueryParameter(max_length=63, pattern=NO_NUL, description="Of this partner only.")]


class DayView(Struct, frozen=True, kw_only=True):
    """A day of the firm's calendar: what became of the files that came on it, the worst of several.

    `missing`: one was due, and has not come; `none`: none came, and none was due. `rejected`: some rows were, and
    the others loaded.
    """

    day: date
    fate: Fate
    files: int


class FeedDaysView(Struct, frozen=True, kw_only=True):
    """A feed and its days, the oldest first."""

    partner: Annotated[str, Meta(examples=["acme"])]
    feed: Annotated[str, Meta(examples=["roster"])]
    days: list[DayView]

    @classmethod
    def of(cls, one: FeedDays) -> FeedDaysView:
        """A feed as staff see it."""
        days = [DayView(day=each.day, fate=each.fate, files=each.files) for each in one.days]
        return cls(partner=one.partner, feed=one.feed, days=days)


class Calendar(Struct, frozen=True, kw_only=True):
    """By partner and feed."""

    data: list[FeedDaysView]


@get("/days", sync_to_thread=True, **may("partners.read"))
def list_days(call: NamedDependency[Call], days: Days = 14, partner: OfPartner = None) -> Calendar:
    """Tell, for each feed and day, what became of its files, and whether one was due that did not come."""
    with call.acting() as acting:
        return Calendar(data=[FeedDaysView.of(one) for one in days_of(acting, days, partner)])


router = Router("/feeds", route_handlers=[list_days], tags=["partners"])
