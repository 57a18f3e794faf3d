"""Libraries that take long to import and that most processes never need: each is imported when it is first used."""

from __future__ import annotations

import importlib


class Late:
    """Stands for a module: `paramiko = Late("paramiko")` beside an import for type checkers alone.

    `importlib.util.LazyLoader` does the same, but until Python 3.12 two threads could meet in a half-read module.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> object:
        return getattr(importlib.import_module(self._name), name)
