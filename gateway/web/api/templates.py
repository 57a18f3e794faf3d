"""The words of messages: the house's, a firm's own versions of them, and what they would say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from litestar import Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from gateway.web.calls import Call, may
from gateway.web.texts import NO_NUL
from outbound.notify.templates import firm, trying
from outbound.notify.templates.firm import Shown, Standing, Version

Source = Annotated[
    str, Meta(min_length=1, max_length=40_000, pattern=NO_NUL, examples=["{{ paper.what }} of {{ paper.initials }}"])
]


class NewText(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text to put in force."""

    source: Source


class Trial(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to try: this text, or the one in force; on what a dispatch tells, or on samples."""

    source: Source | None = None
    dispatch_id: UUID | None = None


class Said(Struct, frozen=True, kw_only=True):
    """What a text says; of samples first where all is known, then where as little is as there can be."""

    said: Sequence[str]


@get("/", sync_to_thread=True, **may("templates.read"))
def list_templates(call: NamedDependency[Call]) -> list[Standing]:
    """List every text of every template, and whether it is the firm's own."""
    with call.acting() as acting:
        return firm.listed(acting)


@get("/{template:str}/{form:str}", sync_to_thread=True, **may("templates.read"))
def get_template(template: FromPath[str], form: FromPath[str], call: NamedDependency[Call]) -> Shown:
    """Show one text (`subject`, `text`, `html` or `short`) as it is in force, and what it may say."""
    with call.acting() as acting:
        return firm.show(acting, template, form)


@put("/{template:str}/{form:str}", sync_to_thread=True, **may("templates.manage"))
def change_template(
    template: FromPath[str], form: FromPath[str], data: JSONBody[NewText], call: NamedDependency[Call]
) -> Shown:
    """Put a text of the firm's own in force; 422 `template_wrong` says what is wrong with it, by lines."""
    with call.acting() as acting:
        return firm.change(acting, template, form, data.source)


@delete("/{template:str}/{form:str}", sync_to_thread=True, status_code=200, **may("templates.manage"))
def reset_template(template: FromPath[str], form: FromPath[str], call: NamedDependency[Call]) -> Shown:
    """Take the house's own text again; the firm's versions stay listed."""
    with call.acting() as acting:
        return firm.reset(acting, template, form)


@get("/{template:str}/{form:str}/versions", sync_to_thread=True, **may("templates.read"))
def list_template_versions(template: FromPath[str], form: FromPath[str], call: NamedDependency[Call]) -> list[Version]:
    """List the firm's versions of a text, the newest first."""
    with call.acting() as acting:
        return firm.versions(acting, template, form)


@post("/{template:str}/{form:str}/versions/{number:int}/activations", sync_to_thread=True, **may("templates.manage"))
def activate_template_version(
    template: FromPath[str], form: FromPath[str], number: FromPath[int], call: NamedDependency[Call]
) -> Shown:
    """Put an older version of a text in force again, as a new one."""
    with call.acting() as acting:
        return firm.back(acting, template, form, number)


@post("/{template:str}/{form:str}/preview", sync_to_thread=True, status_code=200, **may("templates.read"))
def preview_template(
    template: FromPath[str], form: FromPath[str], data: JSONBody[Trial], call: NamedDependency[Call]
) -> Said:
    """Show what a text says, or would say: of samples, or of what a dispatch tells now. Nothing is sent or kept."""
    with call.acting() as acting:
        return Said(said=trying.preview(acting, template, form, source=data.source, dispatch_id=data.dispatch_id))


router = Router(
    "/templates",
    route_handlers=[
        list_templates,
        get_template,
        change_template,
        reset_template,
        list_template_versions,
        activate_template_version,
        preview_template,
    ],
    tags=["templates"],
)
