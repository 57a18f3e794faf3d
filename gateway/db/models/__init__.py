"""The tables, as SQLAlchemy sees them; `gateway.db.migrations` builds them."""

from gateway.db.models.access import Credential
from gateway.db.models.audit import AuditEntry
from gateway.db.models.base import Base
from gateway.db.models.firms import Attorney, Firm, Staff
from gateway.db.models.imports import LOADED_STATES, OPEN_STATES, File, Import, RowError
from gateway.db.models.partners import FeedRow, HeaderAlias, Partner, PartnerConfig
from gateway.db.models.records import Case, Client, Document, Sighting
from gateway.db.models.walls import Wall

__all__ = [
    "LOADED_STATES",
    "OPEN_STATES",
    "Attorney",
    "AuditEntry",
    "Base",
    "Case",
    "Client",
    "Credential",
    "Document",
    "FeedRow",
    "File",
    "Firm",
    "HeaderAlias",
    "Import",
    "Partner",
    "PartnerConfig",
    "RowError",
    "Sighting",
    "Staff",
    "Wall",
]
