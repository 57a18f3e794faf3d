"""Counts in sentences."""

from __future__ import annotations


def counted(count: int, thing: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"1 {thing}" if count == 1 else f"{count:,} {thing}s"
