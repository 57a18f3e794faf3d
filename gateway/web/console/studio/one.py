"""One draft: its sample, what each column becomes, the text, what is wrong, what would come of it, what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from gateway.config import Finding
from gateway.domain.partners import homes
from gateway.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.office import Acting
from gateway.web.api.partners import Slug
from gateway.web.calls import Call, may
from gateway.web.console.page import Desk
from gateway.wings import PARTNER_YAML
from ingest.mapping.types import TYPES
from ingest.studio import taking, trials, working
from ingest.studio.columns import Columns

Open = Annotated[int | None, QueryParameter(name="edit", ge=0, le=20_000, description="The column that is changed.")]
NOTHING: Mapping[str, str] = {}
_TEXT = "partner.yaml"  # as findings call a text; those of a table name its file


class Placed(NamedTuple):
    """What is wrong, the row of the column to which it belongs, if any, and whether it stands in the text."""

    what: Finding
    row: int | None
    is_in_text: bool


@get("/partners/{slug:str}/studio", sync_to_thread=True, **may("partners.configure", large=True))
def look(slug: Slug, call: NamedDependency[Call], desk: NamedDependency[Desk], opened: Open = None) -> Response[str]:
    """Show a draft; of a partner that has none, offer to begin one."""
    with call.acting() as acting:
        return shown(acting, desk, slug, opened=opened)


def shown(
    acting: Acting,
    desk: Desk,
    slug: str,
    *,
    status: int = 200,
    opened: int | None = None,
    errors: Mapping[str, str] = NOTHING,
    **told: object,
) -> Response[str]:
    """The page; what somebody typed and was not kept stands in `told`."""
    try:
        found = working.look(acting, slug, PARTNER_YAML)
    except NotFound:
        home = homes.home_of(acting, slug)
        return desk.page(acting, "studio_begin.html", slug=home.slug)
    columns, why = _columns(acting, slug) if found.draft.row.sample_name else (None, "")
    told = {"typed": None, "preview": None, "filled": {}, "reason": ""} | told
    return desk.page(
        acting,
        "studio.html",
        status=status,
        slug=slug,
        draft=found.draft,
        findings=[_placed(one, columns) for one in found.checked.findings],
        diff=_lines(found.difference.text if found.difference else ""),
        feeds=trials.feeds(acting, slug),
        trial=trials.outlined(acting, slug),
        newest=taking.offer(acting, slug),
        columns=columns,
        why=why,
        opened=opened,
        types=[*TYPES],
        errors=errors,
        **told,
    )


def _columns(acting: Acting, slug: str) -> tuple[Columns | None, str]:
    """The columns of the sample, or why there is none to be shown."""
    try:
        return working.columns(acting, slug), ""
    except (Invalid, Conflict, Forbidden) as problem:
        return None, problem.sentence


def _placed(finding: Finding, columns: Columns | None) -> Placed:
    rows = enumerate(columns.columns if columns else ())
    row = next((n for n, one in rows if any(use.holds(finding.path) for use in one.uses)), None)
    return Placed(finding, row, finding.file == _TEXT)


def _lines(text: str) -> Sequence[tuple[str, Any]]:
    """A unified diff line by line, each with what it is, in words."""
    words = {"+": "added", "-": "removed", "@": "place"}
    return [("head" if n < 2 else words.get(line[:1], "same"), line) for n, line in enumerate(text.splitlines())]  # noqa: PLR2004 - the names of both sides


HANDLERS = (look,)
