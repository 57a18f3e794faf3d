"""Where a draft begins: of a new partner, or of one whose settings are in force; and those that are open."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency

from gateway.errors import Conflict, Faulty, Invalid, NotFound
from gateway.web.api.config_drafts import NewDraft, sample_in
from gateway.web.api.draft_views import DraftSummary
from gateway.web.api.partners import Slug
from gateway.web.calls import Call, may
from gateway.web.console.forms import Form, takes_form
from gateway.web.console.page import Desk
from gateway.web.pages import Cursor, page_of, paging
from gateway.wings import PARTNER_YAML
from ingest.studio import drafts, working

SAID = {"studio-begun": "The draft is begun. Nothing is in force before you say so at its end."}
SHOWN = 20
NEW = "/studio"


@get(NEW, sync_to_thread=True, **may("partners.configure"))
def browse(call: NamedDependency[Call], desk: NamedDependency[Desk], cursor: Cursor = None) -> Response[str]:
    """Ask who a new partner is, and list the drafts that are open."""
    return _list(call, desk, cursor)


@post(NEW, sync_to_thread=True, request_max_body_size=16 << 20, **takes_form("partners.configure", large=True))
def begin_new(form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[Any]:
    """Begin one for a new partner, with a sample."""
    slug, file = form.fields.get("partner", "").strip(), form.files.get("file")
    try:
        asked = form.read(NewDraft)
        with call.acting() as acting:
            drafts.begin(acting, slug, asked.name, asked.time_zone, PARTNER_YAML)
            if file is not None:
                working.put_sample(acting, slug, sample_in(file), None)
    except Faulty as problem:
        return _list(call, desk, filled=form.fields, errors=problem.faults)
    except (Invalid, Conflict, NotFound) as problem:
        where = "file" if problem.code not in {"bad_name", "partner_elsewhere", "not_found"} else "partner"
        return _list(call, desk, filled=form.fields, errors={where: problem.sentence})
    return desk.on_to(f"/partners/{slug}/studio", "studio-begun")


@post("/partners/{slug:str}/studio", sync_to_thread=True, **takes_form("partners.configure"))
def begin(
    slug: Slug,
    form: NamedDependency[Form],  # noqa: ARG001 - it is there to be checked
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Begin one with the settings in force."""
    with call.acting() as acting:
        drafts.begin(acting, slug, None, None, PARTNER_YAML)
    return desk.on_to(f"/partners/{slug}/studio", "studio-begun")


def _list(call: Call, desk: Desk, cursor: str | None = None, **told: Any) -> Response[str]:  # noqa: ANN401 - a template's
    with call.acting() as acting:
        found = page_of(drafts.listed(acting, paging(cursor, SHOWN)), DraftSummary.of, SHOWN)
        after = found.pagination.next_cursor
        told = {"filled": {}} | told
        following = f"{NEW}?cursor={after}" if after else None
        return desk.page(acting, "studio_new.html", found=found.data, following=following, **told)


HANDLERS = (browse, begin_new, begin)
