"""Fields of which one feed has the last word: what other feeds say of them is told, and not taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from gateway.config import KeyPath
from gateway.domain.people.fields import Kind
from ingest.feed import Feed
from ingest.mapping.specs import addresses, specs_of

# what absence and staying decide as well, and what a record is known by
_SHARED = {"client.enrollment_status", "client.termination_date", "case.status", "case.case_number"}


def primary_faults(feeds: Mapping[str, Feed]) -> Iterator[tuple[KeyPath, str]]:
    """What is wrong with the fields for which feeds are primary."""
    owners: dict[str, str] = {}
    for name, feed in feeds.items():
        for number, address in enumerate(feed.primary):
            if sentence := _fault(feed, address) or _taken(owners.get(address), address):
                yield (name, "primary", number), sentence
            owners.setdefault(address, name)


def foreign(feeds: Mapping[str, Feed], name: str) -> dict[Kind, dict[str, str]]:
    """By kind of record, the fields for which another feed than this one is primary, and which."""
    found: dict[Kind, dict[str, str]] = {"client": {}, "case": {}}
    for other, feed in feeds.items():
        for address in feed.primary if other != name else ():
            kind, _, field = address.partition(".")
            found["case" if kind == "case" else "client"][field] = other
    return {kind: fields for kind, fields in found.items() if fields}


# ---------------------------------------------------------------- helpers


def _fault(feed: Feed, address: str) -> str | None:
    sections = [feed, *map(feed.section, feed.parts)]
    keys = {f"{kind}.{getattr(spec, 'key', '')}" for one in sections for kind, spec, _ in specs_of(one)}
    if address in _SHARED | keys:
        return f"{address} says who a record is, or whether it is open, which all feeds decide together."
    known = set(chain.from_iterable(map(addresses, sections)))
    if address not in known or not address.startswith(("client.", "case.")):
        return f"{address} is no field of a client or a case that this feed brings, such as client.annual_salary."
    return None


def _taken(owner: str | None, address: str) -> str | None:
    return f"The feed {owner} is primary for {address} already; only one can be." if owner else None
