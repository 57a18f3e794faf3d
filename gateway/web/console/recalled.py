"""Entries of the audit log as people read them: records by name, and one line for what one look put on record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple, get_args
from uuid import UUID

from gateway.domain.expiry import papers
from gateway.domain.people import calling
from gateway.domain.people.calling import Called, Kind
from gateway.office import Acting
from gateway.web.api.audit import Entry

_KINDS: Sequence[Kind] = get_args(Kind)
_OF_FIELDS: Mapping[str, Kind] = {  # fields of which the values are ids
    "client_id": "client",
    "person": "client",
    "case_id": "case",
    "attorney_id": "attorney",
    "from": "attorney",
    "to": "attorney",
    "staff_id": "staff",
    "supervisor_id": "staff",
    "actor": "staff",
    "partner_id": "partner",
    "import_id": "import",
}
_PAGES: Mapping[Kind, tuple[str, str]] = {  # where a record is shown, and who may look there
    "client": ("/clients/{id}", "clients.read"),
    "document": ("/clients/{client_id}", "clients.read"),
    "case": ("/cases/{id}", "cases.read"),
    "import": ("/files/{id}", "imports.read"),
    "partner": ("/partners/{name}", "partners.read"),
    "staff": ("/admin/staff/{id}", "staff.manage"),
    "attorney": ("/workload/{id}", "attorneys.read"),
}


class Named(NamedTuple):
    """A record by what it is called; `path` is None where whoever looks may not follow it."""

    label: str
    path: str | None


class Field(NamedTuple):
    """One field, before and after."""

    name: str
    old: Any
    new: Any


class Touched(NamedTuple):
    """One thing, and what became of it; some acts change no field."""

    kind: str
    id: str | None
    what: str
    fields: Sequence[Field]


class Told(NamedTuple):
    """What the page shows as one: an entry, or those that one look put on record.

    Attributes:
        entry: the first of them.
        touched: what changed.
        seen: what was merely shown, by kind, each the ids.
        depth: how many lines that takes.
    """

    entry: Entry
    touched: Sequence[Touched]
    seen: Mapping[str, Sequence[str]]
    depth: int


def told(entries: Sequence[Entry]) -> list[Told]:
    """Entries in their order; looks of one moment, by the same actor and of the same person, are one.

    Entries of one transaction bear one instant, to the microsecond, and a request that looks has but one.
    """
    return [_told(same) for _, group in groupby(entries, _look) for same in [list(group)]]


def _look(entry: Entry) -> tuple[object, ...]:
    """What is the same of entries that one look put on record; of any that did more, its id."""
    if any(one["action"] != "seen" for one in entry.changes or ()):
        return (entry.id,)
    who = (entry.at, entry.actor_kind, entry.actor, entry.actor_id, entry.origin)
    return (*who, entry.action, entry.client_id, entry.case_id, entry.import_id, entry.sheet, entry.row)


def _told(same: Sequence[Entry]) -> Told:
    seen: dict[str, dict[str, None]] = defaultdict(dict)
    touched = []
    for change in (change for one in same for change in one.changes or ()):
        if change["action"] == "seen" and change["id"]:
            seen[change["kind"]][change["id"]] = None
        else:
            touched.append(_touched(change))
    shown = {kind: list(ids) for kind, ids in seen.items()}
    return Told(same[0], touched, shown, max(1, sum(len(one.fields) or 1 for one in touched)))


def _touched(change: Mapping[str, Any]) -> Touched:
    old, new = change.get("old") or {}, change.get("new") or {}
    fields = [Field(name, old.get(name), new.get(name)) for name in dict.fromkeys([*old, *new])]
    return Touched(change["kind"], change["id"], change["action"], fields)


# ------------------------------------------------------------------------------------------------ names


def names(acting: Acting, entries: Sequence[Told], may: Callable[[str], bool]) -> Mapping[str, Named]:
    """What is named by its id in entries, by that id; what is gone, or behind a wall, is left out."""
    wanted: dict[Kind, set[UUID]] = defaultdict(set)
    for kind, written in (one for told in entries for one in _ids(told)):
        try:
            one = UUID(str(written))
        except ValueError:
            continue  # things that have no id are named by what they are called
        for each in (kind,) if kind else _KINDS:
            wanted[each].add(one)
    found = calling.called(acting, wanted)
    return {str(one): _named(one, it, found, may) for one, it in found.items()}


def _ids(told: Told) -> Iterator[tuple[Kind | None, object]]:
    """All that is named by an id, with its kind; None where it may be of any."""
    entry = told.entry
    yield from (("client", entry.client_id), ("case", entry.case_id), ("import", entry.import_id))
    for shown, ids in told.seen.items():
        yield from ((one, each) for one in _KINDS if one == shown for each in ids)
    for thing in told.touched:
        yield from ((one, thing.id) for one in _KINDS if one == thing.kind)
        for field in thing.fields:
            kind = _OF_FIELDS.get(field.name)
            if kind or field.name == "record":
                yield from ((kind, field.old), (kind, field.new))


def _named(one: UUID, it: Called, found: Mapping[UUID, Called], may: Callable[[str], bool]) -> Named:
    path, permission = _PAGES[it.kind]
    label = _label(it, found)
    return Named(label, path.format(id=one, **it._asdict()) if may(permission) else None)


def _label(it: Called, found: Mapping[UUID, Called]) -> str:
    if it.name is None:
        return "an erased person"
    if it.kind != "document":
        return it.name
    whose = found.get(it.client_id) if it.client_id else None
    paper = papers.called(it.name)
    return f"{paper} of {_label(whose, found)}" if whose else paper
