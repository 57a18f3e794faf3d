"""The parts of the admin's pages, and the frame that they share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from litestar import Response

from gateway.office import Acting
from gateway.web.console.page import Desk


class Part(NamedTuple):
    """A page that `/admin` leads to, and in a sentence what it is for."""

    label: str
    path: str
    permission: str
    sentence: str


PARTS: Sequence[Part] = (
    Part("Staff", "/admin/staff", "staff.manage", "Who is let in, and what they may do."),
    Part("Credentials", "/admin/credentials", "credentials.manage", "What partners' systems prove themselves by."),
    Part("Ethical walls", "/admin/walls", "walls.manage", "Whom which member of the staff must not see."),
    Part("Limits", "/admin/limits", "limits.manage", "How often partners may call, and how much of that they use."),
    Part("Jobs", "/admin/jobs", "jobs.read", "What the gateway does by itself, and what of it needs a hand."),
    Part("Health", "/admin/health", "health.read", "Whether this installation can do its work, and what to mend."),
    Part("Audit", "/audit", "audit.read", "Who did what, to which record, when and from where."),
)


def page(acting: Acting, desk: Desk, template: str, **told: Any) -> Response[str]:  # noqa: ANN401 - a template's
    """A page of the admin's, with the others beside it, of which everybody is shown what they may see."""
    parts = [one for one in PARTS if desk.may(one.permission)]
    told = {"errors": {}, "filled": {}} | told
    return desk.page(acting, template, parts=parts, status=told.pop("status", 422 if told["errors"] else 200), **told)
