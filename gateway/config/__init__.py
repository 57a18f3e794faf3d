"""Reads partner.yaml into structs, and says file, line and column for everything in it that is wrong.

    document = read(Path("partner_configs/acme/partner.yaml"))
    partner = decode(document, PartnerFile[Feed])

It knows no feed: `ingest.feed` holds those structs and hands them in.
"""

from gateway.config.decoder import FieldError, decode
from gateway.config.document import Document, fingerprint, read
from gateway.config.findings import ConfigError, Finding, KeyPath, nearest
from gateway.config.named_secrets import secret
from gateway.config.partner import Contacts, PartnerFile, json_schema, write_schema

__all__ = [
    "ConfigError",
    "Contacts",
    "Document",
    "FieldError",
    "Finding",
    "KeyPath",
    "PartnerFile",
    "decode",
    "fingerprint",
    "json_schema",
    "nearest",
    "read",
    "secret",
    "write_schema",
]
