"""The history of a person: each value, when it came, by whom or from which file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from gateway.db.models import AuditEntry
from gateway.domain.people import histories
from gateway.web.calls import Call, may
from gateway.web.pages import Cursor, Limit, Page, page_of, paging


class Source(Struct, frozen=True, kw_only=True):
    """Where in which file it was said; a record that a full file no longer lists has no row."""

    import_id: UUID
    file: str | None
    sheet: str | None
    row: int | None
    line: int | None


class ValueChange(Struct, frozen=True):
    """What one field was and what it became; of sensitive ones it is told only that there was a value."""

    field: str
    old: Any
    new: Any


class RecordChange(Struct, frozen=True, kw_only=True):
    """What became of one record of the person: the client, a case, a document."""

    kind: str
    id: str | None
    action: str
    values: list[ValueChange]


class Act(Struct, frozen=True, kw_only=True):
    """One act that changed something: when, by whom, and from which file."""

    at: datetime
    action: str
    by: str
    by_kind: str
    source: Source | None
    changes: list[RecordChange]

    @classmethod
    def of(cls, entry: AuditEntry, files: Mapping[UUID, str]) -> Act:
        """An entry of the audit log as history."""
        return cls(
            at=entry.at,
            action=entry.action,
            by=entry.actor,
            by_kind=entry.actor_kind,
            source=_source(entry, files),
            changes=[_record_change(one) for one in entry.changes or []],
        )


def _source(entry: AuditEntry, files: Mapping[UUID, str]) -> Source | None:
    if entry.import_id is None:
        return None
    name = files.get(entry.import_id)
    return Source(import_id=entry.import_id, file=name, sheet=entry.sheet, row=entry.row, line=entry.line)


def _record_change(told: dict[str, Any]) -> RecordChange:
    old, new = told.get("old") or {}, told.get("new") or {}
    values = [ValueChange(name, old.get(name), new.get(name)) for name in sorted({*old, *new})]
    return RecordChange(kind=told.get("kind", ""), id=told.get("id"), action=told.get("action", ""), values=values)


@get("/{client_id:uuid}/history", sync_to_thread=True, **may("clients.read"))
def get_history(
    client_id: FromPath[UUID], call: NamedDependency[Call], cursor: Cursor = None, limit: Limit = 50
) -> Page[Act]:
    """Tell each value of a person, its cases and documents: when, by whom, or from which file, sheet, row and line."""
    with call.acting() as acting:
        found = histories.look_through(acting, client_id, paging(cursor, limit))
        return page_of(found.entries, lambda one: Act.of(one, found.files), limit)
