"""Paths as clients name them: brought into the tree of two folders, in which every path has its place or none."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from ingest.arrivals.endpoint.wire import Code, Refused

INBOX, OUTBOX = "inbox", "outbox"
MOST_NAME = 255  # bytes, as of file systems
TEMPORARY = (".part", ".tmp", ".filepart")  # of clients that rename when they are done

_MOST_PATH = 4_096  # bytes


class Place(NamedTuple):
    """Where a path leads.

    Attributes:
        folder: `inbox`, `outbox`, or empty for the root.
        name: of a file in it; None for the folder itself.
    """

    folder: str
    name: str | None = None

    @property
    def path(self) -> str:
        """As we tell it."""
        return "/" + "/".join(filter(None, self))


def placed(raw: bytes) -> Place:
    """Where a path leads; nowhere but into the tree, whatever `..` and `/` it holds.

    Raises:
        Refused: it is no text, too long, or deeper than anything here.
    """
    parts = _parts(_text(raw))
    if not parts:
        return Place("")
    if parts[0] not in {INBOX, OUTBOX} or len(parts) > 2:  # noqa: PLR2004 - a folder and a name
        raise Refused(Code.NO_SUCH_FILE, "There are only inbox/ and outbox/, and files in them.")
    return Place(parts[0], parts[1] if len(parts) > 1 else None)


def normal(raw: bytes) -> str:
    """The absolute path, whether anything is there or not.

    Raises:
        Refused: it is no text, or too long.
    """
    return "/" + "/".join(_parts(_text(raw)))


def is_temporary(name: str) -> bool:
    """Whether it is a name for a file that its sender has not finished."""
    return name.startswith(".") or name.lower().endswith(TEMPORARY)


def _text(raw: bytes) -> str:
    if len(raw) > _MOST_PATH:
        raise Refused(Code.FAILURE, f"A path has at most {_MOST_PATH} bytes.")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise Refused(Code.FAILURE, "Names must be UTF-8; this one is not.") from None
    if any(unicodedata.category(one) == "Cc" for one in text):
        raise Refused(Code.FAILURE, "Names must not hold control characters.")
    return text


def _parts(text: str) -> list[str]:
    parts: list[str] = []
    for part in text.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in {"", "."}:
            parts.append(part)
        if len(part.encode()) > MOST_NAME:
            raise Refused(Code.FAILURE, f"A name has at most {MOST_NAME} bytes.")
    return parts
