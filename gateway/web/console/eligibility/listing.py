"""The list of checks: those that wait for an attorney's word, then all of them, the newest first."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from gateway import clock
from gateway.db.models.eligibility import CHECK_STATES, CheckState
from gateway.db.paging import Paging
from gateway.domain.eligibility import docket
from gateway.domain.people import naming
from gateway.domain.rules.criteria import in_force
from gateway.office import Acting
from gateway.web.api.checks import ToReview
from gateway.web.calls import Call, may
from gateway.web.console.eligibility.lines import CheckLine, line_of
from gateway.web.console.page import Desk, Entry
from gateway.web.pages import Cursor, page_of, paging
from gateway.web.texts import NO_NUL, ByClient

ENTRY = Entry("Eligibility", "/eligibility", "checks.read")
SHOWN = 50
OfVisa = Annotated[str | None, QueryParameter(name="visa", max_length=100, pattern=NO_NUL)]
InState = Annotated[CheckState | Literal[""] | None, QueryParameter(name="state")]  # empty: as a form says "any"


class Asked(NamedTuple):
    """What the address asks for."""

    visa: str | None = None
    state: CheckState | None = None
    client: UUID | None = None
    to_review: bool = False

    def address(self, cursor: str | None) -> str:
        """Where the same goes on."""
        kept = {**self._asdict(), "to_review": "true" if self.to_review else None, "cursor": cursor}
        return f"/eligibility?{urlencode({name: value for name, value in kept.items() if value})}"


@get("/eligibility", sync_to_thread=True, **may(ENTRY.permission))
def browse(
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
    visa: OfVisa = None,
    standing: InState = None,
    client: ByClient = None,
    to_review: ToReview = False,
    cursor: Cursor = None,
) -> Response[str]:
    """List checks, the newest first; those that wait for a review stand above them."""
    with call.acting() as acting:
        return _list(acting, desk, Asked(visa or None, standing or None, client, to_review), cursor)


def _list(acting: Acting, desk: Desk, asked: Asked, cursor: str | None) -> Response[str]:
    wanted = docket.CheckFilter(asked.client, asked.visa, asked.state, asked.to_review)
    page = page_of(docket.listed(acting, wanted, paging(cursor, SHOWN)), line_of, SHOWN)
    is_first = cursor is None and asked == Asked()
    waiting, more_wait = _waiting(acting) if is_first else ([], False)
    following = page.pagination.next_cursor
    return desk.page(
        acting,
        "eligibility.html",
        found=page.data,
        waiting=waiting,
        more_wait=more_wait,
        asked=asked,
        people=naming.names_of(acting, [asked.client, *(one.client_id for one in [*page.data, *waiting])]),
        visas=[(one.id, one.name) for one in in_force(clock.now().date())],
        states=CHECK_STATES,
        following=asked.address(following) if following else None,
    )


def _waiting(acting: Acting) -> tuple[list[CheckLine], bool]:
    """Those that wait, and whether more do than are shown."""
    found = docket.listed(acting, docket.CheckFilter(to_review=True), Paging(SHOWN))
    return [line_of(one) for one in found.rows], found.following is not None


HANDLERS = (browse,)
