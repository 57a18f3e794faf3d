"""Files that wait for a partner: listed, and handed out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream
from msgspec import Struct

from gateway.db.models import OutboxFile
from gateway.domain.partners import outbox
from gateway.web.calls import Call, may
from gateway.web.pages import Cursor, Limit, Page, page_of, paging
from gateway.web.texts import Total

ForPartner = Annotated[
    str | None, QueryParameter(max_length=63, pattern=r"^[^\x00]*$", description="What waits for this partner only.")
]


class OutboxFileView(Struct, frozen=True, kw_only=True):
    """A file that waits for a partner; `fetched_at` says when the partner first took it."""

    id: UUID
    partner_id: UUID
    name: str
    size: int
    sha256: str
    media_type: str
    at: datetime
    fetched_at: datetime | None

    @classmethod
    def of(cls, file: OutboxFile) -> OutboxFileView:
        """A file as it is listed."""
        return cls(**{name: getattr(file, name) for name in cls.__struct_fields__})


@get("/", sync_to_thread=True, **may("outbox.read"))
def list_outbox(
    call: NamedDependency[Call],
    partner: ForPartner = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    total: Total = False,
) -> Page[OutboxFileView]:
    """List the files that wait to be fetched, the newest first; each is kept for 90 days."""
    with call.acting() as acting:
        found = outbox.look_through(acting, partner, paging(cursor, limit, total=total))
        return page_of(found, OutboxFileView.of, limit)


@get("/{file_id:uuid}", sync_to_thread=True, **may("outbox.read"))
def get_outbox_file(file_id: FromPath[UUID], call: NamedDependency[Call]) -> Stream:
    """Fetch a file that waits; it stays, and may be fetched again."""
    with call.acting() as acting:
        file, chunks = outbox.hand_out(acting, file_id)
        media_type, name, size = file.media_type, file.name, file.size
    headers = {"Content-Disposition": _disposition(name), "Content-Length": str(size)}
    return Stream(_begun(chunks), media_type=media_type, headers=headers)


def _disposition(name: str) -> str:
    """The name twice: `curl -OJ` and other plain clients read only the first form, which is ASCII alone."""
    plain = re.sub(r'[^ -~]|["\\%]', "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _begun(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same, once the first piece is there: what cannot be read is told by a status, not by half an answer."""
    first = next(chunks, b"")
    return chain([first], chunks)


router = Router("/outbox", route_handlers=[list_outbox, get_outbox_file], tags=["outbox"])
