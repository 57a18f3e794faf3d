"""Settings of partners over HTTP: checked, put in force, compared and taken back; each version stays as it was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter
from msgspec import Meta, Struct, to_builtins

from gateway.config import Finding, PartnerSettings
from gateway.db.models import PartnerConfig
from gateway.domain.partners import homes, versions
from gateway.domain.partners.homes import Home
from gateway.domain.partners.versions import Applied, Difference, Side
from gateway.office import Acting
from gateway.web.api.partners import Slug
from gateway.web.calls import Call, may
from gateway.web.idempotency import once
from gateway.web.pages import Cursor, Limit, Page, page_of, paging
from gateway.web.problems import Rejected
from gateway.web.versions import IfMatch, check_match, tag
from gateway.wings import PARTNER_YAML

MOST_BYTES = 24 << 20  # a source of 1 MB, and a few of the largest tables
MOST_TABLES = 50

LARGE = may("partners.configure", large=True)
Number = Annotated[int, PathParameter(ge=1, le=2_147_483_647, description="Of a version.")]
Reason = Annotated[
    str, Meta(min_length=1, max_length=1_000, pattern=r"^[^\x00]*$", examples=["The new layout comes in June"])
]
Tables = Annotated[dict[str, str], Meta(max_length=MOST_TABLES, examples=[{"sites.csv": "Site,City\nHQ,Chicago\n"}])]


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A partner.yaml, and the CSV tables that its lookups name; without `tables`, those in force are taken."""

    source: Annotated[str, Meta(examples=["partner: acme\nfirm: northgate\n..."])]
    tables: Tables | None = None


