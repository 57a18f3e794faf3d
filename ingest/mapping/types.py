"""The one list of types: what `type:` may say, and which options of a field mean something to which type."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from ingest.feed import FieldSpec
from ingest.mapping.codes import boolean, code, us_state
from ingest.mapping.contacts import email, phone
from ingest.mapping.countries import country
from ingest.mapping.dates import parse_date, parse_datetime
from ingest.mapping.identifiers import (
    a_number,
    fein,
    i94_number,
    lca_number,
    perm_number,
    receipt_number,
    sevis,
    soc,
    ssn,
)
from ingest.mapping.mrz import passport_mrz
from ingest.mapping.numbers import decimal, integer, money, real_number
from ingest.mapping.values import Parser, SpecError, alternatives, unknown_name


def parser_for(spec: FieldSpec, *, typed_cells: bool = False) -> Parser:
    """What reads the text of a field; `typed_cells` as in `FormatSpec`.

    Raises:
        SpecError: no such type, or an option that the type does not take or cannot use.
    """
    if spec.type not in TYPES:
        raise unknown_name("type", "type", spec.type, TYPES)
    for option, takers in _TAKERS.items():
        given = getattr(spec, option)
        if given not in (None, ".") and spec.type not in takers:
            raise SpecError(
                option, f"`{option}` means nothing to `type: {spec.type}`; it is for {alternatives(sorted(takers))}."
            )
    if spec.type == "date":
        return parse_date(spec, typed_cells=typed_cells)
    parse = TYPES[spec.type](spec)
    if typed_cells and spec.decimal != ".":
        return real_number(parse, TYPES[spec.type](replace(spec, decimal=".")))
    return parse


def _text(_spec: FieldSpec) -> Parser:
    """Text as cleaned."""
    return str


TYPES: dict[str, Callable[[FieldSpec], Parser]] = {
    "text": _text,
    "integer": integer,
    "decimal": decimal,
    "money": money,
    "boolean": boolean,
    "date": parse_date,
    "datetime": parse_datetime,
    "email": email,
    "phone": phone,
    "country": country,
    "us_state": us_state,
    "code": code,
    "receipt_number": receipt_number,
    "a_number": a_number,
    "i94_number": i94_number,
    "ssn": ssn,
    "fein": fein,
    "soc": soc,
    "lca_number": lca_number,
    "perm_number": perm_number,
    "sevis": sevis,
    "passport_mrz": passport_mrz,
}

DATES = frozenset({"date", "datetime"})
NUMBERS = frozenset({"integer", "decimal", "money"})

# options that only these types take; the others go with every type
_TAKERS: dict[str, frozenset[str]] = {
    "formats": DATES,
    "pivot": DATES,
    "decimal": NUMBERS,
    "map": frozenset({"code"}),
    "region": frozenset({"phone"}),
    "min": DATES | NUMBERS,
    "max": DATES | NUMBERS,
    "one_of": frozenset(TYPES) - DATES - NUMBERS - {"boolean", "code"},
}
