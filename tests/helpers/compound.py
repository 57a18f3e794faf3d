"""Old binary workbooks, record by record."""

from __future__ import annotations

import struct


def record(kind, body=b""):
    """A record of [MS-XLS]."""
    return struct.pack("<HH", kind, len(body)) + body


def small(content):
    """A compound file [MS-CFB] of one small stream, which stands in small sectors inside another stream."""
    free, end = 0xFFFFFFFF, 0xFFFFFFFE
    header = struct.pack("<8s16xHHHHH6x", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 62, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, 1, 1, 0, 4096, 2, 1, end, 0)
    table = [0xFFFFFFFD, end, end, *range(4, 3 + -(-len(content) // 512)), end]
    smalls = [*range(1, -(-len(content) // 64)), end]
    entries = [("Root Entry", 5, 3, len(content)), ("Workbook", 2, 0, len(content))]
    directory = b"".join(
        (name + "\0").encode("utf-16-le").ljust(64, b"\0")
        + struct.pack("<HBB3I36xII4x", 2 * len(name) + 2, kind, 1, free, free, 1 if kind == 5 else free, start, size)
        for name, kind, start, size in entries
    )
    sectors = [header + struct.pack("<109I", 0, *[free] * 108)]
    sectors += [struct.pack(f"<{len(numbers)}I", *numbers).ljust(512, b"\xff") for numbers in (table,)]
    sectors += [directory.ljust(512, b"\0"), struct.pack(f"<{len(smalls)}I", *smalls).ljust(512, b"\xff")]
    return b"".join([*sectors, content.ljust(-(-len(content) // 512) * 512, b"\0")])
