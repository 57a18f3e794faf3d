"""Files sent over HTTP: stored, on record and queued before the answer leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any
from uuid import UUID

from anyio import to_thread
from litestar import Response, Router, post
from litestar.datastructures import State, UploadFile
from litestar.di import NamedDependency
from litestar.params import MultipartBody
from msgspec import Struct

from gateway.domain.access.tiers import FILES
from gateway.domain.partners.homes import Home
from gateway.web.calls import Call, may
from gateway.web.idempotency import earlier, keep
from gateway.web.instants import Instant, check_as_of, instant_of
from gateway.web.scoping import home_of
from gateway.web.texts import Name
from ingest.arrival import MOST_BYTES, Asked
from ingest.reception import receive

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Upload:
    """A file, and what cannot be told from its name.

    Attributes:
        file: as the HR system wrote it; archives where a feed of the partner unpacks them.
        feed: otherwise the name decides.
        as_of: the instant of which it speaks; otherwise the feed's rule, or the time of arrival.
        partner: whose it is; staff must say it, partners need not.
    """

    file: UploadFile
    feed: Name | None = None
    as_of: Instant | None = None
    partner: Name | None = None


class Accepted(Struct, frozen=True):
    """One file that is on record now."""

    import_id: UUID
    status_url: str


class AcceptedFiles(Struct, frozen=True):
    """The one file that was sent."""

    imports: list[Accepted]


@post(
    "/",
    status_code=202,
    request_max_body_size=MOST_BYTES,
    **may("files.send", counts=[FILES], large=True),
)
async def send_file(data: MultipartBody[Upload], call: NamedDependency[Call], state: State) -> Response[AcceptedFiles]:
    """Send a file: answered once it is stored; `status_url` tells what became of it.

    An archive is one import; once that is `unpacked`, its `files` name the import of each file in it.
    """
    return await to_thread.run_sync(sent, data, call, limiter=state.storing)


def sent(data: Upload, call: Call) -> Response[AcceptedFiles]:
    """The same for every door, once a key; `Location` says where the import is."""
    as_of = instant_of(data.as_of, "as_of")
    check_as_of(as_of)
    home = home_of(call, data.partner)
    asked = (data.file.filename, data.feed, as_of, home.slug, _digest(call, data.file.file))
    with call.acting() as acting:
        if (kept := earlier(acting, call, asked)) is not None:
            return kept
    return _received(call, home, data.file, Asked(feed=data.feed, as_of=as_of), asked)


def _received(call: Call, home: Home, file: UploadFile, said: Asked, asked: object) -> Response[AcceptedFiles]:
    answers: list[Response[AcceptedFiles]] = []

    def note(session: Any, import_id: UUID) -> None:  # noqa: ANN401 - a Session; typed where it is called
        answers.append(_answer(import_id))
        keep(call.within(session), call, asked, answers[0])

    receive(
        call.office,
        home,
        file.filename or "upload",
        _chunks(file.file),
        via="api",
        by=call.actor,
        asked=said,
        queued=True,
        note=note,
    )
    return answers[0]


def _answer(import_id: UUID) -> Response[AcceptedFiles]:
    accepted = Accepted(import_id, f"/v1/imports/{import_id}")
    return Response(AcceptedFiles([accepted]), status_code=202, headers={"Location": accepted.status_url})


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(_CHUNK):
        yield chunk


def _digest(call: Call, file: IO[bytes]) -> str | None:
    """What was sent, where it must be told from what comes later under the same key."""
    if call.idempotency_key is None:
        return None
    digest = hashlib.sha256()
    for chunk in _chunks(file):
        digest.update(chunk)
    return digest.hexdigest()


router = Router("/files", route_handlers=[send_file], tags=["files"])
