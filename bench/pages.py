"""The rows about the console: how long its pages take for a firm of 20,000 clients, and what they weigh."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle
from statistics import quantiles
from typing import NamedTuple
from uuid import UUID

from fabricate import Roster
from laboratory import Laboratory
from measuring import Budget, Sample, Samples, Scenario
from pages_firm import CLIENTS, ROWS, furnish
from realtime import free_port, running
from visitor import Visitor, following, serving, visiting

WARM, ASKED = 5, 60
PLACES = (0, 25_000, 49_900)  # of the grid, after which a page begins
_DOB = 4  # the number of a column that is wrong in each row
_KB = 1_000
_SAMPLE = 1_000  # rows of the studio's sample, of which 200 are shown
_SLUG = "employer-00"
_ROW = re.compile(r"<tr[ >]")
_ASSET = re.compile(r'(?:href|src)="(/static/[^"]+)"')

# each with the addresses at which it is asked for: as it opens, narrowed, and further on
_LISTS: Mapping[str, Sequence[str]] = {
    "files": ("/files", "/files?state=loaded_with_errors", "/files?partner=employer-07"),
    "clients": ("/clients", "/clients?search=Z%C3%B6%C3%AB+garcia", "/clients?partner=employer-07"),
    "cases": ("/cases", "/cases?status=open&stage=drafting", "/cases?number=C1999"),
    "expiring": ("/expiring", "/expiring?within=180"),
    "messages": ("/messages", "/messages?state=failed"),
    "partners": ("/partners", "/partners?asking=true"),
}


class Limit(NamedTuple):
    """What a page may take in milliseconds, of 95 in 100, and what the row is called."""

    milliseconds: int
    what: str


LIMITS = {
    "page_lists": Limit(60, f"95th percentile of the slowest list of the console, of a firm of {CLIENTS:,} clients"),
    "page_today": Limit(150, "95th percentile of the page of today"),
    "page_file": Limit(100, f"95th percentile of the page of a file of {ROWS:,} rejected rows"),
    "page_grid": Limit(100, "95th percentile of 100 of those rows to repair, wherever in the file"),
    "page_cell": Limit(30, "95th percentile of saving one of their cells"),
    "page_preview": Limit(300, "95th percentile of trying settings on a sample, 200 rows shown"),
}
WEIGHTS = {
    "page_bytes": Budget("100 rows of the heaviest list", "100 KB", 1.0, unit=" KB"),
    "page_style": Budget("console.css, as it is sent to a browser", "12 KB", 1.0, unit=" KB"),
    "page_script": Budget("console.js, as it is sent to a browser", "10 KB", 1.0, unit=" KB"),
    "page_requests": Budget(
        "requests of a browser that opens a page for the first time", "4 requests", 1.0, unit=" requests"
    ),
}


def _pages(lab: Laboratory) -> Samples:
    import_id = furnish(lab)
    port = free_port()
    serve = [sys.executable, "-c", "from gateway.cli import main; main()", "serve", "--role", "api"]
    with running(serve, port, os.environ | serving(lab, port)), visiting(port) as one:
        for name, act in _acts(lab, one, import_id).items():
            taken = {kind: _slowest(ask) for kind, ask in act.items()}
            _tell(name, taken)
            yield name, Sample(max(taken.values()), LIMITS[name].milliseconds / 1_000, 0.0)
        yield from _weighed(one)


Ask = Callable[[], float]  # once; seconds


def _acts(lab: Laboratory, one: Visitor, import_id: UUID) -> Mapping[str, Mapping[str, Ask]]:
    """What is asked for, by the row that tells of it; of several the slowest counts."""
    file, grid = f"/files/{import_id}", f"/files/{import_id}/repair"
    _begin_draft(lab, one)
    return {
        "page_lists": {name: _in_turn(one, _further(one, paths)) for name, paths in _LISTS.items()},
        "page_today": {"today": _in_turn(one, ["/"])},
        "page_file": {"file": _in_turn(one, [file])},
        "page_grid": {str(place): _in_turn(one, [f"{grid}?after={place}"]) for place in PLACES},
        "page_cell": {"cell": _cells(one, grid)},
        "page_preview": {"preview": lambda: one.timed_post(f"/partners/{_SLUG}/studio/preview")},
    }


def _in_turn(one: Visitor, paths: Sequence[str]) -> Ask:
    turns = cycle(paths)
    return lambda: one.timed(next(turns))


def _further(one: Visitor, paths: Sequence[str]) -> list[str]:
    """And the page after the first, where there is one."""
    first = one.get(paths[0])
    return [*paths, following(first)] if 'rel="next"' in first.text else [*paths]


def _cells(one: Visitor, grid: str) -> Ask:
    """One cell after the other, each with a value of its own, as somebody types who goes down a column."""
    places = iter(_places(one.get(f"{grid}?after={PLACES[1]}").text) * ASKED)
    values = iter(range(1_000_000))

    def save() -> float:
        return one.timed_post(f"{grid}/cells", **{f"cell:{next(places)}:{_DOB}": f"01/02/{1950 + next(values) % 50}"})

    return save


def _places(page: str) -> list[str]:
    return re.findall(r'data-place="(\d+)"', page)


def _begin_draft(lab: Laboratory, one: Visitor) -> None:
    """Settings of a partner in the studio, with a sample."""
    sample, studio = lab.write("roster_sample.csv", Roster(_SAMPLE)), f"/partners/{_SLUG}/studio"
    one.post(studio, 303)
    one.get(studio)
    one.post(f"{studio}/sample", 303, {"file": (sample.name, sample.read_bytes())}, version="1")


def _slowest(ask: Ask) -> float:
    """Of 95 in 100, once it is warm."""
    for _ in range(WARM):
        ask()
    return quantiles([ask() for _ in range(ASKED)], n=20)[-1]


def _tell(name: str, taken: Mapping[str, float]) -> None:
    """Which of several it was: the table has but one of them."""
    told = ", ".join(f"{kind} {1_000 * seconds:.0f} ms" for kind, seconds in taken.items())
    print(f"{name}: {told}", file=sys.stderr)


# ------------------------------------------------------------------------------------------------ what they weigh


def _weighed(one: Visitor) -> Iterator[tuple[str, Sample]]:
    first = one.get("/files")
    assets = {path.rpartition(".")[2]: one.get(path) for path in dict.fromkeys(_ASSET.findall(first.text))}
    pages = [one.get(paths[0]) for paths in _LISTS.values()]
    heaviest = max(100 * len(page.content) / max(1, len(_ROW.findall(page.text))) for page in pages)
    yield "page_bytes", Sample(heaviest / _KB, 100, 0.0)
    yield "page_style", Sample(assets["css"].num_bytes_downloaded / _KB, 12, 0.0)
    yield "page_script", Sample(assets["js"].num_bytes_downloaded / _KB, 10, 0.0)
    yield "page_requests", Sample(1 + len(assets), 4, 0.0)


SCENARIOS = (
    Scenario(
        {name: Budget(one.what, f"{one.milliseconds} ms", 1.0) for name, one in LIMITS.items()} | WEIGHTS,
        _pages,
        rounds=1,
    ),
)
