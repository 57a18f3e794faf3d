"""Ways to reach a person: e-mail addresses and telephone numbers."""

from __future__ import annotations

import re
from collections.abc import Callable

from gateway.values.base import BadValue, OptionError

# the dot-atom of RFC 5322, 3.2.3, and host names of RFC 1123, 2.1, with a top level of letters (or xn--)
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = rf"(?:{_LABEL}\.)+(?:[A-Za-z]{{2,63}}|xn--[A-Za-z0-9-]{{2,59}})"
_LONGEST_LOCAL = 64  # octets: RFC 5321, 4.5.3.1.1

EMAIL = rf"^(?=[^@]{{1,{_LONGEST_LOCAL}}}@){_LOCAL}@{_DOMAIN}$"
"""What an e-mail address is, as JSON Schema (ECMA-262) and Python read it alike."""
LONGEST_EMAIL = 254
"""Octets: RFC 5321, 4.5.3.1.3 with erratum 1690."""

_EMAIL = re.compile(EMAIL)
_LONGEST_PHONE = 60


def email(text: str) -> str:
    """An address as mail servers take it; the domain in lower case, the part before it as written (RFC 5321, 2.4).

    It is kept as written, for a server may tell `Ann` from `ann`. People and HR systems do not: two addresses that
    differ only in case are one wherever they are compared. They are ASCII, so that Python and SQL lower them alike.
    """
    if len(text) > LONGEST_EMAIL or _EMAIL.fullmatch(text) is None:
        raise BadValue("bad_email")
    local, _, domain = text.partition("@")
    return f"{local}@{domain.lower()}"


def phone(region: str | None = None) -> Callable[[str], str]:
    """A number in E.164 (`+13125550100`); without a country code it needs a `region`. Extensions are dropped.

    Args:
        region: ISO 3166 alpha-2.

    Raises:
        OptionError: there is no such region.
    """
    import phonenumbers  # noqa: PLC0415 - heavy, and most columns hold no telephone numbers

    if region is not None and region not in phonenumbers.SUPPORTED_REGIONS:
        raise OptionError("region", f"`{region}` is not an ISO 3166 alpha-2 code such as US.")

    def parse(text: str) -> str:
        if len(text) > _LONGEST_PHONE:
            raise BadValue("bad_phone")
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            raise BadValue("bad_phone") from None
        if not phonenumbers.is_valid_number(number):
            raise BadValue("bad_phone")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    return parse
