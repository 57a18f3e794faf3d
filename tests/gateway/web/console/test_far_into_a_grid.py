"""The grid of a file of 50,000 rejected rows costs as much at its end as at its beginning."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from helpers.inbox import COLUMNS, ME

from ingest.repairs import rows

ROWS = 50_000
PLACES = (0, 25_000, 49_900)
STRETCH = 1 << 16  # bytes from the mark before a page to its rows, read ahead; the whole has 260 times as many


@pytest.fixture
def many(inbox, roster):
    """The import of a file of which every row is wrong in one cell, and in a way of its own in fifty."""
    inbox.apply(roster.replace("    client:\n", "    guards: {reject_percent: 100}\n    client:\n", 1))
    head = ",".join(COLUMNS)
    body = "\n".join(f"E{n},Name{n},soon{n % 50},50000,,,," for n in range(1, ROWS + 1))
    told = inbox.drop("roster_20260301.csv", f"{head}\n{body}\n".encode())
    assert told["rows"]["rejected"] == ROWS
    return told["import_id"]


def read_so_far() -> int:
    """Bytes that this process has read from anywhere: files, and the database's socket."""
    told = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(told["rchar"])


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="only Linux counts what a process reads")
def test_a_page_costs_the_same_wherever_it_is(paralegal, inbox, many):
    read = {}
    for place in PLACES:
        paralegal.get(f"/files/{many}/repair?after={place}")
        assert paralegal.page.text.count("<tr data-place") == min(100, ROWS - place)
        with inbox.office.acting(inbox.firm_id, ME) as acting:
            before = read_so_far()
            rows.page(acting, UUID(many), after=place)
            read[place] = read_so_far() - before
    assert max(read.values()) - min(read.values()) < STRETCH, read
