"""Partners as a firm's staff see them: how fresh each feed is, and which column names it has learned."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, Router, delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath, PathParameter
from msgspec import Meta, Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import LOADED_STATES, FeedRow, HeaderAlias, Import, Partner, PartnerConfig
from gateway.domain.partners import names, versions
from gateway.web.calls import Call, may
from gateway.web.pages import Cursor, Limit, Page, page
from gateway.web.scoping import home_of
from gateway.web.versions import tag
from ingest.feed import Feed
from ingest.reading import feeds_of

Slug = Annotated[str, PathParameter(max_length=63, pattern=r"^[^\x00]*$", description="The partner's short name.")]
FeedName = Annotated[str, PathParameter(max_length=63, pattern=r"^[^\x00]*$", description="Of the partner.")]

_FRESH_STATES = (*LOADED_STATES, "no_change")


class PartnerSummary(Struct, frozen=True, kw_only=True):
    """A partner in a list."""

    partner: Annotated[str, Meta(examples=["acme"])]
    name: Annotated[str, Meta(examples=["ACME Manufacturing, Inc."])]
    time_zone: Annotated[str, Meta(examples=["America/Chicago"])]
    rate_tier: Annotated[str, Meta(examples=["standard"])]
    status: Annotated[str, Meta(examples=["active"])]
    created_at: datetime

    @classmethod
    def of(cls, partner: Partner) -> PartnerSummary:
        """A partner as staff see it."""
        return cls(
            partner=partner.slug,
            name=partner.name,
            time_zone=partner.time_zone,
            rate_tier=partner.rate_tier,
            status=partner.status,
            created_at=partner.created_at,
        )


class LastImport(Struct, frozen=True, kw_only=True):
    """The import of a feed that ended last."""

    import_id: UUID
    state: Annotated[str, Meta(examples=["loaded"])]
    received_at: datetime
    finished_at: datetime | None


class FeedStanding(Struct, frozen=True, kw_only=True):
    """How fresh a feed is.

    Attributes:
        in_force: whether the settings in force have it; otherwise an older version had.
        expected_by: the time of day at which a file is due, on `expected_days`.
        fresh_at: when something was last loaded, or found to be the same as before.
        age_seconds: since then.
    """

    feed: Annotated[str, Meta(examples=["roster"])]
    in_force: bool
    contents: Annotated[str | None, Meta(examples=["full"])]
    expected_by: Annotated[str | None, Meta(examples=["06:00"])]
    expected_days: Annotated[str | None, Meta(examples=["weekdays"])]
    last_import: LastImport | None
    fresh_at: datetime | None
    age_seconds: Annotated[int | None, Meta(examples=[3600])]


class PartnerView(Struct, frozen=True, kw_only=True):
    """A partner, the version of its settings that is in force, and its feeds."""

    partner: PartnerSummary
    contacts: Annotated[dict[str, list[str]], Meta(examples=[{"errors": ["hris@acme.example"], "late": []}])]
    config_version: Annotated[int | None, Meta(examples=[7])]
    feeds: list[FeedStanding]


class LearnedName(Struct, frozen=True, kw_only=True):
    """A column name that somebody accepted for another one."""

    id: UUID
    expected: Annotated[str, Meta(examples=["EMP_ID"])]
    found: Annotated[str, Meta(examples=["Employee Number"])]
    accepted_by: Annotated[str, Meta(examples=["paralegal@northgate.example"])]
    accepted_at: datetime

    @classmethod
    def of(cls, alias: HeaderAlias) -> LearnedName:
        """A learned name as staff see it."""
        return cls(
            id=alias.id,
            expected=alias.expected,
            found=alias.found,
            accepted_by=alias.accepted_by,
            accepted_at=alias.created_at,
        )


@get("/", sync_to_thread=True, **may("partners.read"))
def list_partners(call: NamedDependency[Call], cursor: Cursor = None, limit: Limit = 50) -> Page[PartnerSummary]:
    """List the firm's partners, the newest first."""
    order = (Partner.created_at, Partner.id)
    with call.firm() as session:
        return page(session, select(Partner), order, PartnerSummary.of, cursor=cursor, limit=limit)


@get("/{slug:str}", sync_to_thread=True, **may("partners.read"))
def get_partner(slug: Slug, call: NamedDependency[Call]) -> Response[PartnerView]:
    """Show one partner: its feeds, what last became of each, and how fresh it is.

    The `ETag` is of the settings in force; send it as `If-Match` to change them.
    """
    home = home_of(call, slug)
    with call.firm() as session:
        partner = session.get_one(Partner, (home.firm_id, home.partner_id))
        config = versions.in_force(session, home.partner_id)
        view = PartnerView(
            partner=PartnerSummary.of(partner),
            contacts=partner.contacts,
            config_version=config.version if config else None,
            feeds=_feeds(session, home.partner_id, config),
        )
    return Response(view, headers=tag(view.config_version or 0))


@get("/{slug:str}/feeds/{feed:str}/learned-names", sync_to_thread=True, **may("partners.read"))
def list_learned_names(slug: Slug, feed: FeedName, call: NamedDependency[Call]) -> list[LearnedName]:
    """List the column names that a feed has learned, in the order in which they were accepted."""
    home = home_of(call, slug)
    with call.firm() as session:
        found = names.learned(session, names.feed_of(session, home.partner_id, feed).id)
        return [LearnedName.of(one) for one in found]


@delete("/{slug:str}/feeds/{feed:str}/learned-names/{name_id:uuid}", sync_to_thread=True, **may("partners.configure"))
def forget_learned_name(slug: Slug, feed: FeedName, name_id: FromPath[UUID], call: NamedDependency[Call]) -> None:
    """Forget one: the next file that has this name is held, and a person decides again."""
    home = home_of(call, slug)
    with call.firm() as session:
        names.forget(session, names.feed_of(session, home.partner_id, feed).id, name_id, call.actor)


# ------------------------------------------------------------------------------------------------ helpers


def _feeds(session: Session, partner_id: UUID, config: PartnerConfig | None) -> list[FeedStanding]:
    settings = feeds_of(config) if config else {}
    rows = session.scalars(select(FeedRow).where(FeedRow.partner_id == partner_id).order_by(FeedRow.name)).all()
    return [_standing(session, row, settings.get(row.name)) for row in rows]


def _standing(session: Session, row: FeedRow, feed: Feed | None) -> FeedStanding:
    ended = select(Import).where(Import.feed_id == row.id, Import.finished_at.is_not(None))
    ended = ended.order_by(Import.finished_at.desc(), Import.id.desc()).limit(1)
    last, fresh = session.scalar(ended), session.scalar(ended.where(Import.state.in_(_FRESH_STATES)))
    fresh_at = fresh.finished_at if fresh else None
    expected = feed.expected if feed else None
    return FeedStanding(
        feed=row.name,
        in_force=feed is not None,
        contents=feed.contents if feed else None,
        expected_by=expected.by if expected else None,
        expected_days=expected.days if expected else None,
        last_import=_last(last) if last else None,
        fresh_at=fresh_at,
        age_seconds=int((clock.now() - fresh_at).total_seconds()) if fresh_at else None,
    )


def _last(one: Import) -> LastImport:
    return LastImport(import_id=one.id, state=one.state, received_at=one.received_at, finished_at=one.finished_at)


router = Router(
    "/partners",
    route_handlers=[list_partners, get_partner, list_learned_names, forget_learned_name],
    tags=["partners"],
)
