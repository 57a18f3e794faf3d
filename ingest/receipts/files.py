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
    half = _half_of(path)
    with os.fdopen(_opened(half), "w", encoding=encoding, newline="") as out:
        yield out
    half.replace(path)


@contextmanager
def whole_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Write bytes; the file stands there once it is whole."""
    half = _half_of(path)
    with os.fdopen(_opened(half), "w+b") as out:
        yield out
    half.replace(path)


def _half_of(path: Path) -> Path:
    return path.with_suffix(path.suffix + ".part")


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
