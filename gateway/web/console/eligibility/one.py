"""One check: what it came to and for whom, each criterion with the facts that it cites, and what was said of it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.db.paging import Paging
from gateway.domain.eligibility import checks, docket, memos
from gateway.domain.people import naming
from gateway.office import Acting
from gateway.web.api.checks import CheckView
from gateway.web.calls import Call, may
from gateway.web.console.eligibility.lines import line_of, origin
from gateway.web.console.eligibility.reading import backings, finding, readings, shown_first
from gateway.web.console.page import Desk

NOTHING: Mapping[str, str] = {}
OTHERS = 10  # checks of the person that are offered to be compared with


@get("/eligibility/{check_id:uuid}", sync_to_thread=True, **may("checks.read"))
def look(check_id: FromPath[UUID], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Show a check: what it came to first, then each visa with what it rests on and what was said of it."""
    with call.acting() as acting:
        return shown(acting, desk, check_id)


def shown(
    acting: Acting,
    desk: Desk,
    check_id: UUID,
    *,
    status: int = 200,
    tried: str = "",
    filled: Mapping[str, str] = NOTHING,
    errors: Mapping[str, str] = NOTHING,
) -> Response[str]:
    """A check as a page; `tried` is the recommendation whose form could not be taken, `filled` what was in it."""
    seen = checks.view(acting, check_id)
    check = seen.check
    found = readings(acting, seen)
    of_person = docket.listed(acting, docket.CheckFilter(check.client_id), Paging(OTHERS + 1)).rows
    mine = next((line_of(one) for one in of_person if one.check.id == check_id), None)
    others = [line_of(one) for one in of_person if one.check.id != check_id]
    return desk.page(
        acting,
        "eligibility_check.html",
        status=status,
        check=CheckView.seen(seen),
        is_open=seen.progress.is_open,
        name=naming.names_of(acting, [check.client_id]).get(check.client_id, "a client"),
        finding=finding(found),
        found=found,
        shown_first=shown_first,
        waiting=mine.waiting if mine else [],
        origin=origin(check),
        strengths_by=memos.strengths_by(check),
        remarks=list(memos.remarks(check)),
        backings=backings(check),
        newer=next((one for one in others if one.state == "completed" and one.asked_at > check.asked_at), None),
        others=others,
        tried=tried,
        filled=filled,
        errors=errors,
    )


HANDLERS = (look,)
