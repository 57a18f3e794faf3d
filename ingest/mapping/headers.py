"""Which column of a file is meant by a name in partner.yaml, and which new column a missing one probably became."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain, takewhile
from typing import NamedTuple

from msgspec import Struct
from rapidfuzz import fuzz

from ingest.feed import CaseSpec, ClientSpec, Condition, DocumentType, Feed, FieldSpec, Lookup
from ingest.naming import fold, tidied

_NUMBERED = re.compile(r"^(.*)#(\d+)$", re.DOTALL)
MOST_TIMES = 3
LEAST_LIKENESS = 0.6  # below this a suggestion misleads more often than it helps


class Suggestion(Struct, frozen=True):
    """A column that may be the missing one under a new name."""

    expected: str
    found: str
    score: float

    def __str__(self) -> str:
        return f"“{self.found}” looks like “{self.expected}”, {self.score:.2f}"


class Headers:
    """The column names of one file, addressable the way partner.yaml addresses them.

    A name as it stands in the file comes before one that is only alike. Names that are alike without being the same,
    none of which is written as asked, are no answer: a person must say which is meant.

    Args:
        found: names as they stand in the file.
        learned: accepted new names: expected name -> names found since.
    """

    def __init__(self, found: Sequence[str], learned: dict[str, list[str]] | None = None) -> None:
        self.found = list(found)
        self._learned = {fold(expected): names for expected, names in (learned or {}).items()}
        self._same: dict[str, list[int]] = {}
        self._alike: dict[str, list[int]] = {}
        for index, name in enumerate(self.found):
            self._same.setdefault(tidied(name), []).append(index)
            self._alike.setdefault(fold(name), []).append(index)

    def index(self, names: str | Iterable[str]) -> int | None:
        """The place of the first of these names in the file, learned names last; `Name#2` is the second `Name`."""
        wanted = listed(names)
        settled = takewhile(lambda name: not self._rivals(name), wanted)
        learned = (new for name in wanted for new in self._learned.get(fold(name), []))
        places = map(self._place, chain(settled, learned))
        return next((place for place in places if place is not None), None)

    def rivals(self, names: str | Iterable[str]) -> list[str]:
        """Different names of the file of which each could be the one that is asked for, where that is not settled."""
        if self.index(names) is not None:
            return []
        return next((found for name in listed(names) if (found := self._rivals(name))), [])

    def _rivals(self, name: str) -> list[str]:
        if tidied(name) in self._same or self._numbered(name) is not None:
            return []
        names = {tidied(self.found[place]): self.found[place] for place in self._alike.get(fold(name), [])}
        return list(names.values()) if len(names) > 1 else []

    def _place(self, name: str) -> int | None:
        if places := self._same.get(tidied(name)):
            return places[0]
        if (numbered := self._numbered(name)) is not None:
            return numbered
        places = self._alike.get(fold(name), [])
        return places[0] if places and not self._rivals(name) else None

    def _numbered(self, name: str) -> int | None:
        if not (numbered := _NUMBERED.match(name)):
            return None
        nth = int(numbered[2])
        for places in (self._same.get(tidied(numbered[1]), []), self._alike.get(fold(numbered[1]), [])):
            if 1 <= nth <= len(places):
                return places[nth - 1]
        return None

    def namesakes(self, place: int) -> list[int]:
        """The places of all columns that have the name of the one at this place, in order."""
        return self._same[tidied(self.found[place])]

    def suggest(self, missing: Sequence[Sequence[str]], unused: Iterable[str]) -> list[Suggestion]:
        """The unused columns that look most like missing ones, as far as any look like them at all; no column twice.

        A name three times as long as what was expected is a whole line, or a sentence, and never the new name.
        """
        free = [(fold(found), found) for found in unused]
        scored = [
            (fuzz.WRatio(fold(name), folded) / 100, place, found)
            for place, names in enumerate(missing)
            for name in names
            for folded, found in free
            if len(folded) < MOST_TIMES * len(fold(name))
        ]
        taken: dict[int, Suggestion] = {}
        for score, place, found in sorted(scored, key=lambda one: (-one[0], one[1])):
            if score >= LEAST_LIKENESS and place not in taken and found not in {one.found for one in taken.values()}:
                taken[place] = Suggestion(missing[place][0], found, round(score, 2))
        return [taken[place] for place in sorted(taken)]


class Standing(NamedTuple):
    """How a header stands to a feed.

    Attributes:
        missing: columns without which the file cannot be read; each a list of alternative names.
        alike: columns that two names of the file could be; each a list of alternative names, and those found.
        unused: columns that nothing in the feed mentions.
        is_foreign: nothing in the header is the feed's.
    """

    missing: list[list[str]]
    alike: list[tuple[list[str], list[str]]]
    unused: list[str]
    is_foreign: bool


def standing(feed: Feed, headers: Headers) -> Standing:
    """What a header lacks, and what it has that might be it."""
    mentioned = used_columns(feed)
    used = {place for names in mentioned if (place := headers.index(names)) is not None}
    alike = {tuple(found): (names, found) for names in mentioned if (found := headers.rivals(names))}
    lacking = (names for names in needed_columns(feed) if headers.index(names) is None and not headers.rivals(names))
    missing = {fold(names[0]): names for names in lacking}
    unused = [name for place, name in enumerate(headers.found) if place not in used and name.strip()]
    return Standing(list(missing.values()), list(alike.values()), unused, not used and not alike)


def doubled(feed: Feed, headers: Headers) -> list[list[int]]:
    """The places of columns with one name, where the feed reads the first of them without having said which."""
    mentioned = used_columns(feed)
    chosen = {fold(numbered[1]) for names in mentioned for name in names if (numbered := _NUMBERED.match(name))}
    read = dict.fromkeys(place for names in mentioned if (place := headers.index(names)) is not None)
    sets = [headers.namesakes(place) for place in read if fold(headers.found[place]) not in chosen]
    return [places for places in sets if len(places) > 1]


def needed_columns(feed: Feed) -> list[list[str]]:
    """The columns without which a file of this feed cannot be read; each a list of alternative names.

    They are the keys, what is `required`, everything that a condition or a document type asks, the column of a
    lookup that rejects what its table does not have, and what rows are in order by.
    """
    needed: list[list[str]] = [[condition.column] for condition in conditions_of(feed)]
    for key, fields in _mappings(feed):
        for name, spec in fields.items():
            if spec.required or name == key:
                needed += columns_of(spec)
    needed += [listed(by) for by in looked_up(feed, "reject")]
    needed += columns_of(order) if (order := ordered_by(feed)) else []
    needed += [listed(one.type.from_) for one in feed.documents if isinstance(one.type, DocumentType)]
    return list({tuple(names): names for names in needed}.values())


def used_columns(feed: Feed) -> list[list[str]]:
    """Every column that the feed mentions; each a list of alternative names."""
    optional = [names for _, fields in _mappings(feed) for spec in fields.values() for names in columns_of(spec)]
    optional += [listed(by) for by in looked_up(feed, "warn", "ignore")]
    optional += [[feed.as_of.column]] if feed.as_of and feed.as_of.column else []
    return [*needed_columns(feed), *optional, *([name] for name in feed.keep)]


def looked_up(feed: Feed, *missing: str) -> list[str | list[str]]:
    """The columns of the lookups that do so with a word that their table lacks."""
    return [step.by for step in feed.enrich if isinstance(step, Lookup) and step.missing in missing]


def _mappings(feed: Feed) -> list[tuple[str | None, dict[str, FieldSpec]]]:
    mappings: list[tuple[str | None, dict[str, FieldSpec]]] = []
    if feed.client:
        mappings.append((feed.client.key, feed.client.fields))
    if feed.case:
        mappings.append((feed.case.key, feed.case.fields))
    return mappings + [(None, one.fields) for one in feed.documents]


def fields_of(feed: Feed) -> list[FieldSpec]:
    """Every field that is read."""
    return [spec for _, fields in _mappings(feed) for spec in fields.values()]


def conditions_of(feed: Feed) -> list[Condition]:
    """Every question that the feed asks about a column."""
    records = [feed.client, feed.case, *feed.documents]
    asked = [feed.where, *(one.when for one in records if one), *(getattr(rule, "when", None) for rule in feed.rules)]
    return [condition for condition in asked if condition]


def ordered_by(feed: Feed) -> FieldSpec | None:
    """What tells which of a person's rows is the newest, read as a field is; None where it is told by none.

    It is a field, written as in rules or alone, else the column of that name, read as the field that is read from it.
    """
    if (order := feed.order) is None:
        return None
    if order.type is not None:
        return FieldSpec(
            from_=order.by, type=order.type, formats=order.formats, pivot=order.pivot, decimal=order.decimal
        )
    holders = [one for one in (feed.client, feed.case) if one]
    kind, _, name = order.by.rpartition(".")
    named = [one for one in holders[:1] if not kind] or [one for one in holders if kind == _word(one)]
    if field := next((one.fields[name] for one in named if name in one.fields), None):
        return field
    wanted = fold(order.by)
    read = [spec for spec in fields_of(feed) if _reads(spec, wanted)]
    return min(read, key=lambda spec: spec.type == "text", default=None)  # a date says more than the text of a date


def _word(record: ClientSpec | CaseSpec) -> str:
    return "client" if isinstance(record, ClientSpec) else "case"


def _reads(spec: FieldSpec, wanted: str) -> bool:
    return spec.from_ is not None and wanted in map(fold, listed(spec.from_))


def columns_of(spec: FieldSpec) -> list[list[str]]:
    """The columns that a field is read from; each a list of alternative names."""
    if spec.from_ is not None:
        return [listed(spec.from_)]
    return [[name] for name in spec.join or []]


def listed(names: str | Iterable[str]) -> list[str]:
    """One name or several as a list."""
    return [names] if isinstance(names, str) else list(names)
