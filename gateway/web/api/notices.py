"""Notices: what people are told one by one, every attempt and every word of the gate, and what is done about them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from gateway.db.models import DispatchAttempt, GateDecision, Notice
from gateway.db.models.notifications import DispatchState
from gateway.web.calls import Call, may
from gateway.web.pages import Cursor, Limit, Page, page_of, paging
from outbound.notify import desk, explaining, showing
from outbound.notify.showing import DayOfMessages, MessageWords

_WORD = {"max_length": 63, "pattern": r"^[^\x00]*$"}

InState = Annotated[DispatchState | None, QueryParameter(name="state", description="In this state only.")]
ByChannel = Annotated[str | None, QueryParameter(name="channel", **_WORD, description="By this channel only.")]
OfKind = Annotated[str | None, QueryParameter(name="kind", **_WORD, description="Such as expiry, digest or service.")]
ToStaff = Annotated[UUID | None, QueryParameter(name="staff_id", description="To this member of staff only.")]
ToClient = Annotated[UUID | None, QueryParameter(name="client_id", description="To this client only.")]
About = Annotated[UUID | None, QueryParameter(name="about", description="To this client, or of a paper of theirs.")]
OfOne = Annotated[UUID | None, QueryParameter(name="notification_id", description="Of this notification only.")]


Days = Annotated[int, QueryParameter(ge=1, le=showing.MOST_DAYS, description="So many days up to today.")]


class NoticeView(Struct, frozen=True, kw_only=True):
    """What one recipient is told by one channel; `held` waits for a person, `dead` and `failed` may leave again."""

    id: UUID
    notification_id: UUID
    kind: str
    template: str
    priority: str
    recipient: str
    staff_id: UUID | None
    client_id: UUID | None
    contact: str | None
    channel: str
    state: str
    not_before: datetime
    attempts: int
    is_repeat: bool
    ended_code: str | None
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None

    @classmethod
    def of(cls, told: desk.NoticeAccount) -> NoticeView:
        """A dispatch as it is listed."""
        of = {name: getattr(told.notification, name) for name in ("kind", "template", "priority")}
        own = [name for name in cls.__struct_fields__ if name not in of and name != "recipient"]
        return cls(recipient=told.recipient, **of, **{name: getattr(told.dispatch, name) for name in own})


class PaperView(Struct, frozen=True, kw_only=True):
    """A paper of which it tells: by which lead time, in days before the end, and as whom the recipient is told."""

    client_id: UUID
    document_id: UUID
    expires_on: date
    lead: int
    days_left: int
    step: int
    role: str
    state: str
    ended_code: str | None

    @classmethod
    def of(cls, notice: Notice) -> PaperView:
        """A notice as it stands."""
        return cls(**{name: getattr(notice, name) for name in cls.__struct_fields__})


class GateView(Struct, frozen=True, kw_only=True):
    """What the gate said, why, and what it went by."""

    at: datetime
    path: str
    verdict: str
    reason: str
    until: datetime | None
    facts: dict[str, Any]

    @classmethod
    def of(cls, decision: GateDecision) -> GateView:
        """A decision as it is on record."""
        return cls(**{name: getattr(decision, name) for name in cls.__struct_fields__})


class NoticeAttemptView(Struct, frozen=True, kw_only=True):
    """One attempt; `lost` is one of which nobody knows whether it came through."""

    number: int
    at: datetime
    ended_at: datetime | None
    outcome: str
    code: str | None
    answer: str | None

    @classmethod
    def of(cls, attempt: DispatchAttempt) -> NoticeAttemptView:
        """An attempt as it is on record."""
        return cls(**{name: getattr(attempt, name) for name in cls.__struct_fields__})


class NoticeDetail(Struct, frozen=True, kw_only=True):
    """A notice with all that is on record of it, the first one first."""

    notice: NoticeView
    papers: list[PaperView]
    gate: list[GateView]
    attempts: list[NoticeAttemptView]

    @classmethod
    def of(cls, found: desk.Records) -> NoticeDetail:
        """All that is on record of a dispatch."""
        return cls(
            notice=NoticeView.of(found.account),
            papers=[PaperView.of(one) for one in found.notices],
            gate=[GateView.of(one) for one in found.decisions],
            attempts=[NoticeAttemptView.of(one) for one in found.attempts],
        )


class ExplanationView(Struct, frozen=True, kw_only=True):
    """Why somebody was told, or was not, in sentences; and what they were made from."""

    sentences: list[str]
    records: NoticeDetail


@get("/", sync_to_thread=True, **may("notices.read"))
def list_notices(
    call: NamedDependency[Call],
    wanted: InState = None,
    by: ByChannel = None,
    of_kind: OfKind = None,
    to_staff: ToStaff = None,
    to_client: ToClient = None,
    of_one: OfOne = None,
    about: About = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[NoticeView]:
    """List what people were told or are to be told, the newest first."""
    with call.acting() as acting:
        which = desk.NoticeFilter(wanted, by, of_kind, to_staff, to_client, of_one, about)
        return page_of(desk.look_through(acting, which, paging(cursor, limit)), NoticeView.of, limit)


@get("/days", sync_to_thread=True, **may("notices.read"))
def count_notices(call: NamedDependency[Call], days: Days = 14) -> list[DayOfMessages]:
    """Count what was made on each of so many days up to today, at the firm, by what has become of it."""
    with call.acting() as acting:
        return list(showing.by_day(acting, days))


@get("/{dispatch_id:uuid}/words", sync_to_thread=True, **may("notices.read"))
def show_words(dispatch_id: FromPath[UUID], call: NamedDependency[Call]) -> MessageWords:
    """Show what one said when it last left, without the links of its recipient; 404 `no_words` where none are kept."""
    with call.acting() as acting:
        return showing.words(acting, dispatch_id)


@get("/{dispatch_id:uuid}", sync_to_thread=True, **may("notices.read"))
def get_notice(dispatch_id: FromPath[UUID], call: NamedDependency[Call]) -> NoticeDetail:
    """Show one, with the papers of which it tells, what the gate said, and every attempt."""
    with call.acting() as acting:
        return NoticeDetail.of(desk.show(acting, dispatch_id))


@get("/{dispatch_id:uuid}/explain", sync_to_thread=True, **may("notices.read"))
def explain_notice(dispatch_id: FromPath[UUID], call: NamedDependency[Call]) -> ExplanationView:
    """Say in plain sentences why somebody was told, or was not."""
    with call.acting() as acting:
        found = explaining.explain(acting, dispatch_id)
        return ExplanationView(sentences=found.sentences, records=NoticeDetail.of(found.records))


@post("/{dispatch_id:uuid}/retry", sync_to_thread=True, status_code=202, **may("notices.send"))
def retry_notice(dispatch_id: FromPath[UUID], call: NamedDependency[Call]) -> NoticeDetail:
    """Let one leave again that ended, over the gate; one that came through says that it may be a repetition."""
    with call.acting() as acting:
        return NoticeDetail.of(desk.retry(acting, dispatch_id))


@post("/{dispatch_id:uuid}/release", sync_to_thread=True, status_code=202, **may("notices.send"))
def release_notice(dispatch_id: FromPath[UUID], call: NamedDependency[Call]) -> NoticeDetail:
    """Send one that is held because nobody knows whether it came through; it says that it may be a repetition."""
    with call.acting() as acting:
        return NoticeDetail.of(desk.release(acting, dispatch_id))


@post("/{dispatch_id:uuid}/cancel", sync_to_thread=True, status_code=200, **may("notices.send"))
def cancel_notice(dispatch_id: FromPath[UUID], call: NamedDependency[Call]) -> NoticeDetail:
    """Have one never leave that waits, is held, or was given up."""
    with call.acting() as acting:
        return NoticeDetail.of(desk.cancel(acting, dispatch_id))


router = Router(
    "/notices",
    route_handlers=[
        list_notices,
        count_notices,
        get_notice,
        show_words,
        explain_notice,
        retry_notice,
        release_notice,
        cancel_notice,
    ],
    tags=["notices"],
)
