"""A file that a partner sent, taken as the sample of a draft of its settings: as it lies in the store, decrypted.

Whoever may make settings may read rejected rows as well, so nobody sees a row in a sample that is kept from them
elsewhere; a wall counts as it does for samples that are sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, exists, or_, select

from gateway.config import ConfigError, read
from gateway.config.editing import plain
from gateway.db.models import OPEN_STATES, Client, ConfigDraft, FeedRow, File, Import
from gateway.domain.people import walls
from gateway.domain.people.changes import Expected
from gateway.errors import Conflict, NotFound
from gateway.office import Acting
from ingest.rows import VIA
from ingest.studio import drafts
from ingest.studio.drafts import Sample
from ingest.studio.light import check_light

_UNFIT = (*OPEN_STATES, "unpacked")  # it may be an archive still, or was one: what lay in it came as files of its own


class Offer(NamedTuple):
    """What would be taken.

    Attributes:
        feeds: of which files came, by name; those of one alone can be asked for.
        feed: the draft's, where it has one alone of which files came; its files are taken, and those that no feed took.
        name: of the newest file, with when it came and its bytes.
    """

    feeds: Sequence[str]
    feed: str | None
    name: str
    received_at: datetime
    size: int


def offer(acting: Acting, slug: str) -> Offer | None:
    """The newest file of a draft's partner; None where none came, or a wall keeps the actor from it.

    Raises:
        NotFound: there is no draft.
    """
    draft = drafts.read(acting, slug)
    if draft.row.partner_id is None or walls.screens(acting.session, draft.row.partner_id):
        return None
    known = _feeds(acting, draft.row.partner_id)
    own = _only_feed(draft.source, known)
    found = acting.session.execute(_newest(draft.row.partner_id, None, known.get(own or ""))).first()
    return Offer(sorted(known), own, found.File.name, found.Import.received_at, found.File.size) if found else None


def take_newest(acting: Acting, slug: str, feed: str | None, expected: Expected) -> None:
    """Keep the newest file that came from a draft's partner as its sample, in the place of another one.

    Args:
        acting: who takes it; on record with the file.
        slug: of the draft.
        feed: of which it is to be; None: see `Offer.feed`, else whichever came last.
        expected: the versions of the draft of which somebody saw one.

    Raises:
        NotFound: there is no draft, or no such feed of which a file came.
        Conflict: `no_files`, none came, or none is kept any more.
        Invalid: `sample_too_large`, `empty_file`, `not_understood`.
        Forbidden: `walled`.
        Outdated: somebody else has changed the draft.
    """
    row = drafts.take(acting, slug, expected)  # held first: who erases a person waits here, or has told of the file
    drafts.check_walls(acting, row, "This file")
    arrival, file = _chosen(acting, row, feed)
    drafts.check_size(file.size)
    stored = acting.office.store.open(file.storage_key, acting.cipher, name=file.name)
    sample = Sample(file.name, b"".join(stored.chunks()))
    drafts.put_sample(acting, slug, sample, expected, taken=arrival.id)
    check_light(sample)


def _chosen(acting: Acting, row: ConfigDraft, feed: str | None) -> tuple[Import, File]:
    if row.partner_id is None:
        raise Conflict("no_files", "This partner is not there yet, so no file of theirs has come; send a sample.")
    known = _feeds(acting, row.partner_id)
    if feed is not None and feed not in known:
        raise NotFound("feed of which files came", feed)
    own = None if feed else _only_feed(drafts.read(acting, row.slug).source, known)
    found = acting.session.execute(_newest(row.partner_id, known.get(feed or ""), known.get(own or ""))).first()
    if found is None:
        raise Conflict("no_files", "No file of this partner has come, or none is kept any more; send a sample.")
    return found.Import, found.File


def _files(partner_id: UUID) -> Select[Import, File]:
    """What came from a partner as a file, and is kept: neither corrections nor rows, nor what is to be destroyed.

    Nothing from before somebody of theirs was erased: a sample of then goes, and no search reads what no feed took.
    """
    since = exists().where(Client.partner_id == partner_id, Client.erased_at >= Import.received_at)
    wanted = select(Import, File).join(File, File.id == Import.file_id).where(Import.partner_id == partner_id)
    wanted = wanted.where(Import.state.not_in(_UNFIT), Import.corrects_import_id.is_(None), File.via != VIA)
    return wanted.where(File.destroyed_at.is_(None), File.condemned_at.is_(None), ~since)


def _newest(partner_id: UUID, feed_id: UUID | None, own_id: UUID | None) -> Select[Import, File]:
    wanted = _files(partner_id).order_by(Import.received_at.desc(), Import.id.desc()).limit(1)
    if feed_id is not None:
        return wanted.where(Import.feed_id == feed_id)
    if own_id is not None:  # what no feed took may be why somebody makes settings
        return wanted.where(or_(Import.feed_id == own_id, Import.feed_id.is_(None)))
    return wanted


def _feeds(acting: Acting, partner_id: UUID) -> dict[str, UUID]:
    came = _files(partner_id).where(Import.feed_id == FeedRow.id).exists()
    rows = acting.session.scalars(select(FeedRow).where(FeedRow.partner_id == partner_id, came)).all()
    return {one.name: one.id for one in rows}


def _only_feed(source: str, known: dict[str, UUID]) -> str | None:
    try:
        feeds = plain(read(source)).get("feeds")
    except ConfigError:
        return None
    [only] = feeds if isinstance(feeds, dict) and len(feeds) == 1 else [None]
    return only if only in known else None
