"""Deliveries: what leaves for partners, every attempt at it, and what people do about those that do not arrive."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from gateway.db.models import ParcelAttempt
from gateway.db.models.deliveries import ParcelState
from gateway.web.calls import Call, may
from gateway.web.instants import instant_of
from gateway.web.pages import Cursor, Limit, Page, page_of, paging
from outbound import desk

_SLUG = {"max_length": 63, "pattern": r"^[^\x00]*$"}

PartnerName = Annotated[str | None, QueryParameter(**_SLUG, description="Of this partner only.")]
DeliveryName = Annotated[str | None, QueryParameter(name="delivery", **_SLUG, description="Of this delivery only.")]
InState = Annotated[ParcelState | None, QueryParameter(name="state", description="In this state only.")]
Slug = Annotated[str, Meta(max_length=63, pattern=r"^[^\x00]*$", examples=["acme"])]
Delivery = Annotated[str, Meta(min_length=1, max_length=63, pattern=r"^[^\x00]*$", examples=["changes"])]
Moment = Annotated[
    str, Meta(max_length=64, examples=["2026-05-01T00:00:00Z"], extra_json_schema={"format": "date-time"})
]


class LineView(Struct, frozen=True, kw_only=True):
    """One delivery of a partner as it stands; nobody is reached since `failing_since`, and `why` says why it is off,
    or why it rests: its host has a name for examples.

    `refused` of those that wait were declined, or could not be made, and are tried again.
    """

    partner: str
    delivery: str
    waiting: int
    refused: int
    oldest_at: datetime | None
    last_sent_at: datetime | None
    next_at: datetime | None
    rests: bool
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_code: str | None
    why: str | None

    @classmethod
    def of(cls, told: desk.LineAccount) -> LineView:
        """A line as it is listed."""
        line = told.line
        return cls(
            partner=told.partner,
            delivery=line.name,
            waiting=told.waiting,
            refused=told.refused,
            oldest_at=told.oldest,
            last_sent_at=told.sent,
            next_at=line.next_at,
            rests=line.rests,
            failing_since=line.failing_since,
            disabled_at=line.disabled_at,
            disabled_code=line.disabled_code,
            why=told.why,
        )


class AttemptView(Struct, frozen=True, kw_only=True):
    """One attempt; `lost` is one of which nobody knows whether it came through, so the next one followed at once.

    `asked_until` is until when the other side asked to be left alone (`Retry-After`).
    """

    number: int
    begun_at: datetime
    outcome: str
    code: str | None
    answer: str | None
    seconds: float | None
    asked_until: datetime | None

    @classmethod
    def of(cls, attempt: ParcelAttempt) -> AttemptView:
        """An attempt as it is on record."""
        return cls(**{name: getattr(attempt, name) for name in cls.__struct_fields__})


class DeliveryView(Struct, frozen=True, kw_only=True):
    """Something that leaves for a partner; its id is the same over all attempts, and what the partner is told it by."""

    id: UUID
    partner: str
    delivery: str
    cause: str
    import_id: UUID | None
    due_at: datetime | None
    state: str
    name: str | None
    media_type: str | None
    size: int | None
    sha256: str | None
    attempts: int
    next_at: datetime | None
    created_at: datetime
    ended_at: datetime | None
    destroyed_at: datetime | None

    @classmethod
    def of(cls, told: desk.ParcelAccount) -> DeliveryView:
        """A parcel as it is listed."""
        own = cls.__struct_fields__[1:3]
        known = {name: getattr(told.parcel, name) for name in cls.__struct_fields__ if name not in own}
        return cls(partner=told.partner, delivery=told.delivery, **known)


class DeliveryDetail(Struct, frozen=True, kw_only=True):
    """The same with all attempts, the first one first."""

    delivery: DeliveryView
    attempts: list[AttemptView]

    @classmethod
    def of(cls, told: desk.ParcelAccount) -> DeliveryDetail:
        """A parcel with what became of it."""
        return cls(delivery=DeliveryView.of(told), attempts=[AttemptView.of(one) for one in told.attempts])


class Which(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A delivery by its name in the partner's settings; staff say whose."""

    delivery: Delivery
    partner: Slug | None = None


