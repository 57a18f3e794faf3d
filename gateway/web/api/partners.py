"""Partners as a firm's staff see them: how fresh each feed is, and which column names it has learned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, Router, delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath, PathParameter, QueryParameter
from msgspec import Meta, Struct

from gateway import clock
from gateway.db.models import HeaderAlias, Import, Partner
from gateway.domain.partners import homes, names
from gateway.web.calls import Call, may
from gateway.web.pages import Cursor, Limit, Page, page_of, paging
from gateway.web.texts import NO_NUL
from gateway.web.versions import tag
from ingest.freshness import Freshness, PartnerFilter, PartnerFreshness, look_through, standing_of

Slug = Annotated[str, PathParameter(max_length=63, pattern=r"^[^\x00]*$", description="The partner's short name.")]
Named = Annotated[
    str | None,
    QueryParameter(name="name", max_length=100, pattern=NO_NUL, description="A part of the name, or of the short one."),
]
Asking = Annotated[
    bool, QueryParameter(description="Only those of which a feed owes something, or a file waits for a decision.")
]
FeedName = Annotated[str, PathParameter(max_length=63, pattern=r"^[^\x00]*$", description="Of the partner.")]


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

    @classmethod
    def of(cls, one: Import) -> LastImport:
        """An import in short."""
        return cls(import_id=one.id, state=one.state, received_at=one.received_at, finished_at=one.finished_at)


class Owed(Struct, frozen=True, kw_only=True):
    """What a feed owes: a file that is `late` or `missing`, or one that came `empty` or `short`."""

    kind: Annotated[str, Meta(examples=["late"])]
    day: date | None
    since: datetime


class FeedStanding(Struct, frozen=True, kw_only=True):
    """How fresh a feed is.

    Attributes:
        in_force: whether the settings in force have it; otherwise an older version had.
        expected_by: the time of day at which a file is due, on `expected_days`.
        fresh_at: when something was last loaded, or found to be the same as before.
        age_seconds: since then.
        came_at: when its last file came, held ones included; no corrections, which `last_import` may be.
        came_import_id: the import of that file.
        next_at: when the next one is expected.
        owes: what is late, missing, empty or short; until it is made good.
        held: files that wait for a decision.
    """

    feed: Annotated[str, Meta(examples=["roster"])]
    in_force: bool
    contents: Annotated[str | None, Meta(examples=["full"])]
    expected_by: Annotated[str | None, Meta(examples=["06:00"])]
    expected_days: Annotated[str | None, Meta(examples=["weekdays"])]
    last_import: LastImport | None
    fresh_at: datetime | None
    age_seconds: Annotated[int | None, Meta(examples=[3600])]
    came_at: datetime | None
    came_import_id: UUID | None
    next_at: datetime | None
    owes: list[Owed]
    held: int

    @classmethod
    def of(cls, one: Freshness) -> FeedStanding:
        """A feed as staff see it."""
        expected = one.settings.expected if one.settings else None
        return cls(
            feed=one.name,
            in_force=one.settings is not None,
            contents=one.settings.contents if one.settings else None,
            expected_by=expected.by if expected else None,
            expected_days=_days(expected.days) if expected else None,
            last_import=LastImport.of(one.last) if one.last else None,
            fresh_at=one.fresh_at,
            age_seconds=int((clock.now() - one.fresh_at).total_seconds()) if one.fresh_at else None,
            came_at=one.came_at,
            came_import_id=one.came_as,
            next_at=one.next_at,
            owes=[Owed(kind=each.kind, day=each.day, since=each.since) for each in one.owes],
            held=one.held,
        )


def _days(days: str | Sequence[str]) -> str:
    """The days on which a file is due, in a word or several."""
    return days if isinstance(days, str) else ", ".join(days)


class PartnerView(Struct, frozen=True, kw_only=True):
    """A partner, the version of its settings that is in force, and its feeds."""

    partner: PartnerSummary
    contacts: Annotated[dict[str, list[str]], Meta(examples=[{"errors": ["hris@acme.example"], "late": []}])]
    config_version: Annotated[int | None, Meta(examples=[7])]
    feeds: list[FeedStanding]

    @classmethod
    def of(cls, found: PartnerFreshness) -> PartnerView:
        """A partner as staff see it."""
        return cls(
            partner=PartnerSummary.of(found.partner),
            contacts=found.partner.contacts,
            config_version=found.config.version if found.config else None,
            feeds=[FeedStanding.of(one) for one in found.feeds],
        )


class ListedPartner(PartnerSummary, frozen=True, kw_only=True):
    """A partner in the list, with its feeds; `held` are files that wait for a decision."""

    config_version: Annotated[int | None, Meta(examples=[7])]
    held: int
    feeds: list[FeedStanding]

    @classmethod
    def standing(cls, found: PartnerFreshness) -> ListedPartner:
        """A partner as staff see it in the list."""
        summary = PartnerSummary.of(found.partner)
        return cls(
            **{name: getattr(summary, name) for name in PartnerSummary.__struct_fields__},
            config_version=found.config.version if found.config else None,
            held=found.held,
            feeds=[FeedStanding.of(one) for one in found.feeds],
        )


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
def list_partners(
    call: NamedDependency[Call],
    named: Named = None,
    asking: Asking = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ListedPartner]:
    """List the firm's partners, the newest first: how fresh their feeds are, and what is held."""
    with call.acting() as acting:
        found = look_through(acting, PartnerFilter(named, asking), paging(cursor, limit))
        return page_of(found, ListedPartner.standing, limit)


@get("/{slug:str}", sync_to_thread=True, **may("partners.read"))
def get_partner(slug: Slug, call: NamedDependency[Call]) -> Response[PartnerView]:
    """Show one partner: its feeds, what last became of each, and how fresh it is.

    The `ETag` is of the settings in force; send it as `If-Match` to change them.
    """
    with call.acting() as acting:
        view = PartnerView.of(standing_of(acting, slug))
    return Response(view, headers=tag(view.config_version or 0))


@get("/{slug:str}/feeds/{feed:str}/learned-names", sync_to_thread=True, **may("partners.read"))
def list_learned_names(slug: Slug, feed: FeedName, call: NamedDependency[Call]) -> list[LearnedName]:
    """List the column names that a feed has learned, in the order in which they were accepted."""
    with call.acting() as acting:
        return [LearnedName.of(one.alias) for one in names.of_feed(acting, homes.home_of(acting, slug), feed)]


@delete("/{slug:str}/feeds/{feed:str}/learned-names/{name_id:uuid}", sync_to_thread=True, **may("partners.configure"))
def forget_learned_name(slug: Slug, feed: FeedName, name_id: FromPath[UUID], call: NamedDependency[Call]) -> None:
    """Forget one: the next file that has this name is held, and a person decides again."""
    with call.acting() as acting:
        names.forget(acting, homes.home_of(acting, slug), feed, name_id)


router = Router(
    "/partners",
    route_handlers=[list_partners, get_partner, list_learned_names, forget_learned_name],
    tags=["partners"],
)
