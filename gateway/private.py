"""Folders and files that nobody but their owner may enter and read, whatever the umask of whoever started us."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO


def make_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing; those that are there stay as they are."""
    if path.is_dir():
        return
    make_folder(path.parent)  # mkdir(parents=True) leaves these to the umask
    path.mkdir(mode=stat.S_IRWXU, exist_ok=True)


def create(path: Path) -> IO[bytes]:
    """A file to be written from its beginning."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, stat.S_IRUSR | stat.S_IWUSR), "wb")


def close(path: Path) -> None:
    """Take a file that somebody else's code has made away from all others."""
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)
