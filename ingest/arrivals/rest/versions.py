"""Which version of each record was seen: an older one that comes later is not taken, whenever it was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ARRAY, LargeBinary, any_, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway.db.models import RestVersion
from gateway.office import Acting
from ingest.arrivals.rest.answers import version_of
from ingest.arrivals.rest.sources import Source

Seen = Mapping[bytes, datetime]  # by the record's digest

_DIGEST = "rest_versions.digest"  # what digests are bound to


def newest_of(acting: Acting, source: Source, rows: Sequence[bytes], asked_at: datetime) -> tuple[list[bytes], Seen]:
    """The records of which no newer version was seen, nor stands among them; and the versions, to be kept with them.

    Args:
        acting: at work for the firm.
        source: the HRIS.
        rows: records of one answer, each as it was written.
        asked_at: when; no version counts as newer than that, whatever the HRIS's clock says.

    Raises:
        Unreadable: `hris_unreadable`.
    """
    if source.arrival.since.key is None:
        return list(rows), {}
    told = _versions(acting, source, rows, asked_at)
    newest = _seen(acting, source, [one[0] for one in told if one])
    for digest, changed_at in filter(None, told):
        newest[digest] = max(newest.get(digest, changed_at), changed_at)
    sound = [row for row, one in zip(rows, told, strict=True) if one is None or one[1] >= newest[one[0]]]
    return sound, newest


def keep(session: Session, source: Source, seen: Seen) -> None:
    """Keep what was seen, in the transaction that puts the answer on record."""
    if not seen:
        return
    firm_id, feed_id = source.key
    rows = [
        {"firm_id": firm_id, "feed_id": feed_id, "digest": digest, "changed_at": at}
        for digest, at in sorted(seen.items())  # in one order, so that no two wait for each other
    ]
    made = insert(RestVersion)
    later = {"changed_at": func.greatest(RestVersion.changed_at, made.excluded.changed_at)}
    session.execute(made.on_conflict_do_update(index_elements=["firm_id", "feed_id", "digest"], set_=later), rows)


def _versions(
    acting: Acting, source: Source, rows: Sequence[bytes], asked_at: datetime
) -> list[tuple[bytes, datetime] | None]:
    """Of each record its digest and when it changed."""
    told = [version_of(row, source.arrival.since) for row in rows]
    digests = iter(acting.cipher.index_column([one.key for one in told if one], _DIGEST))
    return [(next(digests) or b"", min(one.changed_at, asked_at)) if one else None for one in told]


def _seen(acting: Acting, source: Source, digests: Sequence[bytes]) -> dict[bytes, datetime]:
    known = select(RestVersion.digest, RestVersion.changed_at).where(
        RestVersion.feed_id == source.feed_id, RestVersion.digest == any_(literal(digests, ARRAY(LargeBinary)))
    )
    return {row.digest: row.changed_at for row in acting.session.execute(known)}
