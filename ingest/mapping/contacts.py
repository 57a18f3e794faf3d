"""Ways to reach a person: e-mail addresses and telephone numbers."""

from __future__ import annotations

import re

from ingest.feed import FieldSpec
from ingest.mapping.values import BadValue, Parser, SpecError

# the dot-atom of RFC 5322, 3.2.3, and host names of RFC 1123, 2.1, with a top level of letters (or xn--)
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"(?P<local>{_LOCAL})@(?P<domain>(?:{_LABEL}\.)+(?:[A-Za-z]{{2,63}}|xn--[A-Za-z0-9-]{{2,59}}))")
_LONGEST_LOCAL, _LONGEST_ADDRESS = 64, 254  # octets: RFC 5321, 4.5.3.1.1 and 4.5.3.1.3 with erratum 1690
_LONGEST_PHONE = 60


def email(_spec: FieldSpec) -> Parser:
    """An address as mail servers take it; the domain in lower case, the part before it as written (RFC 5321, 2.4)."""
    return _email


def _email(text: str) -> str:
    match = _EMAIL.fullmatch(text) if len(text) <= _LONGEST_ADDRESS else None
    if match is None or len(match["local"]) > _LONGEST_LOCAL:
        raise BadValue("bad_email")
    return f"{match['local']}@{match['domain'].lower()}"


def phone(spec: FieldSpec) -> Parser:
    """A number in E.164 (`+13125550100`); without a country code it needs a `region`. Extensions are dropped."""
    import phonenumbers  # noqa: PLC0415 - heavy, and most feeds have no telephone numbers

    if spec.region is not None and spec.region not in phonenumbers.SUPPORTED_REGIONS:
        raise SpecError("region", f"`{spec.region}` is not an ISO 3166 alpha-2 code such as US.")

    def parse(text: str) -> str:
        if len(text) > _LONGEST_PHONE:
            raise BadValue("bad_phone")
        try:
            number = phonenumbers.parse(text, spec.region)
        except phonenumbers.NumberParseException:
            raise BadValue("bad_phone") from None
        if not phonenumbers.is_valid_number(number):
            raise BadValue("bad_phone")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    return parse
