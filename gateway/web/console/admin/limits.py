"""How often partners may call and send files: what each has used of it, and what holds for each tier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.db.paging import Found
from gateway.domain.access import tiers
from gateway.domain.partners import homes
from gateway.errors import Faulty
from gateway.limits import Counter
from gateway.web.api.limits import PartnerRate, Tier, TierChange, WindowView, tier_view
from gateway.web.calls import Call, may
from gateway.web.console.admin.parts import page
from gateway.web.console.forms import Form, Unfilled, taken, takes_form
from gateway.web.console.page import Desk
from gateway.web.pages import Cursor, page_of, paging

PERMISSION = "limits.manage"
SAID = {"limits_set": "Set. It holds from the partners' next request on."}
SHOWN = 50
NEAR = 0.8  # of what may be used: worth a look
CALLED: Mapping[str, str] = {"minute": "requests a minute", "day": "requests a day", "files": "files an hour"}
ABOUT: Mapping[str, str] = {
    tiers.FILES: "Files that each partner may send, whatever its tier",
    tiers.CEILING: "All partners of the firm together",
}


class Used(NamedTuple):
    """A window of a partner: how much is used, and how that stands: `good`, `warn` near the end, `bad` at it."""

    window: WindowView
    used: int
    standing: str


class Line(NamedTuple):
    """A partner and its windows."""

    rate: PartnerRate
    windows: Sequence[Used]


@get("/admin/limits", sync_to_thread=True, **may(PERMISSION))
def look(
    request: Request[Any, Any, State],
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
    cursor: Cursor = None,
) -> Response[str]:
    """Show what partners may and have used, and what may be set."""
    return _page(request.app.state.counter, call, desk, cursor)


@post("/admin/limits/{tier:str}", sync_to_thread=True, **takes_form(PERMISSION))
def set_tier(
    tier: FromPath[str],
    form: NamedDependency[Form],
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
    request: Request[Any, Any, State],
) -> Response[Any]:
    """Set windows of a tier; a field that was emptied gives one back to what is usual."""
    try:
        change = _changed(tier, form)
    except Faulty as problem:
        filled = {f"{tier}-{name}": text for name, text in form.fields.items()}
        return _page(request.app.state.counter, call, desk, None, filled=filled, errors=problem.faults)
    with call.acting() as acting:
        tiers.change(acting, tier, change.windows)
    return desk.on_to("/admin/limits", "limits_set")


def _changed(tier: str, form: Form) -> TierChange:
    """What is another number than the page showed; nobody's change is undone by a field that was left alone.

    Raises:
        Unfilled: a number that is none, or cannot be; or nothing is other than it was.
    """
    before = form.under("was:")
    wanted = {name: form.fields.get(name, "").strip().replace(",", "") for name in before}
    changed = {name: text for name, text in wanted.items() if text != before[name]}
    faults: dict[str, str] = {}
    for name, text in changed.items():
        try:
            taken({"windows": {name: text or None}}, TierChange, strict=False)
        except Unfilled:
            faults[f"{tier}-{name}"] = "A whole number from 1 to 1,000,000,000 is wanted, or nothing for what is usual."
    if not changed:
        faults = {f"{tier}-{next(iter(before), '')}": "Nothing is other than it was."}
    if faults:
        raise Unfilled("not_filled_in", "Some of this cannot be taken as it is.", faults)
    return taken({"windows": {name: text or None for name, text in changed.items()}}, TierChange, strict=False)


def _page(counter: Counter, call: Call, desk: Desk, cursor: str | None, **told: Any) -> Response[str]:  # noqa: ANN401 - a template's
    with call.acting() as acting:
        found = homes.listed(acting, paging(cursor, SHOWN))
        rates = Found(tiers.rates(acting, counter, found.rows), found.following, found.total)
        shown = page_of(rates, PartnerRate.of, SHOWN)
        following = shown.pagination.next_cursor
        lines = [_line(one) for one in shown.data]
        return page(
            acting,
            desk,
            "admin_limits.html",
            **told,
            lines=lines,
            near=[one for one in lines if any(each.standing != "good" for each in one.windows)],
            following=following and f"/admin/limits?{urlencode({'cursor': following})}",
            is_first=cursor is None,
            tiers=[tier_view(tier, windows) for tier, windows in tiers.listed(acting).items()],
            own=own_of,
            called=CALLED,
            about=ABOUT,
            by_each=not counter.waits,
        )


def own_of(tier: Tier) -> bool:
    """Whether the firm set something of it."""
    return tier.windows != tier.usual


def _line(rate: PartnerRate) -> Line:
    return Line(rate, [_used(one) for one in rate.windows])


def _used(one: WindowView) -> Used:
    used = one.limit - one.remaining
    standing = "bad" if not one.remaining else "warn" if used >= NEAR * one.limit else "good"
    return Used(one, used, standing)


HANDLERS = (look, set_tier)
