"""What of a firm's files waits for a person: held, failed, owed by a partner, or with rows that nobody has repaired."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from gateway import clock
from gateway.db.models import FeedAlarm, FeedRow, File, Import, Partner, RepairLink
from gateway.domain.links import returned
from gateway.office import Acting
from ingest.history import newest_beyond

MOST = 20  # of a kind; who has more of one looks at the list of files
FRESH = timedelta(days=14)  # so long rejected rows are asked for again
_WITH_ERRORS = ("loaded_with_errors", "released")  # states of which the other rows count


class Waiting(NamedTuple):
    """A file that waits for somebody.

    Attributes:
        partner: its slug.
        sentence: why it waits, as its receipt says.
        since: when it came to stand there.
        left: of its rejected rows, how many nobody has repaired.
        newer: the feed's newest file, where that is another one: rows of people of whom it speaks change nothing here.
        is_asked: somebody of the partner's came too late to repair its rows by a link, and asks for another.
    """

    import_id: UUID
    partner: str
    file: str
    sentence: str | None
    problems: int
    since: datetime
    is_asked: bool
    left: int
    newer: str | None


class Owed(NamedTuple):
    """A feed of which a file is late or missing, or came empty or far shorter than usual: `kind` says which."""

    partner: str
    feed: str
    kind: str
    day: date | None
    since: datetime


class AllWaiting(NamedTuple):
    """What waits, each kind oldest first, at most `MOST` and one more of each."""

    held: list[Waiting]
    failed: list[Waiting]
    owed: list[Owed]
    unrepaired: list[Waiting]

    @property
    def number(self) -> int:
        """Of all of them together, as far as they are told."""
        return len(self.held) + len(self.failed) + len(self.owed) + len(self.unrepaired)


def waiting(acting: Acting) -> AllWaiting:
    """What waits for staff of the actor's firm."""
    session, since = acting.session, clock.now() - FRESH
    recent = Import.received_at > since
    # a link lasts as long as that, so whoever comes too late for it asks about an older file
    asked = Import.id.in_(_asked_about().where(RepairLink.asked_at > since))
    return AllWaiting(
        held=_files(session, Import.state == "held"),
        failed=_files(session, and_(Import.state == "failed", recent)),
        owed=_owed(session),
        unrepaired=_files(session, and_(Import.state.in_(_WITH_ERRORS), or_(recent, asked), returned.left() > 0)),
    )


@cache
def _asked_about() -> Select[UUID]:
    """The imports of which somebody asks for a new link to their rows, as a query; not where one was sent since."""
    newer = aliased(RepairLink)
    return select(RepairLink.import_id).where(
        RepairLink.asked_at.is_not(None),
        or_(RepairLink.ended_code.is_(None), RepairLink.ended_code == "revoked"),
        ~exists().where(newer.import_id == RepairLink.import_id, newer.id > RepairLink.id),
    )


@cache
def _newer() -> ScalarSelect[str]:
    """Of an `Import`, the name of the feed's newest file, where that is another one."""
    beyond = newest_beyond()
    return beyond.with_only_columns(beyond.selected_columns.name).scalar_subquery()


def _files(session: Session, condition: ColumnElement[bool]) -> list[Waiting]:
    columns = Import.id, Partner.slug, File.name, Import.reason, Import.problem_count, Import.received_at
    found = (
        select(*columns, Import.id.in_(_asked_about()), returned.left(), _newer())
        .join(Partner, Partner.id == Import.partner_id)
        .join(File, File.id == Import.file_id)
        .where(condition)
        .order_by(Import.received_at, Import.id)
        .limit(MOST + 1)
    )
    return [Waiting(*row) for row in session.execute(found)]


def _owed(session: Session) -> list[Owed]:
    found = (
        select(Partner.slug, FeedRow.name, FeedAlarm.kind, FeedAlarm.due_on, FeedAlarm.raised_at)
        .join(Partner, Partner.id == FeedAlarm.partner_id)
        .join(FeedRow, FeedRow.id == FeedAlarm.feed_id)
        .where(FeedAlarm.cleared_at.is_(None))
        .order_by(FeedAlarm.raised_at, FeedAlarm.id)
        .limit(MOST + 1)
    )
    return [Owed(*row) for row in session.execute(found)]
