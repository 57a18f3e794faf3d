"""What callers write, brought into the one form in which values are stored, by the same rules as files are read."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import available_timezones

from msgspec import UNSET, Struct

from gateway.domain.people.changes import Unfit
from gateway.domain.people.fields import CHOICES, DOCUMENT_TYPES, FIELDS, Field, Kind
from gateway.values.base import BadValue, Parser, alternatives
from gateway.values.contacts import email, phone
from gateway.values.countries import country
from gateway.values.identifiers import a_number, lca_number, perm_number, receipt_number, soc, ssn
from ingest.catalogue import RowProblem, mask, shorten


def _phone(text: str) -> str:
    """A number with its country code; the library loads with the first one that is written, not with the server."""
    return phone()(text)


def _country(text: str) -> str:
    """As a telephone number, late."""
    return country()(text)


_PARSERS: dict[str, Parser] = {
    "email": email,
    "manager_email": email,
    "phone": _phone,
    "citizenship": _country,
    "country_of_birth": _country,
    "country": _country,
    "soc_code": soc,
    "ssn": ssn,
    "a_number": a_number,
    "receipt_number": receipt_number,
    "lca_number": lca_number,
    "perm_number": perm_number,
}


def stored(kind: Kind, body: Struct) -> dict[str, object]:
    """The fields of which a body speaks, as they are stored; null clears one.

    Raises:
        Unfit: some of them cannot be so.
    """
    values: dict[str, object] = {}
    faults: dict[str, str] = {}
    for field in FIELDS[kind].values():
        value = getattr(body, field.name, UNSET)
        if value is UNSET:
            continue
        try:
            values[field.name] = _form(field, value)
        except BadValue as bad:
            faults[field.name] = _sentence(field, value, bad)
    if faults:
        raise Unfit(faults)
    return values


def check_words(kind: Kind, **asked: str | None) -> None:
    """Refuse filters that can find nothing, for such a word there is not.

    Raises:
        Unfit: with the words that there are.
    """
    known = {name: CHOICES.get((kind, name), DOCUMENT_TYPES) for name in asked}
    faults = {
        name: f"There is no {word!r}; there are {', '.join(sorted(known[name]))}."
        for name, word in asked.items()
        if word is not None and word not in known[name]
    }
    if faults:
        raise Unfit(faults)


def _form(field: Field, value: object) -> object:
    if value is None:
        if field.lasting:
            raise BadValue("missing_value")
        return None
    if isinstance(value, Decimal):
        return _number(field, value)
    if isinstance(value, list):
        return [_text(field, word) for word in value]
    return _text(field, value) if isinstance(value, str) else value


def _text(field: Field, value: str) -> str:
    text = value.strip()
    if not text:
        raise BadValue("missing_value")
    if field.choices is not None and text not in field.choices:
        raise BadValue("not_in_list", expected=alternatives(sorted(field.choices)))
    if field.name == "time_zone" and text not in available_timezones():
        raise BadValue("not_in_list", expected="the IANA time zones, such as America/Chicago")
    return str(_PARSERS[field.name](text)) if field.name in _PARSERS else text


def _number(field: Field, value: Decimal) -> Decimal:
    room = field.room
    if room is None or not value.is_finite() or not room.least <= value <= room.most:
        raise BadValue("out_of_range", expected=f"{room.least} to {room.most}" if room else "a number")
    exponent = value.normalize().as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > room.decimals:
        raise BadValue("bad_number", expected=f"at most {room.decimals} decimals")
    return value.quantize(Decimal(1).scaleb(-room.decimals))


def _sentence(field: Field, value: object, bad: BadValue) -> str:
    """As a file would be told, in two sentences; sensitive values masked."""
    text = "" if value is None else shorten(str(value).strip())
    problem = RowProblem(
        0, 0, bad.code, field.name, mask(text) if field.sensitive else text or None, details=bad.details
    )
    return f"{problem.message} {problem.fix}"
