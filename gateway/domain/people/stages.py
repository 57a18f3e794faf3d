"""The stages of a case, each with its time, as the audit log has them: by hand, and by files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from gateway.db.models import AuditEntry, Case
from gateway.domain import audit
from gateway.office import Acting

_MOST = 500  # changes of one case that are looked through; what is older is told as one stage


class Stay(NamedTuple):
    """That a case was in a stage.

    Attributes:
        until: None: it still is.
        by: who moved it there; None where it began so.
    """

    stage: str
    since: datetime
    until: datetime | None
    by: str | None


class _Move(NamedTuple):
    before: str
    after: str
    at: datetime
    by: str


def stays(acting: Acting, case: Case) -> list[Stay]:
    """Where a case has been since it is known here, the first stage first; its view is on record already."""
    moves = list(_moves(audit.changes_of_case(acting.session, case, _MOST), case))
    starts = [_Move("", moves[0].before if moves else case.stage, case.created_at, ""), *moves]
    ends = [*(one.at for one in moves), None]
    return [Stay(one.after, one.at, end, one.by or None) for one, end in zip(starts, ends, strict=True)]


def _moves(newest_first: list[AuditEntry], case: Case) -> Iterator[_Move]:
    """From the oldest on."""
    for entry in reversed(newest_first):
        for change in entry.changes or ():
            old, new = (_stage(change.get(side)) for side in ("old", "new"))
            if change.get("id") == str(case.id) and old and new:
                yield _Move(old, new, entry.at, entry.actor)


def _stage(side: Any) -> str | None:  # noqa: ANN401 - of what the log holds
    return side.get("stage") if side else None
