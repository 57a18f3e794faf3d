"""The one list of types: what `type:` may say, and which options of a field mean something to which type.

How a value is read stands in `gateway.values`; here a field's options become those of its parser.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from gateway.values import dates, numbers
from gateway.values.base import OptionError, Parser, alternatives
from gateway.values.codes import boolean, code, us_state
from gateway.values.contacts import email, phone
from gateway.values.countries import country
from gateway.values.identifiers import (
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
from gateway.values.mrz import passport_number
from ingest.feed import FieldSpec
from ingest.mapping.errors import SpecError, unknown_name


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
    if spec.implied and spec.decimal != ".":
        raise SpecError("implied", "A number whose decimals are implied has no mark before them: leave out `decimal`.")
    try:
        return _made(spec, typed_cells=typed_cells)
    except OptionError as error:
        raise SpecError(_KEYS.get(error.option, error.option), error.sentence, error.suggestion) from None


def _made(spec: FieldSpec, *, typed_cells: bool) -> Parser:
    if spec.type == "date":
        return dates.day(spec.formats, spec.pivot, or_real=typed_cells)
    parse = TYPES[spec.type](spec)
    if typed_cells and spec.decimal != ".":
        return numbers.real_number(parse, TYPES[spec.type](replace(spec, decimal=".")))
    return parse


def _plain(parse: Parser) -> Callable[[FieldSpec], Parser]:
    """The entry of a type that has no options."""
    return lambda _spec: parse


def _code(spec: FieldSpec) -> Parser:
    if not spec.map:
        raise SpecError("map", "A code needs a `map` from the partner's words to ours.")
    return code(spec.map)


TYPES: dict[str, Callable[[FieldSpec], Parser]] = {
    "text": _plain(str),  # as cleaned
    "integer": lambda spec: numbers.integer(spec.decimal),
    "decimal": lambda spec: numbers.decimal(spec.decimal, spec.implied or 0),
    "money": lambda spec: numbers.money(spec.decimal, spec.implied or 0),
    "boolean": _plain(boolean),
    "date": lambda spec: dates.day(spec.formats, spec.pivot),
    "datetime": lambda spec: dates.instant(spec.formats, spec.pivot),
    "email": _plain(email),
    "phone": lambda spec: phone(spec.region),
    "country": lambda _spec: country(),
    "us_state": _plain(us_state),
    "code": _code,
    "receipt_number": _plain(receipt_number),
    "a_number": _plain(a_number),
    "i94_number": _plain(i94_number),
    "ssn": _plain(ssn),
    "fein": _plain(fein),
    "soc": _plain(soc),
    "lca_number": _plain(lca_number),
    "perm_number": _plain(perm_number),
    "sevis": _plain(sevis),
    "passport_mrz": _plain(passport_number),
}

DATES = frozenset({"date", "datetime"})
NUMBERS = frozenset({"integer", "decimal", "money"})
IDENTIFIERS = frozenset(
    "receipt_number a_number i94_number ssn fein soc lca_number perm_number sevis passport_mrz".split()
)

_KEYS = {"words": "map"}  # options of parsers that have another name in a feed

# options that only these types take; the others go with every type
_TAKERS: dict[str, frozenset[str]] = {
    "formats": DATES,
    "pivot": DATES,
    "decimal": NUMBERS,
    "implied": NUMBERS - {"integer"},
    "map": frozenset({"code"}),
    "region": frozenset({"phone"}),
    "min": DATES | NUMBERS,
    "max": DATES | NUMBERS,
    "one_of": frozenset(TYPES) - DATES - NUMBERS - {"boolean", "code"},
}