class Since(Which, frozen=True, kw_only=True):
    """What of it is sent again: all that was made necessary at this instant or later."""

    since: Moment


class Moved(Struct, frozen=True):
    """How many leave now, in order."""

    deliveries: int


class TrialView(Struct, frozen=True):
    """What became of trying it out: each step that went well, and what was wrong at the one that did not."""

    works: bool
    steps: list[str]
    code: str | None
    problem: str | None


# ------------------------------------------------------------------------------------------------ looking


@get("/", sync_to_thread=True, **may("deliveries.read"))
def list_deliveries(
    call: NamedDependency[Call],
    partner: PartnerName = None,
    named: DeliveryName = None,
    wanted: InState = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[DeliveryView]:
    """List what leaves, the newest first; partners see their own."""
    with call.acting() as acting:
        found = desk.look_through(acting, desk.ParcelFilter(partner, named, wanted), paging(cursor, limit))
        return page_of(found, DeliveryView.of, limit)


@get("/lines", sync_to_thread=True, **may("deliveries.read"))
def list_lines(call: NamedDependency[Call], partner: PartnerName = None) -> list[LineView]:
    """List the deliveries of partners on which anything was ever sent, and how each stands."""
    with call.acting() as acting:
        return [LineView.of(one) for one in desk.lines(acting, partner)]


@get("/{delivery_id:uuid}", sync_to_thread=True, **may("deliveries.read"))
def get_delivery(delivery_id: FromPath[UUID], call: NamedDependency[Call]) -> DeliveryDetail:
    """Show one, with every attempt at it: its outcome, what the other side said, and how long it took."""
    with call.acting() as acting:
        return DeliveryDetail.of(desk.show(acting, delivery_id))


# ------------------------------------------------------------------------------------------------ acting


@post("/{delivery_id:uuid}/replay", sync_to_thread=True, status_code=202, **may("deliveries.send"))
def replay_delivery(delivery_id: FromPath[UUID], call: NamedDependency[Call]) -> DeliveryDetail:
    """Send one again, under the id that it has; 410 once its bytes are destroyed."""
    with call.acting() as acting:
        return DeliveryDetail.of(desk.replay(acting, delivery_id))


@post("/replay", sync_to_thread=True, status_code=202, **may("deliveries.send"))
def replay_deliveries(data: JSONBody[Since], call: NamedDependency[Call]) -> Moved:
    """Send again all of a delivery since an instant, in order, each under the id that it has."""
    since = instant_of(data.since, "since")
    assert since is not None  # noqa: S101 - the body says one
    with call.acting() as acting:
        return Moved(desk.replay_since(acting, data.partner, data.delivery, since))


@post("/resume", sync_to_thread=True, status_code=202, **may("deliveries.send"))
def resume_delivery(data: JSONBody[Which], call: NamedDependency[Call]) -> Moved:
    """Send at once what waits, in order: of a delivery that was disabled, or that waits because nobody was reached."""
    with call.acting() as acting:
        return Moved(desk.resume(acting, data.partner, data.delivery))


@post("/ping", sync_to_thread=True, status_code=200, **may("deliveries.send"))
def ping_delivery(data: JSONBody[Which], call: NamedDependency[Call]) -> TrialView:
    """Try out whether a delivery would arrive, with nothing of anybody in it."""
    told = desk.ping(call.office, call.who.firm_id, call.actor, data.partner, data.delivery)
    return TrialView(told.problem is None, told.steps, told.code, told.problem)


router = Router(
    "/deliveries",
    route_handlers=[
        list_deliveries,
        list_lines,
        get_delivery,
        replay_delivery,
        replay_deliveries,
        resume_delivery,
        ping_delivery,
    ],
    tags=["deliveries"],
)
