"""Takes a partner's file out of the archive in which it came; what is stored stays as it arrived."""

from __future__ import annotations

from collections.abc import Collection

from ingest.feed import Feed
from ingest.formats.base import Refused, Source
from ingest.formats.compression import unpacked


def plain(source: Source, feeds: Collection[Feed]) -> Source:
    """The one file in an archive; a file that is no archive as it is.

    Which feed a file belongs to is told by its own name, so what one feed of a partner unpacks, all do.

    Raises:
        Refused: `unreadable` (damaged, or holds several files), `empty_file`, `password_protected`, `too_large`.
    """
    zipped, gzipped = any(feed.unpack.zip for feed in feeds), any(feed.unpack.gzip for feed in feeds)
    if not zipped and not gzipped:
        return source
    found = list(unpacked(source, zip=zipped, gzip=gzipped))
    if len(found) == 1:
        return found[0]
    why = f"it packs {len(found):,} files, of which each must come by itself"
    raise Refused("unreadable", file=source.name, why=why, expected="an archive with one file in it")
