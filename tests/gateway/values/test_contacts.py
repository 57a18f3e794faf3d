"""What an e-mail address is, is said once: to the parser, to partner.yaml, to editors and at the command line."""

import re

import jsonschema_rs
import pytest

from gateway.config import ConfigError, PartnerHead, decode, read
from gateway.values.base import BadValue
from gateway.values.contacts import email
from gateway.wings import PARTNER_YAML

HEAD = "partner: acme\nfirm: northgate\nname: ACME\ntime_zone: America/Chicago\n"
CONTACTS = jsonschema_rs.validator_for(PARTNER_YAML.json_schema()["$defs"]["Contacts"])

GOOD = [
    "ann@example.com",
    "Ann.O'Neil@example.com",
    "x@xn--bcher-kva.example",
    f"{'a' * 64}@example.com",
    f"a@{'b' * 60}.{'c.' * 94}com",
]
BAD = [
    "ann", "ann@", "@example.com", "a b@example.com", "a@b", "a@@b.com", "a@-b.com", ".a@b.com", "a..b@c.com", "a@b.c1",
    "Ann <a@b.com>", "a@b.com\n", "\na@b.com", "jörg@b.com", f"{'a' * 65}@example.com", f"a@{'b' * 60}.{'c.' * 95}com",
]  # fmt: skip


def is_read(address):
    try:
        return email(address) == address
    except BadValue:
        return False


def is_a_contact(address):
    quoted = address.replace("\n", "\\n")
    try:
        return decode(read(f'{HEAD}contacts: {{errors: ["{quoted}"]}}\n'), PartnerHead).contacts.errors == [address]
    except ConfigError:
        return False


@pytest.mark.parametrize("address", [*GOOD, *BAD])
def test_an_address_is_one_to_everybody_or_to_nobody(address):
    told = [is_read(address), is_a_contact(address), CONTACTS.is_valid({"errors": [address]})]
    assert told == [address in GOOD] * 3


@pytest.mark.parametrize("address", ["a@b", "a..b@c.example", "jörg@b.example"])
def test_nobody_is_added_to_the_staff_under_an_address_that_is_none(gateway, address):
    refused = gateway("staff", "add", address, "--firm", "northgate", "--role", "viewer")
    assert refused.exit_code == 2
    assert re.search("not an\\s+e-mail address", refused.output)
