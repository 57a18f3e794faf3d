"""The top level of partner.yaml: what every room may know of a partner."""

from __future__ import annotations

import functools
import zoneinfo
from typing import Annotated, Literal

from msgspec import Meta, Struct

from gateway.config.decoder import FieldError
from gateway.config.findings import nearest, quoted
from gateway.values.base import BadValue
from gateway.values.contacts import EMAIL, LONGEST_EMAIL, email

Slug = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,62}$")]
Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,62}$")]  # of a feed, a delivery


def _check_zone(zone: str) -> str:
    """The zone, if the IANA database has it under this very name.

    Raises:
        FieldError: with the zone that was probably meant.
    """
    if zone in _zones():
        return zone
    places = [each for each in sorted(_zones()) if "/" in each]  # nobody means EST5EDT or Zulu
    raise FieldError(f"{quoted(zone)} is not a time zone of the IANA database.", suggestion=nearest(zone, places))


def check_email(address: str) -> str:
    """The address as it is stored everywhere.

    Raises:
        FieldError: it is none.
    """
    try:
        return email(address)
    except BadValue:
        raise FieldError(f"{quoted(address)} is not an e-mail address.") from None


# the pattern is for editors: whoever reads the finding is better served by a word
EMAIL_SCHEMA = {"pattern": EMAIL, "maxLength": LONGEST_EMAIL}

Email = Annotated[str, Meta(extra={"check": check_email}, extra_json_schema=EMAIL_SCHEMA)]
Zone = Annotated[str, Meta(extra={"check": _check_zone})]


class Contacts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to write to at the partner: about rejected rows, and about files that did not come."""

    errors: list[Email] = []
    late: list[Email] = []


class PartnerHead(Struct, frozen=True, kw_only=True):
    """One partner: who it is, and whose records its files become."""

    partner: Slug
    firm: Slug
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    time_zone: Zone  # IANA: decides what `today` is, and when a file is late
    contacts: Contacts = Contacts()
    rate_tier: Literal["basic", "standard", "enterprise"] = "standard"


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
