"""The audit log, for those who must answer for it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Struct

from gateway.db.models import AuditEntry
from gateway.domain import audit
from gateway.web.calls import Call, may
from gateway.web.instants import Instant, instant_of
from gateway.web.pages import Cursor, Limit, Page, page_of, paging
from gateway.web.texts import NO_NUL

Person = Annotated[UUID | None, QueryParameter(description="What concerns this client, lists that showed it included.")]
Record = Annotated[UUID | None, QueryParameter(description="Of this client, case, document, import, or other record.")]
ByActor = Annotated[
    str | None,
    QueryParameter(max_length=200, pattern=NO_NUL, description="An e-mail address, a partner, or an id."),
]
Action = Annotated[str | None, QueryParameter(max_length=100, pattern=NO_NUL, description="Such as `client.view`.")]
From = Annotated[
    Instant | None, QueryParameter(name="from", description="From this instant on (ISO 8601, with offset).")
]
To = Annotated[Instant | None, QueryParameter(name="to", description="Before this instant (ISO 8601, with offset).")]


class Entry(Struct, frozen=True, kw_only=True):
    """Who did what to which record when, and from where; field by field what changed, sensitive values hidden."""

    id: UUID
    at: datetime
    actor_kind: str
    actor: str
    actor_id: UUID | None
    action: str
    origin: str | None
    client_id: UUID | None
    case_id: UUID | None
    import_id: UUID | None
    sheet: str | None
    row: int | None
    line: int | None
    changes: list[dict[str, Any]] | None

    @classmethod
    def of(cls, entry: AuditEntry) -> Entry:
        """An entry as an admin sees it."""
        return cls(**{name: getattr(entry, name) for name in cls.__struct_fields__})


@get("/", sync_to_thread=True, **may("audit.read"))
def list_entries(
    call: NamedDependency[Call],
    person: Person = None,
    record: Record = None,
    actor: ByActor = None,
    action: Action = None,
    from_: From = None,
    to: To = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Entry]:
    """Look into the audit log, the newest first; that somebody did is an entry of its own."""
    wanted = audit.EntryFilter(person, record, actor, action, instant_of(from_, "from"), instant_of(to, "to"))
    with call.acting() as acting:
        return page_of(audit.look_through(acting, wanted, paging(cursor, limit)), Entry.of, limit)


router = Router("/audit", route_handlers=[list_entries], tags=["audit"])
