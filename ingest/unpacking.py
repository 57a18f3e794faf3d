"""Takes a partner's files out of the archive in which they came."""

from __future__ import annotations

from collections.abc import Callable, Collection

from gateway import pgp
from ingest.feed import Feed
from ingest.formats.base import Refused, Source
from ingest.formats.compression import Unpacked
from ingest.formats.pgp import Decrypted, Keys, is_message

Archive = Unpacked | Decrypted
Secret = Callable[[str], str]  # by its name, of the firm


def archive_in(source: Source, feeds: Collection[Feed], secret: Secret | None = None) -> Archive | None:
    """The stored file as an archive of files; None where it is none of a kind that the partner's feeds unpack.

    Which feed a file belongs to is told by its own name, so what one feed of a partner unpacks, all do; where several
    name keys, those of the first open the file.

    Args:
        source: the stored file.
        feeds: all of the partner's.
        secret: without, nothing encrypted is opened.

    Raises:
        Permanent: see `gateway.config.secret`.
    """
    zipped, gzipped = any(feed.unpack.zip for feed in feeds), any(feed.unpack.gzip for feed in feeds)
    opening = next((feed.unpack for feed in feeds if feed.unpack.pgp_key), None)
    if secret and opening and opening.pgp_key and is_message(source):
        return Decrypted(source, _keys(opening.pgp_key, opening.signer, secret), zip=zipped, gzip=gzipped)
    found = Unpacked(source, zip=zipped, gzip=gzipped)
    return found if found.is_archive else None


def _keys(private: str, signer: str | None, secret: Secret) -> Keys:
    if signer is None or pgp.is_armour(signer):
        return Keys(secret(private), signer)
    return Keys(secret(private), secret(signer))


def plain(source: Source, feeds: Collection[Feed]) -> Source:
    """What a stored file is read as: itself, or the one file in an archive that was not unpacked before it is read.

    That happens to archives that cannot be unpacked, in a dry run, and to those that came when none was an import.

    Raises:
        Refused: `unreadable` (damaged, or holds several files), `empty_file`, `password_protected`, `too_large`.
    """
    archive = archive_in(source, feeds)
    if archive is None:
        return source
    found = list(archive)
    if len(found) == 1:
        return found[0]
    why = f"it packs {len(found):,} files, and when it came your settings did not say that archives are unpacked"
    raise Refused("unreadable", file=source.name, why=why, expected="the same archive now, as unpacking is agreed")
