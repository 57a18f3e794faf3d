"""One field compiled for the record that it feeds: the field exists, its type fits, its words are ours."""

from __future__ import annotations

from datetime import date

import msgspec

from gateway.domain.people.fields import DURATION_OF_STATUS, FIELDS, Field, Holds, Kind
from ingest.feed import FieldSpec
from ingest.mapping.column import Column, compile_column
from ingest.mapping.errors import SpecError, unknown_name
from ingest.mapping.types import DATES, IDENTIFIERS, NUMBERS

# what the values of a type may be stored in; every other type gives text
_TYPE_HOLDS: dict[str, frozenset[Holds]] = {
    "integer": frozenset({"integer", "number"}),
    "decimal": frozenset({"number"}),
    "money": frozenset({"number"}),
    "boolean": frozenset({"boolean"}),
    "date": frozenset({"date"}),
    "datetime": frozenset(),
}
_TEXT_HOLDS: frozenset[Holds] = frozenset({"text", "words"})
# what somebody or something is known by, whatever its type
_IDENTIFY: frozenset[tuple[Kind, str]] = frozenset(
    {
        ("client", "employee_id"),
        ("client", "ssn"),
        ("client", "a_number"),
        ("case", "case_number"),
        ("case", "receipt_number"),
        ("case", "lca_number"),
        ("case", "perm_number"),
        ("document", "number"),
    }
)
_LONGEST: dict[str, int] = {"notes": 20_000}
_LONGEST_OTHERWISE = 1_000  # characters; longer text in a name or a city is a broken quote, not a name


def compile_field(
    kind: Kind,
    name: str,
    spec: FieldSpec,
    *,
    none_values: frozenset[str],
    today: date,
    typed_cells: bool = False,
    is_key: bool = False,
) -> Column:
    """One field as a function over a column, fit for the record that it feeds.

    Raises:
        SpecError: the field does not exist, or its options make no sense there.
    """
    target = FIELDS[kind].get(name)
    if target is None:
        raise unknown_name("", f"field of a {kind}", name, FIELDS[kind])
    column = compile_target(
        target,
        spec,
        none_values=none_values,
        today=today,
        typed_cells=typed_cells,
        is_known_by=identifies(kind, name, spec, is_key=is_key),
    )
    if set((spec.tokens or {}).values()) - {DURATION_OF_STATUS} or (spec.tokens and name != "expires_on"):
        raise SpecError("tokens", f"The only token is {DURATION_OF_STATUS}, on the expires_on of a document.")
    return column


def compile_target(
    target: Field,
    spec: FieldSpec,
    *,
    none_values: frozenset[str],
    today: date,
    typed_cells: bool = False,
    is_known_by: bool = False,
) -> Column:
    """The same for a field of whatever record; `is_known_by` where a digit less would be another record's.

    Raises:
        SpecError: its options make no sense there.
    """
    _check_source(spec)
    name = target.name
    column = compile_column(
        _with_choices(target, spec),
        none_values=none_values,
        today=today,
        max_length=_LONGEST.get(name, _LONGEST_OTHERWISE),
        room=target.room,
        typed_cells=typed_cells,
        identifies=is_known_by,
    )
    if spec.value is not None and (bad := column([spec.value]).bad):
        raise SpecError("value", f"{spec.value!r} is not a value that {name} can have ({bad[0][1].code}).")
    if target.holds not in _TYPE_HOLDS.get(spec.type, _TEXT_HOLDS):
        raise SpecError("type", f"{name} holds {_named(target.holds)}, which `type: {spec.type}` does not give.")
    if target.lasting and (spec.blank == "clear" or spec.clear_token):
        raise SpecError(
            "blank" if spec.blank == "clear" else "clear_token", f"{name} always has a value: it cannot be cleared."
        )
    return column


def identifies(kind: Kind, name: str, spec: FieldSpec, *, is_key: bool) -> bool:
    """Whether a field tells people or papers apart: a key, a number of a paper, or whatever has the type of one."""
    if spec.type in DATES | NUMBERS:
        return False
    return is_key or (kind, name) in _IDENTIFY or spec.type in IDENTIFIERS


def _named(holds: Holds) -> str:
    return {"text": "text", "words": "a list of words"}.get(holds, f"a {holds}")


def _check_source(spec: FieldSpec) -> None:
    given = [name for name, value in (("from", spec.from_), ("join", spec.join), ("value", spec.value)) if value]
    if len(given) != 1:
        raise SpecError(given[1] if given else "", "A field needs exactly one of from, join and value.")


def _with_choices(target: Field, spec: FieldSpec) -> FieldSpec:
    choices = target.choices
    if choices is None:
        return spec
    for word in (spec.map or {}).values() if spec.type == "code" else ():
        if word not in choices:
            raise unknown_name("map", target.name, word, choices)
    return spec if spec.type == "code" or spec.one_of else msgspec.structs.replace(spec, one_of=sorted(choices))
