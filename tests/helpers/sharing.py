"""In which order the processes of a run take its tests."""

from __future__ import annotations

import itertools
from typing import Any


def journeys_first(items: list[Any], count: int) -> list[Any]:
    """The same tests, so that each of `count` processes begins with its share of the journeys.

    A process gets an even stretch of the list and, once it is through, half of what another has left, from the end: a
    journey there would be begun when the others have nothing more to do, and the run would last as long as it does.
    A module's journeys stay together, for they share what is costly to furnish.
    """
    journeys = [item for item in items if item.get_closest_marker("journey")]
    others = iter([item for item in items if not item.get_closest_marker("journey")])
    modules = [list(group) for _, group in itertools.groupby(journeys, lambda item: item.nodeid.partition("::")[0])]
    ordered: list[Any] = []
    for place in range(count):
        ordered += itertools.chain.from_iterable(modules[place::count])
        ordered += itertools.islice(others, max(0, len(items) * (place + 1) // count - len(ordered)))
    return ordered + list(others)
