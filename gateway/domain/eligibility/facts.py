"""What may stand in an entry of a profile: facts held against their kind, and brought into one form."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date

from gateway.config import nearest
from gateway.domain.eligibility.terms import Value
from gateway.domain.rules.profile_kinds import Field, Holds, Kind, profile_kinds
from gateway.errors import Faulty, Invalid
from gateway.values.base import BadValue, alternatives
from gateway.values.countries import country

LONGEST = 4_000  # characters of a text
_MOST = 10**12


def kind_of(name: str) -> Kind:
    """A kind of entries.

    Raises:
        Invalid: `profile_kind_unknown`, with the nearest one.
    """
    known = profile_kinds()
    if name in known:
        return known[name]
    meant = nearest(name, known)
    told = f" Did you mean {meant!r}?" if meant else f" There are {', '.join(known)}."
    raise Invalid("profile_kind_unknown", f"There is no kind of entries {name!r}.{told}")


def checked(name: str, given: Mapping[str, object], today: date) -> dict[str, Value]:
    """Facts of a kind as they are kept; what is null or blank is not known, and left out.

    Args:
        name: of the kind.
        given: by field; days as dates, or as ISO 8601.
        today: where the firm is, after which most days cannot lie.

    Raises:
        Invalid: `profile_kind_unknown`.
        Faulty: `profile_wrong`, with every field that cannot be so.
    """
    kind = kind_of(name)
    kept: dict[str, Value] = {}
    faults: dict[str, str] = {}
    for field, value in given.items():
        if field not in kind.fields:
            faults[field] = _unknown(field, kind)
        elif value is not None and value != "":
            try:
                kept[field] = _read(kind.fields[field], value, today)
            except ValueError as error:
                faults[field] = str(error)
    if not kept and not faults:
        faults["facts"] = f"At least one of {alternatives(kind.fields)} is needed."
    if faults:
        told = "; ".join(f"{field}: {sentence}" for field, sentence in faults.items())
        raise Faulty("profile_wrong", f"The entry cannot be so. {told}", faults)
    return kept


def plain(facts: Mapping[str, Value]) -> dict[str, object]:
    """As JSON has them: days as ISO 8601."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in facts.items()}


def typed(name: str, stored: Mapping[str, object]) -> dict[str, Value]:
    """Stored facts of a kind again as they were; a field that the kind has no more is left out."""
    fields = profile_kinds()[name].fields if name in profile_kinds() else {}
    return {field: _typed(fields[field].holds, value) for field, value in stored.items() if field in fields}


def _typed(holds: Holds, value: object) -> Value:
    return date.fromisoformat(str(value)) if holds == "date" else value  # type: ignore[return-value] # as it was kept


def _unknown(field: str, kind: Kind) -> str:
    meant = nearest(field, kind.fields)
    return f"There is no such field. Did you mean {meant!r}?" if meant else f"There are {', '.join(kind.fields)}."


def _read(field: Field, value: object, today: date) -> Value:
    found = _READERS[field.holds](field, value)
    if isinstance(found, date) and found > today and not field.may_lie_ahead:
        raise ValueError(f"{found} is still to come.")
    return found


# ------------------------------------------------------------------------------------------------ one value


def _text(_field: Field, value: object) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not text or len(text) > LONGEST or "\0" in text:
        raise ValueError(f"A text of at most {LONGEST} characters is needed.")
    return text


def _country(_field: Field, value: object) -> str:
    try:
        return country()(str(value))
    except BadValue:
        raise ValueError(f"{value!r} is no country that we know; write its name or its ISO 3166 code.") from None


def _choice(field: Field, value: object) -> str:
    words = field.of or []
    if value not in words:
        raise ValueError(f"{value!r} is none of {alternatives(words)}.")
    return str(value)


def _yes_no(_field: Field, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false is needed; leave it out where it is not known.")  # noqa: TRY004 - a finding
    return value


def _whole(_field: Field, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST:
        raise ValueError("A whole number from 0 on is needed.")
    return value


def _number(_field: Field, value: object) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not (math.isfinite(value) and 0 <= value <= _MOST)
    ):
        raise ValueError("A number from 0 on is needed.")
    return float(value)


def _date(_field: Field, value: object) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is no date such as 2024-05-31.") from None


_READERS: Mapping[Holds, Callable[[Field, object], Value]] = {
    "text": _text,
    "country": _country,
    "choice": _choice,
    "yes_no": _yes_no,
    "whole": _whole,
    "number": _number,
    "date": _date,
}
