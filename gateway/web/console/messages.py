"""What people were told: to whom, what, by which channel, how it stands; one with its words, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from gateway import clock
from gateway.db.models import Notice
from gateway.db.models.notifications import DISPATCH_STATES, DispatchState
from gateway.domain.access import accounts
from gateway.domain.expiry.papers import called
from gateway.domain.people import clients
from gateway.errors import Conflict, Missing
from gateway.office import Acting
from gateway.reports.notification_log import STANDS
from gateway.web.api.notices import About, ToClient
from gateway.web.calls import Call, may
from gateway.web.console.clients.looking import name_of
from gateway.web.console.forms import Form, takes_form
from gateway.web.console.page import Desk, Entry
from gateway.web.console.told import readable
from gateway.web.pages import Cursor, page_of, paging
from gateway.web.people import ClientDetails
from outbound.notify import concerning, explaining, showing
from outbound.notify import desk as notices
from outbound.notify.channels import CHANNELS
from outbound.notify.concerning import Person
from outbound.notify.desk import NoticeAccount, NoticeFilter, Records
from outbound.notify.showing import DayOfMessages, MessageWords

ENTRY = Entry("Messages", "/messages", "notices.read")
SAID = {
    "sent_again": "It leaves again now, over the gate.",
    "let_leave": "It leaves now.",
    "cancelled_message": "Cancelled. It does not leave.",
}
SHOWN = 50
DAYS = 14
MOST = 20  # papers, and sentences, that stand on the page of a message at first
NOTHING: Mapping[str, str] = {}
InState = Annotated[DispatchState | Literal[""] | None, QueryParameter(name="state")]  # empty: as a form says "any"
ByChannel = Annotated[str | None, QueryParameter(name="channel", max_length=63, pattern=r"^[^\x00]*$")]
NOT_SENT: Sequence[DispatchState] = ("held", "failed", "dead", "withheld")

# what a state means to whoever looks, and what can be done
MEANS: Mapping[str, str] = {
    "waiting": "It waits to leave.",
    "attempting": "It is being handed over at this moment.",
    "sent": "Its channel took it.",
    "delivered": "It was delivered.",
    "opened": "It was opened.",
    "failed": "It was refused for good. Mend the address or number, then send it again.",
    "unknown": "Nobody knows yet whether it came through; its channel is being asked.",
    "held": "Nobody knows whether it came through. Ask the recipient; then send it, or cancel it.",
    "dead": "It was given up after the last attempt. It can be sent again.",
    "cancelled": "It was cancelled, and does not leave.",
    "withheld": "The gate said no, so it was never sent. Why, stands below.",
}


class Asked(NamedTuple):
    """What the address asks for."""

    state: DispatchState | None = None
    channel: str | None = None
    client_id: UUID | None = None
    about: UUID | None = None

    def query(self, **more: object) -> str:
        """The same in an address, with something else in it."""
        return urlencode({name: value for name, value in (self._asdict() | more).items() if value})


class Row(NamedTuple):
    """A message of the list, the papers of which it tells, and whom it is about."""

    account: NoticeAccount
    papers: Sequence[tuple[Notice, str]]
    people: Sequence[Person]

    @property
    def about(self) -> str:
        """The first paper, as people call it."""
        return called(self.papers[0][1]) if self.papers else ""


@get("/messages", sync_to_thread=True, **may(ENTRY.permission))
def browse(
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
    wanted: InState = None,
    by: ByChannel = None,
    to_client: ToClient = None,
    about: About = None,
    cursor: Cursor = None,
) -> Response[str]:
    """List messages, the newest first."""
    asked = Asked(wanted or None, by or None, to_client, about)
    with call.acting() as acting:
        which = NoticeFilter(asked.state, asked.channel, client_id=asked.client_id, about_id=asked.about)
        found = page_of(notices.look_through(acting, which, paging(cursor, SHOWN)), lambda one: one, SHOWN)
        papers = notices.papers(acting, [one.dispatch.id for one in found.data])
        whom = concerning.people(acting, found.data, papers) if desk.may("clients.read") else {}
        following = found.pagination.next_cursor
        return desk.page(
            acting,
            "messages.html",
            asked=asked,
            rows=[_row(one, papers, whom) for one in found.data],
            plot=_plot(acting),
            states=DISPATCH_STATES,
            not_sent=NOT_SENT,
            channels=list(CHANNELS),
            person=_named(acting, desk, asked.about or asked.client_id),
            following=asked.query(cursor=following) if following else None,
        )


def _row(
    one: NoticeAccount,
    papers: Mapping[UUID, Sequence[tuple[Notice, str]]],
    whom: Mapping[UUID, Sequence[Person]],
) -> Row:
    return Row(one, papers.get(one.dispatch.id, ()), whom.get(one.dispatch.id, ()))


def _named(acting: Acting, desk: Desk, client_id: UUID | None) -> str | None:
    """What the person is called of whom the address speaks, as far as whoever asks may see people.

    Raises:
        NotFound: the firm has no such client.
    """
    if client_id is None or not desk.may("clients.read"):
        return None
    return name_of(ClientDetails.of(clients.view(acting, client_id), acting.cipher))


class Plot(NamedTuple):
    """Columns, as `columns` takes them, and what there is to see: how many there were, and did not arrive."""

    series: Sequence[tuple[str, str]]
    cells: Sequence[tuple[str, Mapping[str, int]]]
    number: int
    lost: int
    undecided: int


def _plot(acting: Acting) -> Plot:
    """The last two weeks, at the firm."""
    today = clock.day_in(accounts.own_firm(acting).time_zone, clock.now())
    found = _by_day(showing.by_day(acting, DAYS))
    days = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
    series = [(word, tone) for word, tone, _ in STANDS]
    totals = Counter[str]()
    for one in found.values():
        totals += one
    cells = [(f"{day:%b} {day.day}", found.get(day, Counter())) for day in days]
    return Plot(series, cells, totals.total(), totals["did not arrive"], totals["for a person to decide"])


def _by_day(counted: Sequence[DayOfMessages]) -> Mapping[date, Counter[str]]:
    words = {state: word for word, _, states in STANDS for state in states}
    found: dict[date, Counter[str]] = {}
    for one in counted:
        found.setdefault(one.day, Counter())[words[one.state]] += one.number
    return found


# ------------------------------------------------------------------------------------------------ one


@get("/messages/{dispatch_id:uuid}", sync_to_thread=True, **may(ENTRY.permission))
def look(dispatch_id: FromPath[UUID], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Show one: how it stands, what can be done, and why it was sent, or was not."""
    with call.acting() as acting:
        return _one(acting, desk, dispatch_id)


