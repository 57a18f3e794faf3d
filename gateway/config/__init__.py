"""Reads partner.yaml into structs, and says file, line and column for everything in it that is wrong.

    settings = Reader([FEEDS, DELIVERIES]).read(Path("partner_configs/acme/partner.yaml"))
    feeds = FEEDS.of(settings)

It knows the top level and no section: the rooms declare theirs, and `gateway.wings` puts them together.
"""

from gateway.config.decoder import FieldError, decode
from gateway.config.document import Document, fingerprint, read
from gateway.config.findings import ConfigError, Finding, KeyPath, nearest
from gateway.config.named_secrets import check_secret_names, secret
from gateway.config.partner import EMAIL_SCHEMA, Contacts, Email, Name, PartnerHead, check_email
from gateway.config.sections import Beside, Checked, PartnerSettings, Reader, Section

__all__ = [
    "EMAIL_SCHEMA",
    "Beside",
    "Checked",
    "ConfigError",
    "Contacts",
    "Document",
    "Email",
    "FieldError",
    "Finding",
    "KeyPath",
    "Name",
    "PartnerHead",
    "PartnerSettings",
    "Reader",
    "Section",
    "check_email",
    "check_secret_names",
    "decode",
    "fingerprint",
    "nearest",
    "read",
    "secret",
]
