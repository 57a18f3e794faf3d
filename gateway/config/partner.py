"""The top level of partner.yaml, and the JSON Schema of the whole of it for editors."""

from __future__ import annotations

import functools
import inspect
import json
import pathlib
import zoneinfo
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from gateway.config.decoder import FieldError
from gateway.config.findings import nearest, quoted
from gateway.values.base import BadValue
from gateway.values.contacts import EMAIL, LONGEST_EMAIL, email

FeedT = TypeVar("FeedT")

Slug = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,62}$")]
FeedName = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,62}$")]


def _check_zone(zone: str) -> str:
    """The zone, if the IANA database has it under this very name.

    Raises:
        FieldError: with the zone that was probably meant.
    """
    if zone in _zones():
        return zone
    places = [each for each in sorted(_zones()) if "/" in each]  # nobody means EST5EDT or Zulu
    raise FieldError(f"{quoted(zone)} is not a time zone of the IANA database.", suggestion=nearest(zone, places))


def _check_email(address: str) -> str:
    """The address as it is stored everywhere.

    Raises:
        FieldError: it is none.
    """
    try:
        return email(address)
    except BadValue:
        raise FieldError(f"{quoted(address)} is not an e-mail address.") from None


# the pattern is for editors: whoever reads the finding is better served by a word
_EMAIL_SCHEMA = {"pattern": EMAIL, "maxLength": LONGEST_EMAIL}

Email = Annotated[str, Meta(extra={"check": _check_email}, extra_json_schema=_EMAIL_SCHEMA)]
Zone = Annotated[str, Meta(extra={"check": _check_zone})]


class Contacts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to write to at the partner: about rejected rows, and about files that did not come."""

    errors: list[Email] = []
    late: list[Email] = []


class PartnerFile(Struct, Generic[FeedT], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One partner: who it is, whose records its files become, and its feeds."""

    # `PartnerFile` leaves the feeds as plain data; `PartnerFile[Feed]` decodes them too, with all findings at once

    partner: Slug
    firm: Slug
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    time_zone: Zone  # IANA: decides what `today` is, and when a file is late
    contacts: Contacts = Contacts()
    rate_tier: Literal["basic", "standard", "enterprise"] = "standard"
    feeds: dict[FeedName, FeedT] = {}


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def json_schema(feed: Any) -> dict[str, Any]:  # noqa: ANN401 - a type expression, a union included
    """The JSON Schema (2020-12) of a whole partner.yaml whose feeds are of the given type."""
    kind = PartnerFile[feed]
    schema = msgspec.json.schema(kind)
    for section in schema["$defs"].values():  # Python 3.13 takes the indentation out of docstrings, older ones do not
        section["description"] = inspect.cleandoc(section["description"])
    root = schema["$defs"].pop(schema["$ref"].rpartition("/")[2])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **root,
        "title": "partner.yaml",
        "$defs": dict(sorted(schema["$defs"].items())),
    }


def write_schema(path: pathlib.Path, feed: Any) -> None:  # noqa: ANN401 - see json_schema
    """Write the schema that editors read, the same bytes for the same structs."""
    text = json.dumps(json_schema(feed), indent=2, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8", newline="\n")
