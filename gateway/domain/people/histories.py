"""The history of a person: all that changed of it, and the files in which that was said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from gateway.db.models import AuditEntry, Client
from gateway.db.paging import Found, Paging
from gateway.domain import audit
from gateway.domain.people import records
from gateway.office import Acting


class History(NamedTuple):
    """Some entries of the audit log about a person; of each import among them, its file's name."""

    entries: Found[AuditEntry]
    files: Mapping[UUID, str]


def look_through(acting: Acting, client_id: UUID, paging: Paging) -> History:
    """Some of what changed of a person, its cases and documents, the newest first; that it was read is on record.

    Raises:
        NotFound: the firm has no such client.
    """
    client = records.find(acting, Client, client_id)
    found = audit.newest_changes(acting.session, client_id, paging)
    files = audit.files_of(acting.session, [one.import_id for one in found.rows])
    records.note(acting, "client.history", client)
    return History(found, files)
