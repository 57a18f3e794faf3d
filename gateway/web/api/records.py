"""Rows sent as JSON: a partner's records, changed while it waits, with what became of each."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, Router, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, RawBody
from msgspec import Meta, Struct
from sqlalchemy.orm import Session

from gateway.web.bulkheads import Bulkhead, name_of
from gateway.web.calls import Call, may
from gateway.web.idempotency import earlier, keep
from gateway.web.instants import check_as_of
from gateway.web.problems import Rejected
from gateway.web.scoping import home_of
from ingest.records import MOST_ROWS, Sent, send

MOST_BYTES = 8 << 20
_NO_BREAKS = bytes.maketrans(b"\r\n", b"  ")  # a line break in JSON is a blank between tokens, never part of a value

_ROW = {"EMP_ID": "E100042", "Last Name": "Okafor", "DOB": "02/03/1990"}
_RESULT = {"row": 1, "outcome": "updated", "problems": []}


Instant = Annotated[
    datetime,
    Meta(tz=True, description="The instant of which they speak; now, unless said.", examples=["2026-05-01T00:00:00Z"]),
]


class Rows(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows of one feed, each an object whose keys are the columns of its files; `name.first` reaches into objects."""

    rows: Annotated[list[dict[str, Any]], Meta(min_length=1, description=f"At most {MOST_ROWS:,}.", examples=[[_ROW]])]
    as_of: Instant | None = None


class RowResult(Struct, frozen=True):
    """What became of one row: created, updated, unchanged, stale, superseded, rejected or skipped.

    Attributes:
        row: its place in the request, from 1; where the feed explodes a list, the place after that.
        problems: as in the import's errors.
    """

    row: int
    outcome: str
    problems: list[dict[str, Any]]


class RowResults(Struct, frozen=True, kw_only=True):
    """What became of rows."""

    import_id: UUID
    state: Annotated[str, Meta(examples=["loaded"])]
    rows: Annotated[dict[str, int], Meta(examples=[{"read": 1, "updated": 1}])]
    results: Annotated[list[RowResult], Meta(examples=[[_RESULT]])]
    remarks: Annotated[list[str], Meta(examples=[["Keys that nothing uses: Cost Center."]])]


class _Exact(Struct):
    """The same rows as they were written: a number keeps its digits."""

    rows: list[msgspec.Raw]


@post(
    "/{feed:str}",
    sync_to_thread=True,
    status_code=200,
    request_max_body_size=MOST_BYTES,
    **may("records.send", large=True),
)
def send_records(
    feed: FromPath[str], data: JSONBody[Rows], body: RawBody, call: NamedDependency[Call], state: State
) -> Response[RowResults]:
    """Send up to 1,000 rows and hear what became of each; they are mapped and checked as rows of the feed's files are.

    They are changes: nobody is closed for not being among them. The same rows again come out as unchanged. With an
    `Idempotency-Key`, the same request is answered again without being done again. 409 `import_running` while files of
    yours are being loaded. Two requests may go on at once, and are taken one after the other; 429 `too_many_at_once`.
    """
    if len(data.rows) > MOST_ROWS:
        raise Rejected(413, "too_many_rows", f"There are {len(data.rows):,} rows; send at most {MOST_ROWS:,} at once.")
    check_as_of(data.as_of)
    asked = hashlib.sha256(body).hexdigest()
    with call.acting() as acting:
        kept = earlier(acting, call, asked)
    if kept is not None:
        return kept
    rows = _rows(body)
    answers: list[Response[RowResults]] = []

    def note(session: Session, sent: Sent) -> None:
        answers.append(Response(_results(sent), status_code=200))
        keep(call.within(session), call, asked, answers[0])

    sending: Bulkhead = state.sending
    with sending.within(name_of(call.who)):
        send(call.office, home_of(call, None), feed, rows, data.as_of, call.actor, note)
    return answers[0]


def _rows(body: bytes) -> list[bytes]:
    return [bytes(row).translate(_NO_BREAKS) for row in msgspec.json.decode(body, type=_Exact).rows]


def _results(sent: Sent) -> RowResults:
    problems = defaultdict(list)
    for one in sent.problems:
        problems[one["row"]].append(one)
    return RowResults(
        import_id=sent.import_id,
        state=sent.outcome.state,
        rows=sent.outcome.rows,
        results=[RowResult(row, outcome, problems[row]) for row, outcome in enumerate(sent.outcomes, 1)],
        remarks=sent.outcome.remarks,
    )


router = Router("/records", route_handlers=[send_records], tags=["records"])
