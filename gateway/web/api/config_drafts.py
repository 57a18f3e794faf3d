"""Drafts of partners' settings: what the mapping studio of the console works at, for programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from litestar import Response, Router, delete, get, post, put
from litestar.datastructures import State, UploadFile
from litestar.di import NamedDependency
from litestar.params import JSONBody, MultipartBody
from msgspec import Meta, Struct, to_builtins

from gateway.office import Acting
from gateway.web.api.configs import ConfigView, Reason
from gateway.web.api.draft_views import ColumnsView, DraftSummary, DraftView, PreviewView
from gateway.web.api.partners import Slug
from gateway.web.bulkheads import Bulkhead, name_of
from gateway.web.calls import Call, may
from gateway.web.idempotency import once
from gateway.web.pages import Cursor, Limit, Page, page_of, paging
from gateway.web.problems import Rejected
from gateway.web.versions import IfMatch, expected, tag
from gateway.wings import PARTNER_YAML
from ingest.studio import drafts, editing, taking, working
from ingest.studio import preview as trying

T = TypeVar("T")

MOST_BODY = 4 << 20  # a sample and the form around it; what is a little too large is told in words

MAY = may("partners.configure")
LARGE = may("partners.configure", large=True)
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
FieldName = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$", examples=["client.family_name"])]
TypeName = Annotated[str, Meta(max_length=30, pattern=r"^[^\x00]*$", examples=["date"])]
DateFormat = Annotated[str, Meta(max_length=60, pattern=r"^[^\x00]*$")]
Formats = Annotated[list[DateFormat], Meta(max_length=20, examples=[["%m/%d/%Y"]])]


class NewDraft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who a new partner is; of a partner that there is already, its settings in force are taken."""

    name: Annotated[Name | None, Meta(examples=["Cyberdyne Ltd"])] = None
    time_zone: Annotated[Name | None, Meta(examples=["America/Chicago"])] = None


