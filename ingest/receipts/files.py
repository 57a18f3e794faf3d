"""Files of receipts: whole or not there, and for their owner only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TextIO


@contextmanager
def whole(path: Path, encoding: str = "utf-8") -> Iterator[TextIO]:
    """Write text; the file stands there once it is whole."""
    with _half(path) as descriptor, os.fdopen(descriptor, "w", encoding=encoding, newline="") as out:
        yield out


@contextmanager
def whole_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Write bytes; the file stands there once it is whole."""
    with _half(path) as descriptor, os.fdopen(descriptor, "w+b") as out:
        yield out


@contextmanager
def _half(path: Path) -> Iterator[int]:
    half = path.with_suffix(path.suffix + ".part")
    try:
        yield os.open(half, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
