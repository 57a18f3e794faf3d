"""Packed files that nothing here unpacks: how they are known by their first bytes, and what their sender is told."""

from __future__ import annotations

import re

from ingest.formats.base import Refused

HEAD = 512  # bytes that are looked at
_INSTEAD = "unpacked, or as zip or gzip if that was agreed"
_PACKINGS = (
    (re.compile(rb"\x1f\x8b"), "gzip"),
    (re.compile(rb"\xfd7zXZ\0"), "xz"),
    (re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), "zstd"),  # a frame, or one to skip (RFC 8878, 3.1)
    (re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"), "bzip2"),
    (re.compile(rb"7z\xbc\xaf\x27\x1c"), "7-Zip"),
    (re.compile(rb"Rar!\x1a\x07"), "RAR"),
    (re.compile(rb"\x04\x22\x4d\x18"), "LZ4"),
    (re.compile(rb"LZIP[\0\x01]"), "lzip"),
    (re.compile(rb"\x1f[\x9d\xa0]"), "compress"),
    (re.compile(rb"MSCF\0\0\0\0"), "CAB"),
    (re.compile(rb".{257}ustar[\0 ]", re.DOTALL), "tar"),
)


def packing_of(head: bytes) -> str | None:
    """What a file that begins so is packed with, unless with zip: workbooks are zips too."""
    return next((name for pattern, name in _PACKINGS if pattern.match(head)), None)


def refuse_packed(head: bytes, name: str, expected: str) -> None:
    """Refuse a file that begins so if it is packed.

    Raises:
        Refused: `unreadable`, by what it is packed with.
    """
    if packing := packing_of(head):
        why = f"it is packed with {packing}"
        raise Refused("unreadable", file=name, why=why, expected=f"{expected}, {_INSTEAD}")
