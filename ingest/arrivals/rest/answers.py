"""What an answer of an HRIS holds: its records, each as it was written, the latest change among them, the next page."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from gateway.errors import Permanent
from ingest.arrivals.rest.spec import CursorPaging, ListCall, Since

_Object = dict[str, msgspec.Raw]
_LONGEST_CURSOR = 4_000


class Unreadable(Permanent):
    """An answer that is not as agreed."""


class Page(NamedTuple):
    """One page of a list.

    Attributes:
        records: each as it was written.
        newest: the latest change of its records.
        next: what asks for the next page; None on the last.
        mark: what no other page of the list has: the cursor that follows, or a digest of the records.
    """

    records: list[bytes]
    newest: datetime | None
    next: str | None
    mark: str


class Version(NamedTuple):
    """Which record it is, as the HRIS calls it, and when it changed."""

    key: str
    changed_at: datetime


def page_of(body: bytes, call: ListCall, since: Since, records: str | None, page: str | None) -> Page:
    """One page, as settings say where things stand.

    Args:
        body: JSON.
        call: how it was asked.
        since: where a record says when it changed.
        records: the way to the list.
        page: which page it is; None is the first.

    Raises:
        Unreadable: `hris_unreadable`.
    """
    rows = records_in(body, records)
    said = [one for one in (_changed(row, since) for row in rows) if one]
    following = _next(body, call, page, len(rows))
    if following is not None and following == page:
        raise _unreadable("it says of a page that the next one is the same")
    by_cursor = isinstance(call.paging, CursorPaging)
    mark = following or "" if by_cursor else hashlib.sha256(b",".join(rows)).hexdigest()
    return Page(rows, max(said, default=None), following, mark)


def records_in(body: bytes, records: str | None) -> list[bytes]:
    """The records of an answer, each as it was written.

    Raises:
        Unreadable: `hris_unreadable`.
    """
    return [bytes(row) for row in _decoded(_at(body, records) or b"[]", list[msgspec.Raw])]


def version_of(row: bytes, since: Since) -> Version | None:
    """Which version of which record it is; None where settings do not say, or the record does not.

    Raises:
        Unreadable: `hris_unreadable`.
    """
    found, changed = _at(row, since.key) if since.key else None, _changed(row, since)
    said = _decoded(found, Any) if found is not None else None
    return Version(str(said), changed) if isinstance(said, str | int) and changed else None


def enveloped(body: bytes, record: str | None, records: str | None) -> bytes:
    """An answer about one person as a list of one, where the feed looks for it; nothing of the record is rewritten.

    Raises:
        Unreadable: `hris_unreadable`.
    """
    found = _at(body, record)
    if found is None:
        raise _unreadable(f"there is nothing at {record}")
    return listed([found], records)


def listed(rows: Sequence[bytes], records: str | None) -> bytes:
    """Records as an answer has them."""
    wrapped = b"[" + b",".join(rows) + b"]"
    for key in reversed(records.split(".") if records else ()):
        wrapped = b"{" + msgspec.json.encode(key) + b":" + wrapped + b"}"
    return wrapped


def ids_in(body: bytes, way: str) -> list[str]:
    """The ids that a notice has at the end of a way, through lists too; each once.

    Raises:
        Unreadable: `hris_unreadable`.
    """
    found: list[Any] = [_decoded(body, Any)]
    for key in way.split("."):
        found = [one[key] for one in _flat(found) if isinstance(one, dict) and key in one]
    plain = [str(one) for one in _flat(found) if isinstance(one, str | int) and not isinstance(one, bool)]
    return list(dict.fromkeys(one for one in plain if one))


# ------------------------------------------------------------------------------------------------ helpers


def _flat(values: list[Any]) -> list[Any]:
    """Lists taken apart, however deep; decoding has bounded that."""
    flat: list[Any] = []
    waiting = values[::-1]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting.extend(one[::-1])
        else:
            flat.append(one)
    return flat


def _at(body: bytes, way: str | None) -> bytes | None:
    """What stands at the end of a way, as it was written; None where the way ends before, or in null."""
    found = msgspec.Raw(body)
    for key in way.split(".") if way else ():
        inner = _decoded(bytes(found), _Object | None)
        if inner is None or key not in inner:
            return None
        found = inner[key]
    return None if bytes(found).strip() == b"null" else bytes(found)


def _decoded(body: bytes, kind: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(str(error)) from error


def _changed(row: bytes, since: Since) -> datetime | None:
    """When a record changed; None where it does not say, or nothing that is an instant."""
    found = _at(row, since.field)
    if found is None:
        return None
    said = _decoded(found, Any)
    try:
        if since.form == "iso":
            told = datetime.fromisoformat(str(said))
            return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)
        return datetime.fromtimestamp(float(said) / (1_000 if since.form == "milliseconds" else 1), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _next(body: bytes, call: ListCall, page: str | None, count: int) -> str | None:
    paging = call.paging
    if not isinstance(paging, CursorPaging):
        is_only = page is None and paging.size is not None and count < paging.size
        return None if count == 0 or is_only else str(int(page or paging.first) + 1)
    found = _at(body, paging.next)
    said = _decoded(found, Any) if found is not None else None
    if said in ("", False):
        return None
    return _cursor(said) if said is not None else None


def _cursor(said: object) -> str:
    """What asks for the next page; it is kept as text, and sent within an address."""
    if isinstance(said, bool) or not isinstance(said, str | int):
        raise _unreadable("what asks for the next page is no text")
    text = str(said)
    if len(text) > _LONGEST_CURSOR:
        raise _unreadable(f"what asks for the next page has more than {_LONGEST_CURSOR:,} characters")
    if "\0" in text:
        raise _unreadable("what asks for the next page holds a character that is none")
    return text


def _unreadable(why: str) -> Unreadable:
    return Unreadable("hris_unreadable", f"The HRIS did not answer as agreed: {why}.")