class DraftText(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A partner.yaml, whatever is wrong with it."""

    source: Annotated[str, Meta(examples=["partner: acme\nfirm: northgate\n..."])]


class ColumnMapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a column of the sample is to become; see `Edit`."""

    column: FieldName
    part: FieldName | None = None
    was: FieldName | None = None
    field: FieldName | None = None
    type: TypeName | None = None
    formats: Formats = []
    required: bool = False


class NewestFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which feed the file is to be; left out, of the draft's own where it has one alone, else of whichever."""

    feed: Annotated[FieldName | None, Meta(examples=["roster"])] = None


class Application(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """With which version in force the draft was compared, 0 where there was none; and why it is put in force."""

    in_force: Annotated[int, Meta(ge=0, le=2_147_483_647, examples=[7])]
    reason: Reason | None = None


@dataclass(frozen=True)
class SampleUpload:
    """A file such as the partner sends, of 2 MB at most."""

    file: UploadFile


# ------------------------------------------------------------------------------------------------ looking


@get("/", sync_to_thread=True, **MAY)
def list_config_drafts(call: NamedDependency[Call], cursor: Cursor = None, limit: Limit = 50) -> Page[DraftSummary]:
    """List the drafts of settings at which the firm works, the newest first."""
    with call.acting() as acting:
        return page_of(drafts.listed(acting, paging(cursor, limit)), DraftSummary.of, limit)


@get("/", sync_to_thread=True, **MAY)
def get_config_draft(slug: Slug, call: NamedDependency[Call]) -> Response[DraftView]:
    """Show a draft; its `ETag` goes into `If-Match` of whatever changes it."""
    with call.acting() as acting:
        return _view(acting, slug)


@get("/columns", sync_to_thread=True, **LARGE)
def get_draft_columns(slug: Slug, call: NamedDependency[Call]) -> ColumnsView:
    """Show the columns of the sample and what each becomes, unsure ones first; who looked goes on record.

    409 `no_sample`; 403 `walled` for whoever is walled off from one of the partner's people.
    """
    with call.acting() as acting:
        found = with_findings(lambda: working.columns(acting, slug))
    return ColumnsView.of(found)


@post("/previews", status_code=200, sync_to_thread=True, **LARGE)
def preview_draft(slug: Slug, call: NamedDependency[Call], state: State) -> PreviewView:
    """Try the draft on its sample: nothing is stored, and who looked goes on record.

    422 `config_invalid` while something is wrong with it; 429 `too_many_at_once`.
    """
    return PreviewView.of(tried(slug, call, state))


# ------------------------------------------------------------------------------------------------ changing


@post("/", status_code=201, sync_to_thread=True, **MAY)
def begin_config_draft(slug: Slug, data: JSONBody[NewDraft], call: NamedDependency[Call]) -> Response[DraftView]:
    """Begin a draft, of a partner or of one that there is not yet; where there is one already, it is shown with 200."""
    with call.acting() as acting:
        is_new = drafts.begin(acting, slug, data.name, data.time_zone, PARTNER_YAML)
        answer = _view(acting, slug)
    answer.status_code = 201 if is_new else 200
    return answer


@put("/source", sync_to_thread=True, **LARGE, request_max_body_size=MOST_BODY)
def put_draft_source(
    slug: Slug, data: JSONBody[DraftText], call: NamedDependency[Call], if_match: IfMatch = None
) -> Response[DraftView]:
    """Keep a text as the draft."""
    with call.acting() as acting:
        drafts.save(acting, slug, data.source, expected(if_match))
        return _view(acting, slug)


@put("/sample", sync_to_thread=True, request_max_body_size=MOST_BODY, **LARGE)
def put_draft_sample(
    slug: Slug, data: MultipartBody[SampleUpload], call: NamedDependency[Call], if_match: IfMatch = None
) -> Response[DraftView]:
    """Keep a file as the sample, encrypted; it goes with the draft, or when a person is erased whom it may name."""
    with call.acting() as acting:
        working.put_sample(acting, slug, sample_in(data.file), expected(if_match))
        return _view(acting, slug)


@post("/sample", status_code=200, sync_to_thread=True, **LARGE)
def take_newest_file(
    slug: Slug, data: JSONBody[NewestFile], call: NamedDependency[Call], if_match: IfMatch = None
) -> Response[DraftView]:
    """Keep the newest file that came from the partner as the sample; who took which goes on record.

    409 `no_files`; 422 `sample_too_large`; 403 `walled` for whoever is walled off from one of the partner's people.
    """
    with call.acting() as acting:
        taking.take_newest(acting, slug, data.feed, expected(if_match))
        return _view(acting, slug)


@put("/columns", sync_to_thread=True, **MAY)
def put_draft_column(
    slug: Slug, data: JSONBody[ColumnMapping], call: NamedDependency[Call], if_match: IfMatch = None
) -> Response[DraftView]:
    """Say what one column becomes; the rest of the text stays, comments among it.

    `was` is the field that it is now, null where it is not stored; `field` the one that it is to be, null for none.
    """
    with call.acting() as acting:
        editing.edit(acting, slug, edit_of(data), expected(if_match))
        return _view(acting, slug)


@post("/proposals", status_code=200, sync_to_thread=True, **LARGE)
def propose_draft(
    slug: Slug, call: NamedDependency[Call], state: State, if_match: IfMatch = None
) -> Response[DraftView]:
    """Infer settings from the sample: they become the draft where it has no feed yet, else they stand beside it.

    422 where no settings can be proposed, with the reason; 429 `too_many_at_once`.
    """
    proposed(slug, call, state, if_match)
    with call.acting() as acting:
        return _view(acting, slug)


@post("/applications", status_code=201, sync_to_thread=True, **MAY)
def apply_draft(
    slug: Slug, data: JSONBody[Application], call: NamedDependency[Call], if_match: IfMatch = None
) -> Response[ConfigView]:
    """Put the draft in force as a new version, and end it; a new partner is added.

    422 `config_invalid` with every finding; 412 where the draft, 409 `in_force_changed` where the version in force is
    no longer the one that was compared.
    """
    with call.acting() as acting:
        return once(acting, call, data, lambda: applied(acting, slug, data, if_match))


@delete("/", sync_to_thread=True, **MAY)
def drop_config_draft(slug: Slug, call: NamedDependency[Call], if_match: IfMatch = None) -> None:
    """Destroy a draft, with its sample."""
    with call.acting() as acting:
        drafts.drop(acting, slug, expected(if_match))


# ------------------------------------------------------------------------------------------------ for every door


def sample_in(file: UploadFile) -> drafts.Sample:
    """What was sent as a sample."""
    file.file.seek(0)
    return drafts.Sample(file.filename or "sample", file.file.read())


def edit_of(data: ColumnMapping) -> editing.Edit:
    """What was asked for of a column."""
    return editing.Edit(data.part, data.column, data.was, data.field, data.type, tuple(data.formats), data.required)


def tried(slug: str, call: Call, state: State) -> trying.Preview:
    """A preview, of which one caller has one made at a time."""
    heavy: Bulkhead = state.heavy
    with heavy.within(name_of(call.who)):
        return with_findings(lambda: working.preview(call.office, call.who.firm_id, call.actor, slug, PARTNER_YAML))


def proposed(slug: str, call: Call, state: State, if_match: str | None) -> None:
    """A proposal, likewise."""
    heavy: Bulkhead = state.heavy
    with heavy.within(name_of(call.who)):
        working.propose(call.office, call.who.firm_id, call.actor, slug, expected(if_match), PARTNER_YAML)


def applied(acting: Acting, slug: str, data: Application, if_match: str | None) -> Response[ConfigView]:
    """A draft put in force."""
    made = with_findings(
        lambda: working.apply(acting, slug, data.in_force, expected(if_match), PARTNER_YAML, data.reason)
    )
    where = {"Location": f"/v1/partners/{slug}/configs/{made.config.version}"} if made.is_new else {}
    headers = tag(made.config.version) | where
    return Response(ConfigView.of(made.config), status_code=201 if made.is_new else 200, headers=headers)


def with_findings(act: Callable[[], T]) -> T:
    """What an act gives; settings that are not right are refused with every finding."""
    try:
        return act()
    except working.NotSound as error:
        raise Rejected(422, error.code, error.sentence, details=to_builtins(error.findings)) from error


# ------------------------------------------------------------------------------------------------ helpers


def _view(acting: Acting, slug: str) -> Response[DraftView]:
    found = working.look(acting, slug, PARTNER_YAML)
    return Response(DraftView.of(found), headers=tag(found.draft.row.version))


router = Router(
    "/partners/{slug:str}/draft",
    route_handlers=[
        get_config_draft,
        get_draft_columns,
        preview_draft,
        begin_config_draft,
        put_draft_source,
        put_draft_sample,
        take_newest_file,
        put_draft_column,
        propose_draft,
        apply_draft,
        drop_config_draft,
    ],
    tags=["partners"],
)
listing = Router("/config-drafts", route_handlers=[list_config_drafts], tags=["partners"])