def _one(
    acting: Acting,
    desk: Desk,
    dispatch_id: UUID,
    *,
    said: MessageWords | None = None,
    errors: Mapping[str, str] = NOTHING,
    status: int = 200,
) -> Response[str]:
    found = explaining.explain(acting, dispatch_id)
    one = found.records.account.dispatch
    return desk.page(
        acting,
        "message.html",
        status=status,
        account=found.records.account,
        means=MEANS[one.state],
        why=[
            readable(one) for one in found.sentences[:-1]
        ],  # the last says how it stands, with commands that are of no use in a browser
        papers=notices.papers(acting, [dispatch_id]).get(dispatch_id, ()),
        called=called,
        most=MOST,
        acts=notices.possible(one.state),
        has_words=one.said is not None,
        said=said,
        errors=errors,
    )


@post("/messages/{dispatch_id:uuid}/words", status_code=200, sync_to_thread=True, **takes_form(ENTRY.permission))
def show_words(
    dispatch_id: FromPath[UUID],
    form: NamedDependency[Form],  # noqa: ARG001 - that it was sent from a page of ours
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[str]:
    """Show what it said, which is on record."""
    try:
        with call.acting() as acting:
            said = showing.words(acting, dispatch_id)
            return _one(acting, desk, dispatch_id, said=said)
    except Missing as problem:
        if problem.code != "no_words":
            raise
        with call.acting() as acting:
            return _one(acting, desk, dispatch_id, errors={"words": problem.sentence}, status=404)


@post("/messages/{dispatch_id:uuid}/retry", sync_to_thread=True, **takes_form("notices.send"))
def retry(
    dispatch_id: FromPath[UUID],
    form: NamedDependency[Form],  # noqa: ARG001 - as of `show_words`
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Let one leave again that ended."""
    return _done(call, desk, dispatch_id, notices.retry, "sent_again")


@post("/messages/{dispatch_id:uuid}/release", sync_to_thread=True, **takes_form("notices.send"))
def release(
    dispatch_id: FromPath[UUID],
    form: NamedDependency[Form],  # noqa: ARG001 - as of `show_words`
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Let one leave now that waits, or is held."""
    return _done(call, desk, dispatch_id, notices.release, "let_leave")


@post("/messages/{dispatch_id:uuid}/cancel", sync_to_thread=True, **takes_form("notices.send"))
def cancel(
    dispatch_id: FromPath[UUID],
    form: NamedDependency[Form],  # noqa: ARG001 - as of `show_words`
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Have one never leave."""
    return _done(call, desk, dispatch_id, notices.cancel, "cancelled_message")


def _done(
    call: Call, desk: Desk, dispatch_id: UUID, act: Callable[[Acting, UUID], Records], said: str
) -> Response[Any]:
    """Do it; where it has become something else meanwhile, the page says so."""
    try:
        with call.acting() as acting:
            act(acting, dispatch_id)
    except Conflict as problem:
        with call.acting() as acting:
            return _one(acting, desk, dispatch_id, errors={"act": problem.sentence}, status=409)
    return desk.on_to(f"/messages/{dispatch_id}", said)


HANDLERS = (browse, look, show_words, retry, release, cancel)
