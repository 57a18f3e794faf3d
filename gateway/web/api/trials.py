"""What a draft of settings would do with the last files of a feed, told before it is put in force."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct, convert

from gateway.errors import NotFound
from gateway.web.api.config_drafts import FieldName, with_findings
from gateway.web.api.partners import Slug
from gateway.web.api.previews import Closing, Difference
from gateway.web.calls import Call, may
from gateway.wings import PARTNER_YAML
from ingest.studio import trials
from ingest.studio.trials import TrialState


class NewTrial(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which feed the files are; needed where files of several have been read."""

    feed: Annotated[FieldName | None, Meta(examples=["roster"])] = None


class ChangedField(Struct, frozen=True):
    """A field that would change in so many known records."""

    record: Annotated[str, Meta(examples=["client"])]
    field: Annotated[str, Meta(examples=["job_title"])]
    records: int


class CameTo(Struct, frozen=True, kw_only=True):
    """What a file comes to by one of the two settings; `loading` rows load, once nothing holds the file.

    `changed` are all fields that would change in known records; of whom it would close and of what would change, told
    one by one, the first 100; secrets masked.
    """

    state: str
    code: str | None
    reason: str | None
    fix: str | None
    feed: str | None
    loading: int
    rows: dict[str, int]
    records: dict[str, dict[str, int]]
    remarks: list[str]
    problem_count: int
    changed: list[ChangedField]
    closing: list[Closing]
    differences: list[Difference]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> CameTo:
        """One side of a file."""
        rows = told["rows"]
        return convert({**told, "loading": rows["read"] - rows["rejected"] - rows["skipped"]}, cls)


class ProblemsOfKind(Struct, frozen=True, kw_only=True):
    """Problems of one kind in one column: how many by the settings in force, and how many by the draft."""

    code: str
    severity: str
    column: str | None
    before: int
    after: int
    first_row: int
    first_sheet: str | None
    fix: str


class TriedFile(Struct, frozen=True, kw_only=True):
    """A file by the settings in force, and by the draft; `gone` says why neither can be told, problems that differ
    most stand first.
    """

    import_id: str
    file: str
    received_at: datetime
    gone: str | None
    before: CameTo | None
    after: CameTo | None
    problems: list[ProblemsOfKind]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> TriedFile:
        """A file as staff see it."""
        before, after = (CameTo.of(told[side]) if told[side] else None for side in ("before", "after"))
        kinds = convert(told["kinds"], list[ProblemsOfKind])
        names = ("import_id", "file", "gone")
        came = datetime.fromisoformat(told["received_at"])
        kept = {name: told[name] for name in names}
        return cls(received_at=came, before=before, after=after, problems=kinds, **kept)


class TrialView(Struct, frozen=True, kw_only=True):
    """How far it is: `failed` has a `reason`, and one `is_old` once the text, the version in force (`in_force` when it
    was made) or a record changed; files are told the newest first.
    """

    state: TrialState
    feed: str
    asked_at: datetime
    made_at: datetime | None
    is_old: bool
    in_force: int | None
    reason: str | None
    progress: dict[str, int]
    files: list[TriedFile]

    @classmethod
    def of(cls, one: trials.Trial) -> TrialView:
        """A trial as staff see it."""
        names = ("state", "feed", "asked_at", "made_at", "is_old", "reason")
        told: dict[str, Any] = {name: getattr(one, name) for name in names}
        files = [TriedFile.of(each) for each in one.files]
        return cls(in_force=one.against, progress=dict(one.progress), files=files, **told)


class TrialQueued(Struct, frozen=True):
    """A trial that a worker makes, and where it will be."""

    status_url: Annotated[str, Meta(examples=["/v1/partners/acme/draft/trial"])]


@post("/", status_code=202, sync_to_thread=True, **may("partners.configure"))
def try_draft(slug: Slug, data: JSONBody[NewTrial], call: NamedDependency[Call]) -> Response[TrialQueued]:
    """Find out what the draft would do with the last three files of a feed, beside what the settings in force do.

    Each is read as it came then, on the records of now; nothing is written. 422 `config_invalid` while something is
    wrong with the draft, `feed_needed`; 409 `no_files`.
    """
    asked(slug, data, call)
    queued = TrialQueued(f"/v1/partners/{slug}/draft/trial")
    return Response(queued, status_code=202, headers={"Location": queued.status_url})


@get("/", sync_to_thread=True, **may("partners.configure"))
def get_draft_trial(slug: Slug, call: NamedDependency[Call]) -> TrialView:
    """Show what the draft would do, as of when it was last asked; who looked goes on record. 404 where nobody asked."""
    with call.acting() as acting:
        found = trials.look(acting, slug)
    if found is None:
        raise NotFound("trial of draft", slug, "Ask for one by POST.")
    return TrialView.of(found)


def asked(slug: str, data: NewTrial, call: Call) -> None:
    """A trial that is asked for; settings that are not right are refused with every finding."""
    with call.acting() as acting:
        with_findings(lambda: trials.ask(acting, slug, data.feed, PARTNER_YAML))


router = Router("/partners/{slug:str}/draft/trial", route_handlers=[try_draft, get_draft_trial], tags=["partners"])