class NewSettings(Settings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same, to be put in force, and why."""

    reason: Reason | None = None


class Return(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why an older version is taken again."""

    reason: Reason


class Checked(Struct, frozen=True, kw_only=True):
    """Whether settings could be put in force, and everything that is in the way."""

    valid: bool
    feeds: Annotated[list[str], Meta(examples=[["roster"]])]
    findings: list[Finding]


class ConfigView(Struct, frozen=True, kw_only=True):
    """One version of a partner's settings.

    Attributes:
        reason: why it was put in force, where somebody said so.
        text_of: the number of the older version that was taken again.
    """

    version: Annotated[int, Meta(examples=[7])]
    sha256: str
    applied_by: Annotated[str, Meta(examples=["admin@northgate.example"])]
    applied_at: datetime
    active: bool
    reason: Annotated[str | None, Meta(examples=["The new layout comes in June"])]
    text_of: Annotated[int | None, Meta(examples=[5])]

    @classmethod
    def of(cls, config: PartnerConfig) -> ConfigView:
        """A version as staff see it."""
        return cls(
            version=config.version,
            sha256=config.sha256,
            applied_by=config.applied_by,
            applied_at=config.created_at,
            active=config.active,
            reason=config.reason,
            text_of=config.text_of,
        )


class ConfigText(Struct, frozen=True, kw_only=True):
    """One version, whole."""

    config: ConfigView
    source: str
    tables: dict[str, str]


class DifferenceView(Struct, frozen=True, kw_only=True):
    """How version `after` differs from version `before`; `text` is a unified diff."""

    before: int
    after: int
    text: str
    settings: Annotated[list[str], Meta(examples=[["rate_tier"]])]
    feeds: Annotated[
        list[FeedDifference],
        Meta(examples=[[{"feed": "roster", "change": "changed", "paths": ["client.fields.ssn.type"]}]]),
    ]
    tables: Annotated[dict[str, str], Meta(examples=[{"sites.csv": "changed"}])]


class FeedDifference(Struct, frozen=True):
    """What became of one feed: added, removed, or changed at these keys."""

    feed: str
    change: str
    paths: list[str]


# ------------------------------------------------------------------------------------------------ looking


@get("/", sync_to_thread=True, **may("partners.read"))
def list_configs(
    slug: Slug, call: NamedDependency[Call], cursor: Cursor = None, limit: Limit = 50
) -> Response[Page[ConfigView]]:
    """List the versions of a partner's settings, the newest first; the `ETag` is of the one in force."""
    with call.acting() as acting:
        home = homes.home_of(acting, slug)
        found = page_of(versions.listed(acting, home, paging(cursor, limit)), ConfigView.of, limit)
        return Response(found, headers=tag(_version(versions.in_force(acting, home.partner_id))))


@get("/{number:int}", sync_to_thread=True, **may("partners.read"))
def get_config(slug: Slug, number: Number, call: NamedDependency[Call]) -> Response[ConfigText]:
    """Show one version: its text, and the tables that were applied with it."""
    with call.acting() as acting:
        config = versions.version(acting, homes.home_of(acting, slug), number)
        shown = ConfigText(config=ConfigView.of(config), source=config.source, tables=config.tables)
        return Response(shown, headers=tag(config.version))


@get("/{number:int}/diff/{other:int}", sync_to_thread=True, **may("partners.read"))
def compare_configs(slug: Slug, number: Number, other: Number, call: NamedDependency[Call]) -> DifferenceView:
    """Tell how the second version differs from the first: line by line, and by feed."""
    with call.acting() as acting:
        return compared(acting, homes.home_of(acting, slug), number, other)


def compared(acting: Acting, home: Home, number: int, other: int) -> DifferenceView:
    """How the second of two versions differs from the first."""
    before, after = (Side.of(versions.version(acting, home, one)) for one in (number, other))
    return _difference(number, other, versions.compare(before, after))


@post("/check", sync_to_thread=True, status_code=200, request_max_body_size=MOST_BYTES, **LARGE)
def check_config(slug: Slug, data: JSONBody[Settings], call: NamedDependency[Call]) -> Checked:
    """Say everything that is wrong with settings, each with its line and column; nothing changes."""
    with call.acting() as acting:
        read = _read(acting, homes.home_of(acting, slug), data.source, data.tables)
    return Checked(
        valid=not read.findings, feeds=read.settings.names("feeds") if read.settings else [], findings=read.findings
    )


# ------------------------------------------------------------------------------------------------ changing


@post("/", sync_to_thread=True, status_code=201, request_max_body_size=MOST_BYTES, **LARGE)
def apply_config(
    slug: Slug, data: JSONBody[NewSettings], call: NamedDependency[Call], if_match: IfMatch = None
) -> Response[ConfigView]:
    """Put settings in force as a new version; the same again changes nothing, and is answered with 200.

    422 `config_invalid` with every finding. Send the `ETag` that you saw as `If-Match`, and nobody is overwritten.
    """
    with call.acting() as acting:
        home = homes.home_of(acting, slug)
        read = _read(acting, home, data.source, data.tables)

        def make() -> Response[ConfigView]:
            return _answer(slug, versions.apply(acting, _fit(acting, home, read, if_match), reason=data.reason))

        return once(acting, call, data, make)


@post("/{number:int}/activations", sync_to_thread=True, status_code=201, **may("partners.configure"))
def activate_config(
    slug: Slug, number: Number, data: JSONBody[Return], call: NamedDependency[Call], if_match: IfMatch = None
) -> Response[ConfigView]:
    """Go back to an older version: its text and tables become the newest version, and why is on record."""
    return activated(slug, number, data, call, if_match)


def activated(slug: str, number: int, data: Return, call: Call, if_match: str | None) -> Response[ConfigView]:
    """An older version in force again, once however often it is asked for under one key.

    Raises:
        NotFound: there is no such partner in the caller's sight, or it has no such version.
        Outdated: another version is in force than the caller saw.
        Rejected: 422 `config_invalid`, the older version would not be allowed today.
    """
    with call.acting() as acting:
        home = homes.home_of(acting, slug)
        old = versions.version(acting, home, number)
        read = _read(acting, home, old.source, old.tables)

        def make() -> Response[ConfigView]:
            settings = _fit(acting, home, read, if_match)
            return _answer(slug, versions.go_back(acting, number, data.reason, settings))

        return once(acting, call, data, make)


# ------------------------------------------------------------------------------------------------ helpers


def _read(acting: Acting, home: Home, source: str, tables: Mapping[str, str] | None) -> versions.Checked:
    return versions.checked(acting, home.slug, source, tables, PARTNER_YAML)


def _fit(acting: Acting, home: Home, read: versions.Checked, if_match: str | None) -> PartnerSettings:
    """What can be put in force, unless somebody else has changed it meanwhile."""
    if read.findings or read.settings is None:
        sentence = f"These settings cannot be put in force: {'; '.join(map(str, read.findings[:5]))}"
        raise Rejected(422, "config_invalid", sentence, details=to_builtins(read.findings))
    check_match(if_match, _version(versions.in_force(acting, home.partner_id, for_change=True)))
    return read.settings


def _answer(slug: str, applied: Applied) -> Response[ConfigView]:
    where = {"Location": f"/v1/partners/{slug}/configs/{applied.config.version}"} if applied.is_new else {}
    headers = tag(applied.config.version) | where
    return Response(ConfigView.of(applied.config), status_code=201 if applied.is_new else 200, headers=headers)


def _version(config: PartnerConfig | None) -> int:
    return config.version if config else 0


def _difference(before: int, after: int, found: Difference) -> DifferenceView:
    return DifferenceView(
        before=before,
        after=after,
        text=found.text,
        settings=found.settings,
        feeds=[FeedDifference(*one) for one in found.feeds],
        tables=dict(found.tables),
    )


router = Router(
    "/partners/{slug:str}/configs",
    route_handlers=[list_configs, get_config, compare_configs, check_config, apply_config, activate_config],
    tags=["partners"],
)
