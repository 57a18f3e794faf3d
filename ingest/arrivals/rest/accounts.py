"""Accounts at providers of HRIS systems: which feeds share one, and whether they agree on what it allows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from gateway.config import KeyPath
from ingest.arrivals.rest.spec import PERSONS, Budget, RestArrival

if TYPE_CHECKING:
    from ingest.feed import Feed  # which is made of arrivals


def budgets_of(arrivals: Mapping[str, RestArrival]) -> dict[str, Budget]:
    """By account, what it allows; where settings of former times disagree, the least.

    Args:
        arrivals: of one partner, by feed.
    """
    found: dict[str, Budget] = {}
    for one in arrivals.values():
        found[one.provider] = found.get(one.provider, one.budget).least(one.budget)
    return found


def account_faults(feeds: Mapping[str, Feed]) -> Iterator[tuple[KeyPath, str]]:
    """What is wrong with accounts that several feeds share, each told at the last of them."""
    by_account: dict[str, list[tuple[KeyPath, RestArrival]]] = defaultdict(list)
    for name, feed in feeds.items():
        for number, one in enumerate(feed.arrivals):
            if isinstance(one, RestArrival):
                by_account[one.provider].append(((name, "arrivals", number), one))
    for account, sharing in by_account.items():
        yield from _disagreements(account, sharing)


def _disagreements(account: str, sharing: list[tuple[KeyPath, RestArrival]]) -> Iterator[tuple[KeyPath, str]]:
    (first, before), (last, _) = sharing[0], sharing[-1]
    for at, one in sharing[1:]:
        if one.budget != before.budget:
            sentence = (
                f"The feed {first[0]} allows the account {account} another budget, and it has only one: say the same"
                " here, or name another `account`."
            )
            yield (*at, "budget"), sentence
            return
    hourly = sum(one.polls_an_hour for _, one in sharing)
    for key, most, polls in before.budget.too_small_for(hourly) if len(sharing) > 1 else ():
        sentence = (
            f"All feeds that share the account {account} ask who changed {polls} times in this span, which must be at"
            f" most {100 - PERSONS} % of its budget of {most}; allow longer `target`s."
        )
        yield (*last, "budget", key), sentence
