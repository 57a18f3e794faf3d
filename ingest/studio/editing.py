"""Says of one column of a sample what it becomes, in the text of the draft, where that stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from gateway.config import ConfigError, Document, KeyPath
from gateway.config import read as read_config
from gateway.config.editing import plain, put, take_out
from gateway.domain.people.changes import Expected
from gateway.domain.people.fields import FIELDS, Holds, Kind
from gateway.errors import Conflict, Invalid
from gateway.office import Acting
from ingest.mapping.types import DATES, TYPES
from ingest.naming import fold
from ingest.studio import drafts
from ingest.studio.columns import feed_in, records_in, section_in

_TYPES: dict[Holds, str] = {"date": "date", "number": "decimal", "integer": "integer", "boolean": "boolean"}
_CARRIED = ("from", "clean", "required", "if_bad", "blank")  # to another field; the rest belongs to the old one


class Edit(NamedTuple):
    """What a column is to become.

    Attributes:
        part: the sheet or record type; None where the file is one table.
        was: the field that it is now, `client.family_name`; None where it is not stored.
        field: the one that it is to be; None: none.
        type: a name of a type; None: as the field has it.
        formats: of dates; none: those that are common.
        required: whether a blank rejects its row.
    """

    part: str | None
    column: str
    was: str | None
    field: str | None
    type: str | None = None
    formats: tuple[str, ...] = ()
    required: bool = False


def edit(acting: Acting, slug: str, asked: Edit, expected: Expected) -> None:
    """Write an edit into a draft; the rest of its text, comments among it, stays.

    Raises:
        Invalid: `no_such_field`, `no_such_type`; `config_invalid`, the text cannot be read.
        Conflict: `field_taken`, another column is that field; `is_key`; `only_as_text`.
        NotFound, Outdated: as `drafts.save`.
    """
    drafts.take(acting, slug, expected)
    draft = drafts.read(acting, slug)
    try:
        document = read_config(draft.source)
        said = plain(document)
    except ConfigError as error:
        raise Invalid("config_invalid", f"First put the text right: {error}") from error
    at, section = section_in(said, feed_in(said, draft.row.sample_name or ""), asked.part)
    drafts.save(acting, slug, _edited(document, at, section, asked), None)


def _edited(document: Document, at: KeyPath, section: Mapping[str, Any], asked: Edit) -> str:
    old = None if asked.was is None else _path(at, section, asked.was)
    spec = None if old is None else _spec(section, asked)
    if asked.field is None:
        return document.text if old is None else _taken_out(document, section, old, asked)
    new = _path(at, section, asked.field)
    if new != old and document.node(new) is not None:
        raise Conflict("field_taken", f"{asked.field} is read from another column already; take that away first.")
    text = put(document, new, _wanted(spec, asked))
    if old is None or new == old:
        return text
    return _taken_out(read_config(text), section, old, asked)


def _path(at: KeyPath, section: Mapping[str, Any], target: str) -> KeyPath:
    record, _, field = target.rpartition(".")
    for below, name, kind, _ in records_in(section):
        if name == record and field in FIELDS[kind]:
            return (*at, *below, "fields", field)
    raise Invalid("no_such_field", f"These settings have no field {target}; add its record in the text.")


def _spec(section: Mapping[str, Any], asked: Edit) -> Mapping[str, Any] | None:
    """What is written of the field that the column is now.

    Raises:
        Conflict: `only_as_text`, it is read from more than this column; `changed_meanwhile`, it is none of its.
    """
    record, _, field = str(asked.was).rpartition(".")
    found = next((one for _, name, _, one in records_in(section) if name == record), {})
    fields = found.get("fields")
    spec = fields.get(field) if isinstance(fields, dict) else None
    if not isinstance(spec, dict) or "from" not in spec:
        raise Conflict("only_as_text", f"{asked.was} is not read from one column; change it in the text.")
    names = spec["from"] if isinstance(spec["from"], list) else [spec["from"]]
    if fold(asked.column) not in {fold(str(one)) for one in names}:
        raise Conflict("only_as_text", f"{asked.was} is not read from {asked.column!r} any more; look again.")
    return spec


def _taken_out(document: Document, section: Mapping[str, Any], path: KeyPath, asked: Edit) -> str:
    keys = {f"{name}.{record.get('key')}" for _, name, _, record in records_in(section)}
    if asked.was in keys:
        raise Conflict("is_key", f"{asked.was} tells the records apart; say in the text what does so instead.")
    return take_out(document, path)


def _wanted(spec: Mapping[str, Any] | None, asked: Edit) -> dict[str, Any]:
    """What is to be written: of the same field, what was there; of another one, what goes with every field."""
    holds = _holds(str(asked.field))
    same = spec is not None and asked.was == asked.field
    wanted = dict(spec or {"from": asked.column})
    if not same:
        wanted = {name: value for name, value in wanted.items() if name in _CARRIED}
    named = asked.type or (str(wanted["type"]) if same and "type" in wanted else _TYPES.get(holds, "text"))
    if named not in TYPES:
        raise Invalid("no_such_type", f"There is no type {named!r}.")
    _set(wanted, "type", None if named == "text" and "type" not in wanted else named)
    _set(wanted, "formats", list(asked.formats) if asked.formats and named in DATES else None)
    _set(wanted, "required", True if asked.required else None)
    return wanted


def _holds(target: str) -> Holds:
    record, _, field = target.rpartition(".")
    kinds: dict[str, Kind] = {"client": "client", "case": "case"}
    return FIELDS[kinds.get(record, "document")][field].holds


def _set(wanted: dict[str, Any], name: str, value: object) -> None:
    if value is None:
        wanted.pop(name, None)
    else:
        wanted[name] = value
