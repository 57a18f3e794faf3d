"""Files as answers: sent from what is open, so that nobody can take them away from a slow reader."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO

from litestar.response import Stream

_CHUNK = 1 << 16


def attached(file: IO[bytes], name: str, media_type: str) -> Stream:
    """An answer that browsers keep under a name; the file is closed once it has been sent."""
    size = file.seek(0, os.SEEK_END)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size)}
    return Stream(_sent(file), media_type=media_type, headers=headers)


def _sent(file: IO[bytes]) -> Iterator[bytes]:
    """Closed ahead of the last piece: whoever has it leaves, and nobody may ask for more."""
    with file:
        file.seek(0)
        piece = file.read(_CHUNK)
        while following := file.read(_CHUNK):
            yield piece
            piece = following
    yield piece
